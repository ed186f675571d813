//! Elements one by one: a 0-d tensor as a scalar, and arrays of types that are not recognised.

use serde::de::{self, DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use crate::cast::{self, Casts};
use crate::de::json::Level;
use crate::element::{Element, ElementKind};
use crate::{Dtype, Error, Result, memory};

/// One element, as the type that asks for it.
#[derive(Clone, Copy)]
pub(crate) struct Scalar<'b> {
    pub(crate) dtype: Dtype,
    /// The bytes of this element alone.
    pub(crate) bytes: &'b [u8],
    pub(crate) casts: Casts,
    pub(crate) level: Level,
}

impl Scalar<'_> {
    #[inline]
    fn get<E: Element>(self) -> Result<E> {
        if self.dtype == E::DTYPE
            && let Some(element) = memory::element(self.bytes, 0)?
        {
            return Ok(element);
        }
        self.converted()
    }

    #[inline(never)]
    fn converted<E: Element>(self) -> Result<E> {
        let mut elements = cast::convert::<E>(self.dtype, self.bytes, self.casts)?;
        elements.pop().ok_or_else(|| Error::unsupported("a tensor without its element"))
    }
}

macro_rules! cast_to {
    ($($method:ident => $visit:ident($ty:ty)),*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            visitor.$visit(self.get::<$ty>()?)
        })*
    };
}

impl<'de> Deserializer<'de> for Scalar<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.dtype {
            Dtype::BOOL => self.deserialize_bool(visitor),
            Dtype::I8 => self.deserialize_i8(visitor),
            Dtype::I16 => self.deserialize_i16(visitor),
            Dtype::I32 => self.deserialize_i32(visitor),
            Dtype::I64 => self.deserialize_i64(visitor),
            Dtype::U8 => self.deserialize_u8(visitor),
            Dtype::U16 => self.deserialize_u16(visitor),
            Dtype::U32 => self.deserialize_u32(visitor),
            Dtype::U64 => self.deserialize_u64(visitor),
            Dtype::F16 | Dtype::BF16 | Dtype::F32 => self.deserialize_f32(visitor),
            #[cfg(feature = "float8")]
            Dtype::F8_E4M3 | Dtype::F8_E5M2 => self.deserialize_f32(visitor),
            Dtype::F64 => self.deserialize_f64(visitor),
            Dtype::C64 => self.deserialize_tuple(2, visitor),
            other => Err(Error::unsupported(format!(
                "an element of dtype {other} has no Rust scalar: read a safejax::Tensor"
            ))),
        }
    }

    cast_to! {
        deserialize_bool => visit_bool(bool),
        deserialize_i8 => visit_i8(i8), deserialize_i16 => visit_i16(i16), deserialize_i32 => visit_i32(i32),
        deserialize_i64 => visit_i64(i64),
        deserialize_u8 => visit_u8(u8), deserialize_u16 => visit_u16(u16), deserialize_u32 => visit_u32(u32),
        deserialize_u64 => visit_u64(u64),
        deserialize_f32 => visit_f32(f32), deserialize_f64 => visit_f64(f64)
    }

    fn deserialize_i128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_i128(match self.dtype {
            Dtype::U64 => self.get::<u64>()?.into(),
            _ => self.get::<i64>()?.into(),
        })
    }

    fn deserialize_u128<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_u128(match self.dtype {
            Dtype::U64 => self.get::<u64>()?.into(),
            _ => self.get::<i64>()?.try_into().map_err(de::Error::custom)?,
        })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_some(Self { level: self.level.below()?, ..self })
    }

    /// The scalars of `half` and of `float8` are newtype structs around their bits, or any `f32`.
    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value> {
        let bits = match name {
            "f16" => self.get::<half::f16>()?.to_bits(),
            "bf16" => self.get::<half::bf16>()?.to_bits(),
            #[cfg(feature = "float8")]
            "f8e4m3" => return visitor.visit_newtype_struct(byte(self.get::<float8::F8E4M3>()?.to_bits())),
            #[cfg(feature = "float8")]
            "f8e5m2" => return visitor.visit_newtype_struct(byte(self.get::<float8::F8E5M2>()?.to_bits())),
            _ => return visitor.visit_newtype_struct(Self { level: self.level.below()?, ..self }),
        };
        visitor.visit_newtype_struct(de::value::U16Deserializer::<Error>::new(bits))
    }

    /// num-complex's scalar is a tuple of its two parts.
    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value> {
        if len != 2 {
            return Err(Error::types(format!("a tuple of {len}"), format!("an element of dtype {}", self.dtype)));
        }
        let number = self.get::<num_complex::Complex<f32>>()?;
        visitor.visit_seq(de::value::SeqDeserializer::<_, Error>::new([number.re, number.im].into_iter()))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple_struct map struct enum identifier
    }
}

#[cfg(feature = "float8")]
fn byte(bits: u8) -> de::value::U8Deserializer<Error> {
    de::value::U8Deserializer::new(bits)
}

/// How elements appear where it is not known what is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Appearance {
    /// As the type that asks for them.
    Asked,
    /// As their bits, where Rust's own scalars do not do.
    Bits,
}

/// All elements of a tensor, in C order.
pub(crate) struct Elements<'b> {
    /// The next element, but for its bytes.
    element: Scalar<'b>,
    /// The bytes of those that are left.
    bytes: &'b [u8],
    /// How many bytes each has; 0 where that is no whole number.
    size: usize,
}

impl<'b> Elements<'b> {
    pub(crate) fn new(dtype: Dtype, bytes: &'b [u8], casts: Casts, appearance: Appearance, level: Level) -> Self {
        let size = if dtype.bits().is_multiple_of(8) { dtype.bits() / 8 } else { 0 };
        let dtype = match (appearance, dtype) {
            (Appearance::Bits, Dtype::F16 | Dtype::BF16) => Dtype::U16,
            (Appearance::Bits, Dtype::F8_E4M3 | Dtype::F8_E5M2) => Dtype::U8,
            (Appearance::Bits, dtype) if size > 0 && ElementKind::of_dtype(dtype).is_none() => Dtype::U8,
            (_, dtype) => dtype,
        };
        Self { element: Scalar { dtype, bytes: &[], casts, level }, bytes, size }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The bytes of the next element; `None` after the last.
    #[inline]
    fn next_bytes(&mut self) -> Result<Option<&'b [u8]>> {
        if self.bytes.is_empty() {
            return Ok(None);
        }
        match self.bytes.split_at_checked(self.size) {
            Some((bytes, rest)) if self.size > 0 => {
                self.bytes = rest;
                Ok(Some(bytes))
            }
            _ => Err(no_whole_bytes(self.element.dtype)),
        }
    }
}

#[cold]
fn no_whole_bytes(dtype: Dtype) -> Error {
    Error::unsupported(format!("elements of dtype {dtype} are no whole bytes: read a safejax::Tensor"))
}

impl<'de> SeqAccess<'de> for Elements<'_> {
    type Error = Error;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        match self.next_bytes()? {
            Some(bytes) => seed.deserialize(Scalar { bytes, ..self.element }).map(Some),
            None => Ok(None),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        self.bytes.len().checked_div(self.size)
    }
}

/// Elements behind a `deserialize_seq` or `deserialize_tuple`.
impl<'de> Deserializer<'de> for Elements<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_seq(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct seq tuple tuple_struct map struct enum identifier
    }
}
