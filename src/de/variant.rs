//! The variant of an enum.

use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, VariantAccess, Visitor};

use crate::de::lookup::Lookup;
use crate::de::place::Place;
use crate::de::reader::Reader;
use crate::de::value::{At, Value};
use crate::error::ErrorKind;
use crate::spec::FieldSpec;
use crate::{Error, Result};

/// The variant of an enum that the file holds.
pub(crate) struct Variant<'r, 'x, 'de> {
    parent: Value<'r, 'x, 'de>,
    name: &'static str,
    place: Place<'x>,
}

impl<'r, 'x, 'de> Variant<'r, 'x, 'de> {
    pub(crate) fn visit<V: Visitor<'de>>(
        parent: Value<'r, 'x, 'de>,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        let texts: Vec<&str> = variants.iter().map(|variant| Self::text(parent, variant)).collect();
        parent.over_collections(&texts, |parent| Variant::visit_here(parent, name, variants, visitor))
    }

    /// What is said of a variant.
    fn field(parent: Value<'_, '_, '_>, variant: &str) -> Option<&'static FieldSpec> {
        parent.spec()?.loaded_variant(variant).map(|spec| &spec.field)
    }

    /// The name of a variant in the file.
    fn text(parent: Value<'_, '_, '_>, variant: &'static str) -> &'static str {
        let framework = parent.reader.contents.naming().framework();
        Self::field(parent, variant).and_then(|field| field.names.get(framework)).unwrap_or(variant)
    }

    fn visit_here<V: Visitor<'de>>(
        parent: Value<'r, 'x, 'de>,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        let (reader, place) = (parent.reader, parent.place());
        let framework = reader.contents.naming().framework();
        let mut lookup = Lookup::default();
        let mut found: Option<(&'static str, Place<'x>)> = None;
        for &variant in variants {
            let field = Self::field(parent, variant);
            if field.is_some_and(|field| !field.exists_in(framework)) {
                continue;
            }
            lookup.go_on_in(reader, parent.collection_of(field));
            let Some(there) = lookup.field(reader, place, &[], Self::text(parent, variant))? else { continue };
            if let Some((first, _)) = found {
                let (first, second) = (first.to_owned(), variant.to_owned());
                return Err(Error::new(ErrorKind::Ambiguous { first, second }));
            }
            found = Some((variant, there));
        }
        match found {
            Some((name, place)) => visitor.visit_enum(Self { parent, name, place }),
            None => {
                let expected = format!("a variant of {name}: {}", crate::error::names(variants.iter().copied()));
                Err(Error::types(expected, place.describe(reader)))
            }
        }
    }
}

impl<'r, 'x, 'de> EnumAccess<'de> for Variant<'r, 'x, 'de> {
    type Error = Error;
    type Variant = Payload<'r, 'x, 'de>;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self::Variant)> {
        let variant = seed.deserialize(de::value::BorrowedStrDeserializer::<Error>::new(self.name))?;
        let spec = self.parent.spec().and_then(|spec| spec.loaded_variant(self.name));
        let at = self.parent.field(spec.map(|spec| &spec.field), self.place);
        let at = at.with_fields(spec.map_or(&[], |spec| spec.fields));
        Ok((variant, Payload { reader: self.parent.reader, at }))
    }
}

pub(crate) struct Payload<'r, 'x, 'de> {
    reader: &'r Reader<'x, 'de>,
    at: At<'x>,
}

impl<'x, 'de> Payload<'_, 'x, 'de> {
    fn value(&self) -> Value<'_, 'x, 'de> {
        Value::new(self.reader, &self.at)
    }
}

impl<'de> VariantAccess<'de> for Payload<'_, '_, 'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<()> {
        de::Deserialize::deserialize(self.value())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value> {
        self.value().give(seed)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value> {
        self.value().deserialize_tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value> {
        self.value().deserialize_struct("", fields, visitor)
    }
}
