//! Scalars, strings and bytes, to the bit.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{keys_and_metadata, leaf_text, refused, round_trip};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Scalars {
    bool: bool,
    char: char,
    i8: i8,
    i16: i16,
    i32: i32,
    i64: i64,
    i128: i128,
    u8: u8,
    u16: u16,
    u32: u32,
    u64: u64,
    u128: u128,
    f32: f32,
    f64: f64,
}

const LEAST: Scalars = Scalars {
    bool: false,
    char: '\0',
    i8: i8::MIN,
    i16: i16::MIN,
    i32: i32::MIN,
    i64: i64::MIN,
    i128: i128::MIN,
    u8: 0,
    u16: 0,
    u32: 0,
    u64: 0,
    u128: 0,
    f32: f32::MIN,
    f64: f64::NEG_INFINITY,
};

const GREATEST: Scalars = Scalars {
    bool: true,
    char: char::MAX,
    i8: i8::MAX,
    i16: i16::MAX,
    i32: i32::MAX,
    i64: i64::MAX,
    i128: i128::MAX,
    u8: u8::MAX,
    u16: u16::MAX,
    u32: u32::MAX,
    u64: u64::MAX,
    u128: u128::MAX,
    f32: f32::INFINITY,
    f64: f64::MAX,
};

#[test]
fn the_extremes_of_every_scalar_come_back() {
    for value in [LEAST, GREATEST] {
        round_trip(&value);
        round_trip(&vec![value.clone(), value.clone()]);
        round_trip(&(value.clone(), crate::dense(1.0)));
    }
}

#[test]
fn a_number_is_its_json_text() {
    for (text, expected) in [
        (leaf_text(5u8), "5"),
        (leaf_text(-1i64), "-1"),
        (leaf_text(true), "true"),
        (leaf_text(1.0f32), "1.0"),
        (leaf_text(0.1f32), "0.1"),
        (leaf_text(-0.0f64), "-0.0"),
        (leaf_text(f64::NAN), "NaN"),
        (leaf_text(f32::INFINITY), "Infinity"),
        (leaf_text(f64::NEG_INFINITY), "-Infinity"),
        (leaf_text(i128::from(u64::MAX) + 1), "18446744073709551616"),
        (leaf_text(i128::MIN), "-170141183460469231731687303715884105728"),
        (leaf_text('5'), "\"5\""),
        (leaf_text('x'), "x"),
    ] {
        assert_eq!(text, expected);
    }
}

#[test]
fn strings_of_every_kind_come_back() {
    let strings = [
        "",
        " ",
        "relu",
        "5",
        "-1",
        "1e5",
        "true",
        "null",
        "NaN",
        "nan",
        "Infinity",
        "-Infinity",
        "inf",
        "[1,2]",
        "{}",
        "[",
        "\"quoted\"",
        "\"",
        "\\",
        "a\nb",
        "\u{0}",
        "ünï ✓",
        "99999999999999999999999",
        "{\"a\":1}",
        " 5 ",
    ];
    round_trip(&strings.map(str::to_owned).to_vec());
    round_trip(
        &strings
            .iter()
            .enumerate()
            .map(|(at, text)| (format!("k{at}"), (*text).to_owned()))
            .collect::<BTreeMap<_, _>>(),
    );
    for text in strings {
        round_trip(&(crate::dense(1.0), text.to_owned(), Some(text.to_owned())));
    }
}

/// Bits, so that NaN equals itself.
fn bits(floats: &[f32]) -> Vec<u32> {
    floats.iter().map(|float| if float.is_nan() { u32::MAX } else { float.to_bits() }).collect()
}

#[derive(Serialize, Deserialize)]
struct Floats {
    alone: (crate::Dense, f32, f64),
    list: Vec<f32>,
    wide: Vec<f64>,
}

fn floats_come_back(float: f32, wide: f64) {
    let floats = Floats { alone: (crate::dense(1.0), float, wide), list: vec![float, 1.0], wide: vec![wide] };
    let by_bytes: Floats = safejax::from_bytes(&safejax::to_bytes(&floats).unwrap()).unwrap();
    let by_tree: Floats = safejax::from_tree(&safejax::to_tree(&floats).unwrap()).unwrap();
    for loaded in [by_bytes, by_tree] {
        assert_eq!(bits(&[loaded.alone.1, loaded.list[0]]), bits(&[float, float]), "{float:e}");
        for back in [loaded.alone.2, loaded.wide[0]] {
            assert!(back.to_bits() == wide.to_bits() || (back.is_nan() && wide.is_nan()), "{wide:e}");
        }
    }
}

#[test]
fn notable_floats_come_back_to_the_bit() {
    for float in [0.0, -0.0, f32::NAN, f32::MIN_POSITIVE, 1e-45, -1.175_494_2e-38, f32::EPSILON, f32::MAX, 16777217.0] {
        floats_come_back(float, f64::from(float));
    }
    for wide in [5e-324, 2.225_073_858_507_201e-308, 1e16, 123456789012345680000.0, 1e300, f64::MAX, 0.1 + 0.2] {
        floats_come_back(1.0, wide);
    }
    // Parsed as an f64, this one is rounded to a neighbour.
    floats_come_back(7.038531e-26, 1.0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_float_comes_back_to_the_bit(float: u32, wide: u64) {
        floats_come_back(f32::from_bits(float), f64::from_bits(wide));
    }

    #[test]
    fn every_integer_comes_back(signed: i128, unsigned: u128, text: String, narrow: i64) {
        round_trip(&(crate::dense(1.0), (signed, unsigned), vec![signed], text, narrow));
    }
}

#[test]
fn a_number_reads_as_any_type_that_holds_it() {
    #[derive(Serialize, Deserialize)]
    struct Field<T> {
        value: T,
    }
    let bytes = safejax::to_bytes(&Field { value: 7u8 }).unwrap();
    assert_eq!(safejax::from_bytes::<Field<i128>>(&bytes).unwrap().value, 7);
    assert_eq!(safejax::from_bytes::<Field<f64>>(&bytes).unwrap().value, 7.0);
    let bytes = safejax::to_bytes(&BTreeMap::from([("x", 300)])).unwrap();
    assert_eq!(refused::<BTreeMap<String, u8>>(&bytes), "`x`: invalid value: integer `300`, expected u8");
    assert_eq!(refused::<BTreeMap<String, bool>>(&bytes), "`x`: invalid type: integer `300`, expected a boolean");
    assert_eq!(refused::<BTreeMap<String, char>>(&bytes), "`x`: invalid type: integer `300`, expected a character");
    let bytes = safejax::to_bytes(&BTreeMap::from([("x", "text")])).unwrap();
    assert_eq!(refused::<BTreeMap<String, u8>>(&bytes), "`x`: expected a number of type u8, found string \"text\"");
}

/// What `serde_bytes` does.
#[derive(Clone, Debug, PartialEq)]
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Bytes;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Bytes, E> {
                Ok(Bytes(bytes))
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }
        }
        deserializer.deserialize_byte_buf(Visitor)
    }
}

#[test]
fn bytes_are_a_tensor_of_one_axis() {
    let bytes = || Bytes(vec![0, 255, 7]);
    round_trip(&bytes());
    round_trip(&Bytes(vec![]));
    round_trip(&(bytes(), vec![bytes(), Bytes(vec![])], Some(bytes())));
    round_trip(&BTreeMap::from([("a".to_owned(), bytes())]));
    let file = safejax::to_bytes(&BTreeMap::from([("a", bytes())])).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&file).unwrap();
    let tensor = tensors.tensor("a").unwrap();
    assert_eq!((tensor.dtype(), tensor.shape(), tensor.data()), (safetensors::Dtype::U8, &[3][..], &[0, 255, 7][..]));
    assert_eq!(keys_and_metadata(&file).1.len(), 0);
    let other = safejax::to_bytes(&BTreeMap::from([("a", ndarray::array![1.0f32])])).unwrap();
    assert_eq!(
        refused::<BTreeMap<String, Bytes>>(&other),
        "`a`: expected bytes, a tensor of dtype U8 and one axis, found a tensor F32 [1]"
    );
}
