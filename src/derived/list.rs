//! `#[tensor]` on a list of tensors: each item is one tensor.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use super::{LoadField, SaveField, StdResult, TensorField};
use crate::Result;
use crate::spec::TensorSpec;

/// A `#[tensor]` field that is a list of tensors, for serde's `with`.
pub struct AsList<F>(PhantomData<F>);

impl<F: TensorField> AsList<F> {
    pub fn serialize<T: SaveList, S: Serializer>(value: &T, serializer: S) -> StdResult<S::Ok, S::Error> {
        value.save_each(F::SPEC, serializer)
    }

    pub fn deserialize<'de, T: LoadList<'de>, D: Deserializer<'de>>(deserializer: D) -> StdResult<T, D::Error> {
        T::load_each(F::SPEC, deserializer)
    }
}

/// A list of tensors that is saved, or an option of one.
pub trait SaveList {
    type Item: SaveField;

    fn items(&self) -> Option<&[Self::Item]>;

    fn save_each<S: Serializer>(&self, spec: &'static TensorSpec, serializer: S) -> StdResult<S::Ok, S::Error>;

    /// The shape of each tensor that is there.
    fn shapes(&self) -> Result<Vec<Vec<usize>>> {
        self.items().unwrap_or_default().iter().filter_map(|item| item.shape().transpose()).collect()
    }
}

impl<T: SaveField> SaveList for Vec<T> {
    type Item = T;

    fn items(&self) -> Option<&[T]> {
        Some(self)
    }

    fn save_each<S: Serializer>(&self, spec: &'static TensorSpec, serializer: S) -> StdResult<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(|value| Item { spec, value }))
    }
}

impl<T: SaveField> SaveList for Option<Vec<T>> {
    type Item = T;

    fn items(&self) -> Option<&[T]> {
        self.as_deref()
    }

    fn save_each<S: Serializer>(&self, spec: &'static TensorSpec, serializer: S) -> StdResult<S::Ok, S::Error> {
        struct All<'a, T>(&'static TensorSpec, &'a Vec<T>);
        impl<T: SaveField> Serialize for All<'_, T> {
            fn serialize<S: Serializer>(&self, serializer: S) -> StdResult<S::Ok, S::Error> {
                self.1.save_each(self.0, serializer)
            }
        }
        match self {
            Some(all) => serializer.serialize_some(&All(spec, all)),
            None => serializer.serialize_none(),
        }
    }
}

/// One tensor of a list.
struct Item<'a, T> {
    spec: &'static TensorSpec,
    value: &'a T,
}

impl<T: SaveField> Serialize for Item<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> StdResult<S::Ok, S::Error> {
        self.value.save(self.spec, serializer)
    }
}

/// A list of tensors that is loaded, or an option of one.
pub trait LoadList<'de>: Sized {
    fn load_each<D: Deserializer<'de>>(spec: &'static TensorSpec, deserializer: D) -> StdResult<Self, D::Error>;
}

impl<'de, T: LoadField<'de>> LoadList<'de> for Vec<T> {
    fn load_each<D: Deserializer<'de>>(spec: &'static TensorSpec, deserializer: D) -> StdResult<Self, D::Error> {
        deserializer.deserialize_seq(All { spec, items: PhantomData })
    }
}

impl<'de, T: LoadField<'de>> LoadList<'de> for Option<Vec<T>> {
    fn load_each<D: Deserializer<'de>>(spec: &'static TensorSpec, deserializer: D) -> StdResult<Self, D::Error> {
        deserializer.deserialize_option(Maybe(All { spec, items: PhantomData }))
    }
}

/// The wish for each tensor of a list.
struct All<T> {
    spec: &'static TensorSpec,
    items: PhantomData<T>,
}

impl<'de, T: LoadField<'de>> Visitor<'de> for All<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of tensors")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> StdResult<Vec<T>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(One { spec: self.spec, item: PhantomData })? {
            items.push(item);
        }
        Ok(items)
    }
}

/// The wish for one tensor of a list.
struct One<T> {
    spec: &'static TensorSpec,
    item: PhantomData<T>,
}

impl<'de, T: LoadField<'de>> DeserializeSeed<'de> for One<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> StdResult<T, D::Error> {
        T::load(self.spec, deserializer)
    }
}

/// A list of tensors, or none.
struct Maybe<T>(All<T>);

impl<'de, T: LoadField<'de>> Visitor<'de> for Maybe<T> {
    type Value = Option<Vec<T>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of tensors or none")
    }

    fn visit_none<E>(self) -> StdResult<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> StdResult<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> StdResult<Self::Value, D::Error> {
        deserializer.deserialize_seq(self.0).map(Some)
    }
}
