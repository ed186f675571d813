//! [`Strided`], any array seen as bytes and strides, and its elements in logical order.

use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};

use ndarray::{ArrayBase, Data, Dimension};

use super::fill::{assume_filled, copy_into, too_large};
use crate::{Dtype, Element, Error, Result};

/// A borrowed array of any element and any number of axes.
#[derive(Clone, Copy)]
pub(crate) struct Strided<'a> {
    dtype: Dtype,
    shape: &'a [usize],
    elements: Elements<'a>,
}

#[derive(Clone, Copy)]
enum Elements<'a> {
    /// In logical (C) order without a gap.
    Contiguous(&'a [u8]),
    /// Element `i` lies `Σ i[k] · strides[k]` elements away from `first`.
    ///
    /// Invariant, from [`Strided::of_array`]: as many strides as axes, no axis is empty, and for
    /// every index within the shape a `Scalar` of the dtype lies there, borrowed for `'a`.
    Scattered { first: NonNull<u8>, strides: &'a [isize] },
}

// SAFETY: a shared borrow of `Scalar`s, which are `Sync`; the pointer is only read through.
unsafe impl Send for Strided<'_> {}
// SAFETY: as above.
unsafe impl Sync for Strided<'_> {}

impl<'a> Strided<'a> {
    /// The elements in `bytes`, which hold them in logical order.
    pub(crate) fn contiguous(dtype: Dtype, shape: &'a [usize], bytes: &'a [u8]) -> Self {
        Self { dtype, shape, elements: Elements::Contiguous(bytes) }
    }

    /// An array as it lies in memory.
    pub(crate) fn of_array<S, D>(array: &'a ArrayBase<S, D>) -> Self
    where
        S: Data<Elem: Element>,
        D: Dimension,
    {
        let first = array.as_ptr().cast::<u8>().cast_mut();
        // SAFETY: ndarray holds that an array of `Data` has as many strides as axes, that `as_ptr`
        // is the element at index 0 of every axis and never null, and that whatever its shape and
        // strides lead to from there is an element, borrowed as long as the array itself.
        unsafe { Self::from_raw(S::Elem::DTYPE, NonNull::new_unchecked(first), array.shape(), array.strides()) }
    }

    /// # Safety
    ///
    /// Unless an axis is empty: what [`Elements::Scattered`] says.
    unsafe fn from_raw(dtype: Dtype, first: NonNull<u8>, shape: &'a [usize], strides: &'a [isize]) -> Self {
        let elements = match contiguous_elements(shape, strides) {
            Some(0) => Elements::Contiguous(&[]),
            // SAFETY: the elements lie one after the other from `first` on, so they and their bytes
            // are one piece of memory, borrowed for `'a`; a `Scalar` has no padding. `count` of
            // them exist in memory, so the product does not overflow.
            Some(count) => {
                Elements::Contiguous(unsafe { std::slice::from_raw_parts(first.as_ptr(), count * (dtype.bits() / 8)) })
            }
            None => Elements::Scattered { first, strides },
        };
        Self { dtype, shape, elements }
    }

    /// The dtype.
    pub(crate) fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// The length of each axis.
    pub(crate) fn shape(&self) -> &'a [usize] {
        self.shape
    }

    /// How many bytes the elements take once written out; `None` when more than a `usize` holds,
    /// as a broadcast array can.
    pub(crate) fn len_bytes(&self) -> Option<usize> {
        match self.elements {
            Elements::Contiguous(bytes) => Some(bytes.len()),
            Elements::Scattered { .. } => self.dtype.byte_len(self.shape),
        }
    }

    /// The elements where they are, when they lie in logical (C) order without a gap.
    pub(crate) fn is_contiguous(&self) -> Option<&'a [u8]> {
        match self.elements {
            Elements::Contiguous(bytes) => Some(bytes),
            Elements::Scattered { .. } => None,
        }
    }

    /// Writes the elements in logical (C) order to `region` and hands it back as written.
    ///
    /// # Errors
    ///
    /// When `region` is not [`len_bytes`](Strided::len_bytes) long.
    pub(crate) fn write_to<'b>(&self, region: &'b mut [MaybeUninit<u8>]) -> Result<&'b mut [u8]> {
        match self.elements {
            Elements::Contiguous(bytes) => copy_into(region, bytes),
            Elements::Scattered { first, strides } => {
                let (len, axes) = self.axes(strides)?;
                if region.len() != len {
                    return Err(Error::types(format!("{} bytes", region.len()), format!("{len} bytes")));
                }
                // SAFETY: the source is as `Scattered` says, `region` is as long as all elements,
                // and exclusively borrowed, so it overlaps no element. `pack` writes all of it.
                unsafe {
                    pack(first.as_ptr(), &axes, self.dtype.bits() / 8, region.as_mut_ptr().cast());
                    Ok(assume_filled(region))
                }
            }
        }
    }

    /// The bytes in logical (C) order.
    ///
    /// # Panics
    ///
    /// As [`Vec::with_capacity`], when there is no such memory.
    pub(crate) fn to_vec(self) -> Vec<u8> {
        let len = self.len_bytes().unwrap_or(usize::MAX);
        let mut bytes = Vec::with_capacity(len);
        let written = bytes.spare_capacity_mut().get_mut(..len).map(|spare| self.write_to(spare));
        if matches!(written, Some(Ok(_))) {
            // SAFETY: `write_to` initialised the first `len` bytes of the capacity.
            unsafe { bytes.set_len(len) };
        }
        bytes
    }

    /// Calls `f` with the bytes in logical (C) order, piece by piece: with all of them at once
    /// where they are contiguous, else with as much as fits a buffer of `buffer_len` bytes.
    ///
    /// # Errors
    ///
    /// Those of `f`, and when there is no memory for the buffer.
    pub(crate) fn for_each_chunk(&self, buffer_len: usize, mut f: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        match self.elements {
            Elements::Contiguous(bytes) => f(bytes),
            Elements::Scattered { first, strides } => {
                let (len, mut axes) = self.axes(strides)?;
                let item = self.dtype.bits() / 8;
                let mut buffer = Vec::new();
                let capacity = buffer_len.min(len).max(item);
                buffer.try_reserve_exact(capacity).map_err(|_| too_large(capacity))?;
                let buffer = buffer.spare_capacity_mut();
                // SAFETY: the source is as `Scattered` says, and the buffer holds an element.
                unsafe { pack_chunks(first.as_ptr(), &mut axes, item, buffer, &mut f) }
            }
        }
    }

    /// The length in bytes, and the axes in as few as will do: those of length 1 do not matter, and
    /// two that step alike are one.
    fn axes(&self, strides: &[isize]) -> Result<(usize, Vec<Axis>)> {
        let len = self.len_bytes().ok_or_else(|| too_large(usize::MAX))?;
        let item = self.dtype.bits() / 8;
        let mut axes: Vec<Axis> = Vec::with_capacity(self.shape.len());
        let mut written = len;
        for (&count, &stride) in self.shape.iter().zip(strides).filter(|(count, _)| **count != 1) {
            // An offset within an array fits an isize, and so does the length in bytes of an axis.
            let source = stride.wrapping_mul(item.cast_signed());
            written /= count;
            match axes.last_mut() {
                Some(outer) if outer.source == source.wrapping_mul(count.cast_signed()) => {
                    *outer = Axis { count: outer.count * count, source, target: written };
                }
                _ => axes.push(Axis { count, source, target: written }),
            }
        }
        Ok((len, axes))
    }
}

/// The number of elements, when they lie one after the other in logical (C) order.
fn contiguous_elements(shape: &[usize], strides: &[isize]) -> Option<usize> {
    if shape.contains(&0) {
        return Some(0);
    }
    let mut count = 1usize;
    for (&len, &stride) in shape.iter().zip(strides).rev().filter(|(len, _)| **len != 1) {
        if stride != count.cast_signed() {
            return None;
        }
        count = count.checked_mul(len)?;
    }
    Some(count)
}

/// `count` steps of `source` bytes where the elements are, and of `target` bytes where they go.
#[derive(Clone, Copy)]
struct Axis {
    count: usize,
    source: isize,
    target: usize,
}

/// Writes the elements along `axes` to `target` in order, `item` bytes each.
///
/// # Safety
///
/// Every element that `axes` lead to from `source` can be read; `target` has room for them all, at
/// offsets that are C order, and overlaps none.
unsafe fn pack(source: *const u8, axes: &[Axis], item: usize, target: *mut u8) {
    // A constant size makes the copy of an element one move.
    // SAFETY: passed on from the caller.
    unsafe {
        match item {
            1 => pack_items::<1>(source, axes, target),
            2 => pack_items::<2>(source, axes, target),
            4 => pack_items::<4>(source, axes, target),
            _ => {
                debug_assert_eq!(item, 8);
                pack_items::<8>(source, axes, target);
            }
        }
    }
}

/// [`pack`] for elements of `N` bytes.
///
/// # Safety
///
/// As for [`pack`].
unsafe fn pack_items<const N: usize>(source: *const u8, axes: &[Axis], target: *mut u8) {
    let Some((inner, outer)) = axes.split_last() else {
        // SAFETY: no axes are one element.
        return unsafe { ptr::copy_nonoverlapping(source, target, N) };
    };
    if inner.source == N.cast_signed() {
        let row = inner.count * N;
        // SAFETY: with that step the elements of the inner axis are a row without gaps.
        return unsafe { for_each_place(source, outer, target, &mut |s, t| ptr::copy_nonoverlapping(s, t, row)) };
    }
    // The other axis along which neighbours lie closest: Fortran order, a transposed matrix.
    let nearest = (outer.iter().enumerate())
        .filter(|(_, axis)| axis.source != 0 && axis.source.unsigned_abs() < inner.source.unsigned_abs())
        .min_by_key(|(_, axis)| axis.source.unsigned_abs());
    match nearest {
        Some((position, &across)) => {
            let mut rest = outer.to_vec();
            rest.remove(position);
            // SAFETY: each place of the rest is the corner of a plane of these two axes, and all
            // planes together are all elements.
            unsafe { for_each_place(source, &rest, target, &mut |s, t| pack_plane::<N>(s, across, *inner, t)) };
        }
        None => {
            // SAFETY: each place of the outer axes is the start of a row along the inner one.
            unsafe { for_each_place(source, outer, target, &mut |s, t| pack_row::<N>(s, *inner, t)) };
        }
    }
}

/// Copies the elements along one axis.
///
/// # Safety
///
/// As for [`pack`] with that one axis.
unsafe fn pack_row<const N: usize>(source: *const u8, axis: Axis, target: *mut u8) {
    for i in 0..axis.count {
        // SAFETY: `i` is within the axis, on both sides.
        unsafe {
            let from = source.offset(i.cast_signed() * axis.source);
            ptr::copy_nonoverlapping(from, target.add(i * axis.target), N);
        }
    }
}

/// Copies a matrix whose source runs down the columns, in blocks small enough that a column's cache
/// lines are still there when the next row wants them.
///
/// # Safety
///
/// As for [`pack`] with these two axes.
unsafe fn pack_plane<const N: usize>(source: *const u8, across: Axis, along: Axis, target: *mut u8) {
    const BLOCK: usize = 32;
    for top in (0..across.count).step_by(BLOCK) {
        for left in (0..along.count).step_by(BLOCK) {
            let width = Axis { count: BLOCK.min(along.count - left), ..along };
            for i in top..across.count.min(top + BLOCK) {
                // SAFETY: `i` and `left` are within their axes, and so are `width` more from there.
                unsafe {
                    let (i_source, left_source) = (i.cast_signed() * across.source, left.cast_signed() * along.source);
                    let from = source.offset(i_source + left_source);
                    pack_row::<N>(from, width, target.add(i * across.target + left * along.target));
                }
            }
        }
    }
}

/// Calls `f` with the place in the source and in the target of every index along `axes`.
///
/// # Safety
///
/// Every index along `axes` is a place within the same memory as `source`, and as `target`.
unsafe fn for_each_place(source: *const u8, axes: &[Axis], target: *mut u8, f: &mut impl FnMut(*const u8, *mut u8)) {
    let Some((axis, rest)) = axes.split_first() else {
        return f(source, target);
    };
    for i in 0..axis.count {
        // SAFETY: `i` is within the axis, on both sides. As axes of length 1 are gone, there are at
        // most as many axes as a usize has bits, and so as many calls inside one another.
        unsafe { for_each_place(source.offset(i.cast_signed() * axis.source), rest, target.add(i * axis.target), f) };
    }
}

/// Packs the elements along `axes` into `buffer`, as many as fit at a time, and calls `f` with them.
///
/// # Safety
///
/// Every element that `axes` lead to from `source` can be read, and `buffer` holds one at least.
unsafe fn pack_chunks(
    source: *const u8,
    axes: &mut [Axis],
    item: usize,
    buffer: &mut [MaybeUninit<u8>],
    f: &mut impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    let len = axes.first().map_or(item, |outer| outer.count * outer.target);
    if let Some(chunk) = buffer.get_mut(..len) {
        // SAFETY: the source is as the caller says; `len` is the length of all elements, each of
        // which `pack` writes.
        return unsafe {
            pack(source, axes, item, chunk.as_mut_ptr().cast());
            f(assume_filled(chunk))
        };
    }
    let Some(outer) = axes.first().copied() else {
        return Err(too_large(item));
    };
    // As many steps of the outer axis as fit. Where not even one does, take each by itself.
    let steps = buffer.len() / outer.target;
    for start in (0..outer.count).step_by(steps.max(1)) {
        let count = steps.min(outer.count - start);
        // SAFETY: `start` and the `count` steps after it are within the axis.
        unsafe {
            let from = source.offset(start.cast_signed() * outer.source);
            if count == 0 {
                pack_chunks(from, axes.get_mut(1..).unwrap_or_default(), item, buffer, f)?;
            } else {
                if let Some(axis) = axes.first_mut() {
                    axis.count = count;
                }
                pack_chunks(from, axes, item, buffer, f)?;
            }
        }
    }
    // What the caller lent is as it was, for the next step of the axis outside.
    if let Some(axis) = axes.first_mut() {
        axis.count = outer.count;
    }
    Ok(())
}
