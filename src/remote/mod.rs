//! Checkpoints in an object store (feature `object_store`): [`Checkpoint::open_in`] and [`to_store`].
//!
//! The place of `fs=` in Python's safejax: S3, GCS, Azure, HTTP, and whatever else the crate
//! `object_store` reaches.

mod fetch;
mod fetched;
mod read;
mod write;

use std::io;
use std::path::Path as FilePath;

use object_store::ObjectStore;
use object_store::path::Path;
use serde::Serialize;

use crate::checkpoint::Checkpoint;
use crate::{Error, Options, Result};

pub(crate) use fetched::Fetched;
pub use read::RemoteCheckpoint;

impl Checkpoint<'static> {
    /// Opens a file of an object store, by one range request for the header, or two where it is large.
    ///
    /// What comes back reads on request as a checkpoint of a local file does, but has to be awaited.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// use ndarray::{Array1, arr1};
    /// use object_store::{memory::InMemory, path::Path};
    /// use safejax::Checkpoint;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> safejax::Result<()> {
    /// let store = InMemory::new();
    /// let path = Path::from("models/mlp.safetensors");
    /// safejax::to_store(&store, &path, &BTreeMap::from([("bias", arr1(&[1.0f32]))])).await?;
    ///
    /// let checkpoint = Checkpoint::open_in(&store, &path).await?;
    /// let params: BTreeMap<String, Array1<f32>> = checkpoint.get().await?;
    /// assert_eq!(params["bias"], arr1(&[1.0]));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When the store refuses, and when the file is no safetensors file.
    pub async fn open_in<'s>(store: &'s dyn ObjectStore, path: &Path) -> Result<RemoteCheckpoint<'s>> {
        Options::new().open_in(store, path).await
    }
}

/// Saves a value to an object store, part by part: [`Options::to_store`].
///
/// # Examples
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> safejax::Result<()> {
/// let store = object_store::memory::InMemory::new();
/// safejax::to_store(&store, &"w.safetensors".into(), &[ndarray::arr1(&[1.0f32])]).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// As [`to_bytes`](crate::to_bytes), and when the store refuses.
pub async fn to_store<T: ?Sized + Serialize>(store: &dyn ObjectStore, path: &Path, value: &T) -> Result<()> {
    Options::new().to_store(store, path, value).await
}

impl Options {
    /// Opens a file of an object store: [`Checkpoint::open_in`], with these options for what is read.
    ///
    /// # Errors
    ///
    /// As [`Checkpoint::open_in`], and when the keys do not follow the naming.
    pub async fn open_in<'s>(&self, store: &'s dyn ObjectStore, path: &Path) -> Result<RemoteCheckpoint<'s>> {
        let opened = RemoteCheckpoint::open(store, path, self.opening()).await;
        opened.map_err(|error| error.in_file(FilePath::new(path.as_ref())))
    }

    /// Saves a value to an object store.
    ///
    /// A large value is uploaded in parts of 8 MiB, or of what it takes to need no more than 10 000,
    /// several at a time; no more of the file than those is ever in memory. The file is there when all
    /// of it is. A store that knows no parts, such as plain HTTP, gets it in one piece from memory.
    ///
    /// # Errors
    ///
    /// As [`to_bytes`](crate::to_bytes), and when the store refuses: an upload that was begun is
    /// then aborted.
    pub async fn to_store<T: ?Sized + Serialize>(&self, store: &dyn ObjectStore, path: &Path, value: &T) -> Result<()> {
        let saved = write::write(self, store, path, value).await;
        saved.map_err(|error| error.in_file(FilePath::new(path.as_ref())))
    }
}

/// What a store says, as an error of reading and writing.
#[cold]
fn refused(error: object_store::Error) -> Error {
    let kind = match &error {
        object_store::Error::NotFound { .. } => io::ErrorKind::NotFound,
        object_store::Error::PermissionDenied { .. } => io::ErrorKind::PermissionDenied,
        _ => io::ErrorKind::Other,
    };
    Error::io(io::Error::new(kind, error))
}
