//! The public [`Serializer`], for serde's tooling.

use serde::{Serialize, ser};

use crate::depth::MAX_DEPTH;
use crate::memory::{Accept, Announce};
use crate::ser::compound::{Compound, State};
use crate::ser::skeleton::Skeleton;
use crate::ser::tree;
use crate::ser::walker::{Mode, Walker};
use crate::spec::TypeSpec;
use crate::tensor::Saved;
use crate::{Error, Result, Tree};

/// A `serde::Serializer` that turns a value into a [`Tree`], in one pass.
///
/// [`to_tree`](crate::to_tree) is the short way. The type is public so that serde's tooling works:
/// `serde_transcode`, `serde_path_to_error`, `erased-serde`.
///
/// # Examples
///
/// ```
/// use serde::Serialize;
///
/// let weights = ndarray::arr1(&[1.0f32, 2.0]);
/// let tree = weights.serialize(safejax::Serializer::new())?;
/// assert_eq!(tree.as_tensor().unwrap().shape(), [2]);
/// # Ok::<(), safejax::Error>(())
/// ```
#[must_use]
pub struct Serializer {
    walker: Walker<'static>,
}

impl Serializer {
    /// A serializer for one value.
    pub fn new() -> Self {
        Self::with_max_depth(MAX_DEPTH)
    }

    pub(crate) fn with_max_depth(max_depth: usize) -> Self {
        Self { walker: Walker::new(Mode::Skeleton(Skeleton::keeping()), max_depth) }
    }

    /// The tree of a whole value, by its type where that is a tensor's.
    pub(crate) fn value<T: ?Sized + Serialize>(mut self, value: &T) -> Result<Tree> {
        self.walker.value(value).map_err(|error| self.walker.locate(error))?;
        finish(self.walker)
    }

    fn compound(mut self, begin: impl FnOnce(&mut Walker<'static>) -> Result<State>) -> Result<TreeCompound> {
        let state = begin(&mut self.walker)?;
        Ok(TreeCompound { walker: self.walker, state })
    }
}

impl Announce for Serializer {
    type Message = &'static TypeSpec;

    fn announce(&mut self, spec: &'static TypeSpec) {
        (&mut self.walker).announce(spec);
    }
}

impl Accept<Saved<'_>> for Serializer {
    type Output = Result<Tree>;

    fn accept(mut self, saved: Saved<'_>) -> Result<Tree> {
        Accept::accept(&mut self.walker, saved)?;
        finish(self.walker)
    }
}

impl Default for Serializer {
    fn default() -> Self {
        Self::new()
    }
}

fn finish(walker: Walker<'static>) -> Result<Tree> {
    match walker.mode {
        Mode::Skeleton(skeleton) => tree::build(skeleton),
        Mode::Write(_) => Err(Error::unsupported("a tree is not written to a file as it is built")),
    }
}

/// A container on its way into a [`Tree`].
pub struct TreeCompound {
    walker: Walker<'static>,
    state: State,
}

impl TreeCompound {
    fn with(&mut self, part: impl FnOnce(&mut Compound<'_, 'static>) -> Result<()>) -> Result<()> {
        let state = std::mem::take(&mut self.state);
        let mut compound = Compound::new(&mut self.walker, state);
        part(&mut compound)?;
        self.state = compound.into_state();
        Ok(())
    }

    fn finish(mut self) -> Result<Tree> {
        Compound::new(&mut self.walker, self.state).finish()?;
        finish(self.walker)
    }
}

macro_rules! forward_scalars {
    ($($method:ident($ty:ty)),*) => {
        $(fn $method(mut self, value: $ty) -> Result<Tree> {
            ser::Serializer::$method(&mut self.walker, value)?;
            finish(self.walker)
        })*
    };
}

impl ser::Serializer for Serializer {
    type Ok = Tree;
    type Error = Error;
    type SerializeSeq = TreeCompound;
    type SerializeTuple = TreeCompound;
    type SerializeTupleStruct = TreeCompound;
    type SerializeTupleVariant = TreeCompound;
    type SerializeMap = TreeCompound;
    type SerializeStruct = TreeCompound;
    type SerializeStructVariant = TreeCompound;

    forward_scalars! {
        serialize_bool(bool), serialize_i8(i8), serialize_i16(i16), serialize_i32(i32), serialize_i64(i64), serialize_i128(i128), serialize_u8(u8), serialize_u16(u16), serialize_u32(u32), serialize_u64(u64), serialize_u128(u128), serialize_f32(f32), serialize_f64(f64), serialize_char(char), serialize_str(&str), serialize_bytes(&[u8])
    }

    fn serialize_none(mut self) -> Result<Tree> {
        ser::Serializer::serialize_none(&mut self.walker)?;
        finish(self.walker)
    }

    fn serialize_some<T: ?Sized + Serialize>(mut self, value: &T) -> Result<Tree> {
        ser::Serializer::serialize_some(&mut self.walker, value)?;
        finish(self.walker)
    }

    fn serialize_unit(mut self) -> Result<Tree> {
        ser::Serializer::serialize_unit(&mut self.walker)?;
        finish(self.walker)
    }

    fn serialize_unit_struct(mut self, name: &'static str) -> Result<Tree> {
        ser::Serializer::serialize_unit_struct(&mut self.walker, name)?;
        finish(self.walker)
    }

    fn serialize_unit_variant(mut self, name: &'static str, index: u32, variant: &'static str) -> Result<Tree> {
        ser::Serializer::serialize_unit_variant(&mut self.walker, name, index, variant)?;
        finish(self.walker)
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(mut self, name: &'static str, value: &T) -> Result<Tree> {
        ser::Serializer::serialize_newtype_struct(&mut self.walker, name, value)?;
        finish(self.walker)
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        mut self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Tree> {
        ser::Serializer::serialize_newtype_variant(&mut self.walker, name, index, variant, value)?;
        finish(self.walker)
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<TreeCompound> {
        self.compound(|walker| Ok(ser::Serializer::serialize_seq(walker, len)?.into_state()))
    }

    fn serialize_tuple(self, len: usize) -> Result<TreeCompound> {
        self.compound(|walker| Ok(ser::Serializer::serialize_tuple(walker, len)?.into_state()))
    }

    fn serialize_tuple_struct(self, name: &'static str, len: usize) -> Result<TreeCompound> {
        self.compound(|walker| Ok(ser::Serializer::serialize_tuple_struct(walker, name, len)?.into_state()))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<TreeCompound> {
        self.compound(|walker| {
            Ok(ser::Serializer::serialize_tuple_variant(walker, name, index, variant, len)?.into_state())
        })
    }

    fn serialize_map(self, len: Option<usize>) -> Result<TreeCompound> {
        self.compound(|walker| Ok(ser::Serializer::serialize_map(walker, len)?.into_state()))
    }

    fn serialize_struct(self, name: &'static str, len: usize) -> Result<TreeCompound> {
        self.compound(|walker| Ok(ser::Serializer::serialize_struct(walker, name, len)?.into_state()))
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<TreeCompound> {
        self.compound(|walker| {
            Ok(ser::Serializer::serialize_struct_variant(walker, name, index, variant, len)?.into_state())
        })
    }
}

macro_rules! forward_items {
    ($($trait:ident::$method:ident),*) => {
        $(impl ser::$trait for TreeCompound {
            type Ok = Tree;
            type Error = Error;

            fn $method<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
                self.with(|compound| ser::$trait::$method(compound, value))
            }

            fn end(self) -> Result<Tree> {
                self.finish()
            }
        })*
    };
}

macro_rules! forward_fields {
    ($($trait:ident),*) => {
        $(impl ser::$trait for TreeCompound {
            type Ok = Tree;
            type Error = Error;

            fn serialize_field<T: ?Sized + Serialize>(&mut self, name: &'static str, value: &T) -> Result<()> {
                self.with(|compound| ser::$trait::serialize_field(compound, name, value))
            }

            fn end(self) -> Result<Tree> {
                self.finish()
            }
        })*
    };
}

forward_items! {
    SerializeSeq::serialize_element, SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field, SerializeTupleVariant::serialize_field
}

forward_fields! { SerializeStruct, SerializeStructVariant }

impl ser::SerializeMap for TreeCompound {
    type Ok = Tree;
    type Error = Error;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<()> {
        self.with(|compound| ser::SerializeMap::serialize_key(compound, key))
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<()> {
        self.with(|compound| ser::SerializeMap::serialize_value(compound, value))
    }

    fn end(self) -> Result<Tree> {
        self.finish()
    }
}
