//! Checkpoints of several files and an index, as Hugging Face's tools write them.
//!
//! The data of the shards is counted as if it stood in one file, one shard after the other. So one
//! header describes all of them, and everything that reads a file reads shards.

mod index;
mod read;
mod write;

use std::fs::File;
use std::mem::MaybeUninit;
use std::path::{Path, PathBuf};

use crate::memory::AlignedBytes;
use crate::{Error, Result, file};

pub(crate) use read::{Found, Opened, OpenedData, found_at, open};
pub(crate) use write::write;

/// The base name of the files where nothing else is said.
pub(crate) const BASE: &str = "model";

/// The data of several files.
pub(crate) struct Shards {
    shards: Vec<Shard>,
}

pub(crate) struct Shard {
    path: PathBuf,
    /// Where its data begins and ends among all data.
    begin: u64,
    end: u64,
    /// Where its data begins in its file.
    start: u64,
    data: ShardData,
}

enum ShardData {
    File(File),
    Loaded(AlignedBytes),
    Mapped(memmap2::Mmap),
}

impl Shards {
    /// The shard that has the bytes from `begin` on, and their offset in its file.
    fn find(&self, begin: u64) -> Result<(&Shard, u64)> {
        let after = self.shards.partition_point(|shard| shard.end <= begin);
        // Tensors without elements may lie at the very end.
        let shard = self.shards.get(after).or(self.shards.last());
        let shard = shard.ok_or_else(|| Error::unsupported("a tensor that no shard has"))?;
        Ok((shard, shard.start + begin.saturating_sub(shard.begin)))
    }

    /// The file that has the bytes from `begin` on, and their offset in it.
    pub(crate) fn locate(&self, begin: u64) -> Result<(&Path, u64)> {
        let (shard, offset) = self.find(begin)?;
        Ok((&shard.path, offset))
    }

    /// Bytes without a copy, where they are in memory.
    pub(crate) fn borrow(&self, begin: u64, end: u64) -> Result<Option<&[u8]>> {
        let (shard, offset) = self.find(begin)?;
        let bytes: &[u8] = match &shard.data {
            ShardData::File(_) => return Ok(None),
            ShardData::Loaded(bytes) => bytes,
            ShardData::Mapped(bytes) => bytes,
        };
        let range = usize::try_from(offset).ok().zip(usize::try_from(offset + (end - begin)).ok());
        let bytes = range.and_then(|(from, to)| bytes.get(from..to));
        bytes.map(Some).ok_or_else(|| Error::unsupported("the data of this tensor is not there"))
    }

    /// Fills a buffer from `begin` on.
    pub(crate) fn read_at<'b>(&self, begin: u64, buffer: &'b mut [MaybeUninit<u8>]) -> Result<&'b mut [u8]> {
        let (shard, offset) = self.find(begin)?;
        match &shard.data {
            ShardData::File(file) => file::read_exact_at(file, buffer, offset).map_err(|e| e.in_file(&shard.path)),
            ShardData::Loaded(_) | ShardData::Mapped(_) => Err(Error::unsupported("these shards are in memory")),
        }
    }
}
