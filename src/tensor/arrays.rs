//! `#[tensor]` fields that are ndarray arrays.

use ::serde::{Deserialize, Deserializer, Serialize, Serializer};
use ndarray::{ArcArray, Array, ArrayBase, ArrayView, CowArray, Data, Dimension, IxDyn};

use super::{CowTensor, FromTensor, StoredTensor, ToTensor};
use crate::{Element, ErrorKind, Result};

impl<S, D> ToTensor for ArrayBase<S, D>
where
    S: Data<Elem: Element + Serialize>,
    D: Dimension + Serialize,
{
    fn to_tensor(&self) -> Result<CowTensor<'_>> {
        Ok(CowTensor::from_array(self))
    }

    fn serialize_elsewhere<X: Serializer>(&self, serializer: X) -> std::result::Result<X::Ok, X::Error> {
        Serialize::serialize(self, serializer)
    }
}

/// Refuses another number of axes than `D` has.
fn expect_rank<D: Dimension>(tensor: &StoredTensor<'_, '_>) -> Result<()> {
    D::NDIM.map_or(Ok(()), |rank| tensor.expect_rank(rank))
}

fn owned<E: Element, D: Dimension>(tensor: &StoredTensor<'_, '_>) -> Result<Array<E, D>> {
    expect_rank::<D>(tensor)?;
    tensor.to_array()?.into_dimensionality().map_err(|_| tensor.wrong_shape("another number of axes"))
}

fn view<'de, E: Element, D: Dimension>(tensor: &StoredTensor<'_, 'de>) -> Result<ArrayView<'de, E, D>> {
    expect_rank::<D>(tensor)?;
    let array: ArrayView<'de, E, IxDyn> = tensor.borrow_array()?;
    array.into_dimensionality().map_err(|_| tensor.wrong_shape("another number of axes"))
}

impl<'de, E, D> FromTensor<'de> for Array<E, D>
where
    E: Element + Deserialize<'de>,
    D: Dimension + Deserialize<'de>,
{
    fn from_tensor(tensor: StoredTensor<'_, 'de>) -> Result<Self> {
        owned(&tensor)
    }

    fn deserialize_elsewhere<X: Deserializer<'de>>(deserializer: X) -> std::result::Result<Self, X::Error> {
        Self::deserialize(deserializer)
    }
}

impl<'de, E, D> FromTensor<'de> for ArcArray<E, D>
where
    E: Element + Deserialize<'de>,
    D: Dimension + Deserialize<'de>,
{
    fn from_tensor(tensor: StoredTensor<'_, 'de>) -> Result<Self> {
        Ok(owned::<E, D>(&tensor)?.into_shared())
    }

    fn deserialize_elsewhere<X: Deserializer<'de>>(deserializer: X) -> std::result::Result<Self, X::Error> {
        Self::deserialize(deserializer)
    }
}

impl<'de: 'a, 'a, E: Element, D: Dimension> FromTensor<'de> for ArrayView<'a, E, D> {
    fn from_tensor(tensor: StoredTensor<'_, 'de>) -> Result<Self> {
        view(&tensor)
    }
}

/// Borrowed where the bytes allow it, else a copy.
impl<'de: 'a, 'a, E, D> FromTensor<'de> for CowArray<'a, E, D>
where
    E: Element + Deserialize<'de>,
    D: Dimension + Deserialize<'de>,
{
    fn from_tensor(tensor: StoredTensor<'_, 'de>) -> Result<Self> {
        match view(&tensor) {
            Ok(view) => Ok(view.into()),
            Err(error) if matches!(error.kind(), ErrorKind::Borrow { .. } | ErrorKind::Dtype { .. }) => {
                owned(&tensor).map(Self::from)
            }
            Err(error) => Err(error),
        }
    }

    fn deserialize_elsewhere<X: Deserializer<'de>>(deserializer: X) -> std::result::Result<Self, X::Error> {
        Array::deserialize(deserializer).map(Self::from)
    }
}
