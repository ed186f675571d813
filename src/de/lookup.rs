//! The fields of one module, found one after the other.
//!
//! A struct asks for its fields by name, and where keys stand in byte order a name is searched for
//! among them directly: mostly it is the next one. Only what that does not settle (lists named after
//! their items, scopes, paths) takes a list of all that the module has.

use std::cmp::Ordering;

use crate::Result;
use crate::de::contents::Contents;
use crate::de::node::{Child, Node, leading};
use crate::de::place::{self, Here, Place};
use crate::de::reader::Reader;

/// What has been asked of one module so far.
#[derive(Default)]
pub(crate) struct Lookup<'x> {
    /// The collection that is meant where several have a field.
    pub(crate) collection: Option<&'static str>,
    /// How many keys the fields that were found have.
    covered: u32,
    /// The last of them, and where its keys end.
    last: Option<(&'static str, u32)>,
    /// All that the module has, once that is needed.
    listed: Option<Listed<'x>>,
}

struct Listed<'x> {
    children: Vec<Child<'x>>,
    /// Which of them a field has taken.
    used: Vec<bool>,
}

/// What looking at the keys says of a field.
enum Direct<'x> {
    Here(Here<'x>, u32),
    Nothing,
    Unclear,
}

impl<'x> Lookup<'x> {
    /// Finds the place of a field, after those of the fields `before` it.
    pub(crate) fn field(
        &mut self,
        reader: &Reader<'x, '_>,
        place: &Place<'x>,
        before: &[&'static str],
        field: &'static str,
    ) -> Result<Option<Here<'x>>> {
        if self.listed.is_none() {
            let contents = reader.contents;
            let found = match (place.below(), contents.naming().separator_between()) {
                (Some(node), Some(separator)) if !contents.is_overlay() => {
                    self.direct(contents, node, separator, field)
                }
                _ => Direct::Unclear,
            };
            match found {
                Direct::Here(here, end) => {
                    self.covered += u32::from(here.item.is_some()) + here.node.map_or(0, Node::len);
                    self.last = Some((field, end));
                    return Ok(Some(here));
                }
                Direct::Nothing => return Ok(None),
                Direct::Unclear => {}
            }
        }
        let collection = self.collection;
        let Listed { children, used } = self.list(reader, place, before)?;
        place::find(reader, place.below(), children, field, collection, &mut |index| mark(used, index))
    }

    /// What no field has taken, of all that were asked for.
    pub(crate) fn rest(
        mut self,
        reader: &Reader<'x, '_>,
        place: &Place<'x>,
        fields: &[&'static str],
    ) -> Result<Vec<Child<'x>>> {
        let all = place.below().map(Node::len);
        if self.listed.is_none() && all == Some(self.covered) {
            return Ok(Vec::new());
        }
        self.list(reader, place, fields)?;
        let Some(Listed { children, used }) = self.listed else { return Ok(Vec::new()) };
        Ok(children.into_iter().zip(used).filter(|(_, used)| !used).map(|(child, _)| child).collect())
    }

    fn list(&mut self, reader: &Reader<'x, '_>, place: &Place<'x>, before: &[&'static str]) -> Result<&mut Listed<'x>> {
        let listed = match self.listed.take() {
            Some(listed) => listed,
            None => {
                let children = place.children(reader);
                let mut used = vec![false; children.len()];
                for field in before {
                    place::find(reader, place.below(), &children, field, self.collection, &mut |index| {
                        mark(&mut used, index)
                    })?;
                }
                Listed { children, used }
            }
        };
        Ok(self.listed.insert(listed))
    }

    /// Searches the keys below a node, which are in byte order.
    fn direct(&self, contents: &'x Contents<'x>, node: Node, separator: &str, field: &'static str) -> Direct<'x> {
        let name = field.as_bytes();
        let (Some(initial), Some(join)) = (name.first(), separator.as_bytes().first()) else { return Direct::Unclear };
        if name.contains(join) && field.contains(separator) {
            return Direct::Unclear;
        }
        let (at, low, high) = (node.at(), node.range().start, node.range().end);
        let rest = |index: u32| contents.key_bytes_at(index).get(at..).unwrap_or_default();
        // Most other keys differ in the first byte.
        let after = |index: u32| match rest(index) {
            rest if rest.first() == Some(initial) => rest.strip_prefix(name),
            _ => None,
        };
        // The last key of the field before begins with that field and its end.
        let (cursor, is_first) = match self.last {
            Some((last, end)) => (end, !last.starts_with(field)),
            None => (low, true),
        };
        let start = if is_first && cursor < high && after(cursor).is_some() {
            cursor
        } else {
            low + partition_point(high - low, |index| rest(low + index) < name)
        };
        let Some(first) = after(start).filter(|_| start < high) else { return Direct::Nothing };

        let is_below = |index: u32| after(index).is_some_and(|after| after.starts_with(separator.as_bytes()));
        let below = |start: u32| {
            let end = start + leading(high - start, |index| is_below(start + index));
            (Node::new(start, end, at + field.len() + separator.len()), end)
        };
        let (item, node, end) = if first.is_empty() {
            (Some(start), None, start + 1)
        } else if is_below(start) {
            let (node, end) = below(start);
            (None, Some(node), end)
        } else {
            (None, None, start)
        };
        if end > start && (end == high || after(end).is_none()) {
            return Direct::Here(Here { item, node, list: None }, end);
        }
        // Other names begin like this one.
        let not_before = |suffix: &str| {
            let is_before = |index: u32| compare(rest(end + index), field, suffix) == Ordering::Less;
            end + partition_point(high - end, is_before)
        };
        let of_list = not_before("_0");
        if of_list < high && after(of_list).is_some_and(|after| matches!(after, [b'_', b'0'..=b'9', ..])) {
            return Direct::Unclear;
        }
        if item.is_none() && node.is_none() {
            let begin = not_before(separator);
            if begin == high || !is_below(begin) {
                return Direct::Nothing;
            }
            let (node, end) = below(begin);
            return Direct::Here(Here { node: Some(node), ..Here::default() }, end);
        }
        Direct::Here(Here { item, node, list: None }, end)
    }
}

fn mark(used: &mut [bool], index: usize) {
    if let Some(used) = used.get_mut(index) {
        *used = true;
    }
}

/// How `text` stands to `begin` and `end` in one.
fn compare(text: &[u8], begin: &str, end: &str) -> Ordering {
    let (head, tail) = text.split_at_checked(begin.len()).unwrap_or((text, &[]));
    head.cmp(begin.as_bytes()).then_with(|| tail.cmp(end.as_bytes()))
}

/// How many of the first `len` satisfy `holds`, if those that do come first.
fn partition_point(len: u32, holds: impl Fn(u32) -> bool) -> u32 {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;
    use crate::{Checkpoint, Naming, Options};

    /// Where a field was found, or that it was not.
    type Found = std::result::Result<Option<(Option<u32>, Option<Node>, Option<usize>)>, ()>;

    fn described(found: Result<Option<Here<'_>>>) -> Found {
        let here = |here: Here<'_>| (here.item, here.node, here.list.map(|list| list.items.len()));
        found.map(|found| found.map(here)).map_err(|_| ())
    }

    fn names(children: &[Child<'_>]) -> Vec<String> {
        children.iter().map(|child| child.token.scoped.to_owned()).collect()
    }

    fn segment() -> impl Strategy<Value = &'static str> {
        prop::sample::select(&["a", "b", "ab", "a-", "a_", "a_b", "a_0", "a_1", "a_0_1", "_", "0"][..])
    }

    /// The keys of a tree: none lies below another.
    fn keys() -> impl Strategy<Value = BTreeSet<String>> {
        let key = prop::collection::vec(segment(), 1..4).prop_map(|segments| segments.join("."));
        prop::collection::btree_set(key, 0..12).prop_map(|keys| {
            let lies_below = |key: &str, other: &str| key.strip_prefix(other).is_some_and(|rest| rest.starts_with('.'));
            keys.iter().filter(|key| !keys.iter().any(|other| lies_below(key, other))).cloned().collect()
        })
    }

    /// The names of a struct's fields, no two alike.
    fn fields() -> impl Strategy<Value = Vec<&'static str>> {
        let field = prop_oneof![9 => segment(), 1 => prop::sample::select(&["", "a.b", "a_0.a"][..])];
        prop::collection::hash_set(field, 0..5).prop_map(|fields| fields.into_iter().collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2048, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn fields_are_found_where_a_list_of_all_children_has_them(keys in keys(), fields in fields()) {
            let tensors: BTreeMap<String, _> = keys.into_iter().map(|key| (key, ndarray::arr1(&[0.0f32]))).collect();
            let bytes = Options::new().naming(Naming::flat()).to_bytes(&tensors).unwrap();
            let opening = Options::new().naming(Naming::flax()).opening();
            let checkpoint = Checkpoint::from_bytes_as(&bytes, opening).unwrap();
            let reader = checkpoint.quiet_reader();
            let place = Place::node(Node::root(reader.contents));
            let children = place.children(&reader);

            let mut lookup = Lookup::default();
            let mut used = vec![false; children.len()];
            for (asked, field) in fields.iter().enumerate() {
                let listed = place::find(&reader, place.below(), &children, field, None, &mut |index| mark(&mut used, index));
                let found = lookup.field(&reader, &place, &fields[..asked], field);
                prop_assert_eq!(described(found), described(listed), "{} of {:?}", field, tensors);
            }
            let rest: Vec<Child<'_>> =
                children.iter().zip(used).filter(|(_, used)| !used).map(|(child, _)| child.clone()).collect();
            let left = lookup.rest(&reader, &place, &fields).unwrap();
            prop_assert_eq!(names(&left), names(&rest), "{:?} of {:?}", fields, tensors);
        }
    }
}
