//! `#[tensor]` fields that are scalars, slices, `Vec`s, and arrays, nested to any depth.

use std::any::TypeId;
use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use ::serde::de::{self, Deserialize, Deserializer};
use ::serde::{Serialize, Serializer};

use super::row::{deserialize_rows, serialize_rows};
use super::{CowTensor, FromTensor, Row, StoredTensor, TensorView, ToTensor};
use crate::element::for_each_element;
use crate::{Element, Result, memory};

macro_rules! scalars {
    ($(($element:ty, $kind:ident, $dtype:ident))*) => { $(
        /// A tensor without axes.
        impl ToTensor for $element {
            fn to_tensor(&self) -> Result<CowTensor<'_>> {
                row_to_tensor(self)
            }

            fn serialize_elsewhere<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                self.serialize(serializer)
            }
        }

        /// A tensor without axes.
        impl<'de> FromTensor<'de> for $element {
            fn from_tensor(tensor: StoredTensor<'_, 'de>) -> Result<Self> {
                tensor.to_row()
            }

            fn deserialize_elsewhere<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
                Self::deserialize(deserializer)
            }
        }
    )* };
}
for_each_element!(scalars);

/// One value: an element or an array.
fn row_to_tensor<R: Row>(row: &R) -> Result<CowTensor<'_>> {
    let mut shape = Vec::new();
    R::push_shape(&mut shape);
    let elements = R::elements_of(std::slice::from_ref(row));
    TensorView::new(R::Element::DTYPE, shape, memory::bytes_of(elements)).map(CowTensor::from)
}

fn rows_to_tensor<R: Row>(rows: &[R]) -> Result<CowTensor<'_>> {
    let mut shape = vec![rows.len()];
    R::push_shape(&mut shape);
    TensorView::new(R::Element::DTYPE, shape, memory::bytes_of(R::elements_of(rows))).map(CowTensor::from)
}

impl<R: Row, const N: usize> ToTensor for [R; N] {
    fn to_tensor(&self) -> Result<CowTensor<'_>> {
        row_to_tensor(self)
    }

    fn serialize_elsewhere<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        self.serialize_row(serializer)
    }
}

impl<'de, R: Row, const N: usize> FromTensor<'de> for [R; N] {
    fn from_tensor(tensor: StoredTensor<'_, 'de>) -> Result<Self> {
        tensor.to_row()
    }

    fn deserialize_elsewhere<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Self::deserialize_row(deserializer)
    }

    fn boxed_from_tensor(tensor: StoredTensor<'_, 'de>) -> Result<Box<Self>> {
        let rows: Box<[R]> = tensor.to_rows()?.into_boxed_slice();
        rows.try_into().map_err(|_| tensor.wrong_shape(&format!("a tensor whose first axis is {N} long")))
    }
}

impl<R: Row> ToTensor for [R] {
    fn to_tensor(&self) -> Result<CowTensor<'_>> {
        rows_to_tensor(self)
    }

    fn serialize_elsewhere<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serialize_rows(self, serializer)
    }
}

impl<R: Row> ToTensor for Vec<R> {
    fn to_tensor(&self) -> Result<CowTensor<'_>> {
        rows_to_tensor(self)
    }

    fn serialize_elsewhere<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serialize_rows(self, serializer)
    }
}

impl<'de, R: Row> FromTensor<'de> for Vec<R> {
    fn from_tensor(tensor: StoredTensor<'_, 'de>) -> Result<Self> {
        tensor.to_rows()
    }

    fn deserialize_elsewhere<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserialize_rows(deserializer)
    }
}

macro_rules! slices_of_their_own {
    ($($pointer:ident)*) => { $(
        impl<'de, R: Row> FromTensor<'de> for $pointer<[R]> {
            fn from_tensor(tensor: StoredTensor<'_, 'de>) -> Result<Self> {
                tensor.to_rows().map(Self::from)
            }

            fn deserialize_elsewhere<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
                deserialize_rows(deserializer).map(Self::from)
            }
        }
    )* };
}
slices_of_their_own! { Box Rc Arc }

/// The elements in the file, which stay there.
impl<'de: 'a, 'a, R: Row> FromTensor<'de> for &'a [R] {
    fn from_tensor(tensor: StoredTensor<'_, 'de>) -> Result<Self> {
        tensor.borrow_rows()
    }

    fn deserialize_elsewhere<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        // serde knows one slice of elements that can be borrowed.
        if TypeId::of::<R>() == TypeId::of::<u8>() {
            let bytes = <&'de [u8]>::deserialize(deserializer)?;
            return memory::borrow_values(bytes, bytes.len()).map_err(de::Error::custom);
        }
        Err(de::Error::custom("a slice cannot be borrowed from this format: use Vec or Cow"))
    }
}

/// The elements in the file, which stay there.
impl<'de: 'a, 'a, R: Row, const N: usize> FromTensor<'de> for &'a [R; N] {
    fn from_tensor(tensor: StoredTensor<'_, 'de>) -> Result<Self> {
        tensor.borrow_row()
    }

    fn deserialize_elsewhere<D: Deserializer<'de>>(_: D) -> std::result::Result<Self, D::Error> {
        Err(de::Error::custom("an array cannot be borrowed from this format: use an owned one"))
    }
}

/// Borrowed from the file where that is possible, else a copy.
impl<'de: 'a, 'a, R: Row> FromTensor<'de> for Cow<'a, [R]> {
    fn from_tensor(tensor: StoredTensor<'_, 'de>) -> Result<Self> {
        tensor.to_cow_rows()
    }

    fn deserialize_elsewhere<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserialize_rows(deserializer).map(Cow::Owned)
    }
}
