//! Errors: which key, in which file, what was expected, what was found, and what to do about it.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use std::cell::Cell;
use std::collections::BTreeMap;
use std::error::Error as _;
use std::fs;
use std::io;

use half::bf16;
use ndarray::{Array1, Array2, arr0, arr1};
use safejax::{Casts, Checkpoint, Error, ErrorKind, Naming, Options, Result, Tensor, TensorView, Tree};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize, Serializer, de};

type Map<T> = BTreeMap<String, T>;

#[derive(Debug, Serialize, Deserialize)]
struct Dense {
    kernel: Array2<f32>,
    bias: Array1<f32>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Mlp {
    hidden: Dense,
    out: Dense,
    activation: String,
}

#[derive(Debug, Deserialize)]
struct W<T> {
    #[allow(dead_code)]
    w: T,
}

fn dense() -> Dense {
    Dense { kernel: Array2::zeros((2, 3)), bias: Array1::zeros(3) }
}

fn mlp() -> Mlp {
    Mlp { hidden: dense(), out: dense(), activation: "relu".to_owned() }
}

fn ones() -> Array1<f32> {
    arr1(&[1.0, 1.0, 1.0])
}

fn map<T>(entries: impl IntoIterator<Item = (&'static str, T)>) -> Map<T> {
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// A file of tensors of these keys.
fn file<'k>(keys: impl IntoIterator<Item = &'k str>) -> Vec<u8> {
    let entry = |(i, key): (usize, &str)| {
        let key = serde_json::to_string(key).unwrap();
        format!(r#"{key}:{{"dtype":"F32","shape":[3],"data_offsets":[{},{}]}}"#, 12 * i, 12 * i + 12)
    };
    let entries: Vec<String> = keys.into_iter().enumerate().map(entry).collect();
    let header = format!("{{{}}}", entries.join(","));
    let data = vec![0; 12 * entries.len()];
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &data].concat()
}

/// The error of loading what was saved as something else.
fn reading<T: DeserializeOwned>(saved: &(impl Serialize + ?Sized)) -> Error {
    refusal(safejax::from_bytes::<T>(&safejax::to_bytes(saved).unwrap()))
}

fn refusal<T>(result: Result<T>) -> Error {
    match result {
        Ok(_) => panic!("this was to be refused"),
        Err(error) => error,
    }
}

/// An error is about this key, and says all of this.
fn assert_says(error: &Error, key: &str, says: &[&str]) {
    assert_eq!(error.key(), Some(key), "{error}");
    let message = error.to_string();
    assert!(message.contains(&format!("`{key}`")), "the key `{key}` is not in: {message}");
    for text in says {
        assert!(message.contains(text), "{text:?} is not in: {message}");
    }
}

fn kind(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::Io(_) => "Io",
        ErrorKind::NotSafetensors { .. } => "NotSafetensors",
        ErrorKind::Header { .. } => "Header",
        ErrorKind::Missing { .. } => "Missing",
        ErrorKind::Unknown { .. } => "Unknown",
        ErrorKind::Dtype { .. } => "Dtype",
        ErrorKind::Shape { .. } => "Shape",
        ErrorKind::Type { .. } => "Type",
        ErrorKind::Clash { .. } => "Clash",
        ErrorKind::Ambiguous { .. } => "Ambiguous",
        ErrorKind::Naming { .. } => "Naming",
        ErrorKind::Depth { .. } => "Depth",
        ErrorKind::Borrow { .. } => "Borrow",
        ErrorKind::Changed { .. } => "Changed",
        ErrorKind::Unsupported(_) => "Unsupported",
        ErrorKind::Custom(_) => "Custom",
        other => panic!("no name for {other:?}"),
    }
}

mod form {
    use super::*;

    #[test]
    fn an_error_is_one_word() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
        assert_eq!(size_of::<Result<()>>(), size_of::<usize>());
    }

    #[test]
    fn an_error_passes_between_threads() {
        fn passes<T: Send + Sync + 'static>() {}
        passes::<Error>();
        let boxed: Box<dyn std::error::Error + Send + Sync> = Box::new(reading::<Mlp>(&map([("w", ones())])));
        assert!(boxed.downcast_ref::<Error>().is_some());
    }

    #[test]
    fn debug_is_the_message_in_short() {
        let error = reading::<W<Array2<f32>>>(&map([("w", ones())]));
        assert_eq!(format!("{error:?}"), format!("Error({:?})", error.to_string()));
        assert_eq!(format!("{error:?}"), r#"Error("`w`: expected an array of 2 axes, found shape [3]")"#);
    }

    #[test]
    fn the_source_is_the_error_of_the_system() {
        let error = refusal(safejax::from_file::<Tree>("/missing/model.safetensors"));
        let source = error.source().expect("a source").downcast_ref::<io::Error>().expect("an io::Error");
        assert_eq!(source.kind(), io::ErrorKind::NotFound);
        assert!(reading::<Mlp>(&map([("w", ones())])).source().is_none());
    }
}

mod missing {
    use super::*;

    #[test]
    fn a_tensor() {
        #[derive(Debug, Deserialize)]
        struct Model {
            #[allow(dead_code)]
            hidden: Layer,
        }
        #[derive(Debug, Deserialize)]
        struct Layer {
            #[allow(dead_code)]
            kernal: Array2<f32>,
        }
        let error = reading::<Model>(&mlp());
        assert_says(
            &error,
            "hidden.kernal",
            &["missing", "nearest is `hidden.kernel`", "`hidden` has `bias`, `kernel`"],
        );
        assert!(matches!(error.kind(), ErrorKind::Missing { nearest: Some(key) } if key == "hidden.kernel"));
    }

    #[test]
    fn a_leaf() {
        let error = reading::<Mlp>(&map([("hidden", dense()), ("out", dense())]));
        assert_says(&error, "activation", &["missing", "the file has `hidden`, `out`"]);
    }

    #[test]
    fn a_whole_struct() {
        let error = reading::<Mlp>(&map([("hidden", dense())]));
        assert_says(&error, "out.kernel", &["missing", "the file has `hidden`"]);
    }

    #[test]
    fn a_struct_in_a_struct() {
        let error = reading::<W<Mlp>>(&map([("w", map([("hidden", dense())]))]));
        assert_says(&error, "w.out.kernel", &["missing", "`w` has `hidden`"]);
    }

    #[test]
    fn a_struct_that_lies_elsewhere_in_the_file() {
        let error = reading::<Mlp>(&map([("state", map([("model_variables", mlp())]))]));
        let nearest = "nearest is `state.model_variables.hidden.kernel`";
        assert_says(&error, "hidden.kernel", &[nearest, "the file has `state`"]);
    }

    #[test]
    fn everything_in_the_file_of_another_model() {
        let keys: Vec<String> = (0..100).map(|i| format!("encoder_{i}/query/w")).collect();
        let error = refusal(safejax::from_bytes::<Mlp>(&file(keys.iter().map(String::as_str))));
        assert_says(&error, "hidden/kernel", &["missing", "the file has `encoder_0`, `encoder_1`", "94 more"]);
        assert!(error.to_string().len() < 300, "{error}");
    }

    #[test]
    fn everything_in_an_empty_file() {
        let error = reading::<Mlp>(&Map::<Tensor>::new());
        assert_says(&error, "hidden.kernel", &["missing", "the file is empty"]);
    }

    #[test]
    fn an_item_of_a_list() {
        let error = reading::<W<Vec<Dense>>>(&map([("w", map([("0", dense()), ("2", dense())]))]));
        assert_says(&error, "w.1.kernel", &["missing", "`w` has `0`, `2`"]);
    }

    #[test]
    fn an_item_of_a_tuple() {
        let error = reading::<W<(Dense, Dense)>>(&map([("w", [dense()])]));
        assert_says(&error, "w.1.kernel", &["missing", "`w` has `0`"]);
    }

    #[test]
    fn a_field_of_an_item() {
        let error = reading::<W<Vec<Dense>>>(&map([("w", [map([("bias", ones())])])]));
        assert_says(&error, "w.0.kernel", &["missing", "`w.0` has `bias`"]);
    }

    #[test]
    fn a_field_of_a_value_in_a_map() {
        let error = reading::<Map<Dense>>(&map([("a", map([("bias", ones())]))]));
        assert_says(&error, "a.kernel", &["missing", "`a` has `bias`"]);
    }

    #[test]
    fn a_field_of_a_variant() {
        #[derive(Debug, Deserialize)]
        enum Layer {
            Dense(#[allow(dead_code)] Dense),
        }
        let error = reading::<W<Layer>>(&map([("w", map([("Dense", map([("bias", ones())]))]))]));
        assert_says(&error, "w.Dense.kernel", &["missing", "`w.Dense` has `bias`"]);
    }

    #[test]
    fn a_field_of_what_is_flattened() {
        #[derive(Debug, Deserialize)]
        struct Outer {
            #[serde(flatten)]
            #[allow(dead_code)]
            inner: Dense,
        }
        let error = reading::<W<Outer>>(&map([("w", map([("bias", ones())]))]));
        assert_says(&error, "w.kernel", &["missing", "`w` has `bias`"]);
    }

    #[test]
    fn the_key_that_a_checkpoint_is_asked_for() {
        let bytes = file(["encoder.kernel"]);
        let checkpoint = Checkpoint::from_bytes(&bytes).unwrap();
        assert_says(&refusal(checkpoint.tensor("encoder.kernal")), "encoder.kernal", &["`encoder.kernel`"]);
        assert_says(&refusal(checkpoint.view("encoder.kernal")), "encoder.kernal", &["`encoder.kernel`"]);
    }
}

mod mismatch {
    use super::*;

    #[test]
    fn a_dtype_that_would_lose() {
        let error = reading::<W<Array1<f32>>>(&map([("w", arr1(&[1.0f64]))]));
        assert_says(&error, "w", &["expected dtype F32", "found dtype F64", "Casts::Lossy"]);
        let ErrorKind::Dtype { found, lossy: true, .. } = error.kind() else { panic!("{error}") };
        assert_eq!(*found, safejax::Dtype::F64);
    }

    #[test]
    fn a_dtype_that_would_widen_where_the_exact_one_is_asked_for() {
        let bytes = safejax::to_bytes(&map([("w", arr1(&[bf16::ONE]))])).unwrap();
        let error = refusal(Options::new().casts(Casts::Exact).from_bytes::<W<Array1<f32>>>(&bytes));
        assert_says(&error, "w", &["expected dtype F32", "found dtype BF16", "Casts::Widen"]);
    }

    #[test]
    fn a_dtype_that_nothing_converts() {
        let error = reading::<W<Array1<bool>>>(&map([("w", arr1(&[1.0f32]))]));
        assert_says(&error, "w", &["expected dtype BOOL", "found dtype F32"]);
        assert!(!error.to_string().contains("Casts"), "{error}");
    }

    #[test]
    fn a_rank() {
        let error = reading::<W<Array2<f32>>>(&map([("w", ones())]));
        assert_says(&error, "w", &["an array of 2 axes", "shape [3]"]);
    }

    #[test]
    fn a_length() {
        let error = reading::<W<[f32; 4]>>(&map([("w", ones())]));
        assert_says(&error, "w", &["a tensor of shape [4]", "shape [3]"]);
    }

    #[test]
    fn a_scalar_that_is_a_vector() {
        let error = reading::<W<i32>>(&map([("w", arr1(&[1i32, 2]))]));
        assert_says(&error, "w", &["an i32", "shape []", "shape [2]"]);
    }

    #[test]
    fn a_tensor_where_a_struct_belongs() {
        let error = reading::<W<Dense>>(&map([("w", ones())]));
        assert_says(&error, "w", &["the struct Dense", "a tensor F32 [3]"]);
    }

    #[test]
    fn a_tensor_where_a_map_belongs() {
        let error = reading::<W<Map<Array1<f32>>>>(&map([("w", ones())]));
        assert_says(&error, "w", &["a map", "a tensor F32 [3]"]);
    }

    #[test]
    fn a_tensor_where_a_string_belongs() {
        let error = reading::<W<String>>(&map([("w", ones())]));
        assert_says(&error, "w", &["a string", "a tensor F32 [3]"]);
    }

    #[test]
    fn a_struct_where_a_tensor_belongs() {
        for error in [reading::<W<Array1<f32>>>(&map([("w", dense())])), reading::<W<Tensor>>(&map([("w", dense())]))] {
            assert_says(&error, "w", &["a tensor", "a module with `bias`, `kernel`"]);
        }
    }

    #[test]
    fn a_struct_where_a_number_belongs() {
        let error = reading::<W<f32>>(&map([("w", dense())]));
        assert_says(&error, "w", &["an f32", "a module with `bias`, `kernel`"]);
    }

    #[test]
    fn a_struct_where_a_list_belongs() {
        let error = reading::<W<Vec<Array1<f32>>>>(&map([("w", dense())]));
        assert_says(&error, "w", &["a tensor", "a module with `bias`, `kernel`"]);
        let error = reading::<W<(Array1<f32>, i32)>>(&map([("w", dense())]));
        assert_says(&error, "w", &["a tensor", "a module with `bias`, `kernel`"]);
    }

    #[test]
    fn a_leaf_where_a_tensor_belongs() {
        for error in [reading::<W<Array1<f32>>>(&map([("w", "relu")])), reading::<W<Tensor>>(&map([("w", "relu")]))] {
            assert_says(&error, "w", &["a tensor", "the leaf `relu`"]);
        }
    }

    #[test]
    fn a_leaf_where_a_struct_belongs() {
        let error = reading::<W<Dense>>(&map([("w", "relu")]));
        assert_says(&error, "w", &["relu", "struct"]);
    }

    #[test]
    fn a_leaf_of_another_type() {
        let error = reading::<W<i32>>(&map([("w", "relu")]));
        assert_says(&error, "w", &["expected a number of type i32", "found string \"relu\""]);
        let error = reading::<W<u8>>(&map([("w", 300)]));
        assert_says(&error, "w", &["300", "u8"]);
        let error = reading::<W<bool>>(&map([("w", 1)]));
        assert_says(&error, "w", &["1", "a boolean"]);
    }

    #[test]
    fn a_tuple_of_another_length() {
        let error = reading::<W<(Array1<f32>, Array1<f32>)>>(&map([("w", [ones(), ones(), ones()])]));
        assert_says(&error, "w", &["a tuple of 2", "index 2"]);
    }

    #[test]
    fn a_variant_that_the_enum_does_not_have() {
        #[derive(Debug, Deserialize)]
        #[allow(dead_code)]
        enum Layer {
            Dense(Dense),
            Scale(Array1<f32>),
            Relu,
        }
        let error = reading::<W<Layer>>(&map([("w", map([("Conv", ones())]))]));
        assert_says(&error, "w", &["a variant of Layer: `Dense`, `Scale`, `Relu`", "a module with `Conv`"]);
        let error = reading::<W<Layer>>(&map([("w", "Tanh")]));
        assert_says(&error, "w", &["`Dense`, `Scale`, `Relu`", "`Tanh`"]);
    }

    #[test]
    fn a_bool_of_neither_0_nor_1() {
        let mut bytes = safejax::to_bytes(&map([("w", arr1(&[true, false]))])).unwrap();
        *bytes.last_mut().unwrap() = 7;
        let error = refusal(safejax::from_bytes::<W<Array1<bool>>>(&bytes));
        assert_says(&error, "w", &["BOOL bytes of 0 or 1", "7 at index 1"]);
    }

    #[test]
    fn a_map_key_of_another_type() {
        let error = reading::<W<BTreeMap<u32, Array1<f32>>>>(&map([("w", map([("a", ones())]))]));
        assert_says(&error, "w.a", &["a key of type u32", "\"a\""]);
    }

    #[test]
    fn an_index_out_of_all_proportion() {
        let error = reading::<W<Vec<Option<Array1<f32>>>>>(&map([("w", map([("1000000000", ones())]))]));
        assert_says(&error, "w", &["index 1000000000", "1 items"]);
    }
}

mod unknown {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    pub(crate) struct Strict {
        kernel: Array1<f32>,
    }

    #[test]
    fn a_tensor() {
        let error = reading::<W<Strict>>(&map([("w", map([("kernel", ones()), ("kernel_scale", ones())]))]));
        assert_says(&error, "w.kernel_scale", &["unknown key", "nearest is `kernel`"]);
        assert!(matches!(error.kind(), ErrorKind::Unknown { nearest: Some(name) } if name == "kernel"));
    }

    #[test]
    fn a_module() {
        let error = refusal(safejax::from_bytes::<Strict>(&file(["kernel", "other.a", "other.b"])));
        assert_says(&error, "other", &["unknown key"]);
    }

    #[test]
    fn in_the_words_of_each_naming() {
        let table: &[(&[&str], &str)] = &[
            (&["kernel", "extra"], "extra"),
            (&["a/~/kernel.w", "~.kernel", "~.extra"], "a"),
            (&["(Net).kernel::TrainVar", "(Net).extra::StateVar"], "(Net).extra::StateVar"),
            (&[".kernel", ".extra[0]"], ".extra"),
        ];
        for (keys, unknown) in table {
            let error = refusal(safejax::from_bytes::<Strict>(&file(keys.iter().copied())));
            assert_says(&error, unknown, &["unknown key"]);
        }
    }
}

/// Errors speak of keys as they are in the file.
mod words_of_the_naming {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Outer {
        #[allow(dead_code)]
        a: W<X>,
    }

    #[derive(Debug, Deserialize)]
    struct X {
        #[allow(dead_code)]
        x: Array2<f32>,
    }

    #[test]
    fn of_a_mismatch() {
        let table: &[(&[&str], &str)] = &[
            (&["a.w.x", "b"], "a.w.x"),
            (&["a/w/x", "b"], "a/w/x"),
            (&["a/~/w.x", "b.x"], "a/~/w.x"),
            (&["a/~/w//x", "b//x"], "a/~/w//x"),
            (&["(Net).a(Linear).w(Other).x::TrainVar"], "(Net).a(Linear).w(Other).x::TrainVar"),
            (&[".a.w['x']"], ".a.w['x']"),
            (&["a.w['x']"], "a.w['x']"),
        ];
        for (keys, key) in table {
            let error = refusal(safejax::from_bytes::<Outer>(&file(keys.iter().copied())));
            assert_says(&error, key, &["an array of 2 axes", "shape [3]"]);
        }
    }

    #[test]
    fn of_what_is_missing() {
        let table: &[(&[&str], &str)] = &[
            (&["a.w.y", "b"], "a.w.x"),
            (&["a/w/y", "b"], "a/w/x"),
            (&["a.v", "b"], "a.w.x"),
            (&["b", "c"], "a.w.x"),
            (&["a/~/w.y"], "a/~/w.x"),
            (&["a/~/w//y"], "a/~/w//x"),
            (&["a/~/v.x"], "a/~/w.x"),
            (&["b/~/v.x"], "a/~/w.x"),
            (&["(Net).a(Linear).w(Other).y::TrainVar"], "(Net).a(Linear).w(Other).x"),
            (&["(Net).b(Linear).y::TrainVar"], "(Net).a.w.x"),
            (&[".a.w['y']"], ".a.w.x"),
            (&[".b[0]"], ".a.w.x"),
            (&["b[0]"], "a.w.x"),
        ];
        for (keys, key) in table {
            let error = refusal(safejax::from_bytes::<Outer>(&file(keys.iter().copied())));
            assert_says(&error, key, &["missing"]);
        }
    }

    #[test]
    fn of_a_missing_item() {
        let table: &[(&[&str], &str)] = &[
            (&["w.0", "w.2"], "w.1"),
            (&["w_0", "w_2"], "w_1"),
            (&["(Net).w(ModuleList)[0]::TrainVar", "(Net).w(ModuleList)[2]::TrainVar"], "(Net).w(ModuleList)[1]"),
            (&[".w[0]", ".w[2]"], ".w[1]"),
        ];
        for (keys, key) in table {
            let error = refusal(safejax::from_bytes::<W<Vec<Tensor>>>(&file(keys.iter().copied())));
            assert_says(&error, key, &["missing"]);
        }
    }
}

mod namings {
    use super::*;

    #[test]
    fn two_scopes_for_one_name() {
        #[derive(Debug, Deserialize)]
        struct Model {
            #[allow(dead_code)]
            methods: Methods,
        }
        #[derive(Debug, Deserialize)]
        struct Methods {
            #[allow(dead_code)]
            linear: W<Array1<f32>>,
        }
        let error = refusal(safejax::from_bytes::<Model>(&file(["methods/linear.w", "methods/~/linear.w"])));
        assert_says(
            &error,
            "methods.linear",
            &["`methods/linear`", "`methods/~/linear`", r#"rename = "/linear""#, r#""~/linear""#],
        );
        assert!(matches!(error.kind(), ErrorKind::Ambiguous { .. }), "{error}");
    }

    #[test]
    fn an_item_twice() {
        let error = refusal(safejax::from_bytes::<W<Vec<Tensor>>>(&file(["w", "w_0"])));
        assert_says(&error, "w", &["both `w` and `w_0`"]);
        assert!(matches!(error.kind(), ErrorKind::Ambiguous { .. }), "{error}");
    }

    #[test]
    fn two_fields_under_one_key() {
        #[derive(Serialize)]
        struct Model {
            #[serde(rename = "a.b")]
            first: Array1<f32>,
            a: Map<Array1<f32>>,
        }
        let error = refusal(safejax::to_bytes(&Model { first: ones(), a: map([("b", ones())]) }));
        assert!(matches!(error.kind(), ErrorKind::Clash { .. }), "{error}");
        assert_says(&error, "a.b", &["`a.b` and `a.b`", "rename"]);
    }

    #[test]
    fn a_tensor_above_another() {
        #[derive(Serialize)]
        struct Model {
            #[serde(rename = "a.b")]
            first: Array1<f32>,
            a: Array1<f32>,
        }
        let error = refusal(safejax::to_bytes(&Model { first: ones(), a: ones() }));
        assert!(matches!(error.kind(), ErrorKind::Naming { .. }), "{error}");
        assert_says(&error, "a.b", &["below `a`"]);
    }

    #[test]
    fn a_map_key_that_holds_the_separator() {
        let error = refusal(safejax::to_bytes(&map([("w", map([("a.b", ones())]))])));
        assert_says(&error, "w.a.b", &["flax", "holds the separator `.`", r#"separator("/")"#]);
        assert!(matches!(error.kind(), ErrorKind::Naming { .. }), "{error}");
    }

    #[test]
    fn a_name_that_is_none_in_the_naming() {
        let table = [
            (Naming::haiku(), "haiku", "empty part"),
            (Naming::objax(), "objax", "no name in objax"),
            (Naming::keystr(), "keystr", "cannot be written"),
            (Naming::flat(), "flat", "one level only"),
        ];
        #[derive(Serialize)]
        struct Model {
            outer: Inner,
        }
        #[derive(Serialize)]
        struct Inner {
            #[serde(rename = "a..b")]
            inner: Dense,
        }
        for (naming, name, says) in table {
            let error = refusal(Options::new().naming(naming).to_bytes(&Model { outer: Inner { inner: dense() } }));
            let key = if name == "flat" { "outer" } else { "outer.a..b" };
            assert_says(&error, key, &[name, says, "Naming::flax()"]);
        }
    }

    #[test]
    fn the_key_of_the_metadata() {
        let error = refusal(safejax::to_bytes(&map([("__metadata__", ones())])));
        assert_says(&error, "__metadata__", &["metadata"]);
    }

    #[test]
    fn metadata_in_the_place_of_a_leaf() {
        let error = refusal(Options::new().metadata("activation", "mine").to_bytes(&mlp()));
        assert_says(&error, "activation", &["metadata that was given"]);
        let error = refusal(Options::new().metadata("safejax", "mine").to_bytes(&mlp()));
        assert_says(&error, "safejax", &["the crate's own"]);
    }

    #[test]
    fn a_naming_that_the_file_does_not_fit() {
        let table = [
            (Naming::haiku(), "a", "no `.`"),
            (Naming::objax(), "a", "`::`"),
            (Naming::objax().kinds(false), "x..y", "neither `.name`"),
            (Naming::keystr(), "x..y", "none of `.name`"),
        ];
        for (naming, key, says) in table {
            let bytes = file([key]);
            let error = refusal(Options::new().naming(naming).from_bytes::<Tree>(&bytes));
            assert!(matches!(error.kind(), ErrorKind::Naming { .. }), "{error}");
            assert_says(&error, key, &[says, "the keys of this file fit flax"]);
        }
    }

    #[test]
    fn a_front_door_that_the_file_does_not_fit() {
        let error = refusal(safejax::haiku::from_bytes::<Tree>(&file(["a"])));
        assert_says(&error, "a", &["haiku", "fit flax"]);
        let error = refusal(safejax::objax::from_bytes::<Tree>(&file(["a."])));
        assert_says(&error, "a.", &["objax", "fit flax"]);
    }
}

mod depth {
    use super::*;

    #[derive(Debug, Serialize, Deserialize)]
    struct Nested {
        inner: Option<Box<Nested>>,
        w: Array1<f32>,
    }

    fn nested(levels: usize) -> Nested {
        (1..levels)
            .fold(Nested { inner: None, w: ones() }, |inner, _| Nested { inner: Some(Box::new(inner)), w: ones() })
    }

    #[test]
    fn on_save() {
        let error = refusal(Options::new().max_depth(8).to_bytes(&nested(20)));
        assert!(matches!(error.kind(), ErrorKind::Depth { limit: 8 }), "{error}");
        assert_says(&error, "inner.inner.inner.inner", &["8 levels", "Options::max_depth"]);
    }

    #[test]
    fn on_load() {
        let bytes = safejax::to_bytes(&nested(20)).unwrap();
        let error = refusal(Options::new().max_depth(8).from_bytes::<Nested>(&bytes));
        assert!(matches!(error.kind(), ErrorKind::Depth { limit: 8 }), "{error}");
        assert!(error.key().unwrap().starts_with("inner.inner.inner"), "{error}");
    }

    #[test]
    fn of_a_tree() {
        let key = vec!["a"; 200].join(".");
        let error = refusal(safejax::from_bytes::<Tree>(&file([&*key])));
        assert!(matches!(error.kind(), ErrorKind::Depth { limit: 128 }), "{error}");
        assert!(key.starts_with(error.key().unwrap()), "{error}");
        assert!(Options::new().max_depth(300).from_bytes::<Tree>(&file([&*key])).is_ok());
    }
}

mod borrow {
    use super::*;

    const WAYS_OUT: &[&str] = &["Checkpoint::load", "Checkpoint::map", "from_bytes"];

    #[test]
    fn a_tensor_of_an_opened_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        fs::write(&path, file(["w"])).unwrap();
        let checkpoint = Checkpoint::open(&path).unwrap();
        for error in [refusal(checkpoint.view("w").map(drop)), refusal(checkpoint.get::<Map<TensorView<'_>>>())] {
            assert!(matches!(error.kind(), ErrorKind::Borrow { .. }), "{error}");
            assert_says(&error, "w", WAYS_OUT);
            assert_eq!(error.file(), Some(&*path));
        }
    }
}

mod custom {
    use super::*;

    /// A type that checks what it reads.
    #[derive(Debug)]
    pub(crate) struct Positive(#[allow(dead_code)] f32);

    impl<'de> Deserialize<'de> for Positive {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
            match f32::deserialize(deserializer)? {
                value if value > 0.0 => Ok(Self(value)),
                value => Err(de::Error::custom(format_args!("{value} is not positive; choose another"))),
            }
        }
    }

    #[test]
    fn a_message_of_the_type_keeps_its_text_and_gets_the_key() {
        let error = reading::<W<Positive>>(&map([("w", arr0(-1.0f32))]));
        assert_eq!(error.to_string(), "`w`: -1 is not positive; choose another");
        assert!(matches!(error.kind(), ErrorKind::Custom(text) if text == "-1 is not positive; choose another"));
    }

    #[test]
    fn a_message_from_inside_a_list_gets_the_key_of_the_item() {
        let error = reading::<W<Vec<Positive>>>(&map([("w", [arr0(1.0f32), arr0(-1.0f32)])]));
        assert_says(&error, "w.1", &["-1 is not positive"]);
    }

    #[test]
    fn a_message_of_serialize_gets_the_path() {
        struct Fails;
        impl Serialize for Fails {
            fn serialize<S: Serializer>(&self, _serializer: S) -> std::result::Result<S::Ok, S::Error> {
                Err(serde::ser::Error::custom("the battery is empty"))
            }
        }
        let error = refusal(safejax::to_bytes(&map([("w", vec![map([("key", Fails)])])])));
        assert_eq!(error.to_string(), "`w[0].key`: the battery is empty");
    }

    #[test]
    fn an_array_that_does_not_know_its_dtype() {
        #[derive(Serialize)]
        #[serde(rename = "Array")]
        struct Foreign {
            v: u8,
            dim: [usize; 1],
            data: [f32; 0],
        }
        let error = refusal(safejax::to_bytes(&map([("w", Foreign { v: 1, dim: [0], data: [] })])));
        assert_says(&error, "w", &["empty array", "safejax::Tensor"]);
    }

    #[test]
    fn too_many_numbers_without_a_tensor() {
        let error = refusal(safejax::to_bytes(&map([("w", vec![1.5f32; 100_000])])));
        assert_says(&error, "w", &["#[tensor]"]);
    }
}

/// Each kind, by the shortest way to it.
#[test]
fn every_kind_is_reached() {
    struct Changing(Cell<usize>);
    impl Serialize for Changing {
        fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
            Array1::<f32>::zeros(1 + self.0.replace(self.0.get() + 1)).serialize(serializer)
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w");
    fs::write(&path, file(["w"])).unwrap();
    let opened = Checkpoint::open(&path).unwrap();
    let one = || map([("w", ones())]);
    let table: Vec<(&str, Error)> = vec![
        ("Io", refusal(safejax::from_file::<Tree>(folder.path().join("missing")))),
        ("NotSafetensors", refusal(safejax::from_bytes::<Tree>(b"<!DOCTYPE html>"))),
        ("Header", refusal(safejax::from_bytes::<Tree>(b"\x02\0\0\0\0\0\0\0{]"))),
        ("Missing", reading::<Mlp>(&one())),
        ("Unknown", reading::<unknown::Strict>(&map([("kernel", ones()), ("x", ones())]))),
        ("Dtype", reading::<W<Array1<u8>>>(&one())),
        ("Shape", reading::<W<Array2<f32>>>(&one())),
        ("Type", reading::<W<Dense>>(&one())),
        ("Clash", refusal(safejax::to_bytes(&Clash { first: ones(), second: ones() }))),
        ("Ambiguous", refusal(safejax::from_bytes::<W<Vec<Tensor>>>(&file(["w", "w_0"])))),
        ("Naming", refusal(safejax::to_bytes(&map([("a.b", one())])))),
        ("Depth", refusal(Options::new().max_depth(0).to_bytes(&one()))),
        ("Borrow", refusal(opened.view("w").map(drop))),
        ("Changed", refusal(safejax::to_bytes(&map([("w", Changing(Cell::new(0)))])))),
        ("Unsupported", refusal(safejax::to_bytes(&map([("__metadata__", ones())])))),
        ("Custom", reading::<W<custom::Positive>>(&map([("w", arr0(0.0f32))]))),
    ];
    for (expected, error) in &table {
        assert_eq!(kind(error), *expected, "{error}");
    }
}

#[derive(Serialize)]
struct Clash {
    first: Array1<f32>,
    #[serde(rename = "first")]
    second: Array1<f32>,
}

mod file_name {
    use super::*;

    #[test]
    fn every_way_to_a_file_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("good"), file(["w"])).unwrap();
        fs::write(at("bad"), b"<!DOCTYPE html>").unwrap();
        let good = at("good");
        let mut errors = Vec::new();
        for name in ["missing", "bad"] {
            let path = at(name);
            errors.push((name, refusal(safejax::from_file::<Tree>(&path))));
            errors.push((name, refusal(safejax::from_file_with_metadata::<Tree>(&path))));
            errors.push((name, refusal(safejax::haiku::from_file::<Tree>(&path))));
            errors.push((name, refusal(Checkpoint::open(&path).map(drop))));
            errors.push((name, refusal(Checkpoint::load(&path).map(drop))));
            // SAFETY: nobody else knows this file.
            #[allow(unsafe_code)]
            errors.push((name, refusal(unsafe { Checkpoint::map(&path) }.map(drop))));
        }
        errors.push(("good", refusal(safejax::from_file::<Mlp>(&good))));
        errors.push(("good", refusal(safejax::from_file_with_metadata::<Mlp>(&good))));
        errors.push(("good", refusal(safejax::haiku::from_file::<Mlp>(&good))));
        for checkpoint in [Checkpoint::open(&good).unwrap(), Checkpoint::load(&good).unwrap()] {
            errors.push(("good", refusal(checkpoint.get::<Mlp>())));
            errors.push(("good", refusal(checkpoint.tensor("x"))));
            errors.push(("good", refusal(checkpoint.view("x").map(drop))));
        }
        for (name, error) in errors {
            assert_eq!(error.file(), Some(&*at(name)), "{error}");
            assert!(error.to_string().starts_with(&format!("{}: ", at(name).display())), "{error}");
        }
    }

    #[test]
    fn a_file_that_shrinks_while_it_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        fs::write(&path, file(["w"])).unwrap();
        let checkpoint = Checkpoint::open(&path).unwrap();
        let len = fs::metadata(&path).unwrap().len();
        fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(len - 4).unwrap();
        for error in [refusal(checkpoint.get::<W<Tensor>>()), refusal(checkpoint.tensor("w"))] {
            assert!(matches!(error.kind(), ErrorKind::Io(io) if io.kind() == io::ErrorKind::UnexpectedEof), "{error}");
            assert_says(&error, "w", &["end of file"]);
            assert_eq!(error.file(), Some(&*path));
        }
    }

    #[test]
    fn what_is_no_file_has_no_name() {
        assert_eq!(reading::<Mlp>(&map([("w", ones())])).file(), None);
    }
}

/// However long the texts of a file are, the messages are for people.
mod length {
    use super::*;

    const LONG: usize = 100_000;
    const LIMIT: usize = 4000;

    fn assert_short(error: &Error) {
        let message = error.to_string();
        assert!(message.len() < LIMIT, "{} bytes: {}…", message.len(), &message[..200]);
        assert!(error.kind().to_string().len() < LIMIT);
        assert!(format!("{error:?}").len() < LIMIT);
    }

    #[test]
    fn a_key_is_cut_in_the_message_and_whole_in_key() {
        let long = format!("é{}.w", "ä".repeat(LONG));
        let error = refusal(safejax::from_bytes::<Map<W<Array2<f32>>>>(&file([&*long])));
        assert_short(&error);
        assert_eq!(error.key(), Some(&*long));
        let message = error.to_string();
        assert!(message.starts_with("`éää") && message.contains("ä.w`: expected an array of 2 axes"), "{message}");
    }

    #[test]
    fn whatever_it_is_that_is_long() {
        let long = "a".repeat(LONG);
        let shape = vec![1usize; 5000];
        let many = Tensor::new(safejax::Dtype::U8, shape, vec![0]).unwrap();
        let deny = |key: &str| refusal(safejax::from_bytes::<unknown::Strict>(&file(["kernel", key])));
        let (dotted, typed) = (format!("{long}.b"), format!("(A){long}"));
        let errors = [
            deny(&long),
            deny(&dotted),
            reading::<W<Array2<f32>>>(&map([("w", &many)])),
            reading::<W<Dense>>(&map([("w", &many)])),
            reading::<W<i32>>(&map([("w", &*long)])),
            reading::<W<Vec<i32>>>(&map([("w", &*long)])),
            reading::<W<Array1<f32>>>(&map([("w", &*long)])),
            reading::<Mlp>(&Map::from([(long.clone(), map([("x", ones())]))])),
            reading::<Map<Mlp>>(&Map::from([(long.clone(), map([("x", ones())]))])),
            reading::<BTreeMap<u8, Tensor>>(&Map::from([(long.clone(), ones())])),
            refusal(safejax::to_bytes(&Map::from([(dotted.clone(), ones())]))),
            refusal(Options::new().naming(Naming::haiku()).from_bytes::<Tree>(&file([&*long]))),
            refusal(Options::new().naming(Naming::objax()).from_bytes::<Tree>(&file([&*long]))),
            refusal(Options::new().naming(Naming::keystr()).from_bytes::<Tree>(&file([&*format!("{long}.]")]))),
            refusal(
                Options::new().naming(Naming::objax().kinds(false)).from_bytes::<Tree>(&file([&*format!("{typed}..")])),
            ),
            refusal(safejax::objax::from_bytes::<safejax::objax::VarCollection>(&file([&*format!("{long}::a:b")]))),
            refusal(Checkpoint::from_bytes(&file(["w"])).unwrap().tensor(&long)),
            refusal(safejax::from_bytes::<Tree>(&broken_header(&long))),
        ];
        for error in &errors {
            assert_short(error);
        }
    }

    /// A tensor of a dtype that there is not.
    fn broken_header(name: &str) -> Vec<u8> {
        let header = format!(r#"{{"{name}":{{"dtype":"{name}","shape":[],"data_offsets":[0,0]}}}}"#);
        [&(header.len() as u64).to_le_bytes(), header.as_bytes()].concat()
    }

    #[test]
    fn many_names_are_counted() {
        let keys: Vec<String> = (0..1000).map(|i| format!("a.k{i}")).collect();
        let error = refusal(safejax::from_bytes::<BTreeMap<String, Dense>>(&file(keys.iter().map(String::as_str))));
        assert_says(&error, "a.kernel", &["`a` has `k0`, `k1`", "994 more"]);
    }
}

/// What the other tests load as something else does load as itself.
#[test]
fn nothing_is_wrong_with_the_files_themselves() {
    safejax::from_bytes::<Mlp>(&safejax::to_bytes(&mlp()).unwrap()).unwrap();
    safejax::from_bytes::<W<Tensor>>(&file(["w"])).unwrap();
    safejax::from_bytes::<Tree>(&file(["methods/linear.w", "methods/~/linear.w"])).unwrap();
}
