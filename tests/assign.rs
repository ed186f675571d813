//! Loading into a model that is there.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;

use common::{fixtures, golden, golden_files};
use half::bf16;
use ndarray::{Array0, Array1, Array2, arr0, arr1};
use safejax::objax::VarCollection;
use safejax::{Casts, Error, ErrorKind, Mismatch, MissingKeys, Naming, Options, Tree, UnknownKeys};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Dense {
    kernel: Array2<f32>,
    bias: Option<Array1<f32>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Net {
    body: Vec<Dense>,
    head: Dense,
    step: u32,
}

fn dense(value: f32, outputs: usize) -> Dense {
    Dense { kernel: Array2::from_elem((2, outputs), value), bias: Some(Array1::from_elem(outputs, value)) }
}

fn net(value: f32) -> Net {
    Net { body: vec![dense(value, 2), dense(value + 1.0, 2)], head: dense(value + 2.0, 3), step: value as u32 }
}

fn mismatch(error: &Error) -> &Mismatch {
    match error.kind() {
        ErrorKind::Mismatch(mismatch) => mismatch,
        other => panic!("{other}"),
    }
}

/// Assigns, expects that it fails, and that the model is as it was.
fn refused<T>(options: &Options, model: &mut T, bytes: &[u8]) -> Error
where
    T: Clone + std::fmt::Debug + PartialEq + Serialize + DeserializeOwned,
{
    let before = model.clone();
    let error = options.assign_from_bytes(model, bytes).unwrap_err();
    assert_eq!(*model, before, "nothing is changed");
    error
}

#[test]
fn a_model_takes_all_that_the_file_has_in_every_naming() {
    let namings = [
        Naming::flax(),
        Naming::flax().separator("/"),
        Naming::flax().suffix_lists(true),
        Naming::haiku(),
        Naming::objax(),
        Naming::keystr(),
    ];
    for naming in namings {
        let bytes = Options::new().naming(naming.clone()).to_bytes(&net(5.0)).unwrap();
        let mut model = net(0.0);
        let report = safejax::assign_from_bytes(&mut model, &bytes).unwrap_or_else(|error| panic!("{naming}: {error}"));
        assert_eq!(model, net(5.0), "{naming}");
        assert_eq!((report.loaded.len(), report.kept.len(), report.ignored.len()), (7, 0, 0), "{naming}");
    }
}

#[test]
fn a_file_is_assigned_like_its_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.safetensors");
    safejax::to_file(&path, &net(5.0)).unwrap();
    let mut model = net(0.0);
    let report = safejax::assign_from_file(&mut model, &path).unwrap();
    assert_eq!(model, net(5.0));
    assert!(report.loaded.contains(&"body.1.kernel".to_owned()), "{report}");
    let error = safejax::assign_from_file(&mut vec![arr1(&[0.0f32])], &path).unwrap_err();
    assert_eq!(error.file(), Some(path.as_path()));
}

#[test]
fn every_golden_file_is_assigned_to_its_own_tree() {
    for golden in golden_files() {
        let mut tree: Tree = safejax::from_bytes(&golden.bytes).unwrap();
        let before = tree.clone();
        let result = Options::new().casts(Casts::Exact).assign_from_bytes(&mut tree, &golden.bytes);
        let report = result.unwrap_or_else(|error| panic!("{}: {error}", golden.name));
        assert_eq!(report.loaded.len(), golden.manifest.order.len(), "{}", golden.name);
        assert!(tree == before, "{}", golden.name);
    }
}

#[test]
fn objax_variables_keep_their_kinds() {
    let golden = golden_files().into_iter().find(|golden| golden.manifest.layout == "objax").unwrap();
    let mut vars: VarCollection = safejax::objax::from_bytes(&golden.bytes).unwrap();
    let before = vars.clone();
    let _ = safejax::objax::assign_from_bytes(&mut vars, &golden.bytes).unwrap();
    let _ = safejax::objax::assign_from_file(&mut vars, &golden.path).unwrap();
    assert!(vars == before);
    assert!(safejax::objax::assign_from_file(&mut vars, fixtures().join("hf_flax_bert.safetensors")).is_err());
}

#[test]
fn one_error_lists_every_key_with_the_nearest() {
    #[derive(Serialize)]
    struct Other {
        body: Vec<Dense>,
        heads: BTreeMap<&'static str, Array1<f64>>,
    }
    let other = Other {
        body: vec![Dense { bias: None, ..dense(1.0, 2) }, dense(1.0, 4)],
        heads: BTreeMap::from([("bias", arr1(&[1.0])), ("kernel", arr1(&[1.0]))]),
    };
    let bytes = safejax::to_bytes(&other).unwrap();
    let error = refused(&Options::new(), &mut net(0.0), &bytes);
    let found = mismatch(&error);
    let missing: Vec<(&str, Option<&str>)> =
        found.missing.iter().map(|missing| (missing.key.as_str(), missing.nearest.as_deref())).collect();
    let expected =
        [("body.0.bias", Some("heads.bias")), ("head.kernel", Some("heads.kernel")), ("head.bias", Some("heads.bias"))];
    assert_eq!(missing, expected);
    let unexpected: Vec<(&str, Option<&str>)> =
        found.unexpected.iter().map(|unexpected| (unexpected.key.as_str(), unexpected.nearest.as_deref())).collect();
    assert_eq!(unexpected, [("heads.bias", Some("head.bias")), ("heads.kernel", Some("head.kernel"))]);
    let shapes: Vec<(&str, &[usize], &[usize])> =
        found.shapes.iter().map(|other| (other.key.as_str(), &*other.expected, &*other.found)).collect();
    assert_eq!(shapes, [("body.1.kernel", &[2, 2][..], &[2, 4][..]), ("body.1.bias", &[2], &[4])]);
    assert_eq!(found.len(), 7);
    let text = error.to_string();
    for part in [
        "7 keys do not fit, so nothing was loaded",
        "\nmissing (MissingKeys::Keep leaves them as they are):\n  body.0.bias",
        "\n  head.kernel (the nearest is `heads.kernel`)",
        "\nunexpected (UnknownKeys::Allow ignores them):\n  heads.bias (the nearest is `head.bias`)",
        "\nof another shape:\n  body.1.kernel: expected [2, 2], found [2, 4]",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn another_shape_is_an_error_whatever_the_options() {
    let bytes = safejax::to_bytes(&BTreeMap::from([("w", arr1(&[1.0f32])), ("w2", arr1(&[1.0, 2.0]))])).unwrap();
    let mut model = BTreeMap::from([("w".to_owned(), arr1(&[0.0f32, 0.0]))]);
    let options = Options::new().missing_keys(MissingKeys::Keep).unknown_keys(UnknownKeys::Allow);
    let error = refused(&options, &mut model, &bytes);
    assert_eq!(mismatch(&error).len(), 1);
    assert!(error.to_string().contains("w: expected [2], found [1] (the nearest is `w2`)"), "{error}");
}

#[test]
fn a_dtype_converts_as_the_casts_allow() {
    let narrow = safejax::to_bytes(&[arr1(&[bf16::from_f32(1.5)])]).unwrap();
    let wide = safejax::to_bytes(&[arr1(&[1.5f64])]).unwrap();
    let mut model = vec![arr1(&[0.0f32])];
    let _ = safejax::assign_from_bytes(&mut model, &narrow).unwrap();
    assert_eq!(model, [arr1(&[1.5])]);
    refused(&Options::new().casts(Casts::Exact), &mut model, &narrow);
    let error = refused(&Options::new(), &mut model, &wide);
    let dtype = &mismatch(&error).dtypes[0];
    assert!(dtype.lossy && error.to_string().contains("expected F32, found F64 (Casts::Lossy"), "{error}");
    let _ = Options::new().casts(Casts::Lossy).assign_from_bytes(&mut model, &wide).unwrap();
}

#[test]
fn another_head_is_kept_and_what_matches_is_loaded() {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Fine {
        body: Vec<Dense>,
        classifier: Dense,
        step: u32,
    }
    for naming in [Naming::flax(), Naming::haiku(), Naming::objax(), Naming::keystr()] {
        let bytes = Options::new().naming(naming.clone()).to_bytes(&net(5.0)).unwrap();
        let mut model = Fine { body: net(0.0).body, classifier: dense(9.0, 7), step: 0 };
        let options = Options::new().missing_keys(MissingKeys::Keep).unknown_keys(UnknownKeys::Allow);
        let report = options.assign_from_bytes(&mut model, &bytes).unwrap_or_else(|error| panic!("{naming}: {error}"));
        assert_eq!(model, Fine { body: net(5.0).body, classifier: dense(9.0, 7), step: 5 }, "{naming}");
        assert_eq!((report.loaded.len(), report.kept.len(), report.ignored.len()), (5, 2, 2), "{naming}");
        assert!(report.to_string().starts_with("loaded 5, kept 2, ignored 2\nkept: "), "{report}");
    }
}

#[test]
fn keeping_alone_denies_unknown_keys_and_allowing_alone_denies_missing_ones() {
    let bytes = safejax::to_bytes(&BTreeMap::from([("a", arr1(&[1.0f32]))])).unwrap();
    let mut model = BTreeMap::from([("b".to_owned(), arr1(&[0.0f32]))]);
    let error = refused(&Options::new().missing_keys(MissingKeys::Keep), &mut model, &bytes);
    assert_eq!((mismatch(&error).missing.len(), mismatch(&error).unexpected.len()), (0, 1));
    let error = refused(&Options::new().unknown_keys(UnknownKeys::Allow), &mut model, &bytes);
    assert_eq!((mismatch(&error).missing.len(), mismatch(&error).unexpected.len()), (1, 0));
}

#[test]
fn kept_arrays_of_any_memory_order_stay_as_they_are() {
    let kept = Array2::from_shape_fn((3, 2), |(i, j)| (10 * i + j) as f32);
    let mut model = BTreeMap::from([("t".to_owned(), kept.clone().reversed_axes().to_owned())]);
    model.insert("r".to_owned(), kept.t().to_owned());
    let before = model.clone();
    let options = Options::new().missing_keys(MissingKeys::Keep);
    let report = options.assign_from_bytes(&mut model, &safejax::to_bytes(&Tree::default()).unwrap()).unwrap();
    assert_eq!((model, report.kept.len()), (before, 2));
}

#[test]
fn a_none_has_no_key() {
    let bytes = safejax::to_bytes(&net(5.0)).unwrap();
    let mut model = net(0.0);
    model.head.bias = None;
    let error = refused(&Options::new(), &mut model, &bytes);
    assert_eq!(mismatch(&error).unexpected[0].key, "head.bias");
    let _ = Options::new().unknown_keys(UnknownKeys::Allow).assign_from_bytes(&mut model, &bytes).unwrap();
    assert_eq!((model.head.bias, model.head.kernel), (None, net(5.0).head.kernel));
}

#[test]
fn leaves_stay_where_the_file_of_another_tool_has_none() {
    let params = BTreeMap::from([("w", arr1(&[1.0f32]))]);
    let bytes = safetensors::serialize(
        params.iter().map(|(key, array)| {
            let bytes: Vec<u8> = array.iter().flat_map(|value| value.to_le_bytes()).collect();
            (*key, OwnedTensor(bytes))
        }),
        None,
    )
    .unwrap();
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Model {
        w: Array1<f32>,
        activation: String,
    }
    let mut model = Model { w: arr1(&[0.0]), activation: "relu".to_owned() };
    let report = safejax::assign_from_bytes(&mut model, &bytes).unwrap();
    assert_eq!(model, Model { w: arr1(&[1.0]), activation: "relu".to_owned() });
    assert_eq!((report.loaded, report.kept), (vec!["w".to_owned()], vec!["activation".to_owned()]));
}

struct OwnedTensor(Vec<u8>);

impl safetensors::View for OwnedTensor {
    fn dtype(&self) -> safetensors::Dtype {
        safetensors::Dtype::F32
    }
    fn shape(&self) -> &[usize] {
        &[1]
    }
    fn data(&self) -> std::borrow::Cow<'_, [u8]> {
        (&self.0).into()
    }
    fn data_len(&self) -> usize {
        self.0.len()
    }
}

#[test]
fn a_leaf_that_a_file_of_this_crate_lacks_is_missing() {
    let bytes = safejax::to_bytes(&(arr1(&[1.0f32]), "relu")).unwrap();
    let mut model = (arr1(&[0.0f32]), "gelu".to_owned(), 7u8);
    let error = refused(&Options::new(), &mut model, &bytes);
    assert_eq!(mismatch(&error).missing[0].key, "2");
    let _ = Options::new().missing_keys(MissingKeys::Keep).assign_from_bytes(&mut model, &bytes).unwrap();
    assert_eq!(model, (arr1(&[1.0]), "relu".to_owned(), 7));
}

#[test]
fn a_number_takes_a_tensor_without_dimensions_and_an_array_takes_no_leaf() {
    let bytes = safejax::to_bytes(&BTreeMap::from([("step", arr0(7i32))])).unwrap();
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct State {
        step: i32,
    }
    let mut state = State { step: 0 };
    let report = safejax::assign_from_bytes(&mut state, &bytes).unwrap();
    assert_eq!((state.step, report.loaded), (7, vec!["step".to_owned()]));
    let mut arrays = BTreeMap::from([("step".to_owned(), arr0(0i32))]);
    let error = refused(&Options::new(), &mut arrays, &safejax::to_bytes(&State { step: 7 }).unwrap());
    assert_eq!(mismatch(&error).leaves.len(), 1, "{error}");
}

#[test]
fn a_value_that_does_not_deserialize_changes_nothing() {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Model {
        w: Array0<f32>,
        count: std::num::NonZeroU8,
    }
    let bytes = safejax::to_bytes(&{
        #[derive(Serialize)]
        struct Zero {
            w: Array0<f32>,
            count: u8,
        }
        Zero { w: arr0(1.0), count: 0 }
    })
    .unwrap();
    let mut model = Model { w: arr0(0.0), count: std::num::NonZeroU8::MIN };
    let error = refused(&Options::new(), &mut model, &bytes);
    assert!(error.to_string().contains("count"), "{error}");
}

#[test]
fn unknown_keys_are_denied_to_any_load_that_asks_for_it() {
    #[derive(Debug, Deserialize)]
    struct Part {
        #[allow(dead_code)]
        head: Dense,
    }
    let bytes = safejax::to_bytes(&net(5.0)).unwrap();
    assert!(safejax::from_bytes::<Part>(&bytes).is_ok());
    let options = Options::new().unknown_keys(UnknownKeys::Deny);
    let error = options.from_bytes::<Part>(&bytes).unwrap_err();
    let unexpected: Vec<&str> = mismatch(&error).unexpected.iter().map(|found| found.key.as_str()).collect();
    assert_eq!(unexpected, ["body.0.bias", "body.0.kernel", "body.1.bias", "body.1.kernel", "step"]);
    assert_eq!(options.from_bytes::<Net>(&bytes).unwrap(), net(5.0));
    for golden in golden_files() {
        options.from_bytes::<Tree>(&golden.bytes).unwrap_or_else(|error| panic!("{}: {error}", golden.name));
    }
}

#[test]
fn a_model_of_a_python_file_is_fine_tuned() {
    let golden = golden("hf_flax_bert");
    let mut tree: Tree = safejax::from_bytes(&golden.bytes).unwrap();
    let Tree::Map(map) = &mut tree else { panic!("a map") };
    let head = map.shift_remove("pooler").unwrap();
    map.insert("classifier".to_owned(), head);
    let before = tree.clone();
    let options = Options::new().missing_keys(MissingKeys::Keep).unknown_keys(UnknownKeys::Allow);
    let report = options.assign_from_file(&mut tree, &golden.path).unwrap();
    assert_eq!(report.kept, ["classifier.dense.bias", "classifier.dense.kernel"]);
    assert_eq!(report.ignored, ["pooler.dense.bias", "pooler.dense.kernel"]);
    assert!(tree == before);
}
