//! The fields of one module, found one after the other.
//!
//! A struct asks for its fields by name, and where keys stand in byte order a name is searched for
//! among them directly: mostly it is the next one. Only what that does not settle (lists named after
//! their items, scopes, paths) takes a list of all that the module has.

use std::cmp::Ordering;
use std::rc::Rc;

use crate::Result;
use crate::de::contents::Contents;
use crate::de::layout::{Layout, Stretch};
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
    /// Where the search for the next one begins, once there was one.
    cursor: Option<Cursor<'x>>,
    /// Where another module of the same type had them.
    layout: Option<Rc<Layout>>,
    /// All that the module has, once that is needed.
    listed: Option<Listed<'x>>,
}

struct Listed<'x> {
    children: Vec<Child<'x>>,
    /// Which of them a field has taken.
    used: Vec<bool>,
}

/// The key after those of the field that was found last.
struct Cursor<'x> {
    last: &'static str,
    index: u32,
    /// What that key has below the module; `None` at the module's end.
    rest: Option<&'x [u8]>,
}

/// What looking at the keys says of a field.
enum Direct {
    Item(u32),
    Node(Node),
    Nothing,
    Unclear,
}

impl<'x> Lookup<'x> {
    /// For a module that may be like others of its type.
    pub(crate) fn like(layout: Rc<Layout>) -> Self {
        Self { layout: Some(layout), ..Self::default() }
    }

    pub(crate) fn in_collection(reader: &Reader<'_, '_>, collection: &'static str) -> Self {
        let mut lookup = Self::default();
        lookup.go_on_in(reader, collection);
        lookup
    }

    /// Says in which collection the next field is, where collections are laid over each other.
    pub(crate) fn go_on_in(&mut self, reader: &Reader<'_, '_>, collection: &'static str) {
        self.collection = Some(collection).filter(|_| reader.contents.is_overlay());
    }

    /// Finds the place of a field, after those of the fields `before` it.
    pub(crate) fn field(
        &mut self,
        reader: &Reader<'x, '_>,
        place: &Place<'x>,
        before: &[&'static str],
        field: &'static str,
    ) -> Result<Option<Place<'x>>> {
        let mut found = Place::default();
        Ok(self.field_into(reader, place, before, field, &mut found)?.then_some(found))
    }

    /// The same, with the place written where it is to be.
    #[inline]
    pub(crate) fn field_into(
        &mut self,
        reader: &Reader<'x, '_>,
        place: &Place<'x>,
        before: &[&'static str],
        field: &'static str,
        found: &mut Place<'x>,
    ) -> Result<bool> {
        if self.listed.is_none()
            && !reader.contents.is_overlay()
            && let (Some(node), Some(separator)) = (place.below(), reader.contents.naming().separator_between())
        {
            let keys = Keys { contents: reader.contents, node, separator };
            let like = self.layout.as_ref().map(|layout| layout.field(before.len())).unwrap_or_default();
            match keys.find(self.cursor.as_ref(), like, field) {
                Direct::Item(item) => {
                    self.note(before.len(), item - node.range().start, 1);
                    *found = Place::Here(Here { item: Some(item), ..Here::default() });
                    self.covered += 1;
                    self.cursor = Some(Cursor { last: field, index: item + 1, rest: keys.rest(item + 1) });
                    return Ok(true);
                }
                Direct::Node(below) => {
                    self.note(before.len(), below.range().start - node.range().start, below.len());
                    let node = below;
                    *found = Place::node(node);
                    self.covered += node.len();
                    let end = node.range().end;
                    self.cursor = Some(Cursor { last: field, index: end, rest: keys.rest(end) });
                    return Ok(true);
                }
                Direct::Nothing => return Ok(false),
                Direct::Unclear => {}
            }
        }
        self.field_of_all(reader, place, before, field, found)
    }

    fn note(&self, index: usize, from: u32, count: u32) {
        if let Some(layout) = &self.layout {
            layout.note(index, Stretch { from, count });
        }
    }

    fn field_of_all(
        &mut self,
        reader: &Reader<'x, '_>,
        place: &Place<'x>,
        before: &[&'static str],
        field: &'static str,
        found: &mut Place<'x>,
    ) -> Result<bool> {
        let collection = self.collection;
        let Listed { children, used } = self.list(reader, place, before)?;
        let here = place::find(reader, place.below(), children, field, collection, &mut |index| mark(used, index))?;
        Ok(here.map(|here| *found = Place::Here(here)).is_some())
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
}

/// The keys below a node, in byte order.
struct Keys<'x, 's> {
    contents: &'x Contents<'x>,
    node: Node,
    /// The text between the names in a key.
    separator: &'s str,
}

impl<'x> Keys<'x, '_> {
    /// What the key at `index` has below the node.
    #[inline]
    fn rest(&self, index: u32) -> Option<&'x [u8]> {
        if index >= self.node.range().end {
            return None;
        }
        self.contents.key_bytes_at(index).get(self.node.at()..)
    }

    #[inline]
    fn find(&self, cursor: Option<&Cursor<'x>>, like: Stretch, field: &'static str) -> Direct {
        let name = field.as_bytes();
        // What was found here before is one name.
        if like.count == 0 && (name.is_empty() || field.contains('.') || field.contains(self.separator)) {
            return Direct::Unclear;
        }
        // A key before the cursor is of the last field, so that it begins with this one only if the
        // last one does.
        let (start, rest) = match cursor {
            Some(Cursor { last, index, rest }) if !begins(last.as_bytes(), name) => (*index, *rest),
            Some(_) => return self.search(name),
            None => (self.node.range().start, self.rest(self.node.range().start)),
        };
        // The likeliest: a tensor, and right there.
        match rest.and_then(|rest| strip(rest, name)) {
            Some([]) if !self.rest(start + 1).is_some_and(|rest| begins(rest, name)) => Direct::Item(start),
            Some(_) => self.found_at(start, like.count, name),
            None => self.find_like(like, name),
        }
    }

    /// Looks where another module of the type has the field, before it searches.
    fn find_like(&self, Stretch { from, count }: Stretch, name: &[u8]) -> Direct {
        let start = self.node.range().start + from;
        let is_first = || !self.rest(start - 1).is_some_and(|rest| begins(rest, name));
        if count > 0 && self.after(start, name).is_some() && (from == 0 || is_first()) {
            return self.found_at(start, count, name);
        }
        self.search(name)
    }

    /// Searches all keys for the first that begins with `name`.
    fn search(&self, name: &[u8]) -> Direct {
        let (low, len) = (self.node.range().start, self.node.len());
        let start = low + leading(len, len, |index| self.rest(low + index).is_some_and(|rest| rest < name));
        if self.after(start, name).is_some() { self.found_at(start, len, name) } else { Direct::Nothing }
    }

    /// What the key at `index` has after `name`, if it begins with that.
    #[inline]
    fn after(&self, index: u32, name: &[u8]) -> Option<&'x [u8]> {
        strip(self.rest(index)?, name)
    }

    /// What `name` leads to, which the key at `start` is the first to begin with; `guess` is how many
    /// keys it may have.
    fn found_at(&self, start: u32, guess: u32, name: &[u8]) -> Direct {
        let (found, end) = match self.after(start, name) {
            Some([]) => (Direct::Item(start), start + 1),
            _ => match self.below(start, guess, name) {
                Some(node) => (Direct::Node(node), node.range().end),
                None => (Direct::Nothing, start),
            },
        };
        if end > start && self.after(end, name).is_none() {
            return found;
        }
        // Other names begin like this one.
        let of_list = self.first_not_before(end, name, b"_0");
        if let Some([b'_', b'0'..=b'9', ..]) = self.after(of_list, name) {
            return Direct::Unclear;
        }
        if end > start {
            return found;
        }
        let begin = self.first_not_before(end, name, self.separator.as_bytes());
        self.below(begin, guess, name).map_or(Direct::Nothing, Direct::Node)
    }

    /// The module of this name, if its keys begin at `start`.
    fn below(&self, start: u32, guess: u32, name: &[u8]) -> Option<Node> {
        let separator = self.separator.as_bytes();
        let is_below = |index: u32| self.after(start + index, name).is_some_and(|after| after.starts_with(separator));
        if !is_below(0) {
            return None;
        }
        let len = self.node.range().end.saturating_sub(start);
        let end = start + leading(len, guess, is_below);
        Some(Node::new(start, end, self.node.at() + name.len() + separator.len()))
    }

    /// The first key from `from` on that is not before `name` and `suffix`.
    fn first_not_before(&self, from: u32, name: &[u8], suffix: &[u8]) -> u32 {
        let is_before = |index: u32| {
            let rest = self.rest(from + index).unwrap_or_default();
            let (head, tail) = rest.split_at_checked(name.len()).unwrap_or((rest, &[]));
            head.cmp(name).then_with(|| tail.cmp(suffix)) == Ordering::Less
        };
        let len = self.node.range().end.saturating_sub(from);
        from + leading(len, len, is_before)
    }
}

/// Whether `text` begins with `name`: most that do not differ in the first byte.
#[inline]
fn begins(text: &[u8], name: &[u8]) -> bool {
    text.first() == name.first() && text.starts_with(name)
}

#[inline]
fn strip<'t>(text: &'t [u8], name: &[u8]) -> Option<&'t [u8]> {
    if text.first() == name.first() { text.strip_prefix(name) } else { None }
}

fn mark(used: &mut [bool], index: usize) {
    if let Some(used) = used.get_mut(index) {
        *used = true;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;
    use crate::{Checkpoint, Naming, Options};

    /// Where a field was found, or that it was not.
    type Found = std::result::Result<Option<(Option<u32>, Option<Node>, Option<usize>)>, ()>;

    fn described(found: Result<Option<Place<'_>>>) -> Found {
        let here = |place: Place<'_>| match place {
            Place::Here(here) => Some((here.item, here.node, here.list.map(|list| list.items.len()))),
            _ => None,
        };
        found.map(|found| found.and_then(here)).map_err(|_| ())
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
        fn fields_are_found_where_a_list_of_all_children_has_them(
            keys in keys(),
            fields in fields(),
            guesses in prop::collection::vec((0u32..12, 0u32..4), 5),
        ) {
            let tensors: BTreeMap<String, _> = keys.into_iter().map(|key| (key, ndarray::arr1(&[0.0f32]))).collect();
            let bytes = Options::new().naming(Naming::flat()).to_bytes(&tensors).unwrap();
            let opening = Options::new().naming(Naming::flax()).opening();
            let checkpoint = Checkpoint::from_bytes_as(&bytes, opening).unwrap();
            let reader = checkpoint.quiet_reader();
            let place = Place::node(Node::root(reader.contents));
            let children = place.children(&reader);

            let layout = reader.layout(fields.clone().leak());
            for (index, (field, (from, count))) in fields.iter().zip(guesses).enumerate() {
                let is_name = !field.is_empty() && !field.contains('.');
                layout.note(index, Stretch { from, count: if is_name { count } else { 0 } });
            }
            let mut lookup = Lookup::like(layout);
            let mut used = vec![false; children.len()];
            for (asked, field) in fields.iter().enumerate() {
                let listed = place::find(&reader, place.below(), &children, field, None, &mut |index| mark(&mut used, index));
                let found = lookup.field(&reader, &place, &fields[..asked], field);
                prop_assert_eq!(described(found), described(listed.map(|here| here.map(Place::Here))), "{} of {:?}", field, tensors);
            }
            let rest: Vec<Child<'_>> =
                children.iter().zip(used).filter(|(_, used)| !used).map(|(child, _)| child.clone()).collect();
            let left = lookup.rest(&reader, &place, &fields).unwrap();
            prop_assert_eq!(names(&left), names(&rest), "{:?} of {:?}", fields, tensors);
        }
    }
}
