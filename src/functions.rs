//! The verbs, as free functions.

use std::io::{Read, Write};
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::options::Metadata;
use crate::{Options, Result, Tree};

/// Saves a value as the bytes of a safetensors file, in [flax naming](crate::Naming::flax).
///
/// # Examples
///
/// ```
/// use std::collections::BTreeMap;
///
/// let params = BTreeMap::from([("kernel", ndarray::arr2(&[[1.0f32, 2.0]]))]);
/// let bytes = safejax::to_bytes(&params)?;
/// assert_eq!(safetensors::SafeTensors::deserialize(&bytes)?.names(), ["kernel"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// When two parts of the value would have one key, when the naming cannot hold a name, when a
/// sequence of numbers is too long to be a leaf, and when the value's `Serialize` fails.
pub fn to_bytes<T: ?Sized + Serialize>(value: &T) -> Result<Vec<u8>> {
    Options::new().to_bytes(value)
}

/// Saves a value to a writer.
///
/// The whole file is built in memory first, since the order of a value is not that of a file;
/// [`to_file`] has no such need.
///
/// # Examples
///
/// ```
/// let mut out = Vec::new();
/// safejax::to_writer(&mut out, &std::collections::BTreeMap::from([("w", ndarray::arr0(1.0f32))]))?;
/// # Ok::<(), safejax::Error>(())
/// ```
///
/// # Errors
///
/// As [`to_bytes`], and when the writer fails.
pub fn to_writer<W: Write, T: ?Sized + Serialize>(writer: W, value: &T) -> Result<()> {
    Options::new().to_writer(writer, value)
}

/// Saves a value to a file, which is replaced in one step.
///
/// The data goes to a temporary file beside the target, which is then renamed: a crash at any moment
/// leaves the old file or the new one. The old file's mode is kept, and a symlink is followed.
///
/// # Examples
///
/// ```
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("model.safetensors");
/// safejax::to_file(&path, &std::collections::BTreeMap::from([("w", ndarray::arr0(1.0f32))]))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// As [`to_bytes`], and when the file cannot be written.
pub fn to_file<P: AsRef<Path>, T: ?Sized + Serialize>(path: P, value: &T) -> Result<()> {
    Options::new().to_file(path, value)
}

/// Loads a value from the bytes of a safetensors file, in whatever naming it follows.
///
/// # Examples
///
/// ```
/// use ndarray::Array1;
/// use std::collections::BTreeMap;
///
/// let bytes = safejax::to_bytes(&BTreeMap::from([("bias", ndarray::arr1(&[1.0f32]))]))?;
/// let params: BTreeMap<String, Array1<f32>> = safejax::from_bytes(&bytes)?;
/// # Ok::<(), safejax::Error>(())
/// ```
///
/// # Errors
///
/// When the bytes are no safetensors file, and when something is missing or has another dtype or
/// shape than its type asks for. The error says which key.
pub fn from_bytes<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T> {
    Options::new().from_bytes(bytes)
}

/// Loads a value from bytes, and the file's user metadata with it.
///
/// # Examples
///
/// ```
/// use safejax::{Options, Tree};
///
/// let bytes = Options::new().metadata("format", "flax").to_bytes(&Tree::default())?;
/// let (tree, metadata): (Tree, _) = safejax::from_bytes_with_metadata(&bytes)?;
/// assert_eq!(metadata["format"], "flax");
/// # Ok::<(), safejax::Error>(())
/// ```
///
/// # Errors
///
/// As [`from_bytes`].
pub fn from_bytes_with_metadata<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<(T, Metadata)> {
    Options::new().from_bytes_with_metadata(bytes)
}

/// Loads a value from a reader, all of which is read into memory first.
///
/// # Examples
///
/// ```
/// let bytes = safejax::to_bytes(&safejax::Tree::default())?;
/// let tree: safejax::Tree = safejax::from_reader(bytes.as_slice())?;
/// # Ok::<(), safejax::Error>(())
/// ```
///
/// # Errors
///
/// As [`from_bytes`], and when the reader fails.
pub fn from_reader<R: Read, T: DeserializeOwned>(reader: R) -> Result<T> {
    Options::new().from_reader(reader)
}

/// Loads a value from a file, by reading no more of it than the type asks for.
///
/// # Examples
///
/// ```
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("model.safetensors");
/// # safejax::to_file(&path, &safejax::Tree::default())?;
/// let tree: safejax::Tree = safejax::from_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// As [`from_bytes`], and when the file cannot be read.
pub fn from_file<T: DeserializeOwned>(path: impl AsRef<Path>) -> Result<T> {
    Options::new().from_file(path)
}

/// Loads a value from a file, and the file's user metadata with it.
///
/// # Errors
///
/// As [`from_file`].
pub fn from_file_with_metadata<T: DeserializeOwned>(path: impl AsRef<Path>) -> Result<(T, Metadata)> {
    Options::new().from_file_with_metadata(path)
}

/// Turns a value into a [`Tree`], fields by name.
///
/// # Examples
///
/// ```
/// let tree = safejax::to_tree(&(ndarray::arr1(&[1.0f32]), "relu"))?;
/// assert_eq!(tree[0].as_tensor().unwrap().shape(), [1]);
/// assert_eq!(tree[1].as_leaf().unwrap(), "relu");
/// # Ok::<(), safejax::Error>(())
/// ```
///
/// # Errors
///
/// When a sequence of numbers is too long to be a leaf, and when the value's `Serialize` fails.
pub fn to_tree<T: ?Sized + Serialize>(value: &T) -> Result<Tree> {
    Options::new().to_tree(value)
}

/// Reads a value out of a [`Tree`], fields by name.
///
/// # Examples
///
/// ```
/// let tree = safejax::to_tree(&(1, "relu"))?;
/// let (step, activation): (u64, String) = safejax::from_tree(&tree)?;
/// # Ok::<(), safejax::Error>(())
/// ```
///
/// # Errors
///
/// When something is missing or has another dtype or shape than its type asks for.
pub fn from_tree<T: DeserializeOwned>(tree: &Tree) -> Result<T> {
    Options::new().from_tree(tree)
}
