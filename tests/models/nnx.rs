//! Flax NNX: lists with integer segments, and random number streams.

use ndarray::{Array0, Array1, Array2};
use serde::{Deserialize, Serialize};

use crate::common::{Golden, golden};

#[derive(Serialize, Deserialize)]
struct Model<Count> {
    blocks: Vec<Block<Count>>,
    embed: Embed,
    heads: Heads,
}

#[derive(Serialize, Deserialize)]
struct Block<Count> {
    bn: BatchNorm,
    lin: Linear,
    drop: Dropout<Count>,
}

#[derive(Serialize, Deserialize)]
struct BatchNorm {
    bias: Array1<f32>,
    mean: Array1<f32>,
    scale: Array1<f32>,
    var: Array1<f32>,
}

#[derive(Serialize, Deserialize)]
struct Linear {
    kernel: Array2<f32>,
    bias: Array1<f32>,
}

#[derive(Serialize, Deserialize)]
struct Dropout<Count> {
    rngs: Stream<Count>,
}

#[derive(Serialize, Deserialize)]
struct Stream<Count> {
    count: Count,
    key: Array1<u32>,
}

#[derive(Serialize, Deserialize)]
struct Embed {
    embedding: Array2<f32>,
}

#[derive(Serialize, Deserialize)]
struct Heads {
    a: Head,
    b: Lora,
}

#[derive(Serialize, Deserialize)]
struct Head {
    kernel: Array2<f32>,
}

#[derive(Serialize, Deserialize)]
struct Lora {
    lora_a: Array2<f32>,
    lora_b: Array2<f32>,
}

fn assert_model<Count>(file: &Golden, separator: &str, model: &Model<Count>) {
    let key = |path: &str| path.replace('.', separator);
    assert_eq!(model.blocks.len(), 3);
    for (index, block) in model.blocks.iter().enumerate() {
        let key = |path: &str| key(&format!("blocks.{index}.{path}"));
        file.assert_array(&key("lin.kernel"), &block.lin.kernel);
        file.assert_array(&key("bn.var"), &block.bn.var);
        file.assert_array(&key("drop.rngs.key"), &block.drop.rngs.key);
    }
    file.assert_array(&key("embed.embedding"), &model.embed.embedding);
    file.assert_array(&key("heads.a.kernel"), &model.heads.a.kernel);
    file.assert_array(&key("heads.b.lora_a"), &model.heads.b.lora_a);
}

#[test]
fn a_state_with_lists_and_random_keys() {
    for (name, separator) in [("nnx_state_dot", "."), ("nnx_state_slash", "/")] {
        let file = golden(name);
        let model: Model<u32> = safejax::from_file(&file.path).unwrap();
        assert_model(&file, separator, &model);
        assert!(model.blocks.iter().all(|b| b.drop.rngs.count == 0));

        let model: Model<Array0<u32>> = safejax::from_file(&file.path).unwrap();
        assert_model(&file, separator, &model);
        file.assert_saves_as_same_bytes(&model);
    }
}
