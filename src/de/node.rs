//! The tree that the keys of a file form, without building it.
//!
//! Keys that share a prefix lie side by side, so a node is a range of keys and the length of what
//! they share. Nothing is allocated until children are asked for.

use crate::de::contents::Contents;
use crate::naming::Token;

/// All keys from `low` to `high` begin alike, up to `at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    low: usize,
    high: usize,
    at: usize,
}

/// What lies one step below a node.
#[derive(Clone, Debug)]
pub(crate) struct Child<'x> {
    /// The last part of the key.
    pub(crate) token: Token<'x>,
    /// The item of exactly this key.
    pub(crate) item: Option<usize>,
    /// The keys below.
    pub(crate) node: Option<Node>,
}

impl<'x> Child<'x> {
    /// What all keys here begin with.
    pub(crate) fn key(&self, contents: &'x Contents<'_>) -> &'x str {
        let first = self.item.or(self.node.map(|node| node.low)).unwrap_or_default();
        contents.key_at(first).get(..self.token.end).unwrap_or_default()
    }
}

impl Node {
    pub(crate) fn root(contents: &Contents<'_>) -> Self {
        Self { low: 0, high: contents.items().len(), at: 0 }
    }

    pub(crate) fn is_root(self) -> bool {
        self.at == 0
    }

    pub(crate) fn range(self) -> std::ops::Range<usize> {
        self.low..self.high
    }

    pub(crate) fn at(self) -> usize {
        self.at
    }

    /// What all keys here begin with.
    pub(crate) fn prefix<'x>(self, contents: &'x Contents<'_>) -> &'x str {
        contents.key_at(self.low).get(..self.at).unwrap_or_default()
    }

    /// The children, in the order of the naming.
    pub(crate) fn children<'x>(self, contents: &'x Contents<'x>) -> Vec<Child<'x>> {
        let mut children = Vec::new();
        let mut low = self.low;
        while low < self.high {
            let child = self.child_at(contents, low);
            low = child.1;
            children.push(child.0);
        }
        children
    }

    /// The child that begins with the key at `low`, and where the next one begins.
    fn child_at<'x>(self, contents: &'x Contents<'x>, low: usize) -> (Child<'x>, usize) {
        let naming = contents.naming();
        let key = contents.key_at(low);
        let at = if self.is_root() { naming.root_end(key) } else { self.at };
        let token = naming.token(key, at);
        let end = token.end;
        let item = token.leaf.then_some(low);
        let first = if item.is_some() { low + 1 } else { low };
        let raw = key.get(self.at..end).unwrap_or_default();
        let same = |index: usize| {
            let other = contents.key_at(index);
            let token = naming.token(other, at);
            !token.leaf && token.end == end && other.get(self.at..end) == Some(raw)
        };
        let high = first + leading(self.high - first, |offset| same(first + offset));
        let node = (high > first).then_some(Self { low: first, high, at: end });
        (Child { token, item, node }, high.max(low + 1))
    }
}

/// How many of the first `len` satisfy `holds`, if those that do come first.
///
/// Looks at the end first, then in growing steps: a node has all keys below its parent or few.
fn leading(len: usize, holds: impl Fn(usize) -> bool) -> usize {
    match len.checked_sub(1) {
        None => return 0,
        Some(last) if holds(last) => return len,
        Some(_) => {}
    }
    let mut low = 0;
    let mut step = 1;
    while low + step < len && holds(low + step - 1) {
        low += step;
        step *= 2;
    }
    let mut high = (low + step).min(len);
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
    use super::leading;

    #[test]
    fn leading_counts_what_comes_first() {
        for len in 0..40 {
            for count in 0..=len {
                assert_eq!(leading(len, |index| index < count), count, "{count} of {len}");
            }
        }
    }
}
