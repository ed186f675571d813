//! From a skeleton and its keys to the header and the place of every tensor.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::entry::Entry;
use crate::header;
use crate::naming::Naming;
use crate::ser::keys::Keys;
use crate::ser::skeleton::{Body, Skeleton};
use crate::{Error, Result};

/// Where one tensor goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    /// How many pieces of the file come before it, the header being the first.
    pub(crate) position: NonZeroUsize,
    /// From the beginning of the file.
    pub(crate) offset: u64,
    pub(crate) len: usize,
}

/// All that is known of a file before its data is written.
pub(crate) struct Plan {
    pub(crate) header: Vec<u8>,
    /// In the order of the walk; `None` for a tensor that is not in this file.
    pub(crate) slots: Vec<Option<Slot>>,
    /// The length of each piece of the file: the header, then the tensors.
    pub(crate) lengths: Vec<usize>,
    /// The tensors in the order of the file, each by its place in the walk.
    pub(crate) order: Vec<usize>,
    /// The length of the whole file.
    pub(crate) total: u64,
    pub(crate) keys: Arc<Keys>,
}

/// What is in a file beside the tensors.
pub(crate) struct About<'a> {
    pub(crate) naming: &'a Naming,
    /// The user's metadata.
    pub(crate) metadata: &'a BTreeMap<String, String>,
    /// Whether metadata without an entry is written.
    pub(crate) keep_empty: bool,
}

impl Plan {
    /// Plans the file of a skeleton.
    pub(crate) fn new(skeleton: &Skeleton, keys: Keys, about: &About<'_>) -> Result<Self> {
        let metadata = metadata(skeleton, about.naming, &keys, about.metadata)?;
        let metadata = Some(metadata).filter(|metadata| about.keep_empty || !metadata.is_empty());
        let all = keys.sorted().iter().map(|index| *index as usize).collect();
        Self::of_sorted(skeleton, Arc::new(keys), all, metadata.as_ref())
    }

    /// The bytes of all tensors.
    pub(crate) fn data_len(&self) -> u64 {
        self.total - self.header.len() as u64
    }

    /// Plans a file of some tensors of a skeleton, each given by its place in the walk.
    pub(crate) fn of_tensors(
        skeleton: &Skeleton,
        keys: Arc<Keys>,
        mut order: Vec<usize>,
        metadata: Option<&BTreeMap<String, String>>,
    ) -> Result<Self> {
        order.sort_by(|&a, &b| keys.tensor(a).cmp(keys.tensor(b)));
        Self::of_sorted(skeleton, keys, order, metadata)
    }

    /// The same of tensors that are in the order of their keys.
    fn of_sorted(
        skeleton: &Skeleton,
        keys: Arc<Keys>,
        mut order: Vec<usize>,
        metadata: Option<&BTreeMap<String, String>>,
    ) -> Result<Self> {
        let infos = skeleton.tensors();
        // The order that every writer of the format uses: greatest dtype first, then by name.
        let dtype = |index: &usize| Reverse(infos.get(*index).map(|info| info.dtype));
        if !order.is_sorted_by_key(dtype) {
            order.sort_by_key(dtype);
        }
        let planned = order.iter().filter_map(|&index| {
            let info = infos.get(index)?;
            let shape = keys.shape(skeleton, index);
            let len = info.dtype.byte_len(shape)? as u64;
            Some(header::Planned { key: keys.tensor(index), dtype: info.dtype, shape, len })
        });
        let header = header::write(planned, metadata)?;

        let mut offset = header.len() as u64;
        let mut slots = vec![None; infos.len()];
        let mut lengths = Vec::with_capacity(order.len() + 1);
        lengths.push(header.len());
        for &index in &order {
            let (Some(info), Some(slot)) = (infos.get(index), slots.get_mut(index)) else { continue };
            let shape = skeleton.shape(info);
            let len = info.dtype.byte_len(shape).ok_or_else(|| {
                let reason = format!("a tensor {} {shape:?} has no whole number of bytes", info.dtype);
                Error::unsupported(reason).at(|| keys.tensor(index).to_owned())
            })?;
            *slot = NonZeroUsize::new(lengths.len()).map(|position| Slot { position, offset, len });
            lengths.push(len);
            offset += len as u64;
        }
        Ok(Self { header, slots, lengths, order, total: offset, keys })
    }
}

/// A file's metadata: the user's entries, the leaves, and this crate's own entry where it is due.
pub(crate) fn metadata(
    skeleton: &Skeleton,
    naming: &Naming,
    keys: &Keys,
    user: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>> {
    if user.contains_key(Entry::KEY) {
        let reason = "this metadata entry is the crate's own and cannot be given";
        return Err(Error::unsupported(reason).at(|| Entry::KEY.to_owned()));
    }
    let mut metadata = user.clone();
    let root = skeleton.nodes().first().map(|node| node.body);
    let bare = matches!(root, Some(Body::Tensor | Body::Leaf(_)));
    let mut leaf_keys: Vec<String> = keys.leaves().map(|(key, _)| key.to_owned()).collect();
    if bare || !leaf_keys.is_empty() || !keys.read_as_detected(naming) {
        // A hash map has no order, but the same value makes the same file.
        let mut lists: Vec<String> = keys.lists().map(str::to_owned).collect();
        lists.sort_unstable();
        leaf_keys.sort_unstable();
        let entry = Entry { naming: naming.clone(), bare, leaves: leaf_keys, lists };
        insert(&mut metadata, Entry::KEY, entry.to_text())?;
    }
    for (key, leaf) in keys.leaves() {
        insert(&mut metadata, key, leaf.entry(skeleton.text(leaf.span)))?;
    }
    Ok(metadata)
}

pub(crate) fn insert(metadata: &mut BTreeMap<String, String>, key: &str, text: String) -> Result<()> {
    match metadata.insert(key.to_owned(), text) {
        None => Ok(()),
        Some(_) => {
            let reason = "the metadata that was given has an entry of this name, where the value itself needs one";
            Err(Error::unsupported(reason).at(|| key.to_owned()))
        }
    }
}

/// A naming for a skeleton that needs none: segments are told apart by what none of them holds.
pub(crate) fn separate(skeleton: &Skeleton) -> Naming {
    let longest = skeleton.nodes().iter().map(|node| longest_separator(&skeleton.step_text(node.step))).max();
    Naming::flax().separator(&format!("{}.", "\u{1f}".repeat(longest.unwrap_or_default()))).with_field_names()
}

/// How many `\u{1f}` before a `.` make a separator that `text` does not hold.
fn longest_separator(text: &str) -> usize {
    let before = text.split_inclusive('.').filter_map(|part| part.strip_suffix('.'));
    before.map(|part| 1 + part.bytes().rev().take_while(|byte| *byte == 0x1f).count()).max().unwrap_or_default()
}
