//! Enums: the four shapes of variants in the four taggings of serde.

use std::collections::BTreeMap;

use ndarray::{Array1, array};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Dense, dense, keys_and_metadata, refused, round_trip};

/// Values of an enum in every position.
#[derive(PartialEq, Serialize, Deserialize)]
struct Positions<E> {
    field: E,
    some: Option<E>,
    none: Option<E>,
    list: Vec<E>,
    map: BTreeMap<String, E>,
    tuple: (E, Dense, E),
    lists: Vec<Vec<E>>,
}

/// Whether every value comes back in every position.
#[track_caller]
fn come_back<E: Clone + PartialEq + Serialize + DeserializeOwned>(values: &[E]) {
    for value in values {
        round_trip(value);
        round_trip(&Positions {
            field: value.clone(),
            some: Some(value.clone()),
            none: None,
            list: values.to_vec(),
            map: values.iter().enumerate().map(|(at, value)| (format!("k{at}"), value.clone())).collect(),
            tuple: (value.clone(), dense(1.0), value.clone()),
            lists: vec![vec![], values.to_vec(), vec![value.clone()]],
        });
    }
}

/// All shapes with and without tensors; `$attribute` is the tagging.
macro_rules! shapes {
    ($name:ident $(, $attribute:meta)?) => {
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        $(#[$attribute])?
        enum $name {
            Unit,
            Number(i64),
            Text(String),
            Module(Dense),
            List(Vec<Array1<f32>>),
            Optional(Option<Dense>),
            Pair(u8, String),
            Tensors(Array1<f32>, Dense),
            Empty {},
            Leaves { a: u8, b: Vec<u8> },
            Struct { tensor: Array1<f32>, module: Dense, number: u8 },
        }

        impl $name {
            fn all() -> Vec<Self> {
                let tensor = || array![1.0f32, 2.0];
                vec![
                    Self::Unit,
                    Self::Number(-5),
                    Self::Text("Unit".into()),
                    Self::Module(dense(1.0)),
                    Self::List(vec![tensor(), tensor()]),
                    Self::Optional(Some(dense(2.0))),
                    Self::Optional(None),
                    Self::Pair(1, "b".into()),
                    Self::Tensors(tensor(), dense(3.0)),
                    Self::Empty {},
                    Self::Leaves { a: 1, b: vec![2, 3] },
                    Self::Struct { tensor: tensor(), module: dense(4.0), number: 6 },
                ]
            }
        }
    };
}

shapes!(External);
shapes!(Adjacent, serde(tag = "kind", content = "of"));

#[test]
fn externally_tagged_enums_come_back() {
    come_back(&External::all());
}

#[test]
fn adjacently_tagged_enums_come_back() {
    let mut all = Adjacent::all();
    // See `unsupported.rs`.
    all.retain(|value| *value != Adjacent::Empty {});
    come_back(&all);
}

/// serde has no tuple variants here, and newtype variants only of structs and maps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Internal {
    Unit,
    Module(Dense),
    Map(BTreeMap<String, Dense>),
    Numbers(BTreeMap<String, u8>),
    Empty {},
    Leaves { a: u8, b: Vec<u8> },
    Struct { tensor: Array1<f32>, module: Dense, number: u8, none: Option<Dense>, list: Vec<Dense> },
}

#[test]
fn internally_tagged_enums_come_back() {
    let list = vec![dense(1.0), dense(2.0)];
    come_back(&[
        Internal::Unit,
        Internal::Module(dense(1.0)),
        Internal::Map(BTreeMap::from([("a".into(), dense(1.0)), ("b".into(), dense(2.0))])),
        Internal::Numbers(BTreeMap::from([("a".into(), 1)])),
        Internal::Empty {},
        Internal::Leaves { a: 1, b: vec![2, 3] },
        Internal::Struct { tensor: array![1.0], module: dense(4.0), number: 6, none: None, list },
    ]);
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(i64),
    Flag(bool),
    Text(String),
    Module(Dense),
    Integers(Array1<i32>),
    Tensor(Array1<f32>),
    Pair(u8, String),
    Tensors(Array1<f32>, Dense),
    Struct { tensor: Array1<f32>, number: u8 },
    Leaves { a: u8, b: Vec<u8> },
    List(Vec<Dense>),
    Unit,
}

#[test]
fn untagged_enums_come_back() {
    come_back(&[
        Untagged::Number(5),
        Untagged::Flag(true),
        Untagged::Text("5".into()),
        Untagged::Text("plain".into()),
        Untagged::Module(dense(1.0)),
        Untagged::Tensor(array![1.0, 2.0]),
        Untagged::Integers(array![1, 2]),
        Untagged::Pair(1, "b".into()),
        Untagged::Tensors(array![1.0], dense(3.0)),
        Untagged::Struct { tensor: array![1.0], number: 6 },
        Untagged::Leaves { a: 1, b: vec![2, 3] },
        Untagged::List(vec![dense(1.0), dense(2.0)]),
    ]);
}

#[test]
fn an_untagged_unit_is_what_is_not_there() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Model {
        head: Untagged,
        layers: Vec<Untagged>,
    }
    round_trip(&Model { head: Untagged::Unit, layers: vec![Untagged::Unit, Untagged::Module(dense(1.0))] });
    round_trip(&Model { head: Untagged::Unit, layers: vec![Untagged::Unit, Untagged::Number(1)] });
}

#[test]
fn elements_keep_their_dtype_through_the_buffer_of_an_untagged_enum() {
    use half::{bf16, f16};
    use num_complex::Complex;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Any {
        Tensor(safejax::Tensor),
        Rest(String),
    }
    let tensor = |tensor: safejax::Tensor| Any::Tensor(tensor);
    round_trip(&BTreeMap::from(
        [
            ("bool", tensor(array![true, false].into())),
            ("u8", tensor(array![1u8].into())),
            ("i16", tensor(array![[1i16], [-1]].into())),
            ("u64", tensor(array![u64::MAX].into())),
            ("f16", tensor(array![f16::from_f32(0.5)].into())),
            ("bf16", tensor(array![bf16::from_f32(-2.0)].into())),
            ("f32", tensor(array![f32::INFINITY].into())),
            ("f64", tensor(array![f64::MIN_POSITIVE].into())),
            ("c64", tensor(array![Complex::new(1.0f32, -1.0)].into())),
            ("0-d", tensor(ndarray::arr0(5i32).into())),
            ("empty", tensor(Array1::<f32>::zeros(0).into())),
        ]
        .map(|(key, value)| (key.to_owned(), value)),
    ));
}

#[test]
fn the_keys_say_the_variant() {
    let value = BTreeMap::from([("a", External::Module(dense(1.0))), ("b", External::Unit)]);
    let (keys, metadata) = keys_and_metadata(&safejax::to_bytes(&value).unwrap());
    assert_eq!(keys, ["a.Module.bias", "a.Module.kernel"]);
    assert_eq!(metadata["b"], "Unit");
    let value = BTreeMap::from([("a", Adjacent::Module(dense(1.0)))]);
    let (keys, metadata) = keys_and_metadata(&safejax::to_bytes(&value).unwrap());
    assert_eq!(keys, ["a.of.bias", "a.of.kernel"]);
    assert_eq!(metadata["a.kind"], "Module");
    let value = BTreeMap::from([("a", Internal::Module(dense(1.0)))]);
    let (keys, metadata) = keys_and_metadata(&safejax::to_bytes(&value).unwrap());
    assert_eq!(keys, ["a.bias", "a.kernel"]);
    assert_eq!(metadata["a.kind"], "Module");
}

#[test]
fn names_of_variants_may_be_anything() {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    enum Odd {
        #[serde(rename = "null")]
        Null,
        #[serde(rename = "5")]
        Five,
        #[serde(rename = "\"")]
        Quote,
        #[serde(rename = "a.b", alias = "ab")]
        Path(Dense),
        #[serde(rename = "")]
        Empty,
    }
    come_back(&[Odd::Null, Odd::Five, Odd::Quote, Odd::Path(dense(1.0)), Odd::Empty]);
}

#[test]
fn what_is_no_variant_is_an_error_that_lists_them() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Small {
        A,
        B(Dense),
    }
    let field = |value| safejax::to_bytes(&BTreeMap::from([("x", value)])).unwrap();
    assert_eq!(
        refused::<BTreeMap<String, Small>>(&field(External::Unit)),
        "`x`: expected one of the variants `A`, `B`, found `Unit`"
    );
    assert_eq!(
        refused::<BTreeMap<String, Small>>(&field(External::Module(dense(1.0)))),
        "`x`: expected a variant of Small: `A`, `B`, found a module with `Module`"
    );
    let tensor = safejax::to_bytes(&BTreeMap::from([("x", array![1.0f32])])).unwrap();
    assert_eq!(refused::<BTreeMap<String, Small>>(&tensor), "`x`: expected a variant of Small, found a tensor F32 [1]");
}
