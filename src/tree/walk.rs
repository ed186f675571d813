//! The parts of a tree, one after another, without recursion.

use std::fmt;
use std::iter::{Enumerate, FusedIterator};
use std::slice;

use super::Tree;

/// What a child is called by its parent.
#[derive(Clone, Copy)]
pub(super) enum Name<'a> {
    Key(&'a str),
    Index(usize),
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => f.write_str(key),
            Self::Index(index) => write!(f, "{index}"),
        }
    }
}

/// The children of a map or a list.
#[derive(Clone)]
pub(super) enum Children<'a> {
    Map(indexmap::map::Iter<'a, String, Tree>),
    List(Enumerate<slice::Iter<'a, Tree>>),
}

impl<'a> Iterator for Children<'a> {
    type Item = (Name<'a>, &'a Tree);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Map(entries) => entries.next().map(|(key, child)| (Name::Key(key), child)),
            Self::List(items) => items.next().map(|(index, child)| (Name::Index(index), child)),
        }
    }
}

/// Every end of a tree that `pick` takes, with its path.
pub(super) struct Walk<'a, T> {
    root: Option<&'a Tree>,
    /// The children that are left of each node on the way, and the names of those nodes.
    open: Vec<Children<'a>>,
    names: Vec<Name<'a>>,
    pick: fn(&'a Tree) -> Option<&'a T>,
}

impl<'a, T> Walk<'a, T> {
    pub(super) fn new(root: &'a Tree, pick: fn(&'a Tree) -> Option<&'a T>) -> Self {
        Self { root: Some(root), open: Vec::new(), names: Vec::new(), pick }
    }

    fn path_to(&self, last: Name<'_>) -> String {
        let mut path = String::new();
        for name in &self.names {
            path.push_str(&name.to_string());
            path.push('.');
        }
        path.push_str(&last.to_string());
        path
    }
}

impl<'a, T> Iterator for Walk<'a, T> {
    type Item = (String, &'a T);

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(root) = self.root.take() {
            match root.children() {
                Some(children) => self.open.push(children),
                None => return (self.pick)(root).map(|found| (String::new(), found)),
            }
        }
        while let Some(children) = self.open.last_mut() {
            let Some((name, node)) = children.next() else {
                self.open.pop();
                self.names.pop();
                continue;
            };
            if let Some(below) = node.children() {
                self.open.push(below);
                self.names.push(name);
            } else if let Some(found) = (self.pick)(node) {
                return Some((self.path_to(name), found));
            }
        }
        None
    }
}

impl<T> FusedIterator for Walk<'_, T> {}
