use safejax::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Layer {
    #[tensor]
    name: String,
    #[tensor(shape(3))]
    names: Vec<String>,
    #[tensor]
    other: Option<std::collections::HashMap<String, f32>>,
}

#[derive(Serialize, Deserialize)]
struct Layer2<T> {
    #[tensor]
    name: String,
    x: T
}

fn main() {}
