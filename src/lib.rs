//! serde for model parameters.

mod dtype;
mod error;

pub use dtype::Dtype;
pub use error::{Error, ErrorKind, Result};
