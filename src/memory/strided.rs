//! [`Strided`], any array seen as bytes and strides, and its elements in logical order.

use std::borrow::Cow;
use std::mem::MaybeUninit;
use std::ptr::NonNull;

use ndarray::{ArrayBase, Data, Dimension};

use super::fill::{assume_filled, copy_into, too_large};
use super::pack::{Axis, pack, pack_chunks};
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
    /// Invariant, from [`Strided::from_raw`]: a dtype of 1, 2, 4 or 8 bytes, as many strides as axes,
    /// no axis is empty, and for every index within the shape the bytes of an element lie there, in
    /// the same allocation as `first`, initialised, aligned or not, and borrowed for `'a`.
    Scattered { first: NonNull<u8>, strides: &'a [isize] },
}

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

    /// Elements in `bytes`: the first at its start, and the others at these strides from it, in
    /// elements.
    ///
    /// # Errors
    ///
    /// When the dtype has no whole bytes, and when the strides lead out of `bytes`.
    #[cfg(any(test, feature = "candle"))]
    pub(crate) fn in_bytes(dtype: Dtype, shape: &'a [usize], strides: &'a [isize], bytes: &'a [u8]) -> Result<Self> {
        let item = whole_bytes(dtype)?;
        let last = shape.iter().zip(strides).try_fold(0usize, |last, (&len, &stride)| {
            let step = usize::try_from(stride).ok()?;
            last.checked_add(len.saturating_sub(1).checked_mul(step)?)
        });
        let end = last.and_then(|last| last.checked_add(1)?.checked_mul(item));
        let inside = end.is_some_and(|end| end <= bytes.len()) || shape.contains(&0);
        if shape.len() != strides.len() || !inside {
            let expected = format!("bytes that hold {dtype} {shape:?} at strides {strides:?}");
            return Err(Error::types(expected, format!("{} bytes", bytes.len())));
        }
        // SAFETY: the dtype has whole bytes. No stride is negative, so that the element farthest
        // away is the last of every axis, and it ends within `bytes`; all others lie before it.
        Ok(unsafe { Self::from_raw(dtype, NonNull::from(bytes).cast(), shape, strides) })
    }

    /// Hands over the same elements with the axes in another order: the n-th is `axes[n]` of before.
    ///
    /// # Errors
    ///
    /// Those of `f`; when `axes` is no permutation of all axes, and when the dtype has no whole bytes.
    pub(crate) fn permuted<R>(&self, axes: &[usize], f: impl FnOnce(&Strided<'_>) -> Result<R>) -> Result<R> {
        whole_bytes(self.dtype)?;
        let (first, strides) = match self.elements {
            Elements::Scattered { first, strides } => (first, strides.to_vec()),
            Elements::Contiguous(bytes) if self.dtype.byte_len(self.shape) == Some(bytes.len()) => {
                (NonNull::from(bytes).cast(), contiguous_strides(self.shape))
            }
            Elements::Contiguous(bytes) => {
                let expected = format!("the bytes of {} {:?}", self.dtype, self.shape);
                return Err(Error::types(expected, format!("{} bytes", bytes.len())));
            }
        };
        let (Some(shape), Some(strides)) = (reordered(self.shape, axes), reordered(&strides, axes)) else {
            return Err(Error::types(format!("axes for shape {:?}", self.shape), format!("axes {axes:?}")));
        };
        // SAFETY: the dtype has whole bytes, and there are as many strides as axes. `reordered` makes
        // sure that each axis with its stride is there once, so that the elements are the same ones;
        // those of contiguous bytes lie at `contiguous_strides`, within bytes of that very length.
        f(&unsafe { Strided::from_raw(self.dtype, first, &shape, &strides) })
    }

    /// # Safety
    ///
    /// Unless an axis is empty: what [`Elements::Scattered`] says. The dtype has whole bytes.
    pub(super) unsafe fn from_raw(dtype: Dtype, first: NonNull<u8>, shape: &'a [usize], strides: &'a [isize]) -> Self {
        let elements = match contiguous_elements(shape, strides) {
            Some(0) => Elements::Contiguous(&[]),
            Some(count) => {
                // `count` elements exist in memory, so the product does not overflow.
                let len = count * (dtype.bits() / 8);
                // SAFETY: the elements lie one after the other from `first` on, so they and their
                // bytes are one piece of memory, borrowed for `'a`; a `Scalar` has no padding.
                Elements::Contiguous(unsafe { std::slice::from_raw_parts(first.as_ptr(), len) })
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

    /// The bytes in logical (C) order: where they are, or else copied.
    ///
    /// # Errors
    ///
    /// When there is no memory for the copy.
    pub(crate) fn to_bytes(self) -> Result<Cow<'a, [u8]>> {
        if let Some(bytes) = self.is_contiguous() {
            return Ok(Cow::Borrowed(bytes));
        }
        let len = self.len_bytes().ok_or_else(|| too_large(usize::MAX))?;
        super::read_vec(len, |region| self.write_to(region)).map(Cow::Owned)
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

/// The bytes of an element.
///
/// # Errors
///
/// When several share a byte.
fn whole_bytes(dtype: Dtype) -> Result<usize> {
    match dtype.bits() {
        bits @ (8 | 16 | 32 | 64) => Ok(bits / 8),
        _ => Err(Error::unsupported(format!("the axes of a tensor of dtype {dtype} cannot be put in another order"))),
    }
}

/// The stride of each axis of elements that lie in logical (C) order, where no axis is empty.
fn contiguous_strides(shape: &[usize]) -> Vec<isize> {
    let mut strides = vec![0; shape.len()];
    let mut next = 1isize;
    for (stride, &len) in strides.iter_mut().zip(shape).rev() {
        *stride = next;
        // Beside an empty axis it may overflow, and does not matter.
        next = next.wrapping_mul(len.cast_signed());
    }
    strides
}

/// Something for each axis in another order of the axes: the n-th is `axes[n]` of before. `None`
/// where `axes` is no permutation.
pub(crate) fn reordered<T: Copy>(values: &[T], axes: &[usize]) -> Option<Vec<T>> {
    let once = |axis| axes.iter().filter(|&&other| other == axis).count() == 1;
    if axes.len() != values.len() || !(0..axes.len()).all(once) {
        return None;
    }
    axes.iter().map(|&axis| values.get(axis).copied()).collect()
}

/// The number of elements, when they lie one after the other in logical (C) order.
fn contiguous_elements(shape: &[usize], strides: &[isize]) -> Option<usize> {
    if let ([len], [1]) = (shape, strides) {
        return Some(*len);
    }
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
