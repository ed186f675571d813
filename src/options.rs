//! [`Options`], the one place for what can be chosen.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::cast::Casts;
use crate::checkpoint::Checkpoint;
use crate::de::contents::Wanted;
use crate::memory::Region;
use crate::ser::file::FileSink;
use crate::ser::plan::Plan;
use crate::ser::serializer::Serializer;
use crate::ser::skeleton::Skeleton;
use crate::ser::walker::{Mode, Walker};
use crate::ser::writer::{Sink, Writer};
use crate::{Error, Naming, Result, Tree, file, ser};

/// How deep values nest where nothing else is said.
pub(crate) const MAX_DEPTH: usize = 128;

/// The user's entries of a file's metadata.
pub type Metadata = BTreeMap<String, String>;

/// How to save and how to load: a builder, and the same verbs as the free functions.
///
/// # Examples
///
/// ```
/// use safejax::{Naming, Options};
/// # use std::collections::BTreeMap;
/// # let params = BTreeMap::from([("w", ndarray::arr1(&[1.0f32]))]);
///
/// let options = Options::new().naming(Naming::flax().separator("/")).metadata("format", "flax");
/// let bytes = options.to_bytes(&params)?;
/// # Ok::<(), safejax::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Options {
    naming: Option<Naming>,
    /// Whether a file may follow another variant of the naming (another separator, say).
    variants: bool,
    metadata: Metadata,
    empty_metadata: bool,
    casts: Casts,
    max_depth: usize,
    sync: bool,
}

impl Options {
    /// The defaults: flax with `.` on save, the file's own naming on load, [`Casts::Widen`].
    pub fn new() -> Self {
        Self {
            naming: None,
            variants: false,
            metadata: Metadata::new(),
            empty_metadata: false,
            casts: Casts::default(),
            max_depth: MAX_DEPTH,
            sync: false,
        }
    }

    /// The naming to save in, and the one that a file must follow when it is loaded.
    ///
    /// Without it files are saved in [`Naming::flax`], and loaded in the naming that they record or
    /// that their keys fit.
    pub fn naming(mut self, naming: Naming) -> Self {
        (self.naming, self.variants) = (Some(naming), false);
        self
    }

    /// The naming of a framework, whose files may differ in its options.
    pub(crate) fn framework(naming: Naming) -> Self {
        Self { variants: true, ..Self::new().naming(naming) }
    }

    /// Adds an entry to the metadata of the files that are saved.
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }

    /// Whether a file without metadata gets an empty `__metadata__` all the same, as some writers do.
    pub fn empty_metadata(mut self, write: bool) -> Self {
        self.empty_metadata = write;
        self
    }

    /// Which conversions between dtypes are made when a value is loaded.
    pub fn casts(mut self, casts: Casts) -> Self {
        self.casts = casts;
        self
    }

    /// How many levels a value may nest, 128 unless said otherwise.
    ///
    /// The limit keeps a hostile file from overflowing the stack.
    pub fn max_depth(mut self, levels: usize) -> Self {
        self.max_depth = levels;
        self
    }

    /// Whether [`to_file`](Options::to_file) waits until the data is on the disk.
    pub fn sync(mut self, sync: bool) -> Self {
        self.sync = sync;
        self
    }

    fn wanted(&self) -> Wanted {
        match &self.naming {
            None => Wanted::Any,
            Some(naming) if self.variants => Wanted::Like(naming.clone()),
            Some(naming) => Wanted::Exactly(naming.clone()),
        }
    }

    fn plan<T: ?Sized + Serialize>(&self, value: &T) -> Result<(Skeleton, Plan)> {
        let skeleton = self.skeleton(value)?;
        let naming = self.naming.clone().unwrap_or_else(Naming::flax);
        let plan = Plan::new(&skeleton, &naming, &self.metadata, self.empty_metadata)?;
        Ok((skeleton, plan))
    }

    /// The first walk.
    fn skeleton<T: ?Sized + Serialize>(&self, value: &T) -> Result<Skeleton> {
        let mut walker = Walker::new(Mode::Skeleton(Skeleton::default()), self.max_depth);
        walker.value(value).map_err(|error| walker.locate(error))?;
        let trace = walker.trace();
        match walker.mode {
            Mode::Skeleton(mut skeleton) => {
                skeleton.trace = trace;
                Ok(skeleton)
            }
            Mode::Write(_) => Err(Error::unsupported("the first walk writes nothing")),
        }
    }

    /// The second walk.
    fn write<'w, T: ?Sized + Serialize>(&self, value: &T, writer: Writer<'w>) -> Result<Sink<'w>> {
        let mut walker = Walker::new(Mode::Write(writer), self.max_depth);
        walker.value(value)?;
        let trace = walker.trace();
        match walker.mode {
            Mode::Write(writer) => writer.finish(trace),
            Mode::Skeleton(_) => Err(Error::unsupported("the second walk builds nothing")),
        }
    }

    /// Saves a value as the bytes of a safetensors file: [`to_bytes`](crate::to_bytes).
    ///
    /// # Errors
    ///
    /// As [`to_bytes`](crate::to_bytes).
    pub fn to_bytes<T: ?Sized + Serialize>(&self, value: &T) -> Result<Vec<u8>> {
        let (skeleton, plan) = self.plan(value)?;
        let region = Region::new(plan.lengths.iter().copied())?;
        let writer = Writer::new(&skeleton, &plan, Sink::Memory(region))?;
        match self.write(value, writer)? {
            Sink::Memory(region) => region.finish(),
            Sink::File(_) => Err(Error::unsupported("bytes do not go to a file")),
        }
    }

    /// Saves a value to a writer: [`to_writer`](crate::to_writer).
    ///
    /// # Errors
    ///
    /// As [`to_writer`](crate::to_writer).
    pub fn to_writer<W: Write, T: ?Sized + Serialize>(&self, mut writer: W, value: &T) -> Result<()> {
        let bytes = self.to_bytes(value)?;
        writer.write_all(&bytes).and_then(|()| writer.flush()).map_err(Error::io)
    }

    /// Saves a value to a file: [`to_file`](crate::to_file).
    ///
    /// # Errors
    ///
    /// As [`to_file`](crate::to_file).
    pub fn to_file<P: AsRef<Path>, T: ?Sized + Serialize>(&self, path: P, value: &T) -> Result<()> {
        let path = path.as_ref();
        let save = || {
            let (skeleton, plan) = self.plan(value)?;
            file::replace(path, plan.total, self.sync, |file| {
                let writer = Writer::new(&skeleton, &plan, Sink::File(FileSink::new(file)))?;
                match self.write(value, writer)? {
                    Sink::File(mut sink) => sink.flush(),
                    Sink::Memory(_) => Err(Error::unsupported("a file does not go to memory")),
                }
            })
        };
        save().map_err(|error| error.in_file(path))
    }

    /// Loads a value from bytes: [`from_bytes`](crate::from_bytes).
    ///
    /// # Errors
    ///
    /// As [`from_bytes`](crate::from_bytes).
    pub fn from_bytes<'de, T: Deserialize<'de>>(&self, bytes: &'de [u8]) -> Result<T> {
        self.checkpoint_of(bytes)?.get_lasting()
    }

    /// Loads a value from bytes, and the file's user metadata with it.
    ///
    /// # Errors
    ///
    /// As [`from_bytes`](crate::from_bytes).
    pub fn from_bytes_with_metadata<'de, T: Deserialize<'de>>(&self, bytes: &'de [u8]) -> Result<(T, Metadata)> {
        let checkpoint = self.checkpoint_of(bytes)?;
        Ok((checkpoint.get_lasting()?, checkpoint.metadata().clone()))
    }

    fn checkpoint_of<'de>(&self, bytes: &'de [u8]) -> Result<Checkpoint<'de>> {
        Ok(Checkpoint::from_bytes_as(bytes, &self.wanted())?.with(self.casts, self.max_depth))
    }

    /// Loads a value from a reader: [`from_reader`](crate::from_reader).
    ///
    /// # Errors
    ///
    /// As [`from_reader`](crate::from_reader).
    pub fn from_reader<R: Read, T: DeserializeOwned>(&self, mut reader: R) -> Result<T> {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).map_err(Error::io)?;
        self.from_bytes(&bytes)
    }

    /// Loads a value from a file: [`from_file`](crate::from_file).
    ///
    /// # Errors
    ///
    /// As [`from_file`](crate::from_file).
    pub fn from_file<T: DeserializeOwned>(&self, path: impl AsRef<Path>) -> Result<T> {
        self.checkpoint_at(path.as_ref())?.get()
    }

    /// Loads a value from a file, and the file's user metadata with it.
    ///
    /// # Errors
    ///
    /// As [`from_file`](crate::from_file).
    pub fn from_file_with_metadata<T: DeserializeOwned>(&self, path: impl AsRef<Path>) -> Result<(T, Metadata)> {
        let checkpoint = self.checkpoint_at(path.as_ref())?;
        Ok((checkpoint.get()?, checkpoint.metadata().clone()))
    }

    fn checkpoint_at(&self, path: &Path) -> Result<Checkpoint<'static>> {
        let checkpoint = Checkpoint::open_as(path, &self.wanted()).map_err(|error| error.in_file(path))?;
        Ok(checkpoint.with(self.casts, self.max_depth))
    }

    /// Turns a value into a [`Tree`]: [`to_tree`](crate::to_tree).
    ///
    /// With a [`naming`](Options::naming) the tree has that naming's native shape, as a file of it
    /// would be read.
    ///
    /// # Errors
    ///
    /// As [`to_tree`](crate::to_tree); with a naming, when the naming cannot hold the value.
    pub fn to_tree<T: ?Sized + Serialize>(&self, value: &T) -> Result<Tree> {
        match &self.naming {
            None => Serializer::with_max_depth(self.max_depth).value(value),
            Some(_) => self.from_bytes(&self.to_bytes(value)?),
        }
    }

    /// Reads a value out of a [`Tree`]: [`from_tree`](crate::from_tree).
    ///
    /// With a [`naming`](Options::naming) the tree has that naming's native shape.
    ///
    /// # Errors
    ///
    /// As [`from_tree`](crate::from_tree); with a naming, when the naming cannot hold the tree.
    pub fn from_tree<T: DeserializeOwned>(&self, tree: &Tree) -> Result<T> {
        let skeleton = self.skeleton(tree)?;
        let naming = self.naming.clone().unwrap_or_else(|| ser::plan::separate(&skeleton));
        let plan = Plan::new(&skeleton, &naming, &Metadata::new(), false)?;
        crate::de::tree::read(tree, &plan, naming, self.casts, self.max_depth)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}
