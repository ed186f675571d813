//! Maps, with keys of every scalar type.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use ndarray::{Array1, array};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Dense, dense, keys_and_metadata, round_trip, round_trip_everywhere, unsaved};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
enum Part {
    Encoder,
    #[serde(rename = "dec oder")]
    Decoder,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
struct Name(String);

/// Maps from keys to tensors, leaves and structs.
#[derive(PartialEq, Serialize, Deserialize)]
#[serde(bound = "K: Ord + Serialize + DeserializeOwned")]
struct Maps<K> {
    tensors: BTreeMap<K, Array1<f32>>,
    numbers: BTreeMap<K, u8>,
    modules: BTreeMap<K, Option<Dense>>,
    list: Vec<BTreeMap<K, String>>,
}

#[track_caller]
fn keys_come_back<K: Clone + Ord + Serialize + DeserializeOwned>(keys: &[K]) {
    let keys = || keys.iter().cloned();
    let tensors = || keys().map(|key| (key, array![1.0f32])).collect();
    let mixed = keys().enumerate().map(|(at, key)| (key, (at % 2 == 0).then(|| dense(1.0))));
    round_trip::<BTreeMap<K, Array1<f32>>>(&tensors());
    round_trip(&Maps {
        tensors: tensors(),
        numbers: keys().map(|key| (key, 1)).collect(),
        modules: mixed.collect(),
        list: vec![keys().map(|key| (key, "x".to_owned())).collect(), BTreeMap::new()],
    });
}

#[test]
fn keys_of_every_scalar_type_come_back() {
    keys_come_back(&["a".to_owned(), "ü b".to_owned(), "0x".to_owned()]);
    keys_come_back(&['a', 'ß', ' ', '5']);
    keys_come_back(&[true, false]);
    keys_come_back(&[u8::MIN, u8::MAX]);
    keys_come_back(&[u16::MIN, u16::MAX]);
    keys_come_back(&[u32::MIN, u32::MAX]);
    keys_come_back(&[u64::MIN, u64::MAX]);
    keys_come_back(&[usize::MIN, usize::MAX]);
    keys_come_back(&[u128::MIN, u128::MAX]);
    keys_come_back(&[i8::MIN, -1, 0, i8::MAX]);
    keys_come_back(&[i16::MIN, i16::MAX]);
    keys_come_back(&[i32::MIN, i32::MAX]);
    keys_come_back(&[i64::MIN, i64::MAX]);
    keys_come_back(&[i128::MIN, i128::MAX]);
    keys_come_back(&[Part::Encoder, Part::Decoder]);
    keys_come_back(&[Name("a".into()), Name("b".into())]);
    keys_come_back(&[Some(1), Some(2)]);
    keys_come_back(&[Box::new(1), Box::new(2)]);
}

#[test]
fn float_keys_come_back() {
    /// Floats are no keys of Rust's own maps.
    #[derive(Debug, PartialEq)]
    struct ByFloat(Vec<(f64, Array1<f32>)>);
    impl Serialize for ByFloat {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
        }
    }
    impl<'de> Deserialize<'de> for ByFloat {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visitor;
            impl<'de> serde::de::Visitor<'de> for Visitor {
                type Value = ByFloat;
                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("a map")
                }
                fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<ByFloat, A::Error> {
                    let mut entries = Vec::new();
                    while let Some(entry) = map.next_entry()? {
                        entries.push(entry);
                    }
                    Ok(ByFloat(entries))
                }
            }
            deserializer.deserialize_map(Visitor)
        }
    }
    let value = ByFloat(vec![(-2.0, array![1.0]), (1e30, array![2.0])]);
    round_trip(&value);
    // A decimal point is flax's separator.
    let fraction = ByFloat(vec![(0.5, array![1.0])]);
    assert!(unsaved(&fraction).contains("`0.5` holds the separator `.`"));
    let options = safejax::Options::new().naming(safejax::Naming::flax().separator("/"));
    let bytes = options.to_bytes(&fraction).unwrap();
    assert_eq!(safejax::from_bytes::<ByFloat>(&bytes).unwrap(), fraction);
}

#[test]
fn a_key_that_is_no_scalar_is_an_error_that_says_where() {
    fn message<K: Serialize>(key: K) -> String {
        struct OneEntry<K>(K);
        impl<K: Serialize> Serialize for OneEntry<K> {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map([(&self.0, 1)])
            }
        }
        unsaved(&BTreeMap::from([("outer", OneEntry(key))]))
    }
    #[derive(Serialize)]
    enum Payload {
        New(u8),
        Tuple(u8, u8),
        Struct { a: u8 },
    }
    let expected = "`outer`: expected a string, a number, a bool, a char or a unit variant as a map key, found ";
    for (found, message) in [
        ("a sequence", message(vec![1])),
        ("a tuple", message((1, 2))),
        ("None", message(None::<u8>)),
        ("a unit", message(())),
        ("a map", message(BTreeMap::from([(1, 2)]))),
        ("a struct", message(crate::config())),
        ("a variant with a payload", message(Payload::New(1))),
        ("a variant with a payload", message(Payload::Tuple(1, 2))),
        ("a variant with a payload", message(Payload::Struct { a: 1 })),
    ] {
        assert_eq!(message, format!("{expected}{found}"));
    }
}

#[test]
fn empty_maps_are_kept() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Maps {
        empty: BTreeMap<String, Dense>,
        full: BTreeMap<String, Dense>,
        of_empty: BTreeMap<String, BTreeMap<String, Dense>>,
    }
    let full = BTreeMap::from([("a".to_owned(), dense(1.0))]);
    let of_empty = BTreeMap::from([("x".to_owned(), full.clone()), ("y".to_owned(), BTreeMap::new())]);
    let maps = Maps { empty: BTreeMap::new(), full, of_empty };
    round_trip(&maps);
    let (_, metadata) = keys_and_metadata(&safejax::to_bytes(&maps).unwrap());
    assert_eq!((metadata["empty"].as_str(), metadata["of_empty.y"].as_str()), ("{}", "{}"));
}

#[test]
fn a_map_is_nested_like_a_struct() {
    let map = BTreeMap::from([("out", BTreeMap::from([("kernel", dense(1.0).kernel)]))]);
    let (keys, metadata) = keys_and_metadata(&safejax::to_bytes(&map).unwrap());
    assert_eq!((keys, metadata), (vec!["out.kernel".to_owned()], BTreeMap::new()));
}

#[test]
fn maps_of_maps_and_of_lists_come_back() {
    let inner = || IndexMap::from([("z".to_owned(), vec![dense(1.0), dense(2.0)]), ("a".to_owned(), vec![])]);
    round_trip_everywhere(BTreeMap::from([(1, inner()), (2, IndexMap::new())]));
    round_trip(&BTreeMap::from([(true, BTreeMap::from([('x', vec![1, 2])]))]));
    round_trip(&BTreeMap::from([("k".to_owned(), (dense(1.0), 2, "x".to_owned()))]));
}

#[test]
fn an_empty_key_comes_back() {
    round_trip(&BTreeMap::from([(String::new(), array![1.0f32]), ("a".to_owned(), array![2.0])]));
    round_trip(&BTreeMap::from([("a".to_owned(), BTreeMap::from([(String::new(), dense(1.0))]))]));
}
