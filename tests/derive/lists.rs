//! Lists of tensors in one field.

use std::fmt::Debug;

use ndarray::{Array, Array2, ArrayView2, Ix1, array};
use num_complex::Complex;
use safejax::{Deserialize, Dtype, Serialize, Tensor};

use crate::{back, borrowed, keys, tensor};

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Lists {
    #[tensor(transpose, dtype = "F16", shape(n, _), list = "suffix", flax = "w")]
    kernels: Vec<Array2<f32>>,
    #[tensor(shape(n))]
    biases: Option<Vec<Vec<f32>>>,
    #[tensor]
    gaps: Vec<Option<Tensor>>,
    #[tensor]
    elements: Vec<Complex<f32>>,
}

fn lists(biases: Option<Vec<Vec<f32>>>) -> Lists {
    let gap = Tensor::new(Dtype::U8, vec![1], vec![1]).unwrap();
    Lists {
        kernels: vec![array![[1.0, 2.0]], array![[3.0]]],
        biases,
        gaps: vec![None, Some(gap)],
        elements: vec![Complex::new(1.0, 2.0)],
    }
}

#[test]
fn each_item_is_a_tensor() {
    let value = lists(Some(vec![vec![1.0], vec![2.0]]));
    assert_eq!(keys(&value), ["biases.0", "biases.1", "elements", "gaps.1", "w_0", "w_1"]);
    assert_eq!(tensor(&value, "w_0").shape(), [2, 1]);
    assert_eq!(tensor(&value, "w_1").dtype(), Dtype::F16);
    assert_eq!(back(&value), value);
    let value = lists(None);
    assert_eq!(back(&value), value);
}

#[test]
fn each_item_has_its_shape_checked() {
    let error = safejax::to_bytes(&lists(Some(vec![vec![1.0], vec![1.0, 2.0]]))).unwrap_err().to_string();
    assert!(error.contains("`n` of `biases` to be 1, as in `kernels`"), "{error}");
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Generic<'a, T> {
    #[tensor]
    parts: Vec<Array<T, Ix1>>,
    #[tensor(transpose)]
    views: Vec<ArrayView2<'a, u8>>,
    #[tensor]
    elements: Vec<T>,
}

#[test]
fn lists_of_generic_types_and_of_views() {
    let square = array![[1u8, 2], [3, 4]];
    let value = Generic { parts: vec![array![1.0f64]], views: vec![square.view()], elements: vec![2.0] };
    let bytes = safejax::to_bytes(&value).unwrap();
    assert_eq!(borrowed::<Generic<'_, f64>>(&bytes), value);
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
enum Layer {
    Dense(#[tensor(transpose)] Vec<Array2<f32>>),
    Named {
        #[tensor]
        parts: Option<Vec<Array2<f32>>>,
    },
}

#[test]
fn lists_in_variants_and_in_other_formats() {
    let all = [
        Layer::Dense(vec![array![[1.0, 2.0]]]),
        Layer::Named { parts: Some(vec![array![[1.0, 2.0]]]) },
        Layer::Named { parts: None },
    ];
    for value in all {
        assert_eq!(back(&value), value);
        let text = serde_json::to_string(&value).unwrap();
        assert_eq!(serde_json::from_str::<Layer>(&text).unwrap(), value);
    }
    #[derive(serde::Serialize)]
    enum Plain {
        Dense(Vec<Array2<f32>>),
    }
    let (ours, plain) = (Layer::Dense(vec![array![[1.0]]]), Plain::Dense(vec![array![[1.0]]]));
    assert_eq!(serde_json::to_string(&ours).unwrap(), serde_json::to_string(&plain).unwrap());
    assert_eq!(postcard::to_allocvec(&ours).unwrap(), postcard::to_allocvec(&plain).unwrap());
}
