//! Collections around what is no struct of modules: tuples, lists and enums at the root, collections
//! of any name, and one that is called like a field.

use safejax::{Naming, Options};

/// Saved under a naming, and loaded without being told which.
fn there_and_back<T>(naming: &Naming, value: &T) -> T
where
    T: serde::Serialize + serde::de::DeserializeOwned,
{
    let bytes = Options::new().naming(naming.clone()).to_bytes(value).unwrap();
    safejax::from_bytes(&bytes).unwrap_or_else(|error| panic!("{naming}: {error}"))
}

#[derive(Clone, Debug, PartialEq, safejax::Serialize, safejax::Deserialize)]
struct Pair(#[tensor(collection(flax = "stats", haiku = "state"))] Vec<f32>, u8);

#[test]
fn a_tuple_at_the_root_is_in_several_collections() {
    for naming in [Naming::flax(), Naming::haiku()] {
        assert_eq!(there_and_back(&naming, &Pair(vec![1.0], 2)), Pair(vec![1.0], 2));
    }
}

#[derive(Clone, Debug, PartialEq, safejax::Serialize, safejax::Deserialize)]
enum Layer {
    Norm {
        #[tensor]
        scale: Vec<f32>,
        #[tensor(collection(flax = "batch_stats", haiku = "state"))]
        mean: Vec<f32>,
    },
}

#[test]
fn an_enum_at_the_root_is_in_several_collections() {
    let layer = Layer::Norm { scale: vec![1.0], mean: vec![2.0] };
    for naming in [Naming::flax(), Naming::haiku()] {
        assert_eq!(there_and_back(&naming, &layer), layer);
    }
}

#[test]
fn a_list_at_the_root_is_in_several_collections() {
    let layers = vec![Layer::Norm { scale: vec![1.0], mean: vec![2.0] }; 2];
    for naming in [Naming::flax(), Naming::haiku()] {
        assert_eq!(there_and_back(&naming, &layers), layers);
    }
}

#[derive(Debug, PartialEq, safejax::Serialize, safejax::Deserialize)]
struct Statistics {
    #[tensor(collection(flax = "running"))]
    mean: Vec<f32>,
}

#[test]
fn a_collection_of_any_name_may_be_the_only_one() {
    let statistics = Statistics { mean: vec![1.0] };
    assert_eq!(there_and_back(&Naming::flax(), &statistics), statistics);
}

#[derive(Debug, PartialEq, safejax::Serialize, safejax::Deserialize)]
struct Cached {
    #[safejax(collection(flax = "cache"))]
    cache: Cache,
}

#[derive(Debug, PartialEq, safejax::Serialize, safejax::Deserialize)]
struct Cache {
    #[tensor]
    index: Vec<i32>,
}

#[test]
fn a_collection_may_be_called_like_the_field_in_it() {
    let cached = Cached { cache: Cache { index: vec![3] } };
    assert_eq!(there_and_back(&Naming::flax(), &cached), cached);
}

#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Head {
    inner: (u8, ndarray::Array1<f32>),
}

#[test]
fn a_tuple_in_haiku_may_begin_with_a_leaf() {
    let head = Head { inner: (1, ndarray::arr1(&[2.0])) };
    assert_eq!(there_and_back(&Naming::haiku(), &head), head);
}

#[derive(Debug, PartialEq, safejax::Serialize, safejax::Deserialize)]
struct Nested(#[safejax(list = "suffix")] Vec<Statistics>, u8);

#[test]
fn a_list_that_is_the_item_of_a_tuple_has_no_name_to_append_to() {
    let nested = Nested(vec![Statistics { mean: vec![1.0] }], 2);
    assert_eq!(there_and_back(&Naming::flax(), &nested), nested);
}
