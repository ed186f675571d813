//! What a field's attributes make of a tensor on its way into a file, and back.

use super::{CowTensor, StoredTensor};
use crate::element::{ElementKind, ElementVisitor};
use crate::spec::{Extent, Framework, Permutation, TensorSpec};
use crate::{Casts, Dtype, Element, Error, ErrorKind, Result, cast, memory};

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

    /// The dtype in the file of elements of this one.
    pub(crate) fn stored_dtype(&self, dtype: Dtype) -> Result<Dtype> {
        let stored = self.dtype.unwrap_or(dtype);
        if cast::allowed(dtype, stored, Casts::Lossy) { Ok(stored) } else { Err(cast::refused(dtype, stored)) }
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
        // The shape in memory, if it is known, with the one axis that may not be.
        let memory = self.shape.and_then(|extents| {
            let pattern: Vec<Option<usize>> = extents
                .iter()
                .map(|extent| match extent {
                    Extent::Is(number) => Some(*number),
                    Extent::Any | Extent::Named(_) => None,
                })
                .collect();
            let unknown = pattern.iter().filter(|axis| axis.is_none()).count();
            let filled = if unknown <= 1 { fill(&pattern, &[count])? } else { return None };
            Some(match self.axes(filled.len()) {
                Some(axes) => axes.iter().filter_map(|&axis| filled.get(axis).copied()).collect(),
                None => filled,
            })
        });
        let axes = || pattern.iter().zip(stored).filter(|(axis, _)| axis.is_none()).map(|(_, len)| *len).collect();
        let shape: Vec<usize> = memory.unwrap_or_else(axes);
        (product(&shape) == Some(count)).then_some(shape)
    }
}

fn product(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1usize, |count, len| count.checked_mul(*len))
}

/// A pattern with the axes of a shape: one for each `_`, or all of them for the only `_`.
fn fill(pattern: &[Option<usize>], shape: &[usize]) -> Option<Vec<usize>> {
    let count = product(shape)?;
    let open = pattern.iter().filter(|axis| axis.is_none()).count();
    let mut axes = shape.iter().copied();
    let filled: Vec<usize> = if open == shape.len() {
        pattern.iter().map(|axis| axis.or_else(|| axes.next())).collect::<Option<_>>()?
    } else {
        let known = pattern.iter().flatten().try_fold(1usize, |known, len| known.checked_mul(*len))?;
        let rest = if open == 1 { count.checked_div(known)? } else { 1 };
        pattern.iter().map(|axis| axis.unwrap_or(rest)).collect()
    };
    (open <= 1 || open == shape.len()).then_some(filled).filter(|filled| product(filled) == Some(count))
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
        spec.check_shape(&shape)?;
        let dtype = spec.stored_dtype(self.dtype())?;
        let Some(axes) = spec.axes(shape.len()) else { return Ok((dtype, shape)) };
        if axes.len() != shape.len() {
            let expected = format!("{} axes of `{}` for permute", axes.len(), spec.field);
            return Err(Error::new(ErrorKind::Shape { expected, found: shape }));
        }
        Ok((dtype, axes.iter().filter_map(|&axis| shape.get(axis).copied()).collect()))
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
        struct Convert<'t>(Dtype, &'t [u8]);
        impl ElementVisitor for Convert<'_> {
            type Value = Result<Vec<u8>>;

            fn visit<E: Element>(self) -> Result<Vec<u8>> {
                let elements = cast::convert::<E>(self.0, self.1, Casts::Lossy)?;
                Ok(memory::bytes_of(&elements).to_vec())
            }
        }
        let tensor = tensor.into_tensor()?;
        let kind = ElementKind::of_dtype(dtype).ok_or_else(|| cast::refused(tensor.dtype(), dtype))?;
        let bytes = kind.visit(Convert(tensor.dtype(), tensor.bytes()))?;
        super::Tensor::new(dtype, shape, bytes).map(CowTensor::from)
    }
}

impl<'a, 'de> StoredTensor<'a, 'de> {
    /// The tensor as it is in memory: [`stored`](CowTensor::stored) undone.
    pub(crate) fn in_memory(self, spec: &TensorSpec, framework: Option<Framework>) -> Result<Self> {
        let mut tensor = self;
        if spec.dtype == Some(tensor.dtype()) {
            // The attribute asked for it to be stored so, and so for the way back.
            tensor = tensor.with_casts(Casts::Lossy);
        }
        if let Some(shape) = spec.unshaped(framework, tensor.shape()) {
            tensor = tensor.with_shape(shape);
        }
        if let Some(axes) = spec.axes(tensor.shape().len()) {
            tensor.expect_rank(axes.len())?;
            tensor = tensor.unpermuted(&axes);
        }
        spec.check_shape(tensor.shape())?;
        Ok(tensor)
    }
}
