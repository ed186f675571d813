//! The entries that a map sees: the framework's own native shape.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::de::node::{Child, Node};
use crate::de::place::{Here, Place};
use crate::de::reader::Reader;
use crate::naming::{Shape, Token};

/// The entries of a place as a map.
pub(crate) fn entries<'x>(reader: &Reader<'x, '_>, place: &Place<'x>) -> Vec<(Cow<'x, str>, Place<'x>)> {
    let contents = reader.contents;
    match (place.below(), contents.naming().shape()) {
        (Some(node), Shape::Flat) if node.is_root() => flat(reader, node),
        (Some(node), Shape::TwoLevels) if node.is_root() => root_of_modules(reader, node),
        (Some(node), Shape::TwoLevels) if is_collection(reader, node) => modules(reader, node),
        (_, shape) => nested(reader, place, shape),
    }
}

fn flat<'x>(reader: &Reader<'x, '_>, node: Node) -> Vec<(Cow<'x, str>, Place<'x>)> {
    let contents = reader.contents;
    let whole = |item| {
        let here = Here { item: Some(item), ..Here::default() };
        (Cow::Borrowed(contents.key_at(item)), Place::Here(here))
    };
    node.range().map(whole).collect()
}

fn nested<'x>(reader: &Reader<'x, '_>, place: &Place<'x>, shape: Shape) -> Vec<(Cow<'x, str>, Place<'x>)> {
    let children = place.children(reader);
    let entry = |child: Child<'x>| {
        let place = Place::of(&child);
        let name = if shape == Shape::TwoLevels { Cow::Borrowed(child.token.scoped) } else { child.token.name };
        (name, place)
    };
    children.into_iter().map(entry).collect()
}

/// Whether a node is one of haiku's collections: a root level of modules, without parameters.
fn is_collection(reader: &Reader<'_, '_>, node: Node) -> bool {
    let contents = reader.contents;
    let prefix = node.prefix(contents);
    contents.naming().is_collection(prefix)
        && node.range().all(|item| contents.naming().module(contents.key_at(item)).len() > prefix.len())
}

/// Collections, then modules.
fn root_of_modules<'x>(reader: &Reader<'x, '_>, root: Node) -> Vec<(Cow<'x, str>, Place<'x>)> {
    let mut entries = Vec::new();
    let mut rest = Vec::new();
    for child in root.children(reader.contents) {
        match child.node {
            Some(node) if is_collection(reader, node) => entries.push((child.token.name.clone(), Place::node(node))),
            node => rest.extend(node.into_iter().flat_map(Node::range).chain(child.item)),
        }
    }
    entries.extend(group(reader, 0, rest));
    entries
}

fn modules<'x>(reader: &Reader<'x, '_>, node: Node) -> Vec<(Cow<'x, str>, Place<'x>)> {
    group(reader, node.at(), node.range())
}

/// Groups parameters by their module's whole path.
fn group<'x>(
    reader: &Reader<'x, '_>,
    at: usize,
    items: impl IntoIterator<Item = u32>,
) -> Vec<(Cow<'x, str>, Place<'x>)> {
    let contents = reader.contents;
    let mut modules: BTreeMap<&'x str, Vec<Child<'x>>> = BTreeMap::new();
    for item in items {
        let key = contents.key_at(item);
        let module = contents.naming().module(key);
        let path = module.get(at..).unwrap_or_default();
        let path = if at > 0 { path.strip_prefix('.').unwrap_or(path) } else { path };
        let name = contents.naming().parameter(key);
        let token = Token { name: Cow::Borrowed(name), scoped: name, end: key.len(), leaf: true, index: false };
        let parameter = Child { token, item: Some(item), node: None };
        modules.entry(path).or_default().push(parameter);
    }
    let entry = |(path, parameters): (_, Vec<_>)| (Cow::Borrowed(path), Place::Parameters(parameters.into()));
    modules.into_iter().map(entry).collect()
}
