//! Map keys and names: text that parses back into any scalar.

use std::borrow::Cow;

use serde::de::{self, Deserializer, Unexpected, Visitor, value::StrDeserializer};
use serde::forward_to_deserialize_any;

use crate::{Error, Result};

/// The text of a key, lent for as long as the data where it can be.
pub(crate) enum Key<'x, 'de> {
    Lent(&'de str),
    Text(Cow<'x, str>),
}

impl Key<'_, '_> {
    fn as_str(&self) -> &str {
        match self {
            Self::Lent(text) => text,
            Self::Text(text) => text,
        }
    }

    fn unexpected(&self, expected: &str) -> Error {
        de::Error::invalid_value(Unexpected::Str(self.as_str()), &expected)
    }
}

macro_rules! parsed {
    ($($method:ident => $visit:ident($ty:ty)),*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            match self.as_str().parse::<$ty>() {
                Ok(value) => visitor.$visit(value),
                Err(_) => Err(self.unexpected(concat!("a key of type ", stringify!($ty)))),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for Key<'_, 'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self {
            Self::Lent(text) => visitor.visit_borrowed_str(text),
            Self::Text(Cow::Borrowed(text)) => visitor.visit_str(text),
            Self::Text(Cow::Owned(text)) => visitor.visit_string(text),
        }
    }

    parsed! {
        deserialize_bool => visit_bool(bool),
        deserialize_i8 => visit_i8(i8), deserialize_i16 => visit_i16(i16), deserialize_i32 => visit_i32(i32),
        deserialize_i64 => visit_i64(i64), deserialize_i128 => visit_i128(i128),
        deserialize_u8 => visit_u8(u8), deserialize_u16 => visit_u16(u16), deserialize_u32 => visit_u32(u32),
        deserialize_u64 => visit_u64(u64), deserialize_u128 => visit_u128(u128),
        deserialize_f32 => visit_f32(f32), deserialize_f64 => visit_f64(f64),
        deserialize_char => visit_char(char)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        StrDeserializer::<Error>::new(self.as_str()).deserialize_enum(name, variants, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
    }
}
