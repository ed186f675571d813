//! Wrong use of serde's own attributes is told once, where it stands.

use safejax::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(renamed = "a")]
struct Layer {
    #[serde(skipp)]
    #[tensor]
    kernel: Vec<f32>,
    #[serde(rename = 3)]
    bias: Vec<f32>,
}

#[derive(Serialize)]
struct MayUseIt {
    layer: Layer,
}

fn main() {}
