//! Every golden file of the Python tools: read, compared with its manifest, and written again.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;
use std::fs;

use common::{Golden, for_each_golden, header_text, sorted};
use safejax::objax::VarCollection;
use safejax::{Checkpoint, Naming, Tree};
use safetensors::SafeTensors;
use serde_json::{Map, Value, json};

/// The files whose keys fit more than one naming, so that only lossless rewriting is asked.
/// The same holds for the layout `flat`: its writer had no naming in mind.
const AMBIGUOUS: &[(&str, &str)] = &[
    ("flax_traverse_slash_in_key", "joined with `/`, but one segment is `a/b` and another `d.e`"),
    ("gen_no_tensors", "every naming fits a file without keys"),
    ("legacy_028_no_tensors", "every naming fits a file without keys"),
    ("legacy_030_no_tensors", "every naming fits a file without keys"),
];

/// The naming that the layout of a manifest stands for; `None` for `flat`, which may fit another
/// naming as well.
fn expected_naming(golden: &Golden) -> Option<Naming> {
    if AMBIGUOUS.iter().any(|(name, _)| *name == golden.name) {
        return None;
    }
    match golden.manifest.layout.as_str() {
        "flax" | "safejax" => Some(Naming::flax()),
        "flax-slash" => Some(Naming::flax().separator("/")),
        "haiku" => Some(Naming::haiku()),
        "haiku-slash" => Some(Naming::haiku().separator("/")),
        "objax" => Some(Naming::objax()),
        "objax-untyped" => Some(Naming::objax().kinds(false)),
        "keystr" if golden.name == "equinox_dotted" => Some(Naming::keystr().leading_dot(false)),
        "keystr" => Some(Naming::keystr()),
        "flat" => None,
        other => panic!("no row for the layout {other}"),
    }
}

/// What the `Tree` of each layout looks like.
enum Native {
    /// Nested maps, as Python has them.
    Nested,
    /// One map with the keys of the file.
    Flat,
    /// Not asked.
    Open,
}

fn native(golden: &Golden) -> Native {
    if AMBIGUOUS.iter().any(|(name, _)| *name == golden.name) {
        return Native::Open;
    }
    match golden.manifest.layout.as_str() {
        "flax" | "safejax" | "flax-slash" | "haiku" | "haiku-slash" => Native::Nested,
        "objax" | "objax-untyped" | "keystr" => Native::Flat,
        "flat" => Native::Open,
        other => panic!("no row for the layout {other}"),
    }
}

/// The tree that a file must read as: what Python reads back, without what the file has not kept.
fn expected_tree(golden: &Golden) -> Option<Value> {
    let manifest = &golden.manifest;
    match native(golden) {
        Native::Nested => {
            let tree = manifest.reloaded_tree.as_ref().unwrap_or(&manifest.tree);
            Some(kept(tree).unwrap_or_else(|| json!({})))
        }
        Native::Flat => {
            let keys = manifest.order.iter();
            Some(keys.map(|key| (key.clone(), json!(key))).collect())
        }
        Native::Open => None,
    }
}

/// The part of a manifest's tree that is in the file: no dropped leaves and no empty dicts.
fn kept(tree: &Value) -> Option<Value> {
    match tree {
        Value::Object(entries) if entries.contains_key("$dropped") => None,
        Value::Object(entries) => {
            let kept: Map<String, Value> =
                entries.iter().filter_map(|(key, value)| Some((key.clone(), kept(value)?))).collect();
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        key => Some(key.clone()),
    }
}

/// Compares a tree with one of a manifest, where each array stands as its key.
fn assert_tree(golden: &Golden, tree: &Tree, expected: &Value, path: &str) {
    match expected {
        Value::String(key) => {
            let tensor = tree.as_tensor();
            let tensor = tensor.unwrap_or_else(|| panic!("no tensor at {path}"));
            golden.assert_tensor(key, tensor);
        }
        Value::Object(entries) => {
            let map = tree.as_map();
            let map = map.unwrap_or_else(|| panic!("no map at {path}"));
            let found = sorted(map.keys().cloned().collect());
            let wanted = sorted(entries.keys().cloned().collect());
            assert_eq!(found, wanted, "keys at {path}");
            for (key, value) in entries {
                assert_tree(golden, &map[key], value, &format!("{path}[{key:?}]"));
            }
        }
        other => panic!("{other} in the tree of a manifest"),
    }
}

#[test]
fn every_file_has_the_keys_and_the_tensors_of_its_manifest() {
    for_each_golden(|golden| {
        let checkpoints = [
            Checkpoint::open(&golden.path).unwrap(),
            Checkpoint::load(&golden.path).unwrap(),
            Checkpoint::from_bytes(&golden.bytes).unwrap(),
        ];
        for checkpoint in &checkpoints {
            let keys: Vec<String> = checkpoint.keys().map(str::to_owned).collect();
            assert_eq!(sorted(keys), sorted(golden.manifest.order.clone()));
            for key in &golden.manifest.order {
                golden.assert_tensor(key, &checkpoint.tensor(key).unwrap());
            }
            let metadata = golden.manifest.metadata.clone().unwrap_or_default();
            assert_eq!(checkpoint.metadata(), &metadata);
            assert!(checkpoint.tensor("no such key").is_err());
        }
    });
}

#[test]
fn the_naming_found_is_that_of_the_writer() {
    for_each_golden(|golden| {
        let checkpoint = Checkpoint::from_bytes(&golden.bytes).unwrap();
        let naming = checkpoint.naming();
        assert_eq!(&Naming::detect(checkpoint.keys()), naming);
        if let Some(expected) = expected_naming(golden) {
            assert_eq!(naming, &expected);
        }
    });
}

#[test]
fn every_tree_is_nested_as_python_has_it() {
    for_each_golden(|golden| {
        let Some(expected) = expected_tree(golden) else {
            return;
        };
        let checkpoint = Checkpoint::open(&golden.path).unwrap();
        assert_tree(golden, &checkpoint.tree().unwrap(), &expected, "tree()");
        let tree: Tree = safejax::from_bytes(&golden.bytes).unwrap();
        assert_tree(golden, &tree, &expected, "from_bytes");
        let tree: Tree = safejax::from_file(&golden.path).unwrap();
        assert_tree(golden, &tree, &expected, "from_file");
    });
}

#[test]
fn the_front_doors_read_their_own_files() {
    for_each_golden(|golden| {
        let Some(expected) = expected_tree(golden) else {
            return;
        };
        let (tree, saved): (Tree, Vec<u8>) = match golden.manifest.layout.as_str() {
            "flax" | "safejax" => {
                let tree = safejax::flax::from_file(&golden.path).unwrap();
                let saved = safejax::flax::to_bytes(&tree).unwrap();
                (tree, saved)
            }
            "haiku" => {
                let tree = safejax::haiku::from_file(&golden.path).unwrap();
                let saved = safejax::haiku::to_bytes(&tree).unwrap();
                (tree, saved)
            }
            "objax" => {
                let tree = safejax::objax::from_file(&golden.path).unwrap();
                let saved = safejax::objax::to_bytes(&tree).unwrap();
                (tree, saved)
            }
            _ => return,
        };
        assert_tree(golden, &tree, &expected, "from_file");
        if golden.manifest.metadata.is_none() && !golden.is_legacy() {
            assert_eq!(header_text(&saved), header_text(&golden.bytes));
            assert!(saved == golden.bytes, "the data differs");
        }
    });
}

#[test]
fn a_tree_is_written_again_as_the_same_file() {
    for_each_golden(|golden| {
        let tree: Tree = safejax::from_bytes(&golden.bytes).unwrap();
        let saved = golden.options().to_bytes(&tree).unwrap();
        assert_same_file(golden, &saved);
    });
}

/// The same bytes, where a writer has no choice; else the same tensors and metadata.
fn assert_same_file(golden: &Golden, saved: &[u8]) {
    let entries = golden.manifest.metadata.as_ref().map_or(0, BTreeMap::len);
    if !golden.is_legacy() && entries <= 1 {
        assert_eq!(header_text(saved), header_text(&golden.bytes));
        assert!(saved == golden.bytes, "the padding or the data differs");
        return;
    }
    // Python writes several entries in a random order, and safetensors 0.2 and 0.3 had another
    // padding, and 0.2 another order of tensors too.
    if !golden.is_legacy() {
        let header = |file| serde_json::from_str::<Value>(header_text(file)).unwrap();
        assert_eq!(header(saved), header(&golden.bytes));
        assert_eq!(saved.len(), golden.bytes.len());
    }
    let metadata = |file| SafeTensors::read_metadata(file).unwrap().1;
    assert_eq!(metadata(saved).metadata(), metadata(&golden.bytes).metadata());
    let saved = SafeTensors::deserialize(saved).unwrap();
    let original = SafeTensors::deserialize(&golden.bytes).unwrap();
    assert_eq!(saved.len(), original.len());
    for (key, theirs) in original.iter() {
        let ours = saved.tensor(key).unwrap();
        assert_eq!(ours.dtype(), theirs.dtype(), "dtype of {key:?}");
        assert_eq!(ours.shape(), theirs.shape(), "shape of {key:?}");
        assert!(ours.data() == theirs.data(), "data of {key:?}");
    }
}

#[test]
fn files_and_streams_hold_the_same_bytes() {
    let directory = tempfile::tempdir().unwrap();
    for_each_golden(|golden| {
        let options = golden.options();
        let tree: Tree = safejax::from_file(&golden.path).unwrap();

        let path = directory.path().join(format!("{}.safetensors", golden.name));
        options.to_file(&path, &tree).unwrap();
        assert_same_file(golden, &fs::read(&path).unwrap());

        let mut written = Vec::new();
        options.to_writer(&mut written, &tree).unwrap();
        assert_same_file(golden, &written);

        let tree: Tree = safejax::from_reader(golden.bytes.as_slice()).unwrap();
        assert_same_file(golden, &options.to_bytes(&tree).unwrap());
        let tree: Tree = options.from_file(&path).unwrap();
        assert_same_file(golden, &options.to_bytes(&tree).unwrap());
        let tree: Tree = options.from_reader(written.as_slice()).unwrap();
        assert_same_file(golden, &options.to_bytes(&tree).unwrap());
    });
    let left = fs::read_dir(directory.path()).unwrap().count();
    assert_eq!(left, common::golden_files().len(), "a temporary file stays");
}

#[test]
fn objax_variables_have_the_kinds_and_values_of_python() {
    for_each_golden(|golden| {
        if golden.manifest.layout != "objax" {
            return;
        }
        let vars: VarCollection = safejax::objax::from_file(&golden.path).unwrap();
        let kinds: Map<String, Value> =
            vars.iter().map(|(name, var)| (name.to_owned(), json!(var.kind.to_string()))).collect();
        let expected = golden.manifest.variables.clone().expect("variables");
        assert_eq!(Value::Object(kinds), expected);
        assert_eq!(vars.len(), golden.manifest.order.len());
        for key in &golden.manifest.order {
            let (name, kind) = key.split_once("::").unwrap();
            let var = vars.get(name).unwrap_or_else(|| panic!("no {name}"));
            assert_eq!(var.kind.to_string(), kind);
            golden.assert_tensor(key, &var.value);
        }
        let saved = safejax::objax::to_bytes(&vars).unwrap();
        assert_same_file(golden, &saved);
    });
}
