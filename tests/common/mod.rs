//! The golden files of `tests/fixtures`, written by the Python tools, and their manifests.

// Every test binary compiles this module and uses its own part of it.
#![allow(dead_code)]

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use half::{bf16, f16};
use num_complex::Complex;
use safejax::{Checkpoint, Dtype, Element, Options, Tensor};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The number of golden files, so that a fixture that went missing is noticed.
const GOLDEN_FILES: usize = 68;

/// One file that a Python tool wrote.
pub(crate) struct Golden {
    /// The file name without its extension.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) bytes: Vec<u8>,
    pub(crate) manifest: Manifest,
}

/// What is in a golden file, as the Python side saw it.
#[derive(Deserialize)]
pub(crate) struct Manifest {
    /// How the writer made keys of its tree.
    pub(crate) layout: String,
    /// `None` when the header has no `__metadata__`.
    pub(crate) metadata: Option<BTreeMap<String, String>>,
    /// The keys in the order of the file.
    pub(crate) order: Vec<String>,
    pub(crate) tensors: BTreeMap<String, Info>,
    /// The Python value, each array replaced by its key.
    pub(crate) tree: Value,
    /// What Python reads back, where that is not `tree`.
    pub(crate) reloaded_tree: Option<Value>,
    /// Objax: the class of each variable.
    pub(crate) variables: Option<Value>,
}

/// One tensor of a manifest.
#[derive(Deserialize)]
pub(crate) struct Info {
    pub(crate) dtype: String,
    pub(crate) shape: Vec<usize>,
    /// Of the little-endian bytes.
    pub(crate) sha256: String,
    /// At most four values.
    pub(crate) first: Vec<Value>,
}

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// The `.safetensors` files of one folder of the fixtures, sorted.
pub(crate) fn safetensors_in(folder: &str) -> Vec<PathBuf> {
    let folder = fixtures().join(folder);
    let mut paths: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "safetensors"))
        .collect();
    paths.sort();
    paths
}

pub(crate) fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_str().unwrap().to_owned()
}

/// The golden file of that name.
pub(crate) fn golden(name: &str) -> Golden {
    Golden::read(&fixtures().join(format!("{name}.safetensors")))
}

/// Every golden file.
pub(crate) fn golden_files() -> Vec<Golden> {
    let mut paths = safetensors_in("");
    paths.extend(safetensors_in("hf_flax_bert_sharded"));
    assert_eq!(paths.len(), GOLDEN_FILES);
    paths.iter().map(|path| Golden::read(path)).collect()
}

/// Runs `check` on every golden file and fails at the end with the names of all that failed.
pub(crate) fn for_each_golden(check: impl Fn(&Golden)) {
    for_each(golden_files(), |golden| golden.name.clone(), check);
}

/// Runs `check` on every item and fails at the end with the names of all that failed.
pub(crate) fn for_each<T>(items: Vec<T>, name: impl Fn(&T) -> String, check: impl Fn(&T)) {
    let mut failures = Vec::new();
    for item in &items {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| check(item))) {
            failures.push(format!("{}: {}", name(item), panic_text(panic.as_ref())));
        }
    }
    let count = failures.len();
    assert!(count == 0, "{count} of {}:\n{}", items.len(), failures.join("\n"));
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without a text")
}

impl Golden {
    fn read(path: &Path) -> Self {
        let read = |path: &Path| fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let manifest = path.with_extension("json");
        Self {
            name: stem(path),
            path: path.to_owned(),
            bytes: read(path),
            manifest: serde_json::from_slice(&read(&manifest))
                .unwrap_or_else(|error| panic!("{}: {error}", manifest.display())),
        }
    }

    /// Whether safetensors 0.2 or 0.3 wrote it: other padding, and in 0.2 another order.
    pub(crate) fn is_legacy(&self) -> bool {
        self.name.starts_with("legacy_")
    }

    pub(crate) fn info(&self, key: &str) -> &Info {
        self.manifest.tensors.get(key).unwrap_or_else(|| panic!("{} has no `{key}`", self.name))
    }

    /// The naming and the metadata that the file has.
    pub(crate) fn options(&self) -> Options {
        let checkpoint = Checkpoint::from_bytes(&self.bytes).unwrap();
        let mut options = Options::new().naming(checkpoint.naming().clone());
        for (key, value) in checkpoint.metadata() {
            options = options.metadata(key.as_str(), value.as_str());
        }
        match &self.manifest.metadata {
            Some(entries) if entries.is_empty() => options.empty_metadata(true),
            _ => options,
        }
    }

    /// Saves `value` in the naming of the file and checks that the bytes are those of the file.
    pub(crate) fn assert_saves_as_same_bytes<T: ?Sized + Serialize>(&self, value: &T) {
        let saved = self.options().to_bytes(value).unwrap();
        assert_eq!(header_text(&saved), header_text(&self.bytes));
        assert!(saved == self.bytes, "{}: the data differs", self.name);
    }

    /// Saves `value` in the naming of the file and checks that the keys are those of the file.
    pub(crate) fn assert_saves_as_same_keys<T: ?Sized + Serialize>(&self, value: &T) {
        let saved = self.options().to_bytes(value).unwrap();
        assert_eq!(keys(&saved), sorted(self.manifest.order.clone()));
    }

    /// Checks dtype, shape and bytes of a tensor that was read, and that its values decode.
    pub(crate) fn assert_tensor(&self, key: &str, tensor: &Tensor) {
        let info = self.info(key);
        let at = format!("`{key}` of {}", self.name);
        assert_eq!(tensor.dtype().name(), info.dtype, "dtype of {at}");
        assert_eq!(tensor.shape(), info.shape, "shape of {at}");
        assert_eq!(sha256(tensor.bytes()), info.sha256, "bytes of {at}");
        assert_values(tensor, &info.first, &at);
    }

    /// Checks the shape and the first values of an array that was read into a struct.
    pub(crate) fn assert_array<E, S, D>(&self, key: &str, array: &ndarray::ArrayBase<S, D>)
    where
        E: ToJson + Clone,
        S: ndarray::Data<Elem = E>,
        D: ndarray::Dimension,
    {
        let info = self.info(key);
        let at = format!("`{key}` of {}", self.name);
        assert_eq!(array.shape(), info.shape, "shape of {at}");
        let first: Vec<Value> = array.iter().take(4).map(ToJson::to_json).collect();
        assert_same_json(&first, &info.first, &at);
    }
}

/// The header of a file as it stands, without the padding.
pub(crate) fn header_text(file: &[u8]) -> &str {
    let length = u64::from_le_bytes(file[..8].try_into().unwrap());
    let end = 8 + usize::try_from(length).unwrap();
    std::str::from_utf8(&file[8..end]).unwrap().trim_end()
}

/// The keys of a file, sorted.
pub(crate) fn keys(file: &[u8]) -> Vec<String> {
    let checkpoint = Checkpoint::from_bytes(file).unwrap();
    sorted(checkpoint.keys().map(str::to_owned).collect())
}

pub(crate) fn sorted(mut keys: Vec<String>) -> Vec<String> {
    keys.sort();
    keys
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Checks the first values of a tensor by way of its Rust scalar. The dtypes that have none are
/// told apart by the digest of their bytes alone.
fn assert_values(tensor: &Tensor, first: &[Value], at: &str) {
    fn check<E: Element + ToJson + Debug>(tensor: &Tensor, first: &[Value], at: &str) {
        let array = tensor.to_array::<E>().unwrap();
        let values: Vec<Value> = array.iter().take(4).map(ToJson::to_json).collect();
        assert_same_json(&values, first, at);
    }
    let check = match tensor.dtype() {
        Dtype::BOOL => check::<bool>,
        Dtype::U8 => check::<u8>,
        Dtype::I8 => check::<i8>,
        Dtype::U16 => check::<u16>,
        Dtype::I16 => check::<i16>,
        Dtype::U32 => check::<u32>,
        Dtype::I32 => check::<i32>,
        Dtype::U64 => check::<u64>,
        Dtype::I64 => check::<i64>,
        Dtype::F16 => check::<f16>,
        Dtype::BF16 => check::<bf16>,
        Dtype::F32 => check::<f32>,
        Dtype::F64 => check::<f64>,
        Dtype::C64 => check::<Complex<f32>>,
        _ => return,
    };
    check(tensor, first, at);
}

/// Compares as text, so that `-0.0` is not `0.0` and an integer not a float.
fn assert_same_json(values: &[Value], first: &[Value], at: &str) {
    let text = |values: &[Value]| serde_json::to_string(values).unwrap();
    assert_eq!(text(values), text(first), "first values of {at}");
}

/// A value as the manifests write it: exact numbers, and words for those that JSON lacks.
pub(crate) trait ToJson {
    fn to_json(&self) -> Value;
}

macro_rules! exact_json {
    ($($scalar:ty)*) => {
        $(impl ToJson for $scalar {
            fn to_json(&self) -> Value {
                Value::from(*self)
            }
        })*
    };
}
exact_json!(bool u8 i8 u16 i16 u32 i32 u64 i64);

macro_rules! float_json {
    ($($scalar:ty)*) => {
        $(impl ToJson for $scalar {
            fn to_json(&self) -> Value {
                let value = f64::from(*self);
                if value.is_nan() {
                    Value::from("NaN")
                } else if value.is_infinite() {
                    Value::from(if value > 0.0 { "Infinity" } else { "-Infinity" })
                } else {
                    Value::from(value)
                }
            }
        })*
    };
}
float_json!(f16 bf16 f32 f64);

impl ToJson for Complex<f32> {
    fn to_json(&self) -> Value {
        Value::from(vec![self.re.to_json(), self.im.to_json()])
    }
}
