//! [`Checkpoint`], a file or bytes whose tensors are not read yet.

mod display;
mod inspect;
mod open;
pub(crate) mod part;
mod slice;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;

use serde::Deserialize;

use crate::de::contents::Contents;
use crate::de::reader::{Data, Reader, Settings};
use crate::de::tensor::{TensorSource, cannot_lend};
use crate::element::Element;
use crate::error::ErrorKind;
use crate::memory::AlignedBytes;
use crate::shards::Shards;
use crate::tensor::{Tensor, TensorView};
use crate::{Error, Naming, Result, Tree};

pub use inspect::TensorInfo;
pub(crate) use open::Opening;

/// An opened file, or bytes, whose tensors are not read yet.
///
/// [`open`](Checkpoint::open) reads the header alone, and each tensor when it is asked for;
/// [`load`](Checkpoint::load) reads all into one buffer, from which borrowed types can be had. A
/// directory of shards is opened like a file.
///
/// Its `Display` is a table of contents: every module and tensor with dtype, shape and size.
///
/// # Examples
///
/// ```
/// let bytes = safejax::to_bytes(&std::collections::BTreeMap::from([("kernel", ndarray::arr1(&[1.0f32]))]))?;
/// let checkpoint = safejax::Checkpoint::from_bytes(&bytes)?;
/// assert_eq!(checkpoint.keys().collect::<Vec<_>>(), ["kernel"]);
/// assert_eq!(checkpoint.tensor("kernel")?.shape(), [1]);
/// # Ok::<(), safejax::Error>(())
/// ```
pub struct Checkpoint<'a> {
    contents: Contents<'a>,
    source: Source<'a>,
    path: Option<PathBuf>,
    settings: Settings,
}

enum Source<'a> {
    Bytes(&'a [u8]),
    Loaded(AlignedBytes),
    Mapped(memmap2::Mmap),
    File(File),
    Shards(Shards),
}

impl<'a> Checkpoint<'a> {
    /// The naming that the keys follow: the one the file records, else the first that fits.
    #[must_use]
    pub fn naming(&self) -> &Naming {
        self.contents.naming()
    }

    /// The keys of the tensors, in the order of the file's data.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let header = self.contents.header();
        header.entries().iter().map(|entry| header.key(entry))
    }

    /// How many tensors there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.contents.header().entries().len()
    }

    /// Whether there are no tensors.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The user's metadata: without this crate's own entry and the leaves that it lists.
    #[must_use]
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        self.contents.user_metadata()
    }

    /// Reads one tensor.
    ///
    /// # Errors
    ///
    /// When there is none of this key, or it cannot be read.
    pub fn tensor(&self, key: &str) -> Result<Tensor> {
        self.at(key, |reader, index| {
            let bytes = reader.bytes(index)?.into_owned();
            Tensor::new(reader.entry(index)?.dtype, reader.shape(index)?.to_vec(), bytes)
        })
    }

    /// Borrows one tensor.
    ///
    /// # Errors
    ///
    /// When there is none of this key, or when the file was opened by [`open`](Checkpoint::open),
    /// which has nothing to borrow from.
    pub fn view(&self, key: &str) -> Result<TensorView<'_>> {
        self.at(key, |reader, index| {
            let bytes = reader.borrow(index)?.ok_or_else(cannot_lend)?;
            TensorView::new(reader.entry(index)?.dtype, reader.shape(index)?.to_vec(), bytes)
        })
    }

    /// Reads one tensor into elements that are there, converting them where the casts allow it.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::collections::BTreeMap;
    ///
    /// let bytes = safejax::to_bytes(&BTreeMap::from([("w", ndarray::arr2(&[[1.0f32, 2.0]]))]))?;
    /// let mut buffer = [0.0f64; 2];
    /// safejax::Checkpoint::from_bytes(&bytes)?.read_into("w", &mut buffer)?;
    /// assert_eq!(buffer, [1.0, 2.0]);
    /// # Ok::<(), safejax::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When there is none of this key, when it has another number of elements or a dtype that does not
    /// convert, and when it cannot be read.
    pub fn read_into<E: Element>(&self, key: &str, elements: &mut [E]) -> Result<()> {
        self.at(key, |reader, index| TensorSource { reader, index }.read_into(elements))
    }

    /// Does something with the tensor of a key.
    fn at<'s, T>(&'s self, key: &str, read: impl FnOnce(&Reader<'s, 's>, usize) -> Result<T>) -> Result<T> {
        let found = self.contents.find(key).ok_or_else(|| {
            let nearest = self.contents.nearest(key);
            Error::new(ErrorKind::Missing { nearest })
        });
        let value = found.and_then(|index| read(&self.quiet_reader(), index));
        value.map_err(|error| self.locate(error.at(|| key.to_owned())))
    }

    /// Reads everything as a [`Tree`], in the naming's native shape.
    ///
    /// # Errors
    ///
    /// When a tensor cannot be read, and when the keys nest too deep.
    pub fn tree(&self) -> Result<Tree> {
        self.get()
    }

    /// Reads a value, and no tensor that its type does not ask for.
    ///
    /// # Errors
    ///
    /// When something is missing, has another dtype or shape, or cannot be read.
    pub fn get<'de, T: Deserialize<'de>>(&'de self) -> Result<T> {
        self.reader(&self.settings).read().map_err(|error| self.locate(error))
    }

    /// What a load needs, lending what this checkpoint holds.
    fn reader<'s>(&'s self, settings: &Settings) -> Reader<'s, 's> {
        let header = self.contents.header();
        let start = header.data_start();
        let data = match &self.source {
            Source::Bytes(bytes) => Data::Memory(after(bytes, start)),
            Source::Loaded(bytes) => Data::Memory(after(bytes, start)),
            Source::Mapped(bytes) => Data::Memory(after(bytes, start)),
            Source::File(file) => Data::File(file, start),
            Source::Shards(shards) => Data::Shards(shards),
        };
        Reader::new(&self.contents, Some(header.source()), data, settings)
    }

    /// What it takes to read some of it: nobody is told, and the rest is not amiss.
    pub(crate) fn quiet_reader(&self) -> Reader<'_, '_> {
        let Settings { casts, max_depth, threads, .. } = self.settings;
        self.reader(&Settings { casts, max_depth, threads, ..Settings::default() })
    }

    /// Reads a value that may borrow from the bytes themselves, beyond the life of this checkpoint.
    pub(crate) fn get_lasting<T: Deserialize<'a>>(&self) -> Result<T> {
        self.lasting_reader()?.read().map_err(|error| self.locate(error))
    }

    /// What a load needs, lending nothing but the bytes that were given.
    pub(crate) fn lasting_reader(&self) -> Result<Reader<'_, 'a>> {
        let header = self.contents.header();
        let start = header.data_start();
        let text = match header.source() {
            Cow::Borrowed(text) => Some(*text),
            Cow::Owned(_) => None,
        };
        let data = match &self.source {
            Source::Bytes(bytes) => Data::Memory(after(bytes, start)),
            Source::File(file) => Data::File(file, start),
            Source::Loaded(_) | Source::Mapped(_) | Source::Shards(_) => {
                return Err(Error::unsupported("this checkpoint lends by get"));
            }
        };
        Ok(Reader::new(&self.contents, text, data, &self.settings))
    }

    #[cold]
    fn locate(&self, error: Error) -> Error {
        match &self.path {
            Some(path) => error.in_file(path),
            None => error,
        }
    }
}

fn after(bytes: &[u8], start: u64) -> &[u8] {
    usize::try_from(start).ok().and_then(|start| bytes.get(start..)).unwrap_or_default()
}
