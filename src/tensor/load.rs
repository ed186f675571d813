//! [`FromTensor`], what a `#[tensor]` field is loaded by.

use ::serde::de::{self, Deserialize, Deserializer};

use super::{StoredTensor, Tensor};
use crate::Result;

/// A type whose values are loaded from tensors where a field is marked `#[tensor]`.
///
/// Types that borrow (`ArrayView<'a, E, D>`, `&'a [E]`, `TensorView<'a>`) need `'de: 'a`, and bytes
/// that outlive the value: those of [`from_bytes`](crate::from_bytes),
/// [`Checkpoint::load`](crate::Checkpoint::load) or [`Checkpoint::map`](crate::Checkpoint::map).
/// `CowArray<'a, E, D>` and `Cow<'a, [E]>` borrow where they can and copy where they cannot.
///
/// [`ToTensor`](crate::ToTensor) has an example.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be loaded from a tensor",
    label = "no tensor",
    note = "`#[tensor]` stands on ndarray arrays, scalars, `Vec<E>`, `Box<[E]>`, `[E; N]`, `Tensor`, `TensorView`, and an `Option` of these; other types implement `safejax::FromTensor`"
)]
pub trait FromTensor<'de>: Sized {
    /// The value of a tensor.
    ///
    /// # Errors
    ///
    /// When the dtype or the shape is another one.
    fn from_tensor(tensor: StoredTensor<'_, 'de>) -> Result<Self>;

    /// Loads the value from a format that is not safejax's: what
    /// [`ToTensor::serialize_elsewhere`](crate::ToTensor::serialize_elsewhere) saved.
    ///
    /// # Errors
    ///
    /// Those of the deserializer.
    fn deserialize_elsewhere<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let tensor = Tensor::deserialize(deserializer)?;
        Self::from_tensor(StoredTensor::of(&tensor)).map_err(de::Error::custom)
    }

    /// The value in a box, for a type that is too large for the stack.
    ///
    /// # Errors
    ///
    /// As [`from_tensor`](FromTensor::from_tensor).
    #[doc(hidden)]
    fn boxed_from_tensor(tensor: StoredTensor<'_, 'de>) -> Result<Box<Self>> {
        Self::from_tensor(tensor).map(Box::new)
    }
}
