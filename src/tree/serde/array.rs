//! ndarray's own form, which a map of any format may be.

use std::fmt;

use indexmap::IndexMap;
use indexmap::map::Entry;
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::TreeVisitor;
use crate::tensor::{BufferedElements, VersionTag};
use crate::tree::Tree;
use crate::tree::key::Key;
use crate::{Tensor, handshake};

/// A map whose first key is that of ndarray's own form, `{v, dim, data}`.
///
/// Inside flattened and untagged types serde buffers what it reads, so a tensor arrives in that
/// form. The key is read, its value is not.
pub(super) fn array_or_map<'de, A: MapAccess<'de>>(mut map: A, first: String) -> Result<Tree, A::Error> {
    let (version, value) = map.next_value_seed(MaybeVersion { inside: false })?;
    let mut entries = IndexMap::from([(first, value)]);
    let Some(version) = version else { return rest_after(map, entries) };
    let [_, dim, data] = handshake::ARRAY_FIELDS else { return rest_after(map, entries) };
    match map.next_key_seed(Key)? {
        Some(key) if key == *dim => {
            let shape: Tree = map.next_value()?;
            let extents = shape.as_leaf().and_then(|shape| Vec::<usize>::deserialize(shape).ok());
            entries.insert(key, shape);
            match (extents, map.next_key_seed(Key)?) {
                (Some(extents), Some(key)) if key == *data => {
                    let (dtype, bytes) = map.next_value_seed(BufferedElements(version))?;
                    match map.next_key_seed(Key)? {
                        None => Tensor::new(dtype, extents, bytes).map(Tree::Tensor).map_err(de::Error::custom),
                        Some(key) => Err(de::Error::custom(format_args!("an array has no entry `{key}`"))),
                    }
                }
                (_, None) => Ok(Tree::Map(entries)),
                (_, Some(key)) => rest_of_map(map, entries, key),
            }
        }
        Some(key) => rest_of_map(map, entries, key),
        None => Ok(Tree::Map(entries)),
    }
}

/// A map of which `entries` are read.
fn rest_after<'de, A: MapAccess<'de>>(mut map: A, entries: IndexMap<String, Tree>) -> Result<Tree, A::Error> {
    match map.next_key_seed(Key)? {
        Some(key) => rest_of_map(map, entries, key),
        None => Ok(Tree::Map(entries)),
    }
}

/// The value of `v`: the version of an array where it is a 1 of a narrow integer type.
///
/// Text formats have wide integers alone, and in those a map of these names is a map.
struct MaybeVersion {
    /// As [`TreeVisitor::inside`].
    inside: bool,
}

impl<'de> DeserializeSeed<'de> for MaybeVersion {
    type Value = (Option<VersionTag>, Tree);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_newtype_struct(handshake::TREE, self)
    }
}

macro_rules! narrow_versions {
    ($($method:ident($ty:ty) = $tag:ident),*) => {
        $(fn $method<E: de::Error>(self, value: $ty) -> Result<Self::Value, E> {
            Ok(((value == 1).then_some(VersionTag::$tag), Tree::Leaf(value.into())))
        })*
    };
}

macro_rules! other_values {
    ($($method:ident($ty:ty)),*) => {
        $(fn $method<E: de::Error>(self, value: $ty) -> Result<Self::Value, E> {
            Ok((None, TreeVisitor { inside: true }.$method(value)?))
        })*
    };
}

impl<'de> Visitor<'de> for MaybeVersion {
    type Value = (Option<VersionTag>, Tree);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        TreeVisitor { inside: true }.expecting(f)
    }

    narrow_versions! {
        visit_u8(u8) = U8, visit_u16(u16) = U16, visit_u32(u32) = U32,
        visit_i8(i8) = I8, visit_i16(i16) = I16, visit_i32(i32) = I32
    }

    other_values! {
        visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_i128(i128), visit_u128(u128), visit_f64(f64),
        visit_str(&str), visit_string(String), visit_bytes(&[u8]), visit_byte_buf(Vec<u8>)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        if self.inside {
            return Ok((None, Tensor::deserialize(deserializer).map(Tree::Tensor)?));
        }
        deserializer.deserialize_any(Self { inside: true })
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok((None, Tree::Leaf(Value::Null)))
    }

    fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        Ok((None, Tree::deserialize(deserializer)?))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        Ok((None, TreeVisitor { inside: true }.visit_seq(seq)?))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Ok((None, TreeVisitor { inside: true }.visit_map(map)?))
    }
}

/// A map of which `entries` and one more key are read.
pub(super) fn rest_of_map<'de, A: MapAccess<'de>>(
    mut map: A,
    mut entries: IndexMap<String, Tree>,
    first: String,
) -> Result<Tree, A::Error> {
    let mut next = Some(first);
    while let Some(key) = next {
        match entries.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert(map.next_value()?);
            }
            // To keep one of them would lose the other without a word.
            Entry::Occupied(entry) => {
                return Err(de::Error::custom(format_args!("two entries have the key `{}`", entry.key())));
            }
        }
        next = map.next_key_seed(Key)?;
    }
    Ok(Tree::Map(entries))
}
