//! Map keys: every scalar becomes text.

use serde::ser::{Impossible, Serialize, Serializer};

use crate::{Error, Result};

/// The text of a map key, and whether it was an integer.
pub(crate) struct Key {
    pub(crate) text: String,
    pub(crate) integer: bool,
}

/// Takes scalars, strings and unit variants; anything else is no key.
pub(crate) struct KeySerializer;

/// The text of a string that stands behind a generic `Serialize`.
pub(crate) fn text_of<T: ?Sized + Serialize>(value: &T) -> Result<String> {
    value.serialize(KeySerializer).map(|key| key.text)
}

#[cold]
fn no_key(found: &str) -> Error {
    Error::types("a string, a number, a bool, a char or a unit variant as a map key", found)
}

macro_rules! integers {
    ($($method:ident($ty:ty)),*) => {
        $(fn $method(self, value: $ty) -> Result<Key> {
            Ok(Key { text: value.to_string(), integer: true })
        })*
    };
}

fn text(text: impl ToString) -> Result<Key> {
    Ok(Key { text: text.to_string(), integer: false })
}

impl Serializer for KeySerializer {
    type Ok = Key;
    type Error = Error;
    type SerializeSeq = Impossible<Key, Error>;
    type SerializeTuple = Impossible<Key, Error>;
    type SerializeTupleStruct = Impossible<Key, Error>;
    type SerializeTupleVariant = Impossible<Key, Error>;
    type SerializeMap = Impossible<Key, Error>;
    type SerializeStruct = Impossible<Key, Error>;
    type SerializeStructVariant = Impossible<Key, Error>;

    integers! {
        serialize_i8(i8), serialize_i16(i16), serialize_i32(i32), serialize_i64(i64), serialize_i128(i128),
        serialize_u8(u8), serialize_u16(u16), serialize_u32(u32), serialize_u64(u64), serialize_u128(u128)
    }

    fn serialize_bool(self, value: bool) -> Result<Key> {
        text(value)
    }

    fn serialize_f32(self, value: f32) -> Result<Key> {
        text(value)
    }

    fn serialize_f64(self, value: f64) -> Result<Key> {
        text(value)
    }

    fn serialize_char(self, value: char) -> Result<Key> {
        text(value)
    }

    fn serialize_str(self, value: &str) -> Result<Key> {
        text(value)
    }

    fn serialize_bytes(self, _value: &[u8]) -> Result<Key> {
        Err(no_key("bytes"))
    }

    fn serialize_none(self) -> Result<Key> {
        Err(no_key("None"))
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<Key> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Key> {
        Err(no_key("a unit"))
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<Key> {
        Err(no_key("a unit struct"))
    }

    fn serialize_unit_variant(self, _name: &'static str, _index: u32, variant: &'static str) -> Result<Key> {
        text(variant)
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(self, _name: &'static str, value: &T) -> Result<Key> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _value: &T,
    ) -> Result<Key> {
        Err(no_key("a variant with a payload"))
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<Self::SerializeSeq> {
        Err(no_key("a sequence"))
    }

    fn serialize_tuple(self, _len: usize) -> Result<Self::SerializeTuple> {
        Err(no_key("a tuple"))
    }

    fn serialize_tuple_struct(self, _name: &'static str, _len: usize) -> Result<Self::SerializeTupleStruct> {
        Err(no_key("a tuple struct"))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeTupleVariant> {
        Err(no_key("a variant with a payload"))
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Self::SerializeMap> {
        Err(no_key("a map"))
    }

    fn serialize_struct(self, _name: &'static str, _len: usize) -> Result<Self::SerializeStruct> {
        Err(no_key("a struct"))
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeStructVariant> {
        Err(no_key("a variant with a payload"))
    }
}
