//! `#[tensor]` fields that are matrices and vectors of nalgebra (feature `nalgebra`).
//!
//! A matrix is a tensor of two axes, `[rows, columns]`, in C order as every tensor is: nalgebra's
//! own column-major order stays in memory. A type with one row or one column, `DVector`, `SVector`,
//! `RowDVector`, is a tensor of one axis; it also loads from two. Sizes in the type are checked.

use ::nalgebra::allocator::Allocator;
use ::nalgebra::{DefaultAllocator, Dim, Matrix, OMatrix, Scalar, Storage};
use ::serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::cow::Elements;
use super::{CowTensor, FromTensor, StoredTensor, ToTensor};
use crate::memory::{MatrixElements, Strided};
use crate::{Dtype, Element, Result};

impl Elements for MatrixElements<'_> {
    fn dtype(&self) -> Dtype {
        MatrixElements::dtype(self)
    }

    fn shape(&self) -> &[usize] {
        MatrixElements::shape(self)
    }

    fn visit(&self, visit: &mut dyn FnMut(&Strided<'_>) -> Result<()>) -> Result<()> {
        visit(&self.strided())
    }
}

/// Two axes, rows and columns; one for a type with a single row or column. Views are saved alike.
#[diagnostic::do_not_recommend]
impl<E, R, C, S> ToTensor for Matrix<E, R, C, S>
where
    E: Element + Scalar,
    R: Dim,
    C: Dim,
    S: Storage<E, R, C>,
    DefaultAllocator: Allocator<R, C, Buffer<E>: Serialize>,
{
    fn to_tensor(&self) -> Result<CowTensor<'_>> {
        Ok(CowTensor::from_elements(MatrixElements::of(self)))
    }

    fn serialize_elsewhere<X: Serializer>(&self, serializer: X) -> std::result::Result<X::Ok, X::Error> {
        // A view has no serde form of its own, and takes that of the matrix.
        self.clone_owned().serialize(serializer)
    }
}

/// Two axes, rows and columns; one, or two, for a type with a single row or column.
#[diagnostic::do_not_recommend]
impl<'de, E, R, C> FromTensor<'de> for OMatrix<E, R, C>
where
    E: Element + Scalar,
    R: Dim,
    C: Dim,
    DefaultAllocator: Allocator<R, C, Buffer<E>: Deserialize<'de>>,
{
    fn from_tensor(tensor: StoredTensor<'_, 'de>) -> Result<Self> {
        let (rows, columns) = match (tensor.shape(), R::try_to_usize(), C::try_to_usize()) {
            (&[len], _, Some(1)) => (len, 1),
            (&[len], Some(1), _) => (1, len),
            (&[rows, columns], ..) => (rows, columns),
            _ => return Err(tensor.wrong_shape(&expected::<R, C>())),
        };
        let fits = |size: Option<usize>, found| size.is_none_or(|size| size == found);
        if !fits(R::try_to_usize(), rows) || !fits(C::try_to_usize(), columns) {
            return Err(tensor.wrong_shape(&expected::<R, C>()));
        }
        // Column by column, as nalgebra has them.
        let tensor = if tensor.shape().len() == 2 { tensor.permuted(&[1, 0])? } else { tensor };
        Ok(Self::from_vec_generic(R::from_usize(rows), C::from_usize(columns), tensor.to_vec()?))
    }

    fn deserialize_elsewhere<X: Deserializer<'de>>(deserializer: X) -> std::result::Result<Self, X::Error> {
        Self::deserialize(deserializer)
    }
}

#[cold]
fn expected<R: Dim, C: Dim>() -> String {
    let size = |size: Option<usize>| size.map_or_else(|| "_".to_owned(), |size| size.to_string());
    match (R::try_to_usize(), C::try_to_usize()) {
        (len, Some(1)) | (Some(1), len) => format!("a tensor of shape [{}]", size(len)),
        (rows, columns) => format!("a tensor of shape [{}, {}]", size(rows), size(columns)),
    }
}
