//! Errors speak of the keys that the file has, or would have.

use ndarray::{Array1, arr1};
use safejax::{Checkpoint, Deserialize, Error, ErrorKind, Naming, Options, Serialize, Tensor};

use crate::conversion::Net;
use crate::doors::{changed, naming, net};
use crate::values::save;

fn load(naming: Naming, file: &[u8]) -> Error {
    Options::new().naming(naming).from_bytes::<Net>(file).unwrap_err()
}

#[test]
fn a_missing_tensor_is_named_as_in_the_file_with_the_nearest_key() {
    let cases = [
        ("flax", "params.out.kernel", "params.out.kernels"),
        ("flax", "batch_stats.bn.var", "batch_stats.bn.variance"),
        ("flax", "params.layers_1.bias", "params.layers_1.biases"),
        ("haiku", "params.net/~/out.w", "params.net/~/out.w2"),
        ("haiku", "params.net/~/linear_1.b", "params.net/~/linear_1.b2"),
        ("haiku", "state.net/~/bn/~/var_ema.average", "state.net/~/bn/~/var_ema.averages"),
        ("objax", "(Net).bn(BatchNorm2D).running_var::StateVar", "(Net).bn(BatchNorm2D).running_vars::StateVar"),
        ("objax", "(Net).out(Linear).w::TrainVar", "(Net).out(Linear).ww::TrainVar"),
        (
            "objax",
            "(Net).layers(ModuleList)[1](Linear).b::TrainVar",
            "(Net).layers(ModuleList)[1](Linear).bb::TrainVar",
        ),
    ];
    for (framework, missing, other) in cases {
        let naming = naming(framework);
        let error = load(naming.clone(), &changed(&naming, missing, other));
        let ErrorKind::Missing { nearest } = error.kind() else { panic!("{error}") };
        assert_eq!(nearest.as_deref(), Some(other), "{error}");
        // Of a variable that says no kind, it is not known to be one.
        let expected = missing.strip_suffix("::TrainVar").unwrap_or(missing);
        assert_eq!(error.key(), Some(expected), "{error}");
    }
}

#[test]
fn a_missing_module_is_named_as_in_the_file() {
    #[derive(Deserialize, Debug)]
    #[allow(dead_code)]
    struct More {
        #[safejax(flax = "conv", haiku = "net/~/conv")]
        conv: Module,
        #[safejax(flax = "Conv_9", haiku = "net/~/conv_9", objax = "conv_9")]
        missing: Module,
    }
    #[derive(Deserialize, Debug)]
    #[allow(dead_code)]
    struct Module {
        #[tensor(flax = "kernel", haiku = "w", objax = "w")]
        matrix: ndarray::Array4<f32>,
    }
    let cases = [
        (Naming::flax(), "params.Conv_9.kernel"),
        (Naming::haiku(), "params.net/~/conv_9.w"),
        (Naming::objax(), "(Net).conv_9.w"),
    ];
    for (naming, key) in cases {
        let error = Options::new().naming(naming.clone()).from_bytes::<More>(&save(naming, &net())).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Missing { .. }), "{error}");
        assert_eq!(error.key(), Some(key), "{error}");
    }
}

/// The file of one framework with another tensor at a key.
fn replaced(naming: &Naming, key: &str, tensor: Tensor) -> Vec<u8> {
    let file = save(naming.clone(), &net());
    let checkpoint = Checkpoint::from_bytes(&file).unwrap();
    let mut tensors: std::collections::BTreeMap<String, Tensor> =
        checkpoint.keys().map(|key| (key.to_owned(), checkpoint.tensor(key).unwrap())).collect();
    assert!(tensors.insert(key.to_owned(), tensor).is_some(), "{key}");
    Options::new().naming(Naming::flat()).to_bytes(&tensors).unwrap()
}

const MEANS: [(&str, &str); 3] = [
    ("flax", "batch_stats.bn.mean"),
    ("haiku", "state.net/~/bn/~/mean_ema.average"),
    ("objax", "(Net).bn(BatchNorm2D).running_mean::StateVar"),
];

#[test]
fn a_wrong_dtype_names_the_key_of_the_file() {
    for (framework, key) in MEANS {
        let naming = naming(framework);
        let wrong = Tensor::from(Array1::from_elem(4, 0.1f64));
        let error = load(naming.clone(), &replaced(&naming, key, wrong));
        assert_eq!(error.key(), Some(key), "{error}");
        assert!(error.to_string().contains("F64"), "{error}");
    }
}

#[test]
fn a_wrong_rank_names_the_key_of_the_file() {
    for (framework, key) in MEANS {
        let naming = naming(framework);
        let wrong = Tensor::from(ndarray::Array2::<f32>::zeros((2, 2)));
        let error = load(naming.clone(), &replaced(&naming, key, wrong));
        assert_eq!(error.key(), Some(key), "{error}");
        assert!(matches!(error.kind(), ErrorKind::Shape { .. }), "{error}");
    }
}

#[test]
fn shapes_that_disagree_name_both_fields() {
    for (framework, key) in MEANS {
        let naming = naming(framework);
        let shape = match framework {
            "flax" => vec![5],
            "haiku" => vec![1, 1, 1, 5],
            _ => vec![1, 5, 1, 1],
        };
        let wrong = Tensor::new(safejax::Dtype::F32, shape, vec![0; 20]).unwrap();
        let error = load(naming.clone(), &replaced(&naming, key, wrong)).to_string();
        assert!(["`channels`", "`mean`", "`scale`", "4", "5"].iter().all(|text| error.contains(text)), "{error}");
    }
}

#[test]
fn two_fields_under_one_key_are_refused_with_both_paths() {
    #[derive(Serialize)]
    struct Model {
        #[safejax(haiku = "linear")]
        first: Linear,
        #[safejax(scope = "~method")]
        linear: Linear,
    }
    #[derive(Serialize)]
    struct Linear {
        w: Array1<f32>,
    }
    let linear = |value| Linear { w: arr1(&[value]) };
    let model = Model { first: linear(1.0), linear: linear(2.0) };
    // At the root haiku writes no scope.
    let error = safejax::haiku::to_bytes(&model).unwrap_err();
    let ErrorKind::Clash { first, second } = error.kind() else { panic!("{error}") };
    assert_eq!([first.as_str(), second.as_str()], ["first.w", "linear.w"]);
    assert_eq!(error.key(), Some("linear.w"));
    // Under a module it does.
    #[derive(Serialize)]
    struct Root {
        model: Model,
    }
    safejax::haiku::to_bytes(&Root { model }).unwrap();
}

#[test]
fn a_collection_that_is_a_module_too_is_refused() {
    #[derive(Serialize)]
    struct Model {
        #[safejax(flax = "w.kernel")]
        kernel: Array1<f32>,
        w: Array1<f32>,
    }
    let error = safejax::flax::to_bytes(&Model { kernel: arr1(&[1.0]), w: arr1(&[2.0]) }).unwrap_err();
    assert!(error.to_string().contains("`w`"), "{error}");
}

#[test]
fn a_type_with_names_cannot_be_flattened_outside_of_its_framework() {
    #[derive(Serialize)]
    struct Inner {
        #[safejax(haiku = "w")]
        kernel: Array1<f32>,
    }
    #[derive(Serialize)]
    struct Outer {
        #[serde(flatten)]
        inner: Inner,
    }
    let error = safejax::to_bytes(&Outer { inner: Inner { kernel: arr1(&[1.0]) } }).unwrap_err();
    assert!(error.to_string().contains("Inner has names of its own"), "{error}");
}
