//! [`Dtype`], the element types of the safetensors format.

use std::fmt;

/// The element type of a tensor, as the safetensors format names it.
///
/// Variants stand in the order in which the format sorts tensors: a file holds the tensors of the
/// greatest dtype first. The enum is this crate's own, so that a new minor version of the
/// `safetensors` crate is no breaking change here; `From` converts in both directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[allow(non_camel_case_types)]
pub enum Dtype {
    /// Boolean, one byte, 0 or 1.
    BOOL,
    /// 4-bit float of the OCP microscaling formats, two to a byte.
    F4,
    /// 6-bit float with a 2-bit exponent, four in three bytes.
    F6_E2M3,
    /// 6-bit float with a 3-bit exponent, four in three bytes.
    F6_E3M2,
    /// Unsigned 8-bit integer.
    U8,
    /// Signed 8-bit integer.
    I8,
    /// 8-bit float with a 5-bit exponent.
    F8_E5M2,
    /// 8-bit float with a 4-bit exponent, finite only (`float8_e4m3fn` in JAX).
    F8_E4M3,
    /// 8-bit power of two, the scale of the OCP microscaling formats.
    F8_E8M0,
    /// 8-bit float with a 4-bit exponent, no infinities, no negative zero.
    F8_E4M3FNUZ,
    /// 8-bit float with a 5-bit exponent, no infinities, no negative zero.
    F8_E5M2FNUZ,
    /// Signed 16-bit integer.
    I16,
    /// Unsigned 16-bit integer.
    U16,
    /// IEEE 754 half precision.
    F16,
    /// bfloat16: the upper half of an `F32`.
    BF16,
    /// Signed 32-bit integer.
    I32,
    /// Unsigned 32-bit integer.
    U32,
    /// IEEE 754 single precision.
    F32,
    /// Complex number of two `F32`, real part first.
    C64,
    /// IEEE 754 double precision.
    F64,
    /// Signed 64-bit integer.
    I64,
    /// Unsigned 64-bit integer.
    U64,
}

/// One row per dtype: the variant (named alike here and in the `safetensors` crate) and its bits.
macro_rules! dtypes {
    ($($name:ident = $bits:literal),* $(,)?) => {
        impl Dtype {
            /// Every dtype, in the order of the format.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The name in a file's header, for example `BF16`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }

            /// The dtype of that exact name, if there is one.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $(stringify!($name) => Some(Self::$name),)* _ => None }
            }

            /// The size of one element in bits.
            #[must_use]
            pub const fn bits(self) -> usize {
                match self { $(Self::$name => $bits),* }
            }
        }

        impl From<Dtype> for safetensors::Dtype {
            fn from(dtype: Dtype) -> Self {
                match dtype { $(Dtype::$name => Self::$name),* }
            }
        }

        impl TryFrom<safetensors::Dtype> for Dtype {
            type Error = crate::Error;

            /// # Errors
            ///
            /// When a newer `safetensors` crate knows a dtype that this crate does not.
            fn try_from(dtype: safetensors::Dtype) -> Result<Self, crate::Error> {
                match dtype {
                    $(safetensors::Dtype::$name => Ok(Self::$name),)*
                    other => Err(crate::Error::unsupported(format!("the dtype {other} is not known to this version of safejax"))),
                }
            }
        }
    };
}

dtypes! {
    BOOL = 8, F4 = 4, F6_E2M3 = 6, F6_E3M2 = 6, U8 = 8, I8 = 8, F8_E5M2 = 8, F8_E4M3 = 8,
    F8_E8M0 = 8, F8_E4M3FNUZ = 8, F8_E5M2FNUZ = 8, I16 = 16, U16 = 16, F16 = 16, BF16 = 16,
    I32 = 32, U32 = 32, F32 = 32, C64 = 64, F64 = 64, I64 = 64, U64 = 64,
}

impl Dtype {
    /// The bytes that a tensor of this dtype and `shape` takes, or `None` when that is no whole
    /// number of bytes or does not fit a `usize`.
    #[must_use]
    pub fn byte_len(self, shape: &[usize]) -> Option<usize> {
        let elements = shape.iter().try_fold(1usize, |n, &d| n.checked_mul(d))?;
        let bits = elements.checked_mul(self.bits())?;
        bits.is_multiple_of(8).then_some(bits / 8)
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_the_safetensors_crate() {
        for pair in Dtype::ALL.windows(2) {
            assert!(pair[0] < pair[1]);
            assert!(safetensors::Dtype::from(pair[0]) < safetensors::Dtype::from(pair[1]));
        }
    }

    #[test]
    fn names_and_sizes_are_those_of_the_safetensors_crate() {
        for &dtype in Dtype::ALL {
            let theirs = safetensors::Dtype::from(dtype);
            assert_eq!(dtype.bits(), theirs.bitsize());
            assert_eq!(dtype.name(), theirs.to_string());
            assert_eq!(Dtype::from_name(dtype.name()), Some(dtype));
            assert_eq!(Dtype::try_from(theirs).unwrap(), dtype);
        }
    }

    #[test]
    fn a_byte_length_that_overflows_or_is_no_whole_byte_is_none() {
        assert_eq!(Dtype::F32.byte_len(&[2, 3]), Some(24));
        assert_eq!(Dtype::F32.byte_len(&[]), Some(4));
        assert_eq!(Dtype::F4.byte_len(&[3]), None);
        assert_eq!(Dtype::U8.byte_len(&[usize::MAX, 2]), None);
        assert_eq!(Dtype::U64.byte_len(&[usize::MAX / 4]), None);
    }
}
