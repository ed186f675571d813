//! Derive macros for the `safejax` crate.

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

/// Derives [`serde::Serialize`](https://docs.rs/serde/latest/serde/trait.Serialize.html).
#[proc_macro_derive(Serialize, attributes(serde, tensor, safejax))]
pub fn derive_serialize(input: TokenStream) -> TokenStream {
    expand::derive(parse_macro_input!(input as DeriveInput), Direction::Save).into()
}

/// Derives [`serde::Deserialize`](https://docs.rs/serde/latest/serde/trait.Deserialize.html).
#[proc_macro_derive(Deserialize, attributes(serde, tensor, safejax))]
pub fn derive_deserialize(input: TokenStream) -> TokenStream {
    expand::derive(parse_macro_input!(input as DeriveInput), Direction::Load).into()
}
