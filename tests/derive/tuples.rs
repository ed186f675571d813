//! Tuple structs, newtypes, units and their like.

use ndarray::{Array1, Array2, array};
use safejax::{Deserialize, Dtype, Serialize};

use crate::{back, keys, tensor};

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Pair(#[tensor(transpose, shape(a, b))] Array2<f32>, #[tensor(dtype = "F16", shape(b))] Vec<f32>, u8);

#[test]
fn a_tuple_struct() {
    let value = Pair(array![[1.0, 2.0]], vec![3.0, 4.0], 5);
    assert_eq!(keys(&value), ["0", "1"]);
    assert_eq!(tensor(&value, "0").shape(), [2, 1]);
    assert_eq!(tensor(&value, "1").dtype(), Dtype::F16);
    assert_eq!(back(&value), value);
    assert!(safejax::to_bytes(&Pair(array![[1.0, 2.0]], vec![3.0], 5)).is_err());
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Weight(#[tensor(transpose)] Array2<f32>);

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Bias(#[tensor] Vec<f32>);

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[serde(transparent)]
struct Scale {
    #[tensor(dtype = "BF16")]
    scale: Array1<f32>,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Layer {
    weight: Weight,
    bias: Option<Bias>,
    scales: Vec<Scale>,
    weights: Vec<Weight>,
    boxed: Box<Weight>,
}

#[test]
fn a_newtype_is_its_tensor() {
    let value = Layer {
        weight: Weight(array![[1.0, 2.0]]),
        bias: Some(Bias(vec![1.0])),
        scales: vec![Scale { scale: array![1.0] }, Scale { scale: array![2.0] }],
        weights: vec![Weight(array![[3.0, 4.0]])],
        boxed: Box::new(Weight(array![[5.0]])),
    };
    assert_eq!(keys(&value), ["bias", "boxed", "scales.0", "scales.1", "weight", "weights.0"]);
    assert_eq!(tensor(&value, "weight").shape(), [2, 1]);
    assert_eq!(tensor(&value, "weights.0").shape(), [2, 1]);
    assert_eq!(tensor(&value, "scales.1").dtype(), Dtype::BF16);
    assert_eq!(back(&value), value);
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Gap(#[tensor] Option<Vec<f32>>, #[tensor] Option<Vec<f32>>);

#[test]
fn an_absent_tensor_leaves_a_gap_in_a_tuple() {
    for value in [Gap(None, Some(vec![1.0])), Gap(Some(vec![1.0]), Some(vec![2.0]))] {
        assert_eq!(back(&value), value);
    }
    assert_eq!(keys(&Gap(None, Some(vec![1.0]))), ["1"]);
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Unit;

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Empty();

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Braces {}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Units {
    unit: Unit,
    empty: Empty,
    braces: Braces,
}

#[test]
fn types_without_fields() {
    let value = Units { unit: Unit, empty: Empty(), braces: Braces {} };
    assert_eq!(back(&value), value);
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Partly(#[serde(skip)] u8, #[tensor(transpose)] Array2<f32>, #[serde(default)] u8);

#[test]
fn a_skipped_element_is_not_counted() {
    let value = Partly(0, array![[1.0, 2.0]], 3);
    assert_eq!(keys(&value), ["0"]);
    assert_eq!(back(&value), value);
}
