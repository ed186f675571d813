//! What one load needs everywhere: the contents, the data, the options, and what it has learned.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::fs::File;
use std::mem::MaybeUninit;
use std::rc::Rc;

use crate::cast::Casts;
use crate::de::contents::{Contents, Item};
use crate::de::layout::{Layout, Layouts};
use crate::de::origin::Origin;
use crate::de::used::Used;
use crate::de::value::{At, Value};
use crate::depth::MAX_DEPTH;
use crate::header::{self, Header, Text};
use crate::memory;
use crate::progress::{Meter, Watch};
use crate::shards::Shards;
use crate::threads::Threads;
use crate::{Error, Result, file};

/// The data of the tensors.
#[derive(Clone, Copy)]
pub(crate) enum Data<'x, 'de> {
    /// All of the file's data, in memory.
    Memory(&'de [u8]),
    /// A file, and where its data begins.
    File(&'x File, u64),
    /// Several files, whose data is counted as if it stood in one.
    Shards(&'de Shards),
    /// The bytes of each entry.
    Tensors(&'x [&'de [u8]]),
    /// Each entry from somewhere else.
    Origins(&'x [Origin<'x>]),
    /// What was fetched so far, and zeros for the rest.
    #[cfg(feature = "object_store")]
    Fetched(&'x crate::remote::Fetched),
}

/// How to load.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) casts: Casts,
    pub(crate) max_depth: usize,
    /// Whether keys that the type does not ask for are an error.
    pub(crate) deny_unknown: bool,
    pub(crate) watch: Option<Watch>,
    pub(crate) threads: Threads,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            casts: Casts::default(),
            max_depth: MAX_DEPTH,
            deny_unknown: false,
            watch: None,
            threads: Threads::default(),
        }
    }
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
    threads: Threads,
    session: Rc<Session>,
}

/// What a load has learned and done, however its contents are looked at.
struct Session {
    /// Fields that are given as absent, since without them the type does not load.
    wanting: RefCell<Vec<Wanting>>,
    /// Whether something was learned in this attempt.
    learned: Cell<bool>,
    meter: Meter,
    /// What was read, where it matters.
    used: Option<Used>,
    /// How many more items that are not there the lists may have in this attempt.
    gaps: Cell<usize>,
    layouts: Layouts,
    /// Whether a type was described that has names of its own in a framework.
    named: Cell<bool>,
}

impl Session {
    /// Another attempt from the beginning.
    fn again(&self, contents: &Contents<'_>) -> Self {
        Self {
            wanting: RefCell::default(),
            learned: Cell::default(),
            meter: self.meter.again(),
            used: self.used.as_ref().map(|_| Used::new(contents)),
            gaps: Cell::new(Reader::gaps_of(contents)),
            layouts: Layouts::default(),
            named: Cell::default(),
        }
    }
}

impl<'x, 'de> Reader<'x, 'de> {
    pub(crate) fn new(
        contents: &'x Contents<'x>,
        text: Option<&'de str>,
        data: Data<'x, 'de>,
        settings: &Settings,
    ) -> Self {
        let Settings { casts, max_depth, deny_unknown, ref watch, threads } = *settings;
        let (wanting, learned) = (RefCell::default(), Cell::default());
        let meter = Meter::new(watch.as_ref(), contents.header().data_len());
        let used = deny_unknown.then(|| Used::new(contents));
        let gaps = Cell::new(Self::gaps_of(contents));
        let (layouts, named) = (Layouts::default(), Cell::default());
        let session = Rc::new(Session { wanting, learned, meter, used, gaps, layouts, named });
        Self { contents, text, data, casts, max_depth, threads, session }
    }

    /// The same load, of the same data under other keys.
    pub(crate) fn of<'y>(&self, contents: &'y Contents<'y>) -> Reader<'y, 'de>
    where
        'x: 'y,
    {
        let Self { text, data, casts, max_depth, threads, .. } = *self;
        Reader { contents, text, data, casts, max_depth, threads, session: Rc::clone(&self.session) }
    }

    /// Where the fields of the type with these names were found last.
    pub(crate) fn layout(&self, names: &'static [&'static str]) -> Rc<Layout> {
        self.session.layouts.of(names)
    }

    fn gaps_of(contents: &Contents<'_>) -> usize {
        4096 + 16 * contents.items().len()
    }

    /// Whether `count` more gaps are in proportion to the file.
    pub(crate) fn afford_gaps(&self, count: usize) -> bool {
        let left = self.session.gaps.get().checked_sub(count);
        self.session.gaps.set(left.unwrap_or_default());
        left.is_some()
    }

    /// Reads a value.
    ///
    /// A type does not say which of its fields may be absent, and `serde` asks for a unit that is
    /// missing as for anything else. So a load that fails for a missing field is tried again with
    /// that field given as absent: what needs no data is content with it, and anything else can say
    /// precisely what it lacks.
    pub(crate) fn read<T: serde::Deserialize<'de>>(&self) -> Result<T> {
        let read = self.read_from(|| Ok(At::root(self)));
        if read.is_err()
            && self.session.named.get()
            && let Some(contents) = self.contents.as_haiku()
        {
            // The keys leave two namings open, and the fields say which it is.
            let other = Reader { session: Rc::new(self.session.again(&contents)), ..self.of(&contents) };
            return other.read_from(|| Ok(At::root(&other))).or(read);
        }
        read
    }

    /// Notes that a type with names of its own is being read.
    pub(crate) fn came_by_names(&self) {
        self.session.named.set(true);
    }

    pub(crate) fn read_from<T: serde::Deserialize<'de>>(&self, begin: impl Fn() -> Result<At<'x>>) -> Result<T> {
        loop {
            let value = T::deserialize(Value::new(self, &begin()?));
            if value.is_ok() || !self.session.learned.take() {
                let value = value?;
                self.session.used.as_ref().map_or(Ok(()), |used| used.check(self.contents))?;
                return Ok(value);
            }
            self.session.gaps.set(Self::gaps_of(self.contents));
        }
    }

    /// Notes that a value was read from here.
    pub(crate) fn mark(&self, item: Item) {
        if let Some(used) = &self.session.used {
            used.mark(item);
        }
    }

    pub(crate) fn is_wanting(&self, name: &'static str, fields: &'static [&'static str], field: &str) -> bool {
        let wanting = self.session.wanting.borrow();
        wanting.iter().any(|(n, f, known)| *n == name && std::ptr::eq(*f, fields.as_ptr()) && known == field)
    }

    /// Notes a field that its type does not do without.
    #[cold]
    pub(crate) fn learn(&self, name: &'static str, fields: &'static [&'static str], field: &str) {
        // A field that the type does not have would never be asked for.
        if fields.contains(&field) && !self.is_wanting(name, fields, field) {
            self.session.wanting.borrow_mut().push((name, fields.as_ptr(), field.to_owned()));
            self.session.learned.set(true);
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
        self.mark(Item::Tensor(tensor));
        let entry = self.entry(tensor)?;
        let bytes = match self.data {
            Data::File(..) | Data::Origins(_) => return Ok(None),
            #[cfg(feature = "object_store")]
            Data::Fetched(_) => return Ok(None),
            Data::Shards(shards) => match shards.borrow(entry.begin, entry.end)? {
                Some(bytes) => Some(bytes),
                None => return Ok(None),
            },
            Data::Memory(bytes) => usize::try_from(entry.begin)
                .ok()
                .zip(usize::try_from(entry.end).ok())
                .and_then(|(begin, end)| bytes.get(begin..end)),
            Data::Tensors(tensors) => tensors.get(tensor).copied(),
        };
        let bytes = bytes.ok_or_else(not_there)?;
        self.session.meter.add(bytes.len(), || self.contents.key_in_file(Item::Tensor(tensor)));
        Ok(Some(bytes))
    }

    /// A tensor's bytes.
    pub(crate) fn bytes(&self, tensor: usize) -> Result<Cow<'de, [u8]>> {
        match self.borrow(tensor)? {
            Some(bytes) => Ok(Cow::Borrowed(bytes)),
            None => Ok(Cow::Owned(self.owned(tensor)?)),
        }
    }

    /// A copy of a tensor's bytes.
    pub(crate) fn owned(&self, tensor: usize) -> Result<Vec<u8>> {
        let entry = self.entry(tensor)?;
        let len = usize::try_from(entry.end - entry.begin).map_err(|_| not_there())?;
        memory::read_vec::<u8>(len, |buffer| self.fill(tensor, buffer))
    }

    /// Puts a tensor's bytes where they belong, by one copy or one positioned read.
    pub(crate) fn fill<'b>(&self, tensor: usize, buffer: &'b mut [MaybeUninit<u8>]) -> Result<&'b mut [u8]> {
        if let Some(bytes) = self.borrow(tensor)? {
            return self.copy(buffer, bytes);
        }
        if let Data::Origins(origins) = self.data {
            let filled = origins.get(tensor).ok_or_else(not_there)?.fill(buffer)?;
            self.session.meter.add(filled.len(), || self.contents.key_in_file(Item::Tensor(tensor)));
            return Ok(filled);
        }
        #[cfg(feature = "object_store")]
        if let Data::Fetched(fetched) = self.data {
            return match fetched.get(tensor) {
                Some(bytes) => memory::copy_into(buffer, bytes),
                None => Ok(memory::zeroed(buffer)),
            };
        }
        let begin = self.entry(tensor)?.begin;
        if !self.session.meter.is_watched() {
            return self.read_at(begin, buffer);
        }
        memory::fill_in_parts(buffer, |done, rest| {
            let step = rest.len().min(Meter::STEP);
            let part = rest.get_mut(..step).ok_or_else(not_there)?;
            let part = self.read_at(begin + done as u64, part)?;
            self.session.meter.add(part.len(), || self.contents.key_in_file(Item::Tensor(tensor)));
            Ok(Some(part))
        })
    }

    /// Puts a tensor's bytes into memory that is in use.
    pub(crate) fn copy_to(&self, tensor: usize, buffer: &mut [u8]) -> Result<()> {
        match self.borrow(tensor)? {
            Some(bytes) if bytes.len() == buffer.len() => buffer.copy_from_slice(bytes),
            Some(_) => return Err(not_there()),
            None => {
                let begin = self.entry(tensor)?.begin;
                match self.data {
                    Data::File(file, start) => file::read_exact_to(file, buffer, start + begin)?,
                    _ => buffer.copy_from_slice(&self.bytes(tensor)?),
                }
            }
        }
        Ok(())
    }

    fn copy<'b>(&self, buffer: &'b mut [MaybeUninit<u8>], bytes: &[u8]) -> Result<&'b mut [u8]> {
        if buffer.len() != bytes.len() {
            return Err(not_there());
        }
        memory::fill_by(self.threads.for_len(buffer.len()), buffer, |from, part| {
            let bytes = bytes.get(from..from + part.len()).ok_or_else(not_there)?;
            memory::copy_into(part, bytes)
        })
    }

    /// Reads from the files, at an offset into their data.
    fn read_at<'b>(&self, begin: u64, buffer: &'b mut [MaybeUninit<u8>]) -> Result<&'b mut [u8]> {
        let threads = self.threads.for_len(buffer.len());
        match self.data {
            Data::File(file, start) => memory::fill_by(threads, buffer, |from, part| {
                file::read_exact_at(file, part, start + begin + from as u64)
            }),
            Data::Shards(shards) => {
                memory::fill_by(threads, buffer, |from, part| shards.read_at(begin + from as u64, part))
            }
            _ => Err(not_there()),
        }
    }

    /// Part of a tensor: `len` bytes from byte `from` of the tensor on.
    pub(crate) fn part(&self, tensor: usize, from: usize, len: usize) -> Result<Cow<'de, [u8]>> {
        if let Some(bytes) = self.borrow(tensor)? {
            let part = from.checked_add(len).and_then(|end| bytes.get(from..end));
            return part.map(Cow::Borrowed).ok_or_else(not_there);
        }
        let begin = self.entry(tensor)?.begin + from as u64;
        let part = memory::read_vec::<u8>(len, |region| self.read_at(begin, region))?;
        self.session.meter.add(len, || self.contents.key_in_file(Item::Tensor(tensor)));
        Ok(Cow::Owned(part))
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

#[cold]
fn not_there() -> Error {
    Error::unsupported("the data of this tensor is not there")
}

/// Enough of a text to know it again.
fn shorten(text: &str) -> String {
    const CHARS: usize = 40;
    match text.char_indices().nth(CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
