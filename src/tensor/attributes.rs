//! What a field's attributes make of a tensor on its way into a file, and back.

use super::{CowTensor, StoredTensor};
use crate::element::{ElementKind, ElementVisitor};
use crate::memory::{self, Strided};
use crate::spec::{Extent, Framework, Permutation, TensorSpec};
use crate::{Casts, Dtype, Element, Error, ErrorKind, Result, cast};

impl TensorSpec {
    /// Refuses a shape in memory that `shape(…)` does not allow, as far as one tensor tells.
    pub(crate) fn check_shape(&self, shape: &[usize]) -> Result<()> {
        let Some(expected) = self.shape else { return Ok(()) };
        let fits = |(extent, len): (&Extent, &usize)| match extent {
            Extent::Is(number) => number == len,
            Extent::Any | Extent::Named(_) => true,
        };
        if expected.len() == shape.len() && expected.iter().zip(shape).all(fits) {
            return Ok(());
        }
        let expected = format!("shape {} of `{}`", describe(expected), self.field);
        Err(Error::new(ErrorKind::Shape { expected, found: shape.to_vec() }))
    }

    /// The order of `rank` axes in the file, where it is another than in memory.
    pub(crate) fn axes(&self, rank: usize) -> Option<Vec<usize>> {
        match self.permutation? {
            Permutation::Transpose => Some((0..rank).rev().collect()),
            Permutation::Axes(axes) => Some(axes.to_vec()),
        }
    }

    #[cold]
    fn not_permutable(&self, axes: usize, found: &[usize]) -> Error {
        let expected = format!("the {axes} axes that `{}` is permuted by", self.field);
        Error::new(ErrorKind::Shape { expected, found: found.to_vec() })
    }

    /// The dtype in the file of elements of this one.
    pub(crate) fn stored_dtype(&self, dtype: Dtype) -> Result<Dtype> {
        let Some(stored) = self.dtype else { return Ok(dtype) };
        if !cast::allowed(dtype, stored, Casts::Lossy) {
            return Err(cast::refused(dtype, stored));
        }
        if !cast::allowed(stored, dtype, Casts::Lossy) {
            return Err(no_way_back(dtype, stored));
        }
        Ok(stored)
    }

    /// The shape in the files of a framework, where it is another than `shape`, whose axes are in the
    /// order of the file.
    pub(crate) fn reshaped(&self, framework: Option<Framework>, shape: &[usize]) -> Result<Option<Vec<usize>>> {
        let Some(pattern) = self.reshape.get(framework) else { return Ok(None) };
        match fill(pattern, shape) {
            Some(reshaped) => Ok(Some(reshaped)),
            None => {
                let expected = format!("a shape of `{}` that fits reshape({})", self.field, describe_pattern(pattern));
                Err(Error::new(ErrorKind::Shape { expected, found: shape.to_vec() }))
            }
        }
    }

    /// The shape before [`reshaped`](TensorSpec::reshaped), for a shape in a file.
    fn unshaped(&self, framework: Option<Framework>, stored: &[usize]) -> Option<Vec<usize>> {
        let pattern = self.reshape.get(framework)?;
        let fits = |(axis, len): (&Option<usize>, &usize)| axis.is_none_or(|number| number == *len);
        if pattern.len() != stored.len() || !pattern.iter().zip(stored).all(fits) {
            return None;
        }
        let count = product(stored)?;
        let shape = self.known_shape(count).unwrap_or_else(|| match count_open(pattern) {
            // All that is not written out.
            1 => vec![count],
            _ => pattern.iter().zip(stored).filter(|(axis, _)| axis.is_none()).map(|(_, len)| *len).collect(),
        });
        (product(&shape) == Some(count)).then_some(shape)
    }

    /// The shape of `count` elements, with the axes in the order of the file, if `shape(…)` leaves
    /// open no more than one of them.
    fn known_shape(&self, count: usize) -> Option<Vec<usize>> {
        let extents = self.shape?.iter().map(|extent| match extent {
            Extent::Is(number) => Some(*number),
            Extent::Any | Extent::Named(_) => None,
        });
        let pattern: Vec<Option<usize>> = extents.collect();
        if count_open(&pattern) > 1 {
            return None;
        }
        let shape = complete(&pattern, count)?;
        match self.axes(shape.len()) {
            Some(axes) => memory::reordered(&shape, &axes),
            None => Some(shape),
        }
    }
}

#[cold]
fn no_way_back(dtype: Dtype, stored: Dtype) -> Error {
    Error::unsupported(format!(
        "elements of dtype {dtype} would not load again from dtype {stored}, which does not convert to theirs: leave out \
         `dtype`, or convert them yourself"
    ))
}

fn product(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1usize, |count, len| count.checked_mul(*len))
}

fn count_open(pattern: &[Option<usize>]) -> usize {
    pattern.iter().filter(|axis| axis.is_none()).count()
}

/// A pattern with the axes of a shape: one for each `_`, or whatever is left of all of them for the
/// only `_`.
fn fill(pattern: &[Option<usize>], shape: &[usize]) -> Option<Vec<usize>> {
    let count = product(shape)?;
    if count_open(pattern) == shape.len() {
        let mut axes = shape.iter().copied();
        let filled: Vec<usize> = pattern.iter().map(|axis| axis.or_else(|| axes.next())).collect::<Option<_>>()?;
        if product(&filled) == Some(count) {
            return Some(filled);
        }
    }
    complete(pattern, count)
}

/// A pattern of `count` elements, in which at most one axis is open.
fn complete(pattern: &[Option<usize>], count: usize) -> Option<Vec<usize>> {
    let known = pattern.iter().flatten().try_fold(1usize, |known, len| known.checked_mul(*len))?;
    let rest = match count_open(pattern) {
        0 => 1,
        1 => count.checked_div(known)?,
        _ => return None,
    };
    let filled: Vec<usize> = pattern.iter().map(|axis| axis.unwrap_or(rest)).collect();
    (product(&filled) == Some(count)).then_some(filled)
}

fn describe(extents: &[Extent]) -> String {
    let extent = |extent: &Extent| match extent {
        Extent::Any => "_".to_owned(),
        Extent::Is(number) => number.to_string(),
        Extent::Named(name) => (*name).to_owned(),
    };
    format!("[{}]", extents.iter().map(extent).collect::<Vec<_>>().join(", "))
}

fn describe_pattern(pattern: &[Option<usize>]) -> String {
    let axis = |axis: &Option<usize>| axis.map_or_else(|| "_".to_owned(), |number| number.to_string());
    pattern.iter().map(axis).collect::<Vec<_>>().join(", ")
}

impl<'a> CowTensor<'a> {
    /// The dtype and the shape in the file, before a framework's own shape.
    pub(crate) fn stored_form(&self, spec: &TensorSpec) -> Result<(Dtype, Vec<usize>)> {
        let shape = self.shape();
        spec.check_shape(shape)?;
        let dtype = spec.stored_dtype(self.dtype())?;
        let Some(axes) = spec.axes(shape.len()) else { return Ok((dtype, shape.to_vec())) };
        match memory::reordered(shape, &axes) {
            Some(stored) => Ok((dtype, stored)),
            None => Err(spec.not_permutable(axes.len(), shape)),
        }
    }

    /// The tensor as it is in the file, before a framework's own shape.
    pub(crate) fn stored(self, spec: &TensorSpec) -> Result<CowTensor<'a>> {
        let (dtype, shape) = self.stored_form(spec)?;
        let tensor = match spec.axes(shape.len()) {
            Some(axes) => self.permuted(&axes)?,
            None => self,
        };
        if tensor.dtype() == dtype {
            return Ok(tensor);
        }
        struct Convert<'t>(&'t Strided<'t>);
        impl ElementVisitor for Convert<'_> {
            type Value = Result<CowTensor<'static>>;

            fn visit<E: Element>(self) -> Result<CowTensor<'static>> {
                let elements = cast::convert::<E>(self.0.dtype(), &self.0.to_bytes()?, Casts::Lossy)?;
                Ok(CowTensor::from_vec(self.0.shape().to_vec(), elements))
            }
        }
        let kind = ElementKind::of_dtype(dtype).ok_or_else(|| cast::refused(tensor.dtype(), dtype))?;
        tensor.with_elements(|elements| kind.visit(Convert(elements)))
    }
}

impl StoredTensor<'_, '_> {
    /// The tensor as it is in memory: [`stored`](CowTensor::stored) undone.
    pub(crate) fn in_memory(self, spec: &TensorSpec, framework: Option<Framework>) -> Result<Self> {
        let mut tensor = self;
        if spec.dtype == Some(tensor.dtype()) {
            // The attribute asked for it to be stored so, and so for the way back.
            tensor = tensor.with_casts(Casts::Lossy);
        }
        if let Some(shape) = spec.unshaped(framework, tensor.shape()) {
            tensor = tensor.with_shape(shape)?;
        }
        if let Some(axes) = spec.axes(tensor.shape().len()) {
            if axes.len() != tensor.shape().len() {
                return Err(spec.not_permutable(axes.len(), tensor.shape()));
            }
            tensor = tensor.unpermuted(&axes)?;
        }
        spec.check_shape(tensor.shape())?;
        Ok(tensor)
    }
}

#[cfg(test)]
mod tests;
