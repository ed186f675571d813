//! serde's tooling with the public `Serializer` and `Deserializer`.

use std::collections::BTreeMap;

use ndarray::{Array1, array};
use safejax::{Deserializer, Serializer, Tree};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{Config, Dense, config, dense};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Model {
    layers: Vec<Dense>,
    config: Config,
    head: Head,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Head {
    Linear(Dense),
    Scale { by: Array1<f32> },
}

fn model() -> Model {
    Model { layers: vec![dense(1.0), dense(2.0)], config: config(), head: Head::Linear(dense(3.0)) }
}

#[test]
fn serde_path_to_error_names_the_path() {
    let bytes = safejax::to_bytes(&model()).unwrap();
    let mut deserializer = Deserializer::from_bytes(&bytes).unwrap();
    let loaded: Model = serde_path_to_error::deserialize(&mut deserializer).unwrap();
    assert_eq!(loaded, model());

    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Wrong {
        layers: Vec<Layer>,
    }
    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Layer {
        bias: Array1<i32>,
    }
    let mut deserializer = Deserializer::from_bytes(&bytes).unwrap();
    let error = serde_path_to_error::deserialize::<_, Wrong>(&mut deserializer).unwrap_err();
    assert!(error.path().to_string().starts_with("layers[0].bias"), "{}", error.path());
    assert!(error.inner().to_string().starts_with("`layers.0.bias`: expected dtype I32"), "{}", error.inner());
}

#[test]
fn serde_path_to_error_follows_a_save() {
    let mut track = serde_path_to_error::Track::new();
    let tree = model().serialize(serde_path_to_error::Serializer::new(Serializer::new(), &mut track)).unwrap();
    assert_eq!(safejax::from_tree::<Model>(&tree).unwrap(), model());
    let mut track = serde_path_to_error::Track::new();
    let bad = BTreeMap::from([("a", array!["text".to_owned()])]);
    assert!(bad.serialize(serde_path_to_error::Serializer::new(Serializer::new(), &mut track)).is_err());
    assert_eq!(track.path().to_string(), "a.data[0]");
}

#[test]
fn erased_values_make_the_same_tree_and_file() {
    let value = model();
    let erased: &dyn erased_serde::Serialize = &value;
    assert_eq!(erased.serialize(Serializer::new()).unwrap(), safejax::to_tree(&value).unwrap());
    assert_eq!(safejax::to_bytes(&erased).unwrap(), safejax::to_bytes(&value).unwrap());
    let map: BTreeMap<&str, Box<dyn erased_serde::Serialize>> =
        BTreeMap::from([("a", Box::new(dense(1.0)) as _), ("b", Box::new(5) as _), ("c", Box::new(array![1u8]) as _)]);
    let bytes = safejax::to_bytes(&map).unwrap();
    assert_eq!(safejax::from_bytes::<BTreeMap<String, Tree>>(&bytes).unwrap()["b"], Tree::from(json!(5)));
}

#[test]
fn an_erased_deserializer_loads() {
    let bytes = safejax::to_bytes(&model()).unwrap();
    let deserializer = Deserializer::from_bytes(&bytes).unwrap();
    let mut erased = <dyn erased_serde::Deserializer<'_>>::erase(&deserializer);
    assert_eq!(erased_serde::deserialize::<Model>(&mut erased).unwrap(), model());
}

#[test]
fn a_file_transcodes_to_json_and_back() {
    let bytes = safejax::to_bytes(&model()).unwrap();
    let mut text = Vec::new();
    let mut json = serde_json::Serializer::new(&mut text);
    serde_transcode::transcode(Deserializer::from_bytes(&bytes).unwrap(), &mut json).unwrap();
    assert_eq!(serde_json::from_slice::<Model>(&text).unwrap(), model());

    let mut json = serde_json::Deserializer::from_slice(&text);
    let tree = serde_transcode::transcode(&mut json, Serializer::new()).unwrap();
    assert_eq!(safejax::from_tree::<Model>(&tree).unwrap(), model());
}

#[test]
fn a_file_transcodes_to_a_tree() {
    let bytes = safejax::to_bytes(&model()).unwrap();
    let tree = serde_transcode::transcode(Deserializer::from_bytes(&bytes).unwrap(), Serializer::new()).unwrap();
    assert_eq!(safejax::from_tree::<Model>(&tree).unwrap(), model());
}

#[test]
fn a_deserializer_by_reference_reads_more_than_once() {
    let bytes = safejax::to_bytes(&dense(1.0)).unwrap();
    let deserializer = Deserializer::from_bytes(&bytes).unwrap();
    assert_eq!(Dense::deserialize(&deserializer).unwrap(), dense(1.0));
    assert_eq!(Tree::deserialize(&deserializer).unwrap(), safejax::to_tree(&dense(1.0)).unwrap());
    assert_eq!(Dense::deserialize(deserializer).unwrap(), dense(1.0));
}

#[test]
fn the_format_is_for_people() {
    use serde::{Deserializer as _, Serializer as _};
    assert!(Serializer::new().is_human_readable());
    let bytes = safejax::to_bytes(&dense(1.0)).unwrap();
    assert!(Deserializer::from_bytes(&bytes).unwrap().is_human_readable());
}
