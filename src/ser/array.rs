//! Arrays that come element by element, because their type is none of those that are recognised.

use crate::ser::trace::Event;
use crate::ser::walker::{Mode, Walker};
use crate::{Dtype, Error, Result};

/// What of an array the walker looks at.
#[derive(Default)]
pub(crate) enum Focus {
    /// Nothing: it walks values.
    #[default]
    Value,
    Dims(Array),
    Elements(Array),
    Dtype(Array),
    Bytes(Array),
}

impl Focus {
    pub(crate) fn into_array(self) -> Array {
        match self {
            Self::Value => Array::default(),
            Self::Dims(array) | Self::Elements(array) | Self::Dtype(array) | Self::Bytes(array) => array,
        }
    }
}

/// An array as far as it is known.
#[derive(Default)]
pub(crate) struct Array {
    dtype: Option<Dtype>,
    shape: Vec<usize>,
    /// The elements that wait to be written, or all of them where they are kept.
    bytes: Vec<u8>,
    /// How many bytes of elements have been written.
    written: usize,
    /// The dtype of the elements, once one has come that was a bare number.
    bare: Option<Dtype>,
    /// The dtype that the newtype or tuple around the next scalar names.
    wrapped: Option<Dtype>,
    /// Whether the first element is enough.
    only_dtype: bool,
    stopped: bool,
}

/// As many bytes of elements wait before they are written.
const WAITING: usize = 256 * 1024;

impl Array {
    pub(crate) fn set_dtype(&mut self, name: &str) -> Result<()> {
        let dtype = Dtype::from_name(name).ok_or_else(|| Error::types("the name of a dtype", format!("`{name}`")))?;
        self.dtype = Some(dtype);
        Ok(())
    }

    pub(crate) fn push_dim(&mut self, digits: &str) -> Result<()> {
        let dim = digits.parse().map_err(|_| Error::types("the extent of an axis", format!("`{digits}`")))?;
        self.shape.push(dim);
        Ok(())
    }

    /// The scalars of `half` and of `float8` are newtype structs around their bits.
    pub(crate) fn begin_newtype(&mut self, name: &str) {
        self.bare = None;
        self.wrapped = match name {
            "f16" => Some(Dtype::F16),
            "bf16" => Some(Dtype::BF16),
            "F8E4M3" if cfg!(feature = "float8") => Some(Dtype::F8_E4M3),
            "F8E5M2" if cfg!(feature = "float8") => Some(Dtype::F8_E5M2),
            _ => self.wrapped,
        };
    }

    /// num-complex's scalar is a tuple of its two parts.
    pub(crate) fn begin_complex(&mut self) -> Result<()> {
        if self.wrapped.is_some() {
            return Err(Error::types("a number as the element of an array", "a tuple in a tuple"));
        }
        self.wrapped = Some(Dtype::C64);
        self.bare = None;
        Ok(())
    }

    /// Adds a bare number to such of the same dtype; `false` where there is more to it.
    #[inline]
    pub(crate) fn push_another<const N: usize>(&mut self, dtype: Dtype, bytes: [u8; N]) -> bool {
        let fits = self.bare == Some(dtype) && self.bytes.len() < WAITING;
        if fits {
            self.bytes.extend_from_slice(&bytes);
        }
        fits
    }

    pub(crate) fn push_element(&mut self, dtype: Dtype, bytes: &[u8]) -> Result<()> {
        let bare = self.wrapped.is_none();
        let dtype = match (self.wrapped, dtype) {
            (Some(Dtype::C64), Dtype::F32) => Dtype::C64,
            (Some(float @ (Dtype::F16 | Dtype::BF16)), Dtype::U16)
            | (Some(float @ (Dtype::F8_E4M3 | Dtype::F8_E5M2)), Dtype::U8) => {
                self.wrapped = None;
                float
            }
            (Some(Dtype::C64), other) => {
                return Err(Error::types("complex numbers of two f32", format!("a tuple of {other}")));
            }
            _ => dtype,
        };
        match self.dtype {
            Some(known) if known != dtype => {
                return Err(Error::types(format!("elements of dtype {known}"), format!("one of dtype {dtype}")));
            }
            _ => self.dtype = Some(dtype),
        }
        if self.only_dtype {
            self.stopped = true;
            return Err(Error::unsupported("the first element says enough"));
        }
        self.bytes.extend_from_slice(bytes);
        self.bare = self.dtype.filter(|_| bare);
        Ok(())
    }

    pub(crate) fn stopped(&self) -> bool {
        self.stopped
    }

    fn known_dtype(&self) -> Result<Dtype> {
        self.dtype.ok_or_else(|| {
            Error::unsupported(
                "an empty array of a type that is not recognised has no dtype: use an ndarray array of the same \
                 ndarray version as safejax, or a safejax::Tensor",
            )
        })
    }

    /// The dtype and the shape of a tensor that has `len` bytes.
    pub(crate) fn into_tensor(self, len: usize) -> Result<(Dtype, Vec<usize>)> {
        let dtype = self.known_dtype()?;
        match dtype.byte_len(&self.shape) {
            Some(expected) if expected == len => Ok((dtype, self.shape)),
            _ => Err(Error::types(format!("the bytes of a tensor {dtype} {:?}", self.shape), format!("{len} bytes"))),
        }
    }
}

impl Walker<'_> {
    /// Whether the elements are wanted or just their dtype.
    pub(crate) fn begin_elements(&mut self, array: &mut Array) {
        array.only_dtype = matches!(&self.mode, Mode::Skeleton(skeleton) if !skeleton.keeps());
        array.bytes = std::mem::take(&mut self.spare);
    }

    /// Writes the elements that wait, if they are many.
    pub(crate) fn write_elements(&mut self) -> Result<()> {
        let (Focus::Elements(array), Mode::Write(writer)) = (&mut self.focus, &mut self.mode) else { return Ok(()) };
        if array.bytes.len() >= WAITING
            && let Some(dtype) = array.dtype
        {
            if array.written == 0 {
                writer.begin(dtype, &array.shape)?;
            }
            array.written += array.bytes.len();
            writer.part(&array.bytes)?;
            array.bytes.clear();
        }
        Ok(())
    }

    pub(crate) fn end_complex(&mut self) -> Result<()> {
        if let Focus::Elements(array) = &mut self.focus {
            array.wrapped = None;
        }
        Ok(())
    }

    pub(crate) fn end_elements(&mut self, array: Array) -> Result<()> {
        let dtype = array.known_dtype().map_err(|error| self.locate(error))?;
        if array.only_dtype {
            self.came_by(Event::Tensor);
            if let Mode::Skeleton(skeleton) = &mut self.mode {
                skeleton.tensor(dtype, &array.shape);
            }
            return Ok(());
        }
        let len = array.written + array.bytes.len();
        if dtype.byte_len(&array.shape) != Some(len) {
            let expected = format!("the elements of an array {dtype} {:?}", array.shape);
            return Err(self.locate(Error::types(expected, format!("{len} bytes"))));
        }
        match &mut self.mode {
            Mode::Write(writer) if array.written > 0 => {
                writer.part(&array.bytes)?;
                writer.end()?;
                self.came_by(Event::Tensor);
            }
            _ => self.tensor_bytes(dtype, &array.shape, &array.bytes)?,
        }
        if let Mode::Write(_) = self.mode {
            self.spare = array.bytes;
            self.spare.clear();
        }
        Ok(())
    }
}
