//! What of a skeleton becomes a leaf of JSON: parts without tensors, and what stands for nothing.

use super::{Body, Skeleton};
use crate::ser::leaf::{self, Form, Leaf};
use crate::{Error, Result};

/// A list with more gaps than this for each item says of each that nothing is there: reading takes as
/// many for an item of the file, so that a short file cannot ask for a long list.
const GAPS_AN_ITEM: usize = 16;

impl Skeleton {
    /// The JSON of a value without tensors.
    pub(crate) fn json(&self) -> Result<String> {
        let mut json = String::new();
        self.write_json(0, &mut json);
        if leaf::nesting(&json) > leaf::MAX_NESTING { Err(too_deep_a_leaf()) } else { Ok(json) }
    }

    /// Turns a subtree without tensors into one leaf of JSON.
    pub(super) fn collapse(&mut self, node: usize, text: usize) -> Result<bool> {
        let mut json = String::new();
        self.write_json(node, &mut json);
        if leaf::nesting(&json) > leaf::MAX_NESTING {
            return Err(too_deep_a_leaf());
        }
        self.nodes.truncate(node + 1);
        self.text.truncate(text);
        let span = self.intern(&json);
        Ok(self.replace(node, Leaf { span, form: Form::Json }))
    }

    fn replace(&mut self, index: usize, leaf: Leaf) -> bool {
        if let Some(node) = self.nodes.get_mut(index) {
            node.body = Body::Leaf(leaf);
            node.stores = true;
            node.end = index + 1;
        }
        true
    }

    /// In a sequence that holds tensors a `None` is a gap, but the last ones would be lost, and more
    /// than a reader believes.
    pub(super) fn record_trailing(&mut self, list: usize) -> bool {
        let items: Vec<usize> = self.children(list).collect();
        let stored = |index: &&usize| self.nodes.get(**index).is_some_and(|node| node.stores);
        let last = items.iter().rposition(|index| stored(&index)).map_or(0, |last| last + 1);
        let count = items.iter().filter(stored).count();
        let sparse = last - count > GAPS_AN_ITEM * count;
        for (position, item) in items.into_iter().enumerate() {
            match self.nodes.get(item).map(|node| (node.body, node.stores)) {
                Some((Body::Nothing, _)) if position >= last || sparse => self.record(item, "null"),
                Some((Body::Struct(_), false)) => self.record(item, "{}"),
                _ => {}
            }
        }
        true
    }

    pub(super) fn record_empty(&mut self, map: usize) -> bool {
        let entries: Vec<usize> = self.children(map).collect();
        for entry in entries {
            if self.nodes.get(entry).is_some_and(|node| matches!(node.body, Body::Struct(_)) && !node.stores) {
                self.record(entry, "{}");
            }
        }
        true
    }

    /// Puts a leaf where nothing was stored. The nodes below stay: none of them stores anything.
    fn record(&mut self, index: usize, json: &str) {
        let span = self.intern(json);
        if let Some(node) = self.nodes.get_mut(index) {
            node.body = Body::Leaf(Leaf { span, form: Form::Json });
            node.stores = true;
        }
    }

    fn write_json(&self, index: usize, out: &mut String) {
        let Some(node) = self.nodes.get(index) else { return };
        match node.body {
            Body::Leaf(leaf) => leaf.write_json(self.text(leaf.span), out),
            Body::Nothing | Body::Tensor => out.push_str("null"),
            Body::List { .. } => {
                out.push('[');
                for (i, child) in self.children(index).enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    self.write_json(child, out);
                }
                out.push(']');
            }
            Body::Struct(_) | Body::Map | Body::Enum => {
                out.push('{');
                for (i, child) in self.children(index).enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    self.write_json_entry(child, out);
                }
                out.push('}');
            }
        }
    }

    fn write_json_entry(&self, child: usize, out: &mut String) {
        let Some(node) = self.nodes.get(child) else { return };
        let key = self.step_text(node.step);
        out.push_str(&serde_json::Value::from(key).to_string());
        out.push(':');
        self.write_json(child, out);
    }
}

#[cold]
fn too_deep_a_leaf() -> Error {
    let limit = leaf::MAX_NESTING;
    Error::unsupported(format!(
        "a value without tensors is one leaf of JSON, which nests no deeper than {limit} levels"
    ))
}
