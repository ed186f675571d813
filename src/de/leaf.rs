//! A non-tensor leaf: the text of one metadata entry, read as the type that asks for it.

use serde::de::{self, Deserializer, Unexpected, Visitor};
use serde_json::Value as JsonValue;

use crate::de::json::{Json, Level};
use crate::ser::leaf::non_finite;
use crate::{Error, Result};

/// The text of a leaf; `lent` is the same text for as long as the data, where it can be lent.
#[derive(Clone, Copy)]
pub(crate) struct Leaf<'x, 'de> {
    text: &'x str,
    lent: Option<&'de str>,
    level: Level,
}

/// What a leaf's text is, without knowing what is wanted.
enum Meaning {
    Json(JsonValue),
    /// A number that JSON does not have.
    Float(f64),
    Signed(i128),
    Unsigned(u128),
    /// A string that stands bare.
    Text,
}

impl<'x, 'de> Leaf<'x, 'de> {
    pub(crate) fn new(text: &'x str, lent: Option<&'de str>, level: Level) -> Self {
        Self { text, lent, level }
    }

    pub(crate) fn is_null(self) -> bool {
        self.text == "null"
    }

    pub(crate) fn is_list(self) -> bool {
        self.text.starts_with('[')
    }

    pub(crate) fn is_object(self) -> bool {
        self.text.starts_with('{')
    }

    pub(crate) fn is_empty_object(self) -> bool {
        self.text == "{}"
    }

    fn meaning(self) -> Meaning {
        if let Some(value) = non_finite(self.text) {
            return Meaning::Float(value);
        }
        match serde_json::from_str(self.text) {
            Ok(JsonValue::Number(number)) if number.is_f64() && is_integer(self.text) => {
                // JSON would make a float of an integer beyond 64 bits.
                match (self.text.parse(), self.text.parse()) {
                    (Ok(signed), _) => Meaning::Signed(signed),
                    (_, Ok(unsigned)) => Meaning::Unsigned(unsigned),
                    _ => Meaning::Json(JsonValue::Number(number)),
                }
            }
            Ok(value) => Meaning::Json(value),
            Err(_) => Meaning::Text,
        }
    }

    fn json(self, expected: &str) -> Result<JsonValue> {
        match self.meaning() {
            Meaning::Json(value) => Ok(value),
            _ => Err(self.unexpected(expected)),
        }
    }

    #[cold]
    fn unexpected(self, expected: &str) -> Error {
        de::Error::invalid_type(Unexpected::Str(self.text), &expected)
    }

    fn visit_text<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.lent {
            Some(text) => visitor.visit_borrowed_str(text),
            None => visitor.visit_str(self.text),
        }
    }

    fn visit_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.meaning() {
            Meaning::Json(JsonValue::String(text)) => visitor.visit_string(text),
            Meaning::Json(value) => Json::new(&value, self.level).deserialize_any(visitor),
            _ => self.visit_text(visitor),
        }
    }
}

/// Whether a text is written as an integer.
fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a text is written as a JSON number; Rust alone would parse `inf` and `+1`.
fn is_number(text: &str) -> bool {
    text.strip_prefix('-').unwrap_or(text).starts_with(|first: char| first.is_ascii_digit())
}

macro_rules! integers {
    ($($method:ident => $visit:ident($ty:ty)),*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            match self.text.parse::<$ty>() {
                Ok(value) if is_integer(self.text) => visitor.$visit(value),
                _ => match self.meaning() {
                    Meaning::Json(value) => Json::new(&value, self.level).$method(visitor),
                    _ => Err(self.unexpected(concat!("a number of type ", stringify!($ty)))),
                },
            }
        })*
    };
}

macro_rules! floats {
    ($($method:ident => $visit:ident($ty:ty)),*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            if let Some(value) = non_finite(self.text) {
                return visitor.$visit(value as $ty);
            }
            match self.text.parse::<$ty>() {
                Ok(value) if is_number(self.text) => visitor.$visit(value),
                _ => match self.meaning() {
                    Meaning::Json(value) => Json::new(&value, self.level).$method(visitor),
                    _ => Err(self.unexpected(concat!("a number of type ", stringify!($ty)))),
                },
            }
        })*
    };
}

macro_rules! as_json {
    ($($method:ident($($arg:ident: $ty:ty),*) expects $expected:literal),* $(,)?) => {
        $(fn $method<V: Visitor<'de>>(self, $($arg: $ty,)* visitor: V) -> Result<V::Value> {
            let value = self.json($expected)?;
            Json::new(&value, self.level).$method($($arg,)* visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Leaf<'_, 'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.meaning() {
            Meaning::Json(value) => Json::new(&value, self.level).deserialize_any(visitor),
            Meaning::Float(value) => visitor.visit_f64(value),
            Meaning::Signed(value) => visitor.visit_i128(value),
            Meaning::Unsigned(value) => visitor.visit_u128(value),
            Meaning::Text => self.visit_text(visitor),
        }
    }

    integers! {
        deserialize_i8 => visit_i8(i8), deserialize_i16 => visit_i16(i16), deserialize_i32 => visit_i32(i32),
        deserialize_i64 => visit_i64(i64), deserialize_i128 => visit_i128(i128),
        deserialize_u8 => visit_u8(u8), deserialize_u16 => visit_u16(u16), deserialize_u32 => visit_u32(u32),
        deserialize_u64 => visit_u64(u64), deserialize_u128 => visit_u128(u128)
    }

    floats! { deserialize_f32 => visit_f32(f32), deserialize_f64 => visit_f64(f64) }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.visit_string(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.visit_string(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.visit_string(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.visit_string(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.is_null() {
            return visitor.visit_none();
        }
        visitor.visit_some(Self { level: self.level.below()?, ..self })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value> {
        visitor.visit_newtype_struct(Self { level: self.level.newtype(name)?, ..self })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        match self.meaning() {
            Meaning::Json(value) => Json::new(&value, self.level).deserialize_enum(name, variants, visitor),
            _ => visitor.visit_enum(de::value::StrDeserializer::<Error>::new(self.text)),
        }
    }

    as_json! {
        deserialize_bool() expects "a bool",
        deserialize_bytes() expects "bytes",
        deserialize_byte_buf() expects "bytes",
        deserialize_unit() expects "a unit",
        deserialize_unit_struct(name: &'static str) expects "a unit struct",
        deserialize_seq() expects "a sequence",
        deserialize_tuple(len: usize) expects "a tuple",
        deserialize_tuple_struct(name: &'static str, len: usize) expects "a tuple struct",
        deserialize_map() expects "a map",
        deserialize_struct(name: &'static str, fields: &'static [&'static str]) expects "a struct",
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }
}
