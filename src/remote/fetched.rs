//! What a load has of a file in an object store, and what it still needs.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// The tensors that a load has, and those that it asked for beyond.
#[derive(Default)]
pub(crate) struct Fetched {
    pub(super) tensors: BTreeMap<usize, Vec<u8>>,
    pub(super) asked: RefCell<BTreeSet<usize>>,
}

impl Fetched {
    /// The bytes of a tensor; `None` notes that it is needed.
    pub(crate) fn get(&self, tensor: usize) -> Option<&[u8]> {
        let bytes = self.tensors.get(&tensor);
        if bytes.is_none() {
            self.asked.borrow_mut().insert(tensor);
        }
        bytes.map(Vec::as_slice)
    }
}
