//! Files of haiku: a module's path, then its parameter.
//!
//! On save the parameter separator is `.`, as `safejax.haiku.serialize` writes it; on load any of `.`, `//`, `:`
//! and `/`.
//!
//! ```
//! use safejax::haiku;
//! use serde::Serialize;
//!
//! #[derive(Serialize)]
//! struct Linear {
//!     w: ndarray::Array1<f32>,
//! }
//! #[derive(Serialize)]
//! struct Mlp {
//!     linear_0: Linear,
//! }
//! #[derive(Serialize)]
//! struct Model {
//!     mlp: Mlp,
//! }
//!
//! let model = Model { mlp: Mlp { linear_0: Linear { w: ndarray::arr1(&[0.0]) } } };
//! let bytes = haiku::to_bytes(&model)?; // mlp/~/linear_0.w
//! let tree: safejax::Tree = haiku::from_bytes(&bytes)?;
//! assert!(tree["mlp/~/linear_0"]["w"].as_tensor().is_some());
//! # Ok::<(), safejax::Error>(())
//! ```
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Naming, Options, Result};

fn options() -> Options {
    Options::framework(Naming::haiku())
}

/// Saves a value as the bytes of a file in haiku naming.
///
/// # Errors
///
/// As [`safejax::to_bytes`](crate::to_bytes).
pub fn to_bytes<T: ?Sized + Serialize>(value: &T) -> Result<Vec<u8>> {
    options().to_bytes(value)
}

/// Saves a value to a file in haiku naming.
///
/// # Errors
///
/// As [`safejax::to_file`](crate::to_file).
pub fn to_file<P: AsRef<Path>, T: ?Sized + Serialize>(path: P, value: &T) -> Result<()> {
    options().to_file(path, value)
}

/// Loads a value from bytes in haiku naming.
///
/// # Errors
///
/// As [`safejax::from_bytes`](crate::from_bytes), and when the keys are not in haiku naming.
pub fn from_bytes<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T> {
    options().from_bytes(bytes)
}

/// Loads a value from a file in haiku naming.
///
/// # Errors
///
/// As [`safejax::from_file`](crate::from_file), and when the keys are not in haiku naming.
pub fn from_file<T: DeserializeOwned>(path: impl AsRef<Path>) -> Result<T> {
    options().from_file(path)
}
