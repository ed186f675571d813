//! What attributes say of nodes, which of most models is nothing.

use super::{Node, Skeleton};
use crate::spec::{FieldSpec, TypeSpec};

/// What attributes say of a node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    /// Of the field that it is.
    pub(super) field: Option<&'static FieldSpec>,
    /// Of its type.
    pub(super) kind: Option<&'static TypeSpec>,
    /// The newtypes around it of which something is said, as a range of [`Skeleton::newtypes`].
    pub(super) newtypes: (usize, usize),
}

impl Said {
    fn is_nothing(&self) -> bool {
        self.field.is_none() && self.kind.is_none() && self.newtypes.0 == self.newtypes.1
    }
}

impl Skeleton {
    /// Stores what is said of a node, and gives the number by which the node has it.
    #[inline]
    pub(super) fn say(&mut self, said: Said) -> usize {
        if said.is_nothing() {
            return 0;
        }
        self.said.push(said);
        self.said.len()
    }

    fn said_of(&self, node: &Node) -> Option<&Said> {
        self.said.get(node.said.checked_sub(1)?)
    }

    /// What is said of the field that a node is.
    #[inline]
    pub(crate) fn field_of(&self, node: &Node) -> Option<&'static FieldSpec> {
        self.said_of(node)?.field
    }

    /// What is said of the types of a node: its own, then the newtypes around it,
    /// the innermost first.
    pub(crate) fn kinds(&self, node: &Node) -> impl Iterator<Item = &'static TypeSpec> {
        let said = self.said_of(node);
        let newtypes = said.and_then(|said| self.newtypes.get(said.newtypes.0..said.newtypes.1)).unwrap_or_default();
        said.and_then(|said| said.kind).into_iter().chain(newtypes.iter().rev().copied())
    }

    /// Whether anything has a name of its own in a framework.
    pub(crate) fn has_names(&self) -> bool {
        // Of a part that became a leaf what was said is still there, but no node has it.
        let is_named = |node: &Node| self.field_of(node).is_some_and(|field| !field.names.is_none());
        !self.said.is_empty() && self.nodes.iter().any(is_named)
    }
}
