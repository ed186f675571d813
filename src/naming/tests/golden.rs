//! The keys of files that Python wrote.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::super::*;
use super::{all, split};

struct Manifest {
    name: String,
    layout: String,
    keys: Vec<String>,
    tree: Value,
}

fn manifests() -> Vec<Manifest> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut manifests = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let json: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let (Some(keys), Some(layout)) = (json["order"].as_array(), json["layout"].as_str()) else {
            continue;
        };
        manifests.push(Manifest {
            name: path.file_stem().unwrap().to_string_lossy().into_owned(),
            layout: layout.to_owned(),
            keys: keys.iter().map(|key| key.as_str().unwrap().to_owned()).collect(),
            tree: json["tree"].clone(),
        });
    }
    assert!(manifests.len() >= 50, "only {} manifests", manifests.len());
    manifests
}

fn meant(manifest: &Manifest) -> Option<Naming> {
    Some(match manifest.layout.as_str() {
        "flax" | "safejax" => Naming::flax(),
        "flax-slash" => Naming::flax().separator("/"),
        "haiku" => Naming::haiku(),
        "haiku-slash" => Naming::haiku().separator("/"),
        "objax" => Naming::objax(),
        "objax-untyped" => Naming::objax().kinds(false),
        "keystr" => Naming::keystr().leading_dot(manifest.name != "equinox_dotted"),
        _ => return None,
    })
}

#[test]
fn files_are_detected_as_what_their_writer_meant() {
    for manifest in manifests() {
        let detected = Naming::detect(manifest.keys.iter().map(String::as_str));
        if let Some(meant) = meant(&manifest) {
            assert_eq!(detected, meant, "{}", manifest.name);
        }
        let mut keys: Vec<&str> = manifest.keys.iter().map(String::as_str).collect();
        keys.sort_by(|a, b| detected.compare(a, b));
        assert_eq!(detected.fits(&keys), Ok(()), "{}", manifest.name);
        assert_eq!(detected.detect_scheme(&keys), Some(detected), "{}", manifest.name);
    }
}

#[test]
fn tokens_are_a_partition_of_every_key() {
    for manifest in manifests() {
        for key in &manifest.keys {
            for naming in all() {
                let raws: String = split(&naming, key).iter().map(|(raw, _)| *raw).collect();
                assert_eq!(raws, key[naming.root_end(key)..]);
            }
        }
    }
}

/// Compares the keys of the tree with those in the file; the number of keys that were the same.
fn compare_tree(naming: &Naming, key: &mut String, level: &Level, tree: &Value) -> usize {
    let Value::Object(entries) = tree else {
        panic!("no map at {key}: {tree}");
    };
    let mut same = 0;
    for (name, child) in entries {
        let content = match child {
            Value::String(_) => Content::Tensor,
            Value::Object(children) if children.contains_key("$dropped") => continue,
            Value::Object(children) => {
                Content::Module { class: None, holds_tensor: children.values().any(Value::is_string), map: true }
            }
            _ => continue,
        };
        let len = key.len();
        match naming.push(key, level, &Segment::Key(name), &content) {
            Err(Refusal(reason)) => {
                assert!(name.contains('.') && *naming == Naming::flax(), "{name}: {reason}");
            }
            Ok(_) if content == Content::Tensor => {
                // The variables in the tree are named without their kinds.
                let written = child.as_str().unwrap();
                let (name, _) = written.split_once("::").unwrap_or((written, ""));
                assert_eq!(name, key);
                same += 1;
            }
            Ok(level) => same += compare_tree(naming, key, &level, child),
        }
        key.truncate(len);
    }
    same
}

#[test]
fn trees_are_written_with_the_keys_of_python() {
    let mut total = 0;
    for manifest in manifests() {
        let Some(naming) = meant(&manifest) else {
            continue;
        };
        // Its maps stand for tuples and named tuples, or its keys lose a level.
        let has_other_shape = matches!(
            manifest.name.as_str(),
            "equinox_keystr"
                | "equinox_dotted"
                | "optax_adamw_keystr"
                | "gen_falsy_top_keys"
                | "flax_traverse_slash_in_key"
        );
        if has_other_shape || !manifest.tree.is_object() {
            continue;
        }
        let mut key = String::new();
        let root = Content::Module { class: None, holds_tensor: false, map: true };
        let level = naming.root(&mut key, &root).unwrap();
        let same = compare_tree(&naming, &mut key, &level, &manifest.tree);
        // These have map keys that hold a dot, which are refused.
        let loses_keys = matches!(manifest.name.as_str(), "gen_dots_in_keys" | "gen_key_collision" | "gen_odd_keys");
        if !loses_keys {
            assert_eq!(same, manifest.keys.len(), "{}", manifest.name);
        }
        total += same;
    }
    assert!(total > 300, "only {total} keys");
}
