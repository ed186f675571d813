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

/// Whether a file has collections.
pub(crate) fn are_there(reader: &Reader<'_, '_>) -> bool {
    let contents = reader.contents;
    if contents.is_overlay() || !matches!(contents.naming().framework(), Some(Framework::Flax | Framework::Haiku)) {
        return false;
    }
    let mut known = false;
    let all_are_modules = Node::root(contents).children(contents).all(|child| {
        known |= KNOWN.contains(&&*child.token.name);
        child.item.is_none() && child.node.is_some()
    });
    all_are_modules && known
}

/// The contents of a file with its collections laid over each other, where a model of these fields
/// has modules: none of the fields is at the root, and some are below.
pub(crate) fn overlay<'a>(reader: &Reader<'a, '_>, fields: &[&str]) -> Option<Contents<'a>> {
    if !are_there(reader) || has_any(reader, fields) {
        return None;
    }
    let contents = reader.contents.overlaid();
    has_any(&reader.of(&contents), fields).then_some(contents)
}

/// Whether any of these fields is at the root.
fn has_any(reader: &Reader<'_, '_>, fields: &[&str]) -> bool {
    let place = Place::node(Node::root(reader.contents));
    let children = place.children(reader);
    for field in fields {
        // Several that fit are some.
        let found = place::find(reader, place.below(), &children, field, None, &mut |_| {});
        if found.map_or(true, |found| found.is_some()) {
            return true;
        }
    }
    false
}
