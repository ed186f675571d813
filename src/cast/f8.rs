//! 8-bit floats (feature `float8`): the nearest one to a number, ties to even.
//!
//! What is too large becomes an infinity, or NaN where there is none, as in JAX. The crate `float8`
//! has its greatest number instead, for infinities too.

use float8::{F8E4M3, F8E5M2};

use super::*;

impl Cast for F8E4M3 {
    fn cast(from: Dtype, bytes: &[u8]) -> Result<Option<Vec<Self>>> {
        cast_real(from, bytes)
    }
}

impl Cast for F8E5M2 {
    fn cast(from: Dtype, bytes: &[u8]) -> Result<Option<Vec<Self>>> {
        cast_real(from, bytes)
    }
}

short_floats! { F8E4M3: e4m3, F8E5M2: e5m2 }

fn e4m3(value: f32) -> F8E4M3 {
    F8E4M3::from_bits(nearest(value, Format { fraction: 3, bias: 7, too_large: 0x7f, nan: 0x7f }))
}

fn e5m2(value: f32) -> F8E5M2 {
    F8E5M2::from_bits(nearest(value, Format { fraction: 2, bias: 15, too_large: 0x7c, nan: 0x7e }))
}

/// An 8-bit float.
#[derive(Clone, Copy)]
struct Format {
    /// Bits of the fraction.
    fraction: i32,
    bias: i32,
    /// Infinity or NaN, which come next after the greatest number.
    too_large: u8,
    nan: u8,
}

fn nearest(value: f32, Format { fraction, bias, too_large, nan }: Format) -> u8 {
    let sign = if value.is_sign_negative() { 0x80 } else { 0 };
    if value.is_nan() {
        return sign | nan;
    }
    let bits = value.abs().to_bits();
    // Numbers below the least normal one are as far apart as those above it.
    let exponent = ((bits >> 23) as i32 - 127).max(1 - bias);
    // How many steps of that size it is: exact up to the rounding, as a power of two scales.
    let steps = (f64::from(value.abs()) * f64::from(fraction - exponent).exp2()).round_ties_even();
    // A carry leads to the next exponent, as the bits follow each other.
    let number = f64::from((exponent + bias - 1) << fraction) + steps;
    sign | if number < f64::from(too_large) { number as u8 } else { too_large }
}
