//! From a skeleton that kept its tensors to a [`Tree`].

use indexmap::IndexMap;
use serde_json::Value;

use crate::ser::leaf::{Form, Leaf};
use crate::ser::skeleton::{Body, Skeleton};
use crate::tensor::Tensor;
use crate::{Result, Tree};

/// Builds the tree of a walked value.
pub(crate) fn build(mut skeleton: Skeleton) -> Result<Tree> {
    let mut tensors = skeleton.take_kept().into_iter();
    Ok(subtree(&skeleton, 0, &mut tensors))
}

/// Nodes are visited in the order of the walk, so the tensors come one after the other.
fn subtree(skeleton: &Skeleton, index: usize, tensors: &mut impl Iterator<Item = Tensor>) -> Tree {
    match skeleton.node(index).map(|node| node.body) {
        Some(Body::Tensor) => tensors.next().map_or(Tree::Leaf(Value::Null), Tree::Tensor),
        Some(Body::Leaf(leaf)) => of_leaf(leaf, skeleton.text_of(leaf)),
        Some(Body::List { .. }) => {
            Tree::List(skeleton.children(index).map(|child| subtree(skeleton, child, tensors)).collect())
        }
        Some(Body::Struct(_) | Body::Map | Body::Enum) => {
            let mut map = IndexMap::new();
            for child in skeleton.children(index) {
                let Some(node) = skeleton.node(child).filter(|node| node.stores) else { continue };
                map.insert(skeleton.step_text(node.step), subtree(skeleton, child, tensors));
            }
            Tree::Map(map)
        }
        Some(Body::Nothing) | None => Tree::Leaf(Value::Null),
    }
}

fn of_leaf(leaf: Leaf, text: &str) -> Tree {
    match leaf.form {
        Form::Json => of_value(serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))),
        Form::Text | Form::Bare => Tree::Leaf(Value::from(text)),
    }
}

fn of_value(value: Value) -> Tree {
    match value {
        Value::Object(entries) => Tree::Map(entries.into_iter().map(|(key, value)| (key, of_value(value))).collect()),
        leaf => Tree::Leaf(leaf),
    }
}
