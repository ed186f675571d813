//! The fields of a struct.

use std::borrow::Cow;

use serde::de::{DeserializeSeed, MapAccess, Visitor};

use crate::de::access::{missing, value_before_key};
use crate::de::key::Key;
use crate::de::lookup::Lookup;
use crate::de::node::Child;
use crate::de::place::Place;
use crate::de::value::{At, Value};
use crate::error::ErrorKind;
use crate::spec::{self, FieldSpec, Framework, TypeSpec};
use crate::{Error, Result};

/// What helps where a field is missing that a framework does not have.
const ONLY_ELSEWHERE: &str = "its `only(…)` says that files of this framework do not have it: make it an `Option`, or \
                              add `#[serde(default)]`";

/// The names of a struct's fields, and the names under which the file may have them.
#[derive(Clone)]
pub(crate) struct Names {
    /// As the type gives them, aliases included.
    type_names: &'static [&'static str],
    /// Those of the type that are looked up.
    fields: Cow<'static, [&'static str]>,
    /// As the naming has them.
    texts: Cow<'static, [&'static str]>,
}

impl Names {
    /// The names of the fields of a type, of which its attributes say this.
    pub(crate) fn new(
        type_names: &'static [&'static str],
        described: &'static [FieldSpec],
        framework: Option<Framework>,
    ) -> Self {
        let plain = || Self { type_names, fields: Cow::Borrowed(type_names), texts: Cow::Borrowed(type_names) };
        if described.is_empty() || framework.is_none() {
            return plain();
        }
        let (mut fields, mut texts) = (Vec::new(), Vec::new());
        for &name in type_names {
            let field = spec::loaded(described, name);
            if field.is_some_and(|field| !field.exists_in(framework)) {
                continue;
            }
            let own = field.and_then(|field| Some((field, field.names.get(framework)?)));
            let text = match own {
                // The aliases are of the name that it replaces.
                Some((field, text)) if field.loads.first() == Some(&name) => text,
                Some(_) => continue,
                None => name,
            };
            fields.push(name);
            texts.push(text);
        }
        Self { type_names, fields: Cow::Owned(fields), texts: Cow::Owned(texts) }
    }

    /// The names of a type with flattened fields, which serde does not give.
    fn flattened(described: &'static [FieldSpec], framework: Option<Framework>) -> Self {
        let (mut fields, mut texts) = (Vec::new(), Vec::new());
        for field in described.iter().filter(|field| field.exists_in(framework)) {
            match field.names.get(framework) {
                Some(text) => {
                    fields.extend(field.loads.first());
                    texts.push(text);
                }
                None => {
                    fields.extend(field.loads);
                    texts.extend(field.loads);
                }
            }
        }
        Self { type_names: &[], fields: Cow::Owned(fields), texts: Cow::Owned(texts) }
    }
}

/// The fields of a struct, led by the names that the type gives, aliases included.
///
/// What the file has besides comes last, for types that deny it.
pub(crate) struct Fields<'r, 'x, 'de> {
    parent: Value<'r, 'x, 'de>,
    name: &'static str,
    names: Names,
    /// What is said of the fields.
    described: &'static [FieldSpec],
    /// How many of the names have been looked up.
    asked: usize,
    lookup: Lookup<'x>,
    /// What is there besides, once all names have been looked up.
    unknown: Option<std::vec::IntoIter<Child<'x>>>,
    /// Where the value is whose name was given last.
    value: At<'x>,
    has_value: bool,
}

impl<'r, 'x, 'de> Fields<'r, 'x, 'de> {
    pub(crate) fn visit<V: Visitor<'de>>(
        parent: Value<'r, 'x, 'de>,
        name: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        let names = Names::new(names, parent.fields(), parent.reader.contents.naming().framework());
        Self::visit_named(parent, name, names, visitor)
    }

    /// The fields of a struct with flattened fields, and what is there besides for those.
    pub(crate) fn visit_flattened<V: Visitor<'de>>(
        parent: Value<'r, 'x, 'de>,
        spec: &'static TypeSpec,
        visitor: V,
    ) -> Result<V::Value> {
        let names = Names::flattened(spec.fields, parent.reader.contents.naming().framework());
        Self::visit_named(parent, spec.name, names, visitor)
    }

    fn visit_named<V: Visitor<'de>>(
        parent: Value<'r, 'x, 'de>,
        name: &'static str,
        names: Names,
        visitor: V,
    ) -> Result<V::Value> {
        if !parent.place().is_root() {
            return Self::visit_here(parent, name, names, visitor);
        }
        let texts = names.texts.clone();
        parent.over_collections(&texts, |parent| Fields::visit_here(parent, name, names, visitor))
    }

    fn visit_here<V: Visitor<'de>>(
        parent: Value<'r, 'x, 'de>,
        name: &'static str,
        names: Names,
        visitor: V,
    ) -> Result<V::Value> {
        let reader = parent.reader;
        let place = parent.place();
        let type_names = names.type_names;
        let described = parent.fields();
        let value = parent.below(Place::default());
        let (lookup, asked, has_value) = (Lookup::like(reader.layout(type_names)), 0, false);
        let fields = Self { parent, name, names, described, asked, lookup, unknown: None, value, has_value };
        let mut value = visitor.visit_map(fields);
        // Where all is well the value stays where it was written.
        if value.is_err() {
            value = value.map_err(|mut error| {
                if let Some(field) = error.take_field() {
                    if matches!(error.kind(), ErrorKind::Missing { .. }) {
                        reader.learn(name, type_names, &field);
                    }
                    let known = spec::loaded(described, &field);
                    let framework = reader.contents.naming().framework();
                    let own = known.and_then(|field| field.names.get(framework));
                    if known.is_some_and(|known| !known.exists_in(framework)) {
                        error = error.with_note(|| Some(ONLY_ELSEWHERE.to_owned()));
                    }
                    error = missing(reader, place, own.unwrap_or(&field), parent.collection_of(known), error);
                }
                error
            });
        }
        value
    }

    /// Goes to the next field that is there, or that the type is known to want.
    #[inline]
    fn next_known(&mut self) -> Result<Option<&'static str>> {
        let (reader, place) = (self.parent.reader, self.parent.place());
        while let (Some(field), Some((before, [text, ..]))) =
            (self.names.fields.get(self.asked), self.names.texts.split_at_checked(self.asked))
        {
            self.asked += 1;
            let spec = spec::loaded(self.described, field);
            self.lookup.go_on_in(reader, self.parent.collection_of(spec));
            let mut is_there = self.lookup.field_into(reader, place, before, text, &mut self.value.place);
            if is_there.is_err() {
                is_there = is_there
                    .map_err(|error| error.at(|| place.field_key(reader, text, self.parent.collection_of(spec))));
            }
            if !is_there? {
                if !reader.is_wanting(self.name, self.names.type_names, field) {
                    continue;
                }
                self.value.place = place.absent_field(reader, text, self.parent.collection_of(spec));
            }
            self.parent.describe(spec, &self.value);
            self.has_value = true;
            return Ok(Some(field));
        }
        Ok(None)
    }

    fn next_unknown(&mut self) -> Result<Option<(Cow<'x, str>, Place<'x>)>> {
        let reader = self.parent.reader;
        let unknown = match &mut self.unknown {
            Some(unknown) => unknown,
            None => {
                let lookup = std::mem::take(&mut self.lookup);
                let rest = lookup.rest(reader, self.parent.place(), &self.names.texts)?;
                self.unknown.insert(rest.into_iter())
            }
        };
        Ok(unknown.next().map(|child| {
            let place = Place::of(&child);
            if spec::loaded(self.described, &child.token.name).is_some() {
                // In this naming the field has another name: this is not it.
                let mut key = place.key(reader);
                if key == child.token.name {
                    key.push_str(" of the file");
                }
                return (Cow::Owned(key), place);
            }
            (child.token.name, place)
        }))
    }
}

impl<'de> MapAccess<'de> for Fields<'_, '_, 'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        let key = match self.next_known()? {
            Some(name) => Key::Lent(name),
            None => match self.next_unknown()? {
                Some((name, place)) => {
                    self.value.place = place;
                    self.parent.describe(None, &self.value);
                    self.has_value = true;
                    Key::Text(name)
                }
                None => return Ok(None),
            },
        };
        seed.deserialize(key).map(Some).map_err(|mut error: Error| match error.take_field() {
            // A key that the type does not know is known here.
            Some(_) => error.at(|| self.value.place.key(self.parent.reader)),
            None => error,
        })
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value> {
        if !std::mem::take(&mut self.has_value) {
            return Err(value_before_key());
        }
        Value::new(self.parent.reader, &self.value).give(seed)
    }
}
