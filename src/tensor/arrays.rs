//! `#[tensor]` fields that are ndarray arrays.

use ::serde::de::{self, Deserialize, Deserializer};
use ::serde::{Serialize, Serializer};
use ndarray::{ArcArray, Array, ArrayBase, ArrayView, CowArray, Data, Dimension, IxDyn};

use super::{CowTensor, FromTensor, StoredTensor, ToTensor};
use crate::{Element, Result};

impl<S, D> ToTensor for ArrayBase<S, D>
where
    S: Data<Elem: Element>,
    D: Dimension + Serialize,
{
    fn to_tensor(&self) -> Result<CowTensor<'_>> {
        Ok(CowTensor::from_array(self))
    }

    fn serialize_elsewhere<X: Serializer>(&self, serializer: X) -> std::result::Result<X::Ok, X::Error> {
        self.serialize(serializer)
    }
}

/// Refuses another number of axes than `D` has.
fn expect_rank<D: Dimension>(tensor: &StoredTensor<'_, '_>) -> Result<()> {
    D::NDIM.map_or(Ok(()), |rank| tensor.expect_rank(rank))
}

/// An array of as many axes as `D` has.
fn of_rank<S, D>(tensor: &StoredTensor<'_, '_>, array: ArrayBase<S, IxDyn>) -> Result<ArrayBase<S, D>>
where
    S: Data,
    D: Dimension,
{
    array.into_dimensionality().map_err(|_| tensor.wrong_shape("another number of axes"))
}

fn owned<E: Element, D: Dimension>(tensor: &StoredTensor<'_, '_>) -> Result<Array<E, D>> {
    expect_rank::<D>(tensor)?;
    of_rank(tensor, tensor.to_array()?)
}

impl<'de, E, D> FromTensor<'de> for Array<E, D>
where
    E: Element,
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
    E: Element,
    D: Dimension + Deserialize<'de>,
{
    fn from_tensor(tensor: StoredTensor<'_, 'de>) -> Result<Self> {
        Ok(owned::<E, D>(&tensor)?.into_shared())
    }

    fn deserialize_elsewhere<X: Deserializer<'de>>(deserializer: X) -> std::result::Result<Self, X::Error> {
        Self::deserialize(deserializer)
    }
}

/// The elements in the file, which stay there.
impl<'de: 'a, 'a, E: Element, D: Dimension> FromTensor<'de> for ArrayView<'a, E, D> {
    fn from_tensor(tensor: StoredTensor<'_, 'de>) -> Result<Self> {
        expect_rank::<D>(&tensor)?;
        of_rank(&tensor, tensor.borrow_array()?)
    }

    fn deserialize_elsewhere<X: Deserializer<'de>>(_: X) -> std::result::Result<Self, X::Error> {
        Err(de::Error::custom("an array view cannot be borrowed from this format: use Array or CowArray"))
    }
}

/// Borrowed from the file where that is possible, else a copy.
impl<'de: 'a, 'a, E, D> FromTensor<'de> for CowArray<'a, E, D>
where
    E: Element,
    D: Dimension + Deserialize<'de>,
{
    fn from_tensor(tensor: StoredTensor<'_, 'de>) -> Result<Self> {
        expect_rank::<D>(&tensor)?;
        of_rank(&tensor, tensor.to_cow_array()?)
    }

    fn deserialize_elsewhere<X: Deserializer<'de>>(deserializer: X) -> std::result::Result<Self, X::Error> {
        Array::deserialize(deserializer).map(Self::from)
    }
}
