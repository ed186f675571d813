//! The metadata of a file: the user's entries, the leaves, and the crate's own entry where it is due.

use std::collections::{BTreeMap, HashMap};

use ndarray::{Array1, array};
use safejax::{Checkpoint, Naming, Options};
use serde::{Deserialize, Serialize};

use crate::{dense, keys_and_metadata, unsaved};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Model {
    weight: Array1<f32>,
    step: u8,
    by_name: HashMap<String, u8>,
}

fn model() -> Model {
    let by_name = (0..50).map(|n| (format!("k{n}"), n)).collect();
    Model { weight: array![1.0], step: 5, by_name }
}

#[test]
fn the_same_value_gives_the_same_bytes() {
    let options = || Options::new().metadata("b", "1").metadata("a", "2").metadata("z", "3");
    let bytes = options().to_bytes(&model()).unwrap();
    for _ in 0..20 {
        assert_eq!(options().to_bytes(&model()).unwrap(), bytes);
    }
    let text = String::from_utf8_lossy(&bytes);
    let at = |entry: &str| text.find(&format!("\"{entry}\":")).unwrap();
    let order = ["a", "b", "by_name.k0", "by_name.k9", "safejax", "step", "z"].map(at);
    assert!(order.is_sorted(), "{order:?}");
}

#[test]
fn the_users_entries_stand_beside_the_leaves() {
    let bytes = Options::new().metadata("format", "flax").to_bytes(&model()).unwrap();
    let (loaded, metadata) = safejax::from_bytes_with_metadata::<Model>(&bytes).unwrap();
    assert_eq!(loaded, model());
    assert_eq!(metadata, BTreeMap::from([("format".to_owned(), "flax".to_owned())]));
    assert_eq!(Checkpoint::from_bytes(&bytes).unwrap().metadata(), &metadata);
}

#[test]
fn metadata_that_is_not_listed_as_a_leaf_is_the_users() {
    let bytes = Options::new().metadata("step", "9").to_bytes(&dense(1.0)).unwrap();
    let checkpoint = Checkpoint::from_bytes(&bytes).unwrap();
    assert_eq!(checkpoint.metadata()["step"], "9");
    #[derive(Debug, Deserialize)]
    struct Stepped {
        #[allow(dead_code)]
        step: u8,
    }
    assert_eq!(crate::refused::<Stepped>(&bytes), "`step`: missing; the file has `bias`, `kernel`");
}

#[test]
fn a_users_entry_that_is_a_leaf_is_refused() {
    let error = Options::new().metadata("step", "9").to_bytes(&model()).unwrap_err();
    assert!(error.to_string().starts_with("`step`: the metadata that was given has an entry of this name"), "{error}");
    let error = Options::new().metadata("safejax", "9").to_bytes(&model()).unwrap_err();
    assert!(error.to_string().starts_with("`safejax`: "), "{error}");
    let message = unsaved(&BTreeMap::from([("safejax", 5)]));
    assert!(message.starts_with("`safejax`: "), "{message}");
}

#[test]
fn a_tensor_may_be_called_as_the_crate() {
    crate::round_trip(&BTreeMap::from([("safejax".to_owned(), array![1.0f32])]));
    crate::round_trip(&BTreeMap::from([("safejax".to_owned(), dense(1.0))]));
}

/// Whether a file has the crate's own entry.
fn has_entry(naming: Naming, value: &impl Serialize) -> bool {
    let bytes = Options::new().naming(naming).to_bytes(value).unwrap();
    keys_and_metadata(&bytes).1.contains_key("safejax")
}

#[test]
fn the_crates_own_entry_is_there_exactly_when_it_is_due() {
    #[derive(Serialize)]
    struct Net<T> {
        linear: T,
    }
    let leaves = Net { linear: (dense(1.0), 5) };
    let tensors = Net { linear: dense(1.0) };
    let dotted = Net { linear: BTreeMap::from([("a.b", array![1.0f32])]) };
    let list = Net { linear: vec![dense(1.0), dense(2.0)] };
    let map = BTreeMap::from([("a", array![1.0f32])]);
    for (naming, due) in [
        (Naming::flax(), false),
        // Read as flax, haiku's `linear.w` is the same tree.
        (Naming::haiku(), false),
        (Naming::objax(), false),
        // `.linear.bias` would be flax's.
        (Naming::keystr(), true),
        (Naming::flax().separator("/"), false),
        (Naming::flax().separator("__"), true),
    ] {
        assert!(has_entry(naming.clone(), &leaves), "{naming}");
        assert_eq!(has_entry(naming.clone(), &tensors), due, "{naming}");
    }
    assert!(!has_entry(Naming::flax(), &map));
    assert!(!has_entry(Naming::flat(), &map));
    assert!(!has_entry(Naming::keystr(), &list));
    assert!(!has_entry(Naming::flax(), &list));
    assert!(has_entry(Naming::flat(), &BTreeMap::from([("a.b", array![1.0f32])])));
    assert!(!has_entry(Naming::flat(), &BTreeMap::from([("a", array![1.0f32]), ("a.b", array![2.0])])));
    assert!(has_entry(Naming::flax(), &array![1.0f32]), "a root without a name");
    assert!(has_entry(Naming::flax().separator("/"), &dotted), "both separators are there");
}

#[test]
fn a_file_without_leaves_is_what_the_safetensors_crate_writes() {
    let value = dense(1.0);
    let bytes = safejax::to_bytes(&value).unwrap();
    let raw = |array: &[f32]| array.iter().flat_map(|element| element.to_le_bytes()).collect::<Vec<u8>>();
    let (kernel, bias) = (raw(value.kernel.as_slice().unwrap()), raw(value.bias.as_slice().unwrap()));
    let view = |shape, data| safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape, data).unwrap();
    let views = [("kernel", view(vec![2, 2], &kernel)), ("bias", view(vec![2], &bias))];
    assert_eq!(bytes, safetensors::serialize(views, None).unwrap());
}

#[test]
fn leaves_alone_make_a_file() {
    let bytes = safejax::to_bytes(&crate::config()).unwrap();
    assert_eq!(keys_and_metadata(&bytes).0.len(), 0);
    assert_eq!(safejax::from_bytes::<crate::Config>(&bytes).unwrap(), crate::config());
}
