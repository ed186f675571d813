//! What a visitor is led through: the entries of a map and the items of a sequence.

use std::borrow::Cow;
use std::cell::Cell;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use crate::de::element::{Appearance, Elements};
use crate::de::key::Key;
use crate::de::list;
use crate::de::map;
use crate::de::place::Place;
use crate::de::reader::Reader;
use crate::de::tensor::TensorSource;
use crate::de::value::Value;
use crate::error::ErrorKind;
use crate::{Error, Result};

/// The entries of a map.
pub(crate) struct Entries<'r, 'x, 'de> {
    parent: Value<'r, 'x, 'de>,
    entries: std::vec::IntoIter<(Cow<'x, str>, Place<'x>)>,
    value: Option<Place<'x>>,
}

impl<'r, 'x, 'de> Entries<'r, 'x, 'de> {
    pub(crate) fn visit<V: Visitor<'de>>(parent: Value<'r, 'x, 'de>, visitor: V) -> Result<V::Value> {
        let entries = map::entries(parent.reader, parent.place()).into_iter();
        let (reader, place) = (parent.reader, parent.place());
        visitor.visit_map(Self { parent, entries, value: None }).map_err(|mut error| match error.take_field() {
            Some(field) => missing(reader, place, &field, parent.collection_of(None), error),
            None => error,
        })
    }
}

/// Completes an error about a field to one about a key.
#[cold]
pub(crate) fn missing(
    reader: &Reader<'_, '_>,
    place: &Place<'_>,
    field: &str,
    collection: &str,
    error: Error,
) -> Error {
    let key = place.field_key(reader, field, collection);
    if !matches!(error.kind(), ErrorKind::Missing { .. }) {
        return error.at(|| key);
    }
    let error = error.with_nearest(|| reader.contents.nearest(&key)).with_note(|| place.surroundings(reader));
    error.at(|| key)
}

impl<'de> MapAccess<'de> for Entries<'_, '_, 'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        let Some((key, place)) = self.entries.next() else { return Ok(None) };
        let reader = self.parent.reader;
        let at = place.clone();
        self.value = Some(place);
        seed.deserialize(Key::Text(key)).map(Some).map_err(|error: Error| error.at(|| at.key(reader)))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value> {
        let place = self.value.take().ok_or_else(value_before_key)?;
        Value::new(self.parent.reader, &self.parent.below(place)).give(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

#[cold]
pub(crate) fn value_before_key() -> Error {
    Error::unsupported("a value was asked for before its key")
}

/// The items of a list, gaps included.
pub(crate) struct Items<'r, 'x, 'de> {
    parent: Value<'r, 'x, 'de>,
    items: std::iter::Peekable<std::vec::IntoIter<(usize, Place<'x>)>>,
    next: usize,
    len: usize,
}

impl<'r, 'x, 'de> Items<'r, 'x, 'de> {
    /// A list of places; `len` is that of a tuple, in which what is missing may be a unit.
    pub(crate) fn of_list<V: Visitor<'de>>(
        parent: Value<'r, 'x, 'de>,
        items: list::Items<'x>,
        len: Option<usize>,
        visitor: V,
    ) -> Result<V::Value> {
        let stored = items.last().map_or(0, |(index, _)| index + 1);
        if let Some(len) = len.filter(|len| *len < stored) {
            return Err(Error::types(format!("a tuple of {len}"), format!("an item of index {}", stored - 1)));
        }
        let len = len.unwrap_or(stored);
        visitor.visit_seq(Self { parent, items: items.into_iter().peekable(), next: 0, len })
    }

    /// The elements of a tensor of one axis; or the tensor itself as the only item, as haiku names a
    /// list of one.
    pub(crate) fn of_vector<V: Visitor<'de>>(
        parent: Value<'r, 'x, 'de>,
        tensor: TensorSource<'r, 'x, 'de>,
        visitor: V,
    ) -> Result<V::Value> {
        tensor.one_by_one(Appearance::Asked, |elements| {
            let whole = Cell::new(false);
            visitor.visit_seq(Vector { parent, elements, first: true, whole: &whole })
        })
    }
}

impl<'de> SeqAccess<'de> for Items<'_, '_, 'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if self.next >= self.len {
            return Ok(None);
        }
        let index = self.next;
        self.next += 1;
        let place = match self.items.next_if(|(at, _)| *at == index) {
            Some((_, place)) => place,
            None => self.parent.place().absent_item(self.parent.reader, index, self.parent.collection_of(None)),
        };
        Value::new(self.parent.reader, &self.parent.below(place)).give(seed).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        // An index may claim more items than there are.
        Some((self.len - self.next).min(self.items.len()))
    }
}

struct Vector<'c, 'b, 'r, 'x, 'de> {
    parent: Value<'r, 'x, 'de>,
    elements: Elements<'b>,
    first: bool,
    whole: &'c Cell<bool>,
}

impl<'de> SeqAccess<'de> for Vector<'_, '_, '_, '_, 'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if self.whole.get() {
            return Ok(None);
        }
        if !std::mem::replace(&mut self.first, false) {
            return self.elements.next_element_seed(seed);
        }
        let at = self.parent.below(self.parent.place().clone());
        let value = Value::new(self.parent.reader, &at);
        let first = First { value, elements: &mut self.elements, whole: self.whole };
        if first.elements.is_empty() {
            // Nothing says whether this is no element or one empty array: the type of a `Vec` of
            // elements was seen before, so it is asked for here only by other types.
            return Ok(None);
        }
        seed.deserialize(first).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        self.elements.size_hint()
    }
}

/// The first element of a tensor, or the tensor as a whole: what is asked for decides.
struct First<'c, 'e, 'b, 'r, 'x, 'de> {
    value: Value<'r, 'x, 'de>,
    elements: &'e mut Elements<'b>,
    whole: &'c Cell<bool>,
}

impl<'de> First<'_, '_, '_, '_, '_, 'de> {
    fn element<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value> {
        let element = self.elements.next_element_seed(seed)?;
        element.ok_or_else(|| Error::unsupported("an element of an empty tensor"))
    }
}

macro_rules! element_methods {
    ($($method:ident($($arg:ident: $ty:ty),*)),* $(,)?) => {
        $(fn $method<V: Visitor<'de>>(self, $($arg: $ty,)* visitor: V) -> Result<V::Value> {
            struct Seed<V> { $($arg: $ty,)* visitor: V }
            impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for Seed<V> {
                type Value = V::Value;
                fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<V::Value, D::Error> {
                    deserializer.$method($(self.$arg,)* self.visitor)
                }
            }
            self.element(Seed { $($arg,)* visitor })
        })*
    };
}

impl<'de> Deserializer<'de> for First<'_, '_, '_, '_, '_, 'de> {
    type Error = Error;

    element_methods! {
        deserialize_any(), deserialize_bool(),
        deserialize_i8(), deserialize_i16(), deserialize_i32(), deserialize_i64(), deserialize_i128(),
        deserialize_u8(), deserialize_u16(), deserialize_u32(), deserialize_u64(), deserialize_u128(),
        deserialize_f32(), deserialize_f64(), deserialize_option(), deserialize_ignored_any(),
        deserialize_newtype_struct(name: &'static str),
        deserialize_tuple(len: usize),
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.whole.set(true);
        self.value.deserialize_struct(name, fields, visitor)
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct seq tuple_struct map enum identifier
    }
}
