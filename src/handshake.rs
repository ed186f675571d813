//! The names by which this crate's own types are known to its serializer and deserializer.
//!
//! serde hands over no types, but it does hand over `&'static str` names. `serde_json` passes its
//! `RawValue` and `arbitrary_precision` numbers in the same way. They are identifiers, as some formats
//! (RON) insist on that.

/// The struct name of a [`Tensor`](crate::Tensor): `{dtype, shape, data}`.
pub(crate) const TENSOR: &str = "__safejax_Tensor";

/// The struct name of a [`TensorView`](crate::TensorView), whose `data` must be borrowed.
pub(crate) const TENSOR_VIEW: &str = "__safejax_TensorView";

/// The newtype name around a [`Tree`](crate::Tree) that is being read.
pub(crate) const TREE: &str = "__safejax_Tree";

/// The newtype name around a string that is stored bare although it reads as a number: `NaN`,
/// or an integer beyond 64 bits, as a `Tree` holds them.
pub(crate) const BARE: &str = "__safejax_Bare";

/// The newtype name around a field that is saved as one leaf, whatever it could be.
pub(crate) const METADATA_FIELD: &str = "__safejax_MetadataField";

/// The fields of [`TENSOR`] and [`TENSOR_VIEW`].
pub(crate) const TENSOR_FIELDS: &[&str] = &["dtype", "shape", "data"];

/// The struct name and the fields of ndarray's own serde form.
pub(crate) const ARRAY: &str = "Array";
pub(crate) const ARRAY_FIELDS: &[&str] = &["v", "dim", "data"];

/// Whether these are the name and the fields of ndarray's own serde form.
#[inline]
pub(crate) fn is_array(name: &str, fields: &[&str]) -> bool {
    // Texts that are known when compiled are compared without a call.
    name == ARRAY && matches!(fields, ["v", "dim", "data"])
}
