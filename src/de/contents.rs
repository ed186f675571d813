//! What a file holds, ready to be read: the header, the naming, and all keys in order.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::de::collections;
use crate::de::node::leading;
use crate::entry::Entry;
use crate::error::ErrorKind;
use crate::header::{self, Header, Text};
use crate::naming::Naming;
use crate::rename::Renames;
use crate::spec::Framework;
use crate::{Error, Result};

/// How the naming of a file is found.
#[derive(Clone, Debug, Default)]
pub(crate) enum Wanted {
    /// From the file itself.
    #[default]
    Any,
    /// This one, or an error.
    Exactly(Naming),
    /// This one with whatever options fit the file.
    Like(Naming),
}

/// A tensor or a leaf of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Item {
    /// The n-th entry of the header.
    Tensor(usize),
    /// The n-th entry of the metadata.
    Leaf(usize),
}

pub(crate) struct Contents<'a> {
    header: Arc<Header<'a>>,
    naming: Naming,
    entry: Option<Entry>,
    /// The metadata that is not this crate's.
    user: BTreeMap<String, String>,
    items: Items,
    /// Whether the collections at the root are laid over each other, and keys begin after them.
    overlay: bool,
    /// Whether nothing but the keys says which naming it is.
    guessed: bool,
}

/// All items, in the order of the naming, so that what is under one prefix lies side by side.
#[derive(Clone)]
enum Items {
    /// The tensors as they stand in the header, so many.
    AsWritten(u32),
    Sorted(Vec<Item>),
}

impl<'a> Contents<'a> {
    pub(crate) fn new(mut header: Header<'a>, wanted: &Wanted, renames: &Renames) -> Result<Self> {
        let mut entry = find_entry(&header);
        if !renames.is_empty() {
            let leaves = entry.iter().flat_map(|entry| entry.leaves.iter().map(String::as_str)).collect();
            header.rename(&leaves, renames)?;
            for key in entry.iter_mut().flat_map(|entry| entry.leaves.iter_mut().chain(&mut entry.lists)) {
                *key = renames.apply(key).into_owned();
            }
        }
        let metadata = header.metadata().unwrap_or_default();
        let mut user = BTreeMap::new();
        let mut leaves = Vec::new();
        let listed: std::collections::HashSet<&str> =
            entry.iter().flat_map(|entry| entry.leaves.iter().map(String::as_str)).collect();
        for (index, (key, value)) in metadata.iter().enumerate() {
            let key = header.text(key);
            if listed.contains(key) {
                leaves.push(Item::Leaf(index));
            } else if entry.is_none() || key != Entry::KEY {
                user.insert(key.to_owned(), header.text(value).to_owned());
            }
        }
        let naming = find_naming(&header, entry.as_ref(), wanted)?;
        let guessed = entry.is_none() && matches!(wanted, Wanted::Any);
        let header = Arc::new(header);
        let mut contents = Self { header, naming, entry, user, items: Items::AsWritten(0), overlay: false, guessed };
        let count = contents.header.entries().len() + leaves.len();
        let count = u32::try_from(count)
            .map_err(|_| Error::unsupported(format!("{count} tensors are more than can be counted")))?;
        let in_order = leaves.is_empty() && contents.header.survey().sorted && contents.naming.sorts_by_bytes();
        contents.items = if in_order { Items::AsWritten(count) } else { Items::Sorted(contents.sorted(leaves)) };
        Ok(contents)
    }

    /// The tensors and these leaves; a key that both have is the tensor's, as no save makes such.
    fn sorted(&self, leaves: Vec<Item>) -> Vec<Item> {
        let tensors = (0..self.header.entries().len()).map(Item::Tensor);
        let mut items: Vec<Item> = tensors.chain(leaves).collect();
        items.sort_by(|a, b| self.naming.compare(self.key(*a), self.key(*b)));
        items.dedup_by(|later, earlier| matches!(later, Item::Leaf(_)) && self.key(*later) == self.key(*earlier));
        items
    }

    /// The same contents with the collections at the root laid over each other.
    pub(crate) fn overlaid(&self) -> Self {
        let path = |key: &String| key.get(collections::path_start(&self.naming, key)..).unwrap_or_default().to_owned();
        let entry = self.entry.as_ref().map(|entry| {
            let mut lists: Vec<String> = entry.lists.iter().map(path).collect();
            lists.sort_unstable();
            Entry { lists, ..entry.clone() }
        });
        let (header, naming) = (Arc::clone(&self.header), self.naming.clone());
        let mut contents = Self {
            header,
            naming,
            entry,
            user: BTreeMap::new(),
            items: self.items.clone(),
            overlay: true,
            guessed: false,
        };
        let mut items: Vec<Item> = self.items().collect();
        items.sort_by(|a, b| contents.naming.compare(contents.key(*a), contents.key(*b)));
        contents.items = Items::Sorted(items);
        contents
    }

    /// The same contents in the words of haiku, where they read as those of flax and might as well be
    /// haiku's: `linear.w` is a name in both.
    pub(crate) fn as_haiku(&self) -> Option<Self> {
        if !self.guessed || self.naming.framework() != Some(Framework::Flax) {
            return None;
        }
        let keys: Vec<&str> = self.header.entries().iter().map(|entry| self.header.key(entry)).collect();
        let naming = Naming::haiku().detect_scheme(&keys)?;
        let (header, user) = (Arc::clone(&self.header), self.user.clone());
        let mut contents =
            Self { header, naming, entry: None, user, items: self.items.clone(), overlay: false, guessed: false };
        contents.items = Items::Sorted(contents.sorted(Vec::new()));
        Some(contents)
    }

    pub(crate) fn is_overlay(&self) -> bool {
        self.overlay
    }

    /// The collection of an item.
    pub(crate) fn collection(&self, item: Item) -> &str {
        collections::collection(&self.naming, self.key_in_file(item))
    }

    pub(crate) fn header(&self) -> &Header<'a> {
        &self.header
    }

    pub(crate) fn naming(&self) -> &Naming {
        &self.naming
    }

    pub(crate) fn entry(&self) -> Option<&Entry> {
        self.entry.as_ref()
    }

    pub(crate) fn user_metadata(&self) -> &BTreeMap<String, String> {
        &self.user
    }

    /// All items, in the order of the naming.
    pub(crate) fn items(&self) -> impl ExactSizeIterator<Item = Item> {
        (0..self.len() as usize).map(|index| self.item(index as u32).unwrap_or(Item::Tensor(index)))
    }

    /// How many items there are.
    pub(crate) fn len(&self) -> u32 {
        match &self.items {
            Items::AsWritten(count) => *count,
            Items::Sorted(items) => items.len() as u32,
        }
    }

    #[inline]
    pub(crate) fn item(&self, index: u32) -> Option<Item> {
        match &self.items {
            Items::AsWritten(count) => (index < *count).then_some(Item::Tensor(index as usize)),
            Items::Sorted(items) => items.get(index as usize).copied(),
        }
    }

    /// The key of an item, below the collections where they are laid over each other.
    pub(crate) fn key(&self, item: Item) -> &str {
        let key = self.key_in_file(item);
        if self.overlay { key.get(collections::path_start(&self.naming, key)..).unwrap_or_default() } else { key }
    }

    /// The key of an item as the file has it.
    pub(crate) fn key_in_file(&self, item: Item) -> &str {
        match item {
            Item::Tensor(index) => self.header.entries().get(index).map_or("", |entry| self.header.key(entry)),
            Item::Leaf(index) => self.metadata(index).map_or("", |(key, _)| self.header.text(key)),
        }
    }

    /// The bytes of the key at `index`.
    #[inline]
    pub(crate) fn key_bytes_at(&self, index: u32) -> &[u8] {
        match self.item(index) {
            Some(Item::Tensor(index)) if !self.overlay => {
                self.header.entries().get(index).map_or(&[], |entry| self.header.key_bytes(entry))
            }
            Some(item) => self.key(item).as_bytes(),
            None => &[],
        }
    }

    pub(crate) fn key_at(&self, index: u32) -> &str {
        self.item(index).map_or("", |item| self.key(item))
    }

    /// A tensor's entry in the header.
    pub(crate) fn tensor(&self, index: usize) -> Option<&header::Entry> {
        self.header.entries().get(index)
    }

    /// A leaf's text, unescaped.
    pub(crate) fn leaf(&self, index: usize) -> Option<&Text> {
        self.metadata(index).map(|(_, value)| value)
    }

    fn metadata(&self, index: usize) -> Option<&(Text, Text)> {
        self.header.metadata()?.get(index)
    }

    /// Where a key stands, or would.
    fn position(&self, key: &str) -> u32 {
        let len = self.len();
        leading(len, len, |index| self.naming.compare(self.key_at(index), key).is_lt())
    }

    /// The tensor of exactly this key.
    pub(crate) fn find(&self, key: &str) -> Option<usize> {
        match self.item(self.position(key))? {
            item @ Item::Tensor(index) if self.key(item) == key => Some(index),
            Item::Tensor(_) | Item::Leaf(_) => None,
        }
    }

    /// The key in the file of what has this key where collections are laid over each other.
    pub(crate) fn key_in_collection(&self, collection: &str, key: String) -> String {
        if self.overlay { self.naming.in_collection(collection, &key) } else { key }
    }

    /// The key in the file most like one that is missing.
    pub(crate) fn nearest(&self, key: &str) -> Option<String> {
        let start = if self.overlay { collections::path_start(&self.naming, key) } else { 0 };
        let at = self.position(key.get(start..).unwrap_or_default());
        // From where it would stand, to both sides.
        let (mut before, mut after) = ((0..at).rev(), at..self.len());
        let outward = (0..before.len().max(after.len())).flat_map(|_| [before.next(), after.next()]).flatten();
        let items = outward.filter_map(|index| self.item(index));
        crate::error::nearest(key, items.map(|item| self.key_in_file(item)))
    }
}

fn find_entry(header: &Header<'_>) -> Option<Entry> {
    let metadata = header.metadata().unwrap_or_default();
    let (_, value) = metadata.iter().find(|(key, _)| header.text(key) == Entry::KEY)?;
    Entry::from_text(header.text(value))
}

fn find_naming(header: &Header<'_>, entry: Option<&Entry>, wanted: &Wanted) -> Result<Naming> {
    let survey = header.survey();
    let recorded = entry.map(|entry| &entry.naming);
    let asked = match wanted {
        Wanted::Exactly(naming) => Some(naming),
        Wanted::Like(naming) => recorded.filter(|found| found.is_like(naming)),
        Wanted::Any => recorded,
    };
    // Mostly there is no need to look at the keys again.
    match asked {
        Some(naming) if naming.fits_at_once(survey) => return Ok(naming.clone()),
        None if matches!(wanted, Wanted::Any) => {
            if let Some(found) = Naming::detect_at_once(survey) {
                return Ok(found);
            }
        }
        _ => {}
    }
    let mut keys: Vec<&str> = header.entries().iter().map(|entry| header.key(entry)).collect();
    match (wanted, asked) {
        (Wanted::Exactly(naming), _) => {
            check(naming, &mut keys).map(|()| naming.clone()).map_err(|error| suggest(error, &keys))
        }
        (Wanted::Like(_), Some(found)) => check(found, &mut keys).map(|()| found.clone()),
        (Wanted::Like(naming), None) => match naming.detect_scheme(&keys) {
            Some(found) => Ok(found),
            None => check(naming, &mut keys).map(|()| naming.clone()).map_err(|error| suggest(error, &keys)),
        },
        // A tool that does not know the entry may have changed the keys.
        (Wanted::Any, _) => match asked.filter(|naming| check(naming, &mut keys).is_ok()) {
            Some(naming) => Ok(naming.clone()),
            None => Ok(Naming::detect(keys)),
        },
    }
}

/// Adds the naming that would do.
#[cold]
fn suggest(error: Error, keys: &[&str]) -> Error {
    error.with_note(|| Some(format!("the keys of this file fit {}", Naming::detect(keys.iter().copied()))))
}

fn check(naming: &Naming, keys: &mut [&str]) -> Result<()> {
    naming.sort(keys);
    naming.fits(keys).map_err(|(key, reason)| {
        Error::new(ErrorKind::Naming { naming: naming.to_string(), reason }).at(|| key.to_owned())
    })
}
