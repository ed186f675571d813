//! Keys that flax and haiku write alike, such as `linear.w`: the fields say which it is.

use ndarray::{Array1, arr1};
use safejax::{Checkpoint, Naming};
use serde::Deserialize;

#[derive(Debug, PartialEq, safejax::Serialize, safejax::Deserialize)]
struct Net {
    #[safejax(flax = "Dense_0")]
    linear: Linear,
}

#[derive(Debug, PartialEq, safejax::Serialize, safejax::Deserialize)]
struct Linear {
    #[tensor(flax = "kernel", haiku = "w")]
    weight: Array1<f32>,
}

fn net(value: f32) -> Net {
    Net { linear: Linear { weight: arr1(&[value]) } }
}

#[test]
fn a_file_of_haiku_is_loaded_by_the_names_of_haiku() {
    let bytes = safejax::haiku::to_bytes(&net(1.0)).unwrap();
    let checkpoint = Checkpoint::from_bytes(&bytes).unwrap();
    assert_eq!((checkpoint.keys().next(), checkpoint.naming()), (Some("linear.w"), &Naming::flax()));
    assert_eq!(safejax::from_bytes::<Net>(&bytes).unwrap(), net(1.0));
}

#[test]
fn a_file_of_flax_is_loaded_by_the_names_of_flax() {
    let bytes = safejax::flax::to_bytes(&net(1.0)).unwrap();
    assert_eq!(safejax::from_bytes::<Net>(&bytes).unwrap(), net(1.0));
}

#[test]
fn a_model_is_updated_by_the_names_of_haiku() {
    let bytes = safejax::haiku::to_bytes(&net(2.0)).unwrap();
    let mut model = net(1.0);
    let report = safejax::assign_from_bytes(&mut model, &bytes).unwrap();
    assert_eq!((model, report.loaded), (net(2.0), vec!["linear.w".to_owned()]));
}

#[test]
fn where_neither_fits_the_error_is_in_the_words_of_flax() {
    let bytes = safejax::to_bytes(&std::collections::BTreeMap::from([("other", arr1(&[1.0f32]))])).unwrap();
    let error = safejax::from_bytes::<Net>(&bytes).unwrap_err();
    assert_eq!(error.key(), Some("Dense_0.kernel"));
}

#[test]
fn a_naming_that_was_asked_for_is_not_changed() {
    let bytes = safejax::haiku::to_bytes(&net(1.0)).unwrap();
    let error = safejax::flax::from_bytes::<Net>(&bytes).unwrap_err();
    assert_eq!(error.key(), Some("Dense_0.kernel"));
}

#[test]
fn a_type_without_names_of_its_own_is_not_tried_twice() {
    #[derive(Debug)]
    struct Counted(Array1<f32>);

    impl<'de> Deserialize<'de> for Counted {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            COUNT.with(|count| count.set(count.get() + 1));
            Array1::deserialize(deserializer).map(Self)
        }
    }

    thread_local!(static COUNT: std::cell::Cell<usize> = const { std::cell::Cell::new(0) });

    let bytes = safejax::to_bytes(&std::collections::BTreeMap::from([("a", arr1(&[1i64]))])).unwrap();
    let loaded = safejax::from_bytes::<std::collections::BTreeMap<String, Counted>>(&bytes);
    assert!(loaded.is_err(), "{:?}", loaded.map(|map| map.into_values().map(|counted| counted.0).collect::<Vec<_>>()));
    assert_eq!(COUNT.with(std::cell::Cell::get), 1);
}
