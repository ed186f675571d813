//! What of a file a type has read, for those who want no key left over.

use std::cell::RefCell;

use crate::de::contents::{Contents, Item};
use crate::report::{Mismatch, Unexpected};
use crate::{Error, ErrorKind, Result};

/// Which items were read.
pub(crate) struct Used {
    tensors: RefCell<Vec<bool>>,
    leaves: RefCell<Vec<bool>>,
}

impl Used {
    pub(crate) fn new(contents: &Contents<'_>) -> Self {
        let header = contents.header();
        let tensors = vec![false; header.entries().len()];
        let leaves = vec![false; header.metadata().unwrap_or_default().len()];
        Self { tensors: RefCell::new(tensors), leaves: RefCell::new(leaves) }
    }

    pub(crate) fn mark(&self, item: Item) {
        let (of_kind, index) = match item {
            Item::Tensor(index) => (&self.tensors, index),
            Item::Leaf(index) => (&self.leaves, index),
        };
        if let Some(used) = of_kind.borrow_mut().get_mut(index) {
            *used = true;
        }
    }

    /// Whether this was read.
    pub(crate) fn has(&self, item: Item) -> bool {
        let (of_kind, index) = match item {
            Item::Tensor(index) => (&self.tensors, index),
            Item::Leaf(index) => (&self.leaves, index),
        };
        of_kind.borrow().get(index).copied().unwrap_or_default()
    }

    /// Refuses what was not read.
    pub(crate) fn check(&self, contents: &Contents<'_>) -> Result<()> {
        let (read, unread): (Vec<Item>, Vec<Item>) = contents.items().partition(|item| self.has(*item));
        if unread.is_empty() {
            return Ok(());
        }
        let read: Vec<&str> = read.into_iter().map(|item| contents.key(item)).collect();
        let unexpected = unread.into_iter().map(|item| {
            let key = contents.key(item).to_owned();
            let nearest = crate::error::nearest(&key, read.iter().copied());
            Unexpected { key, nearest }
        });
        let mismatch = Mismatch { unexpected: unexpected.collect(), ..Mismatch::default() };
        Err(Error::new(ErrorKind::Mismatch(Box::new(mismatch))))
    }
}
