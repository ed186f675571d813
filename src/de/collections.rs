//! The root collections of a file, laid over each other.
//!
//! flax and haiku keep what a module has in several trees of one structure: `params`, `batch_stats`,
//! `state`. A model whose fields say which is which has them as one tree of modules, and so it sees
//! the file.

use crate::de::contents::Contents;
use crate::de::node::Node;
use crate::de::place::{self, Place};
use crate::de::reader::Reader;
use crate::naming::Naming;
use crate::spec::{FieldSpec, Framework};

/// The collections that flax and haiku have in all models; where none of them is, there are none.
const KNOWN: [&str; 3] = ["params", "batch_stats", "state"];

/// Where the path inside its collection begins in a key.
pub(crate) fn path_start(naming: &Naming, key: &str) -> usize {
    let end = naming.token(key, 0).end;
    let joined =
        naming.framework() == Some(Framework::Haiku) && key.get(end..).is_some_and(|rest| rest.starts_with('.'));
    end + usize::from(joined)
}

/// The collection of a key.
pub(crate) fn collection<'k>(naming: &Naming, key: &'k str) -> &'k str {
    naming.trim(key.get(..naming.token(key, 0).end).unwrap_or_default())
}

/// Whether a file has collections that are known without a type.
pub(crate) fn are_there(reader: &Reader<'_, '_>) -> bool {
    are_possible(reader)
        && Node::root(reader.contents).children(reader.contents).any(|child| KNOWN.contains(&&*child.token.name))
}

/// Whether a file may have collections: there is nothing but modules at its root.
fn are_possible(reader: &Reader<'_, '_>) -> bool {
    let contents = reader.contents;
    !contents.is_overlay()
        && matches!(contents.naming().framework(), Some(Framework::Flax | Framework::Haiku))
        && Node::root(contents).children(contents).all(|child| child.item.is_none() && child.node.is_some())
}

/// What a type has at its root.
pub(crate) struct Root<'f> {
    /// The names of its fields.
    pub(crate) fields: &'f [&'f str],
    /// What is said of them, if anything is.
    pub(crate) described: Option<&'static [FieldSpec]>,
}

/// The contents of a file with its collections laid over each other, where a model with this root has
/// modules: none of its fields is at the root of the file, and some are below.
pub(crate) fn overlay<'a>(reader: &Reader<'a, '_>, root: &Root<'_>) -> Option<Contents<'a>> {
    let possible = if root.described.is_some() { are_possible(reader) } else { are_there(reader) };
    let framework = reader.contents.naming().framework();
    // A collection is not the field of the same name that is in it.
    let is_collection = |field: &str| {
        let own = |spec: &FieldSpec| spec.collection.get(framework) == Some(field);
        root.described.is_some_and(|described| described.iter().any(own))
    };
    if !possible || root.fields.iter().any(|field| !is_collection(field) && has(reader, field)) {
        return None;
    }
    let contents = reader.contents.overlaid();
    let overlaid = reader.of(&contents);
    let is_due = root.fields.iter().any(|field| has(&overlaid, field));
    is_due.then_some(contents)
}

/// Whether a field is at the root.
fn has(reader: &Reader<'_, '_>, field: &str) -> bool {
    let place = Place::node(Node::root(reader.contents));
    let children = place.children(reader);
    // Several that fit are some.
    place::find(reader, place.below(), &children, field, None, &mut |_| {}).map_or(true, |found| found.is_some())
}
