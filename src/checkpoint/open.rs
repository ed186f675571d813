//! The ways to a checkpoint.

use std::fs::File;
use std::path::Path;

use super::{Checkpoint, Source};
use crate::de::contents::{Contents, Wanted};
use crate::de::reader::Settings;
use crate::header::{self, Header};
use crate::memory::{self, AlignedBytes};
use crate::rename::Renames;
use crate::shards::{self, Found, Opened, OpenedData};
use crate::{Error, Result, file};

/// How a checkpoint is opened, and read afterwards.
#[derive(Clone, Debug, Default)]
pub(crate) struct Opening {
    pub(crate) wanted: Wanted,
    pub(crate) renames: Renames,
    pub(crate) settings: Settings,
}

impl Checkpoint<'static> {
    /// Opens a file and reads its header; or the shards of an index, or of a directory, and theirs.
    ///
    /// # Examples
    ///
    /// ```
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("model.safetensors");
    /// safejax::to_file(&path, &std::collections::BTreeMap::from([("w", ndarray::arr1(&[1.0f32]))]))?;
    /// let checkpoint = safejax::Checkpoint::open(&path)?;
    /// assert_eq!(checkpoint.info("w")?.shape, [1]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the file cannot be read or is no safetensors file; those of
    /// [`from_shards`](crate::from_shards).
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_as(path.as_ref(), Opening::default())
    }

    pub(crate) fn open_as(path: &Path, opening: Opening) -> Result<Self> {
        Self::at_path(path, opening, &|file, len| {
            Ok(Opened { header: read_header(&file, len)?, data: OpenedData::File(file) })
        })
    }

    /// Reads a whole file, or each shard, into one buffer, aligned to 64 bytes, to borrow from.
    ///
    /// # Examples
    ///
    /// ```
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("model.safetensors");
    /// safejax::to_file(&path, &std::collections::BTreeMap::from([("w", ndarray::arr1(&[1.0f32]))]))?;
    /// let checkpoint = safejax::Checkpoint::load(&path)?;
    /// let params: std::collections::BTreeMap<String, safejax::TensorView> = checkpoint.get()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`open`](Checkpoint::open).
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        Self::load_as(path.as_ref(), Opening::default())
    }

    pub(crate) fn load_as(path: &Path, opening: Opening) -> Result<Self> {
        let threads = opening.settings.threads;
        Self::at_path(path, opening, &|file, len| {
            // The header first: what is no safetensors file is not worth reading.
            read_header(&file, len)?;
            let size = usize::try_from(len).map_err(|_| Error::unsupported("a file larger than the memory"))?;
            let bytes = AlignedBytes::read(size, |region| {
                memory::fill_by(threads.for_len(size), region, |from, part| {
                    file::read_exact_at(&file, part, from as u64)
                })
            })?;
            let header = Header::parse(&bytes, len)?.into_owned();
            Ok(Opened { header, data: OpenedData::Loaded(bytes) })
        })
    }

    /// Maps a file, or each shard, into memory, to borrow from without reading it.
    ///
    /// # Safety
    ///
    /// Nobody may change or truncate the file while the checkpoint, or anything borrowed from it, is
    /// in use, in this process or another: what was checked once (that a `bool` is one) would not
    /// hold, a borrowed value would change under a shared reference, and reading beyond the end of a
    /// truncated file raises SIGBUS, which ends the process. The same happens where the disk or the
    /// network behind a file fails while it is mapped. Replacing the file by rename, as
    /// [`to_file`](crate::to_file) does, is fine: the map is of the old file.
    ///
    /// [`load`](Checkpoint::load) borrows as well, asks nothing of anybody, and is not slower for a
    /// file that is read as a whole.
    ///
    /// # Examples
    ///
    /// ```
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("model.safetensors");
    /// safejax::to_file(&path, &std::collections::BTreeMap::from([("w", ndarray::arr1(&[1.0f32]))]))?;
    /// // SAFETY: nobody else knows of this file.
    /// let checkpoint = unsafe { safejax::Checkpoint::map(&path) }?;
    /// assert_eq!(checkpoint.view("w")?.shape(), [1]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the file cannot be mapped; those of [`open`](Checkpoint::open).
    #[allow(unsafe_code)]
    pub unsafe fn map(path: impl AsRef<Path>) -> Result<Self> {
        Self::at_path(path.as_ref(), Opening::default(), &|file, _| {
            // SAFETY: that nobody changes the file is this function's own condition.
            let map = unsafe { memory::map(&file) }?;
            let header = Header::parse(&map, map.len() as u64)?.into_owned();
            Ok(Opened { header, data: OpenedData::Mapped(map) })
        })
    }

    /// Opens one file or all of an index by `open`, which gets a file and its length.
    fn at_path(path: &Path, opening: Opening, open: &dyn Fn(File, u64) -> Result<Opened>) -> Result<Self> {
        let at = |path: &Path| {
            let file = File::open(path).map_err(Error::io)?;
            let len = file.metadata().map_err(Error::io)?.len();
            open(file, len)
        };
        let checkpoint = || match shards::found_at(path)? {
            Found::File(file) => {
                let named = |error: Error| error.in_file(&file);
                let Opened { header, data } = at(&file).map_err(named)?;
                let source = match data {
                    OpenedData::File(file) => Source::File(file),
                    OpenedData::Loaded(bytes) => Source::Loaded(bytes),
                    OpenedData::Mapped(map) => Source::Mapped(map),
                };
                Self::new(header, source, opening, Some(&file)).map_err(named)
            }
            Found::Index(index) => {
                let named = |error: Error| error.in_file(&index);
                let (header, shards) = shards::open(&index, at).map_err(named)?;
                Self::new(header, Source::Shards(shards), opening, Some(&index)).map_err(named)
            }
        };
        checkpoint().map_err(|error| error.in_file(path))
    }
}

impl<'a> Checkpoint<'a> {
    /// Takes bytes that are there already.
    ///
    /// # Errors
    ///
    /// When they are no safetensors file.
    pub fn from_bytes(bytes: &'a [u8]) -> Result<Self> {
        Self::from_bytes_as(bytes, Opening::default())
    }

    pub(crate) fn from_bytes_as(bytes: &'a [u8], opening: Opening) -> Result<Self> {
        let header = Header::parse(bytes, bytes.len() as u64)?;
        Self::new(header, Source::Bytes(bytes), opening, None)
    }

    fn new(header: Header<'a>, source: Source<'a>, opening: Opening, path: Option<&Path>) -> Result<Self> {
        let contents = Contents::new(header, &opening.wanted, &opening.renames)?;
        Ok(Self { contents, source, path: path.map(Path::to_path_buf), settings: opening.settings })
    }
}

fn read_header(file: &File, file_len: u64) -> Result<Header<'static>> {
    let read = |len: usize| memory::read_vec::<u8>(len, |region| file::read_exact_at(file, region, 0));
    let first = read((header::SNIFFED as u64).min(file_len) as usize)?;
    let header_len = Header::length(&first, file_len)?;
    let start = read(8 + header_len)?;
    Ok(Header::parse(&start, file_len)?.into_owned())
}
