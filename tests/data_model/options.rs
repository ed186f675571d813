//! `Option` in every position.

use std::collections::BTreeMap;

use ndarray::{Array1, array};
use serde::{Deserialize, Serialize};

use crate::{Dense, config, dense, keys_and_metadata, refused, round_trip, round_trip_everywhere};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Fields {
    number: Option<u8>,
    text: Option<String>,
    tensor: Option<Array1<f32>>,
    module: Option<Dense>,
    list: Option<Vec<Dense>>,
    numbers: Option<Vec<u8>>,
    map: Option<BTreeMap<String, Dense>>,
}

fn some() -> Fields {
    Fields {
        number: Some(1),
        text: Some("null".into()),
        tensor: Some(array![1.0]),
        module: Some(dense(1.0)),
        list: Some(vec![dense(1.0), dense(2.0)]),
        numbers: Some(vec![]),
        map: Some(BTreeMap::new()),
    }
}

fn none() -> Fields {
    Fields { number: None, text: None, tensor: None, module: None, list: None, numbers: None, map: None }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Field<T> {
    value: T,
}

#[test]
fn options_come_back_wherever_they_stand() {
    for value in [Some(1), None] {
        round_trip_everywhere(value);
    }
    for value in [Some("null".to_owned()), Some(String::new()), None] {
        round_trip_everywhere(value);
    }
    for value in [Some(array![1.0f32]), None] {
        round_trip_everywhere(value);
    }
    for value in [Some(dense(1.0)), None] {
        round_trip_everywhere(value);
    }
    for value in [Some(vec![dense(1.0)]), Some(vec![]), None] {
        round_trip_everywhere(value);
    }
    for value in [Some(config()), None] {
        round_trip_everywhere(value);
    }
}

#[test]
fn fields_of_every_kind_are_some_or_none() {
    round_trip_everywhere(some());
    round_trip_everywhere(none());
}

#[test]
fn none_adds_nothing_to_a_struct_or_tuple() {
    let (keys, metadata) = keys_and_metadata(&safejax::to_bytes(&none()).unwrap());
    assert!(keys.is_empty() && metadata.is_empty());
    let (keys, metadata) = keys_and_metadata(&safejax::to_bytes(&(dense(1.0), None::<u8>)).unwrap());
    assert_eq!((keys.len(), metadata.len()), (2, 0));
}

#[test]
fn none_is_a_gap_in_a_list_and_recorded_at_its_end() {
    let list = vec![None, Some(array![1.0f32]), None, Some(array![2.0]), None, None];
    round_trip_everywhere(list.clone());
    let (keys, metadata) = keys_and_metadata(&safejax::to_bytes(&Field { value: list }).unwrap());
    assert_eq!(keys, ["value.1", "value.3"]);
    let nulls: Vec<_> = metadata.iter().filter(|(_, text)| *text == "null").map(|(key, _)| key.as_str()).collect();
    assert_eq!(nulls, ["value.4", "value.5"]);
}

#[test]
fn lists_with_nones_come_back_wherever_they_stand() {
    round_trip_everywhere(vec![None, Some(dense(1.0))]);
    round_trip_everywhere(vec![Some(dense(1.0)), None]);
    round_trip_everywhere(vec![None::<Dense>, None]);
    round_trip_everywhere(vec![Some(1), None, Some(3), None]);
    round_trip_everywhere(vec![Some(vec![Some(dense(1.0)), None]), None, Some(vec![])]);
    round_trip_everywhere((None::<Dense>, Some(dense(1.0)), None::<u8>));
    round_trip_everywhere(vec![Field { value: Some(dense(1.0)) }, Field { value: None }]);
}

#[test]
fn a_long_gap_comes_back() {
    let mut list: Vec<Option<Array1<f32>>> = vec![None; 10_000];
    list.push(Some(array![1.0]));
    round_trip(&Field { value: list });
}

#[test]
fn none_is_null_in_a_map() {
    let map = BTreeMap::from([("a".to_owned(), None), ("b".to_owned(), Some(dense(1.0)))]);
    round_trip_everywhere(map.clone());
    let (_, metadata) = keys_and_metadata(&safejax::to_bytes(&map).unwrap());
    assert_eq!(metadata["a"], "null");
}

#[test]
fn an_option_of_an_option_has_one_none() {
    for value in [Some(Some(1)), None] {
        round_trip_everywhere(value);
    }
    for value in [Some(Some(dense(1.0))), None] {
        round_trip_everywhere(value);
    }
    let bytes = safejax::to_bytes(&Field { value: Some(None::<u8>) }).unwrap();
    assert_eq!(safejax::from_bytes::<Field<Option<Option<u8>>>>(&bytes).unwrap().value, None);
    let bytes = safejax::to_bytes(&Field { value: Some(()) }).unwrap();
    assert_eq!(safejax::from_bytes::<Field<Option<()>>>(&bytes).unwrap().value, None);
}

#[test]
fn what_is_missing_is_none_only_for_an_option() {
    let bytes = safejax::to_bytes(&Field { value: None::<Dense> }).unwrap();
    assert_eq!(safejax::from_bytes::<Field<Option<u8>>>(&bytes).unwrap().value, None);
    assert_eq!(refused::<Field<Dense>>(&bytes), "`value.kernel`: missing; the file is empty");
    assert_eq!(refused::<Field<u8>>(&bytes), "`value`: missing; the file is empty");
    assert_eq!(refused::<Field<Vec<Dense>>>(&bytes), "`value`: missing; the file is empty");
}
