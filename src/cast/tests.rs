use super::*;
use crate::element::{ElementKind, ElementVisitor, for_each_element};

/// A value that elements of different types are compared by.
#[derive(Clone, Copy, Debug)]
enum Exact {
    Integer(i128),
    Float(f64),
}

impl PartialEq for Exact {
    fn eq(&self, other: &Self) -> bool {
        match (*self, *other) {
            (Self::Integer(a), Self::Integer(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a == b || (a.is_nan() && b.is_nan()),
            // Up to 2^53 every integer is a float; no wider one is converted without loss.
            (Self::Integer(a), Self::Float(b)) | (Self::Float(b), Self::Integer(a)) => {
                a.unsigned_abs() <= 1 << 53 && a as f64 == b
            }
        }
    }
}

trait ToExact {
    fn to_exact(self) -> Exact;
}

macro_rules! to_exact {
    ($($element:ty)*: $value:ident => $exact:expr) => { $(
        impl ToExact for $element {
            fn to_exact(self) -> Exact {
                let $value = self;
                $exact
            }
        }
    )* };
}
to_exact! { bool u8 i8 u16 i16 u32 i32 u64 i64 usize isize: value => Exact::Integer(value as i128) }
to_exact! { f32 f16 bf16: value => Exact::Float(value.into()) }
to_exact! { f64: value => Exact::Float(value) }
#[cfg(feature = "float8")]
to_exact! { float8::F8E4M3: value => Exact::Float(value.to_f64()) }
#[cfg(feature = "float8")]
to_exact! { float8::F8E5M2: value => Exact::Float(value.to_f64()) }

impl ToExact for Complex<f32> {
    fn to_exact(self) -> Exact {
        assert_eq!(self.im, 0.0);
        Exact::Float(self.re.into())
    }
}

/// Every value of up to 16 bits; of wider types those around every power of two, and random ones.
fn sample(kind: ElementKind) -> Vec<u8> {
    let bits = kind.dtype().bits();
    match kind {
        ElementKind::Bool => vec![0, 1],
        _ if bits == 8 => (0..=u8::MAX).collect(),
        _ if bits == 16 => (0..=u16::MAX).flat_map(u16::to_le_bytes).collect(),
        _ => {
            let edges = (0..64).flat_map(|shift| (-2..=2).map(move |by| (1u64 << shift).wrapping_add_signed(by)));
            let random = (1..2000u64).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left((i % 64) as u32));
            edges
                .chain(random)
                .flat_map(|value| [value, !value, value.wrapping_neg()])
                .flat_map(|value| value.to_le_bytes().into_iter().take(bits / 8))
                .collect()
        }
    }
}

struct Converted<'a>(Dtype, &'a [u8], Casts);

impl ElementVisitor for Converted<'_> {
    type Value = Result<Vec<Exact>>;

    fn visit<E: Element>(self) -> Result<Vec<Exact>> {
        let elements = convert::<E>(self.0, self.1, self.2)?;
        // `Element` is not `ToExact`, which is of the tests alone: by way of the bytes.
        let bytes = memory::bytes_of(&elements);
        macro_rules! exact {
            ($(($element:ty, $kind:ident, $dtype:ident))*) => {
                match E::DTYPE {
                    $(dtype if dtype == <$element>::DTYPE => {
                        Ok(memory::elements::<$element>(bytes)?.map(ToExact::to_exact).collect())
                    })*
                    _ => unreachable!(),
                }
            };
        }
        for_each_element!(exact)
    }
}

/// Whether 8-bit floats are elements.
const FLOAT8: bool = cfg!(feature = "float8");

#[test]
fn widening_is_what_the_table_says() {
    use Dtype::*;
    let table: &[(Dtype, &[Dtype])] = &[
        (BOOL, &[U8, I8, I16, U16, F16, BF16, I32, U32, F32, C64, F64, I64, U64]),
        (U8, &[I16, U16, F16, BF16, I32, U32, F32, C64, F64, I64, U64]),
        (I8, &[I16, F16, BF16, I32, F32, C64, F64, I64]),
        (U16, &[I32, U32, F32, C64, F64, I64, U64]),
        (I16, &[I32, F32, C64, F64, I64]),
        (U32, &[F64, I64, U64]),
        (I32, &[F64, I64]),
        (U64, &[]),
        (I64, &[]),
        (F16, &[F32, C64, F64]),
        (BF16, &[F32, C64, F64]),
        (F32, &[C64, F64]),
        (F64, &[]),
        (C64, &[]),
        (F8_E4M3, if FLOAT8 { &[F16, BF16, F32, C64, F64] } else { &[] }),
        (F8_E5M2, if FLOAT8 { &[F16, BF16, F32, C64, F64] } else { &[] }),
        (F8_E8M0, &[]),
        (F4, &[]),
    ];
    for (from, wider) in table {
        for &to in Dtype::ALL {
            let wider = wider.contains(&to) || (FLOAT8 && *from == BOOL && [F8_E4M3, F8_E5M2].contains(&to));
            assert_eq!(allowed(*from, to, Casts::Widen), *from == to || wider, "{from} to {to}");
            assert_eq!(allowed(*from, to, Casts::Exact), *from == to);
        }
    }
}

#[test]
fn what_widens_keeps_every_value() {
    let mut pairs = 0;
    // A complex number becomes nothing else, and has no value to compare with others by.
    for &from in ElementKind::ALL.iter().filter(|from| **from != ElementKind::C64) {
        let bytes = sample(from);
        let original = from.visit(Converted(from.dtype(), &bytes, Casts::Exact)).unwrap();
        for &to in ElementKind::ALL {
            let converted = to.visit(Converted(from.dtype(), &bytes, Casts::Widen));
            if lossless(from.dtype(), to.dtype()) {
                assert_eq!(converted.unwrap(), original, "{from:?} to {to:?}");
                pairs += 1;
            } else {
                let error = converted.unwrap_err();
                let lossy = allowed(from.dtype(), to.dtype(), Casts::Lossy);
                assert!(matches!(*error.kind(), ErrorKind::Dtype { lossy: hint, .. } if hint == lossy));
            }
        }
    }
    assert!(pairs > 60);
}

#[test]
fn every_allowed_pair_converts_and_no_other() {
    for &from in Dtype::ALL {
        for &to in ElementKind::ALL {
            let zeros = vec![0; from.bits()];
            let converted = to.visit(Converted(from, &zeros, Casts::Lossy));
            assert_eq!(converted.is_ok(), allowed(from, to.dtype(), Casts::Lossy), "{from} to {to:?}");
            if let Ok(converted) = converted {
                assert_eq!(converted, vec![Exact::Integer(0); 8]);
            }
        }
    }
    assert!(!allowed(Dtype::C64, Dtype::F32, Casts::Lossy));
    assert!(!allowed(Dtype::F32, Dtype::BOOL, Casts::Lossy));
    assert!(!allowed(Dtype::C64, Dtype::BOOL, Casts::Lossy));
    assert!(allowed(Dtype::F64, Dtype::C64, Casts::Lossy));
}

fn lossy<S: Element, E: Element>(values: &[S]) -> Vec<E> {
    convert(S::DTYPE, memory::bytes_of(values), Casts::Lossy).unwrap()
}

#[test]
fn lossy_casts_saturate() {
    assert_eq!(lossy::<f32, u8>(&[-1.0, 1.9, 300.0, f32::NAN, f32::INFINITY]), [0, 1, 255, 0, 255]);
    assert_eq!(lossy::<i64, i8>(&[-1, 127, 128, i64::MIN, i64::MAX]), [-1, 127, 127, -128, 127]);
    assert_eq!(lossy::<i32, u64>(&[-1, i32::MAX]), [0, 0x7fff_ffff]);
    assert_eq!(lossy::<u64, i64>(&[u64::MAX]), [i64::MAX]);
    assert_eq!(lossy::<bf16, i32>(&[bf16::MAX, bf16::from_f32(-2.5)]), [i32::MAX, -2]);
    assert_eq!(lossy::<f64, f32>(&[1e300, 0.1]), [f32::INFINITY, 0.1]);
    assert_eq!(lossy::<u64, f16>(&[u64::MAX, 2049, 65520, 65519]).map_bits(), [0x7c00, 0x6800, 0x7c00, 0x7bff]);
    assert_eq!(lossy::<f64, Complex<f32>>(&[0.5]), [Complex::new(0.5, 0.0)]);
    assert_eq!(lossy::<f32, f32>(&[0.5]), [0.5]);
}

trait MapBits {
    fn map_bits(self) -> Vec<u16>;
}

impl MapBits for Vec<f16> {
    fn map_bits(self) -> Vec<u16> {
        self.into_iter().map(f16::to_bits).collect()
    }
}

#[test]
fn nothing_is_rounded_twice_on_the_way_to_a_half() {
    // Just above and below halfway between 1 and the next bf16: an f32 does not see the difference.
    let tie = 1.0 + 2f64.powi(-8);
    let nudge = 2f64.powi(-50);
    let halves = lossy::<f64, bf16>(&[tie, tie + nudge, tie - nudge, -tie - nudge, 1e300, -1e-300, f64::NAN]);
    let up = bf16::from_bits(bf16::ONE.to_bits() + 1);
    assert_eq!(halves[..4], [bf16::ONE, up, bf16::ONE, -up]);
    assert_eq!(halves[4..6], [bf16::INFINITY, -bf16::ZERO]);
    assert!(halves[6].is_nan());

    let tie = (1i64 << 62) + (1 << 54);
    let halves = lossy::<i64, bf16>(&[tie, tie + 1, tie - 1, -tie - 1]);
    let up = bf16::from_f64(2f64.powi(62) + 2f64.powi(55));
    let down = bf16::from_f64(2f64.powi(62));
    assert_eq!(halves, [down, up, down, -up]);

    // Every value of a half is itself after the way there and back.
    for bits in 0..=u16::MAX {
        let (short, brain) = (f16::from_bits(bits), bf16::from_bits(bits));
        let back = (lossy::<f64, f16>(&[short.to_f64()])[0], lossy::<f64, bf16>(&[brain.to_f64()])[0]);
        assert!(back.0 == short || short.is_nan() && back.0.is_nan());
        assert!(back.1 == brain || brain.is_nan() && back.1.is_nan());
    }
}

#[test]
fn blocks_of_halves_are_converted_whole_and_in_part() {
    for count in [0, 1, 255, 256, 257, 1000] {
        let halves: Vec<f16> = (0..count).map(|i| f16::from_f32(i as f32)).collect();
        let floats: Vec<f32> = (0..count).map(|i| i as f32).collect();
        assert_eq!(lossy::<f16, f32>(&halves), floats);
    }
}

#[test]
fn bytes_that_are_no_elements_are_refused() {
    assert!(convert::<f32>(Dtype::F32, &[0; 7], Casts::Widen).is_err());
    assert!(convert::<f64>(Dtype::F32, &[0; 7], Casts::Widen).is_err());
    let error = convert::<bool>(Dtype::BOOL, &[0, 1, 2], Casts::Exact).unwrap_err();
    assert_eq!(error.to_string(), "expected BOOL bytes of 0 or 1, found 2 at index 2");
    assert!(convert::<u8>(Dtype::BOOL, &[0, 1, 2], Casts::Widen).is_err());
    assert_eq!(convert::<u8>(Dtype::BOOL, &[0, 1], Casts::Widen).unwrap(), [0, 1]);
}
