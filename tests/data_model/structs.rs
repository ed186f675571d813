//! Structs of every kind.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use ndarray::{Array1, array};
use serde::{Deserialize, Serialize};

use crate::{Config, Dense, config, dense, keys_and_metadata, round_trip, round_trip_everywhere};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Model {
    encoder: Dense,
    decoder: Dense,
    config: Config,
    step: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Newtype<T>(T);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Pair<A, B>(A, B);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Unit;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Empty {}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct NoElements();

/// A struct that stores nothing, although it has fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Hollow {
    unit: (),
    marker: PhantomData<Dense>,
    inner: Empty,
    none: Option<Dense>,
}

fn model() -> Model {
    Model { encoder: dense(1.0), decoder: dense(2.0), config: config(), step: 7 }
}

#[test]
fn a_struct_is_its_fields() {
    let bytes = safejax::to_bytes(&model()).unwrap();
    let (keys, metadata) = keys_and_metadata(&bytes);
    assert_eq!(keys, ["decoder.bias", "decoder.kernel", "encoder.bias", "encoder.kernel"]);
    let leaves: Vec<_> = metadata.iter().filter(|(key, _)| *key != "safejax").collect();
    let expected = [("config.name", "a"), ("config.rate", "0.5"), ("config.sizes", "[3,4]"), ("step", "7")];
    assert_eq!(
        leaves,
        expected.map(|(key, text)| (key.to_owned(), text.to_owned())).iter().map(|(k, t)| (k, t)).collect::<Vec<_>>()
    );
}

#[test]
fn structs_of_every_kind_come_back_wherever_they_stand() {
    round_trip_everywhere(model());
    round_trip_everywhere(config());
    round_trip(&(dense(1.0), Newtype(Newtype(5))));
    round_trip(&(dense(1.0), Newtype(Newtype("text".to_owned()))));
    round_trip_everywhere(Newtype(dense(3.0)));
    round_trip_everywhere(Newtype(array![1.0f32, 2.0]));
    round_trip_everywhere(Newtype(Newtype(vec![dense(3.0)])));
    round_trip(&(dense(1.0), Newtype(Pair(1, "x".to_owned()))));
    round_trip_everywhere(Pair(dense(1.0), 2));
    round_trip_everywhere(Pair(2, array![1u8]));
    round_trip_everywhere(Pair(dense(1.0), Pair(dense(2.0), dense(3.0))));
}

#[test]
fn what_stores_nothing_comes_back_wherever_it_stands() {
    round_trip_everywhere(());
    round_trip_everywhere(Unit);
    round_trip_everywhere(Empty {});
    round_trip_everywhere(NoElements());
    round_trip(&(dense(1.0), Newtype(PhantomData::<Dense>)));
    round_trip(&(dense(1.0), Newtype(Newtype(()))));
    round_trip(&(dense(1.0), Newtype(Pair((), Unit))));
    round_trip(&(dense(1.0), Newtype(Newtype(Unit))));
    round_trip_everywhere(Hollow { unit: (), marker: PhantomData, inner: Empty {}, none: None });
}

#[test]
fn units_and_empty_structs_add_nothing_to_a_file() {
    #[derive(Serialize)]
    struct Plain {
        weight: Array1<f32>,
    }
    #[derive(Serialize)]
    struct Padded {
        unit: (),
        empty: Empty,
        weight: Array1<f32>,
        marker: PhantomData<u8>,
        none: Option<u8>,
    }
    let weight = || array![1.0f32];
    let padded = Padded { unit: (), empty: Empty {}, weight: weight(), marker: PhantomData, none: None };
    assert_eq!(safejax::to_bytes(&padded).unwrap(), safejax::to_bytes(&Plain { weight: weight() }).unwrap());
}

#[test]
fn newtypes_are_their_content() {
    let plain = safejax::to_bytes(&BTreeMap::from([("a", dense(1.0))])).unwrap();
    let wrapped = safejax::to_bytes(&Newtype(BTreeMap::from([("a", Newtype(dense(1.0)))]))).unwrap();
    assert_eq!(plain, wrapped);
}

#[test]
fn a_root_without_a_name_comes_back() {
    round_trip(&array![[1.0f32, 2.0]]);
    round_trip(&5u8);
    round_trip(&"text".to_owned());
    round_trip(&f64::INFINITY);
    round_trip(&None::<Dense>);
    round_trip(&Some(dense(1.0)));
    round_trip(&Vec::<Dense>::new());
    round_trip(&BTreeMap::<String, Dense>::new());
    round_trip(&vec![vec![1, 2], vec![]]);
}

#[test]
fn generic_structs_follow_their_parameter() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Generic<T, const N: usize>
    where
        [T; N]: Serialize + for<'a> Deserialize<'a>,
    {
        items: [T; N],
    }
    round_trip(&Generic { items: [1u8, 2] });
    round_trip(&Generic { items: [dense(1.0), dense(2.0), dense(3.0)] });
    round_trip(&Generic { items: [array![1i64], array![2, 3]] });
}

#[test]
fn a_struct_that_is_named_like_ndarray_s_is_a_struct() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Array {
        q: Array1<f32>,
        k: u8,
        v: Array1<f32>,
    }
    round_trip(&Array { q: array![1.0], k: 2, v: array![3.0] });
}

#[test]
fn a_value_goes_through_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.safetensors");
    let models = BTreeMap::from([("a".to_owned(), model()), ("b".to_owned(), model())]);
    safejax::to_file(&path, &models).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), safejax::to_bytes(&models).unwrap());
    assert_eq!(safejax::from_file::<BTreeMap<String, Model>>(&path).unwrap(), models);
    let hollow = (Hollow { unit: (), marker: PhantomData, inner: Empty {}, none: None }, Unit, dense(1.0));
    safejax::to_file(&path, &hollow).unwrap();
    assert_eq!(safejax::from_file::<(Hollow, Unit, Dense)>(&path).unwrap(), hollow);
}
