//! A `#[tensor]` field on its way between the derived code and this crate's serializer or
//! deserializer.

use std::marker::PhantomData;

use super::CowTensor;
use crate::spec::TensorSpec;

/// A `#[tensor]` field that is to be saved.
pub(crate) struct Saved<'a> {
    pub(crate) spec: &'static TensorSpec,
    pub(crate) tensor: CowTensor<'a>,
}

/// The wish for a `#[tensor]` field.
pub(crate) struct Request<T> {
    pub(crate) spec: &'static TensorSpec,
    pub(crate) field: PhantomData<T>,
}
