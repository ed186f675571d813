//! Enums of every shape and tagging.

use ndarray::{Array1, Array2, array};
use safejax::{Deserialize, Dtype, Serialize};

use crate::{back, keys, tensor};

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Layer {
    Identity,
    Bias(#[tensor(dtype = "F16")] Vec<f32>),
    Pair(#[tensor(transpose)] Array2<f32>, #[tensor] Option<Vec<i32>>),
    LinearMap {
        #[tensor(transpose, shape(out, inp))]
        kernel: Array2<f32>,
        #[tensor(shape(out))]
        bias: Option<Array1<f32>>,
    },
    Nested(Box<Layer>),
}

fn linear(out: usize) -> Layer {
    Layer::LinearMap { kernel: array![[1.0, 2.0, 3.0]], bias: Some(Array1::zeros(out)) }
}

#[test]
fn every_shape_of_variant() {
    let all = [
        (Layer::Bias(vec![1.0]), vec!["bias"]),
        (Layer::Pair(array![[1.0, 2.0]], Some(vec![3])), vec!["pair.0", "pair.1"]),
        (linear(1), vec!["linear_map.bias", "linear_map.kernel"]),
        (Layer::LinearMap { kernel: array![[1.0]], bias: None }, vec!["linear_map.kernel"]),
        (Layer::Nested(Box::new(Layer::Bias(vec![2.0]))), vec!["nested.bias"]),
    ];
    for (value, expected) in all {
        assert_eq!(keys(&value), expected);
        assert_eq!(back(&value), value);
    }
    assert_eq!(back(&vec![Layer::Identity]), [Layer::Identity]);
    assert_eq!(tensor(&linear(1), "linear_map.kernel").shape(), [3, 1]);
    assert_eq!(tensor(&Layer::Bias(vec![1.0]), "bias").dtype(), Dtype::F16);
}

#[test]
fn shapes_agree_in_a_variant() {
    let error = safejax::to_bytes(&linear(2)).unwrap_err().to_string();
    assert!(error.contains("`out` of `bias` to be 1, as in `kernel`"), "{error}");
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[serde(tag = "kind", content = "of")]
enum Adjacent {
    Unit,
    Bias(#[tensor(dtype = "F16")] Vec<f32>),
    Dense {
        #[tensor(transpose)]
        kernel: Array2<f32>,
    },
}

#[test]
fn an_adjacently_tagged_enum() {
    let all = [Adjacent::Unit, Adjacent::Bias(vec![1.0]), Adjacent::Dense { kernel: array![[1.0, 2.0]] }];
    for value in all {
        assert_eq!(back(&value), value);
    }
    assert_eq!(tensor(&Adjacent::Dense { kernel: array![[1.0, 2.0]] }, "of.kernel").shape(), [2, 1]);
    assert_eq!(tensor(&Adjacent::Bias(vec![1.0]), "of").dtype(), Dtype::F16);
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
enum Discriminants {
    First = 3,
    #[serde(rename = "2nd", alias = "second")]
    Second = 1,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Holder {
    kinds: Vec<Discriminants>,
}

#[test]
fn an_enum_with_discriminants() {
    let value = Holder { kinds: vec![Discriminants::First, Discriminants::Second] };
    assert_eq!(back(&value), value);
    assert_eq!(serde_json::to_string(&value).unwrap(), r#"{"kinds":["First","2nd"]}"#);
}
