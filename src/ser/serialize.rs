//! The walker as a `serde::Serializer`.

use serde::{Serialize, Serializer};

use crate::handshake;
use crate::ser::array::{Array, Focus};
use crate::ser::compound::{Compound, State};
use crate::ser::leaf::Form;
use crate::ser::number::Number;
use crate::ser::skeleton::{Body, Step};
use crate::ser::walker::Walker;
use crate::{Dtype, Error, Result};

macro_rules! integers {
    ($($method:ident($ty:ty) = $dtype:ident, $number:ident),*) => {
        $(#[inline]
        fn $method(self, value: $ty) -> Result<()> {
            self.scalar(Dtype::$dtype, value.to_le_bytes(), Number::$number(value.into()))
        })*
    };
}

macro_rules! wide_integers {
    ($($method:ident($ty:ty)),*) => {
        $(fn $method(self, value: $ty) -> Result<()> {
            if !matches!(self.focus, Focus::Value) {
                return Err(self.not_an_element(concat!("a number of type ", stringify!($ty))));
            }
            let fits = i64::try_from(value).is_ok() || u64::try_from(value).is_ok();
            self.number(|| (if fits { Form::Json } else { Form::Bare }, value.to_string()))
        })*
    };
}

impl<'a, 'w> Serializer for &'a mut Walker<'w> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Compound<'a, 'w>;
    type SerializeTuple = Compound<'a, 'w>;
    type SerializeTupleStruct = Compound<'a, 'w>;
    type SerializeTupleVariant = Compound<'a, 'w>;
    type SerializeMap = Compound<'a, 'w>;
    type SerializeStruct = Compound<'a, 'w>;
    type SerializeStructVariant = Compound<'a, 'w>;

    integers! {
        serialize_i8(i8) = I8, Signed, serialize_i16(i16) = I16, Signed, serialize_i32(i32) = I32, Signed, serialize_i64(i64) = I64, Signed,
        serialize_u8(u8) = U8, Unsigned, serialize_u16(u16) = U16, Unsigned, serialize_u32(u32) = U32, Unsigned, serialize_u64(u64) = U64, Unsigned
    }

    wide_integers! { serialize_i128(i128), serialize_u128(u128) }

    #[inline]
    fn serialize_bool(self, value: bool) -> Result<()> {
        self.scalar(Dtype::BOOL, [u8::from(value)], Number::Bool(value))
    }

    #[inline]
    fn serialize_f32(self, value: f32) -> Result<()> {
        self.scalar(Dtype::F32, value.to_le_bytes(), Number::F32(value))
    }

    #[inline]
    fn serialize_f64(self, value: f64) -> Result<()> {
        self.scalar(Dtype::F64, value.to_le_bytes(), Number::F64(value))
    }

    fn serialize_char(self, value: char) -> Result<()> {
        self.leaf(value.encode_utf8(&mut [0; 4]), Form::Text)
    }

    fn serialize_str(self, value: &str) -> Result<()> {
        self.leaf(value, Form::Text)
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<()> {
        match &mut self.focus {
            Focus::Value if self.plain => value.serialize(self),
            Focus::Value => self.tensor_bytes(Dtype::U8, &[value.len()], value),
            Focus::Bytes(array) => {
                let (dtype, shape) = std::mem::take(array).into_tensor(value.len())?;
                self.tensor_bytes(dtype, &shape, value)
            }
            _ => Err(self.not_an_element("bytes")),
        }
    }

    fn serialize_none(self) -> Result<()> {
        self.nothing()
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<()> {
        self.descend()?;
        self.value(value)?;
        self.ascend();
        Ok(())
    }

    fn serialize_unit(self) -> Result<()> {
        self.nothing()
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<()> {
        self.nothing()
    }

    fn serialize_unit_variant(self, _name: &'static str, _index: u32, variant: &'static str) -> Result<()> {
        self.leaf(variant, Form::Text)
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(self, name: &'static str, value: &T) -> Result<()> {
        self.descend()?;
        match &mut self.focus {
            Focus::Value if name == handshake::BARE => {
                let text = crate::ser::key::text_of(value)?;
                self.leaf(&text, Form::Bare)?;
            }
            Focus::Value if name == handshake::METADATA_FIELD => self.whole(value)?,
            Focus::Value => match self.take_spec() {
                Some(spec) if spec.is_module => {
                    self.open(Body::Struct(name), Some(spec))?;
                    self.expect(Step::Field, "0", spec.saved("0"));
                    self.value(value)?;
                    self.close()?;
                }
                spec => {
                    self.newtype(name, spec);
                    self.value(value)?;
                }
            },
            Focus::Elements(array) => {
                array.begin_newtype(name);
                value.serialize(&mut *self)?;
            }
            _ => value.serialize(&mut *self)?,
        }
        self.ascend();
        Ok(())
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        self.enter(variant)?;
        self.value(value)?;
        self.close()
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<Compound<'a, 'w>> {
        let state = self.sequence(false)?;
        Ok(Compound::new(self, state))
    }

    fn serialize_tuple(self, _len: usize) -> Result<Compound<'a, 'w>> {
        let state = self.sequence(true)?;
        Ok(Compound::new(self, state))
    }

    fn serialize_tuple_struct(self, name: &'static str, _len: usize) -> Result<Compound<'a, 'w>> {
        self.set_class(name);
        let state = self.sequence(true)?;
        Ok(Compound::new(self, state))
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Compound<'a, 'w>> {
        let state = self.variant(variant, Body::List { class: None, tuple: true })?;
        Ok(Compound::new(self, state))
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Compound<'a, 'w>> {
        let state = match self.take_spec().filter(|spec| spec.flattens) {
            // A struct, but for the fields that serde adds to its own.
            Some(spec) => self.container(Body::Struct(spec.name), Some(spec))?,
            None => self.container(Body::Map, None)?,
        };
        Ok(Compound::new(self, state))
    }

    fn serialize_struct(self, name: &'static str, len: usize) -> Result<Compound<'a, 'w>> {
        let spec = self.take_spec();
        let state = match name {
            handshake::TENSOR if !self.plain => State::Tensor(Array::default()),
            handshake::ARRAY if len == handshake::ARRAY_FIELDS.len() && !self.plain => State::PerhapsArray,
            _ => self.container(Body::Struct(name), spec)?,
        };
        Ok(Compound::new(self, state))
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Compound<'a, 'w>> {
        let state = self.variant(variant, Body::Struct(""))?;
        Ok(Compound::new(self, state))
    }
}
