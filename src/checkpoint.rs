//! [`Checkpoint`], a file or bytes whose tensors are not read yet.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::cast::Casts;
use crate::de::contents::{Contents, Wanted};
use crate::de::reader::{Data, Reader};
use crate::error::ErrorKind;
use crate::header::{self, Header};
use crate::memory::{self, AlignedBytes};
use crate::options::MAX_DEPTH;
use crate::tensor::{Tensor, TensorView};
use crate::{Error, Naming, Result, Tree, file};

/// An opened file, or bytes, whose tensors are not read yet.
///
/// [`open`](Checkpoint::open) reads the header alone, and each tensor when it is asked for;
/// [`load`](Checkpoint::load) reads all into one buffer, from which borrowed types can be had.
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
    casts: Casts,
    max_depth: usize,
}

enum Source<'a> {
    Bytes(&'a [u8]),
    Loaded(AlignedBytes),
    Mapped(memmap2::Mmap),
    File(File),
}

impl Checkpoint<'static> {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or is no safetensors file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Self::open_as(path, &Wanted::Any).map_err(|error| error.in_file(path))
    }

    pub(crate) fn open_as(path: &Path, wanted: &Wanted) -> Result<Self> {
        let file = File::open(path).map_err(Error::io)?;
        let len = file.metadata().map_err(Error::io)?.len();
        let header = read_header(&file, len)?;
        Self::new(header, Source::File(file), wanted, Some(path))
    }

    /// Reads a whole file into one buffer, aligned to 64 bytes, to borrow from.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or is no safetensors file.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Self::load_as(path).map_err(|error| error.in_file(path))
    }

    fn load_as(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(Error::io)?;
        let len = file.metadata().map_err(Error::io)?.len();
        // The header first: what is no safetensors file is not worth reading.
        read_header(&file, len)?;
        let size = usize::try_from(len).map_err(|_| Error::unsupported("a file larger than the memory"))?;
        let bytes = AlignedBytes::read(size, |region| file::read_exact_at(&file, region, 0))?;
        let header = Header::parse(&bytes, len)?.into_owned();
        Self::new(header, Source::Loaded(bytes), &Wanted::Any, Some(path))
    }

    /// Maps a file into memory, to borrow from without reading it.
    ///
    /// # Safety
    ///
    /// Nobody may change or truncate the file while the checkpoint, or anything borrowed from it, is
    /// in use: what was checked once would not hold, and reading beyond a truncated file's end
    /// raises SIGBUS. Replacing it by rename, as [`to_file`](crate::to_file) does, is fine.
    ///
    /// # Errors
    ///
    /// When the file cannot be mapped or is no safetensors file.
    #[allow(unsafe_code)]
    pub unsafe fn map(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let map = || {
            let file = File::open(path).map_err(Error::io)?;
            // SAFETY: that nobody changes the file is this function's own condition.
            let map = unsafe { memory::map(&file) }?;
            let header = Header::parse(&map, map.len() as u64)?.into_owned();
            Self::new(header, Source::Mapped(map), &Wanted::Any, Some(path))
        };
        map().map_err(|error| error.in_file(path))
    }
}

fn read_header(file: &File, file_len: u64) -> Result<Header<'static>> {
    let read = |len: usize| memory::read_vec::<u8>(len, |region| file::read_exact_at(file, region, 0));
    let first = read((header::SNIFFED as u64).min(file_len) as usize)?;
    let header_len = Header::length(&first, file_len)?;
    let start = read(8 + header_len)?;
    Ok(Header::parse(&start, file_len)?.into_owned())
}

impl<'a> Checkpoint<'a> {
    /// Takes bytes that are there already.
    ///
    /// # Errors
    ///
    /// When they are no safetensors file.
    pub fn from_bytes(bytes: &'a [u8]) -> Result<Self> {
        Self::from_bytes_as(bytes, &Wanted::Any)
    }

    pub(crate) fn from_bytes_as(bytes: &'a [u8], wanted: &Wanted) -> Result<Self> {
        let header = Header::parse(bytes, bytes.len() as u64)?;
        Self::new(header, Source::Bytes(bytes), wanted, None)
    }

    fn new(header: Header<'a>, source: Source<'a>, wanted: &Wanted, path: Option<&Path>) -> Result<Self> {
        let contents = Contents::new(header, wanted)?;
        let path = path.map(Path::to_path_buf);
        Ok(Self { contents, source, path, casts: Casts::default(), max_depth: MAX_DEPTH })
    }

    pub(crate) fn with(mut self, casts: Casts, max_depth: usize) -> Self {
        (self.casts, self.max_depth) = (casts, max_depth);
        self
    }

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
        let read = || {
            let index = self.find(key)?;
            let reader = self.reader();
            let bytes = reader.bytes(index)?.into_owned();
            Tensor::new(reader.entry(index)?.dtype, reader.shape(index)?.to_vec(), bytes)
        };
        read().map_err(|error| self.locate(error.at(|| key.to_owned())))
    }

    /// Borrows one tensor.
    ///
    /// # Errors
    ///
    /// When there is none of this key, or when the file was opened by [`open`](Checkpoint::open),
    /// which has nothing to borrow from.
    pub fn view(&self, key: &str) -> Result<TensorView<'_>> {
        let view = || {
            let index = self.find(key)?;
            let reader = self.reader();
            let bytes = reader.borrow(index)?.ok_or_else(crate::de::tensor::cannot_lend)?;
            TensorView::new(reader.entry(index)?.dtype, reader.shape(index)?.to_vec(), bytes)
        };
        view().map_err(|error| self.locate(error.at(|| key.to_owned())))
    }

    fn find(&self, key: &str) -> Result<usize> {
        self.contents
            .find(key)
            .ok_or_else(|| Error::new(ErrorKind::Missing { nearest: self.contents.nearest(key) }).at(|| key.to_owned()))
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
        self.reader().read().map_err(|error| self.locate(error))
    }

    /// What a load needs, lending what this checkpoint holds.
    fn reader(&self) -> Reader<'_, '_> {
        let header = self.contents.header();
        let start = header.data_start();
        let data = match &self.source {
            Source::Bytes(bytes) => Data::Memory(after(bytes, start)),
            Source::Loaded(bytes) => Data::Memory(after(bytes, start)),
            Source::Mapped(bytes) => Data::Memory(after(bytes, start)),
            Source::File(file) => Data::File(file, start),
        };
        Reader::new(&self.contents, Some(header.source()), data, self.casts, self.max_depth)
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
            Source::Loaded(_) | Source::Mapped(_) => return Err(Error::unsupported("this checkpoint lends by get")),
        };
        Ok(Reader::new(&self.contents, text, data, self.casts, self.max_depth))
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
