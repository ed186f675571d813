//! [`ToTensor`], what a `#[tensor]` field is saved by.

use ::serde::{Serialize, Serializer, ser};

use super::CowTensor;
use crate::Result;

/// A type whose values are saved as tensors where a field is marked `#[tensor]`.
///
/// Implemented for ndarray's arrays, scalars (0-d), slices, `Vec<E>`, `Box<[E]>`, `[E; N]` and
/// arrays nested in these (`Vec<[[f32; 3]; 3]>` has three axes), [`Tensor`](crate::Tensor) and
/// [`TensorView`](crate::TensorView), for `&T`, `Box<T>`, `Rc<T>`, `Arc<T>` and `Cow<T>` of all these,
/// and with features of those names for the matrices of nalgebra and the tensors of candle.
///
/// # Examples
///
/// A type of one's own, here a diagonal matrix that is stored as its diagonal:
///
/// ```
/// use safejax::{CowTensor, FromTensor, Result, StoredTensor, ToTensor};
///
/// #[derive(Debug, PartialEq)]
/// struct Diagonal(Vec<f32>);
///
/// impl ToTensor for Diagonal {
///     fn to_tensor(&self) -> Result<CowTensor<'_>> {
///         self.0.to_tensor()
///     }
/// }
///
/// impl<'de> FromTensor<'de> for Diagonal {
///     fn from_tensor(tensor: StoredTensor<'_, 'de>) -> Result<Self> {
///         Ok(Self(FromTensor::from_tensor(tensor)?))
///     }
/// }
///
/// #[derive(safejax::Serialize, safejax::Deserialize)]
/// struct Scale {
///     #[tensor]
///     weight: Diagonal,
/// }
///
/// let bytes = safejax::to_bytes(&Scale { weight: Diagonal(vec![1.0, 2.0]) })?;
/// let scale: Scale = safejax::from_bytes(&bytes)?;
/// assert_eq!(scale.weight, Diagonal(vec![1.0, 2.0]));
/// # Ok::<(), safejax::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be saved as a tensor",
    label = "no tensor",
    note = "`#[tensor]` stands on ndarray arrays, scalars, `Vec<E>`, `Box<[E]>`, `[E; N]`, `Tensor`, `TensorView`, and an `Option` of these; other types implement `safejax::ToTensor`"
)]
pub trait ToTensor {
    /// The value as a tensor, borrowed where it can be.
    ///
    /// Saving asks twice: first for the dtype and the shape, then for the elements as well. A tensor
    /// that has to be computed is best [deferred](CowTensor::deferred).
    ///
    /// # Errors
    ///
    /// When the value cannot be a tensor.
    fn to_tensor(&self) -> Result<CowTensor<'_>>;

    /// Saves the value in a format that is not safejax's, as `{dtype, shape, data}` unless said
    /// otherwise.
    ///
    /// A type that implements `serde::Serialize` as well says `Serialize::serialize(self, serializer)`
    /// here, and so looks the same with and without `#[tensor]`.
    ///
    /// # Errors
    ///
    /// Those of the serializer.
    fn serialize_elsewhere<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let tensor = self.to_tensor().and_then(CowTensor::into_tensor).map_err(ser::Error::custom)?;
        tensor.serialize(serializer)
    }
}
