//! A type that asks for one of everything gets it, or an error.

#![no_main]

use std::collections::{BTreeMap, HashMap};

use libfuzzer_sys::fuzz_target;
use ndarray::{Array1, Array2, ArrayD};
use safejax::objax::VarCollection;
use safejax::{Casts, Naming, Options, Tensor, Tree};
use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(default)]
#[allow(dead_code)]
struct Model {
    params: Option<Box<Model>>,
    a: Option<Array1<f32>>,
    b: Option<ArrayD<u8>>,
    kernel: Option<Array2<f32>>,
    bias: Option<Tensor>,
    w: Option<Vec<f32>>,
    layers: Vec<Option<Model>>,
    x: Vec<Vec<Option<Tensor>>>,
    opt_state: Option<(Option<Tensor>, HashMap<String, Tree>)>,
    step: Option<i32>,
    name: Option<String>,
    choice: Option<Choice>,
    untagged: Option<Untagged>,
    map: BTreeMap<String, Option<Model>>,
    #[serde(rename = "~/mean_ema.average")]
    path: Option<Array1<f32>>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
enum Choice {
    A,
    B(Tensor),
    C { a: Tensor, b: Option<Tree> },
    D(Tensor, Vec<Tensor>),
}

#[derive(Deserialize)]
#[serde(untagged)]
#[allow(dead_code)]
enum Untagged {
    Array(Array1<f32>),
    Struct { a: Tensor },
    Map(BTreeMap<String, f64>),
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Flattened {
    a: Option<f32>,
    #[serde(flatten)]
    rest: BTreeMap<String, serde_json::Value>,
}

fuzz_target!(|bytes: &[u8]| {
    let namings = [Naming::flax(), Naming::haiku(), Naming::objax(), Naming::keystr(), Naming::flat()];
    let asked = namings.map(|naming| Options::new().naming(naming));
    for options in [Options::new(), Options::new().casts(Casts::Lossy)].into_iter().chain(asked) {
        if let Err(error) = options.from_bytes::<Model>(bytes) {
            let _ = error.to_string();
        }
        let _ = options.from_bytes::<Flattened>(bytes);
        let _ = options.from_bytes::<VarCollection>(bytes);
    }
});
