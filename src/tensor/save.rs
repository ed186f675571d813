//! [`ToTensor`], what a `#[tensor]` field is saved by.

use ::serde::{Serialize, Serializer, ser};
use ndarray::{ArrayBase, ArrayViewD, Data, Dimension, IxDyn};

use super::{Tensor, TensorView};
use crate::memory::Strided;
use crate::{Dtype, Element, Error, Result};

/// A type whose values are saved as tensors where a field is marked `#[tensor]`.
///
/// Implemented for ndarray's arrays, scalars (0-d), slices, `Vec<E>`, `Box<[E]>`, `[E; N]` and
/// arrays nested in these, [`Tensor`] and [`TensorView`].
///
/// # Examples
///
/// A type of one's own, here a diagonal matrix that is stored as its diagonal:
///
/// ```
/// use safejax::{CowTensor, FromTensor, Result, StoredTensor, ToTensor};
///
/// #[derive(Debug, PartialEq)]
/// struct Diagonal(Vec<f32>);
///
/// impl ToTensor for Diagonal {
///     fn to_tensor(&self) -> Result<CowTensor<'_>> {
///         self.0.to_tensor()
///     }
/// }
///
/// impl<'de> FromTensor<'de> for Diagonal {
///     fn from_tensor(tensor: StoredTensor<'_, 'de>) -> Result<Self> {
///         Ok(Self(FromTensor::from_tensor(tensor)?))
///     }
/// }
///
/// #[derive(safejax::Serialize, safejax::Deserialize)]
/// struct Scale {
///     #[tensor]
///     weight: Diagonal,
/// }
///
/// let bytes = safejax::to_bytes(&Scale { weight: Diagonal(vec![1.0, 2.0]) })?;
/// let scale: Scale = safejax::from_bytes(&bytes)?;
/// assert_eq!(scale.weight, Diagonal(vec![1.0, 2.0]));
/// # Ok::<(), safejax::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be saved as a tensor",
    label = "no tensor",
    note = "`#[tensor]` stands on ndarray arrays, scalars, `Vec<E>`, `Box<[E]>`, `[E; N]`, `Tensor`, `TensorView`, and an `Option` of these; other types implement `safejax::ToTensor`"
)]
pub trait ToTensor {
    /// The value as a tensor, borrowed where it can be.
    ///
    /// Saving asks twice: first for the dtype and the shape, then for the elements as well. A tensor
    /// that has to be computed is best [deferred](CowTensor::deferred).
    ///
    /// # Errors
    ///
    /// When the value cannot be a tensor.
    fn to_tensor(&self) -> Result<CowTensor<'_>>;

    /// Saves the value in a format that is not safejax's, as `{dtype, shape, data}` unless said
    /// otherwise.
    ///
    /// A type that implements `serde::Serialize` as well says `Serialize::serialize(self, serializer)`
    /// here, and so looks the same with and without `#[tensor]`.
    ///
    /// # Errors
    ///
    /// Those of the serializer.
    fn serialize_elsewhere<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let tensor = self.to_tensor().and_then(CowTensor::into_tensor).map_err(ser::Error::custom)?;
        tensor.serialize(serializer)
    }
}

/// A tensor that is borrowed, owned, or yet to be computed: what [`ToTensor`] gives.
pub struct CowTensor<'a>(Form<'a>);

enum Form<'a> {
    Array(Box<dyn AnyArray<'a> + 'a>),
    View(TensorView<'a>),
    Owned(Tensor),
    Deferred { dtype: Dtype, shape: Vec<usize>, bytes: Box<dyn FnOnce() -> Result<Vec<u8>> + 'a> },
}

/// An array whose element type is a value.
trait AnyArray<'a> {
    fn strided(&self) -> Strided<'_>;
    fn permute(&mut self, axes: &[usize]);
}

impl<'a, E: Element> AnyArray<'a> for ArrayViewD<'a, E> {
    fn strided(&self) -> Strided<'_> {
        Strided::of_array(self)
    }

    fn permute(&mut self, axes: &[usize]) {
        *self = self.clone().permuted_axes(IxDyn(axes));
    }
}

impl<'a> CowTensor<'a> {
    /// The elements of an array where they are, in whatever order they lie in memory.
    pub fn from_array<S, D>(array: &'a ArrayBase<S, D>) -> Self
    where
        S: Data<Elem: Element>,
        D: Dimension,
    {
        Self(Form::Array(Box::new(array.view().into_dyn())))
    }

    /// A tensor whose bytes, in C order and little-endian, are computed when they are written.
    ///
    /// # Examples
    ///
    /// ```
    /// use safejax::{CowTensor, Dtype};
    ///
    /// let ones = CowTensor::deferred(Dtype::U8, vec![2, 2], || Ok(vec![1; 4]));
    /// assert_eq!(ones.into_tensor()?.shape(), [2, 2]);
    /// # Ok::<(), safejax::Error>(())
    /// ```
    pub fn deferred(dtype: Dtype, shape: Vec<usize>, bytes: impl FnOnce() -> Result<Vec<u8>> + 'a) -> Self {
        Self(Form::Deferred { dtype, shape, bytes: Box::new(bytes) })
    }

    /// The dtype.
    #[must_use]
    pub fn dtype(&self) -> Dtype {
        match &self.0 {
            Form::Array(array) => array.strided().dtype(),
            Form::View(view) => view.dtype(),
            Form::Owned(tensor) => tensor.dtype(),
            Form::Deferred { dtype, .. } => *dtype,
        }
    }

    /// The length of each axis.
    #[must_use]
    pub fn shape(&self) -> Vec<usize> {
        match &self.0 {
            Form::Array(array) => array.strided().shape().to_vec(),
            Form::View(view) => view.shape().to_vec(),
            Form::Owned(tensor) => tensor.shape().to_vec(),
            Form::Deferred { shape, .. } => shape.clone(),
        }
    }

    /// The tensor with bytes of its own.
    ///
    /// # Errors
    ///
    /// Those of a [deferred](CowTensor::deferred) tensor, also when its bytes are not as many as its
    /// dtype and its shape ask for.
    pub fn into_tensor(self) -> Result<Tensor> {
        match self.0 {
            Form::Array(array) => {
                let elements = array.strided();
                Tensor::new(elements.dtype(), elements.shape().to_vec(), elements.to_vec())
            }
            Form::View(view) => Ok(Tensor::from(view)),
            Form::Owned(tensor) => Ok(tensor),
            Form::Deferred { dtype, shape, bytes } => Tensor::new(dtype, shape, bytes()?),
        }
    }

    /// Hands over the elements as they lie in memory.
    pub(crate) fn with_elements<R>(self, f: impl FnOnce(&Strided<'_>) -> Result<R>) -> Result<R> {
        let tensor = match self.0 {
            Form::Array(array) => return f(&array.strided()),
            Form::View(view) => return f(&Strided::contiguous(view.dtype(), view.shape(), view.bytes())),
            form => Self(form).into_tensor()?,
        };
        f(&Strided::contiguous(tensor.dtype(), tensor.shape(), tensor.bytes()))
    }

    /// The axes in another order: the n-th is `axes[n]` of before. `axes` is a permutation.
    pub(crate) fn permuted(self, axes: &[usize]) -> Result<CowTensor<'a>> {
        let mut array = match self.0 {
            Form::Array(array) => array,
            form => return Self(form).into_tensor()?.permuted(axes).map(Self::from),
        };
        if array.strided().shape().len() != axes.len() {
            return Err(Error::types(
                format!("a tensor of {} axes", axes.len()),
                format!("shape {:?}", array.strided().shape()),
            ));
        }
        array.permute(axes);
        Ok(Self(Form::Array(array)))
    }
}

impl From<Tensor> for CowTensor<'_> {
    fn from(tensor: Tensor) -> Self {
        Self(Form::Owned(tensor))
    }
}

impl<'a> From<TensorView<'a>> for CowTensor<'a> {
    fn from(view: TensorView<'a>) -> Self {
        Self(Form::View(view))
    }
}

impl<'a, E: Element, D: Dimension> From<ndarray::ArrayView<'a, E, D>> for CowTensor<'a> {
    fn from(view: ndarray::ArrayView<'a, E, D>) -> Self {
        Self(Form::Array(Box::new(view.into_dyn())))
    }
}
