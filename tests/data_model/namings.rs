//! One value in every naming: the keys, and the way back.

use std::collections::BTreeMap;

use ndarray::{Array1, array};
use safejax::{Checkpoint, Naming, Options, Tree};
use serde::{Deserialize, Serialize};

use crate::{Dense, dense, keys_and_metadata};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Head {
    Linear(Dense),
    Pair(Array1<f32>, Array1<f32>),
    Named { scale: Array1<f32>, bits: u8 },
    None,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Block {
    norm: Array1<f32>,
    dense: Dense,
    rate: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Net {
    embedding: Array1<f32>,
    blocks: Vec<Block>,
    tower: Tower,
    pair: (Dense, Dense),
    maybe: Option<Dense>,
    head: Head,
    other: Head,
    tensors: Vec<Array1<f32>>,
    name: String,
    sizes: Vec<usize>,
    units: (),
}

/// A newtype names the class of a sequence in objax.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Tower(Vec<Option<Dense>>);

fn net(head: Head) -> Net {
    let block = |n| Block { norm: array![n], dense: dense(n), rate: f64::from(n) };
    Net {
        embedding: array![1.0],
        blocks: vec![block(1.0), block(2.0)],
        tower: Tower(vec![Some(dense(5.0)), None, Some(dense(6.0))]),
        pair: (dense(7.0), dense(8.0)),
        maybe: Some(dense(9.0)),
        head: Head::None,
        other: head,
        tensors: vec![array![1.0], array![2.0]],
        name: "net".into(),
        sizes: vec![1, 2],
        units: (),
    }
}

fn namings() -> Vec<Naming> {
    let mut namings =
        vec![Naming::objax(), Naming::objax().kinds(false), Naming::keystr(), Naming::keystr().leading_dot(false)];
    for separator in [".", "/", ",", ":::", "__"] {
        namings.push(Naming::flax().separator(separator));
        namings.push(Naming::flax().separator(separator).suffix_lists(true));
    }
    namings.extend([".", "//", ":", "/"].map(|separator| Naming::haiku().separator(separator)));
    namings
}

#[test]
fn a_model_comes_back_in_every_naming() {
    let heads = [
        Head::Linear(dense(3.0)),
        Head::Pair(array![1.0], array![2.0]),
        Head::Named { scale: array![1.0], bits: 8 },
        Head::None,
    ];
    for naming in namings() {
        for head in &heads {
            let (net, options) = (net(head.clone()), Options::new().naming(naming.clone()));
            let bytes = options.to_bytes(&net).unwrap_or_else(|error| panic!("{naming}: {error}"));
            // Said, and found.
            for options in [options.clone(), Options::new()] {
                let loaded: Net = options.from_bytes(&bytes).unwrap_or_else(|error| panic!("{naming}: {error}"));
                assert_eq!(loaded, net, "{naming}");
            }
            assert_eq!(Checkpoint::from_bytes(&bytes).unwrap().naming(), &naming);
        }
    }
}

#[test]
fn a_model_comes_back_through_the_tree_of_every_naming() {
    for naming in namings() {
        let net = net(Head::Linear(dense(3.0)));
        let options = Options::new().naming(naming.clone());
        let bytes = options.to_bytes(&net).unwrap();
        let tree = options.to_tree(&net).unwrap_or_else(|error| panic!("{naming}: {error}"));
        assert_eq!(tree, safejax::from_bytes::<Tree>(&bytes).unwrap(), "{naming}");
        assert_eq!(options.from_tree::<Net>(&tree).unwrap_or_else(|error| panic!("{naming}: {error}\n{tree}")), net);
        assert_eq!(keys_and_metadata(&options.to_bytes(&tree).unwrap()).0, keys_and_metadata(&bytes).0, "{naming}");
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Small {
    layers: Vec<Array1<f32>>,
    head: Head,
    steps: u8,
}

#[test]
fn the_keys_of_every_naming() {
    let small = || Small {
        layers: vec![array![1.0], array![2.0]],
        head: Head::Named { scale: array![3.0], bits: 8 },
        steps: 5,
    };
    // The tensors, then the leaves.
    for (naming, keys, leaves) in [
        (Naming::flax(), ["head.Named.scale", "layers.0", "layers.1"], ["head.Named.bits", "steps"]),
        (
            Naming::flax().separator("/").suffix_lists(true),
            ["head/Named/scale", "layers_0", "layers_1"],
            ["head/Named/bits", "steps"],
        ),
        (Naming::haiku(), ["head/~/Named.scale", "~.layers", "~.layers_1"], ["head/~/Named.bits", "~.steps"]),
        (
            Naming::objax(),
            [
                "(Small).head.Named.scale::TrainVar",
                "(Small).layers(ModuleList)[0]::TrainVar",
                "(Small).layers(ModuleList)[1]::TrainVar",
            ],
            ["(Small).head.Named.bits", "(Small).steps"],
        ),
        (
            Naming::objax().kinds(false),
            ["(Small).head.Named.scale", "(Small).layers(ModuleList)[0]", "(Small).layers(ModuleList)[1]"],
            ["(Small).head.Named.bits", "(Small).steps"],
        ),
        (Naming::keystr(), [".head.Named.scale", ".layers[0]", ".layers[1]"], [".head.Named.bits", ".steps"]),
        (
            Naming::keystr().leading_dot(false),
            ["head.Named.scale", "layers[0]", "layers[1]"],
            ["head.Named.bits", "steps"],
        ),
    ] {
        let bytes = Options::new().naming(naming.clone()).to_bytes(&small()).unwrap();
        let (found, mut metadata) = keys_and_metadata(&bytes);
        metadata.remove("safejax").unwrap();
        assert_eq!(found, keys, "{naming}");
        assert_eq!(metadata.into_keys().collect::<Vec<_>>(), leaves, "{naming}");
    }
}

#[test]
fn flat_is_one_level() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Flat {
        #[serde(rename = "a.b/c")]
        tensor: Array1<f32>,
        #[serde(rename = "a.b")]
        other: Array1<f32>,
        leaf: String,
        list: Vec<u8>,
    }
    let flat = Flat { tensor: array![1.0], other: array![2.0], leaf: "x".into(), list: vec![1] };
    let options = Options::new().naming(Naming::flat());
    let bytes = options.to_bytes(&flat).unwrap();
    assert_eq!(keys_and_metadata(&bytes).0, ["a.b", "a.b/c"]);
    assert_eq!(options.from_bytes::<Flat>(&bytes).unwrap(), flat);
    assert_eq!(safejax::from_bytes::<Flat>(&bytes).unwrap(), flat);
    let map = BTreeMap::from([("a".to_owned(), array![1.0f32]), ("a.b".to_owned(), array![2.0])]);
    let bytes = options.to_bytes(&map).unwrap();
    assert_eq!(safejax::from_bytes::<BTreeMap<String, Array1<f32>>>(&bytes).unwrap(), map);
}

#[test]
fn maps_come_back_in_the_namings_that_nest_them() {
    let map = || BTreeMap::from([("a b".to_owned(), dense(1.0)), ("c".to_owned(), dense(2.0))]);
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Model {
        by_name: BTreeMap<String, Dense>,
        by_number: BTreeMap<i32, Dense>,
        tensors: BTreeMap<String, Array1<f32>>,
    }
    let model = Model {
        by_name: map(),
        by_number: BTreeMap::from([(-1, dense(1.0)), (0, dense(2.0)), (10, dense(3.0))]),
        tensors: BTreeMap::from([("x".to_owned(), array![1.0])]),
    };
    for naming in namings() {
        let options = Options::new().naming(naming.clone());
        match options.to_bytes(&model) {
            Ok(bytes) => {
                let loaded = options.from_bytes::<Model>(&bytes).unwrap_or_else(|error| panic!("{naming}: {error}"));
                assert_eq!(loaded, model, "{naming}");
            }
            Err(error) => {
                assert!(naming.to_string().starts_with("objax"), "{naming}: {error}");
                assert!(error.to_string().contains("a map inside a struct"), "{error}");
            }
        }
    }
}

#[test]
fn haiku_s_own_shape_is_a_map_of_modules() {
    let params = BTreeMap::from([
        ("mlp/~/linear_0".to_owned(), BTreeMap::from([("w".to_owned(), array![1.0f32])])),
        ("mlp/~/linear_1".to_owned(), BTreeMap::from([("w".to_owned(), array![2.0f32])])),
    ]);
    let state = BTreeMap::from([("bn".to_owned(), BTreeMap::from([("mean".to_owned(), array![3.0f32])]))]);
    let both = BTreeMap::from([("params".to_owned(), params.clone()), ("state".to_owned(), state)]);
    let bytes = safejax::haiku::to_bytes(&params).unwrap();
    assert_eq!(keys_and_metadata(&bytes).0, ["mlp/~/linear_0.w", "mlp/~/linear_1.w"]);
    assert_eq!(safejax::haiku::from_bytes::<BTreeMap<String, BTreeMap<String, Array1<f32>>>>(&bytes).unwrap(), params);
    let bytes = safejax::haiku::to_bytes(&both).unwrap();
    assert_eq!(keys_and_metadata(&bytes).0, ["params.mlp/~/linear_0.w", "params.mlp/~/linear_1.w", "state.bn.mean"]);
    let loaded: BTreeMap<String, BTreeMap<String, BTreeMap<String, Array1<f32>>>> =
        safejax::haiku::from_bytes(&bytes).unwrap();
    assert_eq!(loaded, both);
}

#[test]
fn objax_and_keystr_see_flat_maps() {
    let vars = BTreeMap::from([("(Linear).w::TrainVar".to_owned(), array![1.0f32])]);
    let bytes = safejax::objax::to_bytes(&vars).unwrap();
    assert_eq!(keys_and_metadata(&bytes), (vec!["(Linear).w::TrainVar".to_owned()], BTreeMap::new()));
    assert_eq!(safejax::objax::from_bytes::<BTreeMap<String, Array1<f32>>>(&bytes).unwrap(), vars);
    let paths = BTreeMap::from([("['a'][0].w".to_owned(), array![1.0f32])]);
    let options = Options::new().naming(Naming::keystr());
    let bytes = options.to_bytes(&paths).unwrap();
    assert_eq!(keys_and_metadata(&bytes), (vec!["['a'][0].w".to_owned()], BTreeMap::new()));
    assert_eq!(options.from_bytes::<BTreeMap<String, Array1<f32>>>(&bytes).unwrap(), paths);
}

#[test]
fn a_naming_that_does_not_fit_is_an_error_with_the_key() {
    let bytes = safejax::to_bytes(&dense(1.0)).unwrap();
    for (naming, name) in [(Naming::objax(), "objax"), (Naming::haiku(), "haiku")] {
        let message = Options::new().naming(naming).from_bytes::<Dense>(&bytes).unwrap_err().to_string();
        assert!(message.starts_with(&format!("`bias`: the {name} naming")) || message.contains(name), "{message}");
    }
}
