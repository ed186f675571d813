//! `#[tensor]` fields that are scalars, slices, `Vec`s, arrays, and tensors themselves.

use ::serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{CowTensor, FromTensor, StoredTensor, Tensor, TensorView, ToTensor};
use crate::{Element, Result};

// The lead has left these to be completed: Box<[E]>, [E; N], nested arrays, scalars, &[E], Box<T>, &T, Cow.

impl<E: Element + Serialize> ToTensor for Vec<E> {
    fn to_tensor(&self) -> Result<CowTensor<'_>> {
        Ok(ndarray::ArrayView1::from(self.as_slice()).into())
    }

    fn serialize_elsewhere<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }
}

impl<'de, E: Element + Deserialize<'de>> FromTensor<'de> for Vec<E> {
    fn from_tensor(tensor: StoredTensor<'_, 'de>) -> Result<Self> {
        tensor.expect_rank(1)?;
        tensor.to_vec()
    }

    fn deserialize_elsewhere<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }
}

impl ToTensor for Tensor {
    fn to_tensor(&self) -> Result<CowTensor<'_>> {
        Ok(self.view().into())
    }
}

impl<'de> FromTensor<'de> for Tensor {
    fn from_tensor(tensor: StoredTensor<'_, 'de>) -> Result<Self> {
        tensor.to_tensor()
    }
}

impl ToTensor for TensorView<'_> {
    fn to_tensor(&self) -> Result<CowTensor<'_>> {
        Ok(self.clone().into())
    }
}

impl<'de: 'a, 'a> FromTensor<'de> for TensorView<'a> {
    fn from_tensor(tensor: StoredTensor<'_, 'de>) -> Result<Self> {
        tensor.to_view()
    }
}
