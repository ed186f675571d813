//! The safetensors header: eight bytes of length, then JSON text that says where each tensor lies.
//!
//! [`Header::parse`] tries the canonical form first (`parse`), as the safetensors library and this
//! crate write it, and gives any other JSON to `general`. Both only read; what makes a header
//! sound is checked here, once, for both.

#[cfg(test)]
mod agreement;
mod general;
mod parse;
mod rename;
mod sniff;
#[cfg(test)]
mod tests;
mod write;

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use crate::naming::Survey;
use crate::{Dtype, Error, ErrorKind, Result};

use parse::is_plain;
pub(crate) use sniff::looks_like;
pub(crate) use write::{Planned, write};

/// The bytes at the start of a file that give the length of its header.
pub(crate) const LENGTH_BYTES: usize = 8;

/// Enough of a file's beginning to know any other kind by.
pub(crate) const SNIFFED: usize = 64;

/// The key of the header that is no tensor.
pub(crate) const METADATA: &str = "__metadata__";

/// A header that has been read and found sound: the tensors cover the data without holes, each
/// takes the bytes that its dtype and shape ask for, and no two have one name.
#[derive(Debug)]
pub(crate) struct Header<'a> {
    text: Cow<'a, str>,
    fields: Fields,
}

/// What the text of a header says, before anything is checked.
#[derive(Debug, Default, PartialEq, Eq)]
struct Fields {
    entries: Vec<Entry>,
    /// The shapes of all entries, one after the other.
    dims: Vec<usize>,
    metadata: Option<Vec<(Text, Text)>>,
    /// What there is to know of the keys in the order of the entries.
    survey: Survey,
}

/// One tensor of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: Text,
    pub(crate) dtype: Dtype,
    dims: Dims,
    /// Where the data begins and ends, counted from [`Header::data_start`].
    pub(crate) begin: u64,
    pub(crate) end: u64,
}

/// A range of `Fields::dims`; a header of [`Header::MAX_LEN`] has fewer dimensions than `u32` counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Dims {
    start: u32,
    end: u32,
}

/// A string of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Text {
    /// It stands in the header's text as it is.
    Range { start: u32, end: u32 },
    /// It is escaped there.
    Owned(Box<str>),
}

impl Text {
    /// The string that is read, given the text of the header.
    fn of<'t>(&'t self, text: &'t str) -> &'t str {
        match self {
            Self::Owned(owned) => owned,
            Self::Range { start, end } => text.get(*start as usize..*end as usize).unwrap_or_default(),
        }
    }

    /// The bytes of the same string, which need not be cut between characters.
    #[inline]
    fn bytes_of<'t>(&'t self, text: &'t str) -> &'t [u8] {
        match self {
            Self::Owned(owned) => owned.as_bytes(),
            Self::Range { start, end } => text.as_bytes().get(*start as usize..*end as usize).unwrap_or_default(),
        }
    }
}

impl<'a> Header<'a> {
    /// The longest header that the format allows, without the eight bytes of its length.
    pub(crate) const MAX_LEN: usize = 100_000_000;

    /// Reads the header of a file of `file_len` bytes, whose first bytes are `prefix`: all of the
    /// header at least, as far as the file has it.
    pub(crate) fn parse(prefix: &'a [u8], file_len: u64) -> Result<Self> {
        Self::parse_with(prefix, file_len, |text| match parse::canonical(text) {
            Some(fields) => Ok(fields),
            None => general::read(text),
        })
    }

    fn parse_with(prefix: &'a [u8], file_len: u64, read: impl FnOnce(&str) -> Result<Fields>) -> Result<Self> {
        let len = Self::length(prefix, file_len)?;
        let json = LENGTH_BYTES.checked_add(len).and_then(|end| prefix.get(LENGTH_BYTES..end)).ok_or_else(|| {
            let have = prefix.len().saturating_sub(LENGTH_BYTES);
            Error::header(format!("it has {len} bytes, of which {have} could be read"))
        })?;
        let fields = utf8(json).and_then(|text| Ok((text, read(text)?)));
        let (text, mut fields) = fields.map_err(|error| named_for_what_it_is(error, prefix, json))?;

        fields.refuse_duplicates(text)?;
        fields.keep_last_metadata(text);
        fields.order_by_offset(text);
        fields.check_layout(text, file_len.saturating_sub(LENGTH_BYTES as u64).saturating_sub(len as u64))?;
        Ok(Self { text: Cow::Borrowed(text), fields })
    }

    /// The bytes of the header after the first eight, for a file of `file_len` bytes.
    ///
    /// `first` is the beginning of the file: eight bytes give the length, some sixty let an error
    /// name a file of another kind.
    pub(crate) fn length(first: &[u8], file_len: u64) -> Result<usize> {
        // A header cut short still begins like one, whatever its length spells.
        let sniffed = if first.get(LENGTH_BYTES) == Some(&b'{') { None } else { looks_like(first) };
        let implausible = |reason: String| sniffed.map_or_else(|| Error::header(reason), not_safetensors);
        let Some(length) = first.first_chunk::<LENGTH_BYTES>() else {
            let found = sniffed.map_or_else(
                || format!("{file_len} bytes, where the length of the header alone takes {LENGTH_BYTES}"),
                str::to_owned,
            );
            return Err(not_safetensors(found));
        };
        let len = u64::from_le_bytes(*length);
        if len == 0 {
            return Err(implausible("its length is given as 0 bytes, but even one without tensors takes 2".to_owned()));
        }
        if len > Self::MAX_LEN as u64 {
            return Err(implausible(format!(
                "its length is given as {len} bytes, but the format allows {}",
                Self::MAX_LEN
            )));
        }
        let have = file_len.saturating_sub(LENGTH_BYTES as u64);
        if len > have {
            return Err(implausible(format!(
                "its length is given as {len} bytes, but the file has {have} after that: it is truncated by at least {}",
                bytes(len - have)
            )));
        }
        usize::try_from(len).map_err(|_| Error::header(format!("its length of {len} bytes does not fit in memory")))
    }

    /// Where the data begins in the file.
    pub(crate) fn data_start(&self) -> u64 {
        (LENGTH_BYTES + self.text.len()) as u64
    }

    /// The bytes of all tensors.
    pub(crate) fn data_len(&self) -> u64 {
        self.fields.entries.last().map_or(0, |entry| entry.end)
    }

    /// The tensors in the order of their data; empty ones between the same two keep theirs.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.fields.entries
    }

    /// The name of a tensor.
    pub(crate) fn key<'t>(&'t self, entry: &'t Entry) -> &'t str {
        entry.key.of(&self.text)
    }

    /// The bytes of the name of a tensor.
    #[inline]
    pub(crate) fn key_bytes<'t>(&'t self, entry: &'t Entry) -> &'t [u8] {
        entry.key.bytes_of(&self.text)
    }

    /// The shape of a tensor.
    pub(crate) fn shape(&self, entry: &Entry) -> &[usize] {
        self.fields.shape(entry)
    }

    /// A string of this header.
    pub(crate) fn text<'t>(&'t self, text: &'t Text) -> &'t str {
        text.of(&self.text)
    }

    /// The same string with the lifetime of the header's text alone, unless it is escaped there.
    pub(crate) fn borrowed<'t>(source: &'t str, text: &Text) -> Option<&'t str> {
        match text {
            Text::Range { start, end } => source.get(*start as usize..*end as usize),
            Text::Owned(_) => None,
        }
    }

    /// The JSON text.
    pub(crate) fn source(&self) -> &Cow<'a, str> {
        &self.text
    }

    /// What there is to know of the keys, in the order of the entries.
    pub(crate) fn survey(&self) -> &Survey {
        &self.fields.survey
    }

    /// The entries of `__metadata__` in the order of the header, or `None` when it has none.
    pub(crate) fn metadata(&self) -> Option<&[(Text, Text)]> {
        self.fields.metadata.as_deref()
    }

    /// The same header with its own copy of the text.
    pub(crate) fn into_owned(self) -> Header<'static> {
        Header { text: Cow::Owned(self.text.into_owned()), fields: self.fields }
    }
}

impl Fields {
    /// Adds an entry, whose shape is the last that was read, and looks at its key while that and the
    /// one before are at hand.
    #[inline]
    fn push(&mut self, mut entry: Entry, text: &str) {
        if let Some(last) = self.entries.last()
            && last.dims != entry.dims
            && self.shape(last) == self.shape(&entry)
        {
            self.dims.truncate(entry.dims.start as usize);
            entry.dims = last.dims;
        }
        let last = self.entries.last().map(|last| last.key.bytes_of(text));
        self.survey.add(last, entry.key.bytes_of(text));
        self.entries.push(entry);
    }

    /// Looks at all keys anew.
    fn resurvey(&mut self, text: &str) {
        self.survey = Survey::of(self.entries.iter().map(|entry| entry.key.of(text)));
    }

    fn shape(&self, entry: &Entry) -> &[usize] {
        self.dims.get(entry.dims.start as usize..entry.dims.end as usize).unwrap_or_default()
    }

    /// The JSON allows a name twice, and what readers make of it differs.
    fn refuse_duplicates(&self, text: &str) -> Result<()> {
        if self.survey.sorted {
            return Ok(());
        }
        // The stable sort merges runs that ascend, and writers leave one run for each dtype.
        let mut keys: Vec<&str> = self.entries.iter().map(|entry| entry.key.of(text)).collect();
        keys.sort();
        let twice = keys.windows(2).find_map(|pair| match pair {
            [first, second] if first == second => Some(*first),
            _ => None,
        });
        match twice {
            Some(key) => Err(Error::header("two tensors have this name").at(|| key.to_owned())),
            None => Ok(()),
        }
    }

    /// Of metadata entries with one key the last counts, as in every JSON reader that fills a map.
    fn keep_last_metadata(&mut self, text: &str) {
        let Some(entries) = &mut self.metadata else { return };
        if entries.is_sorted_by(|a, b| a.0.of(text) < b.0.of(text)) {
            return;
        }
        let mut seen = HashSet::with_capacity(entries.len());
        let mut last: Vec<bool> = entries.iter().rev().map(|(key, _)| seen.insert(key.of(text))).collect();
        entries.retain(|_| last.pop().unwrap_or(true));
    }

    fn order_by_offset(&mut self, text: &str) {
        if !self.entries.is_sorted_by_key(|entry| (entry.begin, entry.end)) {
            self.entries.sort_by_key(|entry| (entry.begin, entry.end));
            self.resurvey(text);
        }
    }

    /// The entries, in order, must cover the `data_len` bytes after the header without a hole.
    fn check_layout(&self, text: &str, data_len: u64) -> Result<()> {
        let mut covered = 0;
        // Many tensors have the shape of the one before them.
        let mut last: Option<(Dtype, Dims, u64)> = None;
        for entry in &self.entries {
            let len = entry.end.wrapping_sub(entry.begin);
            let is_alike = last == Some((entry.dtype, entry.dims, len));
            if !is_alike || entry.begin != covered || entry.end < covered {
                self.check_entry(entry, covered)
                    .map_err(|reason| Error::header(reason).at(|| entry.key.of(text).to_owned()))?;
                last = Some((entry.dtype, entry.dims, len));
            }
            covered = entry.end;
        }
        if covered < data_len {
            let extra = bytes(data_len - covered);
            return Err(Error::header(format!(
                "the tensors take {covered} bytes but the file's data has {data_len}: the last {extra} belong to no tensor"
            )));
        }
        // The last one ends where all are covered.
        let mut beyond = self.entries.iter().filter(|_| covered > data_len);
        match beyond.find(|entry| entry.end > data_len) {
            Some(entry) => Err(Error::header(format!(
                "the data of this tensor ends at byte {} but the file's data has {data_len} bytes: the file is truncated by {}",
                entry.end,
                bytes(covered - data_len)
            ))
            .at(|| entry.key.of(text).to_owned())),
            None => Ok(()),
        }
    }

    /// What is wrong with one entry, given where the one before it ends.
    fn check_entry(&self, entry: &Entry, covered: u64) -> std::result::Result<(), String> {
        let Entry { dtype, begin, end, .. } = *entry;
        let Some(len) = end.checked_sub(begin) else {
            return Err(format!("the data of this tensor begins at byte {begin} and ends before that, at byte {end}"));
        };
        if begin < covered {
            return Err(format!(
                "the data of this tensor begins at byte {begin}, inside another tensor, which ends at byte {covered}"
            ));
        }
        if begin > covered {
            return Err(format!(
                "the data of this tensor begins at byte {begin}, but {} before it belong to no tensor",
                bytes(begin - covered)
            ));
        }
        let shape = self.shape(entry);
        match dtype.byte_len(shape) {
            Some(expected) if expected as u64 == len => Ok(()),
            Some(expected) => Err(format!(
                "the shape {} of dtype {dtype} takes {}, but data_offsets [{begin}, {end}] hold {len}",
                Shape(shape),
                bytes(expected as u64)
            )),
            None => Err(format!(
                "the shape {} of dtype {dtype} takes no whole number of bytes that fits a {}-bit size",
                Shape(shape),
                usize::BITS
            )),
        }
    }
}

/// A shape in a message: a hostile one can have millions of dimensions.
struct Shape<'s>(&'s [usize]);

impl fmt::Display for Shape<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.get(..16) {
            Some(start) if self.0.len() > 16 => write!(f, "{start:?}… of {} dimensions", self.0.len()),
            _ => write!(f, "{:?}", self.0),
        }
    }
}

/// `1 byte`, `2 bytes`.
fn bytes(count: u64) -> String {
    format!("{count} byte{}", if count == 1 { "" } else { "s" })
}

fn utf8(json: &[u8]) -> Result<&str> {
    std::str::from_utf8(json)
        .map_err(|error| Error::header(format!("it is not UTF-8 at byte {} of {}", error.valid_up_to(), json.len())))
}

fn not_safetensors(found: impl Into<String>) -> Error {
    Error::new(ErrorKind::NotSafetensors { found: found.into() })
}

/// A file of another kind can begin with a plausible length; a header that is JSON cannot be one.
fn named_for_what_it_is(error: Error, file: &[u8], json: &[u8]) -> Error {
    if json.trim_ascii_start().starts_with(b"{") {
        return error;
    }
    // As much as a reader of files has at hand, so that bytes and files get the same answer.
    looks_like(file.get(..SNIFFED).unwrap_or(file)).map_or(error, not_safetensors)
}
