//! Arrays that are not known by their type: they come element by element, and make the same file.

use std::collections::BTreeMap;

use half::{bf16, f16};
use ndarray::{Array, Array1, Array2, Array3, Dimension, array};
use num_complex::Complex;
use serde::{Deserialize, Serialize, Serializer, ser::SerializeStruct};

use crate::{refused, unsaved};

/// Writes ndarray's form as any other type would.
struct Foreign<'a, E, D: Dimension>(&'a Array<E, D>);

impl<E: Serialize, D: Dimension + Serialize> Serialize for Foreign<'_, E, D> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Elements<'a, E, D: Dimension>(&'a Array<E, D>);
        impl<E: Serialize, D: Dimension> Serialize for Elements<'_, E, D> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(self.0)
            }
        }
        let mut form = serializer.serialize_struct("Array", 3)?;
        form.serialize_field("v", &1u8)?;
        form.serialize_field("dim", &self.0.raw_dim())?;
        form.serialize_field("data", &Elements(self.0))?;
        form.end()
    }
}

/// Reads ndarray's form with a type of its own for the elements.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename = "Array")]
struct Form<E> {
    v: u8,
    dim: Vec<usize>,
    data: Elements<E>,
}

#[derive(Debug, PartialEq)]
struct Elements<E>(Vec<E>);

impl<'de, E: Deserialize<'de>> Deserialize<'de> for Elements<E> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<E>(Vec<E>);
        impl<'de, E: Deserialize<'de>> serde::de::Visitor<'de> for Visitor<E> {
            type Value = Elements<E>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("elements")
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(mut self, mut seq: A) -> Result<Elements<E>, A::Error> {
                while let Some(element) = seq.next_element()? {
                    self.0.push(element);
                }
                Ok(Elements(self.0))
            }
        }
        deserializer.deserialize_seq(Visitor(Vec::new()))
    }
}

macro_rules! same_bytes_and_elements {
    ($($element:ty: $array:expr;)*) => { $({
        let array: Array2<$element> = $array;
        let known = safejax::to_bytes(&BTreeMap::from([("a", &array)])).unwrap();
        let foreign = safejax::to_bytes(&BTreeMap::from([("a", Foreign(&array))])).unwrap();
        assert_eq!(known, foreign, stringify!($element));
        let loaded: BTreeMap<String, Form<$element>> = safejax::from_bytes(&known).unwrap();
        let expected = Form { v: 1, dim: array.shape().to_vec(), data: Elements(array.iter().copied().collect()) };
        assert_eq!(loaded["a"], expected);
    })* };
}

#[test]
fn every_element_makes_the_same_file_and_reads_one_by_one() {
    same_bytes_and_elements! {
        bool: array![[true, false]];
        u8: array![[1, 2], [3, 4]];
        i8: array![[-1, 2]];
        u16: array![[u16::MAX]];
        i16: array![[i16::MIN]];
        u32: array![[u32::MAX]];
        i32: array![[i32::MIN]];
        u64: array![[u64::MAX]];
        i64: array![[i64::MIN]];
        f32: array![[0.1, f32::INFINITY]];
        f64: array![[0.1, 1e300]];
        f16: array![[f16::from_f32(0.5), f16::MAX], [f16::MIN, f16::EPSILON]];
        bf16: array![[bf16::from_f32(0.5)], [bf16::MAX]];
        Complex<f32>: array![[Complex::new(1.0, -1.0), Complex::new(0.5, 2.0)]];
    }
}

#[test]
fn any_layout_is_written_in_logical_order() {
    let array: Array3<f32> = Array::from_shape_fn((2, 3, 4), |(i, j, k)| (i * 100 + j * 10 + k) as f32);
    let turned = array.clone().reversed_axes();
    let known = safejax::to_bytes(&[&turned]).unwrap();
    assert_eq!(known, safejax::to_bytes(&[Foreign(&turned)]).unwrap());
}

#[test]
fn a_wrapper_around_an_array_is_one() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(transparent)]
    struct Wrapper(Array2<f16>);
    struct ByDelegation(Array1<Complex<f32>>);
    impl Serialize for ByDelegation {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.0.serialize(serializer)
        }
    }
    crate::round_trip(&vec![Wrapper(array![[f16::ONE]]), Wrapper(array![[f16::NEG_ONE]])]);
    let complex = array![Complex::new(1.0f32, 2.0)];
    let known = safejax::to_bytes(&[&complex]).unwrap();
    assert_eq!(known, safejax::to_bytes(&[ByDelegation(complex)]).unwrap());
}

#[test]
fn an_unknown_empty_array_has_no_dtype() {
    let message = unsaved(&BTreeMap::from([("a", Foreign(&Array2::<f32>::zeros((0, 3))))]));
    assert!(message.starts_with("`a`: an empty array of a type that is not recognised has no dtype"), "{message}");
}

#[test]
fn elements_must_be_of_one_dtype() {
    let complex = array![Complex::new(1.0f64, 2.0)];
    let message = unsaved(&BTreeMap::from([("a", complex)]));
    assert_eq!(message, "`a`: expected complex numbers of two f32, found a tuple of F64");
    let text = unsaved(&BTreeMap::from([("a", array!["x".to_owned()])]));
    assert_eq!(text, "`a`: expected a number as the element of an array, found text");
    let wide = unsaved(&BTreeMap::from([("a", array![1i128])]));
    assert_eq!(wide, "`a`: expected a number as the element of an array, found a number of type i128");
}

#[test]
fn an_array_of_options_is_none() {
    let message = unsaved(&BTreeMap::from([("a", array![Some(1.0f32), None])]));
    assert_eq!(message, "`a`: expected a number as the element of an array, found a unit or None");
}

#[test]
fn the_form_must_be_complete() {
    let bytes = safejax::to_bytes(&BTreeMap::from([("a", 5)])).unwrap();
    assert_eq!(refused::<BTreeMap<String, Array1<f32>>>(&bytes), "`a`: expected a tensor, found the leaf `5`");
}
