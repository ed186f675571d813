//! The verbs that load.

use std::io::Read;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Metadata, Options};
use crate::checkpoint::Checkpoint;
use crate::rename::Renames;
use crate::report::Report;
use crate::ser::keys::Keys;
use crate::ser::plan::{About, Plan};
use crate::{Error, Result, Tree, assign, ser};

impl Options {
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
        Checkpoint::from_bytes_as(bytes, self.opening())
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

    pub(crate) fn checkpoint_at(&self, path: &Path) -> Result<Checkpoint<'static>> {
        Checkpoint::open_as(path, self.opening())
    }

    /// Opens a file, an index of shards, or a directory with either: [`Checkpoint::open`], with these
    /// options for what is read from it.
    ///
    /// # Errors
    ///
    /// As [`Checkpoint::open`], and when the keys do not follow the naming.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<Checkpoint<'static>> {
        self.checkpoint_at(path.as_ref())
    }

    /// Reads a whole file, or all shards, to borrow from: [`Checkpoint::load`], with these options for
    /// what is read from it.
    ///
    /// # Errors
    ///
    /// As [`Checkpoint::load`], and when the keys do not follow the naming.
    pub fn load(&self, path: impl AsRef<Path>) -> Result<Checkpoint<'static>> {
        Checkpoint::load_as(path.as_ref(), self.opening())
    }

    /// Loads a value from shards: [`from_shards`](crate::from_shards).
    ///
    /// # Errors
    ///
    /// As [`from_shards`](crate::from_shards).
    pub fn from_shards<T: DeserializeOwned>(&self, path: impl AsRef<Path>) -> Result<T> {
        self.from_file(path)
    }

    /// Loads what a model has from a file: [`assign_from_file`](crate::assign_from_file).
    ///
    /// # Errors
    ///
    /// As [`assign_from_file`](crate::assign_from_file).
    pub fn assign_from_file<T: Serialize + DeserializeOwned>(
        &self,
        value: &mut T,
        path: impl AsRef<Path>,
    ) -> Result<Report> {
        let path = path.as_ref();
        assign::assign(self, value, &self.checkpoint_at(path)?).map_err(|error| error.in_file(path))
    }

    /// Loads what a model has from bytes: [`assign_from_bytes`](crate::assign_from_bytes).
    ///
    /// # Errors
    ///
    /// As [`assign_from_bytes`](crate::assign_from_bytes).
    pub fn assign_from_bytes<T: Serialize + DeserializeOwned>(&self, value: &mut T, bytes: &[u8]) -> Result<Report> {
        assign::assign(self, value, &self.checkpoint_of(bytes)?)
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
        let keys = Keys::of(&skeleton, &naming, &Renames::default())?;
        let about = About { naming: &naming, metadata: &Metadata::new(), keep_empty: false };
        let plan = Plan::new(&skeleton, keys, &about)?;
        crate::de::tree::read(tree, &plan, naming, self.casts, self.max_depth)
    }
}
