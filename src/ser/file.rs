//! The file behind a save: large tensors are written where they belong, small ones together.

use std::fs::File;

use crate::{Error, Result, file, memory};

/// Writes to a file at given offsets.
///
/// Tensors come in the order of the value, which is not the order of the file. Those that are small
/// wait in a buffer until it is full, and what lies side by side in the file is written in one piece.
pub(crate) struct FileSink<'f> {
    file: &'f File,
    /// The bytes that wait.
    waiting: Vec<u8>,
    /// Their offsets in the file and their ranges in `waiting`.
    pieces: Vec<(u64, usize, usize)>,
    /// Neighbours put side by side.
    joined: Vec<u8>,
    /// Whether the file is to be synced in the end. The disk may as well be busy before.
    syncs: bool,
}

impl<'f> FileSink<'f> {
    /// The greatest piece of a tensor that is not contiguous in memory.
    pub(crate) const CHUNK: usize = 256 * 1024;
    /// What is at least this large does not wait.
    const LARGE: usize = 64 * 1024;
    /// How much may wait.
    const WAITING: usize = 384 * 1024;

    pub(crate) fn new(file: &'f File, syncs: bool) -> Self {
        Self { file, waiting: Vec::new(), pieces: Vec::new(), joined: Vec::new(), syncs }
    }

    pub(crate) fn put(&mut self, offset: u64, bytes: &[u8]) -> Result<()> {
        if bytes.len() >= Self::LARGE {
            file::write_all_at(self.file, bytes, offset).map_err(Error::io)?;
            if self.syncs {
                memory::start_write_back(self.file, offset, bytes.len());
            }
            return Ok(());
        }
        if self.waiting.len() + bytes.len() > Self::WAITING {
            self.flush()?;
        }
        let start = self.waiting.len();
        self.waiting.extend_from_slice(bytes);
        match self.pieces.last_mut() {
            Some((at, from, to)) if *at + (*to - *from) as u64 == offset && *to == start => *to += bytes.len(),
            _ => self.pieces.push((offset, start, start + bytes.len())),
        }
        Ok(())
    }

    /// Writes all that waits.
    pub(crate) fn flush(&mut self) -> Result<()> {
        self.pieces.sort_unstable();
        let mut begin = 0;
        for &(offset, from, to) in &self.pieces {
            let bytes = self.waiting.get(from..to).unwrap_or_default();
            if begin + self.joined.len() as u64 != offset {
                write(self.file, &mut self.joined, begin)?;
                begin = offset;
            }
            self.joined.extend_from_slice(bytes);
        }
        write(self.file, &mut self.joined, begin)?;
        self.pieces.clear();
        self.waiting.clear();
        Ok(())
    }
}

fn write(file: &File, bytes: &mut Vec<u8>, offset: u64) -> Result<()> {
    if !bytes.is_empty() {
        file::write_all_at(file, bytes, offset).map_err(Error::io)?;
        bytes.clear();
    }
    Ok(())
}
