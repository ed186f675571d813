//! Named structs: each attribute of a tensor field.

use ndarray::{Array1, Array2, Array4, array};
use safejax::{Deserialize, Dtype, Serialize, Tensor};

use crate::{back, keys, refusal, saved, tensor};

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Plain {
    kernel: Array2<f32>,
    steps: u32,
}

#[test]
fn no_attribute_is_needed() {
    let plain = Plain { kernel: array![[1.0, 2.0]], steps: 3 };
    assert_eq!(keys(&plain), ["kernel"]);
    assert_eq!(back(&plain), plain);
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Marked {
    #[tensor]
    bias: Vec<f32>,
    rates: Vec<f32>,
}

#[test]
fn a_marked_vec_is_a_tensor_and_another_is_a_leaf() {
    let value = Marked { bias: vec![1.0, 2.0], rates: vec![0.5] };
    assert_eq!(keys(&value), ["bias"]);
    assert_eq!(tensor(&value, "bias").shape(), [2]);
    assert_eq!(back(&value), value);
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[allow(unused_qualifications)]
struct Optional {
    #[tensor]
    bias: Option<Vec<f32>>,
    #[tensor]
    scale: core::option::Option<Array1<f32>>,
}

#[test]
fn an_option_of_a_tensor_may_be_absent() {
    let there = Optional { bias: Some(vec![1.0]), scale: Some(array![2.0]) };
    assert_eq!(keys(&there), ["bias", "scale"]);
    assert_eq!(back(&there), there);
    let absent = Optional { bias: None, scale: None };
    assert!(keys(&absent).is_empty());
    assert_eq!(back(&absent), absent);
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Narrow {
    #[tensor(dtype = "BF16")]
    kernel: Array1<f32>,
}

#[test]
fn dtype_is_that_of_the_file() {
    let value = Narrow { kernel: array![1.0, 0.5] };
    assert_eq!(tensor(&value, "kernel").dtype(), Dtype::BF16);
    assert_eq!(back(&value), value);
}

#[test]
fn what_would_not_convert_back_is_not_saved() {
    #[derive(Serialize, Deserialize)]
    struct Mask {
        #[tensor(dtype = "U8")]
        mask: Vec<bool>,
    }
    let error = safejax::to_bytes(&Mask { mask: vec![true] }).unwrap_err().to_string();
    assert!(error.contains("`mask`") && error.contains("dtype BOOL") && error.contains("dtype U8"), "{error}");

    #[derive(Serialize, Deserialize)]
    struct Signal {
        #[tensor(dtype = "C64")]
        signal: Vec<f32>,
    }
    let error = safejax::to_bytes(&Signal { signal: vec![1.0] }).unwrap_err().to_string();
    assert!(error.contains("`signal`") && error.contains("dtype F32") && error.contains("dtype C64"), "{error}");
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Transposed {
    #[tensor(transpose)]
    kernel: Array2<f32>,
}

#[test]
fn transpose_turns_the_axes_round() {
    let value = Transposed { kernel: array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]] };
    let stored: Array2<f32> = tensor(&value, "kernel").to_array().unwrap().into_dimensionality().unwrap();
    assert_eq!(stored, array![[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]);
    assert_eq!(back(&value), value);
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Conv {
    #[tensor(permute(3, 2, 0, 1))]
    kernel: Array4<f32>,
}

#[test]
fn permute_names_the_axes_in_memory() {
    let kernel = Array4::from_shape_fn((3, 5, 2, 7), |(a, b, c, d)| (a * 1000 + b * 100 + c * 10 + d) as f32);
    let value = Conv { kernel };
    assert_eq!(tensor(&value, "kernel").shape(), [7, 2, 3, 5]);
    assert_eq!(back(&value), value);
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Dense {
    #[tensor(shape(inp, out))]
    kernel: Array2<f32>,
    #[tensor(shape(out))]
    bias: Option<Vec<f32>>,
    #[tensor(shape(_, 2))]
    pairs: Array2<i32>,
}

fn dense(out: usize) -> Dense {
    Dense { kernel: Array2::zeros((2, 3)), bias: Some(vec![0.0; out]), pairs: array![[1, 2]] }
}

#[test]
fn shapes_that_agree_are_saved_and_loaded() {
    assert_eq!(back(&dense(3)), dense(3));
    let without = Dense { bias: None, ..dense(3) };
    assert_eq!(back(&without), without);
}

#[test]
fn shapes_that_disagree_are_not_saved() {
    let error = safejax::to_bytes(&dense(4)).unwrap_err().to_string();
    assert!(error.contains("`out` of `bias` to be 3, as in `kernel`") && error.contains("[4]"), "{error}");
    let error = serde_json::to_string(&dense(4)).unwrap_err().to_string();
    assert!(error.contains("`out` of `bias` to be 3, as in `kernel`"), "{error}");
}

#[test]
fn the_struct_whose_shapes_disagree_is_named() {
    #[derive(Serialize)]
    struct Net {
        layers: Vec<Dense>,
        pair: (u8, Option<Box<Dense>>),
    }
    let error = |net: &Net| safejax::to_bytes(net).unwrap_err().to_string();
    let net = Net { layers: vec![dense(3), dense(4)], pair: (1, None) };
    assert!(error(&net).starts_with("`layers[1]`: expected `out` of `bias`"), "{}", error(&net));
    let net = Net { layers: vec![dense(3)], pair: (1, Some(Box::new(dense(4)))) };
    assert!(error(&net).starts_with("`pair[1]`: expected `out` of `bias`"), "{}", error(&net));
    // The whole has no name.
    let error = safejax::to_bytes(&dense(4)).unwrap_err().to_string();
    assert!(error.starts_with("expected `out` of `bias`"), "{error}");
}

#[derive(Serialize)]
struct Unchecked {
    kernel: Array2<f32>,
    bias: Array1<f32>,
    pairs: Array2<i32>,
}

#[test]
fn shapes_that_disagree_are_not_loaded() {
    let file = Unchecked { kernel: Array2::zeros((2, 3)), bias: Array1::zeros(4), pairs: array![[1, 2]] };
    let error = refusal::<Dense>(&file);
    assert!(error.contains("`out` of `bias` to be 3, as in `kernel`") && error.contains("[4]"), "{error}");
    let file = Unchecked { kernel: Array2::zeros((2, 3)), bias: Array1::zeros(3), pairs: array![[1, 2, 3]] };
    let error = refusal::<Dense>(&file);
    assert!(error.contains("shape [_, 2] of `pairs`") && error.contains("[1, 3]"), "{error}");
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Kept {
    #[safejax(metadata)]
    mean: Array1<f32>,
    #[safejax(metadata)]
    note: Option<Vec<u8>>,
    scale: Array1<f32>,
}

#[test]
fn a_tensor_may_be_said_to_be_metadata() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Config {
        #[tensor(metadata, haiku = "averages")]
        mean: Vec<f32>,
        #[tensor]
        weight: Vec<f32>,
    }

    let config = Config { mean: vec![0.5], weight: vec![1.0] };
    let bytes = safejax::to_bytes(&config).unwrap();
    assert_eq!(safejax::Checkpoint::from_bytes(&bytes).unwrap().keys().collect::<Vec<_>>(), ["weight"]);
    assert_eq!(safejax::from_bytes::<Config>(&bytes).unwrap(), config);
}

#[test]
fn metadata_keeps_an_array_out_of_the_tensors() {
    let value = Kept { mean: array![1.0, 2.0], note: None, scale: array![3.0] };
    assert_eq!(keys(&value), ["scale"]);
    assert_eq!(back(&value), value);
    let value = Kept { note: Some(vec![7]), ..value };
    assert_eq!(back(&value), value);
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct All {
    #[tensor(dtype = "F16", transpose, shape(3, 2))]
    #[serde(rename = "w", alias = "weight")]
    kernel: Array2<f32>,
    #[tensor]
    raw: Tensor,
    #[tensor]
    nested: Box<Nested>,
}

#[derive(Debug, PartialEq)]
struct Nested(Vec<f32>);

impl safejax::ToTensor for Nested {
    fn to_tensor(&self) -> safejax::Result<safejax::CowTensor<'_>> {
        self.0.to_tensor()
    }
}

impl<'de> safejax::FromTensor<'de> for Nested {
    fn from_tensor(tensor: safejax::StoredTensor<'_, 'de>) -> safejax::Result<Self> {
        safejax::FromTensor::from_tensor(tensor).map(Nested)
    }
}

#[test]
fn attributes_stand_together_and_beside_those_of_serde() {
    let raw = Tensor::new(Dtype::F8_E5M2, vec![2], vec![1, 2]).unwrap();
    let value = All { kernel: array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], raw, nested: Box::new(Nested(vec![1.0])) };
    assert_eq!(keys(&value), ["nested", "raw", "w"]);
    assert_eq!(tensor(&value, "w").shape(), [2, 3]);
    assert_eq!(tensor(&value, "w").dtype(), Dtype::F16);
    assert_eq!(back(&value), value);
}

#[test]
fn a_missing_tensor_is_named() {
    #[derive(Serialize)]
    struct Nothing {}
    let error = refusal::<Marked>(&Nothing {});
    assert!(error.contains("bias"), "{error}");
    assert_eq!(saved(&Nothing {}).keys().count(), 0);
}
