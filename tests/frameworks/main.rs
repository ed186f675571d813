//! One Rust model, three frameworks: the attributes that name, place and shape its parameters.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;

mod collections;
mod conversion;
mod doors;
mod errors;
mod forms;
mod golden_flax;
mod golden_haiku;
mod golden_objax;
mod layers;
mod names;
mod roots;
mod scopes;
mod shared_words;
mod tooling;
mod values;
