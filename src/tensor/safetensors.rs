//! Tensors and the types of the `safetensors` crate.

use std::borrow::Cow;

use safetensors::tensor::TensorView as TheirView;
use safetensors::{Dtype as TheirDtype, View};

use super::{Tensor, TensorView};
use crate::{Error, Result};

macro_rules! view {
    ($($tensor:ty)*) => { $(
        impl View for $tensor {
            fn dtype(&self) -> TheirDtype {
                self.dtype.into()
            }

            fn shape(&self) -> &[usize] {
                &self.shape
            }

            fn data(&self) -> Cow<'_, [u8]> {
                Cow::Borrowed(&self.bytes)
            }

            fn data_len(&self) -> usize {
                self.bytes.len()
            }
        }
    )* };
}
view! { Tensor &Tensor TensorView<'_> &TensorView<'_> }

impl<'a> TryFrom<TheirView<'a>> for TensorView<'a> {
    type Error = Error;

    /// # Errors
    ///
    /// When a newer `safetensors` crate knows a dtype that this crate does not.
    fn try_from(view: TheirView<'a>) -> Result<Self> {
        Self::new(view.dtype().try_into()?, view.shape().to_vec(), view.data())
    }
}

impl TryFrom<TheirView<'_>> for Tensor {
    type Error = Error;

    /// # Errors
    ///
    /// When a newer `safetensors` crate knows a dtype that this crate does not.
    fn try_from(view: TheirView<'_>) -> Result<Self> {
        Self::new(view.dtype().try_into()?, view.shape().to_vec(), view.data().to_vec())
    }
}

impl<'a> TryFrom<TensorView<'a>> for TheirView<'a> {
    type Error = Error;

    /// # Errors
    ///
    /// When the `safetensors` crate refuses it.
    fn try_from(view: TensorView<'a>) -> Result<Self> {
        Self::new(view.dtype().into(), view.shape().to_vec(), view.bytes())
            .map_err(|refusal| Error::unsupported(refusal.to_string()))
    }
}

impl<'a> TryFrom<&'a Tensor> for TheirView<'a> {
    type Error = Error;

    /// # Errors
    ///
    /// When the `safetensors` crate refuses it.
    fn try_from(tensor: &'a Tensor) -> Result<Self> {
        tensor.view().try_into()
    }
}
