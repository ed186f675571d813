//! A tree through serde.

mod array;
#[cfg(test)]
mod tests;

use std::fmt;

use array::{array_or_map, rest_of_map};
use indexmap::IndexMap;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::Value;

use super::Tree;
use super::key::Key;
use crate::{Dtype, Tensor, handshake};

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Tensor(tensor) => tensor.serialize(serializer),
            Self::Leaf(Value::String(text)) if is_number(text) => {
                serializer.serialize_newtype_struct(handshake::BARE, text)
            }
            Self::Leaf(value) => value.serialize(serializer),
            Self::Map(map) => serializer.collect_map(map),
            Self::List(list) => serializer.collect_seq(list),
        }
    }
}

/// Whether a string stands for a number that [`Value`] has no room for, as reading turns it into
/// a string.
fn is_number(text: &str) -> bool {
    if matches!(text, "NaN" | "Infinity" | "-Infinity") {
        return true;
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    let canonical =
        digits.starts_with(|c: char| matches!(c, '1'..='9')) && digits.bytes().all(|byte| byte.is_ascii_digit());
    canonical && text.parse::<i64>().is_err() && text.parse::<u64>().is_err()
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(handshake::TREE, TreeVisitor { inside: false })
    }
}

/// Takes whatever a format has.
#[derive(Clone, Copy)]
struct TreeVisitor {
    /// Whether the newtype that asks for a tree has been unwrapped. One that comes after it is how
    /// this crate's deserializer marks a tensor, which any format's maps could be mistaken for.
    inside: bool,
}

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a tensor, a map, a sequence or a scalar")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        if self.inside {
            Tensor::deserialize(deserializer).map(Tree::Tensor)
        } else {
            deserializer.deserialize_any(Self { inside: true })
        }
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        Tree::deserialize(deserializer)
    }

    fn visit_none<E: de::Error>(self) -> Result<Tree, E> {
        Ok(Tree::Leaf(Value::Null))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Tree, E> {
        Ok(Tree::Leaf(Value::Null))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.into()))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.into()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.into()))
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Tree, E> {
        let narrow = i64::try_from(value).map(Value::from).or_else(|_| u64::try_from(value).map(Value::from));
        Ok(Tree::Leaf(narrow.unwrap_or_else(|_| value.to_string().into())))
    }

    fn visit_u128<E: de::Error>(self, value: u128) -> Result<Tree, E> {
        let narrow = u64::try_from(value).map(Value::from);
        Ok(Tree::Leaf(narrow.unwrap_or_else(|_| value.to_string().into())))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Leaf(match serde_json::Number::from_f64(value) {
            Some(finite) => finite.into(),
            None if value.is_nan() => "NaN".into(),
            None if value > 0.0 => "Infinity".into(),
            None => "-Infinity".into(),
        }))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.into()))
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Tree, E> {
        Ok(Tree::Leaf(value.into()))
    }

    fn visit_bytes<E: de::Error>(self, value: &[u8]) -> Result<Tree, E> {
        self.visit_byte_buf(value.to_vec())
    }

    fn visit_byte_buf<E: de::Error>(self, value: Vec<u8>) -> Result<Tree, E> {
        Tensor::new(Dtype::U8, vec![value.len()], value).map(Tree::Tensor).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        if items.iter().any(|item: &Tree| item.tensors().next().is_some()) {
            return Ok(Tree::List(items));
        }
        Ok(Tree::Leaf(items.into_iter().filter_map(into_value).collect()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        match map.next_key_seed(Key)? {
            None => Ok(Tree::default()),
            Some(first) if handshake::ARRAY_FIELDS.first() == Some(&first.as_str()) => array_or_map(map, first),
            Some(first) => rest_of_map(map, IndexMap::new(), first),
        }
    }
}

/// The JSON of a part that is about to be inside a leaf, or `None` where there is a tensor.
fn into_value(tree: Tree) -> Option<Value> {
    match tree {
        Tree::Tensor(_) => None,
        Tree::Leaf(value) => Some(value),
        Tree::List(items) => items.into_iter().map(into_value).collect(),
        Tree::Map(entries) => {
            let entries = entries.into_iter().map(|(key, child)| Some((key, into_value(child)?)));
            entries.collect::<Option<serde_json::Map<_, _>>>().map(Value::Object)
        }
    }
}
