//! The value at a place as a `serde::Deserializer`.

use serde::de::{Deserializer, Visitor};

use crate::de::fields::Fields;
use crate::de::place::Place;
use crate::de::value::Value;
use crate::de::variant::Variant;
use crate::{Dtype, Error, Result, handshake};

macro_rules! scalars {
    ($($method:ident($ty:literal)),*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            match self.leaf() {
                Some(leaf) => leaf.$method(visitor),
                None => self.scalar($ty, |element| element.$method(visitor)),
            }
        })*
    };
}

macro_rules! leaves {
    ($($method:ident($expected:literal)),*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            match self.leaf() {
                Some(leaf) => leaf.$method(visitor),
                None => Err(self.mismatch($expected)),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for Value<'_, '_, 'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if let Some(leaf) = self.leaf() {
            return leaf.deserialize_any(visitor);
        }
        match self.tensor() {
            Some(_) if self.at.tree => visitor.visit_newtype_struct(self),
            Some(tensor) => tensor.buffered(visitor),
            None if matches!(self.place(), Place::Gap(_)) => visitor.visit_unit(),
            // Nothing is stored for a unit, and an untagged enum may have one.
            None if self.place().is_absent() && !self.at.tree => {
                let missing = self.mismatch("a value");
                visitor.visit_unit().map_err(|_: Error| missing)
            }
            None if self.place().is_absent() => Err(self.mismatch("a value")),
            None if self.is_list() => self.sequence(visitor, None),
            None => self.entries(visitor),
        }
    }

    scalars! {
        deserialize_bool("a bool"),
        deserialize_i8("an i8"), deserialize_i16("an i16"), deserialize_i32("an i32"), deserialize_i64("an i64"),
        deserialize_i128("an i128"),
        deserialize_u8("a u8"), deserialize_u16("a u16"), deserialize_u32("a u32"), deserialize_u64("a u64"),
        deserialize_u128("a u128"),
        deserialize_f32("an f32"), deserialize_f64("an f64")
    }

    leaves! {
        deserialize_char("a char"), deserialize_str("a string"), deserialize_string("a string"),
        deserialize_identifier("a name")
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if let Some(leaf) = self.leaf() {
            return leaf.deserialize_bytes(visitor);
        }
        let tensor = match self.tensor() {
            Some(tensor) if self.is_vector() && self.reader.entry(tensor.index)?.dtype == Dtype::U8 => tensor,
            _ => return Err(self.mismatch("bytes, a tensor of dtype U8 and one axis")),
        };
        match self.reader.borrow(tensor.index)? {
            Some(bytes) => visitor.visit_borrowed_bytes(bytes),
            None => visitor.visit_byte_buf(tensor.to_vec::<u8>()?),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.leaf() {
            _ if self.place().is_absent() => visitor.visit_none(),
            Some(leaf) if leaf.is_null() => visitor.visit_none(),
            _ => {
                self.descend()?;
                visitor.visit_some(Value::new(self.reader, &self.inside()))
            }
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.leaf() {
            _ if self.place().is_absent() => visitor.visit_unit(),
            Some(leaf) => leaf.deserialize_unit(visitor),
            _ => Err(self.mismatch("a unit, for which nothing is stored")),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value> {
        self.descend()?;
        if name == handshake::TREE {
            // The levels are those of the maps and lists inside.
            let at = self.as_tree();
            return visitor.visit_newtype_struct(Value::new(self.reader, &at));
        }
        if matches!(name, "f16" | "bf16") && self.tensor().is_some() {
            return self
                .scalar(&format!("a scalar {name}"), |element| element.deserialize_newtype_struct(name, visitor));
        }
        if let Some(spec) = self.spec().filter(|spec| spec.is_module) {
            return self.module(spec, visitor);
        }
        visitor.visit_newtype_struct(Value::new(self.reader, &self.inside()))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.sequence(visitor, None)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value> {
        // A complex number is a tuple to serde.
        if len == 2
            && self.tensor().is_some_and(|tensor| self.reader.shape(tensor.index).is_ok_and(<[usize]>::is_empty))
        {
            return self.scalar("a complex number", |element| element.deserialize_tuple(len, visitor));
        }
        self.sequence(visitor, Some(len))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value> {
        self.sequence(visitor, Some(len))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if let Some(leaf) = self.leaf() {
            return leaf.deserialize_map(visitor);
        }
        if let Some(spec) = self.spec().filter(|spec| spec.flattens) {
            self.descend()?;
            return Fields::visit_flattened(self, spec, visitor);
        }
        match self.tensor() {
            Some(_) if self.place().below().is_none() => Err(self.mismatch("a map")),
            None if self.place().is_absent() => Err(self.mismatch("a map")),
            _ => self.entries(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        let array = handshake::is_array(name, fields);
        let wants_tensor = array || name == handshake::TENSOR || name == handshake::TENSOR_VIEW;
        match self.tensor() {
            Some(tensor) if array => return tensor.array(visitor),
            Some(tensor) if wants_tensor => return tensor.tensor(visitor, name == handshake::TENSOR_VIEW),
            Some(_) if self.place().below().is_none() => {
                return Err(self.mismatch(&format!("a module for the struct {name}")));
            }
            None if name == handshake::TENSOR || name == handshake::TENSOR_VIEW => {
                return Err(self.mismatch("a tensor"));
            }
            None if array && !self.leaf().is_some_and(|leaf| leaf.is_object()) && !self.has_fields(fields) => {
                return Err(self.mismatch("a tensor"));
            }
            _ => {}
        }
        if let Some(leaf) = self.leaf()
            && self.place().below().is_none()
            // A struct that stores nothing, whose fields are absent like those of any other.
            && !leaf.is_empty_object()
        {
            return leaf.deserialize_struct(name, fields, visitor);
        }
        self.descend()?;
        Fields::visit(self, name, fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        if let Some(leaf) = self.leaf()
            && self.place().below().is_none()
        {
            return leaf.deserialize_enum(name, variants, visitor);
        }
        if self.place().is_absent() || self.place().below().is_none() {
            return Err(self.mismatch(&format!("a variant of {name}")));
        }
        self.descend()?;
        Variant::visit(self, name, variants, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }
}
