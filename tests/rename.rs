//! Keys that change on the way.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;

use common::{golden, keys};
use ndarray::{Array1, arr1};
use safejax::{Checkpoint, ErrorKind, Options, Tree};
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Model {
    encoder: Vec<Array1<f32>>,
    act: String,
}

fn model() -> Model {
    Model { encoder: vec![arr1(&[1.0]), arr1(&[2.0])], act: "relu".to_owned() }
}

#[test]
fn keys_are_renamed_on_save_leaves_included() {
    let options = Options::new().rename_prefixes([("encoder.", "backbone.layers.")]).rename(|key| format!("m.{key}"));
    let bytes = options.to_bytes(&model()).unwrap();
    assert_eq!(keys(&bytes), ["m.backbone.layers.0", "m.backbone.layers.1"]);
    #[derive(Deserialize)]
    struct Saved {
        m: Inner,
    }
    #[derive(Deserialize)]
    struct Inner {
        backbone: BTreeMap<String, Vec<Array1<f32>>>,
        act: String,
    }
    let saved: Saved = safejax::from_bytes(&bytes).unwrap();
    assert_eq!((saved.m.act.as_str(), &saved.m.backbone["layers"]), ("relu", &model().encoder));
}

#[test]
fn keys_are_renamed_on_load_leaves_included() {
    let saved = Options::new().rename(|key| format!("m.{key}")).to_bytes(&model()).unwrap();
    let loading = Options::new().rename_prefixes([("m.", "")]);
    assert_eq!(loading.from_bytes::<Model>(&saved).unwrap(), model());
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.safetensors");
    std::fs::write(&path, &saved).unwrap();
    assert_eq!(loading.from_file::<Model>(&path).unwrap(), model());
    assert_eq!(loading.open(&path).unwrap().keys().collect::<Vec<_>>(), ["encoder.0", "encoder.1"]);
}

#[test]
fn the_keys_of_a_torch_style_file_become_those_of_the_model() {
    let golden = golden("hf_flax_bert");
    let options = Options::new().rename_prefixes([("encoder.", "backbone."), ("pooler.", "head.")]);
    let tree: Tree = options.from_bytes(&golden.bytes).unwrap();
    golden.assert_tensor("pooler.dense.bias", tree.get("head.dense.bias").unwrap().as_tensor().unwrap());
    let kernel = tree.get("backbone.layer.1.output.dense.kernel").unwrap();
    golden.assert_tensor("encoder.layer.1.output.dense.kernel", kernel.as_tensor().unwrap());
    let back = golden.options().rename_prefixes([("backbone.", "encoder."), ("head.", "pooler.")]);
    assert!(back.to_bytes(&tree).unwrap() == golden.bytes);
}

#[test]
fn a_clash_on_save_names_both_paths_and_the_key() {
    let error = Options::new().rename(|_| "w".to_owned()).to_bytes(&model().encoder).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Clash { first, second } if first == "[0]" && second == "[1]"), "{error}");
    assert_eq!(error.key(), Some("w"));
}

#[test]
fn a_clash_on_load_names_both_keys_of_the_file() {
    let tensors = BTreeMap::from([("a.w", arr1(&[1.0f32])), ("b.w", arr1(&[2.0]))]);
    let bytes = Options::new().naming(safejax::Naming::flat()).to_bytes(&tensors).unwrap();
    let options = Options::new().rename_prefixes([("a.", "c."), ("b.", "c.")]);
    let error = options.from_bytes::<Tree>(&bytes).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("`c.w`: ") && text.contains("`a.w`") && text.contains("`b.w`"), "{text}");
}

#[test]
fn renamed_keys_must_follow_the_naming() {
    let options = Options::new().naming(safejax::Naming::objax()).rename(|key| key.replace("::TrainVar", ""));
    let error = options.to_bytes(&model()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Naming { .. }), "{error}");
}

#[test]
fn a_model_is_assigned_under_other_names() {
    let saved = Options::new().rename(|key| key.replace("encoder", "backbone")).to_bytes(&model()).unwrap();
    let mut target = Model { encoder: vec![arr1(&[0.0]), arr1(&[0.0])], act: String::new() };
    let options = Options::new().rename_prefixes([("backbone.", "encoder.")]);
    let report = options.assign_from_bytes(&mut target, &saved).unwrap();
    assert_eq!((target, report.loaded.len()), (model(), 3));
}

#[test]
fn a_tree_in_a_naming_is_renamed_once() {
    let options = Options::new().naming(safejax::Naming::flax()).rename(|key| format!("m.{key}"));
    let tree = options.to_tree(&model()).unwrap();
    assert!(tree.get("m.encoder.0").is_some(), "{tree}");
    assert!(Checkpoint::from_bytes(&options.to_bytes(&model()).unwrap()).unwrap().tree().unwrap() == tree);
}
