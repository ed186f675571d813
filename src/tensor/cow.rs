//! [`CowTensor`], a tensor on its way into a file.

use std::fmt;

use ndarray::{ArrayBase, ArrayView, Data, Dimension};

use super::{Tensor, TensorView};
use crate::memory::{self, Strided};
use crate::{Dtype, Element, Error, Result};

/// A tensor that is borrowed, owned, or yet to be computed: what [`ToTensor`](crate::ToTensor) gives.
///
/// # Examples
///
/// The elements of an array are borrowed in whatever order they lie in memory:
///
/// ```
/// use ndarray::array;
/// use safejax::CowTensor;
///
/// let kernel = array![[1u8, 2], [3, 4]];
/// let transposed = kernel.t();
/// assert_eq!(CowTensor::from_array(&transposed).into_tensor()?.bytes(), [1, 3, 2, 4]);
/// # Ok::<(), safejax::Error>(())
/// ```
pub struct CowTensor<'a> {
    form: Form<'a>,
    permuted: Option<Permuted>,
}

enum Form<'a> {
    Elements(Box<dyn Elements + 'a>),
    View(TensorView<'a>),
    Owned(Tensor),
    Deferred { dtype: Dtype, shape: Vec<usize>, bytes: Box<dyn FnOnce() -> Result<Vec<u8>> + 'a> },
}

/// Another order of the axes: the n-th is `axes[n]` of the form.
struct Permuted {
    axes: Vec<usize>,
    /// In that order.
    shape: Vec<usize>,
}

/// Elements somewhere in memory.
pub(crate) trait Elements {
    fn dtype(&self) -> Dtype;

    fn shape(&self) -> &[usize];

    /// Hands them over as they lie there, once.
    fn visit(&self, visit: &mut dyn FnMut(&Strided<'_>) -> Result<()>) -> Result<()>;
}

impl<S, D> Elements for ArrayBase<S, D>
where
    S: Data<Elem: Element>,
    D: Dimension,
{
    fn dtype(&self) -> Dtype {
        S::Elem::DTYPE
    }

    fn shape(&self) -> &[usize] {
        ArrayBase::shape(self)
    }

    fn visit(&self, visit: &mut dyn FnMut(&Strided<'_>) -> Result<()>) -> Result<()> {
        visit(&Strided::of_array(self))
    }
}

/// Elements in C order.
struct InOrder<E> {
    shape: Vec<usize>,
    elements: Vec<E>,
}

impl<E: Element> Elements for InOrder<E> {
    fn dtype(&self) -> Dtype {
        E::DTYPE
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn visit(&self, visit: &mut dyn FnMut(&Strided<'_>) -> Result<()>) -> Result<()> {
        visit(&Strided::contiguous(E::DTYPE, &self.shape, memory::bytes_of(&self.elements)))
    }
}

impl<'a> CowTensor<'a> {
    fn new(form: Form<'a>) -> Self {
        Self { form, permuted: None }
    }

    /// The elements of an array where they are, in whatever order they lie in memory.
    pub fn from_array<S, D>(array: &'a ArrayBase<S, D>) -> Self
    where
        S: Data<Elem: Element>,
        D: Dimension,
    {
        array.view().into()
    }

    /// Elements wherever they are.
    pub(crate) fn from_elements(elements: impl Elements + 'a) -> Self {
        Self::new(Form::Elements(Box::new(elements)))
    }

    /// A tensor of elements in C order. Whether they are as many as the shape asks for is seen later.
    pub(crate) fn from_vec<E: Element>(shape: Vec<usize>, elements: Vec<E>) -> Self {
        Self::from_elements(InOrder { shape, elements })
    }

    /// A tensor whose bytes, in C order and little-endian, are computed when they are written.
    ///
    /// That they are as many as the dtype and the shape ask for is checked then.
    ///
    /// # Examples
    ///
    /// ```
    /// use safejax::{CowTensor, Dtype};
    ///
    /// let ones = CowTensor::deferred(Dtype::U8, vec![2, 2], || Ok(vec![1; 4]));
    /// assert_eq!(ones.shape(), [2, 2]);
    /// assert_eq!(ones.into_tensor()?.bytes(), [1; 4]);
    /// # Ok::<(), safejax::Error>(())
    /// ```
    pub fn deferred(dtype: Dtype, shape: Vec<usize>, bytes: impl FnOnce() -> Result<Vec<u8>> + 'a) -> Self {
        Self::new(Form::Deferred { dtype, shape, bytes: Box::new(bytes) })
    }

    /// The dtype.
    #[must_use]
    pub fn dtype(&self) -> Dtype {
        match &self.form {
            Form::Elements(elements) => elements.dtype(),
            Form::View(view) => view.dtype(),
            Form::Owned(tensor) => tensor.dtype(),
            Form::Deferred { dtype, .. } => *dtype,
        }
    }

    /// The length of each axis.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        match (&self.permuted, &self.form) {
            (Some(permuted), _) => &permuted.shape,
            (None, Form::Elements(elements)) => elements.shape(),
            (None, Form::View(view)) => view.shape(),
            (None, Form::Owned(tensor)) => tensor.shape(),
            (None, Form::Deferred { shape, .. }) => shape,
        }
    }

    /// The tensor with bytes of its own.
    ///
    /// # Errors
    ///
    /// Those of a [deferred](CowTensor::deferred) tensor, also when its bytes are not as many as its
    /// dtype and its shape ask for, and when there is no memory.
    pub fn into_tensor(self) -> Result<Tensor> {
        match (self.form, self.permuted) {
            (Form::Owned(tensor), None) => Ok(tensor),
            (Form::Deferred { dtype, shape, bytes }, None) => Tensor::new(dtype, shape, bytes()?),
            (form, permuted) => Self { form, permuted }.with_elements(|elements| {
                Tensor::new(elements.dtype(), elements.shape().to_vec(), elements.to_bytes()?.into_owned())
            }),
        }
    }

    /// The axes in another order: the n-th is `axes[n]` of before, as with ndarray's
    /// `permuted_axes`. Nothing is moved before it is written.
    ///
    /// # Errors
    ///
    /// When `axes` is no permutation of all axes.
    ///
    /// # Examples
    ///
    /// ```
    /// use safejax::{CowTensor, Dtype, TensorView};
    ///
    /// let view = TensorView::new(Dtype::U8, &[2, 3], &[1, 2, 3, 4, 5, 6])?;
    /// let transposed = CowTensor::from(view).permuted(&[1, 0])?.into_tensor()?;
    /// assert_eq!((transposed.shape(), transposed.bytes()), ([3, 2].as_slice(), [1, 4, 2, 5, 3, 6].as_slice()));
    /// # Ok::<(), safejax::Error>(())
    /// ```
    pub fn permuted(self, axes: &[usize]) -> Result<Self> {
        let Some(shape) = memory::reordered(self.shape(), axes) else {
            return Err(no_permutation(axes, self.shape()));
        };
        let axes = match &self.permuted {
            None => axes.to_vec(),
            Some(before) => memory::reordered(&before.axes, axes).ok_or_else(|| no_permutation(axes, &shape))?,
        };
        Ok(Self { permuted: Some(Permuted { axes, shape }), ..self })
    }

    /// Hands over the elements as they lie in memory.
    pub(crate) fn with_elements<R>(self, f: impl FnOnce(&Strided<'_>) -> Result<R>) -> Result<R> {
        let Self { form, permuted } = self;
        let f = |elements: &Strided<'_>| match &permuted {
            None => f(elements),
            Some(permuted) => elements.permuted(&permuted.axes, f),
        };
        let tensor = match form {
            Form::Elements(elements) => {
                // A box does not take what is called but once.
                let (mut f, mut result) = (Some(f), None);
                elements.visit(&mut |elements| {
                    result = f.take().map(|f| f(elements));
                    Ok(())
                })?;
                return result
                    .unwrap_or_else(|| Err(Error::unsupported("the elements of a tensor were not handed over")));
            }
            Form::View(view) => return f(&Strided::contiguous(view.dtype(), view.shape(), view.bytes())),
            Form::Owned(tensor) => tensor,
            Form::Deferred { dtype, shape, bytes } => Tensor::new(dtype, shape, bytes()?)?,
        };
        f(&Strided::contiguous(tensor.dtype(), tensor.shape(), tensor.bytes()))
    }
}

#[cold]
pub(crate) fn no_permutation(axes: &[usize], shape: &[usize]) -> Error {
    Error::types(format!("a permutation of the axes of shape {shape:?}"), format!("{axes:?}"))
}

impl fmt::Debug for CowTensor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CowTensor({} {:?})", self.dtype(), self.shape())
    }
}

impl From<Tensor> for CowTensor<'_> {
    fn from(tensor: Tensor) -> Self {
        Self::new(Form::Owned(tensor))
    }
}

impl<'a> From<TensorView<'a>> for CowTensor<'a> {
    fn from(view: TensorView<'a>) -> Self {
        Self::new(Form::View(view))
    }
}

impl<'a> From<&'a Tensor> for CowTensor<'a> {
    fn from(tensor: &'a Tensor) -> Self {
        tensor.view().into()
    }
}

impl<'a, E: Element, D: Dimension> From<ArrayView<'a, E, D>> for CowTensor<'a> {
    fn from(view: ArrayView<'a, E, D>) -> Self {
        Self::from_elements(view.into_dyn())
    }
}
