//! The Flax BERT of Hugging Face: a list inside, `self` as a name, one entry of metadata.

use ndarray::{Array1, Array2};
use safejax::Checkpoint;
use serde::{Deserialize, Serialize};

use crate::common::golden;

#[derive(Serialize, Deserialize)]
struct Bert {
    embeddings: Embeddings,
    encoder: Encoder,
    pooler: Pooler,
}

#[derive(Serialize, Deserialize)]
struct Embeddings {
    #[serde(rename = "LayerNorm")]
    layer_norm: LayerNorm,
    position_embeddings: Embed,
    token_type_embeddings: Embed,
    word_embeddings: Embed,
}

#[derive(Serialize, Deserialize)]
struct LayerNorm {
    scale: Array1<f32>,
    bias: Array1<f32>,
}

#[derive(Serialize, Deserialize)]
struct Embed {
    embedding: Array2<f32>,
}

#[derive(Serialize, Deserialize)]
struct Encoder {
    layer: Vec<Layer>,
}

#[derive(Serialize, Deserialize)]
struct Layer {
    attention: Attention,
    intermediate: Intermediate,
    output: Output,
}

#[derive(Serialize, Deserialize)]
struct Attention {
    #[serde(rename = "self")]
    heads: SelfAttention,
    output: Output,
}

#[derive(Serialize, Deserialize)]
struct SelfAttention {
    query: Dense,
    key: Dense,
    value: Dense,
}

#[derive(Serialize, Deserialize)]
struct Intermediate {
    dense: Dense,
}

#[derive(Serialize, Deserialize)]
struct Output {
    dense: Dense,
    #[serde(rename = "LayerNorm")]
    layer_norm: LayerNorm,
}

#[derive(Serialize, Deserialize)]
struct Dense {
    kernel: Array2<f32>,
    bias: Array1<f32>,
}

#[derive(Serialize, Deserialize)]
struct Pooler {
    dense: Dense,
}

#[test]
fn bert() {
    let file = golden("hf_flax_bert");
    let bert: Bert = safejax::from_file(&file.path).unwrap();
    let words = &bert.embeddings.word_embeddings.embedding;
    file.assert_array("embeddings.word_embeddings.embedding", words);
    file.assert_array("embeddings.LayerNorm.scale", &bert.embeddings.layer_norm.scale);
    assert_eq!(bert.encoder.layer.len(), 2);
    for (index, layer) in bert.encoder.layer.iter().enumerate() {
        let key = |path: &str| format!("encoder.layer.{index}.{path}");
        let heads = &layer.attention.heads;
        file.assert_array(&key("attention.self.query.kernel"), &heads.query.kernel);
        file.assert_array(&key("attention.self.key.kernel"), &heads.key.kernel);
        file.assert_array(&key("attention.self.value.kernel"), &heads.value.kernel);
        file.assert_array(&key("intermediate.dense.kernel"), &layer.intermediate.dense.kernel);
        file.assert_array(&key("output.dense.kernel"), &layer.output.dense.kernel);
    }
    file.assert_array("pooler.dense.kernel", &bert.pooler.dense.kernel);

    let checkpoint = Checkpoint::open(&file.path).unwrap();
    assert_eq!(checkpoint.metadata()["format"], "flax");
    file.assert_saves_as_same_bytes(&bert);
}
