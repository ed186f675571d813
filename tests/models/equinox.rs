//! Equinox: modules are dataclasses, named by `jax.tree_util.keystr`.

use std::collections::BTreeMap;

use ndarray::{Array0, Array1, Array2, ArrayD};
use serde::{Deserialize, Serialize};

use crate::common::{Golden, golden};

#[derive(Serialize, Deserialize)]
struct Model {
    mlp: Mlp,
    norm: LayerNorm,
    scale: Array0<f32>,
}

#[derive(Serialize, Deserialize)]
struct ModelWithTable {
    mlp: Mlp,
    norm: LayerNorm,
    scale: Array0<f32>,
    table: BTreeMap<String, ArrayD<f32>>,
}

#[derive(Serialize, Deserialize)]
struct Mlp {
    layers: Vec<Linear>,
}

#[derive(Serialize, Deserialize)]
struct Linear {
    weight: Array2<f32>,
    bias: Array1<f32>,
}

#[derive(Serialize, Deserialize)]
struct LayerNorm {
    weight: Array1<f32>,
    bias: Array1<f32>,
}

fn assert_mlp(file: &Golden, dot: &str, mlp: &Mlp) {
    assert_eq!(mlp.layers.len(), 3);
    for (index, layer) in mlp.layers.iter().enumerate() {
        let key = format!("{dot}mlp.layers[{index}]");
        file.assert_array(&format!("{key}.weight"), &layer.weight);
        file.assert_array(&format!("{key}.bias"), &layer.bias);
    }
}

#[test]
fn with_a_leading_dot_and_keys_that_need_quotes() {
    let file = golden("equinox_keystr");
    let model: ModelWithTable = safejax::from_file(&file.path).unwrap();
    assert_mlp(&file, ".", &model.mlp);
    file.assert_array(".norm.weight", &model.norm.weight);
    file.assert_array(".scale", &model.scale);
    file.assert_array(".table['b c']", &model.table["b c"]);
    file.assert_array(".table[\"it's\"]", &model.table["it's"]);
    file.assert_saves_as_same_bytes(&model);
}

#[test]
fn without_the_leading_dot() {
    let file = golden("equinox_dotted");
    let model: Model = safejax::from_file(&file.path).unwrap();
    assert_mlp(&file, "", &model.mlp);
    file.assert_array("scale", &model.scale);
    file.assert_saves_as_same_bytes(&model);
}
