//! Lists in every form that frameworks write, read into a `Vec`.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use ndarray::{Array1, arr1};
use safejax::{Naming, Options, Tree};
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Net<T> {
    layers: Vec<T>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Dense {
    bias: Array1<f32>,
}

fn dense(value: f32) -> Dense {
    Dense { bias: arr1(&[value]) }
}

fn file(keys: &[&str]) -> Vec<u8> {
    let tensors: BTreeMap<&str, Array1<f32>> =
        keys.iter().enumerate().map(|(i, key)| (*key, arr1(&[i as f32]))).collect();
    Options::new().naming(Naming::flat()).to_bytes(&tensors).unwrap()
}

#[test]
fn every_form_of_a_list_reads_into_a_vec() {
    for keys in [
        ["layers.0.bias", "layers.1.bias", "layers.2.bias"],
        ["layers_0.bias", "layers_1.bias", "layers_2.bias"],
        ["layers.bias", "layers_1.bias", "layers_2.bias"],
    ] {
        let net: Net<Dense> = Options::new().naming(Naming::flax()).from_bytes(&file(&keys)).unwrap();
        assert_eq!(net.layers, [dense(0.0), dense(1.0), dense(2.0)], "{keys:?}");
    }
}

#[test]
fn lists_of_tensors_of_one_axis_are_no_sequences_of_scalars() {
    let net: Net<Array1<f32>> =
        Options::new().naming(Naming::flax()).from_bytes(&file(&["layers.0", "layers.1"])).unwrap();
    assert_eq!(net.layers, [arr1(&[0.0]), arr1(&[1.0])]);
    let net: Net<Vec<f32>> =
        Options::new().naming(Naming::flax()).from_bytes(&file(&["layers.0", "layers.1"])).unwrap();
    assert_eq!(net.layers, [[0.0], [1.0]]);
}

#[test]
fn a_haiku_list_of_one_array_is_that_array() {
    let net: Net<Array1<f32>> =
        Options::new().naming(Naming::haiku()).from_bytes(&file(&["net.w", "~.layers"])).unwrap();
    assert_eq!(net.layers, [arr1(&[1.0])]);
}

#[test]
fn both_a_name_and_its_item_0_are_an_error_that_names_them() {
    let bytes = file(&["layers.bias", "layers_0.bias"]);
    let error = Options::new().naming(Naming::flax()).from_bytes::<Net<Dense>>(&bytes).unwrap_err().to_string();
    assert!(error.contains("`layers`") && error.contains("`layers_0`"), "{error}");
}

#[test]
fn lists_of_lists_come_back_in_every_form_that_tells_them_apart() {
    let net = Net { layers: vec![vec![dense(0.0), dense(1.0)], vec![dense(2.0)]] };
    for naming in [Naming::flax(), Naming::flax().suffix_lists(true), Naming::objax(), Naming::keystr()] {
        let options = Options::new().naming(naming.clone());
        let bytes = options.to_bytes(&net).unwrap();
        assert_eq!(options.from_bytes::<Net<Vec<Dense>>>(&bytes).unwrap(), net, "{naming}");
    }
}

#[test]
fn a_gap_is_none_in_a_vec_of_options_and_null_in_a_tree() {
    let net = Net { layers: vec![Some(dense(0.0)), None, Some(dense(2.0)), None] };
    let bytes = safejax::to_bytes(&net).unwrap();
    assert_eq!(safejax::from_bytes::<Net<Option<Dense>>>(&bytes).unwrap(), net);
    let tree: Tree = safejax::from_bytes(&bytes).unwrap();
    assert_eq!(tree["layers"][1], Tree::Leaf(serde_json::Value::Null));
    assert_eq!(safejax::to_bytes(&tree).unwrap(), bytes);
}

#[test]
fn a_vec_of_modules_refuses_a_gap_and_names_the_index() {
    let bytes = file(&["layers.0.bias", "layers.2.bias"]);
    let error = Options::new().naming(Naming::flax()).from_bytes::<Net<Dense>>(&bytes).unwrap_err().to_string();
    assert!(error.contains("layers.1"), "{error}");
}

#[test]
fn an_index_out_of_proportion_is_an_error() {
    let bytes = file(&["layers.0.bias", "layers.9999.bias"]);
    let error = Options::new().naming(Naming::flax()).from_bytes::<Net<Option<Dense>>>(&bytes).unwrap_err().to_string();
    assert!(error.contains("9999"), "{error}");
}
