//! A tree as an indented table of contents.

use std::fmt::{self, Write};

use serde_json::Value;

use super::Tree;
use super::walk::{Children, Name};

/// Levels below this one are left out: their indentation alone would outgrow the tree.
const DEEPEST: usize = 128;

/// A longer name does not push the values beside its siblings to the right.
const WIDEST: usize = 40;

/// The characters of a leaf's JSON that are shown.
const LONGEST: usize = 80;

/// One line for every part: tensors by dtype and shape, other values as JSON, cut where it is long.
impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(children) = module(self) else {
            return write_end(self, f);
        };
        let mut open = vec![Level::new(children)];
        let mut first = true;
        while let Some(level) = open.last_mut() {
            let Some((name, node)) = level.children.next() else {
                open.pop();
                continue;
            };
            if !first {
                f.write_char('\n')?;
            }
            first = false;
            let (name, width) = (label(name), level.width);
            write!(f, "{:indent$}", "", indent = 2 * (open.len() - 1))?;
            match module(node) {
                None => {
                    write!(f, "{name:width$}  ")?;
                    write_end(node, f)?;
                }
                Some(_) if open.len() == DEEPEST => write!(f, "{name}  …")?,
                Some(children) => {
                    f.write_str(&name)?;
                    open.push(Level::new(children));
                }
            }
        }
        Ok(())
    }
}

/// What is left of one level, and the column of its values.
struct Level<'a> {
    children: Children<'a>,
    width: usize,
}

impl<'a> Level<'a> {
    fn new(children: Children<'a>) -> Self {
        let ends = children.clone().filter(|(_, node)| module(node).is_none());
        let widths = ends.map(|(name, _)| label(name).chars().count());
        let width = widths.filter(|width| *width <= WIDEST).max().unwrap_or(0);
        Self { children, width }
    }
}

/// The children of a node that takes lines below its own.
fn module(node: &Tree) -> Option<Children<'_>> {
    node.children().filter(|children| children.clone().next().is_some())
}

/// The name as it stands, in quotes where it would not be seen or would break the line.
fn label(name: Name<'_>) -> String {
    match name {
        Name::Key(key) if key.is_empty() || key.contains(|c: char| c.is_whitespace() || c.is_control()) => {
            format!("{key:?}")
        }
        _ => name.to_string(),
    }
}

/// A node that has no children.
fn write_end(node: &Tree, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match node {
        Tree::Tensor(tensor) => write!(f, "{} {:?}", tensor.dtype(), tensor.shape()),
        Tree::Leaf(value) => write_cut(value, f),
        Tree::Map(_) => f.write_str("{}"),
        Tree::List(_) => f.write_str("[]"),
    }
}

fn write_cut(value: &Value, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut cut = Cut { f, left: LONGEST, full: false };
    match write!(cut, "{value}") {
        Err(_) if cut.full => cut.f.write_char('…'),
        result => result,
    }
}

/// Writes so many characters and then refuses, which spares the work of printing the rest.
struct Cut<'a, 'f> {
    f: &'a mut fmt::Formatter<'f>,
    left: usize,
    full: bool,
}

impl Write for Cut<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            if self.left == 0 {
                self.full = true;
                return Err(fmt::Error);
            }
            self.left -= 1;
            self.f.write_char(c)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Dtype, Tensor};

    fn tensor(shape: &[usize]) -> Tree {
        let bytes = vec![0; Dtype::F32.byte_len(shape).unwrap()];
        Tensor::new(Dtype::F32, shape.to_vec(), bytes).unwrap().into()
    }

    fn map<const N: usize>(entries: [(&str, Tree); N]) -> Tree {
        entries.into_iter().collect()
    }

    #[test]
    fn levels_are_indented_and_values_aligned_with_their_siblings() {
        let dense = map([("bias", tensor(&[4])), ("kernel", tensor(&[3, 4]))]);
        let tree = map([("params", map([("dense", dense)])), ("activation", json!("relu").into())]);
        let expected = "\
params
  dense
    bias    F32 [4]
    kernel  F32 [3, 4]
activation  \"relu\"";
        assert_eq!(tree.to_string(), expected);
    }

    #[test]
    fn items_are_numbered_and_empty_parts_shown() {
        let layers = vec![map([("w", tensor(&[]))]), Tree::default(), Tree::List(vec![])];
        let tree = map([("layers", layers.into())]);
        assert_eq!(tree.to_string(), "layers\n  0\n    w  F32 []\n  1  {}\n  2  []");
    }

    #[test]
    fn a_tree_without_children_is_one_line() {
        assert_eq!(tensor(&[2]).to_string(), "F32 [2]");
        assert_eq!(Tree::Leaf(json!({"a": [1, null]})).to_string(), r#"{"a":[1,null]}"#);
        assert_eq!(Tree::default().to_string(), "{}");
    }

    #[test]
    fn a_long_leaf_is_cut() {
        let exact = Tree::Leaf("x".repeat(LONGEST - 2).into());
        assert_eq!(exact.to_string(), format!("\"{}\"", "x".repeat(LONGEST - 2)));
        let long = Tree::Leaf(vec!["ä"; 1000].into());
        let shown = long.to_string();
        assert_eq!(shown.chars().count(), LONGEST + 1);
        assert!(shown.ends_with('…'));
    }

    #[test]
    fn a_long_name_moves_no_sibling() {
        let long = "x".repeat(WIDEST + 1);
        let tree = map([("a", tensor(&[])), (&long, tensor(&[]))]);
        assert_eq!(tree.to_string(), format!("a  F32 []\n{long}  F32 []"));
    }

    #[test]
    fn a_name_that_would_break_the_line_is_quoted() {
        let tree = map([("", tensor(&[])), ("a\nb", tensor(&[])), ("ü.[0]/~", tensor(&[]))]);
        assert_eq!(tree.to_string(), "\"\"       F32 []\n\"a\\nb\"   F32 []\nü.[0]/~  F32 []");
    }

    #[test]
    fn levels_that_are_too_deep_are_left_out() {
        let tree = (0..=DEEPEST).fold(tensor(&[]), |inner, _| map([("a", inner)]));
        assert_eq!(tree.to_string().lines().count(), DEEPEST);
        assert_eq!(tree.to_string().lines().last().unwrap().trim_start(), "a  …");
        let shallower = &tree["a"];
        assert!(shallower.to_string().ends_with("a  F32 []"));
    }
}
