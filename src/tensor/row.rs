//! [`Row`], what repeats along the first axis of nested arrays.

use std::fmt;
use std::marker::PhantomData;

use ::serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use ::serde::ser::{Serialize, SerializeTuple, Serializer};

use crate::memory::{self, Scalar};
use crate::{Element, Result};

/// What a `#[tensor]` sequence is made of: an [`Element`], or an array of `Row`s.
///
/// `Vec<R>`, `Box<[R]>`, `[R]` and `[R; N]` are tensors of one axis more than `R` has. It cannot be
/// implemented elsewhere: a row's bytes are copied as they stand.
///
/// # Examples
///
/// ```
/// use safejax::ToTensor;
///
/// let points: Vec<[f32; 3]> = vec![[0.0, 0.5, 1.0], [2.0, 2.5, 3.0]];
/// assert_eq!(points.to_tensor()?.shape(), [2, 3]);
/// # Ok::<(), safejax::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no element of a tensor, nor an array of such",
    label = "no element",
    note = "the elements of a tensor are `bool`, the integers up to 64 bits, `f32`, `f64`, `half::f16`, `half::bf16` and `num_complex::Complex<f32>`"
)]
pub trait Row: Scalar {
    /// What it is made of in the end.
    type Element: Element;

    /// Appends the length of each of its axes.
    #[doc(hidden)]
    fn push_shape(shape: &mut Vec<usize>);

    /// The elements of rows that lie one after the other.
    #[doc(hidden)]
    fn elements_of(rows: &[Self]) -> &[Self::Element];

    /// The elements as `count` rows.
    #[doc(hidden)]
    fn of_elements(elements: Vec<Self::Element>, count: usize) -> Result<Vec<Self>>;

    /// As serde does, for arrays of any length.
    #[doc(hidden)]
    fn serialize_row<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error>;

    /// As serde does, for arrays of any length.
    #[doc(hidden)]
    fn deserialize_row<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error>;
}

impl<E: Element> Row for E {
    type Element = E;

    fn push_shape(_: &mut Vec<usize>) {}

    fn elements_of(rows: &[E]) -> &[E] {
        rows
    }

    fn of_elements(elements: Vec<E>, _: usize) -> Result<Vec<E>> {
        Ok(elements)
    }

    fn serialize_row<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }

    fn deserialize_row<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<E, D::Error> {
        E::deserialize(deserializer)
    }
}

impl<R: Row, const N: usize> Row for [R; N] {
    type Element = R::Element;

    fn push_shape(shape: &mut Vec<usize>) {
        shape.push(N);
        R::push_shape(shape);
    }

    fn elements_of(rows: &[Self]) -> &[R::Element] {
        // Rows without elements may be more than can be counted.
        if size_of::<Self>() == 0 { &[] } else { R::elements_of(rows.as_flattened()) }
    }

    fn of_elements(elements: Vec<R::Element>, count: usize) -> Result<Vec<Self>> {
        memory::read_vec(count, |region| memory::copy_into(region, memory::bytes_of(&elements)))
    }

    fn serialize_row<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(N)?;
        for row in self {
            tuple.serialize_element(&Borrowed(row))?;
        }
        tuple.end()
    }

    fn deserialize_row<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Rows<R, const N: usize>(PhantomData<R>);
        impl<'de, R: Row, const N: usize> Visitor<'de> for Rows<R, N> {
            type Value = [R; N];

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "an array of length {N}")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> std::result::Result<[R; N], A::Error> {
                let mut array = Vec::with_capacity(cautious::<R>(Some(N)));
                while array.len() < N {
                    match rows.next_element::<Owned<R>>()? {
                        Some(row) => array.push(row.0),
                        None => return Err(de::Error::invalid_length(array.len(), &self)),
                    }
                }
                array.try_into().map_err(|rows: Vec<R>| de::Error::invalid_length(rows.len(), &self))
            }
        }
        deserializer.deserialize_tuple(N, Rows(PhantomData))
    }
}

/// As serde serializes a slice.
pub(super) fn serialize_rows<R: Row, S: Serializer>(rows: &[R], serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_seq(rows.iter().map(Borrowed))
}

/// As serde deserializes a `Vec`.
pub(super) fn deserialize_rows<'de, R: Row, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Vec<R>, D::Error> {
    struct Rows<R>(PhantomData<R>);
    impl<'de, R: Row> Visitor<'de> for Rows<R> {
        type Value = Vec<R>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a sequence")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> std::result::Result<Vec<R>, A::Error> {
            let mut vec = Vec::with_capacity(cautious::<R>(rows.size_hint()));
            while let Some(row) = rows.next_element::<Owned<R>>()? {
                vec.push(row.0);
            }
            Ok(vec)
        }
    }
    deserializer.deserialize_seq(Rows(PhantomData))
}

/// The capacity for as many rows as are said to come: what a hint claims may not be there.
fn cautious<R>(hint: Option<usize>) -> usize {
    const MAX_BYTES: usize = 1 << 20;
    hint.unwrap_or_default().min(MAX_BYTES / size_of::<R>().max(1))
}

/// [`Row::serialize_row`] as serde's trait.
struct Borrowed<'a, R>(&'a R);

impl<R: Row> Serialize for Borrowed<'_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        self.0.serialize_row(serializer)
    }
}

/// [`Row::deserialize_row`] as serde's trait.
struct Owned<R>(R);

impl<'de, R: Row> Deserialize<'de> for Owned<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        R::deserialize_row(deserializer).map(Self)
    }
}
