//! The elements of a [`StoredTensor`], read, copied or borrowed.

use std::borrow::Cow;

use ndarray::{ArrayD, ArrayViewD, CowArray, IxDyn};

use super::stored::Stored;
use super::{Row, StoredTensor, Tensor, TensorView};
use crate::memory::{self, Strided};
use crate::{Dtype, Element, Error, ErrorKind, Result, cast};

impl<'de> StoredTensor<'_, 'de> {
    /// The elements in C order, converted to `E` where that is allowed.
    ///
    /// Where nothing has to be converted or put in order, they are read or copied once, straight to
    /// where they stay.
    ///
    /// # Errors
    ///
    /// When the dtype does not convert to `E`, and when a `bool` is neither 0 nor 1.
    pub fn to_vec<E: Element>(&self) -> Result<Vec<E>> {
        if self.dtype == E::DTYPE {
            return self.read_values(self.len());
        }
        if !cast::allowed(self.dtype, E::DTYPE, self.casts) {
            return Err(cast::refused_for_now(self.dtype, E::DTYPE));
        }
        let elements: Vec<E> = cast::convert(self.dtype, &self.bytes()?, self.casts)?;
        match &self.stored {
            None => Ok(elements),
            Some(stored) => stored.put_in_order(E::DTYPE, memory::bytes_of(&elements)),
        }
    }

    /// The elements as an array in C order, converted to `E` where that is allowed.
    ///
    /// # Errors
    ///
    /// As [`to_vec`](StoredTensor::to_vec).
    pub fn to_array<E: Element>(&self) -> Result<ArrayD<E>> {
        ArrayD::from_shape_vec(IxDyn(&self.shape), self.to_vec()?).map_err(|_| self.unfit_for_an_array())
    }

    /// The elements in C order, borrowed from the file where they are of dtype `E`, aligned, and in
    /// memory for that long; else as [`to_vec`](StoredTensor::to_vec) gives them.
    ///
    /// # Errors
    ///
    /// As [`to_vec`](StoredTensor::to_vec).
    pub fn to_cow<E: Element>(&self) -> Result<Cow<'de, [E]>> {
        if self.stored.is_some() || self.dtype != E::DTYPE {
            return self.to_vec().map(Cow::Owned);
        }
        self.cow_in_file(self.len())
    }

    /// The elements as an array, borrowed from the file where they can be. The axes of what is
    /// borrowed may lie in any order.
    pub(crate) fn to_cow_array<E: Element>(&self) -> Result<CowArray<'de, E, IxDyn>> {
        let Some(stored) = self.stored.as_ref().filter(|_| self.dtype == E::DTYPE) else {
            return Ok(match self.to_cow()? {
                Cow::Borrowed(elements) => {
                    ArrayViewD::from_shape(IxDyn(&self.shape), elements).map_err(|_| self.unfit_for_an_array())?.into()
                }
                Cow::Owned(elements) => {
                    ArrayD::from_shape_vec(IxDyn(&self.shape), elements).map_err(|_| self.unfit_for_an_array())?.into()
                }
            });
        };
        match self.cow_in_file(self.len())? {
            Cow::Borrowed(elements) => self.view_of(elements).map(Into::into),
            Cow::Owned(elements) => {
                let elements = stored.put_in_order(E::DTYPE, memory::bytes_of(&elements))?;
                let array = ArrayD::from_shape_vec(IxDyn(&self.shape), elements);
                Ok(array.map_err(|_| self.unfit_for_an_array())?.into())
            }
        }
    }

    /// The elements as they lie in the file, which stay there, if they are of dtype `E`.
    ///
    /// # Errors
    ///
    /// When the dtype is another one, when the bytes are not aligned for `E` or do not live long
    /// enough, when the axes are stored in another order, and when a `bool` is neither 0 nor 1.
    pub fn borrow_slice<E: Element>(&self) -> Result<&'de [E]> {
        self.expect_order()?;
        memory::borrow_slice(self.lend::<E>()?)
    }

    /// The elements as an array over the bytes of the file, if they are of dtype `E`.
    ///
    /// # Errors
    ///
    /// As [`borrow_slice`](StoredTensor::borrow_slice), but for the order of the axes.
    pub fn borrow_array<E: Element>(&self) -> Result<ArrayViewD<'de, E>> {
        self.view_of(memory::borrow_slice(self.lend::<E>()?)?)
    }

    /// The tensor as a value, with its own dtype.
    ///
    /// # Errors
    ///
    /// When it cannot be read, and when the axes are stored in another order while elements share
    /// bytes.
    pub fn to_tensor(&self) -> Result<Tensor> {
        let bytes = match &self.stored {
            None => match self.dtype.byte_len(&self.shape) {
                Some(len) => memory::read_vec(len, |buffer| self.data.fill(buffer))?,
                None => return Err(self.wrong_shape("a shape that fits memory")),
            },
            Some(stored) => stored.put_in_order(self.dtype, &self.bytes()?)?,
        };
        Tensor::new(self.dtype, self.shape.clone(), bytes)
    }

    /// The tensor as a value that borrows the bytes of the file.
    ///
    /// # Errors
    ///
    /// When they do not live long enough, and when the axes are stored in another order.
    pub fn to_view(&self) -> Result<TensorView<'de>> {
        self.expect_order()?;
        TensorView::new(self.dtype, self.shape.clone(), self.lent()?)
    }

    /// The elements in rows, as many as the first axis is long.
    pub(crate) fn to_rows<R: Row>(&self) -> Result<Vec<R>> {
        let count = self.expect_rows::<R>()?;
        if self.dtype == R::Element::DTYPE { self.read_values(count) } else { R::of_elements(self.to_vec()?, count) }
    }

    /// The elements in rows in the file, which stay there.
    pub(crate) fn borrow_rows<R: Row>(&self) -> Result<&'de [R]> {
        let count = self.expect_rows::<R>()?;
        self.expect_order()?;
        memory::borrow_values(self.lend::<R::Element>()?, count)
    }

    /// The elements in rows, borrowed from the file where they can be.
    pub(crate) fn to_cow_rows<R: Row>(&self) -> Result<Cow<'de, [R]>> {
        let count = self.expect_rows::<R>()?;
        if self.stored.is_some() || self.dtype != R::Element::DTYPE {
            return self.to_rows().map(Cow::Owned);
        }
        self.cow_in_file(count)
    }

    /// All elements as one value in the file, which stays there.
    pub(crate) fn borrow_row<R: Row>(&self) -> Result<&'de R> {
        self.expect_row::<R>()?;
        self.expect_order()?;
        let values = memory::borrow_values(self.lend::<R::Element>()?, 1)?;
        values.first().ok_or_else(|| self.wrong_shape("a tensor with elements"))
    }

    /// All elements as one value: an element or an array of them.
    pub(crate) fn to_row<R: Row>(&self) -> Result<R> {
        self.expect_row::<R>()?;
        if self.dtype == R::Element::DTYPE && self.stored.is_none() {
            return memory::read_value(|buffer| self.data.fill(buffer));
        }
        let elements = self.to_vec::<R::Element>()?;
        memory::read_value(|buffer| memory::copy_into(buffer, memory::bytes_of(&elements)))
    }

    /// Refuses another shape than that of a row.
    fn expect_row<R: Row>(&self) -> Result<()> {
        let mut shape = Vec::new();
        R::push_shape(&mut shape);
        match shape.as_slice() {
            [] => self.expect_rank(0),
            shape => self.expect_shape(shape),
        }
    }

    /// The length of the first axis, where the others are those of a row.
    fn expect_rows<R: Row>(&self) -> Result<usize> {
        let mut row = Vec::new();
        R::push_shape(&mut row);
        match self.shape.split_first() {
            Some((&count, rest)) if rest == row => Ok(count),
            _ if row.is_empty() => Err(self.wrong_shape("a tensor of 1 axis")),
            _ => {
                let row: String = row.iter().map(|len| format!(", {len}")).collect();
                Err(self.wrong_shape(&format!("a tensor of shape [_{row}]")))
            }
        }
    }

    /// The elements, which are of the dtype in the file, as `count` values of whatever holds them.
    fn read_values<S: memory::Scalar>(&self, count: usize) -> Result<Vec<S>> {
        match &self.stored {
            None => memory::read_vec(count, |buffer| self.data.fill(buffer)),
            Some(stored) => {
                let bytes = self.bytes()?;
                stored
                    .strided(self.dtype, &bytes, |elements| memory::read_vec(count, |buffer| elements.write_to(buffer)))
            }
        }
    }

    /// All elements in the order of the file, which are of the dtype there, as `count` values.
    fn cow_in_file<S: memory::Scalar>(&self, count: usize) -> Result<Cow<'de, [S]>> {
        let Some(bytes) = self.data.borrow()? else {
            return memory::read_vec(count, |buffer| self.data.fill(buffer)).map(Cow::Owned);
        };
        match memory::borrow_values(bytes, count) {
            Ok(values) => Ok(Cow::Borrowed(values)),
            Err(error) if matches!(error.kind(), ErrorKind::Borrow { .. }) => {
                memory::read_vec(count, |buffer| memory::copy_into(buffer, bytes)).map(Cow::Owned)
            }
            Err(error) => Err(error),
        }
    }

    fn view_of<E: Element>(&self, elements: &'de [E]) -> Result<ArrayViewD<'de, E>> {
        let shape = self.stored.as_ref().map_or(&self.shape, |stored| &stored.shape);
        let array = ArrayViewD::from_shape(IxDyn(shape), elements).map_err(|_| self.unfit_for_an_array())?;
        Ok(match &self.stored {
            None => array,
            Some(stored) => array.permuted_axes(IxDyn(&stored.axes)),
        })
    }

    /// The bytes of the file as elements of dtype `E`.
    fn lend<E: Element>(&self) -> Result<&'de [u8]> {
        if self.dtype != E::DTYPE {
            let error = Error::new(ErrorKind::Dtype {
                expected: format!("dtype {} to borrow", E::DTYPE),
                found: self.dtype,
                lossy: false,
            });
            return Err(error.with_note(|| {
                let converts = cast::allowed(self.dtype, E::DTYPE, self.casts);
                converts.then(|| "an owned type or a CowArray converts it".to_owned())
            }));
        }
        self.lent()
    }

    fn lent(&self) -> Result<&'de [u8]> {
        self.data.borrow()?.ok_or_else(|| self.data.cannot_lend())
    }

    fn expect_order(&self) -> Result<()> {
        if self.stored.is_none() {
            return Ok(());
        }
        let reason = "the axes are stored in another order: use an array view or an owned type".to_owned();
        Err(Error::new(ErrorKind::Borrow { reason }))
    }

    #[cold]
    fn unfit_for_an_array(&self) -> Error {
        self.wrong_shape("a shape whose axes fit an array")
    }

    /// The bytes in the order of the file.
    fn bytes(&self) -> Result<Cow<'de, [u8]>> {
        if let Some(bytes) = self.data.borrow()? {
            return Ok(Cow::Borrowed(bytes));
        }
        let shape = self.stored.as_ref().map_or(&self.shape, |stored| &stored.shape);
        let len = self.dtype.byte_len(shape).ok_or_else(|| self.wrong_shape("a shape that fits memory"))?;
        memory::read_vec::<u8>(len, |buffer| self.data.fill(buffer)).map(Cow::Owned)
    }
}

impl Stored {
    /// The elements with their axes in the order of memory.
    fn strided<R>(&self, dtype: Dtype, bytes: &[u8], f: impl FnOnce(&Strided<'_>) -> Result<R>) -> Result<R> {
        Strided::contiguous(dtype, &self.shape, bytes).permuted(&self.axes, f)
    }

    /// The elements copied to the order of memory.
    fn put_in_order<S: memory::Scalar>(&self, dtype: Dtype, bytes: &[u8]) -> Result<Vec<S>> {
        let count = bytes.len() / size_of::<S>().max(1);
        self.strided(dtype, bytes, |elements| memory::read_vec(count, |buffer| elements.write_to(buffer)))
    }
}
