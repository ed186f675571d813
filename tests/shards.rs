//! Checkpoints of several files, as Hugging Face's tools write and read them.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]
// A slice is given by a range of each axis, of which there may be one.
#![allow(clippy::single_range_in_vec_init)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use common::{Golden, fixtures, golden, sorted};
use indexmap::IndexMap;
use ndarray::{Array1, Array2};
use safejax::{Checkpoint, Naming, Options, Tensor, Tree};
use serde::{Deserialize, Serialize};
use serde_json::Value;

const INDEX: &str = "model.safetensors.index.json";

fn sharded() -> std::path::PathBuf {
    fixtures().join("hf_flax_bert_sharded")
}

fn shard(number: usize) -> Golden {
    golden(&format!("hf_flax_bert_sharded/flax_model-0000{number}-of-00002"))
}

fn names(directory: &Path) -> Vec<String> {
    sorted(fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect())
}

/// Four tensors of 8 bytes.
fn params() -> IndexMap<String, Array1<f32>> {
    ["d", "c", "b", "a"].into_iter().map(|key| (key.to_owned(), Array1::from_elem(2, key.len() as f32))).collect()
}

/// Two shards of `params`, `d` and `c` in the first.
fn saved() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    safejax::to_shards(directory.path(), &params(), 16).unwrap();
    directory
}

#[test]
fn shards_of_python_are_read_as_one_checkpoint() {
    for path in [sharded(), sharded().join("flax_model.safetensors.index.json")] {
        for checkpoint in [Checkpoint::open(&path).unwrap(), Checkpoint::load(&path).unwrap()] {
            assert_eq!(checkpoint.len(), 39);
            assert_eq!(checkpoint.metadata()["format"], "flax");
            for golden in [shard(1), shard(2)] {
                for key in &golden.manifest.order {
                    golden.assert_tensor(key, &checkpoint.tensor(key).unwrap());
                    assert_eq!(checkpoint.info(key).unwrap().file, Some(golden.path.clone()));
                }
            }
        }
    }
}

#[test]
fn shards_read_as_the_same_tree_as_one_file() {
    let whole: Tree = safejax::from_file(fixtures().join("hf_flax_bert.safetensors")).unwrap();
    assert!(safejax::from_shards::<Tree>(sharded()).unwrap() == whole);
    assert!(safejax::from_file::<Tree>(sharded()).unwrap() == whole);
}

#[test]
fn loaded_and_mapped_shards_lend() {
    // SAFETY: nobody changes the fixtures.
    #[allow(unsafe_code)]
    let mapped = unsafe { Checkpoint::map(sharded()) }.unwrap();
    let loaded = Checkpoint::load(sharded()).unwrap();
    for checkpoint in [mapped, loaded] {
        for golden in [shard(1), shard(2)] {
            for key in &golden.manifest.order {
                golden.assert_tensor(key, &checkpoint.view(key).unwrap().to_owned());
            }
        }
    }
    assert!(Checkpoint::open(sharded()).unwrap().view("pooler.dense.bias").is_err());
}

/// The tree of a manifest, in the order of the model.
#[derive(Deserialize)]
#[serde(untagged)]
enum Ordered {
    Key(String),
    Below(IndexMap<String, Ordered>),
}

impl Ordered {
    fn add_to(&self, checkpoint: &Checkpoint<'_>, tree: &mut IndexMap<String, Tree>, name: &str) {
        match self {
            Self::Key(key) => {
                tree.insert(name.to_owned(), checkpoint.tensor(key).unwrap().into());
            }
            Self::Below(entries) => {
                let below = tree.entry(name.to_owned()).or_insert_with(|| Tree::Map(IndexMap::new()));
                let Tree::Map(below) = below else { panic!("a map at {name}") };
                entries.iter().for_each(|(name, entry)| entry.add_to(checkpoint, below, name));
            }
        }
    }
}

/// The value that Python split.
fn python_value() -> Tree {
    #[derive(Deserialize)]
    struct Manifest {
        tree: IndexMap<String, Ordered>,
    }
    let mut tree = IndexMap::new();
    for golden in [shard(1), shard(2)] {
        let checkpoint = Checkpoint::open(&golden.path).unwrap();
        let manifest = fs::read(golden.path.with_extension("json")).unwrap();
        let manifest: Manifest = serde_json::from_slice(&manifest).unwrap();
        manifest.tree.iter().for_each(|(name, entry)| entry.add_to(&checkpoint, &mut tree, name));
    }
    Tree::Map(tree)
}

#[test]
fn the_shards_and_the_index_are_byte_for_byte_those_of_hugging_face() {
    let directory = tempfile::tempdir().unwrap();
    let options = Options::new().metadata("format", "flax").shard_name("flax_model");
    options.to_shards(directory.path(), &python_value(), 4000).unwrap();
    let mut written = 0;
    for name in names(directory.path()) {
        let ours = fs::read(directory.path().join(&name)).unwrap();
        let theirs = fs::read(sharded().join(&name)).unwrap();
        assert!(ours == theirs, "{name}");
        written += 1;
    }
    assert_eq!(written, 3);
}

/// The example of `split_state_dict_into_shards_factory`, and a tensor that is larger than a shard.
#[test]
fn shards_are_filled_in_the_order_of_the_value() {
    type Case<'c> = (&'c [usize], u64, &'c [&'c [usize]]);
    let cases: [Case<'_>; 6] = [
        (&[6, 6, 2, 6, 2, 2], 10, &[&[0], &[1, 2], &[3, 4, 5]]),
        (&[2, 12, 2], 10, &[&[1], &[0, 2]]),
        (&[12, 13], 10, &[&[0], &[1]]),
        (&[5, 5, 1], 10, &[&[0, 1], &[2]]),
        (&[0, 3, 0], 0, &[&[1], &[0, 2]]),
        (&[1, 1], 1, &[&[0], &[1]]),
    ];
    for (sizes, max, expected) in cases {
        let directory = tempfile::tempdir().unwrap();
        let params: Vec<Array1<u8>> = sizes.iter().map(|size| Array1::zeros(*size)).collect();
        safejax::to_shards(directory.path(), &params, max).unwrap();
        for (number, shard) in expected.iter().enumerate() {
            let name = format!("model-{:05}-of-{:05}.safetensors", number + 1, expected.len());
            let checkpoint = Checkpoint::open(directory.path().join(name)).unwrap();
            let keys = sorted(checkpoint.keys().map(str::to_owned).collect());
            assert_eq!(keys, shard.iter().map(usize::to_string).collect::<Vec<_>>(), "{sizes:?}");
        }
        assert_eq!(names(directory.path()).len(), expected.len() + 1);
    }
}

#[test]
fn what_fits_in_one_shard_is_one_file_without_an_index() {
    let directory = tempfile::tempdir().unwrap();
    safejax::to_shards(directory.path().join("new"), &params(), 32).unwrap();
    let directory = directory.path().join("new");
    assert_eq!(names(&directory), ["model.safetensors"]);
    assert_eq!(fs::read(directory.join("model.safetensors")).unwrap(), safejax::to_bytes(&params()).unwrap());
    assert_eq!(safejax::from_shards::<IndexMap<String, Array1<f32>>>(&directory).unwrap().len(), 4);
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Net {
    layers: Vec<Array2<f32>>,
    activation: String,
    total_size: u8,
}

#[test]
fn leaves_and_the_naming_survive_in_every_naming() {
    let net =
        Net { layers: vec![Array2::ones((2, 2)), Array2::zeros((2, 2))], activation: "relu".into(), total_size: 3 };
    for naming in [Naming::flax(), Naming::flax().separator("::"), Naming::haiku(), Naming::objax(), Naming::keystr()] {
        let directory = tempfile::tempdir().unwrap();
        let options = Options::new().naming(naming.clone()).metadata("format", "np");
        options.to_shards(directory.path(), &net, 16).unwrap();
        assert_eq!(names(directory.path()).len(), 3);
        let checkpoint = Checkpoint::open(directory.path()).unwrap();
        assert_eq!(checkpoint.get::<Net>().unwrap(), net, "{naming}");
        assert_eq!(checkpoint.get_at::<Array2<f32>>("layers.1").unwrap(), net.layers[1], "{naming}");
        assert_eq!(*checkpoint.naming(), naming);
        assert_eq!(*checkpoint.metadata(), BTreeMap::from([("format".to_owned(), "np".to_owned())]));
        let index: Value = serde_json::from_slice(&fs::read(directory.path().join(INDEX)).unwrap()).unwrap();
        assert_eq!(index["metadata"]["total_size"], 32);
    }
}

#[test]
fn a_smaller_save_removes_the_shards_of_a_larger_one_and_nothing_else() {
    let directory = saved();
    let directory = directory.path();
    fs::write(directory.join("optimizer-00001-of-00001.safetensors"), "").unwrap();
    fs::write(directory.join("config.json"), "").unwrap();
    let beside = ["config.json", "optimizer-00001-of-00001.safetensors"];
    let with = |files: &[&str]| sorted(beside.iter().chain(files).map(|name| (*name).to_owned()).collect());
    safejax::to_shards(directory, &params(), 8).unwrap();
    assert_eq!(names(directory).len(), 2 + 5);
    safejax::to_shards(directory, &params(), 16).unwrap();
    let two = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", INDEX];
    assert_eq!(names(directory), with(&two));
    safejax::to_shards(directory, &params(), 1000).unwrap();
    assert_eq!(names(directory), with(&["model.safetensors"]));
    safejax::to_shards(directory, &params(), 16).unwrap();
    assert_eq!(names(directory), with(&two));
}

#[test]
fn a_save_that_fails_leaves_the_old_checkpoint() {
    let directory = saved();
    let before = names(directory.path());
    /// Fails in the second walk, when the first shard is written already.
    struct Fails(std::cell::Cell<u32>);
    impl Serialize for Fails {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.0.set(self.0.get() + 1);
            if self.0.get() > 2 {
                return Err(serde::ser::Error::custom("no more"));
            }
            params().serialize(serializer)
        }
    }
    let error = safejax::to_shards(directory.path(), &Fails(0.into()), 8).unwrap_err();
    assert!(error.to_string().contains("no more"), "{error}");
    assert_eq!(names(directory.path()), before);
    assert_eq!(safejax::from_shards::<IndexMap<String, Array1<f32>>>(directory.path()).unwrap(), {
        let mut params = params();
        params.sort_keys();
        params
    });
}

/// Opens the directory, expects that it fails, and hands out the message.
fn refused(directory: &Path) -> String {
    let error = Checkpoint::open(directory).map(|_| ()).unwrap_err();
    assert!(error.file().unwrap().starts_with(directory), "{error}");
    error.to_string()
}

fn rewrite_index(directory: &Path, change: impl FnOnce(&mut serde_json::Map<String, Value>)) {
    let path = directory.join(INDEX);
    let mut index: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(index["weight_map"].as_object_mut().unwrap());
    fs::write(path, index.to_string()).unwrap();
}

#[test]
fn a_missing_shard_is_an_error_that_names_it_and_a_key() {
    let directory = saved();
    fs::remove_file(directory.path().join("model-00002-of-00002.safetensors")).unwrap();
    let message = refused(directory.path());
    assert!(message.contains("model-00002-of-00002.safetensors: `a`: the index names this shard"), "{message}");
}

#[test]
fn a_key_in_the_wrong_shard_is_an_error_that_names_both() {
    let directory = saved();
    rewrite_index(directory.path(), |map| {
        map["d"] = "model-00002-of-00002.safetensors".into();
    });
    let message = refused(directory.path());
    assert!(message.contains("model-00001-of-00002.safetensors: `d`: this shard holds the key"), "{message}");
    assert!(message.contains("the index says that it is in `model-00002-of-00002.safetensors`"), "{message}");
}

#[test]
fn a_key_in_two_shards_is_an_error() {
    let directory = saved();
    safejax::to_file(directory.path().join("model-00002-of-00002.safetensors"), &params()).unwrap();
    let message = refused(directory.path());
    assert!(message.contains("model-00002-of-00002.safetensors: `"), "{message}");
    assert!(message.contains("the index says that it is in `model-00001-of-00002.safetensors`"), "{message}");
}

#[test]
fn a_key_of_the_index_that_no_shard_has_is_an_error() {
    let directory = saved();
    rewrite_index(directory.path(), |map| {
        map.insert("z".into(), "model-00002-of-00002.safetensors".into());
    });
    let message = refused(directory.path());
    assert!(message.contains("`z`: the index says that the key is in this shard, but it is not"), "{message}");
}

#[test]
fn a_key_of_a_shard_that_the_index_lacks_is_an_error() {
    let directory = saved();
    rewrite_index(directory.path(), |map| {
        map.remove("d");
    });
    assert!(refused(directory.path()).contains("`d`: this shard holds the key, but the index does not have it"));
}

#[test]
fn shards_without_an_index_are_an_interrupted_save() {
    let directory = saved();
    fs::remove_file(directory.path().join(INDEX)).unwrap();
    assert!(refused(directory.path()).contains("a save may have been interrupted"));
}

#[test]
fn two_checkpoints_in_one_directory_are_named_not_picked() {
    let directory = saved();
    safejax::to_file(directory.path().join("model.safetensors"), &params()).unwrap();
    let message = refused(directory.path());
    assert!(message.contains(&format!("`model.safetensors` and `{INDEX}`: open one of them")), "{message}");
    let empty = tempfile::tempdir().unwrap();
    assert!(refused(empty.path()).contains("no safetensors file"));
    fs::write(empty.path().join("a.safetensors"), "").unwrap();
    fs::write(empty.path().join("b.safetensors"), "").unwrap();
    assert!(refused(empty.path()).contains("`a.safetensors` and `b.safetensors`: open one of them"));
}

#[test]
fn an_index_that_is_none_is_an_error() {
    let directory = saved();
    for text in ["", "[]", "{}", r#"{"weight_map": {"w": 1}}"#, r#"{"weight_map": {"w": "../x.safetensors"}}"#] {
        fs::write(directory.path().join(INDEX), text).unwrap();
        assert!(refused(directory.path()).contains("invalid index of shards"), "{text}");
    }
}

#[test]
fn shards_are_assigned_and_sliced_like_a_file() {
    let directory = saved();
    let mut model: IndexMap<String, Array1<f32>> = params();
    model.values_mut().for_each(|array| array.fill(9.0));
    let report = safejax::assign_from_file(&mut model, directory.path()).unwrap();
    assert_eq!((report.loaded.len(), &model["a"]), (4, &params()["a"]));
    let checkpoint = Checkpoint::open(directory.path()).unwrap();
    assert_eq!(checkpoint.slice("a", &[1..2]).unwrap(), Tensor::from_slice(&[1.0f32]));
    let mut elements = [0.0f32; 2];
    checkpoint.read_into("d", &mut elements).unwrap();
    assert_eq!(elements, [1.0, 1.0]);
}
