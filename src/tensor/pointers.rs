//! `#[tensor]` fields behind a pointer: the same tensor as without.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use ::serde::{Deserializer, Serializer};

use super::{CowTensor, FromTensor, StoredTensor, ToTensor};
use crate::Result;

macro_rules! pointers {
    ($([$($bound:tt)*] $pointer:ty;)*) => { $(
        impl<$($bound)*> ToTensor for $pointer {
            fn to_tensor(&self) -> Result<CowTensor<'_>> {
                (**self).to_tensor()
            }

            fn serialize_elsewhere<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                (**self).serialize_elsewhere(serializer)
            }
        }
    )* };
}
pointers! {
    [T: ?Sized + ToTensor] &T;
    [T: ?Sized + ToTensor] &mut T;
    [T: ?Sized + ToTensor] Box<T>;
    [T: ?Sized + ToTensor] Rc<T>;
    [T: ?Sized + ToTensor] Arc<T>;
    [T: ?Sized + ToTensor + ToOwned] Cow<'_, T>;
}

macro_rules! owners {
    ($($pointer:ident)*) => { $(
        impl<'de, T: FromTensor<'de>> FromTensor<'de> for $pointer<T> {
            fn from_tensor(tensor: StoredTensor<'_, 'de>) -> Result<Self> {
                T::boxed_from_tensor(tensor).map(Self::from)
            }

            fn deserialize_elsewhere<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
                T::deserialize_elsewhere(deserializer).map(Self::new)
            }
        }
    )* };
}
owners! { Box Rc Arc }
