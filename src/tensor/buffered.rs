//! ndarray's own serde form, `{v, dim, data}`, as it carries tensors through values that serde
//! buffers (`flatten`, untagged and internally tagged enums).
//!
//! There a type cannot say what it wants, so the form must say what it is. Elements do where serde
//! has a scalar of their type. For others the *type* of the version `v` does, whose value is always
//! 1; ndarray reads it by value and takes every one.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, Error as _, SeqAccess, Visitor};

use crate::{Dtype, memory};

/// The integer type of `v`, and with it the dtype of elements that serde has no scalar for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VersionTag {
    /// Elements as they are: the dtype is that of their type; complex numbers are pairs of `f32`.
    U8,
    /// `F16`, elements are the bits as `u16`.
    U16,
    /// `BF16`, elements are the bits as `u16`.
    U32,
    /// `F8_E8M0`, elements are the bits as `u8`, here and below.
    U64,
    /// `F8_E4M3`.
    I8,
    /// `F8_E5M2`.
    I16,
    /// `F8_E4M3FNUZ`.
    I32,
    /// `F8_E5M2FNUZ`.
    I64,
}

impl VersionTag {
    /// The dtype, and the dtype of the integers that elements appear as; `None` for elements as
    /// they are.
    fn bits_of(self) -> Option<(Dtype, Dtype)> {
        match self {
            Self::U8 => None,
            Self::U16 => Some((Dtype::F16, Dtype::U16)),
            Self::U32 => Some((Dtype::BF16, Dtype::U16)),
            Self::U64 => Some((Dtype::F8_E8M0, Dtype::U8)),
            Self::I8 => Some((Dtype::F8_E4M3, Dtype::U8)),
            Self::I16 => Some((Dtype::F8_E5M2, Dtype::U8)),
            Self::I32 => Some((Dtype::F8_E4M3FNUZ, Dtype::U8)),
            Self::I64 => Some((Dtype::F8_E5M2FNUZ, Dtype::U8)),
        }
    }
}

/// The type that `v` takes for elements of that dtype; `None` for those that do not fit the form,
/// which are the ones smaller than a byte.
pub(crate) fn buffered_version(dtype: Dtype) -> Option<VersionTag> {
    Some(match dtype {
        Dtype::F16 => VersionTag::U16,
        Dtype::BF16 => VersionTag::U32,
        Dtype::F8_E4M3 => VersionTag::I8,
        Dtype::F8_E5M2 => VersionTag::I16,
        Dtype::F8_E8M0 => VersionTag::U64,
        Dtype::F8_E4M3FNUZ => VersionTag::I32,
        Dtype::F8_E5M2FNUZ => VersionTag::I64,
        dtype if dtype.bits() < 8 => return None,
        _ => VersionTag::U8,
    })
}

/// `v`: 1, of any integer type.
pub(super) struct Version;

impl<'de> DeserializeSeed<'de> for Version {
    type Value = VersionTag;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<VersionTag, D::Error> {
        deserializer.deserialize_any(self)
    }
}

macro_rules! visit_version {
    ($($visit:ident: $int:ty => $tag:ident),*) => { $(
        fn $visit<X: de::Error>(self, version: $int) -> Result<VersionTag, X> {
            if version == 1 { Ok(VersionTag::$tag) } else { Err(X::custom(format_args!("unknown array version: {version}"))) }
        }
    )* };
}

impl Visitor<'_> for Version {
    type Value = VersionTag;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the version of an array")
    }

    visit_version! {
        visit_u8: u8 => U8, visit_u16: u16 => U16, visit_u32: u32 => U32, visit_u64: u64 => U64,
        visit_i8: i8 => I8, visit_i16: i16 => I16, visit_i32: i32 => I32, visit_i64: i64 => I64
    }
}

/// `data`: a sequence of elements, collected into their dtype and bytes. No element is `F32`, or
/// what `v` says.
///
/// A text format has fewer types than serde: what it read as 64 bits is `v` and elements alike. So
/// where elements are not the integers that `v` announces, they are what they are.
pub(crate) struct BufferedElements(pub(crate) VersionTag);

impl<'de> DeserializeSeed<'de> for BufferedElements {
    type Value = (Dtype, Vec<u8>);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for BufferedElements {
    type Value = (Dtype, Vec<u8>);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence of elements")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let mut elements = Collected { dtype: None, bytes: Vec::new() };
        while sequence.next_element_seed(&mut elements)?.is_some() {}
        let dtype = match (self.0.bits_of(), elements.dtype) {
            (None, None) => Dtype::F32,
            (Some((dtype, _)), None) => dtype,
            (Some((dtype, integers)), Some(found)) if found == integers => dtype,
            (_, Some(found)) => found,
        };
        Ok((dtype, elements.bytes))
    }
}

/// The elements so far, and the seed of the next.
struct Collected {
    dtype: Option<Dtype>,
    bytes: Vec<u8>,
}

impl Collected {
    fn push<X: de::Error>(&mut self, dtype: Dtype, element: &[u8]) -> Result<(), X> {
        let expected = *self.dtype.get_or_insert(dtype);
        if expected != dtype {
            return Err(X::custom(format_args!("elements of one dtype, but both {expected} and {dtype} are there")));
        }
        self.bytes.extend_from_slice(element);
        Ok(())
    }

    /// Text has no types of integers: -1 arrives as an `i64`, 1 as a `u64`. Where both are there,
    /// and `I64` holds them all, that it is.
    fn push_i64<X: de::Error>(&mut self, element: i64) -> Result<(), X> {
        if self.dtype == Some(Dtype::U64)
            && memory::elements::<i64>(&self.bytes).map_err(X::custom)?.all(|earlier| earlier >= 0)
        {
            self.dtype = Some(Dtype::I64);
        }
        self.push(Dtype::I64, &element.to_le_bytes())
    }

    fn push_u64<X: de::Error>(&mut self, element: u64) -> Result<(), X> {
        match i64::try_from(element) {
            Ok(element) if self.dtype == Some(Dtype::I64) => self.push(Dtype::I64, &element.to_le_bytes()),
            _ => self.push(Dtype::U64, &element.to_le_bytes()),
        }
    }
}

impl<'de> DeserializeSeed<'de> for &mut Collected {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

macro_rules! visit_elements {
    ($($visit:ident: $element:ty => $dtype:ident),*) => { $(
        fn $visit<X: de::Error>(self, element: $element) -> Result<(), X> {
            self.push(Dtype::$dtype, memory::bytes_of(&[element]))
        }
    )* };
}

impl<'de> Visitor<'de> for &mut Collected {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, a bool, or a pair of f32")
    }

    visit_elements! {
        visit_bool: bool => BOOL, visit_u8: u8 => U8, visit_i8: i8 => I8, visit_u16: u16 => U16,
        visit_i16: i16 => I16, visit_u32: u32 => U32, visit_i32: i32 => I32,
        visit_f32: f32 => F32, visit_f64: f64 => F64
    }

    fn visit_u64<X: de::Error>(self, element: u64) -> Result<(), X> {
        self.push_u64(element)
    }

    fn visit_i64<X: de::Error>(self, element: i64) -> Result<(), X> {
        self.push_i64(element)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut pair: A) -> Result<(), A::Error> {
        let mut parts = Vec::new();
        while let Some(part) = pair.next_element_seed(Part)? {
            parts.push(part);
            if parts.len() > 2 {
                break;
            }
        }
        let [real, imaginary] = parts.as_slice() else {
            return Err(A::Error::invalid_length(parts.len(), &"a complex number as a pair of f32"));
        };
        self.push(Dtype::C64, memory::bytes_of(&[*real, *imaginary]))
    }
}

/// The real or the imaginary part of a complex number.
struct Part;

impl<'de> DeserializeSeed<'de> for Part {
    type Value = f32;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<f32, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Part {
    type Value = f32;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("f32, a part of a complex number")
    }

    fn visit_f32<X: de::Error>(self, part: f32) -> Result<f32, X> {
        Ok(part)
    }
}
