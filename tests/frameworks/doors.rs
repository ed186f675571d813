//! The names of a framework through every way in and out.

use ndarray::{Array1, arr1, arr2};
use safejax::{Checkpoint, Error, ErrorKind, MissingKeys, Naming, Options, Report, Tree, UnknownKeys};

use crate::conversion::Net;
use crate::layers::Dense;
use crate::values::save;

pub(crate) fn net() -> Net {
    let mut net: Net = safejax::flax::from_file(crate::common::golden("conversion/flax").path).unwrap();
    net.bn.settle();
    net
}

/// As it comes from a file that is not haiku's.
fn net_of(naming: &Naming) -> Net {
    let mut net = net();
    if *naming != Naming::haiku() {
        (net.bn.mean_hidden, net.bn.var_hidden) = (None, None);
    }
    net
}

#[test]
fn a_tree_without_a_naming_has_the_names_of_rust() {
    let tree = safejax::to_tree(&net()).unwrap();
    assert!(tree["conv"]["kernel"].as_tensor().is_some(), "{tree}");
    assert_eq!(tree["bn"]["mean"].as_tensor().unwrap().shape(), [4]);
    assert_eq!(tree["bn"]["mean_counter"].as_tensor().unwrap().shape(), [0usize; 0]);
    assert_eq!(safejax::from_tree::<Net>(&tree).unwrap(), net());
}

#[test]
fn a_tree_in_a_naming_has_the_names_of_its_files() {
    for naming in crate::values::frameworks() {
        let options = Options::new().naming(naming.clone());
        let tree = options.to_tree(&net()).unwrap();
        let read: Tree = options.from_bytes(&save(naming.clone(), &net())).unwrap();
        assert_eq!(tree, read, "{naming}");
        assert_eq!(options.from_tree::<Net>(&tree).unwrap(), net_of(&naming), "{naming}");
    }
}

#[test]
fn shards_are_split_in_the_names_of_the_framework() {
    for naming in crate::values::frameworks() {
        let directory = tempfile::tempdir().unwrap();
        let options = Options::new().naming(naming.clone());
        options.to_shards(directory.path(), &net(), 400).unwrap();
        let index = std::fs::read_to_string(directory.path().join("model.safetensors.index.json")).unwrap();
        let file = save(naming.clone(), &net());
        for key in crate::common::keys(&file) {
            assert!(index.contains(&key), "{key} in {index}");
        }
        assert!(directory.path().read_dir().unwrap().count() >= 3, "{naming}");
        assert_eq!(safejax::from_shards::<Net>(directory.path()).unwrap(), net_of(&naming), "{naming}");
    }
}

#[cfg(feature = "object_store")]
#[test]
fn an_object_store_gives_what_a_file_does() {
    use object_store::memory::InMemory;
    use object_store::path::Path;

    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        for naming in crate::values::frameworks() {
            let (store, path) = (InMemory::new(), Path::from("net.safetensors"));
            Options::new().naming(naming.clone()).to_store(&store, &path, &net()).await.unwrap();
            let checkpoint = Checkpoint::open_in(&store, &path).await.unwrap();
            assert_eq!(checkpoint.get::<Net>().await.unwrap(), net_of(&naming), "{naming}");
        }
    });
}

#[test]
fn a_file_is_read_in_place_and_in_parts() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("net.safetensors");
    for naming in crate::values::frameworks() {
        Options::new().naming(naming.clone()).to_file(&path, &net()).unwrap();
        for checkpoint in [Checkpoint::open(&path).unwrap(), Checkpoint::load(&path).unwrap()] {
            assert_eq!(checkpoint.naming(), &naming);
            assert_eq!(checkpoint.get::<Net>().unwrap(), net_of(&naming), "{naming}");
        }
    }
}

#[test]
fn a_layer_is_read_at_its_path() {
    let cases = [
        (Naming::flax(), ["params.out", "out", "layers_1", "layers.1"]),
        (Naming::haiku(), ["params.net/~/out", "net/~/out", "net/~/linear_1", "params.net/~/linear_1"]),
        (Naming::objax(), ["(Net).out(Linear)", "out", "layers.1", "(Net).layers(ModuleList)[1]"]),
    ];
    let net = net();
    for (naming, [out, out_again, second, second_again]) in cases {
        let bytes = save(naming, &net);
        let checkpoint = Checkpoint::from_bytes(&bytes).unwrap();
        let layer = |path: &str| checkpoint.get_at::<Dense>(path).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!([layer(out), layer(out_again)], [net.out.clone(), net.out.clone()]);
        assert_eq!([layer(second), layer(second_again)], [net.layers[1].clone(), net.layers[1].clone()]);
    }
}

/// Another model of the same structure.
fn other() -> Net {
    let mut other = net();
    other.conv.kernel.fill(9.0);
    other.bn.mean.fill(9.0);
    other.bn.mean_counter = 9;
    other.layers[1].bias.fill(9.0);
    other
}

#[test]
fn a_model_is_assigned_from_the_file_of_any_framework() {
    for naming in crate::values::frameworks() {
        let mut model = other();
        let report = safejax::assign_from_bytes(&mut model, &save(naming.clone(), &net())).unwrap();
        // Counters are haiku's alone, and otherwise the model's.
        let counter = if naming == Naming::haiku() { net().bn.mean_counter } else { 9 };
        let mut expected = net();
        expected.bn.mean_counter = counter;
        assert_eq!(model, expected, "{naming}");
        let file = save(naming, &net());
        assert_eq!(crate::common::sorted(report.loaded), crate::common::keys(&file));
        assert!(report.ignored.is_empty() && report.kept.is_empty(), "{:?} {:?}", report.kept, report.ignored);
    }
}

/// The file of one framework without the tensor at `missing`, with one at `added`.
pub(crate) fn changed(naming: &Naming, missing: &str, added: &str) -> Vec<u8> {
    let file = save(naming.clone(), &net());
    let checkpoint = Checkpoint::from_bytes(&file).unwrap();
    let mut tensors: std::collections::BTreeMap<String, safejax::Tensor> =
        checkpoint.keys().map(|key| (key.to_owned(), checkpoint.tensor(key).unwrap())).collect();
    let tensor = tensors.remove(missing).unwrap();
    tensors.insert(added.to_owned(), tensor);
    Options::new().naming(Naming::flat()).to_bytes(&tensors).unwrap()
}

fn assign(naming: Naming, file: &[u8], options: Options) -> (Net, Result<Report, Error>) {
    let mut model = other();
    let report = options.naming(naming).assign_from_bytes(&mut model, file);
    (model, report)
}

const CHANGES: [(&str, &str, &str); 3] = [
    ("flax", "batch_stats.bn.mean", "batch_stats.bn.mean_value"),
    ("haiku", "state.net/~/bn/~/mean_ema.average", "state.net/~/bn/~/mean_ema.averages"),
    ("objax", "(Net).bn(BatchNorm2D).running_mean::StateVar", "(Net).bn(BatchNorm2D).running_means::StateVar"),
];

pub(crate) fn naming(name: &str) -> Naming {
    match name {
        "flax" => Naming::flax(),
        "haiku" => Naming::haiku(),
        _ => Naming::objax(),
    }
}

#[test]
fn what_is_missing_and_what_is_left_over_is_named_as_in_the_file() {
    for (framework, missing, added) in CHANGES {
        let naming = naming(framework);
        let (model, error) = assign(naming.clone(), &changed(&naming, missing, added), Options::new());
        let error = error.unwrap_err();
        let ErrorKind::Mismatch(mismatch) = error.kind() else { panic!("{error}") };
        assert_eq!(mismatch.missing.len(), 1, "{error}");
        assert_eq!(mismatch.missing[0].key, missing);
        assert_eq!(mismatch.missing[0].nearest.as_deref(), Some(added));
        assert_eq!(mismatch.unexpected.len(), 1, "{error}");
        assert_eq!(mismatch.unexpected[0].key, added);
        assert_eq!(mismatch.unexpected[0].nearest.as_deref(), Some(missing));
        assert_eq!(model, other(), "all or nothing");
    }
}

#[test]
fn what_is_missing_may_be_kept() {
    for (framework, missing, added) in CHANGES {
        let naming = naming(framework);
        let options = Options::new().missing_keys(MissingKeys::Keep).unknown_keys(UnknownKeys::Allow);
        let (model, report) = assign(naming.clone(), &changed(&naming, missing, added), options);
        let report = report.unwrap();
        assert_eq!(report.kept, [missing]);
        assert_eq!(report.ignored, [added]);
        assert_eq!(model.bn.mean, other().bn.mean);
        assert_eq!(model.conv, net().conv);
    }
}

#[test]
fn a_renamed_key_is_the_field_s_own() {
    for (framework, missing, added) in CHANGES {
        let naming = naming(framework);
        let options = Options::new().rename(move |key| if key == added { missing.to_owned() } else { key.to_owned() });
        let (model, report) = assign(naming.clone(), &changed(&naming, missing, added), options.clone());
        assert!(report.unwrap().kept.is_empty());
        assert_eq!(model.bn.mean, net().bn.mean);
        let loaded: Net = options.naming(naming.clone()).from_bytes(&changed(&naming, missing, added)).unwrap();
        assert_eq!(loaded.bn.mean, net().bn.mean);
    }
}

#[test]
fn a_shape_is_compared_in_the_form_of_the_file() {
    let mut wrong = net();
    wrong.bn.scale = Array1::zeros(5);
    // A model that is checked by its names: scale and bias disagree.
    let error = safejax::to_bytes(&wrong).unwrap_err();
    assert!(error.to_string().contains("`channels`"), "{error}");

    for (naming, key, expected, found) in [
        (Naming::flax(), "params.bn.scale", vec![4], vec![5]),
        (Naming::haiku(), "params.net/~/bn.scale", vec![1, 1, 1, 4], vec![1, 1, 1, 5]),
        (Naming::objax(), "(Net).bn(BatchNorm2D).gamma::TrainVar", vec![1, 4, 1, 1], vec![1, 5, 1, 1]),
    ] {
        let file = save(naming.clone(), &net());
        let checkpoint = Checkpoint::from_bytes(&file).unwrap();
        let mut tensors: std::collections::BTreeMap<String, safejax::Tensor> =
            checkpoint.keys().map(|key| (key.to_owned(), checkpoint.tensor(key).unwrap())).collect();
        let other = safejax::Tensor::new(safejax::Dtype::F32, found.clone(), vec![0; 20]).unwrap();
        tensors.insert(key.to_owned(), other);
        let file = Options::new().naming(Naming::flat()).to_bytes(&tensors).unwrap();
        let (_, error) = assign(naming, &file, Options::new());
        let error = error.unwrap_err();
        let ErrorKind::Mismatch(mismatch) = error.kind() else { panic!("{error}") };
        let shapes: Vec<_> =
            mismatch.shapes.iter().map(|shape| (shape.key.as_str(), &shape.expected, &shape.found)).collect();
        assert_eq!(shapes, [(key, &expected, &found)]);
    }
}

#[test]
fn a_rename_on_save_sees_the_names_of_the_framework() {
    let options = Options::new().naming(Naming::haiku()).rename_prefixes([("params.net/~/conv", "params.net/~/stem")]);
    let bytes = options.to_bytes(&net()).unwrap();
    let keys = crate::common::keys(&bytes);
    assert!(keys.contains(&"params.net/~/stem.w".to_owned()), "{keys:?}");
    let back = Options::new().rename_prefixes([("params.net/~/stem", "params.net/~/conv")]);
    assert_eq!(back.from_bytes::<Net>(&bytes).unwrap(), net());
}

#[test]
fn a_dense_layer_from_arrays_is_no_different() {
    let dense = Dense { kernel: arr2(&[[1.0], [2.0]]), bias: arr1(&[3.0]) };
    let tree = Options::new().naming(Naming::haiku()).to_tree(&dense).unwrap();
    assert!(tree["~"]["w"].as_tensor().is_some(), "{tree}");
    assert_eq!(Options::new().naming(Naming::haiku()).from_tree::<Dense>(&tree).unwrap(), dense);
}
