//! [`StoredTensor`], a tensor on its way out of a file.

use std::fmt;
use std::mem::MaybeUninit;

use super::Tensor;
use super::cow::no_permutation;
use crate::{Casts, Dtype, Error, ErrorKind, Result, memory};

/// A tensor of a file whose elements have not been read yet.
///
/// Its shape is the one in memory: where the file has the axes in another order, or more of them,
/// because a field's attributes say so, that is undone here.
///
/// [`ToTensor`](crate::ToTensor) has an example.
pub struct StoredTensor<'a, 'de> {
    pub(super) dtype: Dtype,
    /// As it is in memory.
    pub(super) shape: Vec<usize>,
    pub(super) stored: Option<Stored>,
    pub(super) casts: Casts,
    pub(super) data: &'a dyn StoredData<'de>,
}

/// A tensor with its axes in another order than in the file.
pub(super) struct Stored {
    /// As it is in the file.
    pub(super) shape: Vec<usize>,
    /// Which axis in the file each axis in memory is: a permutation.
    pub(super) axes: Vec<usize>,
}

/// Where the bytes of one tensor are.
pub(crate) trait StoredData<'de> {
    /// The bytes without a copy, if they are in memory for that long.
    fn borrow(&self) -> Result<Option<&'de [u8]>>;

    /// Puts the bytes where they belong.
    fn fill<'b>(&self, buffer: &'b mut [MaybeUninit<u8>]) -> Result<&'b mut [u8]>;

    /// The error where bytes cannot be borrowed.
    fn cannot_lend(&self) -> Error;
}

impl<'a, 'de> StoredTensor<'a, 'de> {
    /// A tensor as it is stored. The data are as many bytes as the dtype and the shape ask for.
    pub(crate) fn new(dtype: Dtype, shape: Vec<usize>, casts: Casts, data: &'a dyn StoredData<'de>) -> Self {
        Self { dtype, shape, stored: None, casts, data }
    }

    /// A tensor in memory, that lends nothing.
    pub(crate) fn of(tensor: &'a Tensor) -> Self {
        Self::new(tensor.dtype(), tensor.shape().to_vec(), Casts::default(), tensor)
    }

    /// The conversions that are made.
    pub(crate) fn with_casts(self, casts: Casts) -> Self {
        Self { casts, ..self }
    }

    /// The same elements in another shape.
    ///
    /// # Errors
    ///
    /// When they are not as many, and when the axes are in another order than in the file.
    pub(crate) fn with_shape(self, shape: Vec<usize>) -> Result<Self> {
        let len = self.dtype.byte_len(&self.shape);
        if self.stored.is_some() || len.is_none() || self.dtype.byte_len(&shape) != len {
            return Err(self.wrong_shape(&format!("as many elements as shape {shape:?} has")));
        }
        Ok(Self { shape, ..self })
    }

    /// The axes in another order: the n-th is `axes[n]` of before, as with ndarray's
    /// `permuted_axes`. What is read afterwards is in C order of the new axes.
    ///
    /// For a type whose elements lie in another order than those of the file: a column-major matrix
    /// takes them with `permuted(&[1, 0])`.
    ///
    /// # Errors
    ///
    /// When `axes` is no permutation of all axes.
    pub fn permuted(self, axes: &[usize]) -> Result<Self> {
        let Some(shape) = memory::reordered(&self.shape, axes) else {
            return Err(no_permutation(axes, &self.shape));
        };
        let stored = match self.stored {
            None => Stored { shape: self.shape, axes: axes.to_vec() },
            Some(Stored { shape: stored, axes: before }) => {
                let axes = memory::reordered(&before, axes).ok_or_else(|| no_permutation(axes, &shape))?;
                Stored { shape: stored, axes }
            }
        };
        // Two permutations may undo each other.
        let in_order = stored.axes.is_sorted();
        Ok(Self { shape, stored: (!in_order).then_some(stored), ..self })
    }

    /// Undoes a permutation: the n-th axis as it is now is `axes[n]` of the result.
    ///
    /// # Errors
    ///
    /// When `axes` is no permutation of all axes.
    pub(crate) fn unpermuted(self, axes: &[usize]) -> Result<Self> {
        let inverse: Option<Vec<usize>> =
            (0..axes.len()).map(|axis| axes.iter().position(|&from| from == axis)).collect();
        match inverse {
            Some(inverse) => self.permuted(&inverse),
            None => Err(no_permutation(axes, &self.shape)),
        }
    }

    /// The dtype in the file.
    #[must_use]
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// The length of each axis.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        // Beside an empty axis the others may be of any length.
        if self.is_empty() { 0 } else { self.shape.iter().product() }
    }

    /// Whether there are no elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    /// Refuses another shape than this.
    ///
    /// # Errors
    ///
    /// When the shape is another one.
    pub fn expect_shape(&self, shape: &[usize]) -> Result<()> {
        if self.shape == shape {
            return Ok(());
        }
        Err(self.wrong_shape(&format!("a tensor of shape {shape:?}")))
    }

    /// Refuses another number of axes than this.
    ///
    /// # Errors
    ///
    /// When there are more or fewer.
    pub fn expect_rank(&self, rank: usize) -> Result<()> {
        if self.shape.len() == rank {
            return Ok(());
        }
        Err(self.wrong_shape(&match rank {
            0 => "a tensor without axes".to_owned(),
            1 => "a tensor of 1 axis".to_owned(),
            _ => format!("a tensor of {rank} axes"),
        }))
    }

    #[cold]
    pub(crate) fn wrong_shape(&self, expected: &str) -> Error {
        Error::new(ErrorKind::Shape { expected: expected.to_owned(), found: self.shape.clone() })
    }
}

impl fmt::Debug for StoredTensor<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredTensor({} {:?})", self.dtype, self.shape)
    }
}

impl<'de> StoredData<'de> for Tensor {
    fn borrow(&self) -> Result<Option<&'de [u8]>> {
        Ok(None)
    }

    fn fill<'b>(&self, buffer: &'b mut [MaybeUninit<u8>]) -> Result<&'b mut [u8]> {
        memory::copy_into(buffer, self.bytes())
    }

    fn cannot_lend(&self) -> Error {
        let reason = "serde hands over a copy of the tensor here (flatten, untagged and internally tagged types, and \
                      other formats): use an owned type";
        Error::new(ErrorKind::Borrow { reason: reason.to_owned() })
    }
}
