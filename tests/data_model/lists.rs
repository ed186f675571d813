//! Lists that have gaps or claim too much, in every naming.

use std::collections::BTreeMap;

use ndarray::{Array1, array};
use safejax::{Naming, Options};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Dense, dense};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Net<T> {
    layers: T,
}

/// A file with tensors of these keys.
fn file(keys: &[&str]) -> Vec<u8> {
    let tensors: BTreeMap<_, _> = keys.iter().enumerate().map(|(n, key)| (*key, array![n as f32])).collect();
    Options::new().naming(Naming::flat()).to_bytes(&tensors).unwrap()
}

fn read<T: DeserializeOwned>(naming: &Naming, keys: &[&str]) -> Result<T, String> {
    let net: safejax::Result<Net<T>> = Options::new().naming(naming.clone()).from_bytes(&file(keys));
    net.map(|net| net.layers).map_err(|error| error.to_string())
}

#[derive(Debug, PartialEq, Deserialize)]
struct Layer {
    w: Array1<f32>,
}

#[test]
fn every_naming_reads_every_form_of_a_list() {
    let (flax, haiku, objax, keystr) =
        (Naming::flax(), Naming::haiku(), Naming::objax().kinds(false), Naming::keystr());
    for (naming, keys) in [
        (&flax, ["layers.0.w", "layers.1.w"]),
        (&flax, ["layers_0.w", "layers_1.w"]),
        (&flax, ["layers.w", "layers_1.w"]),
        (&haiku, ["layers/~/0.w", "layers/~/1.w"]),
        (&haiku, ["layers.0.w", "layers.1.w"]),
        (&haiku, ["layers_0.w", "layers_1.w"]),
        (&haiku, ["layers.w", "layers_1.w"]),
        (&objax, ["(Net).layers(ModuleList)[0](Layer).w", "(Net).layers(ModuleList)[1](Layer).w"]),
        (&objax, ["layers.0.w", "layers.1.w"]),
        (&objax, ["(Net).layers_0(Layer).w", "(Net).layers_1(Layer).w"]),
        (&objax, ["layers.w", "layers_1.w"]),
        (&keystr, [".layers[0].w", ".layers[1].w"]),
        (&keystr, ["['layers'][0]['w']", "['layers'][1]['w']"]),
        (&keystr, ["['layers_0']['w']", "['layers_1']['w']"]),
        (&keystr, [".layers.w", ".layers_1.w"]),
    ] {
        let expected = [Layer { w: array![0.0] }, Layer { w: array![1.0] }];
        assert_eq!(read::<Vec<Layer>>(naming, &keys).unwrap(), expected, "{naming}: {keys:?}");
    }
}

#[test]
fn a_gap_is_none_or_a_unit_and_an_error_for_anything_else() {
    for (naming, keys, missing) in [
        (Naming::flax(), ["layers.0.w", "layers.2.w"], "layers.1.w"),
        (Naming::flax(), ["layers_0.w", "layers_2.w"], "layers_1.w"),
        (Naming::haiku(), ["layers.w", "layers_2.w"], "layers_1.w"),
        (Naming::objax().kinds(false), ["layers[0].w", "layers[2].w"], "layers[1].w"),
        (Naming::keystr(), [".layers[0].w", ".layers[2].w"], ".layers[1].w"),
    ] {
        let layer = |n| Layer { w: array![n] };
        assert_eq!(read::<Vec<Option<Layer>>>(&naming, &keys).unwrap(), [Some(layer(0.0)), None, Some(layer(1.0))]);
        assert_eq!(read::<(Layer, (), Layer)>(&naming, &keys).unwrap(), (layer(0.0), (), layer(1.0)));
        assert!(read::<(Layer, (), Layer, (), ())>(&naming, &keys).is_ok());
        let message = read::<Vec<Layer>>(&naming, &keys).unwrap_err();
        assert!(message.contains(&format!("`{missing}`: missing")), "{naming}: {message}");
    }
}

#[test]
fn a_name_beside_its_item_0_is_an_error_that_names_both() {
    for (naming, keys) in [
        (Naming::flax(), ["layers.w", "layers_0.w"]),
        (Naming::haiku(), ["layers.w", "layers_0.w"]),
        (Naming::keystr(), [".layers.w", ".layers_0.w"]),
    ] {
        let message = read::<Vec<Layer>>(&naming, &keys).unwrap_err();
        assert!(message.contains("layers` and `") && message.contains("layers_0`"), "{naming}: {message}");
    }
}

#[test]
fn an_index_out_of_proportion_is_an_error() {
    let fits = ["layers.0.w", "layers.4128.w"];
    assert_eq!(read::<Vec<Option<Layer>>>(&Naming::flax(), &fits).unwrap().len(), 4129);
    for (naming, keys) in [
        (Naming::flax(), ["layers.0.w", "layers.4129.w"]),
        (Naming::flax(), ["layers_0.w", "layers_18446744073709551615.w"]),
        (Naming::keystr(), [".layers[0].w", ".layers[999999999999].w"]),
    ] {
        let message = read::<Vec<Option<Layer>>>(&naming, &keys).unwrap_err();
        assert!(message.starts_with("`") && message.contains("is out of proportion to a list of 2 items"), "{message}");
    }
}

#[test]
fn only_canonical_decimals_are_indices() {
    for keys in [["layers.00.w", "layers.01.w"], ["layers.-1.w", "layers.0.w"], ["layers.0.w", "layers.x.w"]] {
        assert!(read::<Vec<Layer>>(&Naming::flax(), &keys).is_err(), "{keys:?}");
    }
}

#[test]
fn lists_of_lists_come_back_in_every_naming() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Deep {
        grid: Vec<Vec<Dense>>,
        tensors: Vec<Vec<Array1<f32>>>,
        cube: Vec<Vec<Vec<Option<Dense>>>>,
    }
    let deep = Deep {
        grid: vec![vec![dense(1.0), dense(2.0)], vec![dense(3.0)]],
        tensors: vec![vec![array![1.0]], vec![array![2.0], array![3.0]]],
        cube: vec![vec![vec![Some(dense(1.0)), None, Some(dense(2.0))]], vec![vec![Some(dense(3.0))]]],
    };
    for naming in [
        Naming::flax(),
        Naming::flax().suffix_lists(true),
        Naming::haiku(),
        Naming::objax(),
        Naming::objax().kinds(false),
        Naming::keystr(),
    ] {
        let options = Options::new().naming(naming.clone());
        let bytes = options.to_bytes(&deep).unwrap_or_else(|error| panic!("{naming}: {error}"));
        let loaded: Deep = options.from_bytes(&bytes).unwrap_or_else(|error| panic!("{naming}: {error}"));
        assert_eq!(loaded, deep, "{naming}");
    }
}

#[test]
fn a_list_at_the_root_comes_back_in_the_namings_that_have_one() {
    let list = vec![dense(1.0), dense(2.0)];
    for naming in [
        Naming::flax(),
        Naming::flax().suffix_lists(true),
        Naming::haiku(),
        Naming::objax(),
        Naming::objax().kinds(false),
        Naming::keystr(),
        Naming::keystr().leading_dot(false),
    ] {
        let options = Options::new().naming(naming.clone());
        let bytes = options.to_bytes(&list).unwrap_or_else(|error| panic!("{naming}: {error}"));
        let loaded: Vec<Dense> = options.from_bytes(&bytes).unwrap_or_else(|error| panic!("{naming}: {error}"));
        assert_eq!(loaded, list, "{naming}");
    }
}
