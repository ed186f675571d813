//! Files of dm-haiku, into models of the layers that are those of the other frameworks too.

use half::bf16;
use ndarray::{Array1, Array2, Array3};
use safejax::{Deserialize, Serialize};

use crate::common::{Golden, golden};
use crate::layers::{BatchNorm, Conv, Dense, Embedding, LayerNorm};

#[derive(Serialize, Deserialize)]
struct Mlp {
    linear_0: Dense,
    linear_1: Dense,
    linear_2: Dense,
}

#[derive(Serialize, Deserialize)]
struct Model {
    mlp: Mlp,
}

#[test]
fn an_mlp() {
    let file = golden("haiku_mlp");
    let Model { mlp } = file.assert_round_trip();
    file.assert_elements("mlp/~/linear_0.w", &mlp.linear_0.kernel);
    file.assert_elements("mlp/~/linear_1.w", &mlp.linear_1.kernel);
    file.assert_elements("mlp/~/linear_2.b", &mlp.linear_2.bias);
    assert!(safejax::haiku::to_bytes(&Model { mlp }).unwrap() == file.bytes);
}

#[derive(Serialize, Deserialize)]
struct Normed {
    layer_norm: LayerNorm<ndarray::Ix1>,
    mlp: Mlp2,
}

#[derive(Serialize, Deserialize)]
struct Mlp2 {
    linear_0: Dense,
    linear_1: Dense,
}

#[test]
fn parameters_behind_slashes() {
    let file = golden("haiku_traverse_slash");
    let model: Normed = file.assert_round_trip();
    file.assert_elements("layer_norm/offset", &model.layer_norm.bias);
    file.assert_elements("layer_norm/scale", &model.layer_norm.scale);
    file.assert_elements("mlp/~/linear_1/w", &model.mlp.linear_1.kernel);
}

/// A module that makes others in `__init__`, in `__call__` and in two methods.
#[derive(Serialize, Deserialize)]
struct Methods {
    scale: Array1<f32>,
    bias: Array1<f32>,
    #[safejax(haiku = "linear", scope = "~")]
    in_init: Vec<Dense>,
    #[safejax(haiku = "linear", scope = "")]
    in_call: Vec<Dense>,
    #[safejax(scope = "~encode")]
    enc: Dense,
    dec: Decoder,
}

#[derive(Serialize, Deserialize)]
#[safejax(scope = "~_decode")]
struct Decoder {
    linear_0: Dense,
    linear_1: Dense,
}

#[derive(Serialize, Deserialize)]
struct Scopes {
    linear: Vec<Dense>,
    methods: Vec<Methods>,
    top_level: Array1<bf16>,
}

#[test]
fn submodules_from_every_scope() {
    let file = golden("haiku_methods");
    let model: Scopes = file.assert_round_trip();
    assert_eq!((model.linear.len(), model.methods.len()), (3, 2));
    file.assert_elements("linear_2.w", &model.linear[2].kernel);
    let methods = &model.methods[1];
    file.assert_elements("methods_1.scale", &methods.scale);
    file.assert_elements("methods_1/~/linear.w", &methods.in_init[0].kernel);
    file.assert_elements("methods_1/~/linear_1.w", &methods.in_init[1].kernel);
    file.assert_elements("methods_1/linear.w", &methods.in_call[0].kernel);
    file.assert_elements("methods_1/linear_1.w", &methods.in_call[1].kernel);
    file.assert_elements("methods_1/~encode/enc.w", &methods.enc.kernel);
    file.assert_elements("methods_1/~_decode/dec/~/linear_1.w", &methods.dec.linear_1.kernel);
    file.assert_elements("~.top_level", &model.top_level);
}

#[derive(Serialize, Deserialize)]
struct Stacked {
    #[safejax(haiku = "__layer_stack_no_per_layer/inner")]
    layers: StackedLinear,
    layer_norm: LayerNorm<ndarray::Ix1>,
    gru: Gru,
    embed: Embedding<f32>,
}

#[derive(Serialize, Deserialize)]
struct StackedLinear {
    #[safejax(haiku = "w")]
    kernel: Array3<f32>,
    #[safejax(haiku = "b")]
    bias: Array2<f32>,
}

#[derive(Serialize, Deserialize)]
struct Gru {
    #[tensor(haiku = "w_i", shape(inputs, gates))]
    input: Array2<f32>,
    #[tensor(haiku = "w_h", shape(hidden, gates))]
    hidden: Array2<f32>,
    #[tensor(haiku = "b", shape(gates))]
    bias: Array1<f32>,
}

#[test]
fn a_layer_stack_a_gru_and_an_embedding() {
    let file = golden("haiku_layer_stack_gru");
    let model: Stacked = file.assert_round_trip();
    file.assert_elements("__layer_stack_no_per_layer/inner.w", &model.layers.kernel);
    file.assert_elements("gru.w_h", &model.gru.hidden);
    file.assert_elements("gru.w_i", &model.gru.input);
    file.assert_elements("gru.b", &model.gru.bias);
    file.assert_elements("embed.embeddings", &model.embed.table);
    file.assert_elements("layer_norm.offset", &model.layer_norm.bias);
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct ResNetModel {
    res_net: ResNet,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct ResNet {
    initial_conv: Conv,
    initial_batchnorm: BatchNorm,
    block_group_0: BlockGroup,
    block_group_1: BlockGroup,
    block_group_2: BlockGroup,
    block_group_3: BlockGroup,
    logits: Dense,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct BlockGroup {
    block_0: Block,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Block {
    conv_0: Conv,
    conv_1: Conv,
    conv_2: Conv,
    batchnorm_0: BatchNorm,
    batchnorm_1: BatchNorm,
    batchnorm_2: BatchNorm,
    shortcut_conv: Conv,
    shortcut_batchnorm: BatchNorm,
}

fn assert_batch_norm(file: &Golden, path: &str, norm: &BatchNorm) {
    file.assert_elements(&format!("params.{path}.scale"), &norm.scale);
    file.assert_elements(&format!("params.{path}.offset"), &norm.bias);
    file.assert_elements(&format!("state.{path}/~/mean_ema.average"), &norm.mean);
    file.assert_elements(&format!("state.{path}/~/var_ema.average"), &norm.var);
    file.assert_elements(&format!("state.{path}/~/mean_ema.hidden"), norm.mean_hidden.as_ref().unwrap());
    file.assert_elements(&format!("state.{path}/~/var_ema.hidden"), norm.var_hidden.as_ref().unwrap());
    file.assert_elements(&format!("state.{path}/~/mean_ema.counter"), &ndarray::arr0(norm.mean_counter));
    file.assert_elements(&format!("state.{path}/~/var_ema.counter"), &ndarray::arr0(norm.var_counter));
}

#[test]
fn params_and_state_are_one_tree() {
    let file = golden("haiku_resnet_params_state");
    let model: ResNetModel = file.assert_round_trip();
    let net = &model.res_net;
    file.assert_elements("params.res_net/~/initial_conv.w", &net.initial_conv.kernel);
    file.assert_elements("params.res_net/~/logits.b", &net.logits.bias);
    assert_batch_norm(&file, "res_net/~/initial_batchnorm", &net.initial_batchnorm);
    let groups = [&net.block_group_0, &net.block_group_1, &net.block_group_2, &net.block_group_3];
    for (index, BlockGroup { block_0: block }) in groups.into_iter().enumerate() {
        let path = format!("res_net/~/block_group_{index}/~/block_0/~");
        file.assert_elements(&format!("params.{path}/conv_1.w"), &block.conv_1.kernel);
        assert_eq!(block.conv_1.bias, None);
        assert_batch_norm(&file, &format!("{path}/batchnorm_0"), &block.batchnorm_0);
        assert_batch_norm(&file, &format!("{path}/batchnorm_2"), &block.batchnorm_2);
        assert_batch_norm(&file, &format!("{path}/shortcut_batchnorm"), &block.shortcut_batchnorm);
    }
    assert_eq!(safejax::haiku::from_file::<ResNetModel>(&file.path).unwrap(), model);
}
