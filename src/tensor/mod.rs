//! [`Tensor`] and [`TensorView`], arrays whose element type is a value.

mod arrays;
mod attributes;
mod buffered;
#[cfg(feature = "candle")]
mod candle;
mod cow;
mod field;
mod load;
#[cfg(feature = "nalgebra")]
mod nalgebra;
mod ndarray;
mod pointers;
mod read;
mod row;
mod safetensors;
mod save;
mod sequences;
mod serde;
mod stored;
mod tensors;

pub(crate) use self::buffered::{BufferedElements, VersionTag, buffered_version};
pub use self::cow::CowTensor;
pub(crate) use self::field::{Request, Saved};
pub use self::load::FromTensor;
pub use self::row::Row;
pub use self::save::ToTensor;
pub(crate) use self::stored::StoredData;
pub use self::stored::StoredTensor;

use std::borrow::Cow;
use std::fmt;

use crate::cast::convert;
use crate::{Casts, Dtype, Element, Error, ErrorKind, Result, memory};

/// An array with its dtype, shape and bytes: what a safetensors file holds under one key.
///
/// The bytes are in C order and little-endian, as in the file. Any [`Dtype`] will do, one without a
/// Rust scalar too.
///
/// # Examples
///
/// ```
/// use ndarray::array;
/// use safejax::{Dtype, Tensor};
///
/// let tensor = Tensor::from(array![[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]]);
/// assert_eq!((tensor.dtype(), tensor.shape()), (Dtype::F32, [2, 3].as_slice()));
/// assert_eq!(tensor.to_array::<f64>()?, array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]].into_dyn());
/// # Ok::<(), safejax::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Tensor {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

/// A [`Tensor`] whose bytes are borrowed.
///
/// # Examples
///
/// ```
/// use safejax::{Dtype, TensorView};
///
/// let view = TensorView::new(Dtype::U8, &[2, 2], &[1, 2, 3, 4])?;
/// assert_eq!(view.as_array::<u8>()?, ndarray::array![[1, 2], [3, 4]].into_dyn());
/// # Ok::<(), safejax::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TensorView<'a> {
    dtype: Dtype,
    shape: Cow<'a, [usize]>,
    bytes: &'a [u8],
}

/// Refuses bytes that are not as many as the dtype and the shape ask for.
fn check_len(dtype: Dtype, shape: &[usize], bytes: &[u8]) -> Result<()> {
    match dtype.byte_len(shape) {
        Some(len) if len == bytes.len() => Ok(()),
        Some(len) => Err(Error::types(format!("{len} bytes for {dtype} {shape:?}"), format!("{} bytes", bytes.len()))),
        None => Err(Error::types(
            format!("a shape that takes a whole number of bytes that fits memory as {dtype}"),
            format!("{shape:?}"),
        )),
    }
}

impl Tensor {
    /// A tensor of these bytes, in C order and little-endian.
    ///
    /// # Errors
    ///
    /// When the bytes are not as many as the dtype and the shape ask for.
    pub fn new(dtype: Dtype, shape: Vec<usize>, bytes: Vec<u8>) -> Result<Self> {
        check_len(dtype, &shape, &bytes)?;
        Ok(Self { dtype, shape, bytes })
    }

    /// A tensor of one axis.
    ///
    /// # Examples
    ///
    /// ```
    /// let tensor = safejax::Tensor::from_slice(&[1i32, 2, 3]);
    /// assert_eq!(tensor.shape(), [3]);
    /// ```
    #[must_use]
    pub fn from_slice<E: Element>(elements: &[E]) -> Self {
        Self { dtype: E::DTYPE, shape: vec![elements.len()], bytes: memory::bytes_of(elements).to_vec() }
    }

    /// The dtype.
    #[must_use]
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// The length of each axis.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The elements' bytes, in C order and little-endian.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The elements' bytes, without a copy.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there is no element.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The same tensor, borrowed.
    #[must_use]
    pub fn view(&self) -> TensorView<'_> {
        TensorView { dtype: self.dtype, shape: Cow::Borrowed(&self.shape), bytes: &self.bytes }
    }

    /// The elements in C order, converted where [`Casts::Widen`] allows it.
    ///
    /// # Errors
    ///
    /// When the dtype does not convert to `E` without loss, and when a `bool` is neither 0 nor 1.
    pub fn to_vec<E: Element>(&self) -> Result<Vec<E>> {
        self.to_vec_with(Casts::Widen)
    }

    /// The elements in C order, converted where `casts` allows it.
    ///
    /// # Errors
    ///
    /// When `casts` does not allow it, and when a `bool` is neither 0 nor 1.
    pub fn to_vec_with<E: Element>(&self, casts: Casts) -> Result<Vec<E>> {
        convert(self.dtype, &self.bytes, casts)
    }

    /// The element of a tensor without axes, converted where [`Casts::Widen`] allows it.
    ///
    /// # Errors
    ///
    /// When there are axes, when the dtype does not convert to `E` without loss, and when a `bool`
    /// is neither 0 nor 1.
    ///
    /// # Examples
    ///
    /// ```
    /// let step = safejax::Tensor::from(ndarray::arr0(7i32));
    /// assert_eq!(step.to_scalar::<i64>()?, 7);
    /// # Ok::<(), safejax::Error>(())
    /// ```
    pub fn to_scalar<E: Element>(&self) -> Result<E> {
        self.view().to_scalar()
    }
}

impl<'a> TensorView<'a> {
    /// A tensor of these bytes, in C order and little-endian.
    ///
    /// # Errors
    ///
    /// When the bytes are not as many as the dtype and the shape ask for.
    pub fn new(dtype: Dtype, shape: impl Into<Cow<'a, [usize]>>, bytes: &'a [u8]) -> Result<Self> {
        let shape = shape.into();
        check_len(dtype, &shape, bytes)?;
        Ok(Self { dtype, shape, bytes })
    }

    /// The dtype.
    #[must_use]
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// The length of each axis.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The elements' bytes, in C order and little-endian.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there is no element.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The same tensor with bytes of its own.
    #[must_use]
    pub fn to_owned(&self) -> Tensor {
        Tensor { dtype: self.dtype, shape: self.shape.to_vec(), bytes: self.bytes.to_vec() }
    }

    /// The elements in C order, converted where [`Casts::Widen`] allows it.
    ///
    /// # Errors
    ///
    /// When the dtype does not convert to `E` without loss, and when a `bool` is neither 0 nor 1.
    pub fn to_vec<E: Element>(&self) -> Result<Vec<E>> {
        self.to_vec_with(Casts::Widen)
    }

    /// The elements in C order, converted where `casts` allows it.
    ///
    /// # Errors
    ///
    /// When `casts` does not allow it, and when a `bool` is neither 0 nor 1.
    pub fn to_vec_with<E: Element>(&self, casts: Casts) -> Result<Vec<E>> {
        convert(self.dtype, self.bytes, casts)
    }

    /// The element of a tensor without axes, converted where [`Casts::Widen`] allows it.
    ///
    /// # Errors
    ///
    /// When there are axes, when the dtype does not convert to `E` without loss, and when a `bool`
    /// is neither 0 nor 1.
    pub fn to_scalar<E: Element>(&self) -> Result<E> {
        match self.to_vec()?.as_slice() {
            &[element] if self.shape.is_empty() => Ok(element),
            _ => Err(wrong_shape("one element without axes", &self.shape)),
        }
    }
}

#[cold]
fn wrong_shape(expected: &str, found: &[usize]) -> Error {
    Error::new(ErrorKind::Shape { expected: expected.to_owned(), found: found.to_vec() })
}

impl From<TensorView<'_>> for Tensor {
    fn from(view: TensorView<'_>) -> Self {
        view.to_owned()
    }
}

impl<'a> From<&'a Tensor> for TensorView<'a> {
    fn from(tensor: &'a Tensor) -> Self {
        tensor.view()
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tensor({} {:?})", self.dtype, self.shape)
    }
}

impl fmt::Debug for TensorView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TensorView({} {:?})", self.dtype, self.shape)
    }
}

#[cfg(test)]
mod tests;
