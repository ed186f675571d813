//! The loops that copy scattered elements to where they lie one after the other.

use std::mem::MaybeUninit;
use std::ptr;

use super::fill::{assume_filled, too_large};
use crate::Result;

/// `count` steps of `source` bytes where the elements are, and of `target` bytes where they go.
#[derive(Clone, Copy)]
pub(super) struct Axis {
    pub(super) count: usize,
    pub(super) source: isize,
    pub(super) target: usize,
}

/// Writes the elements along `axes` to `target` in order, `item` bytes each.
///
/// # Safety
///
/// Every element that `axes` lead to from `source` can be read; `target` has room for them all, at
/// offsets that are C order, and overlaps none.
pub(super) unsafe fn pack(source: *const u8, axes: &[Axis], item: usize, target: *mut u8) {
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

/// Copies a matrix whose source runs down the columns, in blocks: a block is read column by column
/// and written row by row, and turned in between where it is close. Reading or writing across rows
/// that lie a power of two apart would have them push each other out of the cache.
///
/// # Safety
///
/// As for [`pack`] with these two axes.
unsafe fn pack_plane<const N: usize>(source: *const u8, across: Axis, along: Axis, target: *mut u8) {
    const BLOCK: usize = 64;
    // A run of 256 bytes at most: 64 by 64 of 8 bytes would fill a small first-level cache.
    let side = if N > 4 { BLOCK / 2 } else { BLOCK };
    let mut block = [[const { MaybeUninit::<[u8; N]>::uninit() }; BLOCK]; BLOCK];
    for top in (0..across.count).step_by(side) {
        let height = side.min(across.count - top);
        for left in (0..along.count).step_by(side) {
            let width = side.min(along.count - left);
            for (j, column) in block.iter_mut().enumerate().take(width) {
                let down = Axis { count: height, target: N, ..across };
                // SAFETY: `top` and `left + j` are within their axes, and so are `height` more from
                // there, for which a column has room.
                unsafe {
                    let (top, left) = (top.cast_signed() * across.source, (left + j).cast_signed() * along.source);
                    let (from, to) = (source.offset(top + left), column.as_mut_ptr().cast());
                    if across.source == N.cast_signed() {
                        ptr::copy_nonoverlapping(from, to, height * N);
                    } else {
                        pack_row::<N>(from, down, to);
                    }
                }
            }
            let turned = Axis { count: width, source: (BLOCK * N).cast_signed(), target: N };
            for i in 0..height {
                // SAFETY: element `i` of the first `width` columns of the block was written above,
                // and a column takes `BLOCK * N` bytes; there are as many places in row `top + i`.
                unsafe {
                    let to = target.add((top + i) * across.target + left * N);
                    pack_row::<N>(block.as_ptr().cast::<u8>().add(i * N), turned, to);
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
pub(super) unsafe fn pack_chunks(
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
