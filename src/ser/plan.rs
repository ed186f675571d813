//! From a skeleton and a naming to every key, the header, and the place of every tensor.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::entry::Entry;
use crate::error::ErrorKind;
use crate::header;
use crate::naming::{Content, Level, Naming, Refusal, Segment};
use crate::rename::Renames;
use crate::ser::leaf::Leaf;
use crate::ser::skeleton::{Body, Skeleton, Step};
use crate::{Error, Result};

/// Where one tensor goes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Slot {
    /// How many pieces of the file come before it, the header being the first.
    pub(crate) position: usize,
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

/// A range of [`Keys::text`].
#[derive(Clone, Copy, Debug)]
struct Span {
    start: usize,
    end: usize,
}

/// The key of each tensor and leaf of a skeleton, under one naming.
#[derive(Default)]
pub(crate) struct Keys {
    text: String,
    /// The key and the node of each tensor, in the order of the walk.
    tensors: Vec<(Span, usize)>,
    leaves: Vec<(Span, usize, Leaf)>,
    lists: Vec<Span>,
}

impl Keys {
    /// Names everything in a skeleton.
    pub(crate) fn assign(skeleton: &Skeleton, naming: &Naming) -> Result<Self> {
        let mut assignment = Assignment { skeleton, naming, key: String::new(), keys: Self::default() };
        if !skeleton.nodes().is_empty() {
            let content = assignment.content(0, true);
            let level = naming.root(&mut assignment.key, &content).map_err(|refusal| assignment.refused(0, refusal))?;
            assignment.node(0, &level)?;
        }
        Ok(assignment.keys)
    }

    /// Names everything in a skeleton, makes the changes, and refuses what would not read back.
    pub(crate) fn of(skeleton: &Skeleton, naming: &Naming, renames: &Renames) -> Result<Self> {
        let mut keys = Self::assign(skeleton, naming)?;
        if !renames.is_empty() {
            keys.rename(renames);
        }
        keys.check(skeleton, naming)?;
        Ok(keys)
    }

    fn rename(&mut self, renames: &Renames) {
        let old = std::mem::take(&mut self.text);
        let tensors = self.tensors.iter_mut().map(|(span, _)| span);
        let leaves = self.leaves.iter_mut().map(|(span, ..)| span);
        for span in tensors.chain(leaves).chain(&mut self.lists) {
            let start = self.text.len();
            self.text.push_str(&renames.apply(old.get(span.start..span.end).unwrap_or_default()));
            *span = Span { start, end: self.text.len() };
        }
    }

    fn text(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    /// The key of the n-th tensor of the walk.
    pub(crate) fn tensor(&self, index: usize) -> &str {
        self.tensors.get(index).map_or("", |(span, _)| self.text(*span))
    }

    /// The key of the n-th leaf of the walk.
    pub(crate) fn leaf(&self, index: usize) -> Option<&str> {
        self.leaves.get(index).map(|(span, ..)| self.text(*span))
    }

    pub(crate) fn leaves(&self) -> impl Iterator<Item = (&str, Leaf)> {
        self.leaves.iter().map(|(span, _, leaf)| (self.text(*span), *leaf))
    }

    pub(crate) fn lists(&self) -> impl Iterator<Item = &str> {
        self.lists.iter().map(|span| self.text(*span))
    }

    /// Refuses keys that would not read back.
    fn check(&self, skeleton: &Skeleton, naming: &Naming) -> Result<()> {
        let mut all: Vec<(&str, usize)> = self.tensors.iter().map(|(span, node)| (self.text(*span), *node)).collect();
        let tensor_count = all.len();
        all.extend(self.leaves.iter().map(|(span, node, _)| (self.text(*span), *node)));
        let reserved = all.iter().find(|(key, _)| *key == header::METADATA);
        if let Some((key, node)) = reserved {
            let reason = format!("a file keeps its metadata under `{key}`, so no tensor or leaf can have that name");
            return Err(Error::unsupported(reason).at(|| skeleton.path_of(*node)));
        }
        let mut sorted = all.clone();
        sorted.sort_by(|a, b| naming.compare(a.0, b.0));
        for pair in sorted.windows(2) {
            if let [(key, first), (other, second)] = pair
                && key == other
            {
                let (first, second) = (skeleton.path_of(*first), skeleton.path_of(*second));
                return Err(Error::new(ErrorKind::Clash { first, second }).at(|| (*key).to_owned()));
            }
        }
        // Leaves are keys without a variable kind, so only tensors follow the grammar to the letter;
        // but neither may stand inside the other.
        let checked: Vec<&str> = if naming.nests() {
            sorted.iter().map(|(key, _)| *key).collect()
        } else {
            let mut keys: Vec<&str> = all.iter().take(tensor_count).map(|(key, _)| *key).collect();
            keys.sort_by(|a, b| naming.compare(a, b));
            keys
        };
        naming.fits(&checked).map_err(|(key, reason)| {
            let node = all.iter().find(|(other, _)| *other == key).map_or(0, |(_, node)| *node);
            let path = skeleton.path_of(node);
            let reason = if path.is_empty() || path == key { reason } else { format!("{reason} (the key of {path})") };
            Error::new(ErrorKind::Naming { naming: naming.to_string(), reason }).at(|| key.to_owned())
        })
    }
}

/// A walk over the skeleton with the key of the place where it stands.
struct Assignment<'s> {
    skeleton: &'s Skeleton,
    naming: &'s Naming,
    key: String,
    keys: Keys,
}

impl<'s> Assignment<'s> {
    fn save(&mut self) -> Span {
        let start = self.keys.text.len();
        self.keys.text.push_str(&self.key);
        Span { start, end: self.keys.text.len() }
    }

    fn node(&mut self, index: usize, level: &Level) -> Result<()> {
        let Some(node) = self.skeleton.node(index) else { return Ok(()) };
        match node.body {
            Body::Tensor => {
                let span = self.save();
                self.keys.tensors.push((span, index));
            }
            Body::Leaf(leaf) => {
                let span = self.save();
                self.keys.leaves.push((span, index, leaf));
            }
            Body::Nothing => {}
            body => {
                if matches!(body, Body::List { .. }) && self.naming.lists_look_like_maps() {
                    let span = self.save();
                    self.keys.lists.push(span);
                }
                for child in self.skeleton.children(index) {
                    self.child(child, level, index == 0)?;
                }
            }
        }
        Ok(())
    }

    fn child(&mut self, index: usize, above: &Level, at_root: bool) -> Result<()> {
        let Some(node) = self.skeleton.node(index) else { return Ok(()) };
        if !node.stores {
            return Ok(());
        }
        let segment = match node.step {
            Step::Root => return Ok(()),
            Step::Field(name) => Segment::Field(name),
            Step::Variant(name) => Segment::Variant(name),
            Step::Key(span) => Segment::Key(self.skeleton.text(span)),
            Step::IntKey(span) => Segment::IntKey(self.skeleton.text(span)),
            Step::Index(index) => Segment::Index(index),
        };
        let content = self.content(index, at_root);
        let len = self.key.len();
        let level = self
            .naming
            .push(&mut self.key, above, &segment, &content)
            .map_err(|refusal| self.refused(index, refusal))?;
        self.node(index, &level)?;
        self.key.truncate(len);
        Ok(())
    }

    /// What the naming needs to know of a node; only near the root does it ask what is inside.
    fn content(&self, index: usize, near_root: bool) -> Content<'static> {
        let module = |class, map| {
            let holds_tensor = near_root && self.skeleton.children(index).any(|child| self.is_parameter(child));
            Content::Module { class, holds_tensor, map }
        };
        match self.skeleton.node(index).map(|node| node.body) {
            Some(Body::Struct(name)) => module(Some(name).filter(|name| !name.is_empty()), false),
            Some(Body::Map) => module(None, true),
            Some(Body::Enum) => module(None, false),
            Some(Body::List { class, .. }) => Content::List { class },
            Some(Body::Tensor) => Content::Tensor,
            Some(Body::Leaf(_) | Body::Nothing) | None => Content::Leaf,
        }
    }

    fn is_parameter(&self, index: usize) -> bool {
        self.skeleton.node(index).is_some_and(|node| matches!(node.body, Body::Tensor | Body::Leaf(_)))
    }

    #[cold]
    fn refused(&self, index: usize, Refusal(reason): Refusal) -> Error {
        let naming = self.naming.to_string();
        Error::new(ErrorKind::Naming { naming, reason }).at(|| self.skeleton.path_of(index))
    }
}

impl Plan {
    /// Plans the file of a skeleton.
    pub(crate) fn new(skeleton: &Skeleton, keys: Keys, about: &About<'_>) -> Result<Self> {
        let metadata = metadata(skeleton, about.naming, &keys, about.metadata)?;
        let metadata = Some(metadata).filter(|metadata| about.keep_empty || !metadata.is_empty());
        let all = (0..skeleton.tensors().len()).collect();
        Self::of_tensors(skeleton, Arc::new(keys), all, metadata.as_ref())
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
        let infos = skeleton.tensors();
        // The order that every writer of the format uses: greatest dtype first, then by name.
        order.sort_by(|&a, &b| {
            let dtype = |index: usize| Reverse(infos.get(index).map(|info| info.dtype));
            dtype(a).cmp(&dtype(b)).then_with(|| keys.tensor(a).cmp(keys.tensor(b)))
        });
        let planned = order.iter().filter_map(|&index| {
            let info = infos.get(index)?;
            let shape = skeleton.shape(info);
            let len = info.dtype.byte_len(shape)? as u64;
            Some(header::Planned { key: keys.tensor(index), dtype: info.dtype, shape, len })
        });
        let header = header::write(planned, metadata)?;

        let mut offset = header.len() as u64;
        let mut slots = vec![None; infos.len()];
        let mut lengths = vec![header.len()];
        for &index in &order {
            let (Some(info), Some(slot)) = (infos.get(index), slots.get_mut(index)) else { continue };
            let shape = skeleton.shape(info);
            let len = info.dtype.byte_len(shape).ok_or_else(|| {
                let reason = format!("a tensor {} {shape:?} has no whole number of bytes", info.dtype);
                Error::unsupported(reason).at(|| keys.tensor(index).to_owned())
            })?;
            *slot = Some(Slot { position: lengths.len(), offset, len });
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
    let tensor_keys: Vec<&str> = (0..skeleton.tensors().len()).map(|index| keys.tensor(index)).collect();
    let mut leaf_keys: Vec<String> = keys.leaves().map(|(key, _)| key.to_owned()).collect();
    if bare || !leaf_keys.is_empty() || !naming.reads_as_detected(&tensor_keys) {
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
