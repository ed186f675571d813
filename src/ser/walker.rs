//! The one serializer behind every way to save: it walks a value.
//!
//! A save takes two walks. The first builds a [`Skeleton`], the second puts each tensor at the place
//! that was planned for it. Both are this type, so that a model's `Serialize` implementations are
//! compiled once.

use serde::{Serialize, Serializer};

use crate::handshake;
use crate::memory::{self, Strided};
use crate::ser::array::{Array, Focus};
use crate::ser::compound::{Compound, State};
use crate::ser::leaf::Form;
use crate::ser::number::Number;
use crate::ser::skeleton::{Body, Skeleton, Step};
use crate::ser::writer::Writer;
use crate::tensor::Tensor;
use crate::{Dtype, Error, ErrorKind, Result};

/// What the walk is for.
pub(crate) enum Mode<'w> {
    Skeleton(Skeleton),
    Write(Writer<'w>),
}

pub(crate) struct Walker<'w> {
    pub(crate) mode: Mode<'w>,
    pub(crate) focus: Focus,
    /// The newtype struct around the value that comes next.
    class: Option<&'static str>,
    depth: usize,
    max_depth: usize,
    /// What the walk has come by.
    trace: Trace,
    /// The memory of the elements that wait, between one array and the next.
    pub(crate) spare: Vec<u8>,
}

/// The structure of a value in one number: two walks that come by the same names, containers,
/// tensors and leaves in the same order have the same, whatever the values of the leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trace(u64);

impl Trace {
    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn name(&mut self, name: &str) {
        let (words, rest) = name.as_bytes().as_chunks::<8>();
        for word in words {
            self.mix(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        for (to, from) in last.iter_mut().zip(rest) {
            *to = *from;
        }
        self.mix(u64::from_le_bytes(last));
        self.mix(name.len() as u64);
    }

    pub(crate) fn event(&mut self, event: Event) {
        self.mix(event as u64);
    }
}

/// What a walk comes by, besides names.
#[derive(Clone, Copy)]
pub(crate) enum Event {
    Tensor = 1,
    Leaf,
    Nothing,
    Key,
    IntKey,
    Struct,
    Map,
    List,
    Tuple,
    Enum,
    Close,
}

impl<'w> Walker<'w> {
    pub(crate) fn new(mode: Mode<'w>, max_depth: usize) -> Self {
        Self { mode, focus: Focus::Value, class: None, depth: 0, max_depth, trace: Trace::default(), spare: Vec::new() }
    }

    pub(crate) fn trace(&self) -> Trace {
        self.trace
    }

    pub(crate) fn came_by(&mut self, event: Event) {
        self.trace.event(event);
    }

    /// Walks a value: a tensor by its type, anything else by its `Serialize`.
    pub(crate) fn value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
        if matches!(self.focus, Focus::Value)
            && let Some(tensor) = memory::recognise(value)
        {
            return self.tensor(&tensor);
        }
        value.serialize(&mut *self)
    }

    /// Walks one part of an array with the eyes on that part alone.
    pub(crate) fn look<T: ?Sized + Serialize>(
        &mut self,
        array: &mut Array,
        focus: fn(Array) -> Focus,
        value: &T,
    ) -> Result<()> {
        let depth = self.depth;
        self.focus = focus(std::mem::take(array));
        let walked = value.serialize(&mut *self);
        *array = std::mem::take(&mut self.focus).into_array();
        // A walk that was stopped at the first element did not come back up by itself.
        self.depth = depth;
        walked
    }

    /// Names the place where the walk stands in an error.
    #[cold]
    pub(crate) fn locate(&self, error: Error) -> Error {
        match &self.mode {
            Mode::Skeleton(skeleton) => error.at(|| skeleton.path()),
            Mode::Write(writer) => match writer.next_key() {
                Some(key) => error.at(|| key.to_owned()),
                None => error,
            },
        }
    }

    pub(crate) fn tensor(&mut self, tensor: &Strided<'_>) -> Result<()> {
        self.class = None;
        self.came_by(Event::Tensor);
        match &mut self.mode {
            Mode::Write(writer) => writer.tensor(tensor),
            Mode::Skeleton(skeleton) => {
                skeleton.tensor(tensor.dtype(), tensor.shape());
                if skeleton.keeps() {
                    skeleton.keep(Tensor::new(tensor.dtype(), tensor.shape().to_vec(), tensor.to_vec())?);
                }
                Ok(())
            }
        }
    }

    /// A tensor whose bytes are at hand in file order.
    pub(crate) fn tensor_bytes(&mut self, dtype: Dtype, shape: &[usize], bytes: &[u8]) -> Result<()> {
        self.class = None;
        self.came_by(Event::Tensor);
        match &mut self.mode {
            Mode::Write(writer) => {
                writer.begin(dtype, shape)?;
                writer.part(bytes)?;
                writer.end()
            }
            Mode::Skeleton(skeleton) => {
                skeleton.tensor(dtype, shape);
                if skeleton.keeps() {
                    skeleton.keep(Tensor::new(dtype, shape.to_vec(), bytes.to_vec())?);
                }
                Ok(())
            }
        }
    }

    /// A field or a variant leads to the value that comes next.
    pub(crate) fn expect(&mut self, step: fn(&'static str) -> Step, name: &'static str) {
        self.trace.name(name);
        let step = step(name);
        if let Mode::Skeleton(skeleton) = &mut self.mode {
            skeleton.expect(step);
        }
    }

    pub(crate) fn expect_key(&mut self, key: &str, integer: bool) {
        self.came_by(if integer { Event::IntKey } else { Event::Key });
        self.trace.name(key);
        if let Mode::Skeleton(skeleton) = &mut self.mode {
            let span = skeleton.intern(key);
            skeleton.expect(if integer { Step::IntKey(span) } else { Step::Key(span) });
        }
    }

    pub(crate) fn descend(&mut self) -> Result<()> {
        self.depth += 1;
        if self.depth > self.max_depth {
            return Err(self.locate(Error::new(ErrorKind::Depth { limit: self.max_depth })));
        }
        Ok(())
    }

    pub(crate) fn ascend(&mut self) {
        self.depth -= 1;
    }

    pub(crate) fn open(&mut self, body: Body) -> Result<()> {
        self.descend()?;
        self.class = None;
        self.came_by(match body {
            Body::Struct(_) => Event::Struct,
            Body::Map => Event::Map,
            Body::List { tuple: false, .. } => Event::List,
            Body::List { tuple: true, .. } => Event::Tuple,
            Body::Enum => Event::Enum,
            Body::Tensor => Event::Tensor,
            Body::Leaf(_) => Event::Leaf,
            Body::Nothing => Event::Nothing,
        });
        if let Mode::Skeleton(skeleton) = &mut self.mode {
            skeleton.open(body);
        }
        Ok(())
    }

    pub(crate) fn close(&mut self) -> Result<()> {
        self.ascend();
        self.came_by(Event::Close);
        match &mut self.mode {
            Mode::Skeleton(skeleton) => skeleton.close().map_err(|error| error.at(|| skeleton.path())),
            Mode::Write(_) => Ok(()),
        }
    }

    fn nothing(&mut self) -> Result<()> {
        self.class = None;
        if !matches!(self.focus, Focus::Value) {
            return Err(self.not_an_element("a unit or None"));
        }
        self.came_by(Event::Nothing);
        if let Mode::Skeleton(skeleton) = &mut self.mode {
            skeleton.nothing();
        }
        Ok(())
    }

    fn text(&mut self, text: &str, form: Form) -> Result<()> {
        self.class = None;
        match &mut self.focus {
            Focus::Value => {
                self.came_by(Event::Leaf);
                if let Mode::Skeleton(skeleton) = &mut self.mode {
                    skeleton.leaf(form, text);
                }
                Ok(())
            }
            Focus::Dtype(array) => array.set_dtype(text),
            _ => Err(self.not_an_element("text")),
        }
    }

    pub(crate) fn number(&mut self, text: impl FnOnce() -> (Form, String)) -> Result<()> {
        self.class = None;
        self.came_by(Event::Leaf);
        if let Mode::Skeleton(skeleton) = &mut self.mode {
            let (form, text) = text();
            return skeleton.number(form, &text).map_err(|error| error.at(|| skeleton.path()));
        }
        Ok(())
    }

    #[cold]
    pub(crate) fn not_an_element(&self, found: &str) -> Error {
        let expected = match self.focus {
            Focus::Value => "a value",
            Focus::Dims(_) => "the extents of an array",
            Focus::Elements(_) => "a number as the element of an array",
            Focus::Dtype(_) => "the name of a dtype",
            Focus::Bytes(_) => "the bytes of a tensor",
        };
        self.locate(Error::types(expected, found))
    }

    fn sequence(&mut self, tuple: bool) -> Result<State> {
        match &mut self.focus {
            Focus::Value => {
                let class = self.class.take();
                self.open(Body::List { class, tuple })?;
                Ok(State::Node)
            }
            Focus::Elements(array) if tuple => {
                array.begin_complex()?;
                Ok(State::Complex)
            }
            Focus::Dims(_) | Focus::Elements(_) => Ok(State::Pass),
            _ => Err(self.not_an_element("a sequence")),
        }
    }

    fn container(&mut self, body: Body) -> Result<State> {
        if !matches!(self.focus, Focus::Value) {
            return Err(self.not_an_element("a struct or a map"));
        }
        self.open(body)?;
        Ok(State::Node)
    }

    fn variant(&mut self, variant: &'static str, body: Body) -> Result<State> {
        self.container(Body::Enum)?;
        self.expect(Step::Variant, variant);
        self.container(body)?;
        Ok(State::Variant)
    }
}

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
        self.text(value.encode_utf8(&mut [0; 4]), Form::Text)
    }

    fn serialize_str(self, value: &str) -> Result<()> {
        self.text(value, Form::Text)
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<()> {
        match &mut self.focus {
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
        self.text(variant, Form::Text)
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(self, name: &'static str, value: &T) -> Result<()> {
        self.descend()?;
        match &mut self.focus {
            Focus::Value if name == handshake::BARE => {
                let text = crate::ser::key::text_of(value)?;
                self.text(&text, Form::Bare)?;
            }
            Focus::Value => {
                self.class = Some(name);
                self.value(value)?;
            }
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
        self.container(Body::Enum)?;
        self.expect(Step::Variant, variant);
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
        self.class = Some(name);
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
        let state = self.container(Body::Map)?;
        Ok(Compound::new(self, state))
    }

    fn serialize_struct(self, name: &'static str, len: usize) -> Result<Compound<'a, 'w>> {
        let state = match name {
            handshake::TENSOR => State::Tensor(Array::default()),
            handshake::ARRAY if len == handshake::ARRAY_FIELDS.len() => State::PerhapsArray,
            _ => self.container(Body::Struct(name))?,
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
