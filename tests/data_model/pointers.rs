//! Pointers, and types that contain themselves or anything.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use ndarray::{Array1, array};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{Dense, dense, keys_and_metadata, round_trip};

#[test]
fn pointers_are_what_they_point_to() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Pointers {
        boxed: Box<Dense>,
        boxed_array: Box<Array1<f32>>,
        rc: Rc<Dense>,
        arc: Arc<Array1<f32>>,
        cell: RefCell<Array1<f32>>,
        cow: Cow<'static, Dense>,
        text: Cow<'static, str>,
        slice: Box<[Dense]>,
        boxed_str: Box<str>,
    }
    #[derive(Serialize)]
    struct Plain {
        boxed: Dense,
        boxed_array: Array1<f32>,
        rc: Dense,
        arc: Array1<f32>,
        cell: Array1<f32>,
        cow: Dense,
        text: String,
        slice: Vec<Dense>,
        boxed_str: String,
    }
    let pointers = Pointers {
        boxed: Box::new(dense(1.0)),
        boxed_array: Box::new(array![1.0]),
        rc: Rc::new(dense(2.0)),
        arc: Arc::new(array![2.0]),
        cell: RefCell::new(array![3.0]),
        cow: Cow::Owned(dense(3.0)),
        text: "5".into(),
        slice: Box::new([dense(4.0)]),
        boxed_str: "x".into(),
    };
    let plain = Plain {
        boxed: dense(1.0),
        boxed_array: array![1.0],
        rc: dense(2.0),
        arc: array![2.0],
        cell: array![3.0],
        cow: dense(3.0),
        text: "5".into(),
        slice: vec![dense(4.0)],
        boxed_str: "x".into(),
    };
    round_trip(&pointers);
    assert_eq!(safejax::to_bytes(&pointers).unwrap(), safejax::to_bytes(&plain).unwrap());
    let mutex = BTreeMap::from([("a", Mutex::new(array![1.0f32]))]);
    assert_eq!(
        safejax::to_bytes(&mutex).unwrap(),
        safejax::to_bytes(&BTreeMap::from([("a", array![1.0f32])])).unwrap()
    );
}

#[test]
fn a_recursive_type_comes_back() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Node {
        weight: Array1<f32>,
        children: Vec<Node>,
        next: Option<Box<Node>>,
    }
    let leaf = |n| Node { weight: array![n], children: vec![], next: None };
    let tree = Node {
        weight: array![0.0],
        children: vec![leaf(1.0), Node { weight: array![2.0], children: vec![leaf(3.0)], next: None }],
        next: Some(Box::new(leaf(4.0))),
    };
    round_trip(&tree);
}

#[test]
fn json_values_are_leaves() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Model {
        value: Value,
        dense: Dense,
    }
    for value in [
        json!(null),
        json!(true),
        json!(-5),
        json!(u64::MAX),
        json!(0.1),
        json!("text"),
        json!("5"),
        json!([1, "a", null, [2.5, {}], {"b": []}]),
        json!({"a": 1, "b": {"c": [1, 2], "d": null, "e": {}}}),
        json!({"0": "x", "1": "y"}),
        json!({}),
        json!([]),
    ] {
        round_trip(&value);
        round_trip(&Model { value, dense: dense(1.0) });
    }
}

#[test]
fn a_json_value_sees_a_tensor_in_ndarray_s_form() {
    let bytes = safejax::to_bytes(&dense(1.0)).unwrap();
    let value: Value = safejax::from_bytes(&bytes).unwrap();
    assert_eq!(value["bias"], json!({"v": 1, "dim": [2], "data": [1.0, 0.5]}));
    assert_eq!(serde_json::from_value::<Dense>(value).unwrap(), dense(1.0));
}

#[test]
fn what_is_ignored_is_not_read() {
    #[derive(Debug, Deserialize)]
    struct Partly {
        bias: Array1<f32>,
        kernel: IgnoredAny,
    }
    let bytes = safejax::to_bytes(&dense(1.0)).unwrap();
    let Partly { bias, kernel: IgnoredAny } = safejax::from_bytes(&bytes).unwrap();
    assert_eq!(bias, dense(1.0).bias);
    safejax::from_bytes::<IgnoredAny>(&bytes).unwrap();
    safejax::from_bytes::<BTreeMap<String, IgnoredAny>>(&bytes).unwrap();
}

#[test]
fn a_tree_and_tensors_may_be_fields() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Model {
        tensor: safejax::Tensor,
        tree: safejax::Tree,
        list: Vec<safejax::Tensor>,
    }
    let tree = safejax::to_tree(&BTreeMap::from([("a", dense(1.0))])).unwrap();
    let model = Model { tensor: array![[1u8]].into(), tree, list: vec![array![1i64].into(), array![2.0f64].into()] };
    round_trip(&model);
    assert_eq!(keys_and_metadata(&safejax::to_bytes(&model).unwrap()).0.len(), 5);
}
