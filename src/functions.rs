//! The verbs, as free functions.

use std::io::{Read, Write};
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::options::Metadata;
use crate::{Options, Report, Result, Tree};

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

/// Loads into a model what a file has for it: all or nothing.
///
/// The model's own keys, dtypes and shapes are the template. Where the file lacks a key, has one
/// that the model does not have, or has one of another shape or of a dtype that does not convert,
/// nothing is changed, and the error lists every such key with the nearest candidate.
/// [`Options::missing_keys`] and [`Options::unknown_keys`] load what matches instead.
///
/// What takes the model's place is read anew: meanwhile there are two of it in memory, and fields that
/// serde skips come back as their `Default`. A field that is `None` has no key. Leaves (numbers and
/// strings that are no tensors) stay as they are if a tool wrote the file that does not keep any.
///
/// # Examples
///
/// ```
/// use ndarray::{Array1, arr1};
/// use std::collections::BTreeMap;
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("model.safetensors");
/// safejax::to_file(&path, &BTreeMap::from([("bias", arr1(&[1.0f32, 2.0]))]))?;
///
/// let mut model = BTreeMap::from([("bias".to_owned(), Array1::<f32>::zeros(2))]);
/// let report = safejax::assign_from_file(&mut model, &path)?;
/// assert_eq!(report.loaded, ["bias"]);
/// assert_eq!(model["bias"], arr1(&[1.0, 2.0]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// When the file cannot be read, and [`ErrorKind::Mismatch`](crate::ErrorKind::Mismatch) when it
/// does not fit the model.
pub fn assign_from_file<T: Serialize + DeserializeOwned>(value: &mut T, path: impl AsRef<Path>) -> Result<Report> {
    Options::new().assign_from_file(value, path)
}

/// Loads into a model what the bytes of a file have for it: [`assign_from_file`] for bytes.
///
/// # Examples
///
/// ```
/// use ndarray::arr1;
///
/// let bytes = safejax::to_bytes(&[arr1(&[1.0f32]), arr1(&[2.0])])?;
/// let mut model = vec![arr1(&[0.0f32]), arr1(&[0.0])];
/// let _ = safejax::assign_from_bytes(&mut model, &bytes)?;
/// assert_eq!(model, [arr1(&[1.0]), arr1(&[2.0])]);
/// # Ok::<(), safejax::Error>(())
/// ```
///
/// # Errors
///
/// As [`assign_from_file`].
pub fn assign_from_bytes<T: Serialize + DeserializeOwned>(value: &mut T, bytes: &[u8]) -> Result<Report> {
    Options::new().assign_from_bytes(value, bytes)
}

/// Saves a value in several files of at most `max_shard_size` bytes of tensors each, and an index.
///
/// The files are those of Hugging Face's tools: `model-00001-of-00003.safetensors` and so on, filled in
/// the order of the value, and `model.safetensors.index.json`; or `model.safetensors` alone where that
/// is enough. A tensor larger than a shard gets one of its own. [`Options::shard_name`] is another
/// name than `model`. Maps of random order (`HashMap`) are split another way each time.
///
/// All files are written before the first takes its place, and the index comes last: a crash before
/// that leaves the old checkpoint, or files without an index, which nothing takes for a checkpoint.
/// Then the files of an older save under the same name, which this one did not replace, are removed.
/// Leaves, which belong to no one shard, are kept in the metadata of the index.
///
/// # Examples
///
/// ```
/// use std::collections::BTreeMap;
///
/// # let directory = tempfile::tempdir()?;
/// # let directory = directory.path();
/// let params = BTreeMap::from([("a", ndarray::arr1(&[1.0f32, 2.0])), ("b", ndarray::arr1(&[3.0, 4.0]))]);
/// safejax::to_shards(directory, &params, 8)?;
/// assert!(directory.join("model-00002-of-00002.safetensors").exists());
///
/// let params: BTreeMap<String, ndarray::Array1<f32>> = safejax::from_shards(directory)?;
/// assert_eq!(params["b"], ndarray::arr1(&[3.0, 4.0]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// As [`to_bytes`], and when a file cannot be written.
pub fn to_shards<P: AsRef<Path>, T: ?Sized + Serialize>(directory: P, value: &T, max_shard_size: u64) -> Result<()> {
    Options::new().to_shards(directory, value, max_shard_size)
}

/// Loads a value from shards, given their directory or their index, as [`from_file`] does as well.
///
/// All headers are read and held against the index; of the data only what the type asks for.
///
/// # Examples
///
/// ```
/// # let directory = tempfile::tempdir()?;
/// # let directory = directory.path();
/// safejax::to_shards(directory, &[ndarray::arr0(1.0f32), ndarray::arr0(2.0)], 4)?;
/// let params: Vec<ndarray::Array0<f32>> = safejax::from_shards(directory.join("model.safetensors.index.json"))?;
/// assert_eq!(params.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// As [`from_file`], and when a shard is not there, holds a key that the index has elsewhere or
/// nowhere, or lacks one that the index says it holds; also when a directory holds several
/// checkpoints, or shards without an index.
pub fn from_shards<T: DeserializeOwned>(path: impl AsRef<Path>) -> Result<T> {
    Options::new().from_shards(path)
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
