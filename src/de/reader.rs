//! What one load needs everywhere: the contents, the data, the options, and what it has learned.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::fs::File;
use std::mem::MaybeUninit;

use crate::cast::Casts;
use crate::de::contents::{Contents, Item};
use crate::de::value::Value;
use crate::header::{self, Header, Text};
use crate::memory;
use crate::{Error, Result, file};

/// The data of the tensors.
#[derive(Clone, Copy)]
pub(crate) enum Data<'x, 'de> {
    /// All of the file's data, in memory.
    Memory(&'de [u8]),
    /// A file, and where its data begins.
    File(&'x File, u64),
    /// The bytes of each entry.
    Tensors(&'x [&'de [u8]]),
}

/// A field that a type wants although nothing is stored for it: a unit, an empty struct.
type Wanting = (&'static str, *const &'static str, String);

/// One load.
pub(crate) struct Reader<'x, 'de> {
    pub(crate) contents: &'x Contents<'x>,
    /// The text of the header, as far as it can be lent.
    text: Option<&'de str>,
    data: Data<'x, 'de>,
    pub(crate) casts: Casts,
    pub(crate) max_depth: usize,
    /// Fields that are given as absent, since without them the type does not load.
    wanting: RefCell<Vec<Wanting>>,
    /// Whether something was learned in this attempt.
    learned: Cell<bool>,
    /// How many more items that are not there the lists may have in this attempt.
    gaps: Cell<usize>,
}

impl<'x, 'de> Reader<'x, 'de> {
    pub(crate) fn new(
        contents: &'x Contents<'x>,
        text: Option<&'de str>,
        data: Data<'x, 'de>,
        casts: Casts,
        max_depth: usize,
    ) -> Self {
        let (wanting, learned) = (RefCell::default(), Cell::default());
        let gaps = Cell::new(Self::gaps_of(contents));
        Self { contents, text, data, casts, max_depth, wanting, learned, gaps }
    }

    fn gaps_of(contents: &Contents<'_>) -> usize {
        4096 + 16 * contents.items().len()
    }

    /// Whether `count` more gaps are in proportion to the file.
    pub(crate) fn afford_gaps(&self, count: usize) -> bool {
        let left = self.gaps.get().checked_sub(count);
        self.gaps.set(left.unwrap_or_default());
        left.is_some()
    }

    /// Reads a value.
    ///
    /// A type does not say which of its fields may be absent, and `serde` asks for a unit that is
    /// missing as for anything else. So a load that fails for a missing field is tried again with
    /// that field given as absent: what needs no data is content with it, and anything else can say
    /// precisely what it lacks.
    pub(crate) fn read<T: serde::Deserialize<'de>>(&self) -> Result<T> {
        self.read_from(|| Ok(Value::root(self)))
    }

    pub(crate) fn read_from<'r, T: serde::Deserialize<'de>>(
        &'r self,
        begin: impl Fn() -> Result<Value<'r, 'x, 'de>>,
    ) -> Result<T> {
        loop {
            let value = T::deserialize(begin()?);
            if value.is_ok() || !self.learned.take() {
                return value;
            }
            self.gaps.set(Self::gaps_of(self.contents));
        }
    }

    pub(crate) fn is_wanting(&self, name: &'static str, fields: &'static [&'static str], field: &str) -> bool {
        let wanting = self.wanting.borrow();
        wanting.iter().any(|(n, f, known)| *n == name && std::ptr::eq(*f, fields.as_ptr()) && known == field)
    }

    /// Notes a field that its type does not do without.
    #[cold]
    pub(crate) fn learn(&self, name: &'static str, fields: &'static [&'static str], field: &str) {
        // A field that the type does not have would never be asked for.
        if fields.contains(&field) && !self.is_wanting(name, fields, field) {
            self.wanting.borrow_mut().push((name, fields.as_ptr(), field.to_owned()));
            self.learned.set(true);
        }
    }

    /// A text of the header, lent for as long as the data if it can be.
    pub(crate) fn lend(&self, text: &Text) -> Option<&'de str> {
        Header::borrowed(self.text?, text)
    }

    pub(crate) fn text(&self, text: &'x Text) -> &'x str {
        self.contents.header().text(text)
    }

    pub(crate) fn entry(&self, tensor: usize) -> Result<&'x header::Entry> {
        self.contents.tensor(tensor).ok_or_else(|| Error::unsupported("a tensor that the header does not have"))
    }

    pub(crate) fn shape(&self, tensor: usize) -> Result<&'x [usize]> {
        Ok(self.contents.header().shape(self.entry(tensor)?))
    }

    /// A tensor's bytes without a copy, where the data is in memory.
    pub(crate) fn borrow(&self, tensor: usize) -> Result<Option<&'de [u8]>> {
        let entry = self.entry(tensor)?;
        let bytes = match self.data {
            Data::File(..) => return Ok(None),
            Data::Memory(bytes) => usize::try_from(entry.begin)
                .ok()
                .zip(usize::try_from(entry.end).ok())
                .and_then(|(begin, end)| bytes.get(begin..end)),
            Data::Tensors(tensors) => tensors.get(tensor).copied(),
        };
        bytes.map(Some).ok_or_else(|| Error::unsupported("the data of this tensor is not there"))
    }

    /// A tensor's bytes.
    pub(crate) fn bytes(&self, tensor: usize) -> Result<Cow<'de, [u8]>> {
        match self.borrow(tensor)? {
            Some(bytes) => Ok(Cow::Borrowed(bytes)),
            None => {
                let entry = self.entry(tensor)?;
                let len = (entry.end - entry.begin) as usize;
                Ok(Cow::Owned(memory::read_vec::<u8>(len, |buffer| self.fill(tensor, buffer))?))
            }
        }
    }

    /// Puts a tensor's bytes where they belong, by one copy or one positioned read.
    pub(crate) fn fill<'b>(&self, tensor: usize, buffer: &'b mut [MaybeUninit<u8>]) -> Result<&'b mut [u8]> {
        match (self.borrow(tensor)?, self.data) {
            (Some(bytes), _) => memory::copy_into(buffer, bytes),
            (None, Data::File(file, start)) => {
                let entry = self.entry(tensor)?;
                file::read_exact_at(file, buffer, start + entry.begin)
            }
            (None, _) => Err(Error::unsupported("the data of this tensor is not there")),
        }
    }

    /// What is there, for an error.
    pub(crate) fn describe(&self, item: Item) -> String {
        match item {
            Item::Tensor(index) => match (self.entry(index), self.shape(index)) {
                (Ok(entry), Ok(shape)) => format!("a tensor {} {shape:?}", entry.dtype),
                _ => "a tensor".to_owned(),
            },
            Item::Leaf(index) => match self.contents.leaf(index) {
                Some(text) => format!("the leaf `{}`", shorten(self.contents.header().text(text))),
                None => "a leaf".to_owned(),
            },
        }
    }
}

/// Enough of a text to know it again.
fn shorten(text: &str) -> String {
    const CHARS: usize = 40;
    match text.char_indices().nth(CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
