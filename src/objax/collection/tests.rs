//! Collections of variables through JSON.

use serde_json::{Value, json};

use super::*;
use crate::Dtype;
use crate::Tensor;
use crate::objax::VarKind;

fn var(kind: VarKind, byte: u8) -> Var {
    Var { kind, value: Tensor::new(Dtype::U8, vec![1], vec![byte]).unwrap() }
}

fn tensor(byte: u8) -> Value {
    json!({"dtype": "U8", "shape": [1], "data": [byte]})
}

fn refusal<T: fmt::Debug>(result: serde_json::Result<T>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn a_variable_is_stored_under_its_name_and_kind() {
    let vars = VarCollection::from_iter([
        ("(Linear).w", var(VarKind::TrainVar, 1)),
        ("(Linear).b", var(VarKind::Other("Mine".to_owned()), 2)),
    ]);
    let stored = serde_json::to_value(&vars).unwrap();
    assert_eq!(stored, json!({"(Linear).w::TrainVar": tensor(1), "(Linear).b::Mine": tensor(2)}));
    assert_eq!(serde_json::from_value::<VarCollection>(stored).unwrap(), vars);
}

#[test]
fn the_order_is_that_of_the_entries() {
    let text = format!(r#"{{"z::StateVar": {0}, "a::TrainVar": {0}, "m": {0}}}"#, tensor(0));
    let mut vars: VarCollection = serde_json::from_str(&text).unwrap();
    assert!(vars.keys().eq(["z", "a", "m"]));
    vars.remove("z");
    vars.insert("z", var(VarKind::TrainVar, 1));
    assert!(vars.iter().map(|(name, _)| name).eq(["a", "m", "z"]));
}

#[test]
fn a_key_without_a_kind_is_a_train_var() {
    let vars: VarCollection = serde_json::from_value(json!({"(Linear).w": tensor(1)})).unwrap();
    assert_eq!(vars.get("(Linear).w"), Some(&var(VarKind::TrainVar, 1)));
}

#[test]
fn every_kind_reads_back_from_its_name() {
    let known = [VarKind::TrainVar, VarKind::StateVar, VarKind::TrainRef, VarKind::RandomState];
    for kind in known.into_iter().chain([VarKind::Other("A:B".to_owned())]) {
        assert_eq!(kind.to_string().parse::<VarKind>().unwrap(), kind);
    }
    for name in ["", ":Train", "a::b", "::"] {
        assert!(name.parse::<VarKind>().is_err(), "{name}");
    }
}

#[test]
fn one_name_of_two_kinds_is_an_error_that_names_both() {
    let error =
        refusal(serde_json::from_value::<VarCollection>(json!({"a::StateVar": tensor(1), "a::TrainVar": tensor(2)})));
    assert_eq!(error, "`a::StateVar` and `a::TrainVar` are one variable twice");
}

#[test]
fn a_key_that_does_not_split_is_an_error_that_names_it() {
    for key in ["", "::TrainVar", "a::", "a:::TrainVar", "a::b::TrainVar"] {
        let error = refusal(serde_json::from_value::<VarCollection>(json!({key: tensor(1)})));
        assert!(error.starts_with(&format!("`{key}`: the objax naming cannot hold this")), "{error}");
    }
}

#[test]
fn a_name_that_would_not_read_back_is_not_stored() {
    for name in ["", "a:", "a::b", "::"] {
        let vars = VarCollection::from_iter([(name, var(VarKind::TrainVar, 1))]);
        let error = refusal(serde_json::to_value(&vars));
        assert!(error.contains(&format!("`{name}::TrainVar`")), "{error}");
    }
    for kind in ["", ":b", "b::c"] {
        let vars = VarCollection::from_iter([("a", var(VarKind::Other(kind.to_owned()), 1))]);
        assert!(serde_json::to_value(&vars).is_err(), "{kind}");
    }
}

#[test]
fn a_nested_value_is_an_error() {
    let nested = json!({"a": {"b": tensor(1)}});
    assert!(serde_json::from_value::<VarCollection>(nested).is_err());
}
