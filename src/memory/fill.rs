//! Memory that somebody else fills: allocated without being written first, and counted as
//! initialised only on proof.
//!
//! The proof is a value: whoever fills a `&mut [MaybeUninit<u8>]` hands back a `&mut [u8]`, and it
//! must be the very same region. As the region is borrowed exclusively meanwhile, a `&mut [u8]` to
//! it can only have been made from that borrow, by code that says that all of it is initialised.
//! `rustix` reads into such slices and hands back such proofs, so a file is read without zeroing
//! memory first and without `unsafe` where it is read.

use std::mem::MaybeUninit;
use std::ops::Deref;
use std::{ptr, slice};

use super::{Scalar, check, check_values, pages};
use crate::{Element, Error, Result};

/// So few bytes there always are, or the program cannot go on anyway.
const FEW: usize = 4096;

/// An empty `Vec` with room for `len` elements: every large allocation of the crate.
///
/// # Errors
///
/// When there is no such memory, where `Vec::with_capacity` would abort.
#[inline]
fn fresh<T>(len: usize) -> Result<Vec<T>> {
    if len.checked_mul(size_of::<T>()).is_some_and(|bytes| bytes <= FEW) {
        return Ok(Vec::with_capacity(len));
    }
    fresh_large(len)
}

fn fresh_large<T>(len: usize) -> Result<Vec<T>> {
    let mut vec = Vec::new();
    vec.try_reserve_exact(len).map_err(|_| too_large(len.saturating_mul(size_of::<T>())))?;
    pages::prefer_huge(vec.spare_capacity_mut());
    Ok(vec)
}

#[cold]
pub(super) fn too_large(len: usize) -> Error {
    Error::unsupported(format!("{len} bytes do not fit in memory"))
}

/// Has `fill` write all of `region`, and makes sure that it did.
pub(super) fn prove<F>(region: &mut [MaybeUninit<u8>], fill: F) -> Result<&mut [u8]>
where
    F: for<'b> FnOnce(&'b mut [MaybeUninit<u8>]) -> Result<&'b mut [u8]>,
{
    let (start, len) = (region.as_ptr().cast::<u8>(), region.len());
    let filled = fill(region)?;
    if filled.len() != len || (len > 0 && filled.as_ptr() != start) {
        return Err(Error::unsupported(format!("{} of {len} bytes were filled", filled.len().min(len))));
    }
    Ok(filled)
}

/// Writes `source` to `region`, which must be as long.
pub(crate) fn copy_into<'b>(region: &'b mut [MaybeUninit<u8>], source: &[u8]) -> Result<&'b mut [u8]> {
    if region.len() != source.len() {
        return Err(Error::types(format!("{} bytes", region.len()), format!("{} bytes", source.len())));
    }
    // SAFETY: `MaybeUninit<u8>` has the layout of `u8` and a weaker promise, so initialised bytes
    // may be seen as such.
    let source = unsafe { slice::from_raw_parts(source.as_ptr().cast::<MaybeUninit<u8>>(), source.len()) };
    region.copy_from_slice(source);
    // SAFETY: every byte was copied from an initialised one just now.
    Ok(unsafe { assume_filled(region) })
}

/// Writes zeros to `region`: for a reader that takes nothing but initialised memory.
#[cfg(any(test, windows, feature = "object_store"))]
pub(crate) fn zeroed(region: &mut [MaybeUninit<u8>]) -> &mut [u8] {
    region.fill(MaybeUninit::new(0));
    // SAFETY: every byte was written just now.
    unsafe { assume_filled(region) }
}

/// Fills `region` by as many calls of `part` as it takes, as a `read` may fall short.
///
/// `part` gets the offset and what is left of the region, fills it from its start on, and hands
/// back what it filled; or `None`, to be called again with the same.
///
/// # Errors
///
/// Those of `part`, and when it hands back nothing or something else.
pub(crate) fn fill_in_parts<F>(region: &mut [MaybeUninit<u8>], mut part: F) -> Result<&mut [u8]>
where
    F: for<'b> FnMut(usize, &'b mut [MaybeUninit<u8>]) -> Result<Option<&'b mut [u8]>>,
{
    let mut done = 0;
    while let Some(rest) = region.get_mut(done..).filter(|rest| !rest.is_empty()) {
        let (start, room) = (rest.as_ptr().cast::<u8>(), rest.len());
        let Some(filled) = part(done, rest)? else { continue };
        if filled.is_empty() || filled.len() > room || filled.as_ptr() != start {
            return Err(Error::unsupported(format!("the bytes end after {done} of {}", region.len())));
        }
        done += filled.len();
    }
    // SAFETY: the loop ends when `done` has reached the end, and each step proved the `filled.len()`
    // bytes from `done` on to be initialised (see the module).
    Ok(unsafe { assume_filled(region) })
}

/// # Safety
///
/// Every byte of `region` is initialised.
pub(super) unsafe fn assume_filled(region: &mut [MaybeUninit<u8>]) -> &mut [u8] {
    // SAFETY: the same layout, and initialised, says the caller; the exclusive borrow passes on.
    unsafe { slice::from_raw_parts_mut(region.as_mut_ptr().cast(), region.len()) }
}

/// The bytes of memory that may be uninitialised.
fn spare_bytes<T>(spare: &mut [MaybeUninit<T>]) -> &mut [MaybeUninit<u8>] {
    // SAFETY: the same memory under the same exclusive borrow. Anything, initialised or not, is a
    // `MaybeUninit<u8>`, and whatever is written here leaves every `MaybeUninit<T>` one.
    unsafe { slice::from_raw_parts_mut(spare.as_mut_ptr().cast(), size_of_val(spare)) }
}

/// A `Vec` of `len` values, elements or arrays of them, whose bytes `fill` writes.
///
/// # Errors
///
/// Those of `fill`; when there is no memory, when not all was filled, and when a `bool` is neither
/// 0 nor 1.
pub(crate) fn read_vec<S: Scalar>(
    len: usize,
    fill: impl for<'b> FnOnce(&'b mut [MaybeUninit<u8>]) -> Result<&'b mut [u8]>,
) -> Result<Vec<S>> {
    let mut vec = fresh::<S>(len)?;
    let spare = vec.spare_capacity_mut().get_mut(..len).ok_or_else(|| too_large(len))?;
    check_values::<S>(prove(spare_bytes(spare), fill)?)?;
    // SAFETY: the capacity holds `len` values, which `get_mut` found; all their bytes are
    // initialised, which `prove` saw to, and are values of `S`, checked above.
    unsafe { vec.set_len(len) };
    Ok(vec)
}

/// The elements that `bytes` are, in a `Vec` of their own.
///
/// # Errors
///
/// When there is no memory, and when the bytes hold no whole number of elements or are no `E`.
#[inline]
pub(crate) fn copied_vec<E: Element>(bytes: &[u8]) -> Result<Vec<E>> {
    if bytes.len() > FEW {
        return read_vec(bytes.len() / size_of::<E>(), |region| copy_into(region, bytes));
    }
    // For a few elements the way through `read_vec` is longer than the copy.
    check::<E>(bytes)?;
    let count = bytes.len() / size_of::<E>();
    let mut vec = Vec::<E>::with_capacity(count);
    // SAFETY: the capacity holds `count` elements, which are as many bytes as `bytes` has, since
    // `check` found no part of an element at the end; the memory is new, so that the two do not
    // overlap, and a byte needs no alignment.
    unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), vec.as_mut_ptr().cast::<u8>(), bytes.len()) };
    // SAFETY: the bytes of `count` elements were copied from initialised ones just now, and are
    // values of `E`, which `check` saw to.
    unsafe { vec.set_len(count) };
    Ok(vec)
}

/// One value, an array of elements say, whose bytes `fill` writes.
///
/// # Errors
///
/// As for [`read_vec`], but for memory.
pub(crate) fn read_value<S: Scalar>(
    fill: impl for<'b> FnOnce(&'b mut [MaybeUninit<u8>]) -> Result<&'b mut [u8]>,
) -> Result<S> {
    let mut value = MaybeUninit::uninit();
    check_values::<S>(prove(spare_bytes(slice::from_mut(&mut value)), fill)?)?;
    // SAFETY: all its bytes are initialised, which `prove` saw to, and are a value of `S`, checked
    // above.
    Ok(unsafe { value.assume_init() })
}

/// One cache line: the unit, and so the alignment, of [`AlignedBytes`].
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([MaybeUninit<u8>; 64]);

/// An owned buffer of bytes that starts at a multiple of 64, so that any element may be borrowed
/// from it wherever the format aligned it.
pub(crate) struct AlignedBytes {
    lines: Vec<Line>,
    /// How many bytes from the start are there, all initialised.
    len: usize,
}

impl AlignedBytes {
    /// A buffer of `len` bytes, which `fill` writes.
    ///
    /// # Errors
    ///
    /// Those of `fill`; when there is no memory, and when not all was filled.
    pub(crate) fn read(
        len: usize,
        fill: impl for<'b> FnOnce(&'b mut [MaybeUninit<u8>]) -> Result<&'b mut [u8]>,
    ) -> Result<Self> {
        let count = len.div_ceil(size_of::<Line>());
        let mut lines = fresh::<Line>(count)?;
        let region = spare_bytes(lines.spare_capacity_mut()).get_mut(..len).unwrap_or_default();
        if prove(region, fill)?.len() != len {
            return Err(too_large(len));
        }
        // SAFETY: the capacity holds `count` lines, as `fresh` reserved them; a `Line` is made of
        // `MaybeUninit`, so whatever is there is one.
        unsafe { lines.set_len(count) };
        Ok(Self { lines, len })
    }
}

impl Deref for AlignedBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: `read` put `len` initialised bytes at the start of the lines, which hold at least
        // as many; nothing writes to them since.
        unsafe { slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }
}

/// The bytes of a file in the making: slots of known lengths one after the other, each filled once,
/// in any order.
///
/// The offsets are the sums of the lengths, so the slots tile the region by construction; a slot is
/// counted when it has been proved to be filled. When all are, all is initialised.
pub(crate) struct Region {
    /// Dropped before the bytes that it works on.
    #[cfg(all(feature = "parallel", target_os = "linux"))]
    ahead: Option<super::share::Ahead>,
    /// Holds nothing until [`finish`](Region::finish): the slots lie in its spare capacity.
    bytes: Vec<u8>,
    /// Where each slot starts, and last where the region ends.
    starts: Vec<usize>,
    /// Which slots have been filled.
    filled: Vec<bool>,
    /// How many have not.
    missing: usize,
    /// The slot that is filled in parts, and how many of its bytes are.
    begun: (usize, usize),
}

impl Region {
    /// A region of slots with these lengths, in the order in which they stand.
    ///
    /// # Errors
    ///
    /// When there is no such memory.
    pub(crate) fn new(lengths: impl IntoIterator<Item = usize>) -> Result<Self> {
        let lengths = lengths.into_iter();
        let mut starts = Vec::with_capacity(lengths.size_hint().0.saturating_add(1));
        starts.push(0);
        let mut end = 0usize;
        for len in lengths {
            end = end.checked_add(len).ok_or_else(|| too_large(usize::MAX))?;
            starts.push(end);
        }
        let missing = starts.len() - 1;
        Ok(Self {
            #[cfg(all(feature = "parallel", target_os = "linux"))]
            ahead: None,
            bytes: fresh(end)?,
            starts,
            filled: vec![false; missing],
            missing,
            begun: (0, 0),
        })
    }

    /// Has `threads` threads, this one included, share the work that the memory is.
    #[cfg_attr(not(all(feature = "parallel", target_os = "linux")), allow(unused_variables, unused_mut))]
    pub(crate) fn shared_by(mut self, threads: usize) -> Self {
        #[cfg(all(feature = "parallel", target_os = "linux"))]
        if threads > 1 {
            // SAFETY: the memory is that of `bytes`, which never grows, and which is dropped after
            // `ahead`; `finish` drops that before it hands them out.
            self.ahead = Some(unsafe { super::share::Ahead::of(self.bytes.spare_capacity_mut(), threads - 1) });
        }
        self
    }

    /// Has `fill` write slot number `slot`.
    ///
    /// # Errors
    ///
    /// Those of `fill`; when there is no such slot, when it was filled before, and when not all of
    /// it was filled. The slot may then be tried again.
    pub(crate) fn put(
        &mut self,
        slot: usize,
        fill: impl for<'b> FnOnce(&'b mut [MaybeUninit<u8>]) -> Result<&'b mut [u8]>,
    ) -> Result<()> {
        // Whatever was written of a slot before may not be there any more.
        self.begun = (0, 0);
        prove(self.vacant(slot)?, fill)?;
        self.count(slot);
        Ok(())
    }

    /// Writes the next bytes of slot number `slot`, which counts as filled once it has all. What was
    /// written of another slot that has not must be written again.
    ///
    /// # Errors
    ///
    /// When there is no such slot, when it was filled before, and when it has no room for `bytes`.
    pub(crate) fn append(&mut self, slot: usize, bytes: &[u8]) -> Result<()> {
        let done = if self.begun.0 == slot { self.begun.1 } else { 0 };
        let region = self.vacant(slot)?;
        let rest = region.get_mut(done..).unwrap_or_default();
        let (room, len) = (rest.len(), bytes.len());
        let Some(part) = rest.get_mut(..len) else {
            return Err(Error::types(format!("{room} bytes"), format!("{len} bytes")));
        };
        copy_into(part, bytes)?;
        // All bytes of the slot before `done` were written since it was begun.
        self.begun = (slot, done + len);
        if len == room {
            self.begun = (0, 0);
            self.count(slot);
        }
        Ok(())
    }

    /// The memory of a slot that is not filled.
    fn vacant(&mut self, slot: usize) -> Result<&mut [MaybeUninit<u8>]> {
        let bounds = self.starts.get(slot).zip(self.starts.get(slot.saturating_add(1)));
        let region = bounds.and_then(|(&start, &end)| self.bytes.spare_capacity_mut().get_mut(start..end));
        match (region, self.filled.get(slot)) {
            (Some(region), Some(false)) => Ok(region),
            (Some(_), Some(true)) => Err(Error::unsupported(format!("slot {slot} is filled already"))),
            _ => Err(Error::unsupported(format!("there is no slot {slot}"))),
        }
    }

    /// Counts a slot that is filled now and was not.
    fn count(&mut self, slot: usize) {
        if let Some(filled) = self.filled.get_mut(slot) {
            *filled = true;
            self.missing -= 1;
        }
    }

    /// The whole region.
    ///
    /// # Errors
    ///
    /// When a slot has not been filled.
    pub(crate) fn finish(mut self) -> Result<Vec<u8>> {
        #[cfg(all(feature = "parallel", target_os = "linux"))]
        drop(self.ahead.take());
        let total = self.starts.last().copied().unwrap_or_default();
        if self.missing > 0 {
            let first = self.filled.iter().position(|filled| !filled).unwrap_or_default();
            return Err(Error::unsupported(format!("{} slots are not filled, first slot {first}", self.missing)));
        }
        // SAFETY: `new` reserved `total` bytes, and nothing else touches the capacity. The slots
        // tile 0..total, as `starts` is a running sum and is never changed; `missing` went down by
        // one for each slot at the first proof that all of it is initialised (by `prove`, or by
        // copies that follow each other from its start to its end), and is 0. Spare memory stays
        // as it was when `put` or `append` returned: nothing writes to a slot again.
        unsafe { self.bytes.set_len(total) };
        Ok(self.bytes)
    }
}
