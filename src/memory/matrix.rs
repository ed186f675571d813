//! [`MatrixElements`], the elements of a matrix of nalgebra where they are.

use std::marker::PhantomData;
use std::ptr::NonNull;

use nalgebra::{Dim, Matrix, Scalar, Storage};

use super::Strided;
use crate::{Dtype, Element};

/// The elements of a borrowed matrix: by rows and columns, or along the one axis of a type with a
/// single row or column.
pub(crate) struct MatrixElements<'a> {
    dtype: Dtype,
    first: NonNull<u8>,
    shape: Vec<usize>,
    strides: Vec<isize>,
    matrix: PhantomData<&'a ()>,
}

impl<'a> MatrixElements<'a> {
    pub(crate) fn of<E, R, C, S>(matrix: &'a Matrix<E, R, C, S>) -> Self
    where
        E: Element + Scalar,
        R: Dim,
        C: Dim,
        S: Storage<E, R, C>,
    {
        let ((rows, columns), (row, column)) = (matrix.shape(), matrix.strides());
        let (row, column) = (row.cast_signed(), column.cast_signed());
        let (shape, strides) = match (R::try_to_usize(), C::try_to_usize()) {
            (_, Some(1)) => (vec![rows], vec![row]),
            (Some(1), _) => (vec![columns], vec![column]),
            _ => (vec![rows, columns], vec![row, column]),
        };
        let first = NonNull::new(matrix.as_ptr().cast_mut()).unwrap_or(NonNull::dangling()).cast();
        Self { dtype: E::DTYPE, first, shape, strides, matrix: PhantomData }
    }

    pub(crate) fn dtype(&self) -> Dtype {
        self.dtype
    }

    pub(crate) fn shape(&self) -> &[usize] {
        &self.shape
    }

    pub(crate) fn strided(&self) -> Strided<'_> {
        // SAFETY: there are as many strides as axes, and the dtype is that of an `Element`, of whole
        // bytes. An implementor of the unsafe `Storage` holds that an initialised element for each row
        // and column of its shape lies at its pointer and that many strides, in elements; the axis
        // that is left out has length 1, as the type says. Where there are elements, the pointer is
        // not null. The matrix is borrowed for longer than the result, as the field `matrix` says.
        unsafe { Strided::from_raw(self.dtype, self.first, &self.shape, &self.strides) }
    }
}
