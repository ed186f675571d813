//! What is in a checkpoint, without reading it.

use std::ops::Range;
use std::path::PathBuf;

use super::{Checkpoint, Source};
use crate::{Dtype, Result};

/// The dtype, the shape and the place of a tensor: [`Checkpoint::info`].
///
/// # Examples
///
/// ```
/// let bytes = safejax::to_bytes(&std::collections::BTreeMap::from([("w", ndarray::arr2(&[[1.0f32, 2.0]]))]))?;
/// let info = safejax::Checkpoint::from_bytes(&bytes)?.info("w")?;
/// assert_eq!((info.dtype, info.shape), (safejax::Dtype::F32, vec![1, 2]));
/// assert_eq!(bytes[info.bytes.start as usize..info.bytes.end as usize].len(), 8);
/// # Ok::<(), safejax::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TensorInfo {
    /// The dtype.
    pub dtype: Dtype,
    /// The shape.
    pub shape: Vec<usize>,
    /// Where its data lies, counted from the beginning of the file.
    pub bytes: Range<u64>,
    /// The file, where there is one: of several shards the one that has it.
    pub file: Option<PathBuf>,
}

impl Checkpoint<'_> {
    /// The dtype, the shape and the place of a tensor.
    ///
    /// # Errors
    ///
    /// When there is none of this key.
    pub fn info(&self, key: &str) -> Result<TensorInfo> {
        self.at(key, |_, index| self.info_at(index))
    }

    /// All tensors, in the order of the file's data.
    ///
    /// # Examples
    ///
    /// ```
    /// # let bytes = safejax::to_bytes(&std::collections::BTreeMap::from([("w", ndarray::arr1(&[1.0f32]))]))?;
    /// let checkpoint = safejax::Checkpoint::from_bytes(&bytes)?;
    /// for (key, info) in checkpoint.iter() {
    ///     println!("{key}: {} {:?}", info.dtype, info.shape);
    /// }
    /// # Ok::<(), safejax::Error>(())
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = (&str, TensorInfo)> {
        self.keys().enumerate().filter_map(|(index, key)| Some((key, self.info_at(index).ok()?)))
    }

    fn info_at(&self, index: usize) -> Result<TensorInfo> {
        let reader = self.quiet_reader();
        let (entry, shape) = (reader.entry(index)?, reader.shape(index)?.to_vec());
        let (file, begin) = match &self.source {
            Source::Shards(shards) => {
                let (path, begin) = shards.locate(entry.begin)?;
                (Some(path.to_path_buf()), begin)
            }
            _ => (self.path.clone(), self.contents.header().data_start() + entry.begin),
        };
        Ok(TensorInfo { dtype: entry.dtype, shape, bytes: begin..begin + (entry.end - entry.begin), file })
    }
}
