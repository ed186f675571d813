//! What the code that the derives write calls: the way from a field's attributes to the tensor in the
//! file, and the agreement of shapes.

// The code that the derives write is the only reader.
#![allow(missing_docs)]

mod list;

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{self, Serialize, Serializer};

use crate::de::value::Value;
use crate::ser::walker::Walker;
use crate::spec::{Extent, TensorSpec, TypeSpec};
use crate::tensor::{CowTensor, FromTensor, Request, Saved, StoredTensor, Tensor, ToTensor};
use crate::{Error, Result, handshake, memory};

pub use list::AsList;
use list::SaveList;

type StdResult<T, E> = std::result::Result<T, E>;

/// Tells a serializer of a type whose fields come next, if it is this crate's.
///
/// # Errors
///
/// When serde stands between the type and this crate's serializer, as it does for `flatten` and for
/// the payload of an internally tagged enum, and the type needs to be known.
pub fn announce_save<S: Serializer>(serializer: &mut S, spec: &'static TypeSpec) -> StdResult<(), S::Error> {
    let told = memory::announce::<&mut Walker<'_>, S>(serializer, spec)
        .or_else(|spec| memory::announce::<crate::Serializer, S>(serializer, spec));
    if told.is_ok() || !is_ours::<S::Error>() || !spec.is_telling() {
        return Ok(());
    }
    Err(ser::Error::custom(format!(
        "{} has names of its own for a framework, which are lost where serde takes it apart: it cannot be flattened, \
         nor the payload of an internally tagged enum",
        spec.name
    )))
}

/// Tells a deserializer of the type that is asked of it next, if it is this crate's.
pub fn announce_load<'de, D: Deserializer<'de>>(deserializer: &mut D, spec: &'static TypeSpec) {
    // Elsewhere nobody needs to know.
    let _ = memory::announce::<Value<'_, '_, 'de>, D>(deserializer, spec)
        .or_else(|spec| memory::announce::<crate::Deserializer<'de>, D>(deserializer, spec))
        .or_else(|spec| memory::announce::<&crate::Deserializer<'de>, D>(deserializer, spec))
        .or_else(|spec| memory::announce::<&mut crate::Deserializer<'de>, D>(deserializer, spec));
}

/// Whether an error, and so the format whose it is, is this crate's.
fn is_ours<E>() -> bool {
    typeid::of::<E>() == typeid::of::<Error>()
}

/// An error of this crate as one of a format, which may be the same.
fn into_save_error<E: ser::Error>(error: Error) -> E {
    memory::same(error).unwrap_or_else(E::custom)
}

fn into_load_error<E: de::Error>(error: Error) -> E {
    memory::same(error).unwrap_or_else(E::custom)
}

/// A `#[tensor]` field as its type describes it, for serde's `with`.
pub struct As<F>(PhantomData<F>);

/// A type that stands for one `#[tensor]` field.
pub trait TensorField {
    /// What its attributes say.
    const SPEC: &'static TensorSpec;
}

impl<F: TensorField> As<F> {
    pub fn serialize<T: ?Sized + SaveField, S: Serializer>(value: &T, serializer: S) -> StdResult<S::Ok, S::Error> {
        value.save(F::SPEC, serializer)
    }

    pub fn deserialize<'de, T: LoadField<'de>, D: Deserializer<'de>>(deserializer: D) -> StdResult<T, D::Error> {
        T::load(F::SPEC, deserializer)
    }
}

/// A `#[tensor]` field whose type is known, so that a type that is no tensor is told of by name.
pub fn save_tensor<T: ?Sized + ToTensor, S: Serializer>(
    spec: &'static TensorSpec,
    value: &T,
    serializer: S,
) -> StdResult<S::Ok, S::Error> {
    value.save(spec, serializer)
}

pub fn save_option<T: ToTensor, S: Serializer>(
    spec: &'static TensorSpec,
    value: &Option<T>,
    serializer: S,
) -> StdResult<S::Ok, S::Error> {
    value.save(spec, serializer)
}

pub fn load_tensor<'de, T: FromTensor<'de>, D: Deserializer<'de>>(
    spec: &'static TensorSpec,
    deserializer: D,
) -> StdResult<T, D::Error> {
    T::load(spec, deserializer)
}

pub fn load_option<'de, T: FromTensor<'de>, D: Deserializer<'de>>(
    spec: &'static TensorSpec,
    deserializer: D,
) -> StdResult<Option<T>, D::Error> {
    LoadField::load(spec, deserializer)
}

/// What `#[tensor]` may stand on when saving: tensors, and options of them.
#[diagnostic::on_unimplemented(message = "`{Self}` cannot be saved as a tensor", label = "no tensor")]
pub trait SaveField {
    fn save<S: Serializer>(&self, spec: &'static TensorSpec, serializer: S) -> StdResult<S::Ok, S::Error>;

    /// The shape in memory, if a tensor is there.
    fn shape(&self) -> Result<Option<Vec<usize>>>;
}

impl<T: ?Sized + ToTensor> SaveField for T {
    fn save<S: Serializer>(&self, spec: &'static TensorSpec, serializer: S) -> StdResult<S::Ok, S::Error> {
        if !is_ours::<S::Error>() {
            return self.serialize_elsewhere(serializer);
        }
        let tensor = self.to_tensor().map_err(into_save_error)?;
        accept(serializer, Saved { spec, tensor })
    }

    fn shape(&self) -> Result<Option<Vec<usize>>> {
        Ok(Some(self.to_tensor()?.shape().to_vec()))
    }
}

impl<T: ToTensor> SaveField for Option<T> {
    fn save<S: Serializer>(&self, spec: &'static TensorSpec, serializer: S) -> StdResult<S::Ok, S::Error> {
        struct Elsewhere<'a, T>(&'a T);
        impl<T: ToTensor> Serialize for Elsewhere<'_, T> {
            fn serialize<S: Serializer>(&self, serializer: S) -> StdResult<S::Ok, S::Error> {
                self.0.serialize_elsewhere(serializer)
            }
        }
        match self {
            None => serializer.serialize_none(),
            Some(value) if is_ours::<S::Error>() => value.save(spec, serializer),
            Some(value) => serializer.serialize_some(&Elsewhere(value)),
        }
    }

    fn shape(&self) -> Result<Option<Vec<usize>>> {
        self.as_ref().map_or(Ok(None), SaveField::shape)
    }
}

/// Hands a tensor to this crate's serializer, which may stand behind another one.
fn accept<S: Serializer>(serializer: S, saved: Saved<'_>) -> StdResult<S::Ok, S::Error> {
    let (serializer, saved) = match memory::accept::<&mut Walker<'_>, _, S>(serializer, saved) {
        Ok(accepted) => return returned(accepted),
        Err(other) => other,
    };
    match memory::accept::<crate::Serializer, _, S>(serializer, saved) {
        Ok(accepted) => returned(accepted),
        Err((serializer, Saved { spec, tensor })) => {
            // It goes as a `Tensor` does.
            let stored = tensor.stored(spec).and_then(CowTensor::into_tensor).map_err(into_save_error)?;
            stored.serialize(serializer)
        }
    }
}

/// What this crate's serializer returned, as the serializer that it was known to be returns it.
fn returned<T: memory::WithoutLifetime, Ok, E: ser::Error>(accepted: Result<T>) -> StdResult<Ok, E> {
    let value = accepted.map_err(into_save_error)?;
    memory::same(value).map_err(|_| E::custom("a serializer of another kind than it was known to be"))
}

/// What `#[tensor]` may stand on when loading: tensors, and options of them.
#[diagnostic::on_unimplemented(message = "`{Self}` cannot be loaded from a tensor", label = "no tensor")]
pub trait LoadField<'de>: Sized {
    fn load<D: Deserializer<'de>>(spec: &'static TensorSpec, deserializer: D) -> StdResult<Self, D::Error>;
}

impl<'de, T: FromTensor<'de>> LoadField<'de> for T {
    fn load<D: Deserializer<'de>>(spec: &'static TensorSpec, deserializer: D) -> StdResult<Self, D::Error> {
        let request = Request { spec, field: PhantomData::<T> };
        match memory::give::<Value<'de, 'de, 'de>, _, D>(deserializer, request) {
            Ok(loaded) => loaded.map_err(into_load_error),
            Err((deserializer, _)) if is_ours::<D::Error>() => {
                let tensor = Tensor::deserialize(deserializer)?;
                let stored = StoredTensor::of(&tensor).in_memory(spec, None);
                stored.and_then(T::from_tensor).map_err(into_load_error)
            }
            Err((deserializer, _)) => T::deserialize_elsewhere(deserializer),
        }
    }
}

impl<'de, T: FromTensor<'de>> LoadField<'de> for Option<T> {
    fn load<D: Deserializer<'de>>(spec: &'static TensorSpec, deserializer: D) -> StdResult<Self, D::Error> {
        struct Present<T>(&'static TensorSpec, PhantomData<T>);
        impl<'de, T: FromTensor<'de>> Visitor<'de> for Present<T> {
            type Value = Option<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a tensor or none")
            }

            fn visit_none<E>(self) -> StdResult<Self::Value, E> {
                Ok(None)
            }

            fn visit_unit<E>(self) -> StdResult<Self::Value, E> {
                Ok(None)
            }

            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> StdResult<Self::Value, D::Error> {
                T::load(self.0, deserializer).map(Some)
            }
        }
        deserializer.deserialize_option(Present(spec, PhantomData))
    }
}

/// A field that is one leaf, even if it could be a tensor; for serde's `with`.
pub struct AsMetadata;

impl AsMetadata {
    pub fn serialize<T: ?Sized + Serialize, S: Serializer>(value: &T, serializer: S) -> StdResult<S::Ok, S::Error> {
        if is_ours::<S::Error>() {
            return serializer.serialize_newtype_struct(handshake::METADATA_FIELD, value);
        }
        value.serialize(serializer)
    }

    pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> StdResult<T, D::Error> {
        T::deserialize(deserializer)
    }
}

/// The agreement of the shapes of a struct with their `shape(…)`, names included.
#[derive(Default)]
pub struct Shapes {
    /// What each name stands for, and the field that says so.
    named: BTreeMap<&'static str, (usize, &'static str)>,
}

impl Shapes {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field of a value that is to be saved.
    pub fn save<T: ?Sized + SaveField, E: ser::Error>(&mut self, spec: &TensorSpec, value: &T) -> StdResult<(), E> {
        self.add(spec, value).map_err(into_save_error)
    }

    /// Adds a field of a value that was loaded.
    pub fn load<T: ?Sized + SaveField, E: de::Error>(&mut self, spec: &TensorSpec, value: &T) -> StdResult<(), E> {
        self.add(spec, value).map_err(into_load_error)
    }

    /// Adds the tensors of a list that is to be saved.
    pub fn save_list<T: SaveList, E: ser::Error>(&mut self, spec: &TensorSpec, value: &T) -> StdResult<(), E> {
        self.add_list(spec, value).map_err(into_save_error)
    }

    /// Adds the tensors of a list that was loaded.
    pub fn load_list<T: SaveList, E: de::Error>(&mut self, spec: &TensorSpec, value: &T) -> StdResult<(), E> {
        self.add_list(spec, value).map_err(into_load_error)
    }

    fn add_list<T: SaveList>(&mut self, spec: &TensorSpec, value: &T) -> Result<()> {
        value.shapes()?.into_iter().try_for_each(|shape| self.add_shape(spec, shape))
    }

    fn add<T: ?Sized + SaveField>(&mut self, spec: &TensorSpec, value: &T) -> Result<()> {
        value.shape()?.map_or(Ok(()), |shape| self.add_shape(spec, shape))
    }

    fn add_shape(&mut self, spec: &TensorSpec, shape: Vec<usize>) -> Result<()> {
        let Some(expected) = spec.shape else { return Ok(()) };
        spec.check_shape(&shape)?;
        for (extent, &len) in expected.iter().zip(&shape) {
            let Extent::Named(name) = *extent else { continue };
            let (known, field) = *self.named.entry(name).or_insert((len, spec.field));
            if known != len {
                let expected = format!("`{name}` of `{}` to be {known}, as in `{field}`", spec.field);
                return Err(Error::new(crate::ErrorKind::Shape { expected, found: shape }));
            }
        }
        Ok(())
    }
}
