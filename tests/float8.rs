//! The 8-bit floats of the crate `float8` as elements.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use float8::{F8E4M3, F8E5M2};
use half::{bf16, f16};
use ndarray::{Array1, Array2, ArrayView1, array};
use safejax::{Casts, Checkpoint, Dtype, Element, Options, Tensor};
use serde::{Deserialize, Serialize};

/// What the bits stand for, by the definition of the formats.
fn value(bits: u8, fraction: i32, bias: i32) -> f64 {
    let sign = if bits & 0x80 == 0 { 1.0 } else { -1.0 };
    let exponent = i32::from((bits & 0x7f) >> fraction);
    let rest = f64::from(bits & ((1 << fraction) - 1)) / f64::from(1 << fraction);
    match exponent {
        0 => sign * rest * 2f64.powi(1 - bias),
        _ => sign * (1.0 + rest) * 2f64.powi(exponent - bias),
    }
}

fn e4m3(bits: u8) -> f64 {
    if bits & 0x7f == 0x7f { f64::NAN } else { value(bits, 3, 7) }
}

fn e5m2(bits: u8) -> f64 {
    match bits & 0x7f {
        0x7c => value(bits, 2, 15).signum() * f64::INFINITY,
        0x7d.. => f64::NAN,
        _ => value(bits, 2, 15),
    }
}

fn every() -> Vec<u8> {
    (0..=u8::MAX).collect()
}

fn load<E: Element>(dtype: Dtype, bytes: Vec<u8>) -> safejax::Result<Vec<E>> {
    Tensor::new(dtype, vec![bytes.len() * 8 / dtype.bits()], bytes).unwrap().to_vec()
}

#[test]
fn every_value_widens_to_what_it_is() {
    type Meaning = fn(u8) -> f64;
    for (dtype, meaning) in [(Dtype::F8_E4M3, e4m3 as Meaning), (Dtype::F8_E5M2, e5m2)] {
        let widened = [
            load::<f64>(dtype, every()).unwrap(),
            load::<f32>(dtype, every()).unwrap().into_iter().map(f64::from).collect(),
            load::<f16>(dtype, every()).unwrap().into_iter().map(f64::from).collect(),
            load::<bf16>(dtype, every()).unwrap().into_iter().map(f64::from).collect(),
        ];
        for values in widened {
            for (bits, value) in every().into_iter().zip(values) {
                let expected = meaning(bits);
                assert!(
                    value == expected && value.is_sign_negative() == expected.is_sign_negative()
                        || value.is_nan() && expected.is_nan(),
                    "{dtype} {bits:#x}: {value}, not {expected}"
                );
            }
        }
        assert!(load::<i32>(dtype, every()).is_err());
    }
    assert!(load::<F8E5M2>(Dtype::F8_E4M3, every()).is_err());
}

/// The bits that a number is stored as.
fn narrow(dtype: Dtype, number: f64) -> u8 {
    let tensor = Tensor::from(array![number]);
    match dtype {
        Dtype::F8_E4M3 => tensor.to_vec_with::<F8E4M3>(Casts::Lossy).unwrap()[0].to_bits(),
        _ => tensor.to_vec_with::<F8E5M2>(Casts::Lossy).unwrap()[0].to_bits(),
    }
}

#[test]
fn a_number_narrows_to_the_nearest_ties_to_even() {
    for (dtype, meaning, greatest) in
        [(Dtype::F8_E4M3, e4m3 as fn(u8) -> f64, 0x7e_u8), (Dtype::F8_E5M2, e5m2 as fn(u8) -> f64, 0x7b)]
    {
        for bits in 0..=greatest {
            assert_eq!(narrow(dtype, meaning(bits)), bits);
            assert_eq!(narrow(dtype, -meaning(bits)), bits | 0x80);
            // Beyond the greatest as if there were one more.
            let step =
                if bits == greatest { meaning(bits) - meaning(bits - 1) } else { meaning(bits + 1) - meaning(bits) };
            let halfway = meaning(bits) + step / 2.0;
            assert_eq!(narrow(dtype, halfway), bits + (bits & 1), "{dtype} {bits:#x}");
            assert_eq!(narrow(dtype, halfway.next_down()), bits);
            assert_eq!(narrow(dtype, halfway.next_up()), bits + 1);
        }
    }
}

#[test]
fn what_is_too_large_is_an_infinity_or_nan_as_in_jax() {
    for number in [1e9, f64::INFINITY, 500.0] {
        assert_eq!(narrow(Dtype::F8_E4M3, number), 0x7f);
        assert_eq!(narrow(Dtype::F8_E4M3, -number), 0xff);
    }
    assert_eq!(narrow(Dtype::F8_E5M2, f64::INFINITY), 0x7c);
    assert_eq!(narrow(Dtype::F8_E5M2, -1e9), 0xfc);
    assert!(e5m2(narrow(Dtype::F8_E5M2, f64::NAN)).is_nan());
    assert!(e4m3(narrow(Dtype::F8_E4M3, f64::NAN)).is_nan());
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Plain {
    e4m3: Array1<F8E4M3>,
    e5m2: Array1<F8E5M2>,
}

fn plain() -> Plain {
    Plain { e4m3: (0..0x7f).map(F8E4M3::from_bits).collect(), e5m2: (0..0x7c).map(F8E5M2::from_bits).collect() }
}

#[test]
fn arrays_are_tensors_of_their_dtype() {
    let bytes = safejax::to_bytes(&plain()).unwrap();
    let checkpoint = Checkpoint::from_bytes(&bytes).unwrap();
    for (key, dtype, len) in [("e4m3", Dtype::F8_E4M3, 0x7f), ("e5m2", Dtype::F8_E5M2, 0x7c)] {
        let tensor = checkpoint.tensor(key).unwrap();
        assert_eq!((tensor.dtype(), tensor.bytes()), (dtype, (0..len).collect::<Vec<u8>>().as_slice()));
    }
    assert_eq!(safejax::from_bytes::<Plain>(&bytes).unwrap(), plain());
}

#[test]
fn arrays_pass_through_what_serde_buffers() {
    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    struct Flat {
        #[serde(flatten)]
        plain: Plain,
    }
    let bytes = safejax::to_bytes(&Flat { plain: plain() }).unwrap();
    assert_eq!(safejax::from_bytes::<Flat>(&bytes).unwrap().plain, plain());
}

#[test]
fn an_array_that_is_not_recognised_is_walked_one_by_one() {
    struct Wrapped(Array1<F8E4M3>);
    impl Serialize for Wrapped {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.0.serialize(serializer)
        }
    }
    let map = |array| std::collections::BTreeMap::from([("x", array)]);
    let bytes = safejax::to_bytes(&map(Wrapped(plain().e4m3))).unwrap();
    assert_eq!(Checkpoint::from_bytes(&bytes).unwrap().tensor("x").unwrap().dtype(), Dtype::F8_E4M3);
}

#[test]
fn a_field_is_stored_as_8_bit_floats() {
    #[derive(safejax::Serialize, safejax::Deserialize, Debug, PartialEq)]
    struct Narrow {
        #[tensor(dtype = "F8_E4M3")]
        kernel: Array2<f32>,
        #[tensor]
        scales: Vec<[F8E5M2; 2]>,
        #[tensor]
        scale: F8E5M2,
    }
    let narrow = Narrow {
        kernel: array![[1.0, 300.0]],
        scales: vec![[F8E5M2::from_bits(1), F8E5M2::from_bits(2)]],
        scale: F8E5M2::from_bits(3),
    };
    let bytes = safejax::to_bytes(&narrow).unwrap();
    assert_eq!(Checkpoint::from_bytes(&bytes).unwrap().tensor("kernel").unwrap().bytes(), [0x38, 0x79]);
    let loaded: Narrow = safejax::from_bytes(&bytes).unwrap();
    assert_eq!(loaded, Narrow { kernel: array![[1.0, 288.0]], ..narrow });
}

#[test]
fn a_view_borrows_8_bit_floats() {
    #[derive(safejax::Deserialize)]
    struct View<'a> {
        #[tensor]
        e4m3: ArrayView1<'a, F8E4M3>,
    }
    let bytes = safejax::to_bytes(&plain()).unwrap();
    let view: View<'_> = safejax::from_bytes(&bytes).unwrap();
    assert!(bytes.as_ptr_range().contains(&view.e4m3.as_ptr().cast()));
    assert_eq!(view.e4m3, plain().e4m3);
}

#[test]
fn the_casts_hold() {
    let bytes = safejax::to_bytes(&std::collections::BTreeMap::from([("e4m3", array![1f32])])).unwrap();
    #[derive(Deserialize)]
    struct One {
        e4m3: Array1<F8E4M3>,
    }
    assert!(safejax::from_bytes::<One>(&bytes).is_err());
    let one: One = Options::new().casts(Casts::Lossy).from_bytes(&bytes).unwrap();
    assert_eq!(one.e4m3[0].to_bits(), 0x38);
}
