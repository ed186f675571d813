//! Scopes, collections, lists, and fields of one framework, on real keys.

use ndarray::{Array1, Array2, array};
use safejax::{Checkpoint, Deserialize, Naming, Serialize};

use crate::names::{keys, save};

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[safejax(class = "Linear")]
struct Dense {
    #[tensor(flax = "kernel", haiku = "w", objax = "w")]
    weight: Array2<f32>,
}

fn dense() -> Dense {
    Dense { weight: array![[1.0]] }
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Scopes {
    init: Dense,
    #[safejax(scope = "~")]
    told: Dense,
    #[safejax(scope = "~encode", haiku = "linear")]
    encoder: Dense,
    #[safejax(scope = "")]
    call: Dense,
    scoped: Scoped,
    #[safejax(scope = "~")]
    scoped_here: Scoped,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[safejax(scope = "~decode")]
struct Scoped {
    #[tensor]
    w: Vec<f32>,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Root {
    net: Scopes,
}

#[test]
fn scopes_are_parts_of_the_path() {
    let scoped = || Scoped { w: vec![1.0] };
    let net = Scopes {
        init: dense(),
        told: dense(),
        encoder: dense(),
        call: dense(),
        scoped: scoped(),
        scoped_here: scoped(),
    };
    let mut haiku = keys(&Root { net }, Naming::haiku());
    haiku.sort();
    assert_eq!(
        haiku,
        [
            "net/call.w",
            "net/~/init.w",
            "net/~/scoped_here.w",
            "net/~/told.w",
            "net/~decode/scoped.w",
            "net/~encode/linear.w"
        ]
    );
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct BatchNorm {
    #[tensor(objax = "gamma", reshape(objax = (1, _, 1, 1), haiku = (1, 1, 1, _)))]
    scale: Vec<f32>,
    #[tensor(
        collection(flax = "batch_stats", haiku = "state"),
        haiku = "~/mean_ema.average",
        objax = "running_mean",
        var = "StateVar",
        reshape(objax = (1, _, 1, 1), haiku = (1, 1, 1, _))
    )]
    mean: Array1<f32>,
    #[tensor(collection(haiku = "state"), haiku = "~/mean_ema.counter", only(haiku))]
    counter: Option<Array1<i32>>,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Normed {
    norm: BatchNorm,
    dense: Dense,
}

#[test]
fn collections_kinds_shapes_and_fields_of_one_framework() {
    let norm = |counter| BatchNorm { scale: vec![1.0, 2.0], mean: array![3.0, 4.0], counter };
    let value = Normed { norm: norm(None), dense: dense() };
    assert_eq!(keys(&value, Naming::flax()), ["batch_stats.norm.mean", "params.dense.kernel", "params.norm.scale"]);
    assert_eq!(
        keys(&value, Naming::objax()),
        [
            "(Normed).dense(Linear).w::TrainVar",
            "(Normed).norm(BatchNorm).gamma::TrainVar",
            "(Normed).norm(BatchNorm).running_mean::StateVar"
        ]
    );
    let value = Normed { norm: norm(Some(array![7])), dense: dense() };
    let mut haiku = keys(&value, Naming::haiku());
    haiku.sort();
    assert_eq!(
        haiku,
        ["params.dense.w", "params.norm.scale", "state.norm/~/mean_ema.average", "state.norm/~/mean_ema.counter"]
    );
    let checkpoint = |naming| Checkpoint::from_bytes(save(&value, naming).leak()).unwrap();
    assert_eq!(checkpoint(Naming::haiku()).tensor("params.norm.scale").unwrap().shape(), [1, 1, 1, 2]);
    let objax = checkpoint(Naming::objax());
    assert_eq!(objax.tensor("(Normed).norm(BatchNorm).running_mean::StateVar").unwrap().shape(), [1, 2, 1, 1]);
    assert!(objax.keys().all(|key| !key.contains("counter")));
    let loaded: Normed = objax.get().unwrap();
    assert_eq!(loaded, Normed { norm: norm(None), dense: dense() });
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[safejax(collection(flax = "batch_stats"))]
struct Statistics {
    #[tensor]
    mean: Vec<f32>,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct WithStatistics {
    norm: Statistics,
    #[safejax(collection(flax = "constants"))]
    cache: Dense,
    dense: Dense,
}

#[test]
fn a_collection_of_a_type_and_of_a_submodule() {
    let value = WithStatistics { norm: Statistics { mean: vec![1.0] }, cache: dense(), dense: dense() };
    assert_eq!(
        keys(&value, Naming::flax()),
        ["batch_stats.norm.mean", "constants.cache.kernel", "params.dense.kernel"]
    );
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Lists {
    #[safejax(list = "suffix")]
    layers: Vec<Dense>,
    #[safejax(list = "suffix", flax = "Dense")]
    named: Vec<Dense>,
    #[safejax(list = "dot")]
    dots: Vec<Dense>,
}

#[test]
fn a_list_with_suffixes() {
    let value = Lists { layers: vec![dense(), dense()], named: vec![dense()], dots: vec![dense()] };
    let mut flax = keys(&value, Naming::flax());
    flax.sort();
    assert_eq!(flax, ["Dense_0.kernel", "dots.0.kernel", "layers_0.kernel", "layers_1.kernel"]);
}
