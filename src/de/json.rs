//! JSON inside a leaf.
//!
//! serde_json's own deserializer would do but for what JSON cannot write: non-finite numbers and
//! integers beyond 64 bits, which stand as strings.

use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};

use crate::de::key::Key;
use crate::error::ErrorKind;
use crate::handshake;
use crate::ser::leaf::non_finite;
use crate::{Error, Result};

/// How deep a leaf lies, or a part of one: the levels of the file above it count as well.
#[derive(Clone, Copy)]
pub(crate) struct Level {
    pub(crate) depth: usize,
    pub(crate) max_depth: usize,
}

impl Level {
    /// One level further down.
    pub(crate) fn below(self) -> Result<Self> {
        match self.max_depth {
            limit if self.depth >= limit => Err(Error::new(ErrorKind::Depth { limit })),
            _ => Ok(Self { depth: self.depth + 1, ..self }),
        }
    }

    /// Inside a newtype struct; that of a tree is no level.
    pub(crate) fn newtype(self, name: &str) -> Result<Self> {
        if name == handshake::TREE { Ok(self) } else { self.below() }
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Json<'v> {
    value: &'v Value,
    level: Level,
}

impl<'v> Json<'v> {
    pub(crate) fn new(value: &'v Value, level: Level) -> Self {
        Self { value, level }
    }

    /// The container of parts of this one.
    fn open(self) -> Result<Self> {
        Ok(Self { level: self.level.below()?, ..self })
    }

    /// A part of a container.
    fn part(self, value: &'v Value) -> Self {
        Self { value, ..self }
    }

    fn seq<'de, V: Visitor<'de>>(self, items: &'v [Value], visitor: V) -> Result<V::Value> {
        let mut seq = Items { json: self.open()?, items: items.iter() };
        let value = visitor.visit_seq(&mut seq)?;
        match seq.items.len() {
            0 => Ok(value),
            left => Err(de::Error::invalid_length(items.len(), &format!("{} items", items.len() - left).as_str())),
        }
    }

    fn map<'de, V: Visitor<'de>>(self, entries: &'v Map<String, Value>, visitor: V) -> Result<V::Value> {
        visitor.visit_map(Entries { json: self.open()?, entries: entries.iter(), value: None })
    }
}

/// serde_json's deserializer of a `&Value`, with this crate's error.
macro_rules! theirs {
    ($($method:ident),*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            // A borrowed visitor cannot be served: the JSON was unescaped into a value of its own.
            let value = self.value.clone();
            value.$method(visitor).map_err(de::Error::custom)
        })*
    };
}

macro_rules! digits {
    ($($method:ident => $visit:ident($ty:ty)),*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            match self.value.as_str().map(str::parse::<$ty>) {
                Some(Ok(value)) => visitor.$visit(value),
                _ => self.value.clone().$method(visitor).map_err(de::Error::custom),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for Json<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            // Not as a `Value`, whose arrays and maps would be compiled for this visitor as well.
            Value::Number(number) => number.deserialize_any(visitor).map_err(de::Error::custom),
            Value::String(text) => visitor.visit_str(text),
            Value::Array(items) => self.seq(items, visitor),
            Value::Object(entries) => self.map(entries, visitor),
        }
    }

    theirs! {
        deserialize_bool, deserialize_i8, deserialize_i16, deserialize_i32, deserialize_i64,
        deserialize_u8, deserialize_u16, deserialize_u32, deserialize_u64, deserialize_char, deserialize_str,
        deserialize_string, deserialize_identifier, deserialize_unit
    }

    /// The shortest text of an `f32` is its own, but by way of an `f64` it may be that of a neighbour.
    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let value = match self.value {
            Value::Number(number) if number.is_f64() => number.to_string().parse().ok(),
            Value::String(word) => non_finite(word).map(|value| value as f32),
            _ => None,
        };
        match value {
            Some(value) => visitor.visit_f32(value),
            None => self.value.clone().deserialize_f32(visitor).map_err(de::Error::custom),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.value.as_str().and_then(non_finite) {
            Some(value) => visitor.visit_f64(value),
            None => self.value.clone().deserialize_f64(visitor).map_err(de::Error::custom),
        }
    }

    digits! { deserialize_i128 => visit_i128(i128), deserialize_u128 => visit_u128(u128) }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.value.is_null() { visitor.visit_none() } else { visitor.visit_some(self.open()?) }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value> {
        visitor.visit_newtype_struct(Self { level: self.level.newtype(name)?, ..self })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        match self.value {
            Value::String(variant) => visitor.visit_enum(Variant { variant, payload: None }),
            Value::Object(entries) if entries.len() == 1 => match entries.iter().next() {
                Some((variant, payload)) => {
                    visitor.visit_enum(Variant { variant, payload: Some(self.open()?.part(payload)) })
                }
                None => Err(Error::types("an enum variant", "{}")),
            },
            other => Err(Error::types("an enum variant", format!("the leaf `{other}`"))),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! { bytes byte_buf seq tuple tuple_struct map struct }
}

struct Items<'v> {
    json: Json<'v>,
    items: std::slice::Iter<'v, Value>,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        let json = self.json;
        self.items.next().map(|value| seed.deserialize(json.part(value))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

struct Entries<'v> {
    json: Json<'v>,
    entries: serde_json::map::Iter<'v>,
    value: Option<&'v Value>,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        let Some((key, value)) = self.entries.next() else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(Key::Text(key.into())).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value> {
        let value = self.value.take().ok_or_else(|| Error::unsupported("a value was asked for before its key"))?;
        seed.deserialize(self.json.part(value))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

struct Variant<'v> {
    variant: &'v str,
    payload: Option<Json<'v>>,
}

impl<'de, 'v> EnumAccess<'de> for Variant<'v> {
    type Error = Error;
    type Variant = Payload<'v>;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Payload<'v>)> {
        let variant = seed.deserialize(IntoDeserializer::<Error>::into_deserializer(self.variant))?;
        Ok((variant, Payload(self.payload)))
    }
}

struct Payload<'v>(Option<Json<'v>>);

impl<'v> Payload<'v> {
    fn required(self) -> Result<Json<'v>> {
        self.0.ok_or_else(|| Error::types("a variant with a payload", "one without"))
    }
}

impl<'de> VariantAccess<'de> for Payload<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<()> {
        match self.0 {
            None => Ok(()),
            Some(payload) => de::Deserialize::deserialize(payload),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value> {
        seed.deserialize(self.required()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value> {
        self.required()?.deserialize_tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value> {
        self.required()?.deserialize_struct("", fields, visitor)
    }
}
