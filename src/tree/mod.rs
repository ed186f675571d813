//! [`Tree`], parameters of any structure.

mod access;
mod display;
mod key;
mod serde;
mod walk;

use indexmap::IndexMap;
use serde_json::Value;

use crate::Tensor;
use walk::{Children, Walk};

/// A pytree: nested maps and lists with tensors and other values at their ends.
///
/// It is to a file of parameters what [`serde_json::Value`] is to JSON. It does not remember which
/// naming it was read with, and its `Display` is an indented table of contents.
///
/// # Which trees come back as they were
///
/// A sequence without a tensor in it is stored as one value, so it is read as one
/// [`Leaf`](Tree::Leaf) that holds an array (an empty sequence too), and a map, even an empty one,
/// outside such a sequence is read as a [`Map`](Tree::Map). A tree of that form, as reading always
/// gives it, comes back equal. As in [`IndexMap`], the order of entries does not count in `==`.
///
/// JSON has no words for numbers that are not finite, nor numbers beyond 64 bits in
/// [`Value`]. In a tree they are strings: `"NaN"`, `"Infinity"`, `"-Infinity"`, and the digits.
///
/// # Depth
///
/// Cloning, comparing, serializing and dropping descend by recursion, as they do for
/// [`serde_json::Value`]. Reading is limited to [`Options::max_depth`](crate::Options::max_depth);
/// only a tree that a program builds by itself can be too deep for its own stack. [`get`](Tree::get),
/// [`tensors`](Tree::tensors), [`leaves`](Tree::leaves) and `Display` work at any depth.
///
/// # Examples
///
/// ```
/// use safejax::{Dtype, Tensor, Tree};
///
/// # fn main() -> safejax::Result<()> {
/// let bias = Tensor::new(Dtype::F32, vec![4], vec![0; 16])?;
/// let tree = Tree::from_iter([
///     ("params", Tree::from_iter([("bias", bias)])),
///     ("activation", serde_json::json!("relu").into()),
/// ]);
///
/// assert_eq!(tree["params.bias"].as_tensor().map(Tensor::shape), Some(&[4][..]));
/// assert_eq!(tree["activation"].as_leaf().and_then(|leaf| leaf.as_str()), Some("relu"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// An array.
    Tensor(Tensor),
    /// Any other value that is stored as one: a scalar, a string, `null`, a sequence of those.
    Leaf(Value),
    /// Named children, in their order.
    Map(IndexMap<String, Tree>),
    /// Numbered children.
    List(Vec<Tree>),
}

impl Tree {
    /// The children, where this is a map or a list.
    fn children(&self) -> Option<Children<'_>> {
        match self {
            Self::Map(map) => Some(Children::Map(map.iter())),
            Self::List(list) => Some(Children::List(list.iter().enumerate())),
            Self::Tensor(_) | Self::Leaf(_) => None,
        }
    }

    /// The tensor, if this is one.
    ///
    /// # Examples
    ///
    /// ```
    /// use safejax::{Dtype, Tensor, Tree};
    ///
    /// # fn main() -> safejax::Result<()> {
    /// let tree = Tree::from(Tensor::new(Dtype::U8, vec![2], vec![1, 2])?);
    /// assert_eq!(tree.as_tensor().map(Tensor::dtype), Some(Dtype::U8));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn as_tensor(&self) -> Option<&Tensor> {
        match self {
            Self::Tensor(tensor) => Some(tensor),
            _ => None,
        }
    }

    /// The value that is no tensor, if this is one.
    ///
    /// # Examples
    ///
    /// ```
    /// use safejax::Tree;
    ///
    /// let tree = Tree::from(serde_json::json!([64, 64]));
    /// assert_eq!(tree.as_leaf(), Some(&serde_json::json!([64, 64])));
    /// ```
    #[must_use]
    pub fn as_leaf(&self) -> Option<&Value> {
        match self {
            Self::Leaf(value) => Some(value),
            _ => None,
        }
    }

    /// The map, if this is one.
    ///
    /// # Examples
    ///
    /// ```
    /// use safejax::Tree;
    ///
    /// assert_eq!(Tree::default().as_map().map(|map| map.len()), Some(0));
    /// ```
    #[must_use]
    pub fn as_map(&self) -> Option<&IndexMap<String, Self>> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The list, if this is one. A sequence without a tensor is a [`Leaf`](Tree::Leaf) instead.
    ///
    /// # Examples
    ///
    /// ```
    /// use safejax::{Dtype, Tensor, Tree};
    ///
    /// # fn main() -> safejax::Result<()> {
    /// let layer = Tensor::new(Dtype::U8, vec![2], vec![1, 2])?;
    /// let tree = Tree::from(vec![layer.into()]);
    /// assert_eq!(tree.as_list().map(|list| list.len()), Some(1));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }

    /// Every tensor with its path, depth first in the order of the entries.
    ///
    /// A path is the keys and indices on the way, joined with dots; that of a tree that is itself
    /// a tensor is empty.
    ///
    /// # Examples
    ///
    /// ```
    /// use safejax::{Dtype, Tensor, Tree};
    ///
    /// # fn main() -> safejax::Result<()> {
    /// let bias = Tensor::new(Dtype::F32, vec![4], vec![0; 16])?;
    /// let tree = Tree::from_iter([("layers", Tree::from(vec![Tree::from_iter([("bias", bias)])]))]);
    ///
    /// let paths: Vec<String> = tree.tensors().map(|(path, _)| path).collect();
    /// assert_eq!(paths, ["layers.0.bias"]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn tensors(&self) -> impl Iterator<Item = (String, &Tensor)> {
        Walk::new(self, Self::as_tensor)
    }

    /// Every value that is no tensor, with its path: see [`tensors`](Tree::tensors).
    ///
    /// # Examples
    ///
    /// ```
    /// use safejax::Tree;
    /// use serde_json::json;
    ///
    /// let tree = Tree::from(json!({"opt": {"step": 3}}));
    /// assert_eq!(tree.leaves().next(), Some(("opt.step".to_owned(), &json!(3))));
    /// ```
    pub fn leaves(&self) -> impl Iterator<Item = (String, &Value)> {
        Walk::new(self, Self::as_leaf)
    }
}

/// The empty map.
impl Default for Tree {
    fn default() -> Self {
        Self::Map(IndexMap::new())
    }
}

impl From<Tensor> for Tree {
    fn from(tensor: Tensor) -> Self {
        Self::Tensor(tensor)
    }
}

/// Objects become maps, as reading them would give; anything else is one leaf.
impl From<Value> for Tree {
    fn from(value: Value) -> Self {
        match value {
            Value::Object(object) => object.into_iter().collect(),
            other => Self::Leaf(other),
        }
    }
}

impl From<IndexMap<String, Tree>> for Tree {
    fn from(map: IndexMap<String, Self>) -> Self {
        Self::Map(map)
    }
}

impl From<Vec<Tree>> for Tree {
    fn from(list: Vec<Self>) -> Self {
        Self::List(list)
    }
}

/// A map of those entries; of two with one key the later stays.
impl<K: Into<String>, V: Into<Tree>> FromIterator<(K, V)> for Tree {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Self::Map(entries.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}

/// A list of those items.
impl FromIterator<Tree> for Tree {
    fn from_iter<I: IntoIterator<Item = Self>>(items: I) -> Self {
        Self::List(items.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Dtype;

    fn tensor(byte: u8) -> Tree {
        Tensor::new(Dtype::U8, vec![1], vec![byte]).unwrap().into()
    }

    fn map<const N: usize>(entries: [(&str, Tree); N]) -> Tree {
        entries.into_iter().collect()
    }

    fn paths(tree: &Tree) -> Vec<String> {
        tree.tensors().map(|(path, _)| path).collect()
    }

    #[test]
    fn tensors_come_in_order_with_their_paths() {
        let layers = vec![map([("w", tensor(1)), ("n", json!(3).into())]), Tree::default(), tensor(2)];
        let tree = map([("z", tensor(0)), ("layers", layers.into()), ("a", tensor(3)), ("", tensor(4))]);
        assert_eq!(paths(&tree), ["z", "layers.0.w", "layers.2", "a", ""]);
        assert!(tree.tensors().zip(0..).all(|((_, found), byte)| found.bytes() == [byte]));
        assert_eq!(paths(&tensor(0)), [""]);
        assert_eq!(paths(&map([("", map([("", tensor(0))]))])), ["."]);
    }

    #[test]
    fn leaves_come_in_order_with_their_paths() {
        let tree = map([("b", json!([1, 2]).into()), ("w", tensor(0)), ("a", json!({"x": null}).into())]);
        let found: Vec<_> = tree.leaves().collect();
        assert_eq!(found, [("b".to_owned(), &json!([1, 2])), ("a.x".to_owned(), &Value::Null)]);
    }

    #[test]
    fn an_object_becomes_a_map_and_an_array_stays_one_leaf() {
        let tree = Tree::from(json!({"a": {"b": [{"c": 1}]}, "e": {}}));
        assert_eq!(tree, map([("a", map([("b", Tree::Leaf(json!([{"c": 1}])))])), ("e", Tree::default())]));
    }

    #[test]
    fn a_very_deep_tree_is_searched_walked_and_shown_on_a_small_stack() {
        let deep = (0..100_000).fold(tensor(1), |inner, _| map([("a", inner)]));
        let worker = std::thread::Builder::new().stack_size(128 * 1024);
        let deep = worker
            .spawn(move || {
                let (path, _) = deep.tensors().next().unwrap();
                assert_eq!(path.len(), 199_999);
                assert!(deep.get(&path[..201]).is_some());
                assert!(deep.to_string().ends_with('…'));
                deep
            })
            .unwrap()
            .join()
            .unwrap();
        // Dropping recurses, so the levels are taken apart one by one.
        let mut rest = Some(deep);
        while let Some(Tree::Map(entries)) = rest {
            rest = entries.into_values().next();
        }
    }
}
