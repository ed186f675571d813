//! Files of the Python tools read into hand-written structs with serde's own derives.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;

mod equinox;
mod flax;
mod haiku;
mod hugging_face;
mod nnx;
mod objax;
mod optax;
