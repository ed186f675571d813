//! `#[tensor]` on types that cannot be one.

use std::collections::HashMap;

use safejax::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Layer {
    #[tensor]
    name: String,
    #[tensor(shape(3))]
    names: Vec<String>,
    #[tensor]
    map: Option<HashMap<String, f32>>,
}

#[derive(Serialize, Deserialize)]
struct Generic<T> {
    #[tensor]
    kernel: Vec<T>,
}

fn saves<T: Serialize>(_: T) {}

fn main() {
    saves(Generic { kernel: vec!["a"] });
}
