//! In other formats a `#[tensor]` looks as without.

use std::borrow::Cow;
use std::fmt::Debug;
use std::sync::Arc;

use ndarray::{Array2, CowArray, Ix1, array};
use safejax::Tensor;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Field;

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Plain<T> {
    x: T,
}

/// The same in every format as serde's own derive makes of it, and back.
fn assert_as_plain<T>(x: T)
where
    T: safejax::ToTensor + for<'de> safejax::FromTensor<'de> + Serialize + DeserializeOwned + Debug + PartialEq + Clone,
{
    let (plain, field) = (Plain { x: x.clone() }, Field { x });
    let json = serde_json::to_string(&plain).unwrap();
    assert_eq!(serde_json::to_string(&field).unwrap(), json);
    assert_eq!(serde_json::from_str::<Field<T>>(&json).unwrap(), field);

    // A tuple has no length before it in these, other than a sequence.
    let bytes = postcard::to_stdvec(&plain).unwrap();
    assert_eq!(postcard::to_stdvec(&field).unwrap(), bytes);
    assert_eq!(postcard::from_bytes::<Field<T>>(&bytes).unwrap(), field);

    let config = bincode::config::standard();
    let bytes = bincode::serde::encode_to_vec(&plain, config).unwrap();
    assert_eq!(bincode::serde::encode_to_vec(&field, config).unwrap(), bytes);
    assert_eq!(bincode::serde::decode_from_slice::<Field<T>, _>(&bytes, config).unwrap().0, field);

    let text = ron::to_string(&plain).unwrap();
    assert_eq!(ron::to_string(&field).unwrap(), text);
    assert_eq!(ron::from_str::<Field<T>>(&text).unwrap(), field);
}

#[test]
fn scalars_look_as_without() {
    assert_as_plain(0.5f32);
    assert_as_plain(true);
    assert_as_plain(half::bf16::ONE);
    assert_as_plain(num_complex::Complex::new(1f32, 2.0));
    assert_as_plain(u64::MAX);
}

#[test]
fn sequences_look_as_without() {
    assert_as_plain(vec![1u8, 2]);
    assert_as_plain::<Box<[i16]>>([1, 2].into());
    assert_as_plain([1u8; 32]);
    assert_as_plain(vec![[1u8, 2], [3, 4]]);
    assert_as_plain([[1f64, 2.0], [3.0, 4.0]]);
    assert_as_plain([0f32; 0]);
}

#[test]
fn a_cow_looks_as_without() {
    let x: Cow<'_, [u8]> = Cow::Borrowed(&[1, 2]);
    let json = serde_json::to_string(&Field { x: x.clone() }).unwrap();
    assert_eq!(json, serde_json::to_string(&Plain { x: x.clone() }).unwrap());
    assert_eq!(serde_json::from_str::<Field<Cow<'_, [u8]>>>(&json).unwrap().x, x);
}

#[test]
fn arrays_and_tensors_look_as_without() {
    let array: Array2<f32> = array![[1.0, 2.0], [3.0, 4.0]];
    assert_as_plain(array.clone());
    assert_as_plain(array.to_shared());
    assert_as_plain(Tensor::from(array.clone()));
    assert_as_plain(Box::new(array.clone()));
    assert_as_plain(Arc::new(array));
    let cow = CowArray::<u8, Ix1>::from(array![1, 2]);
    let json = serde_json::to_string(&Field { x: cow.clone() }).unwrap();
    assert_eq!(json, serde_json::to_string(&Plain { x: cow.clone() }).unwrap());
    assert_eq!(serde_json::from_str::<Field<CowArray<'_, u8, Ix1>>>(&json).unwrap().x, cow);
}

#[test]
fn an_array_longer_than_serde_knows_is_a_tuple_all_the_same() {
    let field = Field { x: [1u8; 40] };
    // A tuple of 20 pairs is the same without lengths.
    let pairs = Plain { x: [(1u8, 1u8); 20] };
    assert_eq!(postcard::to_stdvec(&field).unwrap(), postcard::to_stdvec(&pairs).unwrap());
    let json = serde_json::to_string(&field).unwrap();
    assert_eq!(serde_json::from_str::<Field<[u8; 40]>>(&json).unwrap(), field);
    let error = serde_json::from_str::<Field<[u8; 41]>>(&json).unwrap_err().to_string();
    assert!(error.starts_with("invalid length 40, expected an array of length 41"), "{error}");
}

#[test]
fn a_slice_of_bytes_is_borrowed_as_serde_does() {
    let bytes: &[u8] = serde_json::from_str::<Field<&[u8]>>(r#"{"x": "ab"}"#).unwrap().x;
    assert_eq!(bytes, b"ab");
    let error = serde_json::from_str::<Field<&[f32]>>(r#"{"x": [1]}"#).unwrap_err().to_string();
    assert!(error.starts_with("a slice cannot be borrowed from this format"), "{error}");
}
