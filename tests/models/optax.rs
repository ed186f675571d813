//! Optax: tuples of states, of which some hold nothing.

use std::collections::BTreeMap;

use ndarray::{Array0, Array1, Array2, ArrayD};
use serde::{Deserialize, Serialize};

use crate::common::{Golden, golden};

/// `optax.chain(clip, adamw)`: an `EmptyState`, then the three states of adamw.
type State<Params, Count> = ((), AdamW<Params, Count>);

#[derive(Serialize, Deserialize)]
struct AdamW<Params, Count>(ScaleByAdam<Params, Count>, (), Schedule<Count>);

#[derive(Serialize, Deserialize)]
struct ScaleByAdam<Params, Count> {
    count: Count,
    mu: Params,
    nu: Params,
}

#[derive(Serialize, Deserialize)]
struct Schedule<Count> {
    count: Count,
}

#[derive(Serialize, Deserialize)]
struct Params {
    dense: Dense,
}

#[derive(Serialize, Deserialize)]
struct Dense {
    kernel: Array2<f32>,
    bias: Array1<f32>,
}

/// `params` as JAX has them: dicts in dicts.
type Dicts = BTreeMap<String, BTreeMap<String, ArrayD<f32>>>;

fn assert_adam<Count>(file: &Golden, keys: [&str; 2], adam: &ScaleByAdam<Params, Count>) {
    file.assert_array(keys[0], &adam.mu.dense.kernel);
    file.assert_array(keys[1], &adam.nu.dense.bias);
}

const SLASH: [&str; 2] = ["1/0/mu/dense/kernel", "1/0/nu/dense/bias"];
const KEYSTR: [&str; 2] = ["[1][0].mu['dense']['kernel']", "[1][0].nu['dense']['bias']"];

#[test]
fn counts_are_rust_integers() {
    for (name, keys) in [("optax_adamw_slash", SLASH), ("optax_adamw_keystr", KEYSTR)] {
        let file = golden(name);
        let state: State<Params, i32> = safejax::from_file(&file.path).unwrap();
        let ((), AdamW(adam, (), schedule)) = &state;
        assert_eq!((adam.count, schedule.count), (1, 1));
        assert_adam(&file, keys, adam);
    }
}

#[test]
fn a_state_dict_joined_with_slashes_is_covered() {
    let file = golden("optax_adamw_slash");
    let state: State<Params, Array0<i32>> = safejax::from_file(&file.path).unwrap();
    assert_adam(&file, SLASH, &state.1.0);
    file.assert_saves_as_same_bytes(&state);
}

/// `jax.tree_util.keystr` tells the fields of a tuple from the keys of a dict, as Rust does.
#[test]
fn a_state_named_by_keystr_is_covered() {
    let file = golden("optax_adamw_keystr");
    let state: State<Dicts, Array0<i32>> = safejax::from_file(&file.path).unwrap();
    let adam = &state.1.0;
    file.assert_array(KEYSTR[0], &adam.mu["dense"]["kernel"]);
    file.assert_array(KEYSTR[1], &adam.nu["dense"]["bias"]);
    file.assert_array("[1][2].count", &state.1.2.count);
    file.assert_saves_as_same_bytes(&state);
}
