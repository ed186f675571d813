//! Every line of `unsafe` in the crate: bytes seen as elements and elements as bytes, memory that
//! is filled before it counts as initialised, and arrays known by their type.
//!
//! - [`Scalar`] is the promise about an element's bytes on which the rest stands.
//! - [`fill`]: memory that somebody else fills, and the proof that they did.
//! - [`pages`]: hints for large memory.
//! - [`share`]: large memory that several threads work on.
//! - [`strided`]: the elements of any array, copied out in logical order by the loops of [`pack`].
//! - `matrix` (feature `nalgebra`): the same for a matrix of nalgebra.
//! - [`recognise`]: which array a generic value is, and [`known`]: what else it may be.
//!
//! The tests of all this run under valgrind by `.ci/valgrind`.
//!
//! Everything is little-endian, as the format is; `lib.rs` refuses to compile elsewhere.
#![allow(unsafe_code)]

mod fill;
mod known;
#[cfg(feature = "nalgebra")]
mod matrix;
mod pack;
mod pages;
mod recognise;
mod share;
mod strided;
#[cfg(test)]
mod tests;

#[cfg(any(test, windows, feature = "object_store"))]
pub(crate) use fill::zeroed;
pub(crate) use fill::{AlignedBytes, Region, copy_into, fill_in_parts, read_value, read_vec};
pub(crate) use known::{Accept, Announce, Give, WithoutLifetime, accept, announce, give, same};
#[cfg(feature = "nalgebra")]
pub(crate) use matrix::MatrixElements;
#[cfg(unix)]
pub(crate) use pages::prefault;
pub(crate) use recognise::{Recogniser, VecPlace, element_of_vec_seed, vec_by};
pub(crate) use share::fill_by;
pub(crate) use strided::{Strided, reordered};

use std::ptr::NonNull;
use std::slice;

use crate::element::for_each_element;
use crate::{Element, Error, ErrorKind, Result};

/// A type whose values are their bytes. The private half of [`Element`], and its seal.
///
/// # Safety
///
/// `Self` has no padding, so that its bytes are always initialised, and every pattern of bytes for
/// which [`invalid`](Scalar::invalid) finds nothing is a value. It names no lifetime.
pub unsafe trait Scalar: Copy + Send + Sync + 'static {
    /// The index and the value of the first element in `bytes` that is no value of this type.
    #[doc(hidden)]
    fn invalid(_bytes: &[u8]) -> Option<(usize, u8)> {
        None
    }
}

// SAFETY: one byte, and `invalid` finds every byte but 0 and 1.
unsafe impl Scalar for bool {
    fn invalid(bytes: &[u8]) -> Option<(usize, u8)> {
        // A fold over blocks vectorises, a search for the position does not.
        let clean = |block: &[u8]| block.iter().fold(0, |seen, byte| seen | byte) <= 1;
        let block = bytes.chunks(4096).position(|block| !clean(block))? * 4096;
        bytes.iter().copied().enumerate().skip(block).find(|(_, byte)| *byte > 1)
    }
}

// SAFETY: an array is its items one after the other, without padding of its own; its bytes are
// values if those of each item are, and `invalid` looks at them all.
unsafe impl<S: Scalar, const N: usize> Scalar for [S; N] {
    fn invalid(bytes: &[u8]) -> Option<(usize, u8)> {
        S::invalid(bytes)
    }
}

macro_rules! plain {
    ($($element:ty)*) => { $(
        // SAFETY: a primitive number, or a transparent or C struct of such without padding (the
        // sizes are asserted below); every pattern is a value.
        unsafe impl Scalar for $element {}
    )* };
}
plain! { u8 i8 u16 i16 u32 i32 u64 i64 usize isize f32 f64 half::f16 half::bf16 num_complex::Complex<f32> }
#[cfg(feature = "float8")]
plain! { float8::F8E4M3 float8::F8E5M2 }

macro_rules! size_is_that_of_the_dtype {
    ($(($element:ty, $kind:ident, $dtype:ident))*) => {
        const _: () = { $(assert!(size_of::<$element>() * 8 == <$element as Element>::DTYPE.bits());)* };
    };
}
for_each_element!(size_is_that_of_the_dtype);

/// Refuses bytes that hold no whole number of `E`, or something that is no `E`.
fn check<E: Element>(bytes: &[u8]) -> Result<()> {
    if !bytes.len().is_multiple_of(size_of::<E>()) {
        return Err(Error::types(format!("a whole number of {} elements", E::DTYPE), format!("{} bytes", bytes.len())));
    }
    check_values::<E>(bytes)
}

/// Refuses bytes that are no `S`: only a `bool` can be that.
fn check_values<S: Scalar>(bytes: &[u8]) -> Result<()> {
    match S::invalid(bytes) {
        None => Ok(()),
        Some((index, value)) => Err(Error::types("BOOL bytes of 0 or 1", format!("{value} at index {index}"))),
    }
}

/// The bytes of `elements`.
pub(crate) fn bytes_of<E: Element>(elements: &[E]) -> &[u8] {
    // SAFETY: the same memory, borrowed for as long; a `Scalar` has no padding, so every byte is
    // initialised, and a byte needs no alignment.
    unsafe { slice::from_raw_parts(elements.as_ptr().cast(), size_of_val(elements)) }
}

/// The bytes of `elements`, to be changed; `None` where some bytes are no element.
pub(crate) fn bytes_of_mut<E: Element>(elements: &mut [E]) -> Option<&mut [u8]> {
    if E::DTYPE == crate::Dtype::BOOL {
        return None;
    }
    let len = size_of_val(elements);
    // SAFETY: the same memory under the same exclusive borrow, every byte of it initialised (see
    // `bytes_of`). Whatever is written are elements: every pattern is one of each `Scalar` but
    // `bool`, the only one with an `invalid` of its own.
    Some(unsafe { slice::from_raw_parts_mut(elements.as_mut_ptr().cast(), len) })
}

/// `bytes` as the elements that they are, without a copy.
///
/// # Errors
///
/// When they are not aligned for `E`, hold no whole number of elements, or are no `E`.
pub(crate) fn borrow_slice<E: Element>(bytes: &[u8]) -> Result<&[E]> {
    check::<E>(bytes)?;
    borrow_values(bytes, bytes.len() / size_of::<E>())
}

/// `bytes` as the `count` values that they are, elements or arrays of them, without a copy.
///
/// # Errors
///
/// When they are not aligned for `S`, hold another number of values, or are no `S`.
pub(crate) fn borrow_values<S: Scalar>(bytes: &[u8], count: usize) -> Result<&[S]> {
    if count.checked_mul(size_of::<S>()) != Some(bytes.len()) {
        let expected = format!("{count} values of {} bytes", size_of::<S>());
        return Err(Error::types(expected, format!("{} bytes", bytes.len())));
    }
    check_values::<S>(bytes)?;
    // Where there are no bytes, any aligned address will do.
    let first = if bytes.is_empty() { NonNull::dangling().as_ptr() } else { bytes.as_ptr().cast::<S>().cast_mut() };
    if !first.is_aligned() {
        let reason = format!(
            "the bytes are not aligned for {}: use Checkpoint::load, from_bytes on an aligned buffer, or an owned type",
            std::any::type_name::<S>()
        );
        return Err(Error::new(ErrorKind::Borrow { reason }));
    }
    // SAFETY: aligned, `count` values long, and every one a value of `S`, all checked above; the
    // memory stays borrowed for as long as `bytes`.
    Ok(unsafe { slice::from_raw_parts(first, count) })
}

/// The elements in `bytes`, wherever they are aligned.
///
/// # Errors
///
/// When the bytes hold no whole number of elements, or are no `E`.
pub(crate) fn elements<E: Element>(bytes: &[u8]) -> Result<impl ExactSizeIterator<Item = E> + '_> {
    check::<E>(bytes)?;
    // SAFETY: each chunk has the size of `E` exactly, is initialised, and is a value of `E`, which
    // `check` saw to; `read_unaligned` needs no alignment.
    Ok(bytes.chunks_exact(size_of::<E>()).map(|chunk| unsafe { chunk.as_ptr().cast::<E>().read_unaligned() }))
}

/// The element at `index` in `bytes`, wherever it is aligned; `None` beyond the end.
///
/// # Errors
///
/// When the bytes there are no `E`.
pub(crate) fn element<E: Element>(bytes: &[u8], index: usize) -> Result<Option<E>> {
    let size = size_of::<E>();
    let at = index.checked_mul(size).and_then(|start| bytes.get(start..)?.get(..size));
    let Some(bytes) = at else { return Ok(None) };
    check_values::<E>(bytes)?;
    // SAFETY: `bytes` is one element long, initialised, and a value of `E`, checked above.
    Ok(Some(unsafe { bytes.as_ptr().cast::<E>().read_unaligned() }))
}

/// Maps a whole file.
///
/// # Safety
///
/// Nobody changes or truncates the file while the map is in use.
pub(crate) unsafe fn map(file: &std::fs::File) -> Result<memmap2::Mmap> {
    // SAFETY: the caller's own condition.
    unsafe { memmap2::Mmap::map(file) }.map_err(Error::io)
}

/// Has the system begin to write a part of a file to disk, without waiting for it.
///
/// A hint: what is not written yet when the file is synced is written then.
#[cfg(target_os = "linux")]
pub(crate) fn start_write_back(file: &std::fs::File, offset: u64, len: usize) {
    use std::os::fd::AsRawFd;
    if let (Ok(offset), Ok(len)) = (offset.try_into(), len.try_into()) {
        // SAFETY: the descriptor is open, as `file` is borrowed; the call takes no memory.
        let _ = unsafe { libc::sync_file_range(file.as_raw_fd(), offset, len, libc::SYNC_FILE_RANGE_WRITE) };
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn start_write_back(_file: &std::fs::File, _offset: u64, _len: usize) {}
