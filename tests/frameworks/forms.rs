//! `only`, `list`, `var`, `class` and `metadata`.

use ndarray::{Array1, arr1};
use safejax::objax::VarCollection;
use safejax::{Checkpoint, Deserialize, ErrorKind, Naming, Options, Serialize, Tree, UnknownKeys};

use crate::values::{assert_keys, assert_reads_back, keys, leaves, save};

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
struct Average {
    value: Array1<f32>,
    #[safejax(only(haiku))]
    hidden: Option<Array1<f32>>,
    #[tensor(only(haiku, objax))]
    #[serde(default = "seven")]
    counter: i32,
    #[safejax(only(flax))]
    #[serde(default)]
    note: String,
    #[safejax(only(haiku))]
    inner: Option<Box<Average>>,
}

fn seven() -> i32 {
    7
}

fn average() -> Average {
    Average {
        value: arr1(&[1.0]),
        hidden: Some(arr1(&[2.0])),
        counter: 3,
        note: "warm".into(),
        inner: Some(Box::new(Average {
            value: arr1(&[4.0]),
            hidden: None,
            counter: 5,
            note: String::new(),
            inner: None,
        })),
    }
}

#[test]
fn a_field_is_saved_in_its_frameworks_alone() {
    let cases: [(Naming, &[&str]); 4] = [
        (Naming::flax(), &["note", "value"]),
        (Naming::haiku(), &["inner.counter", "inner.value", "~.counter", "~.hidden", "~.value"]),
        (Naming::objax(), &["(Average).counter::TrainVar", "(Average).value::TrainVar"]),
        // No framework is meant: everything is there.
        (
            Naming::keystr(),
            &[".counter", ".hidden", ".inner.counter", ".inner.note", ".inner.value", ".note", ".value"],
        ),
    ];
    for (naming, expected) in cases {
        assert_eq!(keys(naming.clone(), &average()), expected, "{naming}");
    }
}

#[test]
fn a_field_of_other_frameworks_is_its_default() {
    let through = |naming: Naming| {
        let bytes = save(naming.clone(), &average());
        Options::new().naming(naming).from_bytes::<Average>(&bytes).unwrap()
    };
    let expected = Average { value: arr1(&[1.0]), hidden: None, counter: 7, note: "warm".into(), inner: None };
    assert_eq!(through(Naming::flax()), expected);
    assert_eq!(through(Naming::objax()), Average { counter: 3, note: String::new(), ..expected });
    let inner = average().inner;
    assert_eq!(through(Naming::haiku()), Average { note: String::new(), inner, ..average() });
    assert_eq!(through(Naming::keystr()), average());
}

#[test]
fn a_key_of_the_name_of_a_field_that_the_framework_does_not_have_is_another_key() {
    #[derive(Serialize)]
    struct Plain {
        value: Array1<f32>,
        hidden: Array1<f32>,
    }
    let bytes = safejax::to_bytes(&Plain { value: arr1(&[1.0]), hidden: arr1(&[2.0]) }).unwrap();
    assert_eq!(safejax::from_bytes::<Average>(&bytes).unwrap().hidden, None);
    let error = Options::new().unknown_keys(UnknownKeys::Deny).from_bytes::<Average>(&bytes).unwrap_err();
    let ErrorKind::Mismatch(mismatch) = error.kind() else { panic!("{error}") };
    assert_eq!(mismatch.unexpected[0].key, "hidden");
}

#[test]
fn a_variant_of_other_frameworks_is_not_looked_for() {
    #[derive(Deserialize, Debug, PartialEq)]
    enum Norm {
        #[safejax(only(haiku), haiku = "norm")]
        Haiku(Array1<f32>),
        #[safejax(flax = "norm", objax = "norm")]
        Other(Array1<f32>),
    }
    #[derive(Serialize)]
    struct Plain {
        norm: Array1<f32>,
    }
    let plain = Plain { norm: arr1(&[1.0]) };
    let flax: Norm = safejax::flax::from_bytes(&save(Naming::flax(), &plain)).unwrap();
    assert_eq!(flax, Norm::Other(arr1(&[1.0])));
    let haiku: Norm = safejax::haiku::from_bytes(&save(Naming::haiku(), &plain)).unwrap();
    assert_eq!(haiku, Norm::Haiku(arr1(&[1.0])));
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Layer {
    w: Array1<f32>,
}

fn layers(count: usize) -> Vec<Layer> {
    (0..count).map(|index| Layer { w: arr1(&[index as f32]) }).collect()
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Lists {
    #[safejax(list = "suffix")]
    suffixed: Vec<Layer>,
    #[safejax(list = "dot")]
    dotted: Vec<Layer>,
    usual: Vec<Layer>,
    #[safejax(list = "suffix")]
    newtype: Layers,
    #[safejax(list = "suffix", flax = "heads")]
    named: [Layer; 2],
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Layers(Vec<Layer>);

fn lists() -> Lists {
    let Ok(named) = layers(2).try_into() else { unreachable!() };
    Lists { suffixed: layers(2), dotted: layers(1), usual: layers(1), newtype: Layers(layers(1)), named }
}

#[test]
fn a_list_is_written_in_flax_as_its_field_says() {
    let expected = ["dotted.0.w", "heads_0.w", "heads_1.w", "newtype_0.w", "suffixed_0.w", "suffixed_1.w", "usual.0.w"];
    assert_eq!(keys(Naming::flax(), &lists()), expected);
    assert_reads_back(Naming::flax(), &lists());

    // The naming's own form is for the lists that say nothing.
    let with_suffixes = keys(Naming::flax().suffix_lists(true), &lists());
    assert_eq!(with_suffixes[0], "dotted.0.w");
    assert_eq!(with_suffixes[6], "usual_0.w");
    assert_reads_back(Naming::flax().suffix_lists(true), &lists());
    assert_reads_back(Naming::flax().separator("/"), &lists());
}

#[test]
fn the_form_of_a_list_is_flax_s_alone() {
    let haiku = keys(Naming::haiku(), &lists());
    assert!(haiku.contains(&"suffixed.w".to_owned()) && haiku.contains(&"suffixed_1.w".to_owned()), "{haiku:?}");
    let objax = keys(Naming::objax(), &lists());
    assert!(objax.contains(&"(Lists).suffixed(ModuleList)[0](Layer).w::TrainVar".to_owned()), "{objax:?}");
    assert_reads_back(Naming::haiku(), &lists());
    assert_reads_back(Naming::objax(), &lists());
    assert_reads_back(Naming::keystr(), &lists());
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[safejax(class = "BatchNorm2D")]
struct Norm {
    gamma: Array1<f32>,
    #[tensor(var = "StateVar")]
    mean: Array1<f32>,
    #[tensor(objax = "running_var", var = "StateVar")]
    var: Option<Array1<f32>>,
    #[tensor(var = "StateVar")]
    updates: i32,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[safejax(class = "Sequential")]
struct Sequential(Vec<Wrapped>);

/// The class of what is in it holds.
#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Wrapped(Norm);

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[safejax(class = "Pair")]
struct Two(Layer, #[safejax(objax = "second")] Layer);

/// A class of its own for a type that has none.
#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[safejax(class = "Linear")]
struct Renamed(Layer);

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[safejax(class = "Net")]
struct Model {
    norms: Sequential,
    two: Two,
    renamed: Renamed,
}

#[test]
fn kinds_and_classes_of_objax() {
    let norm = Norm { gamma: arr1(&[1.0]), mean: arr1(&[2.0]), var: Some(arr1(&[3.0])), updates: 4 };
    let [a, b, c] = [0.0, 1.0, 2.0].map(|value| Layer { w: arr1(&[value]) });
    let model = Model { norms: Sequential(vec![Wrapped(norm)]), two: Two(a, b), renamed: Renamed(c) };
    let expected = [
        "(Net).norms(Sequential)[0](BatchNorm2D).gamma::TrainVar",
        "(Net).norms(Sequential)[0](BatchNorm2D).mean::StateVar",
        "(Net).norms(Sequential)[0](BatchNorm2D).running_var::StateVar",
        "(Net).norms(Sequential)[0](BatchNorm2D).updates::StateVar",
        "(Net).renamed(Linear).w::TrainVar",
        "(Net).two(Pair).0(Layer).w::TrainVar",
        "(Net).two(Pair).second(Layer).w::TrainVar",
    ];
    assert_eq!(keys(Naming::objax(), &model), expected);
    assert_reads_back(Naming::objax(), &model);
    assert_reads_back(Naming::objax().kinds(false), &model);
    assert_reads_back(Naming::flax(), &model);
    assert_reads_back(Naming::haiku(), &model);

    let variables: VarCollection = safejax::from_bytes(&save(Naming::objax(), &model)).unwrap();
    assert_eq!(variables.len(), 7);
    let without_kinds = keys(Naming::objax().kinds(false), &model);
    assert!(without_kinds.iter().all(|key| !key.contains("::")), "{without_kinds:?}");
}

#[test]
fn a_variable_is_found_whatever_its_kind() {
    #[derive(Serialize)]
    struct Norm {
        gamma: Array1<f32>,
        mean: Array1<f32>,
        updates: Array1<i32>,
    }
    #[derive(Deserialize, Debug)]
    struct Loaded {
        #[tensor(var = "StateVar")]
        gamma: Array1<f32>,
        mean: Array1<f32>,
    }
    let norm = Norm { gamma: arr1(&[1.0]), mean: arr1(&[2.0]), updates: arr1(&[3]) };
    let loaded: Loaded = safejax::objax::from_bytes(&save(Naming::objax(), &norm)).unwrap();
    assert_eq!((loaded.gamma, loaded.mean), (arr1(&[1.0]), arr1(&[2.0])));
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct WithMetadata {
    w: Array1<f32>,
    #[safejax(metadata)]
    mean: Array1<f32>,
    #[safejax(metadata, flax = "image_std", haiku = "image_std")]
    std: Vec<f32>,
    #[safejax(metadata)]
    labels: Vec<String>,
}

#[test]
fn metadata_stays_out_of_the_tensors() {
    let value = WithMetadata {
        w: arr1(&[1.0]),
        mean: arr1(&[0.5, 0.25]),
        std: vec![0.5, f32::INFINITY],
        labels: vec!["cat".into(), "NaN".into()],
    };
    let bytes = save(Naming::flax(), &value);
    assert_eq!(Checkpoint::from_bytes(&bytes).unwrap().keys().collect::<Vec<_>>(), ["w"]);
    let leaves = leaves(&bytes);
    assert_eq!(leaves["labels"], r#"["cat","NaN"]"#);
    assert_eq!(leaves["image_std"], r#"[0.5,"Infinity"]"#);
    assert!(leaves["mean"].contains("[0.5,0.25]"), "{}", leaves["mean"]);
    for naming in crate::values::frameworks() {
        assert_reads_back(naming, &value);
    }
}

#[test]
fn metadata_may_be_longer_than_a_leaf_and_not_a_number() {
    let long = WithMetadata {
        w: arr1(&[1.0]),
        mean: Array1::from_elem(100, f32::NAN),
        std: vec![0.125; 100_000],
        labels: Vec::new(),
    };
    let bytes = safejax::to_bytes(&long).unwrap();
    let loaded: WithMetadata = safejax::from_bytes(&bytes).unwrap();
    assert!(loaded.mean.len() == 100 && loaded.mean.iter().all(|value| value.is_nan()));
    assert_eq!(loaded.std, long.std);
}

#[test]
fn metadata_is_one_leaf_of_a_tree() {
    let value = WithMetadata { w: arr1(&[1.0]), mean: arr1(&[0.5]), std: vec![0.5], labels: vec!["a".into()] };
    let tree: Tree = safejax::from_bytes(&safejax::to_bytes(&value).unwrap()).unwrap();
    assert!(tree["w"].as_tensor().is_some());
    assert_eq!(tree["image_std"].as_leaf().map(ToString::to_string).as_deref(), Some("[0.5]"), "{tree}");
}

#[test]
fn an_empty_list_in_a_form_is_kept() {
    let value = Lists { suffixed: Vec::new(), dotted: Vec::new(), usual: Vec::new(), ..lists() };
    for naming in crate::values::frameworks() {
        assert_reads_back(naming, &value);
    }
}

#[test]
fn the_keys_of_a_value_do_not_depend_on_how_it_is_wrapped() {
    let [layer] = <[Layer; 1]>::try_from(layers(1)).unwrap_or_else(|_| unreachable!());
    assert_keys(&Renamed(layer), [&["w"], &["~.w"], &["(Linear).w::TrainVar"]]);
}

#[test]
fn a_field_of_another_framework_that_must_be_there_is_missing_and_the_error_says_what_to_do() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Counted {
        #[tensor]
        value: Vec<f32>,
        #[tensor(only(haiku))]
        counter: i32,
    }

    let counted = Counted { value: vec![1.0], counter: 2 };
    let bytes = save(Naming::haiku(), &counted);
    assert_eq!(safejax::haiku::from_bytes::<Counted>(&bytes).unwrap(), counted);
    let error = safejax::flax::from_bytes::<Counted>(&save(Naming::flax(), &counted)).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Missing { .. }));
    assert!(error.to_string().contains("make it an `Option`, or add `#[serde(default)]`"), "{error}");
}
