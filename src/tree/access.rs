//! The part of a tree at a path.

use std::ops::Index;

use serde_json::Value;

use super::Tree;

/// What indexing gives where there is nothing.
static NOTHING: Tree = Tree::Leaf(Value::Null);

impl Tree {
    /// The part of the tree at `path`, whose dots descend.
    ///
    /// Keys may hold dots themselves, so each level tries the longest key first: `"a.b.c"` is the
    /// entry `a.b.c`, else `c` of `a.b`, else `b.c` of `a`, else `c` of `b` of `a`. The children
    /// of a list are named by their index in decimals. The empty path is the entry with the empty
    /// key where there is one, else the tree itself.
    ///
    /// The inside of a leaf is no part of the tree: see [`Value::pointer`] for it.
    ///
    /// # Examples
    ///
    /// ```
    /// use safejax::{Dtype, Tensor, Tree};
    ///
    /// # fn main() -> safejax::Result<()> {
    /// let w = Tensor::new(Dtype::F32, vec![], vec![0; 4])?;
    /// let tree = Tree::from_iter([("net/~/linear.0", Tree::from_iter([("w", w)]))]);
    ///
    /// assert!(tree.get("net/~/linear.0.w").is_some());
    /// assert!(tree.get("net/~/linear.0.b").is_none());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Self> {
        self.locate(path).map(|(_, node)| node)
    }

    /// The part of the tree at `path`, to change: see [`get`](Tree::get).
    ///
    /// # Examples
    ///
    /// ```
    /// use safejax::Tree;
    /// use serde_json::json;
    ///
    /// let mut tree = Tree::from_iter([("opt", Tree::from_iter([("step", json!(1))]))]);
    /// if let Some(step) = tree.get_mut("opt.step") {
    ///     *step = json!(2).into();
    /// }
    /// assert_eq!(tree["opt.step"], json!(2).into());
    /// ```
    #[must_use]
    pub fn get_mut(&mut self, path: &str) -> Option<&mut Self> {
        // Going back is only possible while the tree is not borrowed to be changed.
        let (route, _) = self.locate(path)?;
        route.into_iter().try_fold(self, |node, key| match node {
            Self::Map(map) => map.get_mut(key),
            Self::List(list) => list.get_mut(position(key)?),
            Self::Tensor(_) | Self::Leaf(_) => None,
        })
    }

    /// The keys on the way to `path`, and what is there.
    fn locate<'t, 'p>(&'t self, path: &'p str) -> Option<(Vec<&'p str>, &'t Self)> {
        let mut route = Vec::new();
        // The way on from each node that is still to be tried, the next one last: how many keys
        // of the route stay, the key after them, the node it leads to, and the rest of the path.
        let mut untried = Vec::new();
        let (mut node, mut rest) = (self, path);
        loop {
            if let Some(found) = node.child(rest) {
                route.push(rest);
                return Some((route, found));
            }
            for (dot, _) in rest.match_indices('.') {
                if let Some((key, after)) = rest.split_at_checked(dot)
                    && let Some(child) = node.child(key)
                {
                    untried.push((route.len(), key, child, after.get(1..).unwrap_or_default()));
                }
            }
            let Some((kept, key, child, after)) = untried.pop() else {
                return path.is_empty().then(|| (Vec::new(), self));
            };
            route.truncate(kept);
            route.push(key);
            (node, rest) = (child, after);
        }
    }

    /// The child of that whole name.
    fn child(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(map) => map.get(key),
            Self::List(list) => list.get(position(key)?),
            Self::Tensor(_) | Self::Leaf(_) => None,
        }
    }
}

/// The index that a name stands for: decimals as they are printed, so that no two names are one.
fn position(name: &str) -> Option<usize> {
    let canonical = name == "0" || !name.starts_with(['0', '+']);
    if canonical { name.parse().ok() } else { None }
}

/// The part of the tree at a path as [`Tree::get`] finds it, else a leaf that is `null`.
impl Index<&str> for Tree {
    type Output = Self;

    fn index(&self, path: &str) -> &Self {
        self.get(path).unwrap_or(&NOTHING)
    }
}

/// The item of a list, or the entry of a map under that number, else a leaf that is `null`.
///
/// A file that does not say which of its maps were lists is read with maps `0`, `1`, ….
impl Index<usize> for Tree {
    type Output = Self;

    fn index(&self, index: usize) -> &Self {
        let found = match self {
            Self::List(list) => list.get(index),
            _ => self.child(&index.to_string()),
        };
        found.unwrap_or(&NOTHING)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dtype, Tensor};

    fn tensor(byte: u8) -> Tree {
        Tensor::new(Dtype::U8, vec![1], vec![byte]).unwrap().into()
    }

    fn map<const N: usize>(entries: [(&str, Tree); N]) -> Tree {
        entries.into_iter().collect()
    }

    #[test]
    fn dots_descend_through_maps_and_lists() {
        let tree = map([("a", vec![tensor(0), map([("w", tensor(1))])].into())]);
        assert_eq!(tree.get("a.1.w"), Some(&tensor(1)));
        assert_eq!(tree.get("a.2.w"), None);
        assert_eq!(tree.get("a.0.w"), None);
    }

    #[test]
    fn the_longest_key_comes_first() {
        let inner = map([("b.c", tensor(2)), ("b", map([("c", tensor(3))]))]);
        let mut tree = map([("a", inner), ("a.b", map([("c", tensor(1))])), ("a.b.c", tensor(0))]);
        for (byte, key) in ["a.b.c", "a.b"].into_iter().enumerate() {
            assert_eq!(tree["a.b.c"], tensor(byte as u8));
            let Tree::Map(entries) = &mut tree else { unreachable!() };
            entries.shift_remove(key);
        }
        assert_eq!(tree["a.b.c"], tensor(2));
    }

    #[test]
    fn a_key_that_leads_nowhere_is_gone_back_on() {
        let deep = map([("b", map([("c", map([("d", tensor(1))]))]))]);
        let tree = map([("a", deep), ("a.b", map([("c", map([("x", tensor(2))]))]))]);
        assert_eq!(tree["a.b.c.d"], tensor(1));
    }

    #[test]
    fn the_same_part_can_be_changed() {
        let deep = map([("b", vec![map([("c.d", tensor(1))])].into())]);
        let mut tree = map([("a", deep), ("a.b", map([("0", tensor(2))]))]);
        *tree.get_mut("a.b.0.c.d").unwrap() = tensor(9);
        assert_eq!(tree["a.b.0.c.d"], tensor(9));
        assert_eq!(tree["a.b.0"], tensor(2));
        *tree.get_mut("").unwrap() = tensor(7);
        assert_eq!(tree, tensor(7));
        assert_eq!(tree.get_mut("a"), None);
    }

    #[test]
    fn the_empty_path_is_the_empty_key_or_else_the_tree() {
        assert_eq!(tensor(1).get(""), Some(&tensor(1)));
        assert_eq!(map([("", tensor(1))]).get(""), Some(&tensor(1)));
        assert_eq!(map([("a", map([("", tensor(1))]))]).get("a."), Some(&tensor(1)));
        assert_eq!(map([("a", tensor(1))]).get("a."), None);
        assert_eq!(map([("a", map([("b", tensor(1))]))]).get(".a"), None);
    }

    #[test]
    fn only_canonical_decimals_are_indices() {
        let tree = Tree::from(vec![tensor(0), tensor(1)]);
        assert_eq!(tree.get("1"), Some(&tensor(1)));
        for name in ["01", "+1", "-1", "00", "1 ", "", "99999999999999999999999"] {
            assert_eq!(tree.child(name), None, "{name:?}");
        }
    }

    #[test]
    fn indexing_gives_null_where_there_is_nothing() {
        let tree = map([("a", vec![tensor(0)].into()), ("0", tensor(1))]);
        assert_eq!(tree["a"][0], tensor(0));
        assert_eq!(tree[0], tensor(1));
        assert_eq!(tree["a"][1], Tree::Leaf(Value::Null));
        assert_eq!(tree["b"]["c"][3], Tree::Leaf(Value::Null));
    }
}
