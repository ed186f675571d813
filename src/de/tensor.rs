//! A tensor of the file, in the serde forms that ask for one: ndarray's, this crate's own, and the
//! form that serde's buffers hold.

use std::borrow::Cow;
use std::mem::MaybeUninit;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use crate::de::element::{Appearance, Elements};
use crate::de::json::Level;
use crate::de::reader::Reader;
use crate::element::{Element, ElementKind, ElementVisitor};
use crate::error::ErrorKind;
use crate::memory::VecPlace;
use crate::tensor::{StoredData, VersionTag, buffered_version};
use crate::{Dtype, Error, Result, cast, handshake, memory};

/// A tensor that is read on request.
#[derive(Clone, Copy)]
pub(crate) struct TensorSource<'r, 'x, 'de> {
    pub(crate) reader: &'r Reader<'x, 'de>,
    /// Its entry in the header.
    pub(crate) index: usize,
}

impl<'x, 'de> TensorSource<'_, 'x, 'de> {
    fn shape(self) -> Result<&'x [usize]> {
        self.reader.shape(self.index)
    }

    fn len(self) -> Result<usize> {
        let len = self.shape()?.iter().try_fold(1usize, |len, extent| len.checked_mul(*extent));
        len.ok_or_else(|| Error::unsupported("a tensor of more elements than can be counted"))
    }

    /// All elements as a `Vec`: by one copy or one read where the dtype is that of `E`.
    pub(crate) fn to_vec<E: Element>(self) -> Result<Vec<E>> {
        let dtype = self.reader.entry(self.index)?.dtype;
        if dtype == E::DTYPE {
            // The length of its bytes is that of its shape: the header was checked.
            return match self.reader.borrow(self.index)? {
                Some(bytes) => memory::copied_vec(bytes),
                None => memory::read_vec(self.len()?, |region| self.reader.fill(self.index, region)),
            };
        }
        if !cast::allowed(dtype, E::DTYPE, self.reader.casts) {
            return Err(cast::refused_for_now(dtype, E::DTYPE));
        }
        cast::convert(dtype, &self.reader.bytes(self.index)?, self.reader.casts)
    }

    /// All elements into memory that is there.
    pub(crate) fn read_into<E: Element>(self, elements: &mut [E]) -> Result<()> {
        if self.len()? != elements.len() {
            let expected = format!("{} elements", elements.len());
            return Err(Error::new(ErrorKind::Shape { expected, found: self.shape()?.to_vec() }));
        }
        if self.reader.entry(self.index)?.dtype == E::DTYPE
            && let Some(bytes) = memory::bytes_of_mut(elements)
        {
            return self.reader.copy_to(self.index, bytes);
        }
        elements.copy_from_slice(&self.to_vec::<E>()?);
        Ok(())
    }

    /// Hands the elements to a seed: at once where it is the seed of a `Vec` of elements, which
    /// would do the same one by one.
    pub(crate) fn elements<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value> {
        match vec_seed::<'de, T>() {
            Some(kind) => memory::vec_by(|place| self.put_vec(kind, place)),
            None => self.one_by_one(Appearance::Asked, |elements| seed.deserialize(elements)),
        }
    }

    /// Reads all elements as a `Vec`, whatever the element.
    fn put_vec(self, kind: ElementKind, place: &mut VecPlace<'_>) -> Result<()> {
        struct Put<'r, 'x, 'de, 'p, 'q>(TensorSource<'r, 'x, 'de>, &'p mut VecPlace<'q>);
        impl ElementVisitor for Put<'_, '_, '_, '_, '_> {
            type Value = Result<()>;

            fn visit<E: Element>(self) -> Result<()> {
                self.1.put(self.0.to_vec::<E>()?)
            }
        }
        kind.visit(Put(self, place))
    }

    /// Hands out the elements one by one.
    pub(crate) fn one_by_one<T>(
        self,
        appearance: Appearance,
        take: impl FnOnce(Elements<'_>) -> Result<T>,
    ) -> Result<T> {
        let (dtype, bytes) = self.dtype_and_bytes()?;
        let level = Level { depth: 0, max_depth: self.reader.max_depth };
        take(Elements::new(dtype, &bytes, self.reader.casts, appearance, level))
    }

    fn dtype_and_bytes(self) -> Result<(Dtype, Cow<'de, [u8]>)> {
        Ok((self.reader.entry(self.index)?.dtype, self.reader.bytes(self.index)?))
    }

    /// As ndarray's own serde form, whose fields it takes without their names as well.
    pub(crate) fn array<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_seq(ArrayParts { source: self, next: 0 })
    }

    /// As ndarray's form where serde buffers it: the integer type of `v` names the dtype.
    pub(crate) fn buffered<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let dtype = self.reader.entry(self.index)?.dtype;
        let tag = buffered_version(dtype).ok_or_else(|| {
            Error::unsupported(format!(
                "a tensor of dtype {dtype} cannot pass through serde's buffers (flatten, untagged, internally tagged)"
            ))
        })?;
        visitor.visit_map(BufferedArray { source: self, next: 0, version: tag })
    }

    /// As this crate's own form.
    pub(crate) fn tensor<V: Visitor<'de>>(self, visitor: V, borrowed: bool) -> Result<V::Value> {
        visitor.visit_map(TensorForm { source: self, next: 0, borrowed })
    }
}

impl<'de> StoredData<'de> for TensorSource<'_, '_, 'de> {
    fn borrow(&self) -> Result<Option<&'de [u8]>> {
        self.reader.borrow(self.index)
    }

    fn fill<'b>(&self, buffer: &'b mut [MaybeUninit<u8>]) -> Result<&'b mut [u8]> {
        self.reader.fill(self.index, buffer)
    }

    fn cannot_lend(&self) -> Error {
        cannot_lend()
    }
}

/// The values of `v`, `dim` and `data`.
struct ArrayParts<'r, 'x, 'de> {
    source: TensorSource<'r, 'x, 'de>,
    next: usize,
}

impl<'de> SeqAccess<'de> for ArrayParts<'_, '_, 'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        self.next += 1;
        match self.next {
            1 => seed.deserialize(Part::Version(VersionTag::U8)).map(Some),
            2 => seed.deserialize(Part::Extents(self.source.shape()?)).map(Some),
            3 => self.source.elements(seed).map(Some),
            _ => Ok(None),
        }
    }
}

/// `{v, dim, data}` as serde's buffers hold it.
struct BufferedArray<'r, 'x, 'de> {
    source: TensorSource<'r, 'x, 'de>,
    next: usize,
    version: VersionTag,
}

impl<'de> MapAccess<'de> for BufferedArray<'_, '_, 'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        next_name(handshake::ARRAY_FIELDS, &mut self.next, seed)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value> {
        match self.next {
            1 => seed.deserialize(Part::Version(self.version)),
            2 => seed.deserialize(Part::Extents(self.source.shape()?)),
            _ => self.source.one_by_one(Appearance::Bits, |elements| seed.deserialize(elements)),
        }
    }
}

/// `{dtype, shape, data}`
struct TensorForm<'r, 'x, 'de> {
    source: TensorSource<'r, 'x, 'de>,
    next: usize,
    borrowed: bool,
}

impl<'de> MapAccess<'de> for TensorForm<'_, '_, 'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        next_name(handshake::TENSOR_FIELDS, &mut self.next, seed)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value> {
        seed.deserialize(self.part()?)
    }
}

impl<'x, 'de> TensorForm<'_, 'x, 'de> {
    /// The part whose name was given last.
    fn part(&self) -> Result<Part<'x, 'de>> {
        let (reader, index) = (self.source.reader, self.source.index);
        Ok(match self.next {
            1 => Part::Dtype(reader.entry(index)?.dtype),
            2 => Part::Extents(self.source.shape()?),
            _ if self.borrowed => Part::Borrowed(reader.borrow(index)?.ok_or_else(cannot_lend)?),
            _ => Part::Owned(reader.owned(index)?),
        })
    }
}

#[cold]
pub(crate) fn cannot_lend() -> Error {
    let reason = "the tensors of an opened file are read on request: use Checkpoint::load, Checkpoint::map or \
                  from_bytes for types that borrow";
    Error::new(ErrorKind::Borrow { reason: reason.to_owned() })
}

fn next_name<'de, K: DeserializeSeed<'de>>(
    names: &'static [&'static str],
    next: &mut usize,
    seed: K,
) -> Result<Option<K::Value>> {
    let Some(name) = names.get(*next) else { return Ok(None) };
    *next += 1;
    seed.deserialize(de::value::BorrowedStrDeserializer::<Error>::new(name)).map(Some)
}

/// A part of a tensor in one of its forms. One type for all of them, as whatever asks for one is compiled
/// for each.
enum Part<'x, 'de> {
    /// The version of ndarray's form, which is 1.
    Version(VersionTag),
    Dtype(Dtype),
    /// A shape, whose rank is the length of the tuple that is asked for.
    Extents(&'x [usize]),
    Borrowed(&'de [u8]),
    Owned(Vec<u8>),
}

impl<'de> Deserializer<'de> for Part<'_, 'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self {
            Self::Version(VersionTag::U8) => visitor.visit_u8(1),
            Self::Version(VersionTag::U16) => visitor.visit_u16(1),
            Self::Version(VersionTag::U32) => visitor.visit_u32(1),
            Self::Version(VersionTag::U64) => visitor.visit_u64(1),
            Self::Version(VersionTag::I8) => visitor.visit_i8(1),
            Self::Version(VersionTag::I16) => visitor.visit_i16(1),
            Self::Version(VersionTag::I32) => visitor.visit_i32(1),
            Self::Version(VersionTag::I64) => visitor.visit_i64(1),
            Self::Dtype(dtype) => visitor.visit_borrowed_str(dtype.name()),
            Self::Extents(shape) => {
                visitor.visit_seq(de::value::SeqDeserializer::<_, Error>::new(shape.iter().copied()))
            }
            Self::Borrowed(bytes) => visitor.visit_borrowed_bytes(bytes),
            Self::Owned(bytes) => visitor.visit_byte_buf(bytes),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, rank: usize, visitor: V) -> Result<V::Value> {
        match self {
            Self::Extents(shape) if rank != shape.len() => Err(other_rank(rank, shape)),
            _ => self.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple_struct map struct enum identifier ignored_any
    }
}

#[cold]
fn other_rank(rank: usize, shape: &[usize]) -> Error {
    let expected = match rank {
        1 => "an array of 1 axis".to_owned(),
        _ => format!("an array of {rank} axes"),
    };
    Error::new(ErrorKind::Shape { expected, found: shape.to_vec() })
}

/// The kind of element that a seed's `Vec` holds, for a tensor that stands where a `Vec` is asked for.
#[inline]
pub(crate) fn vec_seed<'de, T: DeserializeSeed<'de>>() -> Option<ElementKind> {
    // Known when compiled: what reads something of another size is no seed of a `Vec`.
    if size_of::<T::Value>() != size_of::<Vec<u8>>() {
        return None;
    }
    memory::element_of_vec_seed::<T>()
}
