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
use crate::spec::Framework;

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

/// The contents of a file with its collections laid over each other, where a model of these fields
/// has modules: more of the fields are below the collections than at the root, or as many if the model
/// itself speaks of collections.
pub(crate) fn overlay<'a>(reader: &Reader<'a, '_>, fields: &[&str], knows_them: bool) -> Option<Contents<'a>> {
    if !(if knows_them { are_possible(reader) } else { are_there(reader) }) {
        return None;
    }
    let at_root = count(reader, fields);
    if at_root == fields.len() && !knows_them {
        return None;
    }
    let contents = reader.contents.overlaid();
    let below = count(&reader.of(&contents), fields);
    (below > at_root || below == at_root && below > 0 && knows_them).then_some(contents)
}

/// How many of these fields are at the root.
fn count(reader: &Reader<'_, '_>, fields: &[&str]) -> usize {
    let place = Place::node(Node::root(reader.contents));
    let children = place.children(reader);
    // Several that fit are some.
    let find = |field: &&str| place::find(reader, place.below(), &children, field, None, &mut |_| {});
    fields.iter().filter(|field| find(field).map_or(true, |found| found.is_some())).count()
}
