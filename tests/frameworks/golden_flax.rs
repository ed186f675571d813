//! Files of flax, into models of the layers that are those of the other frameworks too.

use half::bf16;
use ndarray::{Array1, Array2, Array3, Array4};
use safejax::{Deserialize, Serialize};

use crate::common::golden;
use crate::layers::{BatchNorm, Conv, Dense, Embedding, LayerNorm};

/// A layer alone is a model, whose variables are the collection `params`.
#[derive(Serialize, Deserialize)]
#[safejax(collection(flax = "params"))]
struct Model(Dense);

#[test]
fn a_dense_layer() {
    for name in ["flax_dense", "flax_dense_frozen_file"] {
        let file = golden(name);
        let Model(dense) = file.assert_round_trip();
        file.assert_elements("params.kernel", &dense.kernel);
        file.assert_elements("params.bias", &dense.bias);
        assert!(safejax::flax::to_bytes(&Model(dense)).unwrap() == file.bytes);
    }
}

#[test]
fn a_dense_layer_without_its_collection() {
    let file = golden("flax_params_only");
    let dense: Dense = file.assert_round_trip();
    file.assert_elements("kernel", &dense.kernel);
    file.assert_elements("bias", &dense.bias);
}

#[test]
fn the_collection_params_need_not_be_in_the_model_to_load_it() {
    let file = golden("flax_dense");
    let dense: Dense = safejax::from_file(&file.path).unwrap();
    file.assert_elements("params.kernel", &dense.kernel);
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Cnn {
    #[safejax(flax = "Conv_0")]
    conv: Conv,
    #[safejax(flax = "BatchNorm_0")]
    norm: BatchNorm,
    down: Conv,
    bn_out: BatchNorm,
    #[safejax(flax = "Dense_0")]
    classifier: Dense,
}

#[test]
fn a_network_with_batch_statistics_is_one_tree() {
    for name in ["flax_cnn_batchnorm", "flax_cnn_batchnorm_frozen"] {
        let file = golden(name);
        let cnn: Cnn = file.assert_round_trip();
        file.assert_elements("params.Conv_0.kernel", &cnn.conv.kernel);
        assert_eq!(cnn.conv.bias, None);
        file.assert_elements("params.BatchNorm_0.scale", &cnn.norm.scale);
        file.assert_elements("params.BatchNorm_0.bias", &cnn.norm.bias);
        file.assert_elements("batch_stats.BatchNorm_0.mean", &cnn.norm.mean);
        file.assert_elements("batch_stats.BatchNorm_0.var", &cnn.norm.var);
        file.assert_elements("params.down.kernel", &cnn.down.kernel);
        file.assert_elements("params.down.bias", cnn.down.bias.as_ref().unwrap());
        file.assert_elements("params.bn_out.scale", &cnn.bn_out.scale);
        file.assert_elements("batch_stats.bn_out.var", &cnn.bn_out.var);
        file.assert_elements("params.Dense_0.kernel", &cnn.classifier.kernel);
        assert_eq!(safejax::flax::from_bytes::<Cnn>(&file.bytes).unwrap(), cnn);
    }
}

#[derive(Serialize, Deserialize)]
#[safejax(collection(flax = "params"))]
struct ListOfLayers {
    #[safejax(list = "suffix")]
    layers: Vec<Dense>,
    heads_a: Dense,
    heads_b: Dense,
}

#[test]
fn a_list_of_layers() {
    let file = golden("flax_list_of_layers");
    let model: ListOfLayers = file.assert_round_trip();
    assert_eq!(model.layers.len(), 3);
    for (index, layer) in model.layers.iter().enumerate() {
        file.assert_elements(&format!("params.layers_{index}.kernel"), &layer.kernel);
        file.assert_elements(&format!("params.layers_{index}.bias"), &layer.bias);
    }
    file.assert_elements("params.heads_a.kernel", &model.heads_a.kernel);
    file.assert_elements("params.heads_b.kernel", &model.heads_b.kernel);
}

#[derive(Serialize, Deserialize)]
#[safejax(collection(flax = "params"))]
struct Transformer {
    #[safejax(flax = "Embed_0")]
    tokens: Embedding<bf16>,
    #[safejax(flax = "pos_embedding")]
    positions: Array3<f32>,
    blocks: Blocks,
    ln_f: LayerNorm<ndarray::Ix1>,
}

/// Layers that `nn.scan` has stacked.
#[derive(Serialize, Deserialize)]
struct Blocks {
    #[safejax(flax = "LayerNorm_0")]
    norm: LayerNorm<ndarray::Ix2>,
    #[safejax(flax = "SelfAttention_0")]
    attention: Attention,
    #[safejax(flax = "Dense_0")]
    up: StackedDense,
    #[safejax(flax = "Dense_1")]
    down: StackedDense,
}

#[derive(Serialize, Deserialize)]
struct StackedDense {
    kernel: Array3<bf16>,
    bias: Array2<bf16>,
}

#[derive(Serialize, Deserialize)]
struct Attention {
    query: Projection,
    key: Projection,
    value: Projection,
    out: OutProjection,
}

#[derive(Serialize, Deserialize)]
struct Projection {
    #[tensor(shape(layers, width, heads, depth))]
    kernel: Array4<bf16>,
    #[tensor(shape(layers, heads, depth))]
    bias: Array3<bf16>,
}

#[derive(Serialize, Deserialize)]
struct OutProjection {
    #[tensor(shape(layers, heads, depth, width))]
    kernel: Array4<bf16>,
    #[tensor(shape(layers, width))]
    bias: Array2<bf16>,
}

#[test]
fn a_transformer_in_two_dtypes() {
    let file = golden("flax_transformer_scan_bf16");
    let model: Transformer = file.assert_round_trip();
    file.assert_elements("params.Embed_0.embedding", &model.tokens.table);
    file.assert_elements("params.pos_embedding", &model.positions);
    file.assert_elements("params.blocks.LayerNorm_0.scale", &model.blocks.norm.scale);
    file.assert_elements("params.blocks.SelfAttention_0.out.bias", &model.blocks.attention.out.bias);
    file.assert_elements("params.blocks.SelfAttention_0.query.kernel", &model.blocks.attention.query.kernel);
    file.assert_elements("params.blocks.Dense_1.bias", &model.blocks.down.bias);
    file.assert_elements("params.ln_f.bias", &model.ln_f.bias);
}

#[derive(Serialize, Deserialize)]
#[safejax(collection(flax = "params"))]
struct HalfPrecision {
    #[safejax(flax = "GroupNorm_0")]
    norm: LayerNorm<ndarray::Ix1>,
    conv: Conv,
    #[safejax(flax = "Dense_0")]
    hidden: DenseBf16,
    #[safejax(flax = "Dense_1")]
    out: DenseF16,
}

/// A layer that computes in `f32` and is stored in half of that.
#[derive(Serialize, Deserialize)]
struct DenseBf16 {
    #[tensor(dtype = "BF16")]
    kernel: Array2<f32>,
    #[tensor(dtype = "BF16")]
    bias: Array1<f32>,
}

#[derive(Serialize, Deserialize)]
struct DenseF16 {
    #[tensor(dtype = "F16")]
    kernel: Array2<f32>,
    #[tensor(dtype = "F16")]
    bias: Array1<f32>,
}

#[test]
fn keys_joined_with_slashes_and_other_dtypes() {
    let file = golden("flax_traverse_slash");
    let model: HalfPrecision = file.assert_round_trip();
    file.assert_elements("params/conv/kernel", &model.conv.kernel);
    file.assert_elements("params/GroupNorm_0/scale", &model.norm.scale);
    file.assert_elements("params/Dense_0/kernel", &model.hidden.kernel.mapv(bf16::from_f32));
    file.assert_elements("params/Dense_1/bias", &model.out.bias.mapv(half::f16::from_f32));
}
