//! Files of flax: module names joined by a separator.
//!
//! On save the separator is `.`, as `safejax.flax.serialize` writes it; on load any of `.`, `/`, `:::` and `,`.
//!
//! ```
//! use safejax::flax;
//! use std::collections::BTreeMap;
//!
//! let params = BTreeMap::from([("params", BTreeMap::from([("bias", ndarray::arr1(&[0.0f32]))]))]);
//! let bytes = flax::to_bytes(&params)?; // params.bias
//! let tree: safejax::Tree = flax::from_bytes(&bytes)?;
//! assert!(tree.get("params.bias").is_some());
//! # Ok::<(), safejax::Error>(())
//! ```
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Naming, Options, Result};

fn options() -> Options {
    Options::framework(Naming::flax())
}

/// Saves a value as the bytes of a file in flax naming.
///
/// # Errors
///
/// As [`safejax::to_bytes`](crate::to_bytes).
pub fn to_bytes<T: ?Sized + Serialize>(value: &T) -> Result<Vec<u8>> {
    options().to_bytes(value)
}

/// Saves a value to a file in flax naming.
///
/// # Errors
///
/// As [`safejax::to_file`](crate::to_file).
pub fn to_file<P: AsRef<Path>, T: ?Sized + Serialize>(path: P, value: &T) -> Result<()> {
    options().to_file(path, value)
}

/// Loads a value from bytes in flax naming.
///
/// # Errors
///
/// As [`safejax::from_bytes`](crate::from_bytes), and when the keys are not in flax naming.
pub fn from_bytes<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T> {
    options().from_bytes(bytes)
}

/// Loads a value from a file in flax naming.
///
/// # Errors
///
/// As [`safejax::from_file`](crate::from_file), and when the keys are not in flax naming.
pub fn from_file<T: DeserializeOwned>(path: impl AsRef<Path>) -> Result<T> {
    options().from_file(path)
}
