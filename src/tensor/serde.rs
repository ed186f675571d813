//! The serde form of tensors: a struct `{dtype, shape, data}`, whose name this crate's serializer
//! and deserializer know, and which any other format stores as it is.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::buffered::{BufferedElements, Version, VersionTag};
use super::{Tensor, TensorView};
use crate::{Dtype, handshake};

impl Serialize for Tensor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(self.dtype, &self.shape, &self.bytes, serializer)
    }
}

impl Serialize for TensorView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(self.dtype, &self.shape, self.bytes, serializer)
    }
}

fn serialize<S: Serializer>(dtype: Dtype, shape: &[usize], bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    struct Bytes<'a>(&'a [u8]);

    impl Serialize for Bytes<'_> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(self.0)
        }
    }

    let mut tensor = serializer.serialize_struct(handshake::TENSOR, handshake::TENSOR_FIELDS.len())?;
    tensor.serialize_field("dtype", dtype.name())?;
    tensor.serialize_field("shape", shape)?;
    tensor.serialize_field("data", &Bytes(bytes))?;
    tensor.end()
}

impl<'de> Deserialize<'de> for Tensor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let visitor = TensorVisitor::<Vec<u8>>(PhantomData);
        let (dtype, shape, bytes) =
            deserializer.deserialize_struct(handshake::TENSOR, handshake::TENSOR_FIELDS, visitor)?;
        Self::new(dtype, shape, bytes).map_err(D::Error::custom)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for TensorView<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let visitor = TensorVisitor::<&'de [u8]>(PhantomData);
        let (dtype, shape, bytes) =
            deserializer.deserialize_struct(handshake::TENSOR_VIEW, handshake::TENSOR_FIELDS, visitor)?;
        Self::new(dtype, shape, bytes).map_err(D::Error::custom)
    }
}

/// Where the bytes of a tensor end up.
trait Bytes<'de>: Sized {
    /// The value of `data` in `{dtype, shape, data}`.
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;

    /// The bytes that were collected element by element.
    fn collected<X: de::Error>(bytes: Vec<u8>) -> Result<Self, X>;
}

impl<'de> Bytes<'de> for Vec<u8> {
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_byte_buf(OwnedBytes)
    }

    fn collected<X: de::Error>(bytes: Vec<u8>) -> Result<Self, X> {
        Ok(bytes)
    }
}

impl<'de> Bytes<'de> for &'de [u8] {
    fn read<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(BorrowedBytes)
    }

    fn collected<X: de::Error>(_: Vec<u8>) -> Result<Self, X> {
        Err(cannot_borrow())
    }
}

#[cold]
fn cannot_borrow<X: de::Error>() -> X {
    X::custom(
        "cannot borrow a TensorView from this: use Checkpoint::load, Checkpoint::map or from_bytes, or the owned Tensor",
    )
}

struct OwnedBytes;

impl<'de> Visitor<'de> for OwnedBytes {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the bytes of a tensor")
    }

    fn visit_bytes<X: de::Error>(self, bytes: &[u8]) -> Result<Vec<u8>, X> {
        Ok(bytes.to_vec())
    }

    fn visit_byte_buf<X: de::Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, X> {
        Ok(bytes)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Vec<u8>, A::Error> {
        // What a hint claims may not be there.
        let mut bytes = Vec::with_capacity(sequence.size_hint().unwrap_or_default().min(1 << 16));
        while let Some(byte) = sequence.next_element()? {
            bytes.push(byte);
        }
        Ok(bytes)
    }
}

struct BorrowedBytes;

impl<'de> Visitor<'de> for BorrowedBytes {
    type Value = &'de [u8];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes that a TensorView can borrow")
    }

    fn visit_borrowed_bytes<X: de::Error>(self, bytes: &'de [u8]) -> Result<&'de [u8], X> {
        Ok(bytes)
    }

    fn visit_bytes<X: de::Error>(self, _: &[u8]) -> Result<&'de [u8], X> {
        Err(cannot_borrow())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<&'de [u8], A::Error> {
        Err(cannot_borrow())
    }
}

/// [`Bytes::read`] as a seed.
struct BytesSeed<B>(PhantomData<B>);

impl<'de, B: Bytes<'de>> DeserializeSeed<'de> for BytesSeed<B> {
    type Value = B;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<B, D::Error> {
        B::read(deserializer)
    }
}

/// The name of a dtype.
struct DtypeName;

impl<'de> DeserializeSeed<'de> for DtypeName {
    type Value = Dtype;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Dtype, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for DtypeName {
    type Value = Dtype;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a dtype, such as F32")
    }

    fn visit_str<X: de::Error>(self, name: &str) -> Result<Dtype, X> {
        Dtype::from_name(name).ok_or_else(|| X::invalid_value(de::Unexpected::Str(name), &self))
    }
}

/// The fields of both forms, this crate's and ndarray's; `data` is in both.
enum Field {
    Dtype,
    Shape,
    Data,
    Version,
    Dim,
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldVisitor;

        impl Visitor<'_> for FieldVisitor {
            type Value = Field;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field of a tensor")
            }

            fn visit_u64<X: de::Error>(self, index: u64) -> Result<Field, X> {
                match index {
                    0 => Ok(Field::Dtype),
                    1 => Ok(Field::Shape),
                    2 => Ok(Field::Data),
                    _ => Err(X::invalid_value(de::Unexpected::Unsigned(index), &self)),
                }
            }

            fn visit_str<X: de::Error>(self, name: &str) -> Result<Field, X> {
                self.visit_bytes(name.as_bytes())
            }

            fn visit_bytes<X: de::Error>(self, name: &[u8]) -> Result<Field, X> {
                match name {
                    b"dtype" => Ok(Field::Dtype),
                    b"shape" => Ok(Field::Shape),
                    b"data" => Ok(Field::Data),
                    b"v" => Ok(Field::Version),
                    b"dim" => Ok(Field::Dim),
                    _ => Err(X::unknown_field(&String::from_utf8_lossy(name), handshake::TENSOR_FIELDS)),
                }
            }
        }

        deserializer.deserialize_identifier(FieldVisitor)
    }
}

/// Reads either form, with the bytes into a `B`.
struct TensorVisitor<B>(PhantomData<B>);

impl<'de, B: Bytes<'de>> Visitor<'de> for TensorVisitor<B> {
    type Value = (Dtype, Vec<usize>, B);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a tensor")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        let missing = |index| A::Error::invalid_length(index, &"a tensor with dtype, shape and data");
        Ok((
            fields.next_element_seed(DtypeName)?.ok_or_else(|| missing(0))?,
            fields.next_element()?.ok_or_else(|| missing(1))?,
            fields.next_element_seed(BytesSeed(PhantomData))?.ok_or_else(|| missing(2))?,
        ))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        let mut version: Option<VersionTag> = None;
        let mut dtype = None;
        let mut shape = None;
        let mut data = None;
        while let Some(field) = fields.next_key()? {
            match field {
                Field::Version => once(&mut version, fields.next_value_seed(Version)?, "v")?,
                Field::Dtype => once(&mut dtype, fields.next_value_seed(DtypeName)?, "dtype")?,
                Field::Shape | Field::Dim => once(&mut shape, fields.next_value()?, "shape")?,
                Field::Data => {
                    let bytes = match version {
                        None => fields.next_value_seed(BytesSeed(PhantomData))?,
                        Some(version) => {
                            let (element, bytes) = fields.next_value_seed(BufferedElements(version))?;
                            once(&mut dtype, element, "dtype")?;
                            B::collected(bytes)?
                        }
                    };
                    once(&mut data, bytes, "data")?;
                }
            }
        }
        Ok((
            dtype.ok_or_else(|| A::Error::missing_field("dtype"))?,
            shape.ok_or_else(|| A::Error::missing_field("shape"))?,
            data.ok_or_else(|| A::Error::missing_field("data"))?,
        ))
    }
}

fn once<T, X: de::Error>(place: &mut Option<T>, value: T, name: &'static str) -> Result<(), X> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(X::duplicate_field(name)),
    }
}
