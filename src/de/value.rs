//! The one deserializer behind every way to load: it reads the value at a place.

use std::cell::Cell;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Visitor};

use crate::de::access::{Entries, Items};
use crate::de::collections;
use crate::de::contents::Item;
use crate::de::element::Scalar;
use crate::de::json::Level;
use crate::de::leaf::Leaf;
use crate::de::list;
use crate::de::lookup::Lookup;
use crate::de::node::{Child, Node};
use crate::de::place::{Here, Place};
use crate::de::reader::Reader;
use crate::de::tensor::{TensorSource, vec_seed};
use crate::error::ErrorKind;
use crate::ser::keys::PARAMS;
use crate::spec::{FieldSpec, TypeSpec};
use crate::tensor::Request;
use crate::tensor::{FromTensor, StoredTensor, Tensor};
use crate::{Error, Result, memory};

/// The names of the first items of a list that is a level of its own.
const FIRST_ITEMS: [&str; 3] = ["0", "1", "2"];

/// A value that is to be read.
///
/// Both parts stand still while it is handed through `serde`: what is passed on is two words.
#[derive(Clone, Copy)]
pub(crate) struct Value<'r, 'x, 'de> {
    pub(crate) reader: &'r Reader<'x, 'de>,
    pub(crate) at: &'r At<'x>,
}

/// Where a value is read from, and what is known of it.
pub(crate) struct At<'x> {
    pub(crate) place: Place<'x>,
    pub(super) depth: usize,
    /// Whether a [`Tree`](crate::Tree) is being read, to which a tensor is one value.
    pub(super) tree: bool,
    /// What is known of the type that is asked for next.
    spec: Cell<Option<&'static TypeSpec>>,
    /// What is known of its fields.
    fields: Cell<&'static [FieldSpec]>,
    /// The collection that it is in, where collections are laid over each other.
    collection: Cell<&'static str>,
    /// Whether its field says so, whatever its type says.
    is_collected: Cell<bool>,
}

impl<'x> At<'x> {
    pub(crate) fn root(reader: &Reader<'x, '_>) -> Self {
        let contents = reader.contents;
        let bare = contents.entry().is_some_and(|entry| entry.bare) && contents.items().len() == 1;
        let place = if bare {
            Place::Here(Here { item: Some(0), ..Here::default() })
        } else {
            Place::node(Node::root(contents))
        };
        Self::start(place)
    }

    /// Where a load begins.
    pub(crate) fn start(place: Place<'x>) -> Self {
        Self::new(place, 0, false, PARAMS)
    }

    #[inline]
    fn new(place: Place<'x>, depth: usize, tree: bool, collection: &'static str) -> Self {
        let (spec, fields, collection) = (Cell::new(None), Cell::new([].as_slice()), Cell::new(collection));
        Self { place, depth, tree, spec, fields, collection, is_collected: Cell::new(false) }
    }

    /// The value of a variant whose fields are described so.
    pub(crate) fn with_fields(self, fields: &'static [FieldSpec]) -> Self {
        self.fields.set(fields);
        self
    }
}

impl memory::Announce for Value<'_, '_, '_> {
    type Message = &'static TypeSpec;

    fn announce(&mut self, spec: &'static TypeSpec) {
        let At { spec: known, fields, collection, is_collected, .. } = self.at;
        known.set(Some(spec));
        fields.set(spec.fields);
        if spec.is_telling() {
            self.reader.came_by_names();
        }
        let framework = self.reader.contents.naming().framework();
        if let Some(own) = spec.collection.get(framework).filter(|_| !is_collected.get()) {
            collection.set(own);
        }
    }
}

/// A `#[tensor]` field.
impl<'de, T: FromTensor<'de>> memory::Give<'de, Request<T>> for Value<'_, '_, 'de> {
    type Output = Result<T>;

    fn give_to(self, Request { spec, .. }: Request<T>) -> Result<T> {
        let Some(source) = self.tensor() else {
            // In a leaf a tensor is the JSON of one.
            return match self.leaf() {
                Some(leaf) => {
                    let tensor = Tensor::deserialize(leaf)?;
                    StoredTensor::of(&tensor).in_memory(spec, None).and_then(T::from_tensor)
                }
                None => Err(self.mismatch("a tensor")),
            };
        };
        let dtype = self.reader.entry(source.index)?.dtype;
        let shape = self.reader.shape(source.index)?.to_vec();
        let stored = StoredTensor::new(dtype, shape, self.reader.casts, &source);
        T::from_tensor(stored.in_memory(spec, self.reader.contents.naming().framework())?)
    }
}

impl<'r, 'x, 'de> Value<'r, 'x, 'de> {
    pub(crate) fn new(reader: &'r Reader<'x, 'de>, at: &'r At<'x>) -> Self {
        Self { reader, at }
    }

    pub(crate) fn place(self) -> &'r Place<'x> {
        &self.at.place
    }

    pub(crate) fn spec(self) -> Option<&'static TypeSpec> {
        self.at.spec.get()
    }

    pub(crate) fn fields(self) -> &'static [FieldSpec] {
        self.at.fields.get()
    }

    /// A value one level further down.
    pub(crate) fn below(self, place: Place<'x>) -> At<'x> {
        At::new(place, self.at.depth + 1, self.at.tree, self.at.collection.get())
    }

    /// The same value further down, in an `Option` or a newtype.
    pub(super) fn inside(self) -> At<'x> {
        let inside = self.below(self.at.place.clone());
        inside.is_collected.set(self.at.is_collected.get());
        inside
    }

    /// The same value, asked for as a [`Tree`](crate::Tree).
    pub(super) fn as_tree(self) -> At<'x> {
        At::new(self.at.place.clone(), self.at.depth, true, self.at.collection.get())
    }

    /// The value of a field.
    pub(crate) fn field(self, field: Option<&FieldSpec>, place: Place<'x>) -> At<'x> {
        let value = self.below(place);
        self.describe(field, &value);
        value
    }

    /// Says what is known of a field's value before it is asked for.
    #[inline]
    pub(crate) fn describe(self, field: Option<&FieldSpec>, value: &At<'x>) {
        value.spec.set(None);
        value.fields.set(&[]);
        let own = self.own_collection(field);
        value.collection.set(own.unwrap_or(self.at.collection.get()));
        value.is_collected.set(own.is_some());
    }

    /// The collection that a field is in.
    pub(crate) fn collection_of(self, field: Option<&FieldSpec>) -> &'static str {
        self.own_collection(field).unwrap_or(self.at.collection.get())
    }

    fn own_collection(self, field: Option<&FieldSpec>) -> Option<&'static str> {
        field?.collection.get(self.reader.contents.naming().framework())
    }

    /// Reads a value whose parts have these names; at the root of a file whose collections are one tree
    /// to the value, from the collections laid over each other.
    pub(super) fn over_collections<T>(
        self,
        names: &[&str],
        read: impl for<'s, 'y> FnOnce(Value<'s, 'y, 'de>) -> Result<T>,
    ) -> Result<T> {
        let reader = self.reader;
        if !self.place().is_root() {
            return read(self);
        }
        let framework = reader.contents.naming().framework();
        let of_type = self.spec().and_then(|spec| spec.collection.get(framework));
        let knows_them =
            of_type.is_some() || self.fields().iter().any(|field| field.collection.get(framework).is_some());
        match collections::overlay(reader, names, knows_them) {
            Some(contents) => {
                let overlaid = reader.of(&contents);
                let root = self.at_root_of(&overlaid);
                read(Value::new(&overlaid, &root))
            }
            None => read(self),
        }
    }

    /// The same value at the root of the same file, looked at in another way.
    pub(crate) fn at_root_of<'y>(self, reader: &Reader<'y, 'de>) -> At<'y> {
        let At { depth, tree, ref spec, ref fields, ref collection, ref is_collected, .. } = *self.at;
        let (spec, fields, collection) = (spec.clone(), fields.clone(), collection.clone());
        At { depth, tree, spec, fields, collection, is_collected: is_collected.clone(), ..At::root(reader) }
    }

    /// Hands itself to a seed, and names itself in the error.
    pub(crate) fn give<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value> {
        let mut value = match vec_seed::<'de, T>().and_then(|_| self.tensor()) {
            Some(tensor) if self.is_vector() => tensor.elements(seed),
            _ => seed.deserialize(self),
        };
        // Where all is well the value stays where it was written.
        if value.is_err() {
            value = value.map_err(|error| self.name_in(error));
        }
        value
    }

    #[cold]
    fn name_in(self, mut error: Error) -> Error {
        match error.take_field() {
            // A field inside a leaf, which is JSON to the file.
            Some(field) => error.at(|| self.place().field_key(self.reader, &field, self.at.collection.get())),
            None => error.at(|| self.place().key(self.reader)),
        }
    }

    pub(super) fn tensor(&self) -> Option<TensorSource<'r, 'x, 'de>> {
        Some(TensorSource { reader: self.reader, index: self.place().tensor(self.reader)? })
    }

    pub(super) fn leaf(&self) -> Option<Leaf<'x, 'de>> {
        let index = self.place().leaf(self.reader)?;
        let text = self.reader.contents.leaf(index)?;
        self.reader.mark(Item::Leaf(index));
        Some(Leaf::new(self.reader.text(text), self.reader.lend(text), self.level()))
    }

    /// Whether a tensor is here that reads as a sequence of its elements.
    pub(super) fn is_vector(&self) -> bool {
        let siblings = matches!(self.place(), Place::Here(Here { list: Some(_), .. }));
        let rank = self.tensor().and_then(|tensor| self.reader.shape(tensor.index).ok()).map(<[usize]>::len);
        !siblings && rank == Some(1)
    }

    pub(super) fn level(&self) -> Level {
        Level { depth: self.at.depth, max_depth: self.reader.max_depth }
    }

    pub(super) fn descend(&self) -> Result<()> {
        self.level().below().map(|_| ())
    }

    #[cold]
    pub(super) fn mismatch(&self, expected: &str) -> Error {
        let reader = self.reader;
        let error = match self.place() {
            Place::Absent(absent) | Place::Gap(absent) => {
                Error::new(ErrorKind::Missing { nearest: reader.contents.nearest(&absent.key) })
                    .with_note(|| self.place().surroundings(reader))
            }
            place => Error::types(expected, place.describe(reader)),
        };
        error.at(|| self.place().key(reader))
    }

    /// The one element of a 0-d tensor.
    pub(super) fn scalar<T>(&self, expected: &str, read: impl FnOnce(Scalar<'_>) -> Result<T>) -> Result<T> {
        let Some(tensor) = self.tensor() else { return Err(self.mismatch(expected)) };
        let shape = self.reader.shape(tensor.index)?;
        if !shape.is_empty() {
            let error =
                ErrorKind::Shape { expected: format!("{expected}, a tensor of shape []"), found: shape.to_vec() };
            return Err(Error::new(error));
        }
        let dtype = self.reader.entry(tensor.index)?.dtype;
        let bytes = self.reader.bytes(tensor.index)?;
        read(Scalar { dtype, bytes: &bytes, casts: self.reader.casts, level: self.level() })
    }

    /// Whether the items of a list stand here, beside a leaf that is the first of them.
    fn is_list_from_leaf(self, leaf: &Leaf<'_, '_>) -> bool {
        matches!(self.place(), Place::Here(Here { list: Some(_), .. })) && !leaf.is_list()
    }

    pub(super) fn sequence<V: Visitor<'de>>(self, visitor: V, len: Option<usize>) -> Result<V::Value> {
        if let Some(leaf) = self.leaf().filter(|leaf| !self.is_list_from_leaf(leaf)) {
            return match len {
                Some(len) => leaf.deserialize_tuple(len, visitor),
                None => leaf.deserialize_seq(visitor),
            };
        }
        self.descend()?;
        if let Some(tensor) = self.tensor()
            && self.is_vector()
        {
            let found = self.reader.shape(tensor.index)?;
            if let Some(len) = len.filter(|len| found != [*len]) {
                let expected = format!("a tensor of shape [{len}]");
                return Err(Error::new(ErrorKind::Shape { expected, found: found.to_vec() }));
            }
            return Items::of_vector(self, tensor, visitor);
        }
        if let Some(len) = len.filter(|_| self.has_named_items()) {
            return self.named_items(len, visitor);
        }
        self.over_collections(&FIRST_ITEMS, |value| {
            let (reader, place) = (value.reader, value.place());
            match list::items(reader, place).map_err(|error| error.at(|| place.key(reader)))? {
                Some(items) => Items::of_list(value, items, len, visitor),
                // A tuple of nothing but units and `None`s stores nothing.
                None if place.is_absent() && len.is_some() => Items::of_list(value, Vec::new(), len, visitor),
                None => Err(value.mismatch("a sequence")),
            }
        })
    }

    /// A newtype whose field has a name of its own.
    pub(super) fn module<V: Visitor<'de>>(self, spec: &'static TypeSpec, visitor: V) -> Result<V::Value> {
        let field = spec.fields.first();
        let own = field.and_then(|field| field.names.get(self.reader.contents.naming().framework()));
        let text = own.unwrap_or("0");
        self.over_collections(&[text], |value| {
            let collection = value.collection_of(field);
            let mut lookup = Lookup::in_collection(value.reader, collection);
            let place = match lookup.field(value.reader, value.place(), &[], text)? {
                Some(place) => place,
                None => value.place().absent_field(value.reader, text, collection),
            };
            let at = value.field(field, place);
            visitor.visit_newtype_struct(Value::new(value.reader, &at))
        })
    }

    /// A tuple whose items have names, or are not in every framework.
    pub(super) fn named_items<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value> {
        let framework = self.reader.contents.naming().framework();
        let name = |field: &FieldSpec| field.names.get(framework).or(field.loads.first().copied()).unwrap_or_default();
        let names: Vec<&str> = self.fields().iter().map(name).collect();
        self.over_collections(&names, |value| {
            let mut lookup = Lookup::default();
            let mut items = Vec::with_capacity(len.min(names.len()));
            for (index, (field, &text)) in value.fields().iter().zip(&names).enumerate().take(len) {
                let collection = value.collection_of(Some(field));
                lookup.go_on_in(value.reader, collection);
                let found = match field.exists_in(framework) {
                    true => lookup.field(value.reader, value.place(), &[], text)?,
                    false => None,
                };
                let absent = || value.place().absent_field(value.reader, text, collection);
                items.push((index, found.unwrap_or_else(absent)));
            }
            Items::of_list(value, items, Some(len), visitor)
        })
    }

    pub(super) fn has_named_items(&self) -> bool {
        let framework = self.reader.contents.naming().framework();
        framework.is_some() && self.fields().iter().any(|field| field.names.get(framework).is_some())
    }

    pub(super) fn entries<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.descend()?;
        Entries::visit(self, visitor)
    }

    /// Whether a struct that looks like ndarray's is one's own: then its fields are there.
    pub(super) fn has_fields(&self, fields: &[&str]) -> bool {
        let children = self.place().children(self.reader);
        fields.iter().any(|field| children.iter().any(|child| child.token.name == *field))
    }

    /// Whether the file says, or the keys suggest, that this module is a list.
    pub(super) fn is_list(&self) -> bool {
        let Some(node) = self.place().below() else { return false };
        let contents = self.reader.contents;
        match contents.entry() {
            Some(entry) => {
                let key = contents.naming().trim(node.prefix(contents));
                entry.is_list(key)
            }
            // A map whose keys are 0, 1, 2, … is one in a `Tree`, but a buffer has to guess.
            None if self.at.tree => false,
            None => {
                let index = |child: &Child<'_>| list::index(&child.token.name);
                let mut indices: Vec<_> = node.children(contents).map(|child| index(&child)).collect();
                indices.sort_unstable();
                !indices.is_empty() && indices.iter().enumerate().all(|(at, index)| *index == Some(at))
            }
        }
    }
}
