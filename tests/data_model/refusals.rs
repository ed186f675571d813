//! What no naming can hold is refused when it is saved, and the message has the paths.

use std::collections::BTreeMap;

use ndarray::{Array1, array};
use safejax::{ErrorKind, Naming, Options};
use serde::Serialize;

use crate::dense;

fn refusal<T: Serialize>(naming: Naming, value: &T) -> safejax::Error {
    match Options::new().naming(naming).to_bytes(value) {
        Ok(_) => panic!("it was saved"),
        Err(error) => error,
    }
}

fn tensor() -> Array1<f32> {
    array![1.0]
}

#[test]
fn two_leaves_with_one_key_clash() {
    #[derive(Serialize)]
    struct Dotted {
        a: BTreeMap<&'static str, Array1<f32>>,
        #[serde(rename = "a.b")]
        b: Array1<f32>,
    }
    let dotted = Dotted { a: BTreeMap::from([("b", tensor())]), b: tensor() };
    let error = refusal(Naming::flax(), &dotted);
    assert!(matches!(error.kind(), ErrorKind::Clash { .. }));
    assert_eq!(error.to_string(), "`a.b`: `a.b` and `a.b` would both be stored here: rename one of them");

    #[derive(Serialize)]
    struct Suffixed {
        layers: Vec<crate::Dense>,
        layers_1: crate::Dense,
    }
    let suffixed = || Suffixed { layers: vec![dense(1.0), dense(2.0)], layers_1: dense(3.0) };
    for naming in [Naming::haiku(), Naming::flax().suffix_lists(true)] {
        let error = refusal(naming, &suffixed());
        assert_eq!(error.key(), Some("layers_1.bias"));
        let message = error.to_string();
        assert!(message.contains("`layers[1].bias` and `layers_1.bias` would both be stored here"), "{message}");
    }
    assert!(safejax::to_bytes(&suffixed()).is_ok());
}

#[test]
fn a_leaf_and_a_tensor_of_one_key_clash() {
    struct Twice;
    impl Serialize for Twice {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            use serde::ser::SerializeMap;
            let mut map = serializer.serialize_map(None)?;
            map.serialize_entry("a", &5)?;
            map.serialize_entry("a", &tensor())?;
            map.end()
        }
    }
    for naming in [Naming::flax(), Naming::flat(), Naming::keystr()] {
        assert!(matches!(refusal(naming, &Twice).kind(), ErrorKind::Clash { .. }));
    }
}

#[test]
fn a_leaf_below_another_is_refused_with_both_keys() {
    #[derive(Serialize)]
    struct Prefix<T> {
        #[serde(rename = "a.b")]
        inner: Array1<f32>,
        a: T,
    }
    for message in [
        refusal(Naming::flax(), &Prefix { inner: tensor(), a: tensor() }).to_string(),
        refusal(Naming::flax(), &Prefix { inner: tensor(), a: 5 }).to_string(),
    ] {
        assert!(message.starts_with("`a.b`: the flax (separator `.`) naming cannot hold this"), "{message}");
        assert!(message.contains("it lies below `a`"), "{message}");
    }
    // A separator that is in no name sets them apart.
    let options = Options::new().naming(Naming::flax().separator("/"));
    assert!(options.to_bytes(&Prefix { inner: tensor(), a: tensor() }).is_ok());
    // Haiku's modules and parameters may share a name.
    #[derive(Serialize)]
    struct Shared {
        linear: crate::Dense,
        #[serde(rename = "linear.extra")]
        extra: Array1<f32>,
    }
    assert!(Options::new().naming(Naming::haiku()).to_bytes(&Shared { linear: dense(1.0), extra: tensor() }).is_ok());
}

#[test]
fn a_key_with_the_separator_is_refused_where_it_would_not_read_back() {
    let map = |key: &'static str| BTreeMap::from([("m", BTreeMap::from([(key, tensor())]))]);
    for (naming, key, held) in [
        (Naming::flax(), "a.b", false),
        (Naming::flax(), "a/b", true),
        (Naming::flax().separator("/"), "a/b", false),
        (Naming::flax().separator("/"), "a.b", true),
        (Naming::flax().separator(":::"), "a:::b", false),
        (Naming::flax().separator(":::"), "a::b", true),
        (Naming::haiku(), "a.b", false),
        (Naming::haiku().separator("//"), "a//b", false),
        (Naming::keystr(), "a.b['c']", true),
    ] {
        let saved = Options::new().naming(naming.clone()).to_bytes(&map(key));
        match saved {
            Ok(bytes) => {
                assert!(held, "{naming}: {key}");
                let loaded: BTreeMap<String, BTreeMap<String, Array1<f32>>> =
                    Options::new().naming(naming.clone()).from_bytes(&bytes).unwrap_or_default();
                if !naming.to_string().starts_with("keystr") {
                    assert_eq!(loaded["m"].keys().collect::<Vec<_>>(), [key], "{naming}");
                }
            }
            Err(error) => {
                assert!(!held, "{naming}: {error}");
                assert!(matches!(error.kind(), ErrorKind::Naming { .. }));
                assert!(error.to_string().contains(key), "{error}");
            }
        }
    }
}

#[test]
fn empty_segments_are_for_flax_alone() {
    #[derive(Serialize)]
    struct Empty {
        #[serde(rename = "")]
        empty: crate::Dense,
    }
    let bytes = safejax::to_bytes(&BTreeMap::from([("a", Empty { empty: dense(1.0) })])).unwrap();
    assert_eq!(crate::keys_and_metadata(&bytes).0, ["a..bias", "a..kernel"]);
    for naming in [Naming::haiku(), Naming::objax(), Naming::keystr()] {
        let error = refusal(naming, &Empty { empty: dense(1.0) });
        assert!(matches!(error.kind(), ErrorKind::Naming { .. }), "{error}");
    }
}

#[test]
fn the_key_of_the_metadata_is_taken() {
    for naming in [Naming::flax(), Naming::flat()] {
        let error = refusal(naming, &BTreeMap::from([("__metadata__", tensor())]));
        assert!(error.to_string().contains("`__metadata__`"), "{error}");
    }
    assert!(safejax::to_bytes(&BTreeMap::from([("a", BTreeMap::from([("__metadata__", tensor())]))])).is_ok());
}

#[test]
fn a_naming_without_a_name_for_the_root_refuses_a_single_value() {
    for naming in [Naming::haiku(), Naming::objax()] {
        for error in [refusal(naming.clone(), &tensor()), refusal(naming.clone(), &5)] {
            assert!(error.to_string().contains("put it into a struct, or use Naming::flax()"), "{error}");
        }
    }
}

#[test]
fn names_that_a_grammar_has_no_room_for_are_refused() {
    #[derive(Serialize)]
    struct Odd {
        #[serde(rename = "a[0]")]
        name: crate::Dense,
    }
    for naming in [Naming::objax(), Naming::keystr()] {
        let error = refusal(naming, &Odd { name: dense(1.0) });
        assert!(error.to_string().contains("a[0]"), "{error}");
    }
    let nested = BTreeMap::from([("a", BTreeMap::from([("b", dense(1.0))]))]);
    assert!(refusal(Naming::objax(), &nested).to_string().contains("a map inside a struct or another map"));
    assert!(refusal(Naming::flat(), &nested).to_string().contains("one level only"));
}
