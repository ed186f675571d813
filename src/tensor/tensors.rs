//! `#[tensor]` fields that are a [`Tensor`] or a [`TensorView`]: any dtype, kept as it is.

use ::serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{CowTensor, FromTensor, StoredTensor, Tensor, TensorView, ToTensor};
use crate::Result;

impl ToTensor for Tensor {
    fn to_tensor(&self) -> Result<CowTensor<'_>> {
        Ok(self.into())
    }

    fn serialize_elsewhere<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }
}

impl<'de> FromTensor<'de> for Tensor {
    fn from_tensor(tensor: StoredTensor<'_, 'de>) -> Result<Self> {
        tensor.to_tensor()
    }

    fn deserialize_elsewhere<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }
}

impl ToTensor for TensorView<'_> {
    fn to_tensor(&self) -> Result<CowTensor<'_>> {
        Ok(self.clone().into())
    }

    fn serialize_elsewhere<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }
}

impl<'de: 'a, 'a> FromTensor<'de> for TensorView<'a> {
    fn from_tensor(tensor: StoredTensor<'_, 'de>) -> Result<Self> {
        tensor.to_view()
    }

    fn deserialize_elsewhere<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Self::deserialize(deserializer)
    }
}
