//! Attributes that exclude each other.

use safejax::{Deserialize, Serialize};

mod form {
    pub fn serialize<S: serde::Serializer>(_: &[f32], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }

    pub fn deserialize<'de, D: serde::Deserializer<'de>>(_: D) -> Result<Vec<f32>, D::Error> {
        Ok(Vec::new())
    }
}

#[derive(Serialize, Deserialize)]
struct Tensors {
    #[tensor(transpose, permute(1, 0))]
    both_orders: Vec<f32>,
    #[tensor(shape(1, 2, 3), permute(1, 0))]
    other_rank: Vec<f32>,
    #[tensor(shape(a, b, c), reshape(objax = (_, _, 1)))]
    other_rank_on_disk: Vec<f32>,
    #[tensor(shape(3, 4), reshape(objax = (2, 5)))]
    other_size_on_disk: Vec<f32>,
    #[tensor(shape(a, b), reshape(objax = (_, 2, _)))]
    added_axis_of_two: Vec<f32>,
    #[tensor(metadata, dtype = "BF16")]
    metadata: Vec<f32>,
    #[tensor]
    #[serde(with = "form")]
    with: Vec<f32>,
    #[tensor]
    #[serde(deserialize_with = "form::deserialize")]
    deserialize_with: Vec<f32>,
    #[tensor]
    #[serde(skip)]
    skipped: Vec<f32>,
    #[tensor]
    #[serde(flatten)]
    flattened: Vec<f32>,
    #[safejax(metadata)]
    #[serde(skip)]
    skipped_metadata: Vec<f32>,
    #[tensor(scope = "~", list = "dot")]
    scope_and_list: Vec<f32>,
}

#[derive(Serialize, Deserialize)]
struct Names {
    #[safejax(flax = "a")]
    #[serde(flatten)]
    flattened: Inner,
    #[safejax(flax = "a")]
    #[serde(skip)]
    skipped: u8,
    #[safejax(scope = "~", haiku = "~encode/linear")]
    scope_twice: u8,
    #[safejax(only(haiku), flax = "a", collection(flax = "state"), scope = "~")]
    only_elsewhere: Option<u8>,
    #[tensor(only(haiku), var = "StateVar", reshape(objax = (1, _)))]
    only_elsewhere_too: Option<Vec<f32>>,
    #[tensor(flax = "kernel")]
    one: Vec<f32>,
    #[tensor(flax = "kernel", haiku = "kernel")]
    two: Vec<f32>,
    #[tensor]
    kernel: Vec<f32>,
}

#[derive(Serialize, Deserialize)]
struct Inner {
    inner: u8,
}

#[derive(Serialize, Deserialize)]
#[safejax(class = "Dense")]
#[serde(transparent)]
struct Transparent {
    #[tensor(flax = "kernel")]
    kernel: Vec<f32>,
}

#[derive(Serialize, Deserialize)]
struct Newtype(#[tensor(var = "StateVar", collection(haiku = "state"))] Vec<f32>);

#[derive(Serialize, Deserialize, Clone)]
#[safejax(class = "Dense")]
#[serde(from = "u8", into = "u8")]
struct Replaced {
    #[tensor]
    kernel: Vec<f32>,
    #[safejax(flax = "a")]
    name: u8,
}

impl From<u8> for Replaced {
    fn from(_: u8) -> Self {
        Self { kernel: Vec::new(), name: 0 }
    }
}

impl From<Replaced> for u8 {
    fn from(_: Replaced) -> Self {
        0
    }
}

#[derive(Serialize, Deserialize)]
enum Variants {
    #[safejax(flax = "bias")]
    One(u8),
    #[safejax(flax = "bias")]
    Two(u8),
    Newtype(#[tensor(flax = "kernel")] Vec<f32>),
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind")]
#[safejax(collection(haiku = "state"), class = "Layer")]
enum Internal {
    #[safejax(flax = "one")]
    One {
        #[tensor(haiku = "w", only(haiku))]
        kernel: Option<Vec<f32>>,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", content = "of")]
enum Adjacent {
    #[safejax(flax = "one")]
    One(u8),
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    #[safejax(list = "dot")]
    One(Vec<u8>),
}

#[derive(Serialize)]
union Union {
    a: u8,
}

fn main() {}
