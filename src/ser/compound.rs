//! What the walker does inside a sequence, a map or a struct.

use serde::{Serialize, ser};

use crate::handshake;
use crate::ser::array::{Array, Focus};
use crate::ser::key;
use crate::ser::skeleton::{Body, Step};
use crate::ser::walker::Walker;
use crate::spec::{self, FieldSpec, TypeSpec};
use crate::{Error, Result};

/// A container that is being walked.
pub(crate) struct Compound<'a, 'w> {
    walker: &'a mut Walker<'w>,
    state: State,
}

/// The fields of a container as they are described.
#[derive(Clone, Copy, Default)]
pub(crate) struct Described {
    fields: &'static [FieldSpec],
    /// How many items of a tuple came.
    items: usize,
}

impl Described {
    pub(crate) fn of(spec: Option<&'static TypeSpec>) -> Self {
        Self::by(spec.map_or(&[], |spec| spec.fields))
    }

    pub(crate) fn by(fields: &'static [FieldSpec]) -> Self {
        Self { fields, items: 0 }
    }

    fn field(&self, name: &str) -> Option<&'static FieldSpec> {
        spec::saved(self.fields, name)
    }

    fn next_item(&mut self) -> Option<&'static FieldSpec> {
        if self.fields.is_empty() {
            return None;
        }
        self.items += 1;
        self.field(&(self.items - 1).to_string())
    }
}

pub(crate) enum State {
    /// A container of the skeleton.
    Node(Described),
    /// The payload of an enum variant: two nodes to close.
    Variant(Described),
    /// A struct of the name and length of ndarray's `Array`, before its first field.
    PerhapsArray,
    /// ndarray's serde form of an array whose type was not recognised.
    Array(Array),
    /// The form of a [`Tensor`](crate::Tensor) that was not recognised.
    Tensor(Array),
    /// A sequence of extents or of elements.
    Pass,
    /// The two parts of a complex element.
    Complex,
}

impl Default for State {
    fn default() -> Self {
        Self::Node(Described::default())
    }
}

impl<'a, 'w> Compound<'a, 'w> {
    pub(crate) fn new(walker: &'a mut Walker<'w>, state: State) -> Self {
        Self { walker, state }
    }

    #[inline]
    fn item<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
        // An element or an extent of an array, of which there are many, and which is nothing else.
        if let State::Pass = self.state {
            return value.serialize(&mut *self.walker);
        }
        if let State::Node(described) | State::Variant(described) = &mut self.state {
            self.walker.expect_item(described.next_item());
        }
        self.walker.value(value)
    }

    fn field<T: ?Sized + Serialize>(&mut self, name: &'static str, value: &T) -> Result<()> {
        if let State::PerhapsArray = self.state {
            self.state = if handshake::ARRAY_FIELDS.first() == Some(&name) {
                State::Array(Array::default())
            } else {
                self.walker.container(Body::Struct(handshake::ARRAY), None)?
            };
        }
        match &mut self.state {
            State::Array(array) => match name {
                "v" => Ok(()),
                "dim" => self.walker.look(array, Focus::Dims, value),
                "data" => {
                    self.walker.begin_elements(array);
                    let walked = self.walker.look(array, Focus::Elements, value);
                    // The first element is enough for a skeleton: the walk was stopped on purpose.
                    if array.stopped() { Ok(()) } else { walked }
                }
                _ => Err(foreign_field(name)),
            },
            State::Tensor(array) => match name {
                "dtype" => self.walker.look(array, Focus::Dtype, value),
                "shape" => self.walker.look(array, Focus::Dims, value),
                "data" => self.walker.look(array, Focus::Bytes, value),
                _ => Err(foreign_field(name)),
            },
            State::Node(described) | State::Variant(described) => {
                self.walker.expect(Step::Field, name, described.field(name));
                self.walker.value(value)
            }
            State::PerhapsArray | State::Pass | State::Complex => self.walker.value(value),
        }
    }

    pub(crate) fn into_state(self) -> State {
        self.state
    }

    pub(crate) fn finish(self) -> Result<()> {
        match self.state {
            State::Node(_) => self.walker.close(),
            State::Variant(_) => {
                self.walker.close()?;
                self.walker.close()
            }
            State::Array(array) => self.walker.end_elements(array),
            State::Complex => self.walker.end_complex(),
            State::PerhapsArray => {
                self.walker.open(Body::Struct(handshake::ARRAY), None)?;
                self.walker.close()
            }
            State::Tensor(_) | State::Pass => Ok(()),
        }
    }
}

#[cold]
fn foreign_field(name: &str) -> Error {
    Error::unsupported(format!("a struct with the name of a tensor has the foreign field `{name}`"))
}

impl ser::SerializeSeq for Compound<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
        self.item(value)
    }

    fn end(self) -> Result<()> {
        self.finish()
    }
}

impl ser::SerializeTuple for Compound<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
        self.item(value)
    }

    fn end(self) -> Result<()> {
        self.finish()
    }
}

impl ser::SerializeTupleStruct for Compound<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
        self.item(value)
    }

    fn end(self) -> Result<()> {
        self.finish()
    }
}

impl ser::SerializeTupleVariant for Compound<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
        self.item(value)
    }

    fn end(self) -> Result<()> {
        self.finish()
    }
}

impl ser::SerializeMap for Compound<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<()> {
        let key = key.serialize(key::KeySerializer).map_err(|error| self.walker.locate(error))?;
        let field = match &self.state {
            State::Node(described) => described.field(&key.text),
            _ => None,
        };
        self.walker.expect_key(&key.text, key.integer, field);
        Ok(())
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
        self.walker.value(value)
    }

    fn end(self) -> Result<()> {
        self.finish()
    }
}

impl ser::SerializeStruct for Compound<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: ?Sized + Serialize>(&mut self, name: &'static str, value: &T) -> Result<()> {
        self.field(name, value)
    }

    fn end(self) -> Result<()> {
        self.finish()
    }
}

impl ser::SerializeStructVariant for Compound<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: ?Sized + Serialize>(&mut self, name: &'static str, value: &T) -> Result<()> {
        self.field(name, value)
    }

    fn end(self) -> Result<()> {
        self.finish()
    }
}
