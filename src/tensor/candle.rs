//! `#[tensor]` fields that are tensors of candle, on the CPU (feature `candle`).
//!
//! candle has no `bool`, `i8`, `u16` and complex numbers: the first three load as `U8`, `I16` and
//! `U32`, where [`Casts`](crate::Casts) allow it. A `U64` loads as `I64` with `Casts::Lossy` alone.

use candle_core::{CpuStorage, DType, Device, Storage, WithDType};

use super::cow::Elements;
use super::{CowTensor, FromTensor, StoredTensor, ToTensor};
use crate::memory::{self, Strided};
use crate::{Dtype, Element, Error, Result};

/// The elements are written from where they are, in whatever order they lie there.
#[diagnostic::do_not_recommend]
impl ToTensor for candle_core::Tensor {
    fn to_tensor(&self) -> Result<CowTensor<'_>> {
        if !self.device().is_cpu() {
            return Err(Error::unsupported(format!(
                "a candle tensor on {:?}: move it with `to_device(&Device::Cpu)` before it is saved",
                self.device().location()
            )));
        }
        let dtype = match self.dtype() {
            DType::U8 => Dtype::U8,
            DType::U32 => Dtype::U32,
            DType::I16 => Dtype::I16,
            DType::I32 => Dtype::I32,
            DType::I64 => Dtype::I64,
            DType::BF16 => Dtype::BF16,
            DType::F16 => Dtype::F16,
            DType::F32 => Dtype::F32,
            DType::F64 => Dtype::F64,
            DType::F8E4M3 => Dtype::F8_E4M3,
            DType::F6E2M3 => Dtype::F6_E2M3,
            DType::F6E3M2 => Dtype::F6_E3M2,
            DType::F4 => Dtype::F4,
            DType::F8E8M0 => Dtype::F8_E8M0,
            other => return Err(Error::unsupported(format!("a candle tensor of dtype {}", other.as_str()))),
        };
        let strides = self.stride().iter().map(|stride| stride.cast_signed()).collect();
        Ok(CowTensor::from_elements(OnCpu { tensor: self, dtype, strides }))
    }
}

struct OnCpu<'a> {
    tensor: &'a candle_core::Tensor,
    dtype: Dtype,
    strides: Vec<isize>,
}

impl Elements for OnCpu<'_> {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        self.tensor.dims()
    }

    fn visit(&self, visit: &mut dyn FnMut(&Strided<'_>) -> Result<()>) -> Result<()> {
        let (storage, layout) = self.tensor.storage_and_layout();
        let Storage::Cpu(storage) = &*storage else {
            return Err(Error::unsupported("a candle tensor that is not on the CPU"));
        };
        let copied: Vec<u8>;
        let bytes = match storage {
            CpuStorage::U8(elements) => elements,
            CpuStorage::U32(elements) => memory::bytes_of(elements),
            CpuStorage::I16(elements) => memory::bytes_of(elements),
            CpuStorage::I32(elements) => memory::bytes_of(elements),
            CpuStorage::I64(elements) => memory::bytes_of(elements),
            CpuStorage::BF16(elements) => memory::bytes_of(elements),
            CpuStorage::F16(elements) => memory::bytes_of(elements),
            CpuStorage::F32(elements) => memory::bytes_of(elements),
            CpuStorage::F64(elements) => memory::bytes_of(elements),
            CpuStorage::F8E4M3(elements) => {
                copied = elements.iter().map(|element| element.to_bits()).collect();
                &copied
            }
            CpuStorage::F8E8M0(bytes)
            | CpuStorage::F6E2M3(bytes)
            | CpuStorage::F6E3M2(bytes)
            | CpuStorage::F4(bytes) => bytes,
        };
        if !self.dtype.bits().is_multiple_of(8) {
            // Elements that share bytes cannot be picked out.
            if layout.contiguous_offsets().is_none_or(|(start, _)| start > 0) {
                return Err(Error::unsupported(format!("part of a candle tensor of dtype {}", self.dtype)));
            }
            return visit(&Strided::contiguous(self.dtype, layout.dims(), bytes));
        }
        let start = layout.start_offset().checked_mul(self.dtype.bits() / 8);
        let bytes = start.and_then(|start| bytes.get(start..)).unwrap_or_default();
        visit(&Strided::in_bytes(self.dtype, layout.dims(), &self.strides, bytes)?)
    }
}

/// A tensor on the CPU, of the dtype in the file, or the next wider one that candle has.
#[diagnostic::do_not_recommend]
impl<'de> FromTensor<'de> for candle_core::Tensor {
    fn from_tensor(tensor: StoredTensor<'_, 'de>) -> Result<Self> {
        // candle multiplies the axes whatever they are.
        let used = tensor.shape().iter().filter(|len| **len > 0);
        if used.copied().try_fold(1usize, usize::checked_mul).is_none() {
            return Err(tensor.wrong_shape("a shape that fits a candle tensor"));
        }
        match tensor.dtype() {
            Dtype::BOOL | Dtype::U8 => load::<u8>(&tensor),
            Dtype::U16 | Dtype::U32 => load::<u32>(&tensor),
            Dtype::I8 | Dtype::I16 => load::<i16>(&tensor),
            Dtype::I32 => load::<i32>(&tensor),
            Dtype::I64 | Dtype::U64 => load::<i64>(&tensor),
            Dtype::BF16 => load::<half::bf16>(&tensor),
            Dtype::F16 => load::<half::f16>(&tensor),
            Dtype::F32 => load::<f32>(&tensor),
            Dtype::F64 => load::<f64>(&tensor),
            Dtype::F8_E4M3 => load_bytes(&tensor, DType::F8E4M3),
            Dtype::F8_E8M0 => load_bytes(&tensor, DType::F8E8M0),
            Dtype::F6_E2M3 => load_bytes(&tensor, DType::F6E2M3),
            Dtype::F6_E3M2 => load_bytes(&tensor, DType::F6E3M2),
            Dtype::F4 => load_bytes(&tensor, DType::F4),
            other => Err(Error::unsupported(format!("candle has no tensors of dtype {other}"))),
        }
    }
}

fn load<E: Element + WithDType>(tensor: &StoredTensor<'_, '_>) -> Result<candle_core::Tensor> {
    candle_core::Tensor::from_vec(tensor.to_vec::<E>()?, tensor.shape(), &Device::Cpu).map_err(refused)
}

/// Elements that are no [`Element`].
fn load_bytes(tensor: &StoredTensor<'_, '_>, dtype: DType) -> Result<candle_core::Tensor> {
    let tensor = tensor.to_tensor()?;
    candle_core::Tensor::from_raw_buffer(tensor.bytes(), dtype, tensor.shape(), &Device::Cpu).map_err(refused)
}

#[cold]
fn refused(error: candle_core::Error) -> Error {
    Error::unsupported(format!("candle: {error}"))
}
