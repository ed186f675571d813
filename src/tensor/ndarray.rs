//! Tensors and ndarray's arrays.

use ndarray::{Array, ArrayBase, ArrayD, ArrayViewD, Data, Dimension, IxDyn};

use super::{Tensor, TensorView, wrong_shape};
use crate::cast::refused;
use crate::memory::{self, Strided};
use crate::{Casts, Element, Error, Result};

impl Tensor {
    /// The elements of any array, in its logical order.
    ///
    /// # Panics
    ///
    /// As `array.to_owned()`, when the elements of a broadcast view do not fit in memory.
    ///
    /// # Examples
    ///
    /// ```
    /// use ndarray::array;
    /// use safejax::Tensor;
    ///
    /// let kernel = array![[1u8, 2], [3, 4]];
    /// assert_eq!(Tensor::from_array(&kernel.t()).bytes(), [1, 3, 2, 4]);
    /// ```
    #[must_use]
    pub fn from_array<S, D>(array: &ArrayBase<S, D>) -> Self
    where
        S: Data<Elem: Element>,
        D: Dimension,
    {
        let elements = Strided::of_array(array);
        Self { dtype: elements.dtype(), shape: elements.shape().to_vec(), bytes: elements.to_vec() }
    }

    /// The tensor as an array, its elements converted where [`Casts::Widen`] allows it.
    ///
    /// # Errors
    ///
    /// When the dtype does not convert to `E` without loss, and when a `bool` is neither 0 nor 1.
    ///
    /// # Examples
    ///
    /// ```
    /// use half::bf16;
    /// use ndarray::array;
    /// use safejax::Tensor;
    ///
    /// let tensor = Tensor::from(array![bf16::from_f32(0.5)]);
    /// assert_eq!(tensor.to_array::<f32>()?, array![0.5].into_dyn());
    /// assert!(tensor.to_array::<i32>().is_err());
    /// # Ok::<(), safejax::Error>(())
    /// ```
    pub fn to_array<E: Element>(&self) -> Result<ArrayD<E>> {
        self.view().to_array()
    }

    /// The tensor as an array, its elements converted where `casts` allows it.
    ///
    /// # Errors
    ///
    /// When `casts` does not allow it, and when a `bool` is neither 0 nor 1.
    pub fn to_array_with<E: Element>(&self, casts: Casts) -> Result<ArrayD<E>> {
        self.view().to_array_with(casts)
    }
}

impl<'a> TensorView<'a> {
    /// The tensor as an array of its own, its elements converted where [`Casts::Widen`] allows it.
    ///
    /// # Errors
    ///
    /// When the dtype does not convert to `E` without loss, and when a `bool` is neither 0 nor 1.
    pub fn to_array<E: Element>(&self) -> Result<ArrayD<E>> {
        self.to_array_with(Casts::Widen)
    }

    /// The tensor as an array of its own, its elements converted where `casts` allows it.
    ///
    /// # Errors
    ///
    /// When `casts` does not allow it, and when a `bool` is neither 0 nor 1.
    pub fn to_array_with<E: Element>(&self, casts: Casts) -> Result<ArrayD<E>> {
        let elements = self.to_vec_with(casts)?;
        ArrayD::from_shape_vec(IxDyn(self.shape()), elements).map_err(|_| too_large_a_shape(self.shape()))
    }

    /// The tensor as an array over the same bytes, without a copy.
    ///
    /// # Errors
    ///
    /// When the dtype is another one, when the bytes are not aligned for `E`, and when a `bool` is
    /// neither 0 nor 1.
    pub fn as_array<E: Element>(&self) -> Result<ArrayViewD<'a, E>> {
        if self.dtype() != E::DTYPE {
            return Err(refused(self.dtype(), E::DTYPE));
        }
        let elements = memory::borrow_slice(self.bytes())?;
        ArrayViewD::from_shape(IxDyn(self.shape()), elements).map_err(|_| too_large_a_shape(self.shape()))
    }
}

/// Axes beside an empty one can be longer than ndarray allows.
#[cold]
fn too_large_a_shape(shape: &[usize]) -> Error {
    wrong_shape("a shape whose axes fit an array", shape)
}

impl<E: Element, D: Dimension> From<Array<E, D>> for Tensor {
    fn from(array: Array<E, D>) -> Self {
        Self::from_array(&array)
    }
}
