//! The serde data model through the format: what is saved loads again, and how it looks in the file.
//!
//! What serde itself keeps a format from, and so does not work (`unsupported.rs` has the errors):
//!
//! | what | instead |
//! |---|---|
//! | `i128` and `u128` in `flatten`, untagged and internally tagged types | `i64`, `u64`, or an externally tagged enum |
//! | NaN and infinities in a *list* in such types | a tensor, or a field of its own |
//! | `bytes` in such types | an `Array1<u8>` |
//! | borrowed tensors (`ArrayView`, `&[u8]`, `TensorView`) in such types | owned types |
//! | a unit field of a struct in an untagged or internally tagged enum | `#[serde(default)]` |
//! | an array as the whole content of an internally tagged variant | a struct with the array as a field |
//! | a map that is the whole of an untagged or `flatten`ed part, beside other namings than flax | flax, or a struct |
//! | `Some(())`, `Some(None)` | read back as `None`, as in JSON |
//! | a string that had to be quoted or escaped, as `&str` | `String` or `Cow<str>` |
//! | sequences, maps, structs and `None` as map keys | scalars, strings and unit variants |
//! | an *empty* array behind `#[serde(transparent)]`, `with`, `RefCell` or a `Serialize` of one's own | a newtype, which is known by its type |
//! | an adjacently tagged struct variant that stores nothing (`V {}`, or all fields `None`) | a unit variant, or another tagging |
//! | a struct with tensors in a struct variant of an adjacently tagged enum, in namings other than flax | a newtype variant |
//! | a tensor of two axes or more as a sequence of sequences | an array |

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod array_forms;
mod arrays;
mod attributes;
mod borrowing;
mod depth;
mod enums;
mod lists;
mod maps;
mod metadata;
mod namings;
mod options;
mod pointers;
mod readers;
mod refusals;
mod scalars;
mod sequences;
mod structs;
mod tooling;
mod unsupported;

use std::collections::BTreeMap;
use std::fmt::Debug;

use ndarray::{Array1, Array2, array};
use safetensors::SafeTensors;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The struct with tensors that the tests put everywhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Dense {
    kernel: Array2<f32>,
    bias: Array1<f32>,
}

fn dense(seed: f32) -> Dense {
    Dense { kernel: array![[seed, 1.0], [2.0, -seed]], bias: array![seed, 0.5] }
}

/// The struct without tensors that the tests put everywhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Config {
    name: String,
    sizes: Vec<usize>,
    rate: Option<f64>,
}

fn config() -> Config {
    Config { name: "a".into(), sizes: vec![3, 4], rate: Some(0.5) }
}

/// Whether a value comes back as it was by way of bytes and by way of a tree.
#[track_caller]
fn round_trip<T: Serialize + DeserializeOwned + PartialEq>(value: &T) {
    let bytes = safejax::to_bytes(value).unwrap_or_else(|error| panic!("to_bytes: {error}"));
    SafeTensors::deserialize(&bytes).unwrap_or_else(|error| panic!("not a safetensors file: {error}"));
    let tree = safejax::to_tree(value).unwrap_or_else(|error| panic!("to_tree: {error}"));
    let same = |way: &str, loaded: safejax::Result<T>| match loaded {
        Ok(loaded) if loaded == *value => {}
        Ok(loaded) => panic!("{way}: saved\n{tree}\nand loaded\n{}", safejax::to_tree(&loaded).unwrap()),
        Err(error) => panic!("{way}: {error}\n{tree}"),
    };
    same("by way of bytes", safejax::from_bytes(&bytes));
    same("by way of the tree", safejax::from_tree(&tree));
}

/// [`round_trip`] of a value at the root and in every position that there is, alone and beside a
/// tensor: as field, in options, tuples, lists and maps.
#[track_caller]
fn round_trip_everywhere<T: Clone + Serialize + DeserializeOwned + PartialEq>(value: T) {
    #[derive(PartialEq, Serialize, Deserialize)]
    struct Everywhere<T> {
        field: T,
        newtype: Newtype<T>,
        option: Option<Newtype<T>>,
        pair: (T, T),
        between: (T, Dense, T),
        list: Vec<T>,
        beside: Vec<(T, Dense, T)>,
        lists: Vec<Vec<T>>,
        map: BTreeMap<String, T>,
    }
    #[derive(PartialEq, Serialize, Deserialize)]
    struct Newtype<T>(T, Dense);

    round_trip(&value);
    let one = || value.clone();
    round_trip(&Everywhere {
        field: one(),
        newtype: Newtype(one(), dense(0.1)),
        option: Some(Newtype(one(), dense(0.2))),
        pair: (one(), one()),
        between: (one(), dense(0.3), one()),
        list: vec![one(), one()],
        beside: vec![(one(), dense(0.4), one()), (one(), dense(0.5), one())],
        lists: vec![vec![], vec![one(), one()], vec![]],
        map: BTreeMap::from([("a".to_owned(), one()), ("b".to_owned(), one())]),
    });
}

/// The keys of the tensors and the metadata of a file, as the safetensors crate reads them.
fn keys_and_metadata(bytes: &[u8]) -> (Vec<String>, BTreeMap<String, String>) {
    let (_, header) = SafeTensors::read_metadata(bytes).unwrap();
    let mut keys: Vec<String> = header.tensors().into_keys().collect();
    keys.sort();
    (keys, header.metadata().clone().unwrap_or_default().into_iter().collect())
}

/// The text of the one leaf `value` in the file of a struct with that field.
fn leaf_text<T: Serialize>(value: T) -> String {
    #[derive(Serialize)]
    struct Field<T> {
        value: T,
    }
    let bytes = safejax::to_bytes(&Field { value }).unwrap();
    keys_and_metadata(&bytes).1.remove("value").unwrap()
}

/// The message of the error with which a load ends.
#[track_caller]
fn refused<T: DeserializeOwned + Debug>(bytes: &[u8]) -> String {
    safejax::from_bytes::<T>(bytes).unwrap_err().to_string()
}

/// The message of the error with which a save ends.
#[track_caller]
fn unsaved<T: Serialize>(value: &T) -> String {
    match safejax::to_bytes(value) {
        Ok(_) => panic!("it was saved"),
        Err(error) => error.to_string(),
    }
}
