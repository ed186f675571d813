//! Part of a tensor, by reading its bytes alone.

use std::ops::{Bound, Range, RangeBounds};

use super::Checkpoint;
use crate::de::reader::Reader;
use crate::error::ErrorKind;
use crate::tensor::Tensor;
use crate::{Dtype, Error, Result};

/// Pieces that are closer than this are read at once: a call costs more than so many bytes.
const GAP: usize = 4 * 1024;

/// The most that is read at once: of pieces with gaps between them, the gaps come along.
const READ: usize = 8 * 1024 * 1024;

impl Checkpoint<'_> {
    /// Reads part of a tensor: a range of each axis, and all of the axes that have none.
    ///
    /// Of a file only the bytes of that part are read, and what lies between pieces that are less
    /// than 4 KiB apart.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::collections::BTreeMap;
    ///
    /// let embedding = ndarray::arr2(&[[1.0f32, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    /// let bytes = safejax::to_bytes(&BTreeMap::from([("embedding", embedding)]))?;
    /// let checkpoint = safejax::Checkpoint::from_bytes(&bytes)?;
    /// let rows = checkpoint.slice("embedding", &[1..3])?;
    /// assert_eq!((rows.shape(), rows.to_vec::<f32>()?), (&[2, 2][..], vec![3.0, 4.0, 5.0, 6.0]));
    /// let column = checkpoint.slice("embedding", &[0..3, 1..2])?;
    /// assert_eq!(column.to_vec::<f32>()?, [2.0, 4.0, 6.0]);
    /// # Ok::<(), safejax::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When there is none of this key, when a range lies beyond its axis or there are more ranges
    /// than axes, when an element takes no whole number of bytes (`F4`, `F6`), and when the tensor
    /// cannot be read.
    pub fn slice<R: RangeBounds<usize>>(&self, key: &str, ranges: &[R]) -> Result<Tensor> {
        self.at(key, |reader, index| {
            let (dtype, shape) = (reader.entry(index)?.dtype, reader.shape(index)?);
            let ranges = resolve(shape, ranges)?;
            let sliced: Vec<usize> = ranges.iter().map(Range::len).collect();
            if ranges.iter().zip(shape).all(|(range, extent)| range.len() == *extent) {
                return Tensor::new(dtype, sliced, reader.bytes(index)?.into_owned());
            }
            let pieces = Pieces::new(dtype, shape, &ranges)?;
            Tensor::new(dtype, sliced, pieces.read(reader, index)?)
        })
    }
}

/// The ranges with both ends, one for each axis.
fn resolve<R: RangeBounds<usize>>(shape: &[usize], ranges: &[R]) -> Result<Vec<Range<usize>>> {
    let wrong = |expected: String| Error::new(ErrorKind::Shape { expected, found: shape.to_vec() });
    if ranges.len() > shape.len() {
        return Err(wrong(format!("a tensor of at least {} axes, one for each range", ranges.len())));
    }
    let resolved = shape.iter().enumerate().map(|(axis, &extent)| {
        let Some(range) = ranges.get(axis) else { return Ok(0..extent) };
        let start = match range.start_bound() {
            Bound::Included(start) => *start,
            Bound::Excluded(start) => start.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(end) => end.saturating_add(1),
            Bound::Excluded(end) => *end,
            Bound::Unbounded => extent,
        };
        if start > end || end > extent {
            return Err(wrong(format!("a tensor that has {start}..{end} on axis {axis}")));
        }
        Ok(start..end)
    });
    resolved.collect()
}

/// The pieces of a tensor that a slice is made of: each as long, in ascending order.
struct Pieces {
    /// The bytes of each.
    len: usize,
    /// Where the first begins.
    first: usize,
    /// How often each outer axis steps, and by how many bytes, the outermost first.
    steps: Vec<(usize, usize)>,
}

impl Pieces {
    fn new(dtype: Dtype, shape: &[usize], ranges: &[Range<usize>]) -> Result<Self> {
        if !dtype.bits().is_multiple_of(8) {
            return Err(Error::unsupported(format!("a tensor of dtype {dtype} is read whole or not at all")));
        }
        let mut stride = dtype.bits() / 8;
        let (mut len, mut first) = (stride, 0);
        let mut steps = Vec::new();
        let mut whole = true;
        for (extent, range) in shape.iter().zip(ranges).rev() {
            first += range.start * stride;
            // The innermost axes that are taken whole, and the next one, make one piece.
            if whole {
                len = range.len() * stride;
            } else {
                steps.push((range.len(), stride));
            }
            whole &= range.len() == *extent;
            stride *= extent;
        }
        steps.reverse();
        Ok(Self { len, first, steps })
    }

    fn count(&self) -> usize {
        self.steps.iter().map(|(count, _)| count).product()
    }

    /// Where the n-th piece begins.
    fn offset(&self, mut n: usize) -> usize {
        let mut offset = self.first;
        for (count, stride) in self.steps.iter().rev() {
            offset += n % count * stride;
            n /= count;
        }
        offset
    }

    fn read(&self, reader: &Reader<'_, '_>, tensor: usize) -> Result<Vec<u8>> {
        let count = if self.len == 0 { 0 } else { self.count() };
        let mut out = Vec::new();
        out.try_reserve_exact(count * self.len).map_err(|_| Error::unsupported("a slice larger than the memory"))?;
        let mut next = 0;
        while next < count {
            let begin = self.offset(next);
            let mut end = begin + self.len;
            let first = next;
            next += 1;
            while next < count {
                let offset = self.offset(next);
                if offset - end > GAP || offset + self.len - begin > READ {
                    break;
                }
                end = offset + self.len;
                next += 1;
            }
            let read = reader.part(tensor, begin, end - begin)?;
            for piece in first..next {
                let from = self.offset(piece) - begin;
                out.extend_from_slice(read.get(from..from + self.len).unwrap_or_default());
            }
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::Pieces;
    use crate::Dtype;

    #[test]
    fn inner_axes_that_are_whole_are_one_piece() {
        let pieces = Pieces::new(Dtype::F32, &[4, 3, 2], &[1..3, 0..3, 0..2]).unwrap();
        assert_eq!((pieces.len, pieces.first, pieces.count()), (48, 24, 1));
    }

    #[test]
    fn pieces_ascend_by_the_strides_of_the_outer_axes() {
        let pieces = Pieces::new(Dtype::U8, &[2, 3, 4], &[0..2, 1..3, 1..3]).unwrap();
        let offsets: Vec<usize> = (0..pieces.count()).map(|n| pieces.offset(n)).collect();
        assert_eq!((pieces.len, offsets), (2, vec![5, 9, 17, 21]));
    }
}
