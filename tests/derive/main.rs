//! The derives of safejax: their attributes on every shape of type, and types that have none.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used)]

mod buffered;
mod conversions;
mod enums;
mod errors;
mod everywhere;
mod formats;
mod generics;
mod hygiene;
mod lists;
mod names;
mod places;
mod serde_attributes;
mod structs;
mod tuples;

use safejax::{Checkpoint, Deserialize, Serialize, Tensor};

/// A value saved, to be looked at.
fn saved<T: Serialize>(value: &T) -> Checkpoint<'static> {
    Checkpoint::from_bytes(safejax::to_bytes(value).unwrap().leak()).unwrap()
}

/// A value saved and loaded again.
fn back<T: Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    safejax::from_bytes(&safejax::to_bytes(value).unwrap()).unwrap()
}

/// The keys of the tensors of a value, in the order of their names.
fn keys<T: Serialize>(value: &T) -> Vec<String> {
    let mut keys: Vec<String> = saved(value).keys().map(str::to_owned).collect();
    keys.sort();
    keys
}

/// One tensor of a saved value.
fn tensor<T: Serialize>(value: &T, key: &str) -> Tensor {
    saved(value).tensor(key).unwrap()
}

/// The error of a value that does not load from another.
fn refusal<T: serde::de::DeserializeOwned + std::fmt::Debug>(from: &impl Serialize) -> String {
    safejax::from_bytes::<T>(&safejax::to_bytes(from).unwrap()).unwrap_err().to_string()
}

/// Loads what borrows.
fn borrowed<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> T {
    safejax::from_bytes(bytes).unwrap()
}
