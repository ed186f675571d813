//! Loading: bytes → header → naming → node → value.

pub(crate) mod access;
pub(crate) mod collections;
pub(crate) mod contents;
mod deserialize;
pub(crate) mod deserializer;
pub(crate) mod element;
pub(crate) mod fields;
pub(crate) mod json;
pub(crate) mod key;
mod layout;
pub(crate) mod leaf;
pub(crate) mod list;
pub(crate) mod lookup;
pub(crate) mod map;
pub(crate) mod node;
pub(crate) mod origin;
pub(crate) mod place;
pub(crate) mod reader;
pub(crate) mod tensor;
pub(crate) mod tree;
pub(crate) mod used;
pub(crate) mod value;
pub(crate) mod variant;
