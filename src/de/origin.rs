//! A tensor whose bytes come from somewhere else than the rest.

use std::mem::MaybeUninit;

use crate::de::reader::Reader;
use crate::{Result, memory};

/// Where the bytes of a tensor come from.
pub(crate) enum Origin<'x> {
    /// The n-th tensor of a file.
    File(&'x Reader<'x, 'x>, usize),
    /// The model.
    Model(&'x [u8]),
}

impl Origin<'_> {
    pub(crate) fn fill<'b>(&self, buffer: &'b mut [MaybeUninit<u8>]) -> Result<&'b mut [u8]> {
        match self {
            Self::File(reader, tensor) => reader.fill(*tensor, buffer),
            Self::Model(bytes) => memory::copy_into(buffer, bytes),
        }
    }
}
