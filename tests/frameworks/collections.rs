//! Root collections, and what is laid over each other when they are loaded.

use ndarray::{Array1, arr0, arr1};
use safejax::{Checkpoint, Deserialize, ErrorKind, Naming, Options, Serialize, Tree, UnknownKeys};

use crate::values::{assert_keys, assert_reads_back, keys, leaves, save};

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
struct Norm {
    scale: Array1<f32>,
    #[safejax(collection(flax = "batch_stats", haiku = "state"))]
    mean: Array1<f32>,
}

#[derive(Serialize, Deserialize, Debug, PartialEq, Clone)]
struct Net {
    norm: Norm,
    bias: Array1<f32>,
}

fn norm(value: f32) -> Norm {
    Norm { scale: arr1(&[value]), mean: arr1(&[-value]) }
}

fn net() -> Net {
    Net { norm: norm(1.0), bias: arr1(&[2.0]) }
}

#[test]
fn a_field_lies_in_its_collection_and_the_rest_in_params() {
    assert_keys(
        &net(),
        [
            &["batch_stats.norm.mean", "params.bias", "params.norm.scale"],
            &["params.norm.scale", "params.~.bias", "state.norm.mean"],
            &["(Net).bias::TrainVar", "(Net).norm(Norm).mean::TrainVar", "(Net).norm(Norm).scale::TrainVar"],
        ],
    );
}

#[test]
fn the_separator_stands_behind_the_collection_too() {
    let cases = [
        (Naming::flax().separator("/"), ["batch_stats/norm/mean", "params/bias", "params/norm/scale"]),
        (Naming::flax().separator(":::"), ["batch_stats:::norm:::mean", "params:::bias", "params:::norm:::scale"]),
        (Naming::haiku().separator("/"), ["params.norm/scale", "params.~/bias", "state.norm/mean"]),
        (Naming::haiku().separator("//"), ["params.norm//scale", "params.~//bias", "state.norm//mean"]),
    ];
    for (naming, expected) in cases {
        assert_eq!(keys(naming.clone(), &net()), expected, "{naming}");
        assert_reads_back(naming, &net());
    }
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct InLists {
    layers: Vec<Norm>,
    last: (Norm, Norm),
}

#[test]
fn collections_reach_into_lists() {
    let value = InLists { layers: vec![norm(1.0), norm(2.0)], last: (norm(3.0), norm(4.0)) };
    let flax = keys(Naming::flax(), &value);
    assert_eq!(
        flax[..4],
        [
            "batch_stats.last.0.mean",
            "batch_stats.last.1.mean",
            "batch_stats.layers.0.mean",
            "batch_stats.layers.1.mean"
        ]
    );
    let haiku = keys(Naming::haiku(), &value);
    assert_eq!(haiku[4..], ["state.last.mean", "state.last_1.mean", "state.layers.mean", "state.layers_1.mean"]);
    assert_reads_back(Naming::flax(), &value);
    assert_reads_back(Naming::flax().suffix_lists(true), &value);
    assert_reads_back(Naming::haiku(), &value);
    assert_reads_back(Naming::objax(), &value);
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Whole {
    #[safejax(collection(flax = "frozen", haiku = "state"))]
    body: Norm,
    /// Its type says where it lies.
    cache: Cache,
    /// The field knows better.
    #[safejax(collection(flax = "params"))]
    learned: Cache,
    wrapped: Wrapped,
    /// The type inside a newtype knows better than the newtype.
    inner: WrappedCache,
    head: Array1<f32>,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[safejax(collection(flax = "cache"))]
struct Cache {
    key: Array1<f32>,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[safejax(collection(flax = "memory"))]
struct Wrapped(Array1<f32>);

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[safejax(collection(flax = "memory"))]
struct WrappedCache(Cache);

#[test]
fn a_submodule_and_a_type_may_lie_in_a_collection() {
    let cache = |value| Cache { key: arr1(&[value]) };
    let whole = Whole {
        body: norm(1.0),
        cache: cache(2.0),
        learned: cache(3.0),
        wrapped: Wrapped(arr1(&[4.0])),
        inner: WrappedCache(cache(5.0)),
        head: arr1(&[6.0]),
    };
    assert_keys(
        &whole,
        [
            &[
                "batch_stats.body.mean",
                "cache.cache.key",
                "cache.inner.key",
                "frozen.body.scale",
                "memory.wrapped",
                "params.head",
                "params.learned.key",
            ],
            &[
                "params.cache.key",
                "params.inner.key",
                "params.learned.key",
                "params.~.head",
                "params.~.wrapped",
                "state.body.mean",
                "state.body.scale",
            ],
            &[
                "(Whole).body(Norm).mean::TrainVar",
                "(Whole).body(Norm).scale::TrainVar",
                "(Whole).cache(Cache).key::TrainVar",
                "(Whole).head::TrainVar",
                "(Whole).inner(Cache).key::TrainVar",
                "(Whole).learned(Cache).key::TrainVar",
                "(Whole).wrapped::TrainVar",
            ],
        ],
    );
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct WithLeaves {
    kernel: Array1<f32>,
    activation: String,
    #[safejax(collection(flax = "batch_stats", haiku = "state"))]
    updates: i32,
    #[safejax(collection(flax = "batch_stats", haiku = "state"))]
    momenta: Vec<f32>,
    inner: Inner,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Inner {
    bias: Array1<f32>,
    #[safejax(collection(flax = "batch_stats", haiku = "state"))]
    note: Option<String>,
}

#[test]
fn leaves_that_are_no_tensors_lie_in_collections_too() {
    let value = WithLeaves {
        kernel: arr1(&[1.0]),
        activation: "relu".into(),
        updates: 3,
        momenta: vec![0.5, 0.25],
        inner: Inner { bias: arr1(&[2.0]), note: Some("warm".into()) },
    };
    let flax = leaves(&save(Naming::flax(), &value));
    let expected = [
        ("batch_stats.inner.note", "warm"),
        ("batch_stats.momenta", "[0.5,0.25]"),
        ("batch_stats.updates", "3"),
        ("params.activation", "relu"),
    ];
    assert_eq!(flax, expected.map(|(key, text)| (key.to_owned(), text.to_owned())).into());
    let haiku = leaves(&save(Naming::haiku(), &value));
    assert!(haiku.contains_key("state.~.updates") && haiku.contains_key("state.inner.note"), "{haiku:?}");
    for naming in crate::values::frameworks() {
        assert_reads_back(naming, &value);
    }
    assert_reads_back(Naming::flax().separator("/"), &value);
}

/// `params` on the whole model, as `module.init` gives it.
#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[safejax(collection(flax = "params", haiku = "params"))]
struct Model {
    w: Array1<f32>,
    #[safejax(list = "suffix")]
    layers: Vec<Array1<f32>>,
}

#[test]
fn the_whole_model_may_lie_in_one_collection() {
    assert_keys(
        &Model { w: arr1(&[1.0]), layers: vec![arr1(&[2.0]), arr1(&[3.0])] },
        [
            &["params.layers_0", "params.layers_1", "params.w"],
            &["params.~.layers", "params.~.layers_1", "params.~.w"],
            &[
                "(Model).layers(ModuleList)[0]::TrainVar",
                "(Model).layers(ModuleList)[1]::TrainVar",
                "(Model).w::TrainVar",
            ],
        ],
    );
}

/// The tuple structs, newtypes and enums that a model may be.
#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Tuple(#[safejax(flax = "first", haiku = "first")] Norm, #[safejax(flax = "second", haiku = "second")] Norm);

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Newtype(Net);

#[derive(Serialize, Deserialize, Debug, PartialEq)]
enum Choice {
    #[safejax(flax = "cnn", haiku = "cnn")]
    Cnn(Net),
    Deep {
        deep: Norm,
    },
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Module(#[safejax(flax = "only_one", haiku = "only_one")] Norm);

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Unnamed(Norm, Norm);

#[test]
fn the_root_need_not_be_a_struct() {
    for naming in crate::values::frameworks() {
        assert_reads_back(naming.clone(), &Tuple(norm(1.0), norm(2.0)));
        assert_reads_back(naming.clone(), &Newtype(net()));
        assert_reads_back(naming.clone(), &Choice::Cnn(net()));
        assert_reads_back(naming.clone(), &Choice::Deep { deep: norm(1.0) });
        assert_reads_back(naming.clone(), &Module(norm(1.0)));
        assert_reads_back(naming.clone(), &Unnamed(norm(1.0), norm(2.0)));
        assert_reads_back(naming.clone(), &Some(net()));
        assert_reads_back(naming.clone(), &Box::new(net()));
    }
}

/// A file of tensors under these keys, each of the value of its place.
fn file(keys: &[&str]) -> Vec<u8> {
    let tensors = keys.iter().enumerate().map(|(index, key)| ((*key).to_owned(), arr1(&[index as f32])));
    let tensors: std::collections::BTreeMap<String, Array1<f32>> = tensors.collect();
    Options::new().naming(Naming::flat()).to_bytes(&tensors).unwrap()
}

#[test]
fn collections_that_the_model_does_not_know_are_left_aside() {
    let flax = [
        "params.norm.scale",
        "batch_stats.norm.mean",
        "params.bias",
        "cache.norm.index",
        "ema_params.norm.scale",
        "ema_params.bias",
        "intermediates.act",
    ];
    let loaded: Net = safejax::flax::from_bytes(&file(&flax)).unwrap();
    assert_eq!(loaded, Net { norm: Norm { scale: arr1(&[0.0]), mean: arr1(&[1.0]) }, bias: arr1(&[2.0]) });

    let haiku = ["params.norm.scale", "state.norm.mean", "params.~.bias", "ema.norm.scale"];
    let loaded: Net = safejax::haiku::from_bytes(&file(&haiku)).unwrap();
    assert_eq!(loaded, Net { norm: Norm { scale: arr1(&[0.0]), mean: arr1(&[1.0]) }, bias: arr1(&[2.0]) });
}

#[test]
fn of_two_collections_with_one_key_the_field_s_own_is_meant() {
    let keys = [
        "ema_params.norm.mean",
        "ema_params.norm.scale",
        "params.norm.mean",
        "params.norm.scale",
        "batch_stats.norm.mean",
        "batch_stats.norm.scale",
        "params.bias",
    ];
    let loaded: Net = safejax::flax::from_bytes(&file(&keys)).unwrap();
    assert_eq!(loaded.norm, Norm { scale: arr1(&[3.0]), mean: arr1(&[4.0]) });
}

#[test]
fn what_a_field_says_of_its_collection_outweighs_what_its_type_says() {
    #[derive(Deserialize, Debug, PartialEq)]
    struct Model {
        #[safejax(collection(flax = "params"))]
        learned: Cache,
        #[safejax(collection(flax = "params"))]
        wrapped: Option<WrappedCache>,
        kept: Cache,
    }
    let fields = ["learned.key", "wrapped.key", "kept.key"];
    let keys: Vec<String> =
        ["cache", "params"].iter().flat_map(|collection| fields.map(|field| format!("{collection}.{field}"))).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let model: Model = safejax::flax::from_bytes(&file(&keys)).unwrap();
    assert_eq!(model.learned.key, arr1(&[3.0]));
    assert_eq!(model.wrapped, Some(WrappedCache(Cache { key: arr1(&[4.0]) })));
    assert_eq!(model.kept.key, arr1(&[2.0]));
}

#[test]
fn a_key_that_only_other_collections_have_twice_is_ambiguous() {
    let keys = ["cache.norm.mean", "ema_params.norm.mean", "params.norm.scale", "params.bias"];
    let error = safejax::flax::from_bytes::<Net>(&file(&keys)).unwrap_err();
    let ErrorKind::Ambiguous { first, second } = error.kind() else { panic!("{error}") };
    assert_eq!([first.as_str(), second.as_str()], ["cache.norm.mean", "ema_params.norm.mean"]);
    assert_eq!(error.key(), Some("batch_stats.norm.mean"));
    assert!(error.to_string().contains("collection("), "{error}");
}

#[test]
fn a_key_of_another_collection_stands_in_for_the_field_s_own() {
    // Haiku's statistics, saved as parameters.
    let keys = ["params.norm.mean", "params.norm.scale", "params.bias"];
    let loaded: Net = safejax::flax::from_bytes(&file(&keys)).unwrap();
    assert_eq!(loaded.norm.mean, arr1(&[0.0]));
}

#[test]
fn wrappers_for_the_collections_see_them_as_they_are() {
    #[derive(Deserialize)]
    struct Variables {
        params: Params,
        batch_stats: Stats,
    }
    #[derive(Deserialize)]
    struct Params {
        bias: Array1<f32>,
    }
    #[derive(Deserialize)]
    struct Stats {
        norm: Mean,
    }
    #[derive(Deserialize)]
    struct Mean {
        mean: Array1<f32>,
    }
    let loaded: Variables = safejax::from_bytes(&save(Naming::flax(), &net())).unwrap();
    assert_eq!((loaded.params.bias, loaded.batch_stats.norm.mean), (net().bias, net().norm.mean));
}

#[test]
fn a_tree_sees_the_collections_as_they_are() {
    let tree: Tree = safejax::from_bytes(&save(Naming::flax(), &net())).unwrap();
    assert!(tree["batch_stats"]["norm"]["mean"].as_tensor().is_some());
    let tree: Tree = safejax::from_bytes(&save(Naming::haiku().separator("/"), &net())).unwrap();
    assert!(tree["state"]["norm"]["mean"].as_tensor().is_some(), "{tree}");
}

#[test]
fn unknown_keys_are_denied_below_the_collections() {
    let options = Options::new().naming(Naming::flax()).unknown_keys(UnknownKeys::Deny);
    options.from_bytes::<Net>(&save(Naming::flax(), &net())).unwrap();
    let haiku = Options::new().naming(Naming::haiku()).unknown_keys(UnknownKeys::Deny);
    haiku.from_bytes::<Net>(&save(Naming::haiku(), &net())).unwrap();

    let keys = ["params.norm.scale", "batch_stats.norm.mean", "params.bias", "params.norm.bias", "cache.norm.mean"];
    let error = options.from_bytes::<Net>(&file(&keys)).unwrap_err();
    let ErrorKind::Mismatch(mismatch) = error.kind() else { panic!("{error}") };
    let unexpected: Vec<&str> = mismatch.unexpected.iter().map(|unexpected| unexpected.key.as_str()).collect();
    assert_eq!(unexpected, ["cache.norm.mean", "params.norm.bias"]);
}

#[test]
fn deny_unknown_fields_holds_below_the_collections() {
    #[derive(Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    struct Strict {
        #[allow(dead_code)]
        bias: Array1<f32>,
    }
    let error = safejax::flax::from_bytes::<Strict>(&file(&["params.bias", "params.kernel"])).unwrap_err();
    assert!(error.to_string().contains("kernel"), "{error}");
    safejax::flax::from_bytes::<Strict>(&file(&["params.bias"])).unwrap();
}

#[test]
fn a_part_is_read_below_the_collections() {
    for naming in [Naming::flax(), Naming::flax().separator("/"), Naming::haiku()] {
        let bytes = save(naming.clone(), &InLists { layers: vec![norm(1.0), norm(2.0)], last: (norm(3.0), norm(4.0)) });
        let checkpoint = Checkpoint::from_bytes(&bytes).unwrap();
        assert_eq!(checkpoint.get_at::<Norm>("layers.1").unwrap(), norm(2.0), "{naming}");
        assert_eq!(checkpoint.get_at::<(Norm, Norm)>("last").unwrap(), (norm(3.0), norm(4.0)), "{naming}");
        // In the words of the file it is one collection's part.
        assert!(checkpoint.get_at::<Norm>("params.layers.1").is_err(), "{naming}");
    }
}

#[test]
fn a_checkpoint_lends_from_below_the_collections() {
    #[derive(Deserialize)]
    struct View<'a> {
        #[serde(borrow)]
        norm: NormView<'a>,
    }
    #[derive(Deserialize)]
    struct NormView<'a> {
        #[tensor]
        scale: ndarray::ArrayView1<'a, f32>,
        #[tensor(collection(flax = "batch_stats", haiku = "state"))]
        mean: ndarray::ArrayView1<'a, f32>,
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("net.safetensors");
    safejax::to_file(&path, &net()).unwrap();
    let checkpoint = Checkpoint::load(&path).unwrap();
    let View { norm } = checkpoint.get().unwrap();
    assert_eq!((norm.scale, norm.mean), (arr1(&[1.0]).view(), arr1(&[-1.0]).view()));
}

#[test]
fn a_scalar_tensor_lies_in_its_collection() {
    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    struct Counted {
        w: Array1<f32>,
        #[tensor(collection(flax = "state", haiku = "state"), var = "StateVar")]
        counter: i32,
    }
    let counted = Counted { w: arr1(&[1.0]), counter: 7 };
    assert_keys(
        &counted,
        [
            &["params.w", "state.counter"],
            &["params.~.w", "state.~.counter"],
            &["(Counted).counter::StateVar", "(Counted).w::TrainVar"],
        ],
    );
    let bytes = save(Naming::flax(), &counted);
    let tensor = Checkpoint::from_bytes(&bytes).unwrap().tensor("state.counter").unwrap();
    assert_eq!(tensor.to_array::<i32>().unwrap(), arr0(7).into_dyn());
}
