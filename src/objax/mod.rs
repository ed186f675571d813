//! The variables of [objax](https://objax.readthedocs.io) and their names.

mod collection;
mod variable;

use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Naming, Options, Report, Result};

pub use collection::{Iter, VarCollection};
pub use variable::{Var, VarKind};

fn options() -> Options {
    Options::framework(Naming::objax())
}

/// Saves a value as the bytes of a file in objax naming.
///
/// # Errors
///
/// As [`safejax::to_bytes`](crate::to_bytes).
pub fn to_bytes<T: ?Sized + Serialize>(value: &T) -> Result<Vec<u8>> {
    options().to_bytes(value)
}

/// Saves a value to a file in objax naming.
///
/// # Errors
///
/// As [`safejax::to_file`](crate::to_file).
pub fn to_file<P: AsRef<Path>, T: ?Sized + Serialize>(path: P, value: &T) -> Result<()> {
    options().to_file(path, value)
}

/// Loads a value from bytes in objax naming.
///
/// # Errors
///
/// As [`safejax::from_bytes`](crate::from_bytes), and when the keys are not in objax naming.
pub fn from_bytes<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T> {
    options().from_bytes(bytes)
}

/// Loads a value from a file in objax naming.
///
/// # Errors
///
/// As [`safejax::from_file`](crate::from_file), and when the keys are not in objax naming.
pub fn from_file<T: DeserializeOwned>(path: impl AsRef<Path>) -> Result<T> {
    options().from_file(path)
}

/// Loads into a model what a file in objax naming has for it, as Python's `deserialize_with_assignment`.
///
/// # Errors
///
/// As [`safejax::assign_from_file`](crate::assign_from_file), and when the keys are not in objax naming.
pub fn assign_from_file<T: Serialize + DeserializeOwned>(value: &mut T, path: impl AsRef<Path>) -> Result<Report> {
    options().assign_from_file(value, path)
}

/// Loads into a model what bytes in objax naming have for it, as Python's `deserialize_with_assignment`.
///
/// # Errors
///
/// As [`safejax::assign_from_bytes`](crate::assign_from_bytes), and when the keys are not in objax naming.
pub fn assign_from_bytes<T: Serialize + DeserializeOwned>(value: &mut T, bytes: &[u8]) -> Result<Report> {
    options().assign_from_bytes(value, bytes)
}
