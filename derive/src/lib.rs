//! Derive macros for the `safejax` crate, which re-exports them: `safejax::Serialize` and
//! `safejax::Deserialize`.
//!
//! They take the place of serde's derives and add attributes. A type without these attributes is what
//! it is with serde's, every `#[serde(…)]` attribute keeps its meaning, and in other formats than
//! safejax a type looks as it does with serde's derives.
//!
//! | attribute | meaning |
//! |---|---|
//! | `#[tensor]` | the field is a tensor; the keys below may follow in parentheses |
//! | `dtype = "BF16"` | stored as that dtype, converted back on load |
//! | `shape(3, 3, _, channels)` | the length of each axis in memory, checked on save and load; a name is one length in all of the struct |
//! | `permute(3, 2, 0, 1)`, `transpose` | the n-th axis in the file is that axis in memory |
//! | `reshape(objax = (1, _, 1, 1))` | the shape in the files of a framework |
//! | `var = "StateVar"` | the variable kind in objax |
//! | `flax = "kernel"`, `haiku = "w"`, `objax = "w"` | the name in a framework, or a path inside the module |
//! | `collection(flax = "batch_stats", haiku = "state")` | the root collection |
//! | `scope = "~method"` | where haiku creates a submodule |
//! | `list = "suffix"`, `list = "dot"` | how flax writes the items of a list |
//! | `only(haiku)` | the frameworks that have the field |
//! | `metadata` | the field is kept in the file's metadata |
//! | `class = "Conv2D"` | the class of a type in objax |
//! | `crate = "path::to::safejax"` | where the crate is found |
//!
//! Those from `flax` on stand in `#[safejax(…)]` as well, on fields, variants and types that are no
//! tensors. The page [`safejax::attributes`](https://docs.rs/safejax/latest/safejax/attributes/) has
//! an example of each.
//!
//! # How it works
//!
//! serde's own derive does the work, on a hidden copy of the type that has serde's attributes alone,
//! with `#[serde(remote = "…")]`. Tensor fields become `#[serde(with = "…")]`. The impl around it tells
//! safejax's serializer or deserializer of the type's names before it calls that code; others are
//! told nothing.

mod attributes;
mod bounds;
mod check;
mod errors;
mod expand;
mod model;
mod remote;
mod shadow;
mod shapes;
mod spec;
mod tensor;
mod types;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

use crate::model::Direction;

/// Derives [`serde::Serialize`](https://docs.rs/serde/latest/serde/trait.Serialize.html), with the
/// attributes of [`safejax::attributes`](https://docs.rs/safejax/latest/safejax/attributes/).
#[proc_macro_derive(Serialize, attributes(serde, tensor, safejax))]
pub fn derive_serialize(input: TokenStream) -> TokenStream {
    expand::derive(parse_macro_input!(input as DeriveInput), Direction::Save).into()
}

/// Derives [`serde::Deserialize`](https://docs.rs/serde/latest/serde/trait.Deserialize.html), with the
/// attributes of [`safejax::attributes`](https://docs.rs/safejax/latest/safejax/attributes/).
#[proc_macro_derive(Deserialize, attributes(serde, tensor, safejax))]
pub fn derive_deserialize(input: TokenStream) -> TokenStream {
    expand::derive(parse_macro_input!(input as DeriveInput), Direction::Load).into()
}
