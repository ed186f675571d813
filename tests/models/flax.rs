//! Flax linen: collections, batch statistics, lists of layers.

use ndarray::{Array0, Array1, Array2, Array4};
use serde::{Deserialize, Serialize};

use crate::common::golden;

#[derive(Serialize, Deserialize)]
struct Variables {
    params: Params,
    batch_stats: BatchStats,
}

#[derive(Serialize, Deserialize)]
struct Params {
    #[serde(rename = "BatchNorm_0")]
    batch_norm: Norm,
    #[serde(rename = "Conv_0")]
    conv: Conv,
    #[serde(rename = "Dense_0")]
    dense: Dense,
    bn_out: Norm,
    down: Conv,
}

#[derive(Serialize, Deserialize)]
struct BatchStats {
    #[serde(rename = "BatchNorm_0")]
    batch_norm: Statistics,
    bn_out: Statistics,
}

#[derive(Serialize, Deserialize)]
struct Norm {
    scale: Array1<f32>,
    bias: Array1<f32>,
}

#[derive(Serialize, Deserialize)]
struct Statistics {
    mean: Array1<f32>,
    var: Array1<f32>,
}

#[derive(Serialize, Deserialize)]
struct Conv {
    kernel: Array4<f32>,
    bias: Option<Array1<f32>>,
}

#[derive(Serialize, Deserialize)]
struct Dense {
    kernel: Array2<f32>,
    bias: Array1<f32>,
}

#[test]
fn a_cnn_with_batch_stats() {
    for name in ["flax_cnn_batchnorm", "flax_cnn_batchnorm_frozen"] {
        let file = golden(name);
        let model: Variables = safejax::flax::from_file(&file.path).unwrap();
        let params = &model.params;
        file.assert_array("params.Conv_0.kernel", &params.conv.kernel);
        assert!(params.conv.bias.is_none());
        file.assert_array("params.down.kernel", &params.down.kernel);
        let bias = params.down.bias.as_ref().expect("down has a bias");
        file.assert_array("params.down.bias", bias);
        file.assert_array("params.BatchNorm_0.scale", &params.batch_norm.scale);
        file.assert_array("params.bn_out.bias", &params.bn_out.bias);
        file.assert_array("params.Dense_0.kernel", &params.dense.kernel);
        file.assert_array("params.Dense_0.bias", &params.dense.bias);
        let stats = &model.batch_stats;
        file.assert_array("batch_stats.BatchNorm_0.mean", &stats.batch_norm.mean);
        file.assert_array("batch_stats.bn_out.var", &stats.bn_out.var);
        file.assert_saves_as_same_bytes(&model);
    }
}

#[test]
fn one_collection_of_several() {
    #[derive(Deserialize)]
    struct OnlyParams {
        params: Params,
    }
    let file = golden("flax_cnn_batchnorm");
    let model: OnlyParams = safejax::from_file(&file.path).unwrap();
    file.assert_array("params.Dense_0.kernel", &model.params.dense.kernel);
}

/// `setup()` lists are `layers_0`, `layers_1`, … in flax.
#[test]
fn a_list_with_a_suffix_reads_into_a_vec() {
    #[derive(Deserialize)]
    struct Root {
        params: Listed,
    }
    #[derive(Deserialize)]
    struct Listed {
        layers: Vec<Dense>,
        heads_a: Dense,
    }
    let file = golden("flax_list_of_layers");
    let model: Root = safejax::from_file(&file.path).unwrap();
    assert_eq!(model.params.layers.len(), 3);
    for (index, layer) in model.params.layers.iter().enumerate() {
        let key = format!("params.layers_{index}");
        file.assert_array(&format!("{key}.kernel"), &layer.kernel);
        file.assert_array(&format!("{key}.bias"), &layer.bias);
    }
    file.assert_array("params.heads_a.kernel", &model.params.heads_a.kernel);
}

#[derive(Serialize, Deserialize)]
struct TrainState<Step> {
    step: Step,
    params: Module,
    /// The state of `optax.sgd` with momentum is `(TraceState, EmptyState)`.
    opt_state: (TraceState, ()),
}

#[derive(Serialize, Deserialize)]
struct TraceState {
    trace: Module,
}

#[derive(Serialize, Deserialize)]
struct Module {
    dense: Dense,
}

#[test]
fn the_step_of_a_train_state_is_a_rust_integer() {
    let file = golden("flax_train_state_dot");
    let state: TrainState<i32> = safejax::from_file(&file.path).unwrap();
    assert_eq!(state.step, 0);
    file.assert_array("params.dense.kernel", &state.params.dense.kernel);
    let trace = &state.opt_state.0.trace.dense;
    file.assert_array("opt_state.0.trace.dense.bias", &trace.bias);
    let wider: TrainState<i64> = safejax::from_file(&file.path).unwrap();
    assert_eq!(wider.step, 0);
}

#[test]
fn a_train_state_with_its_step_as_an_array_covers_the_file() {
    let file = golden("flax_train_state_dot");
    let state: TrainState<Array0<i32>> = safejax::from_file(&file.path).unwrap();
    file.assert_array("step", &state.step);
    file.assert_saves_as_same_bytes(&state);
}
