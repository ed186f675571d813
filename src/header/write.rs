//! The header of a file that is to be written, byte for byte as the safetensors library has it.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{Header, LENGTH_BYTES, METADATA, Shape, bytes};
use crate::{Dtype, Error, Result};

/// A tensor that is to be written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planned<'p> {
    pub(crate) key: &'p str,
    pub(crate) dtype: Dtype,
    pub(crate) shape: &'p [usize],
    /// The bytes of its data.
    pub(crate) len: u64,
}

/// The eight bytes of the length and the header, padded with spaces to a multiple of eight.
///
/// The tensors are in the order of the file, each right after the one before it, and no two have
/// one key. No metadata is no entry; empty metadata is an empty one.
pub(crate) fn write<'p>(
    tensors: impl Iterator<Item = Planned<'p>>,
    metadata: Option<&BTreeMap<String, String>>,
) -> Result<Vec<u8>> {
    let mut header = vec![0; LENGTH_BYTES];
    header.push(b'{');
    let mut separator: &[u8] = b"";
    if let Some(metadata) = metadata {
        json(&mut header, METADATA)?;
        header.push(b':');
        json(&mut header, metadata)?;
        separator = b",";
    }
    let mut begin = 0u64;
    let mut last: Option<Last<'p>> = None;
    let (at_most, start) = (tensors.size_hint().1.unwrap_or_default(), header.len());
    for tensor in tensors {
        header.extend_from_slice(separator);
        separator = b",";
        let is_first = last.is_none();
        begin = entry(&mut header, tensor, begin, &mut last).map_err(|error| error.at(|| tensor.key.to_owned()))?;
        if is_first {
            // Most others take as much, but for longer numbers.
            let each = header.len() - start + 16;
            _ = header.try_reserve(each.saturating_mul(at_most).min(Header::MAX_LEN));
        }
    }
    header.push(b'}');
    header.resize(header.len().next_multiple_of(LENGTH_BYTES), b' ');

    let len = header.len() - LENGTH_BYTES;
    if len > Header::MAX_LEN {
        return Err(Error::unsupported(format!(
            "the header of this file would take {len} bytes, but the format allows {}",
            Header::MAX_LEN
        )));
    }
    if let Some(length) = header.first_chunk_mut() {
        *length = (len as u64).to_le_bytes();
    }
    Ok(header)
}

/// The tensor that was written last. Many are like the one before them, and what two have in common
/// need not be spelled out again.
struct Last<'p> {
    dtype: Dtype,
    shape: &'p [usize],
    len: u64,
    /// Where the text stands from the end of the key to the beginning of the offsets.
    common: Range<usize>,
    /// Where it says at which byte the tensor ends, which is where the next one begins.
    end: Range<usize>,
}

/// Adds one tensor whose data begins at `begin`, and says where it ends.
fn entry<'p>(header: &mut Vec<u8>, tensor: Planned<'p>, begin: u64, last: &mut Option<Last<'p>>) -> Result<u64> {
    let Planned { key, dtype, shape, len } = tensor;
    if key == METADATA {
        return Err(Error::unsupported("a tensor cannot have this name: the format keeps it for the metadata"));
    }
    let alike = last.as_ref().filter(|last| last.dtype == dtype && last.len == len && last.shape == shape);
    if alike.is_none() && dtype.byte_len(shape).map(|expected| expected as u64) != Some(len) {
        return Err(Error::unsupported(format!(
            "a tensor of shape {} and dtype {dtype} cannot have {}",
            Shape(shape),
            bytes(len)
        )));
    }
    let end = begin
        .checked_add(len)
        .ok_or_else(|| Error::unsupported(format!("the file would be larger than {} bytes", u64::MAX)))?;

    let start = string(header, key)?;
    match alike {
        Some(last) => header.extend_from_within(last.common.clone()),
        None => {
            header.extend_from_slice(b"\":{\"dtype\":\"");
            header.extend_from_slice(dtype.name().as_bytes());
            header.extend_from_slice(b"\",\"shape\":");
            json(header, shape)?;
            header.extend_from_slice(b",\"data_offsets\":[");
        }
    }
    let common = start..header.len();
    match last {
        Some(last) => header.extend_from_within(last.end.clone()),
        None => json(header, &begin)?,
    }
    header.push(b',');
    let start = header.len();
    let is_counted = last.as_ref().is_some_and(|last| {
        header.extend_from_within(last.end.clone());
        header.get_mut(start..).is_some_and(|digits| count_on(digits, len))
    });
    if !is_counted {
        header.truncate(start);
        json(header, &end)?;
    }
    *last = Some(Last { dtype, shape, len, common, end: start..header.len() });
    header.extend_from_slice(b"]}");
    Ok(end)
}

/// Adds `more` to a number in decimal digits; false when they do not do, and then they are spoilt.
fn count_on(digits: &mut [u8], more: u64) -> bool {
    let mut carry = more;
    for digit in digits.iter_mut().rev() {
        if carry == 0 {
            return true;
        }
        let sum = *digit + (carry % 10) as u8;
        carry /= 10;
        *digit = if sum > b'9' {
            carry += 1;
            sum - 10
        } else {
            sum
        };
    }
    carry == 0
}

/// Adds a string but for the quote at its end, whose place it says. Mostly it needs no escape.
fn string(header: &mut Vec<u8>, text: &str) -> Result<usize> {
    if super::is_plain(text.as_bytes()) {
        header.push(b'"');
        header.extend_from_slice(text.as_bytes());
    } else {
        json(header, text)?;
        header.pop();
    }
    Ok(header.len())
}

fn json<T: ?Sized + serde::Serialize>(header: &mut Vec<u8>, value: &T) -> Result<()> {
    serde_json::to_writer(header, value).map_err(|error| Error::unsupported(error.to_string()))
}
