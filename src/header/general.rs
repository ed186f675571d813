//! Any header that is JSON: spaces between tokens, fields in any order, fields that are not known.
//!
//! It accepts what the safetensors library does, and refuses three things that the library takes
//! only because of how serde reads a derived type: an entry as an array, a dtype as an object
//! (`{"F32":null}`), and a name twice (in [`super::Fields::refuse_duplicates`]).

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Dims, Entry, Fields, METADATA, Text};
use crate::{Dtype, Error, Result};

/// What `text` says.
pub(super) fn read(text: &str) -> Result<Fields> {
    let mut fields = Fields::default();
    let mut failed_at = None;
    let mut json = serde_json::Deserializer::from_str(text);
    json.deserialize_map(Object { text, fields: &mut fields, failed_at: &mut failed_at })
        .and_then(|()| json.end())
        .map_err(|error| {
            let error = Error::header(error.to_string());
            match failed_at {
                Some(key) => error.at(|| key),
                None => error,
            }
        })?;
    Ok(fields)
}

/// The whole header.
struct Object<'r> {
    text: &'r str,
    fields: &'r mut Fields,
    /// The key of the value that could not be read.
    failed_at: &'r mut Option<String>,
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<(), A::Error> {
        let text = self.text;
        let mut has_metadata = false;
        while let Some(key) = map.next_key_seed(TextSeed { text })? {
            let read = if key.of(text) == METADATA {
                if has_metadata {
                    return Err(A::Error::duplicate_field(METADATA));
                }
                has_metadata = true;
                map.next_value_seed(MetadataSeed { text }).map(|metadata| self.fields.metadata = metadata)
            } else {
                map.next_value_seed(EntrySeed { dims: &mut self.fields.dims }).map(|(dtype, dims, [begin, end])| {
                    self.fields.push(Entry { key: key.clone(), dtype, dims, begin, end }, text);
                })
            };
            read.inspect_err(|_| *self.failed_at = Some(key.of(text).to_owned()))?;
        }
        Ok(())
    }
}

/// A string, as a range of `text` where it stands there unescaped.
#[derive(Clone, Copy)]
struct TextSeed<'r> {
    text: &'r str,
}

impl<'de> DeserializeSeed<'de> for TextSeed<'_> {
    type Value = Text;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<Text, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for TextSeed<'_> {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> std::result::Result<Text, E> {
        Ok(Text::Owned(value.into()))
    }

    // serde_json lends a string from its input exactly when there is no escape in it.
    fn visit_borrowed_str<E: serde::de::Error>(self, value: &'de str) -> std::result::Result<Text, E> {
        let start = value.as_ptr().addr().checked_sub(self.text.as_ptr().addr());
        let range = start.and_then(|start| {
            let end = start.checked_add(value.len()).filter(|&end| end <= self.text.len())?;
            Some(Text::Range { start: u32::try_from(start).ok()?, end: u32::try_from(end).ok()? })
        });
        Ok(range.unwrap_or_else(|| Text::Owned(value.into())))
    }
}

/// The value of `__metadata__`: an object of strings, or null.
struct MetadataSeed<'r> {
    text: &'r str,
}

impl<'de> DeserializeSeed<'de> for MetadataSeed<'_> {
    type Value = Option<Vec<(Text, Text)>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for MetadataSeed<'_> {
    type Value = Option<Vec<(Text, Text)>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of strings")
    }

    fn visit_none<E: serde::de::Error>(self) -> std::result::Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Self::Value, A::Error> {
        let seed = TextSeed { text: self.text };
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry_seed(seed, seed)? {
            entries.push(entry);
        }
        Ok(Some(entries))
    }
}

/// One tensor; its shape goes to the end of `dims`.
struct EntrySeed<'r> {
    dims: &'r mut Vec<usize>,
}

impl<'de> DeserializeSeed<'de> for EntrySeed<'_> {
    type Value = (Dtype, Dims, [u64; 2]);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for EntrySeed<'_> {
    type Value = (Dtype, Dims, [u64; 2]);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with dtype, shape and data_offsets")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Self::Value, A::Error> {
        let (mut dtype, mut shape, mut offsets) = (None, None, None);
        while let Some(field) = map.next_key_seed(FieldSeed)? {
            match field {
                Field::Dtype if dtype.is_some() => return Err(A::Error::duplicate_field("dtype")),
                Field::Shape if shape.is_some() => return Err(A::Error::duplicate_field("shape")),
                Field::Offsets if offsets.is_some() => return Err(A::Error::duplicate_field("data_offsets")),
                Field::Dtype => dtype = Some(map.next_value_seed(DtypeSeed)?),
                Field::Shape => shape = Some(map.next_value_seed(ShapeSeed { dims: &mut *self.dims })?),
                Field::Offsets => offsets = Some(map.next_value_seed(OffsetsSeed)?),
                Field::Unknown => map.next_value_seed(Skip)?,
            }
        }
        Ok((
            dtype.ok_or_else(|| A::Error::missing_field("dtype"))?,
            shape.ok_or_else(|| A::Error::missing_field("shape"))?,
            offsets.ok_or_else(|| A::Error::missing_field("data_offsets"))?,
        ))
    }
}

enum Field {
    Dtype,
    Shape,
    Offsets,
    Unknown,
}

struct FieldSeed;

impl<'de> DeserializeSeed<'de> for FieldSeed {
    type Value = Field;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<Field, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for FieldSeed {
    type Value = Field;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field name")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> std::result::Result<Field, E> {
        Ok(match name {
            "dtype" => Field::Dtype,
            "shape" => Field::Shape,
            "data_offsets" => Field::Offsets,
            _ => Field::Unknown,
        })
    }
}

struct DtypeSeed;

impl<'de> DeserializeSeed<'de> for DtypeSeed {
    type Value = Dtype;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<Dtype, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for DtypeSeed {
    type Value = Dtype;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a dtype")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> std::result::Result<Dtype, E> {
        Dtype::from_name(name).ok_or_else(|| {
            let known: Vec<&str> = Dtype::ALL.iter().map(|dtype| dtype.name()).collect();
            E::custom(format_args!("unknown dtype `{name}`, expected one of {}", known.join(", ")))
        })
    }
}

struct ShapeSeed<'r> {
    dims: &'r mut Vec<usize>,
}

impl<'de> DeserializeSeed<'de> for ShapeSeed<'_> {
    type Value = Dims;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<Dims, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for ShapeSeed<'_> {
    type Value = Dims;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of dimensions")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> std::result::Result<Dims, A::Error> {
        let position = |dims: &Vec<usize>| u32::try_from(dims.len()).map_err(A::Error::custom);
        let start = position(self.dims)?;
        while let Some(dim) = seq.next_element()? {
            self.dims.push(dim);
        }
        Ok(Dims { start, end: position(self.dims)? })
    }
}

struct OffsetsSeed;

impl<'de> DeserializeSeed<'de> for OffsetsSeed {
    type Value = [u64; 2];

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for OffsetsSeed {
    type Value = [u64; 2];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the two data_offsets, begin and end")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> std::result::Result<Self::Value, A::Error> {
        let begin = seq.next_element()?.ok_or_else(|| A::Error::invalid_length(0, &self))?;
        let end = seq.next_element()?.ok_or_else(|| A::Error::invalid_length(1, &self))?;
        match seq.next_element::<IgnoredAny>()? {
            Some(_) => Err(A::Error::invalid_length(3, &self)),
            None => Ok([begin, end]),
        }
    }
}

/// A field that is not known. `IgnoredAny` would let pass what the library refuses there: nesting
/// without limit, numbers out of range, lone surrogates.
struct Skip;

impl<'de> DeserializeSeed<'de> for Skip {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Skip {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, _: bool) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> std::result::Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> std::result::Result<(), A::Error> {
        while seq.next_element_seed(Skip)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<(), A::Error> {
        while map.next_entry_seed(Skip, Skip)?.is_some() {}
        Ok(())
    }
}
