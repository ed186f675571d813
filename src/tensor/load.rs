//! [`FromTensor`], what a `#[tensor]` field is loaded by.

use std::borrow::Cow;
use std::mem::MaybeUninit;

use ::serde::de::{self, Deserialize, Deserializer};
use ndarray::{ArrayD, ArrayViewD, IxDyn};

use super::{Tensor, TensorView};
use crate::{Casts, Dtype, Element, Error, ErrorKind, Result, cast, memory};

/// A type whose values are loaded from tensors where a field is marked `#[tensor]`.
///
/// Types that borrow (`ArrayView<'a, E, D>`, `&'a [E]`, `TensorView<'a>`) need `'de: 'a`, and bytes
/// that outlive the value: those of [`from_bytes`](crate::from_bytes),
/// [`Checkpoint::load`](crate::Checkpoint::load) or [`Checkpoint::map`](crate::Checkpoint::map).
///
/// [`ToTensor`](crate::ToTensor) has an example.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be loaded from a tensor",
    label = "no tensor",
    note = "`#[tensor]` stands on ndarray arrays, scalars, `Vec<E>`, `Box<[E]>`, `[E; N]`, `Tensor`, `TensorView`, and an `Option` of these; other types implement `safejax::FromTensor`"
)]
pub trait FromTensor<'de>: Sized {
    /// The value of a tensor.
    ///
    /// # Errors
    ///
    /// When the dtype or the shape is another one.
    fn from_tensor(tensor: StoredTensor<'_, 'de>) -> Result<Self>;

    /// Loads the value from a format that is not safejax's: what
    /// [`ToTensor::serialize_elsewhere`](crate::ToTensor::serialize_elsewhere) saved.
    ///
    /// # Errors
    ///
    /// Those of the deserializer.
    fn deserialize_elsewhere<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let tensor = Tensor::deserialize(deserializer)?;
        Self::from_tensor(StoredTensor::of(&tensor)).map_err(de::Error::custom)
    }
}

/// A tensor of a file whose elements have not been read yet.
///
/// Its shape is the one in memory: where the file has the axes in another order, or more of them,
/// because a field's attributes say so, that is undone here.
pub struct StoredTensor<'a, 'de> {
    dtype: Dtype,
    /// As it is in memory.
    shape: Vec<usize>,
    /// As it is in the file, and which of its axes each axis in memory is.
    stored: Option<(Vec<usize>, Vec<usize>)>,
    casts: Casts,
    data: &'a dyn StoredData<'de>,
}

/// Where the bytes of one tensor are.
pub(crate) trait StoredData<'de> {
    /// The bytes without a copy, if they are in memory for that long.
    fn borrow(&self) -> Result<Option<&'de [u8]>>;

    /// Puts the bytes where they belong.
    fn fill<'b>(&self, buffer: &'b mut [MaybeUninit<u8>]) -> Result<&'b mut [u8]>;

    /// The error where bytes cannot be borrowed.
    fn cannot_lend(&self) -> Error;
}

impl<'a, 'de> StoredTensor<'a, 'de> {
    /// A tensor as it is stored.
    pub(crate) fn new(dtype: Dtype, shape: Vec<usize>, casts: Casts, data: &'a dyn StoredData<'de>) -> Self {
        Self { dtype, shape, stored: None, casts, data }
    }

    /// A tensor in memory, that lends nothing.
    pub(crate) fn of(tensor: &'a Tensor) -> Self {
        Self::new(tensor.dtype, tensor.shape.clone(), Casts::default(), tensor)
    }

    /// The conversions that are made.
    pub(crate) fn with_casts(self, casts: Casts) -> Self {
        Self { casts, ..self }
    }

    /// The same elements in another shape.
    pub(crate) fn with_shape(self, shape: Vec<usize>) -> Self {
        Self { shape, ..self }
    }

    /// Undoes a permutation: the n-th axis as it is now is `axes[n]` in memory. `axes` is a
    /// permutation of as many axes.
    pub(crate) fn unpermuted(self, axes: &[usize]) -> Self {
        let source: Vec<usize> =
            (0..axes.len()).filter_map(|axis| axes.iter().position(|&from| from == axis)).collect();
        let shape = source.iter().filter_map(|&axis| self.shape.get(axis).copied()).collect();
        Self { shape, stored: Some((self.shape, source)), ..self }
    }

    /// The dtype in the file.
    #[must_use]
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// The length of each axis.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there are no elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Refuses another shape than this.
    ///
    /// # Errors
    ///
    /// When the shape is another one.
    pub fn expect_shape(&self, shape: &[usize]) -> Result<()> {
        if self.shape == shape {
            return Ok(());
        }
        Err(self.wrong_shape(&format!("a tensor of shape {shape:?}")))
    }

    /// Refuses another number of axes than this.
    ///
    /// # Errors
    ///
    /// When there are more or fewer.
    pub fn expect_rank(&self, rank: usize) -> Result<()> {
        if self.shape.len() == rank {
            return Ok(());
        }
        Err(self.wrong_shape(&format!("a tensor of {rank} {}", if rank == 1 { "axis" } else { "axes" })))
    }

    #[cold]
    pub(crate) fn wrong_shape(&self, expected: &str) -> Error {
        Error::new(ErrorKind::Shape { expected: expected.to_owned(), found: self.shape.clone() })
    }

    /// The elements in C order, converted to `E` where that is allowed.
    ///
    /// # Errors
    ///
    /// When the dtype does not convert to `E`, and when a `bool` is neither 0 nor 1.
    pub fn to_vec<E: Element>(&self) -> Result<Vec<E>> {
        if self.stored.is_some() {
            return Ok(self.to_array()?.into_raw_vec_and_offset().0);
        }
        self.read()
    }

    /// The elements as an array in C order, converted to `E` where that is allowed.
    ///
    /// # Errors
    ///
    /// As [`to_vec`](StoredTensor::to_vec).
    pub fn to_array<E: Element>(&self) -> Result<ArrayD<E>> {
        let shape = self.stored.as_ref().map_or(&self.shape, |(shape, _)| shape);
        let array = ArrayD::from_shape_vec(IxDyn(shape), self.read()?)
            .map_err(|_| self.wrong_shape("a shape whose axes fit an array"))?;
        Ok(match &self.stored {
            None => array,
            Some((_, source)) => array.permuted_axes(IxDyn(source)).as_standard_layout().into_owned(),
        })
    }

    /// The elements as they lie in the file, which stay there, if they are of dtype `E`.
    ///
    /// # Errors
    ///
    /// When the dtype is another one, when the bytes are not aligned for `E` or do not live long
    /// enough, when the axes are stored in another order, and when a `bool` is neither 0 nor 1.
    pub fn borrow_slice<E: Element>(&self) -> Result<&'de [E]> {
        if self.stored.is_some() {
            let reason = "the axes are stored in another order: use an array view or an owned type".to_owned();
            return Err(Error::new(ErrorKind::Borrow { reason }));
        }
        self.borrow()
    }

    /// The elements as an array over the bytes of the file, if they are of dtype `E`.
    ///
    /// # Errors
    ///
    /// As [`borrow_slice`](StoredTensor::borrow_slice), but for the order of the axes.
    pub fn borrow_array<E: Element>(&self) -> Result<ArrayViewD<'de, E>> {
        let shape = self.stored.as_ref().map_or(&self.shape, |(shape, _)| shape);
        let array = ArrayViewD::from_shape(IxDyn(shape), self.borrow()?)
            .map_err(|_| self.wrong_shape("a shape whose axes fit an array"))?;
        Ok(match &self.stored {
            None => array,
            Some((_, source)) => array.permuted_axes(IxDyn(source)),
        })
    }

    /// The tensor as a value, with its own dtype.
    ///
    /// # Errors
    ///
    /// When it cannot be read, and when its elements are too small to be put in order.
    pub fn to_tensor(&self) -> Result<Tensor> {
        let bytes = self.bytes()?.into_owned();
        match &self.stored {
            None => Tensor::new(self.dtype, self.shape.clone(), bytes),
            Some((shape, source)) => Tensor::new(self.dtype, shape.clone(), bytes)?.permuted(source),
        }
    }

    /// The tensor as a value that borrows the bytes of the file.
    ///
    /// # Errors
    ///
    /// When they do not live long enough, and when the axes are stored in another order.
    pub fn to_view(&self) -> Result<TensorView<'de>> {
        if self.stored.is_some() {
            let reason = "the axes are stored in another order: use an array view or an owned type".to_owned();
            return Err(Error::new(ErrorKind::Borrow { reason }));
        }
        TensorView::new(self.dtype, self.shape.clone(), self.lend()?)
    }

    fn lend(&self) -> Result<&'de [u8]> {
        self.data.borrow()?.ok_or_else(|| self.data.cannot_lend())
    }

    fn borrow<E: Element>(&self) -> Result<&'de [E]> {
        if self.dtype != E::DTYPE {
            return Err(cast::refused(self.dtype, E::DTYPE));
        }
        memory::borrow_slice(self.lend()?)
    }

    fn bytes(&self) -> Result<Cow<'de, [u8]>> {
        if let Some(bytes) = self.data.borrow()? {
            return Ok(Cow::Borrowed(bytes));
        }
        let len = self.dtype.byte_len(&self.shape).ok_or_else(|| self.wrong_shape("a shape that fits memory"))?;
        memory::read_vec::<u8>(len, |buffer| self.data.fill(buffer)).map(Cow::Owned)
    }

    /// The elements in the order of the file.
    fn read<E: Element>(&self) -> Result<Vec<E>> {
        if self.dtype == E::DTYPE {
            return memory::read_vec(self.len(), |buffer| self.data.fill(buffer));
        }
        if !cast::allowed(self.dtype, E::DTYPE, self.casts) {
            return Err(cast::refused_for_now(self.dtype, E::DTYPE));
        }
        cast::convert(self.dtype, &self.bytes()?, self.casts)
    }
}

impl<'de> StoredData<'de> for Tensor {
    fn borrow(&self) -> Result<Option<&'de [u8]>> {
        Ok(None)
    }

    fn fill<'b>(&self, buffer: &'b mut [MaybeUninit<u8>]) -> Result<&'b mut [u8]> {
        memory::copy_into(buffer, &self.bytes)
    }

    fn cannot_lend(&self) -> Error {
        let reason = "serde hands over a copy of the tensor here (flatten, untagged and internally tagged types, and \
                      other formats): use an owned type";
        Error::new(ErrorKind::Borrow { reason: reason.to_owned() })
    }
}
