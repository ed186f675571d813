//! What cannot work says so: the errors behind the table in `main.rs`.

use std::collections::{BTreeMap, HashSet};

use ndarray::{Array1, array};
use serde::{Deserialize, Serialize};

use crate::{refused, round_trip, unsaved};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Flat<T> {
    #[serde(flatten)]
    inner: Inner<T>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Inner<T> {
    value: T,
    tensor: Array1<f32>,
}

fn flat<T: Serialize>(value: T) -> Vec<u8> {
    safejax::to_bytes(&Flat { inner: Inner { value, tensor: array![1.0] } }).unwrap()
}

#[test]
fn serde_buffers_no_i128() {
    assert!(refused::<Flat<i128>>(&flat(5i128)).contains("i128 is not supported"));
    assert!(refused::<Flat<u128>>(&flat(5u128)).contains("u128 is not supported"));
    let message = refused::<Flat<i128>>(&flat(i128::MAX));
    assert!(message.contains("i128"), "{message}");
}

#[test]
fn a_buffered_list_has_strings_for_what_json_lacks() {
    let message = refused::<Flat<Vec<f64>>>(&flat(vec![f64::NAN]));
    assert_eq!(message, "expected f64, found string \"NaN\"");
    // Alone it is a number.
    let loaded: Flat<f64> = safejax::from_bytes(&flat(f64::INFINITY)).unwrap();
    assert_eq!(loaded.inner.value, f64::INFINITY);
}

#[test]
fn what_borrows_does_not_pass_through_a_buffer() {
    #[derive(Debug, Deserialize)]
    struct Borrowed<'a> {
        #[serde(flatten, borrow)]
        inner: BTreeMap<String, safejax::TensorView<'a>>,
    }
    #[derive(Debug, Deserialize)]
    struct Content<'a> {
        #[serde(flatten, borrow)]
        inner: One<'a>,
    }
    #[derive(Debug, Deserialize)]
    struct One<'a> {
        #[serde(borrow)]
        tensor: safejax::TensorView<'a>,
    }
    let bytes = safejax::to_bytes(&BTreeMap::from([("tensor", array![1.0f32])])).unwrap();
    for message in [
        safejax::from_bytes::<Borrowed<'_>>(&bytes).map(|b| b.inner.len()).unwrap_err().to_string(),
        safejax::from_bytes::<Content<'_>>(&bytes).map(|c| c.inner.tensor.len()).unwrap_err().to_string(),
    ] {
        assert!(message.contains("cannot borrow a TensorView from this"), "{message}");
    }
}

#[test]
fn a_dtype_smaller_than_a_byte_does_not_pass_through_a_buffer() {
    let tensor = safejax::Tensor::new(safejax::Dtype::F4, vec![2], vec![0x21]).unwrap();
    let bytes = flat(tensor);
    let message = refused::<Flat<safejax::Tensor>>(&bytes);
    assert!(message.starts_with("`value`: a tensor of dtype F4 cannot pass through serde's buffers"), "{message}");
}

#[test]
fn a_unit_in_a_buffered_struct_needs_a_default() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind")]
    enum Bare {
        A { unit: (), tensor: Array1<f32> },
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind")]
    enum Defaulted {
        A {
            #[serde(default)]
            unit: (),
            tensor: Array1<f32>,
        },
    }
    let map = BTreeMap::from([("x", Bare::A { unit: (), tensor: array![1.0] })]);
    let bytes = safejax::to_bytes(&map).unwrap();
    assert_eq!(refused::<BTreeMap<String, Bare>>(&bytes), "`x.unit`: missing");
    round_trip(&BTreeMap::from([("x".to_owned(), Defaulted::A { unit: (), tensor: array![1.0] })]));
}

#[test]
fn an_adjacently_tagged_variant_that_stores_nothing_is_missing() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind", content = "of")]
    enum Adjacent {
        Empty {},
        Hollow { tensor: Option<Array1<f32>> },
        Tuple(Option<u8>, Option<u8>),
    }
    for (value, works) in [
        (Adjacent::Empty {}, false),
        (Adjacent::Hollow { tensor: None }, false),
        (Adjacent::Hollow { tensor: Some(array![1.0]) }, true),
        (Adjacent::Tuple(None, None), true),
    ] {
        let map = BTreeMap::from([("x".to_owned(), value)]);
        if works {
            round_trip(&map);
        } else {
            let bytes = safejax::to_bytes(&map).unwrap();
            assert!(refused::<BTreeMap<String, Adjacent>>(&bytes).starts_with("`x.of`: missing"));
        }
    }
}

#[test]
fn an_empty_array_that_is_not_recognised_has_no_dtype() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(transparent)]
    struct Wrapper(Array1<f32>);
    round_trip(&BTreeMap::from([("x".to_owned(), Wrapper(array![1.0]))]));
    let message = unsaved(&BTreeMap::from([("x", Wrapper(array![]))]));
    assert!(message.starts_with("`x`: an empty array of a type that is not recognised has no dtype"), "{message}");
}

#[test]
fn an_array_as_an_internally_tagged_variant_is_leaves() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind")]
    enum Tagged {
        Array(Array1<f32>),
    }
    let value = || BTreeMap::from([("x".to_owned(), Tagged::Array(array![1.0, 2.0]))]);
    round_trip(&value());
    let (keys, metadata) = crate::keys_and_metadata(&safejax::to_bytes(&value()).unwrap());
    assert_eq!((keys.len(), metadata["x.data"].as_str()), (0, "[1.0,2.0]"));
    let large = BTreeMap::from([("x", Tagged::Array(Array1::zeros(100_000)))]);
    assert!(unsaved(&large).contains("make it a tensor"));
}

#[test]
fn serde_itself_refuses_what_it_cannot_tag() {
    #[derive(Serialize)]
    #[serde(tag = "kind")]
    enum Tagged {
        Number(u8),
        List(Vec<Array1<f32>>),
    }
    assert!(unsaved(&Tagged::Number(1)).contains("cannot serialize tagged newtype variant Tagged::Number"));
    assert!(unsaved(&Tagged::List(vec![])).contains("cannot serialize tagged newtype variant Tagged::List"));
}

#[test]
fn a_tensor_of_more_axes_is_no_sequence_of_scalars() {
    let bytes = safejax::to_bytes(&BTreeMap::from([("x", array![[1u8, 2]])])).unwrap();
    let message = refused::<BTreeMap<String, HashSet<u8>>>(&bytes);
    assert_eq!(message, "`x`: expected a u8, a tensor of shape [], found shape [1, 2]");
}

#[test]
fn a_value_that_changes_between_the_walks_is_an_error() {
    use std::cell::Cell;
    struct Growing(Cell<usize>);
    impl Serialize for Growing {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.0.set(self.0.get() + 1);
            serializer.collect_seq((0..self.0.get()).map(|_| array![1.0f32]))
        }
    }
    assert!(unsaved(&Growing(Cell::new(1))).contains("the value changed while it was being saved"));
}
