//! Tensor fields where serde buffers a value before the type sees it.

use ndarray::{Array1, Array2, array};
use safejax::{Deserialize, Dtype, Serialize, Tensor};

use crate::{back, keys, tensor};

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Inner {
    #[tensor(transpose)]
    kernel: Array2<f32>,
    #[tensor(dtype = "BF16")]
    bias: Vec<f32>,
    #[tensor]
    raw: Option<Tensor>,
}

fn inner() -> Inner {
    Inner { kernel: array![[1.0, 2.0]], bias: vec![0.5], raw: None }
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Outer {
    #[serde(flatten)]
    inner: Inner,
    #[tensor]
    scale: Vec<i16>,
}

#[test]
fn a_flattened_struct() {
    let value = Outer { inner: inner(), scale: vec![1, 2] };
    assert_eq!(keys(&value), ["bias", "kernel", "scale"]);
    assert_eq!(tensor(&value, "kernel").shape(), [2, 1]);
    assert_eq!(tensor(&value, "bias").dtype(), Dtype::BF16);
    assert_eq!(back(&value), value);
    let raw = Some(Tensor::new(Dtype::I8, vec![1], vec![1]).unwrap());
    let value = Outer { inner: Inner { raw, ..inner() }, scale: vec![] };
    assert_eq!(back(&value), value);
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[serde(tag = "kind")]
enum Tagged {
    Inner(Inner),
    Fields {
        #[tensor(shape(2), dtype = "F16")]
        bias: Vec<f32>,
    },
}

#[test]
fn an_internally_tagged_enum() {
    for value in [Tagged::Inner(inner()), Tagged::Fields { bias: vec![1.0, 2.0] }] {
        assert_eq!(back(&value), value);
    }
    assert_eq!(tensor(&Tagged::Inner(inner()), "kernel").shape(), [2, 1]);
    assert!(safejax::to_bytes(&Tagged::Fields { bias: vec![] }).is_err());
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[serde(untagged)]
enum Untagged {
    Inner(Inner),
    Bias(#[tensor(dtype = "F16")] Vec<f32>),
    Pair {
        #[tensor]
        a: Array1<f32>,
        #[tensor]
        b: Array1<u8>,
    },
}

#[test]
fn an_untagged_enum() {
    let all = [Untagged::Inner(inner()), Untagged::Pair { a: array![1.0], b: array![2] }];
    for value in all {
        assert_eq!(back(&value), value);
    }
    let value = vec![Untagged::Bias(vec![1.0, 2.0])];
    assert_eq!(tensor(&value, "0").dtype(), Dtype::F16);
    assert_eq!(back(&value), value);
}
