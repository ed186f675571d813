//! The types that a `#[tensor]` field may have.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod arrays;
mod elsewhere;
mod misuse;
mod pointers;
mod sequences;

use std::fmt::Debug;

use safejax::{Checkpoint, Dtype, Tensor};

/// A field that is saved under the key `x`.
#[derive(safejax::Serialize, safejax::Deserialize, Debug, PartialEq)]
#[serde(bound(serialize = "T: safejax::ToTensor", deserialize = "T: safejax::FromTensor<'de>"))]
pub(crate) struct Field<T> {
    #[tensor]
    pub(crate) x: T,
}

/// The tensor under the key `x`.
pub(crate) fn stored<T: safejax::ToTensor>(x: T) -> Tensor {
    let bytes = safejax::to_bytes(&Field { x }).unwrap();
    Checkpoint::from_bytes(&bytes).unwrap().tensor("x").unwrap()
}

/// A file with that tensor under the key `x`.
pub(crate) fn file(x: &Tensor) -> Vec<u8> {
    #[derive(serde::Serialize)]
    struct Plain<'a> {
        x: &'a Tensor,
    }
    safejax::to_bytes(&Plain { x }).unwrap()
}

/// A file with a tensor of that dtype and shape under the key `x`, whose bytes are 0.
pub(crate) fn zeros(dtype: Dtype, shape: &[usize]) -> Vec<u8> {
    file(&Tensor::new(dtype, shape.to_vec(), vec![0; dtype.byte_len(shape).unwrap()]).unwrap())
}

/// What the key `x` loads as.
pub(crate) fn load<T: for<'de> safejax::FromTensor<'de>>(bytes: &[u8]) -> safejax::Result<T> {
    safejax::from_bytes::<Field<T>>(bytes).map(|field| field.x)
}

/// Why the key `x` does not load as `T`.
pub(crate) fn refusal<T: for<'de> safejax::FromTensor<'de> + Debug>(bytes: &[u8]) -> String {
    load::<T>(bytes).unwrap_err().to_string()
}

/// Saves a value and loads it from the file again.
pub(crate) fn assert_round_trip<T>(x: T)
where
    T: safejax::ToTensor + for<'de> safejax::FromTensor<'de> + Debug + PartialEq,
{
    let field = Field { x };
    let bytes = safejax::to_bytes(&field).unwrap();
    assert_eq!(safejax::from_bytes::<Field<T>>(&bytes).unwrap(), field);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.safetensors");
    safejax::to_file(&path, &field).unwrap();
    assert_eq!(safejax::from_file::<Field<T>>(&path).unwrap(), field);
}
