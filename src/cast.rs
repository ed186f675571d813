//! [`Casts`], which conversions of elements are allowed, and the conversions.

use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};
use num_complex::Complex;

use crate::memory::{self, Scalar};
use crate::{Dtype, Element, Error, ErrorKind, Result};

/// Which conversions between the dtype in the file and the element asked for are made.
///
/// # Examples
///
/// ```
/// use safejax::{Casts, Tensor};
///
/// let tensor = Tensor::from_slice(&[1.5f32, 300.0]);
/// assert_eq!(tensor.to_vec::<f64>()?, [1.5, 300.0]);
/// assert!(tensor.to_vec::<u8>().is_err());
/// assert_eq!(tensor.to_vec_with::<u8>(Casts::Lossy)?, [1, 255]);
/// # Ok::<(), safejax::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Casts {
    /// None: the dtype is the element's own.
    Exact,
    /// Those that keep every value: `bool` to any number, integers to those that hold them all
    /// (`u8` to `i16`, `i32` to `f64`), floats to wider ones, and real numbers to complex where `f32`
    /// holds them.
    #[default]
    Widen,
    /// Those between any numbers, to the nearest value that there is: an integer or a float beyond
    /// the range of an integer becomes its least or its greatest (and NaN 0), a float is rounded to
    /// nearest, ties to even. Never complex to real, and never a number to `bool`.
    Lossy,
}

/// Whether elements of dtype `from` are read as elements of dtype `to`.
pub(crate) fn allowed(from: Dtype, to: Dtype, casts: Casts) -> bool {
    from == to
        || match casts {
            Casts::Exact => false,
            Casts::Widen => lossless(from, to),
            Casts::Lossy => {
                let real = |dtype| integer(dtype).is_some() || float(dtype).is_some();
                (real(from) || from == Dtype::BOOL) && (real(to) || to == Dtype::C64)
            }
        }
}

/// Whether every element of dtype `from` has an equal one of dtype `to`.
pub(crate) fn lossless(from: Dtype, to: Dtype) -> bool {
    if from == to {
        return true;
    }
    if to == Dtype::C64 {
        return lossless(from, Dtype::F32);
    }
    match (integer(from), float(from), integer(to), float(to)) {
        (Some(from), _, Some(to), _) => to.value_bits >= from.value_bits && (to.signed || !from.signed),
        (Some(from), _, _, Some(to)) => to.mantissa >= from.value_bits,
        (_, Some(from), _, Some(to)) => to.mantissa >= from.mantissa && to.exponent >= from.exponent,
        (_, _, to_integer, to_float) => from == Dtype::BOOL && (to_integer.is_some() || to_float.is_some()),
    }
}

struct IntegerFormat {
    signed: bool,
    /// Bits beside the sign.
    value_bits: usize,
}

fn integer(dtype: Dtype) -> Option<IntegerFormat> {
    let signed = match dtype {
        Dtype::U8 | Dtype::U16 | Dtype::U32 | Dtype::U64 => false,
        Dtype::I8 | Dtype::I16 | Dtype::I32 | Dtype::I64 => true,
        _ => return None,
    };
    Some(IntegerFormat { signed, value_bits: dtype.bits() - usize::from(signed) })
}

struct FloatFormat {
    /// Bits of the mantissa, with the one that is not stored.
    mantissa: usize,
    exponent: usize,
}

fn float(dtype: Dtype) -> Option<FloatFormat> {
    let (mantissa, exponent) = match dtype {
        Dtype::F16 => (11, 5),
        Dtype::BF16 => (8, 8),
        Dtype::F32 => (24, 8),
        Dtype::F64 => (53, 11),
        Dtype::F8_E4M3 if cfg!(feature = "float8") => (4, 4),
        Dtype::F8_E5M2 if cfg!(feature = "float8") => (3, 5),
        _ => return None,
    };
    Some(FloatFormat { mantissa, exponent })
}

/// The elements in `bytes`, which are of dtype `from`, as `E`.
///
/// # Errors
///
/// When `casts` does not allow it, when there is no memory, when `bytes` hold no whole number of
/// elements, and when a `bool` is neither 0 nor 1.
pub(crate) fn convert<E: Element>(from: Dtype, bytes: &[u8], casts: Casts) -> Result<Vec<E>> {
    if from == E::DTYPE {
        if !bytes.len().is_multiple_of(size_of::<E>()) {
            return Err(Error::types(format!("a whole number of {from} elements"), format!("{} bytes", bytes.len())));
        }
        return memory::read_vec(bytes.len() / size_of::<E>(), |region| memory::copy_into(region, bytes));
    }
    if allowed(from, E::DTYPE, casts)
        && let Some(elements) = E::cast(from, bytes)?
    {
        return Ok(elements);
    }
    Err(refused(from, E::DTYPE))
}

/// The error for elements of dtype `from` where `to` was asked for.
#[cold]
pub(crate) fn refused(from: Dtype, to: Dtype) -> Error {
    let lossy = allowed(from, to, Casts::Lossy);
    Error::new(ErrorKind::Dtype { expected: format!("dtype {to}"), found: from, lossy })
}

/// The same where only the settings stand in the way.
#[cold]
pub(crate) fn refused_for_now(from: Dtype, to: Dtype) -> Error {
    let widens = allowed(from, to, Casts::Widen);
    refused(from, to).with_note(|| widens.then(|| "Casts::Widen converts it without loss".to_owned()))
}

/// An element that others are converted to. Part of the seal of [`Element`].
pub trait Cast: Sized {
    /// The elements of another dtype, if they convert to this one at all; whether they may is
    /// [`Casts`]' business.
    #[doc(hidden)]
    fn cast(_from: Dtype, _bytes: &[u8]) -> Result<Option<Vec<Self>>> {
        Ok(None)
    }
}

impl Cast for bool {}

macro_rules! cast_numbers {
    ($($element:ty)*) => { $(
        impl Cast for $element {
            fn cast(from: Dtype, bytes: &[u8]) -> Result<Option<Vec<Self>>> {
                cast_real(from, bytes)
            }
        }
    )* };
}
cast_numbers! { u8 i8 u16 i16 u32 i32 u64 i64 usize isize f32 f64 f16 bf16 Complex<f32> }

/// One loop for each dtype of a real number.
fn cast_real<T: Number>(from: Dtype, bytes: &[u8]) -> Result<Option<Vec<T>>> {
    match from {
        Dtype::BOOL => map(bytes, |value: bool| T::of_integer(u8::from(value))),
        Dtype::U8 => map(bytes, T::of_integer::<u8>),
        Dtype::I8 => map(bytes, T::of_integer::<i8>),
        Dtype::U16 => map(bytes, T::of_integer::<u16>),
        Dtype::I16 => map(bytes, T::of_integer::<i16>),
        Dtype::U32 => map(bytes, T::of_integer::<u32>),
        Dtype::I32 => map(bytes, T::of_integer::<i32>),
        Dtype::U64 => map(bytes, T::of_integer::<u64>),
        Dtype::I64 => map(bytes, T::of_integer::<i64>),
        Dtype::F16 => map_f16(bytes),
        Dtype::BF16 => map(bytes, |value: bf16| T::of_f32(value.to_f32())),
        Dtype::F32 => map(bytes, T::of_f32),
        Dtype::F64 => map(bytes, T::of_f64),
        #[cfg(feature = "float8")]
        Dtype::F8_E4M3 => map(bytes, |value: float8::F8E4M3| T::of_f32(value.to_f32())),
        #[cfg(feature = "float8")]
        Dtype::F8_E5M2 => map(bytes, |value: float8::F8E5M2| T::of_f32(value.to_f32())),
        _ => return Ok(None),
    }
    .map(Some)
}

fn map<S: Element, T: Scalar>(bytes: &[u8], f: impl Fn(S) -> T) -> Result<Vec<T>> {
    let elements = memory::elements::<S>(bytes)?;
    let mut converted = reserved(elements.len())?;
    converted.extend(elements.map(f));
    Ok(converted)
}

/// As [`map`], in blocks: the machine's own conversion, where it has one, takes many at a time.
fn map_f16<T: Number>(bytes: &[u8]) -> Result<Vec<T>> {
    let mut elements = memory::elements::<f16>(bytes)?;
    let mut converted = reserved(elements.len())?;
    let mut halves = [f16::ZERO; 256];
    let mut floats = [0f32; 256];
    while elements.len() > 0 {
        let count = elements.len().min(halves.len());
        for (half, element) in halves.iter_mut().zip(elements.by_ref()) {
            *half = element;
        }
        halves.convert_to_f32_slice(&mut floats);
        converted.extend(floats.iter().take(count).map(|&value| T::of_f32(value)));
    }
    Ok(converted)
}

fn reserved<T>(count: usize) -> Result<Vec<T>> {
    let mut vec = Vec::new();
    vec.try_reserve_exact(count).map_err(|_| Error::unsupported(format!("{count} elements do not fit in memory")))?;
    Ok(vec)
}

/// An integer that is converted from.
trait Integer: Copy {
    /// Its value: 64 bits and a sign fit.
    fn wide(self) -> i128;
    fn to_f32(self) -> f32;
    fn to_f64(self) -> f64;
}

/// A number that is converted to: as `as` does, except that integers saturate.
trait Number: Scalar {
    fn of_integer<I: Integer>(value: I) -> Self;
    fn of_f32(value: f32) -> Self;
    fn of_f64(value: f64) -> Self;
}

macro_rules! integers {
    ($($int:ty)*) => { $(
        impl Integer for $int {
            fn wide(self) -> i128 {
                self as i128
            }

            fn to_f32(self) -> f32 {
                self as f32
            }

            fn to_f64(self) -> f64 {
                self as f64
            }
        }

        impl Number for $int {
            fn of_integer<I: Integer>(value: I) -> Self {
                value.wide().clamp(Self::MIN as i128, Self::MAX as i128) as Self
            }

            fn of_f32(value: f32) -> Self {
                value as Self
            }

            fn of_f64(value: f64) -> Self {
                value as Self
            }
        }
    )* };
}
integers! { u8 i8 u16 i16 u32 i32 u64 i64 usize isize }

impl Number for f32 {
    fn of_integer<I: Integer>(value: I) -> Self {
        value.to_f32()
    }

    fn of_f32(value: f32) -> Self {
        value
    }

    fn of_f64(value: f64) -> Self {
        value as f32
    }
}

impl Number for f64 {
    fn of_integer<I: Integer>(value: I) -> Self {
        value.to_f64()
    }

    fn of_f32(value: f32) -> Self {
        f64::from(value)
    }

    fn of_f64(value: f64) -> Self {
        value
    }
}

impl Number for Complex<f32> {
    fn of_integer<I: Integer>(value: I) -> Self {
        Self::new(value.to_f32(), 0.0)
    }

    fn of_f32(value: f32) -> Self {
        Self::new(value, 0.0)
    }

    fn of_f64(value: f64) -> Self {
        Self::new(value as f32, 0.0)
    }
}

macro_rules! short_floats {
    ($($float:ty: $of_f32:path),*) => { $(
        impl Number for $float {
            fn of_integer<I: Integer>(value: I) -> Self {
                let value = value.wide();
                Self::of_f32(to_odd(value as f32, (value as f32 as i128).unsigned_abs().cmp(&value.unsigned_abs())))
            }

            fn of_f32(value: f32) -> Self {
                $of_f32(value)
            }

            fn of_f64(value: f64) -> Self {
                let nearest = value as f32;
                match f64::from(nearest).abs().partial_cmp(&value.abs()) {
                    Some(order) => Self::of_f32(to_odd(nearest, order)),
                    None => Self::of_f32(nearest),
                }
            }
        }
    )* };
}
short_floats! { f16: Self::from_f32, bf16: Self::from_f32 }

/// The `f32` next to a number to go on rounding from: where it is not the number itself, the
/// neighbour with an odd last bit, which is never halfway between two shorter floats. Rounding twice
/// to nearest would go wrong there.
///
/// `order` is how the magnitude of `nearest` compares with that of the number.
fn to_odd(nearest: f32, order: std::cmp::Ordering) -> f32 {
    let bits = nearest.to_bits();
    match order {
        std::cmp::Ordering::Greater if bits & 1 == 0 => f32::from_bits(bits - 1),
        std::cmp::Ordering::Less if bits & 1 == 0 => f32::from_bits(bits + 1),
        _ => nearest,
    }
}

#[cfg(feature = "float8")]
mod f8;
#[cfg(test)]
mod tests;
