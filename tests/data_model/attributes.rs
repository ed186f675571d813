//! serde's attributes.

use std::collections::BTreeMap;

use ndarray::{Array1, array};
use serde::{Deserialize, Serialize};

use crate::{Config, Dense, config, dense, keys_and_metadata, refused, round_trip};

#[test]
fn flattened_structs_and_maps_lie_beside_the_fields() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Inner {
        weight: Array1<f32>,
        scale: f64,
        none: Option<u8>,
        #[serde(flatten)]
        config: Config,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Outer {
        dense: Dense,
        #[serde(flatten)]
        inner: Inner,
        list: Vec<Dense>,
    }
    let outer = || Outer {
        dense: dense(1.0),
        inner: Inner { weight: array![1.0], scale: 0.5, none: None, config: config() },
        list: vec![dense(2.0), dense(3.0)],
    };
    round_trip(&outer());
    round_trip(&vec![outer(), outer()]);
    round_trip(&BTreeMap::from([("a".to_owned(), outer())]));
    let (keys, _) = keys_and_metadata(&safejax::to_bytes(&outer()).unwrap());
    assert!(keys.contains(&"weight".to_owned()), "{keys:?}");
}

#[test]
fn a_flattened_map_takes_what_the_fields_leave() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Open {
        dense: Dense,
        #[serde(flatten)]
        config: Config,
        #[serde(flatten)]
        rest: BTreeMap<String, Array1<i32>>,
    }
    let rest = BTreeMap::from([("x".into(), array![1]), ("y".into(), array![])]);
    let open = Open { dense: dense(1.0), config: config(), rest };
    round_trip(&open);
    let (keys, _) = keys_and_metadata(&safejax::to_bytes(&open).unwrap());
    assert_eq!(keys, ["dense.bias", "dense.kernel", "x", "y"]);
}

#[test]
fn flattened_options_enums_and_trees_come_back() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Head {
        Linear(Dense),
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Model {
        step: u8,
        #[serde(flatten)]
        dense: Option<Dense>,
        #[serde(flatten)]
        head: Head,
    }
    round_trip(&Model { step: 1, dense: Some(dense(1.0)), head: Head::Linear(dense(2.0)) });
    round_trip(&Model { step: 1, dense: None, head: Head::Linear(dense(2.0)) });

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Open {
        step: u8,
        #[serde(flatten)]
        rest: BTreeMap<String, safejax::Tree>,
    }
    let tree = safejax::to_tree(&dense(1.0)).unwrap();
    round_trip(&Open { step: 1, rest: BTreeMap::from([("a".into(), tree)]) });
}

#[test]
fn defaults_stand_in_for_what_is_missing() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Field {
        dense: Dense,
        #[serde(default)]
        step: u8,
        #[serde(default = "seven")]
        count: u8,
        #[serde(default)]
        scale: Array1<f32>,
        #[serde(default)]
        unit: (),
    }
    fn seven() -> u8 {
        7
    }
    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(default)]
    struct Container {
        scale: Array1<f32>,
        step: u8,
        name: String,
    }
    let bytes = safejax::to_bytes(&BTreeMap::from([("dense", dense(1.0))])).unwrap();
    let expected = Field { dense: dense(1.0), step: 0, count: 7, scale: array![], unit: () };
    assert_eq!(safejax::from_bytes::<Field>(&bytes).unwrap(), expected);
    round_trip(&expected);
    assert_eq!(safejax::from_bytes::<Container>(&bytes).unwrap(), Container::default());
    let bytes = safejax::to_bytes(&BTreeMap::from([("scale", array![1.0f32])])).unwrap();
    assert_eq!(safejax::from_bytes::<Container>(&bytes).unwrap().scale, array![1.0]);
}

#[test]
fn a_default_is_not_lost_beside_a_unit() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Inner {
        unit: (),
        number: u8,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Outer {
        unit: (),
        #[serde(default = "seven")]
        number: u8,
        inner: Inner,
        dense: Dense,
    }
    fn seven() -> u8 {
        7
    }
    #[derive(Serialize)]
    struct Saved {
        inner: Inner,
        dense: Dense,
    }
    let saved = Saved { inner: Inner { unit: (), number: 1 }, dense: dense(1.0) };
    let loaded: Outer = safejax::from_bytes(&safejax::to_bytes(&saved).unwrap()).unwrap();
    assert_eq!(loaded, Outer { unit: (), number: 7, inner: Inner { unit: (), number: 1 }, dense: dense(1.0) });
}

#[test]
fn skipped_fields_are_not_stored() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Model {
        dense: Dense,
        #[serde(skip)]
        cache: Array1<f32>,
        #[serde(skip_serializing, default)]
        seen: u8,
        #[serde(skip_deserializing)]
        kept: u8,
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        list: Vec<Dense>,
        #[serde(skip_serializing_if = "Option::is_none")]
        option: Option<Dense>,
    }
    let model = |list| Model { dense: dense(1.0), cache: array![1.0], seen: 2, kept: 3, list, option: None };
    let (keys, metadata) = keys_and_metadata(&safejax::to_bytes(&model(vec![])).unwrap());
    assert_eq!(keys, ["dense.bias", "dense.kernel"]);
    assert_eq!(metadata.into_keys().collect::<Vec<_>>(), ["kept", "safejax"]);
    let loaded: Model = safejax::from_bytes(&safejax::to_bytes(&model(vec![dense(2.0)])).unwrap()).unwrap();
    let expected = Model { dense: dense(1.0), cache: array![], seen: 0, kept: 0, list: vec![dense(2.0)], option: None };
    assert_eq!(loaded, expected);
}

#[test]
fn renamed_fields_have_the_new_name_and_aliases_read() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "SCREAMING-KEBAB-CASE")]
    struct Model {
        first_layer: Dense,
        #[serde(rename = "o.u.t", alias = "out", alias = "output")]
        last: Dense,
        #[serde(rename(serialize = "written", deserialize = "read"), alias = "written")]
        step: u8,
    }
    let model = || Model { first_layer: dense(1.0), last: dense(2.0), step: 1 };
    round_trip(&model());
    let (keys, _) = keys_and_metadata(&safejax::to_bytes(&model()).unwrap());
    assert_eq!(keys, ["FIRST-LAYER.bias", "FIRST-LAYER.kernel", "o.u.t.bias", "o.u.t.kernel"]);
    #[derive(Serialize)]
    struct Older {
        #[serde(rename = "FIRST-LAYER")]
        first: Dense,
        output: Dense,
        read: u8,
    }
    let older = safejax::to_bytes(&Older { first: dense(1.0), output: dense(2.0), read: 1 }).unwrap();
    assert_eq!(safejax::from_bytes::<Model>(&older).unwrap(), model());
}

#[test]
fn unknown_fields_are_denied_where_the_type_says_so() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Strict {
        kernel: Array1<f32>,
        layers: Vec<Dense>,
        name: String,
    }
    round_trip(&Strict { kernel: array![1.0], layers: vec![dense(1.0)], name: "n".into() });
    #[derive(Serialize)]
    struct More {
        kernel: Array1<f32>,
        layers: Vec<Dense>,
        name: String,
        kernle: Array1<f32>,
    }
    let more = || More { kernel: array![1.0], layers: vec![], name: "n".into(), kernle: array![2.0] };
    let bytes = safejax::to_bytes(&BTreeMap::from([("net", more())])).unwrap();
    assert_eq!(refused::<BTreeMap<String, Strict>>(&bytes), "`net.kernle`: unknown key (the nearest is `kernel`)");
}

#[test]
fn conversions_run_on_the_way() {
    mod as_list {
        use ndarray::Array1;
        use serde::{Deserialize, Deserializer, Serialize, Serializer};

        pub(super) fn serialize<S: Serializer>(array: &Array1<f32>, serializer: S) -> Result<S::Ok, S::Error> {
            array.to_vec().serialize(serializer)
        }
        pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Array1<f32>, D::Error> {
            Vec::deserialize(deserializer).map(Array1::from_vec)
        }
    }
    mod doubled {
        use ndarray::Array1;
        use serde::{Deserialize, Deserializer, Serialize, Serializer};

        pub(super) fn serialize<S: Serializer>(array: &Array1<f32>, serializer: S) -> Result<S::Ok, S::Error> {
            (array * 2.0).serialize(serializer)
        }
        pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Array1<f32>, D::Error> {
            Array1::deserialize(deserializer).map(|array: Array1<f32>| array / 2.0)
        }
    }
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(try_from = "Array1<f32>", into = "Array1<f32>")]
    struct Checked(Vec<f32>);
    impl TryFrom<Array1<f32>> for Checked {
        type Error = String;
        fn try_from(array: Array1<f32>) -> Result<Self, String> {
            if array.is_empty() { Err("no elements".into()) } else { Ok(Self(array.to_vec())) }
        }
    }
    impl From<Checked> for Array1<f32> {
        fn from(checked: Checked) -> Self {
            checked.0.into()
        }
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Model {
        #[serde(with = "as_list")]
        leaf: Array1<f32>,
        #[serde(with = "doubled")]
        tensor: Array1<f32>,
        checked: Checked,
    }
    let model = Model { leaf: array![1.0], tensor: array![1.5], checked: Checked(vec![3.0]) };
    round_trip(&model);
    let bytes = safejax::to_bytes(&model).unwrap();
    let (keys, metadata) = keys_and_metadata(&bytes);
    assert_eq!((keys, metadata["leaf"].as_str()), (vec!["checked".to_owned(), "tensor".to_owned()], "[1.0]"));
    let empty = safejax::to_bytes(&BTreeMap::from([("a", Array1::<f32>::zeros(0))])).unwrap();
    assert_eq!(refused::<BTreeMap<String, Checked>>(&empty), "`a`: no elements");
}

#[test]
fn types_of_others_serialize_by_a_remote_definition() {
    #[derive(Debug, PartialEq)]
    struct Foreign {
        weight: Array1<f32>,
    }
    #[derive(Serialize, Deserialize)]
    #[serde(remote = "Foreign")]
    struct Definition {
        weight: Array1<f32>,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Model {
        #[serde(with = "Definition")]
        foreign: Foreign,
    }
    round_trip(&Model { foreign: Foreign { weight: array![1.0] } });
}

#[test]
fn transparent_structs_are_their_field() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(transparent)]
    struct Wrapper {
        inner: Array1<f32>,
    }
    round_trip(&vec![Wrapper { inner: array![1.0] }, Wrapper { inner: array![2.0, 3.0] }]);
}
