//! The tree that the keys of a file form, without building it.
//!
//! Keys that share a prefix lie side by side, so a node is a range of keys and the length of what
//! they share. Nothing is allocated until children are asked for.

use crate::de::contents::Contents;
use crate::naming::Token;

/// All keys from `low` to `high` begin alike, up to `at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    low: u32,
    high: u32,
    at: u32,
}

/// What lies one step below a node.
#[derive(Clone, Debug)]
pub(crate) struct Child<'x> {
    /// The last part of the key.
    pub(crate) token: Token<'x>,
    /// The item of exactly this key.
    pub(crate) item: Option<u32>,
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
        Self { low: 0, high: contents.len(), at: 0 }
    }

    /// All keys from `low` to `high`, which begin alike up to `at`.
    pub(crate) fn new(low: u32, high: u32, at: usize) -> Self {
        Self { low, high, at: at as u32 }
    }

    /// How many keys there are.
    pub(crate) fn len(self) -> u32 {
        self.high - self.low
    }

    pub(crate) fn is_root(self) -> bool {
        self.at == 0
    }

    pub(crate) fn range(self) -> std::ops::Range<u32> {
        self.low..self.high
    }

    pub(crate) fn at(self) -> usize {
        self.at as usize
    }

    /// What all keys here begin with.
    pub(crate) fn prefix<'x>(self, contents: &'x Contents<'_>) -> &'x str {
        contents.key_at(self.low).get(..self.at()).unwrap_or_default()
    }

    /// The children, in the order of the naming.
    pub(crate) fn children<'x>(self, contents: &'x Contents<'x>) -> Children<'x> {
        Children { contents, node: self, next: self.low, guess: u32::MAX }
    }

    /// The child that begins with the key at `low`, and where the next one begins; `guess` is how many
    /// keys it may have.
    fn child_at<'x>(self, contents: &'x Contents<'x>, low: u32, guess: u32) -> (Child<'x>, u32) {
        let naming = contents.naming();
        let key = contents.key_at(low);
        let at = if self.is_root() { naming.root_end(key) } else { self.at() };
        let token = naming.token(key, at);
        let end = token.end;
        let raw = key.as_bytes().get(self.at()..end).unwrap_or_default();
        let first = if token.leaf { low + 1 } else { low };
        let begins_alike = |index: u32| contents.key_bytes_at(first + index).get(self.at()..end) == Some(raw);
        let high = match naming.separator_between() {
            // Nothing lies below a leaf, and what begins with a token up to its separator has that token.
            Some(_) if token.leaf => first,
            Some(_) => first + leading(self.high - first, guess, begins_alike),
            None => {
                let same = |index: u32| {
                    let other = naming.token(contents.key_at(first + index), at);
                    !other.leaf && other.end == end && begins_alike(index)
                };
                first + leading(self.high - first, guess, same)
            }
        };
        let item = token.leaf.then_some(low);
        let node = (high > first).then_some(Self { low: first, high, at: end as u32 });
        (Child { token, item, node }, high.max(low + 1))
    }
}

/// The children of a node, one after the other.
#[derive(Clone)]
pub(crate) struct Children<'x> {
    contents: &'x Contents<'x>,
    node: Node,
    next: u32,
    /// How many keys the last one had: siblings are often alike.
    guess: u32,
}

impl<'x> Iterator for Children<'x> {
    type Item = Child<'x>;

    fn next(&mut self) -> Option<Child<'x>> {
        if self.next >= self.node.high {
            return None;
        }
        let (child, next) = self.node.child_at(self.contents, self.next, self.guess);
        self.guess = next - self.next;
        self.next = next;
        Some(child)
    }
}

/// How many of the first `len` satisfy `holds`, if those that do come first.
///
/// Looks whether it is as many as guessed, then at the end of growing steps: a node has all keys
/// below its parent or few.
#[inline]
pub(crate) fn leading(len: u32, guess: u32, holds: impl Fn(u32) -> bool) -> u32 {
    let guess = guess.min(len);
    if guess > 0 && holds(guess - 1) && (guess == len || !holds(guess)) {
        return guess;
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
            for (count, guess) in (0..=len).flat_map(|count| [0, 1, count, len, u32::MAX].map(|guess| (count, guess))) {
                assert_eq!(leading(len, guess, |index| index < count), count, "{count} of {len}, guessed {guess}");
            }
        }
    }
}
