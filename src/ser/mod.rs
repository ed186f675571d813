//! Saving: value → skeleton → naming → header → bytes.

pub(crate) mod array;
pub(crate) mod compound;
pub(crate) mod file;
pub(crate) mod key;
pub(crate) mod keys;
pub(crate) mod leaf;
mod number;
mod order;
pub(crate) mod plan;
pub(crate) mod serialize;
pub(crate) mod serializer;
pub(crate) mod skeleton;
pub(crate) mod trace;
pub(crate) mod tree;
pub(crate) mod walker;
#[cfg(feature = "object_store")]
pub(crate) mod window;
pub(crate) mod writer;
