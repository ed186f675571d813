//! Malformed and awkward files: refused, accepted or laid out as each manifest says.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod common;

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use common::{fixtures, for_each, golden, safetensors_in, sorted, stem};
use ndarray::Array1;
use safejax::{Checkpoint, Error, Naming, Options, Tree};
use safetensors::SafeTensors;
use serde::Deserialize;

/// The number of files, so that one that went missing is noticed.
const BAD_FILES: usize = 111;

/// A file of `tests/fixtures/bad` and what a strict reader does with it.
struct Bad {
    name: String,
    path: PathBuf,
    bytes: Vec<u8>,
    expect: String,
}

#[derive(Deserialize)]
struct Manifest {
    expect: String,
}

fn bad_files(expect: &str) -> Vec<Bad> {
    let paths = safetensors_in("bad");
    assert_eq!(paths.len(), BAD_FILES);
    let files = paths.into_iter().map(|path| {
        let manifest = fs::read(path.with_extension("json")).unwrap();
        let manifest: Manifest = serde_json::from_slice(&manifest).unwrap();
        Bad { name: stem(&path), bytes: fs::read(&path).unwrap(), path, expect: manifest.expect }
    });
    files.filter(|bad| bad.expect == expect).collect()
}

fn for_each_bad(expect: &str, check: impl Fn(&Bad)) {
    let files = bad_files(expect);
    assert!(!files.is_empty(), "no file is to {expect}");
    for_each(files, |bad| bad.name.clone(), check);
}

/// For each file to be refused: what its error has to say for a person to find the fault, among
/// it the key where the fault lies at a tensor.
const FAULTS: &[(&str, &[&str])] = &[
    ("deep_json_array", &["`x`", "expected an object"]),
    ("deep_json_metadata", &["`__metadata__`", "expected a string"]),
    ("dtype_c128", &["`x`", "unknown dtype `C128`"]),
    ("dtype_empty", &["`x`", "unknown dtype ``"]),
    ("dtype_lowercase", &["`x`", "unknown dtype `f32`"]),
    ("dtype_number", &["`x`", "integer `3`", "dtype"]),
    ("dtype_unknown", &["`x`", "unknown dtype `F33`"]),
    ("duplicate_field", &["`x`", "duplicate field `dtype`"]),
    ("duplicate_key_differs", &["`x`", "two tensors have this name"]),
    ("duplicate_key_escaped", &["`x`", "two tensors have this name"]),
    ("duplicate_key_same", &["`x`", "two tensors have this name"]),
    ("eight_bytes_zero", &["begins with zero bytes"]),
    ("empty_file", &["an empty file"]),
    ("entry_array", &["`x`", "expected an object"]),
    ("entry_not_object", &["`x`", "integer `5`", "expected an object"]),
    ("entry_null", &["`x`", "null", "expected an object"]),
    ("f4_odd_count", &["`x`", "[3] of dtype F4", "no whole number of bytes"]),
    ("f6_odd_count", &["`x`", "[5] of dtype F6_E2M3", "no whole number of bytes"]),
    ("header_all_spaces", &["header", "EOF", "column 16"]),
    ("header_array", &["header", "sequence", "expected an object"]),
    ("header_bom", &["header", "expected value", "column 1"]),
    ("header_comment", &["header", "key must be a string", "column 2"]),
    ("header_garbage_after_json", &["header", "trailing characters", "column 4"]),
    ("header_invalid_utf8", &["header", "not UTF-8 at byte 2"]),
    ("header_len_100mb_plus_1", &["100000001 bytes", "allows 100000000"]),
    ("header_len_2_63", &["9223372036854775808 bytes"]),
    ("header_len_2_64_minus_1", &["18446744073709551615 bytes"]),
    ("header_len_one_past", &["9 bytes", "truncated"]),
    ("header_len_past_end", &["10000 bytes", "truncated"]),
    ("header_len_zero_then_data", &["length is given as 0 bytes"]),
    ("header_lone_surrogate", &["header", "hex escape", "column 9"]),
    ("header_nan", &["`x`", "expected value", "column 30"]),
    ("header_not_json", &["header", "column 2"]),
    ("header_nul_padding", &["header", "trailing characters", "column 3"]),
    ("header_null", &["header", "null", "expected an object"]),
    ("header_number", &["header", "integer `7`", "expected an object"]),
    ("header_string", &["header", "string", "expected an object"]),
    ("header_trailing_comma", &["header", "trailing comma"]),
    ("key_with_raw_control", &["header", "control character"]),
    ("metadata_array", &["`__metadata__`", "sequence", "expected an object"]),
    ("metadata_is_tensor", &["`__metadata__`", "expected a string"]),
    ("metadata_nested", &["`__metadata__`", "expected a string"]),
    ("metadata_no_tensors_bug", &["header", "trailing characters"]),
    ("metadata_null_value", &["`__metadata__`", "null", "expected a string"]),
    ("metadata_number_value", &["`__metadata__`", "integer `1`", "expected a string"]),
    ("metadata_string", &["`__metadata__`", "string", "expected an object"]),
    ("metadata_twice", &["duplicate field `__metadata__`"]),
    ("missing_dtype", &["`x`", "missing field `dtype`"]),
    ("missing_offsets", &["`x`", "missing field `data_offsets`"]),
    ("missing_shape", &["`x`", "missing field `shape`"]),
    ("offset_2_64", &["`x`", "1.8446744073709552e+19"]),
    ("offset_begin_past_end", &["`x`", "begins at byte 4 and ends before that"]),
    ("offset_end_past_data", &["`x`", "truncated by 4 bytes"]),
    ("offset_first_not_zero", &["`x`", "4 bytes before it belong to no tensor"]),
    ("offset_float", &["`x`", "floating point `4.0`"]),
    ("offset_hole", &["`b`", "4 bytes before it belong to no tensor"]),
    ("offset_negative", &["`x`", "integer `-4`"]),
    ("offset_one", &["`x`", "length 1", "data_offsets"]),
    ("offset_overlap_partial", &["`b`", "inside another tensor"]),
    ("offset_overlap_same", &["`b`", "inside another tensor"]),
    ("offset_three", &["`x`", "length 3", "data_offsets"]),
    ("offset_u64_max", &["`x`", "begins at byte 18446744073709551612"]),
    ("scalar_with_no_bytes", &["`x`", "takes 4 bytes", "[0, 0]"]),
    ("seven_bytes", &["7 bytes"]),
    ("shape_2_64", &["`x`", "1.8446744073709552e+19"]),
    ("shape_bytes_mismatch_long", &["`x`", "takes 4 bytes", "[0, 8]"]),
    ("shape_bytes_mismatch_short", &["`x`", "takes 12 bytes", "[0, 4]"]),
    ("shape_float", &["`x`", "floating point `1.0`"]),
    ("shape_negative", &["`x`", "integer `-1`"]),
    ("shape_not_array", &["`x`", "integer `1`", "expected a list of dimensions"]),
    ("shape_overflow", &["`x`", "[1099511627776, 1099511627776]"]),
    ("shape_overflow_bytes", &["`x`", "[4611686018427387904]"]),
    ("shape_overflow_to_small", &["`x`", "[4294967296, 4294967296]"]),
    ("shape_overflow_wraps_to_0", &["`x`", "[4294967296, 4294967296]"]),
    ("shape_string", &["`x`", "string"]),
    ("trailing_8_bytes", &["8 bytes belong to no tensor"]),
    ("trailing_byte", &["1 byte belong"]),
    ("truncated_data", &["`x`", "truncated by 1 byte"]),
    ("truncated_header", &["truncated by at least 34 bytes"]),
];

/// The safetensors crate takes these two; a strict reader does not.
const STRICTER_THAN_SAFETENSORS: &[&str] = &["duplicate_key_same", "entry_array"];

fn opened(bad: &Bad) -> Result<(), Error> {
    let opened = Checkpoint::open(&bad.path).map(drop);
    let loaded = Checkpoint::load(&bad.path).map(drop);
    let borrowed = Checkpoint::from_bytes(&bad.bytes).map(drop);
    assert_eq!(opened.is_ok(), loaded.is_ok(), "open and load differ");
    assert_eq!(opened.is_ok(), borrowed.is_ok(), "open and from_bytes differ");
    opened
}

#[test]
fn what_breaks_the_format_is_refused_by_name() {
    let faults: HashMap<&str, &[&str]> = FAULTS.iter().copied().collect();
    for_each_bad("reject", |bad| {
        let words = faults.get(bad.name.as_str()).expect("a row in FAULTS");
        let from_bytes = safejax::from_bytes::<Tree>(&bad.bytes).unwrap_err();
        let from_file = safejax::from_file::<Tree>(&bad.path).unwrap_err();
        let open = opened(bad).unwrap_err();
        for error in [&from_bytes, &from_file, &open] {
            let message = error.to_string();
            for word in *words {
                assert!(message.contains(word), "{word:?} is not in: {error}");
            }
            assert!(message.len() < 1000, "too long to read: {error}");
        }
        let file = bad.path.file_name().unwrap().to_str().unwrap();
        for error in [&from_file, &open] {
            let named = error.to_string().contains(file);
            assert!(named, "the file is not in: {error}");
        }
    });
    assert_eq!(FAULTS.len(), bad_files("reject").len());
}

#[test]
fn what_the_format_allows_is_read() {
    for_each_bad("accept", |bad| {
        let judge = SafeTensors::deserialize(&bad.bytes).unwrap();
        opened(bad).unwrap();
        for checkpoint in [Checkpoint::open(&bad.path).unwrap(), Checkpoint::from_bytes(&bad.bytes).unwrap()] {
            let keys: Vec<String> = checkpoint.keys().map(str::to_owned).collect();
            let expected = judge.names().into_iter().map(str::to_owned).collect();
            assert_eq!(sorted(keys), sorted(expected));
            for (key, expected) in judge.iter() {
                let tensor = checkpoint.tensor(key).unwrap();
                assert_eq!(safetensors::Dtype::from(tensor.dtype()), expected.dtype());
                assert_eq!(tensor.shape(), expected.shape());
                assert_eq!(tensor.bytes(), expected.data());
            }
        }
        let tree: Tree = safejax::from_bytes(&bad.bytes).unwrap();
        assert_eq!(tree.tensors().count(), judge.len());
    });
}

#[test]
fn what_the_format_leaves_open_does_no_harm() {
    for_each_bad("either", |bad| {
        let read = safejax::from_bytes::<Tree>(&bad.bytes);
        // A file that opens may still hold bytes that no tree can take, never the reverse.
        if opened(bad).is_err() {
            assert!(read.is_err());
        }
        if let Ok(tree) = read {
            let keys = Checkpoint::from_bytes(&bad.bytes).unwrap().keys().count();
            assert_eq!(tree.tensors().count(), keys);
        }
    });
}

#[test]
fn a_bool_that_is_neither_0_nor_1_is_an_error() {
    let bytes = fs::read(fixtures().join("bad/bool_two.safetensors")).unwrap();
    let error = safejax::from_bytes::<HashMap<String, Array1<bool>>>(&bytes).unwrap_err();
    let message = error.to_string();
    assert!(message.contains("`x`"), "{message}");
    assert!(message.contains('2'), "{message}");
}

#[test]
fn keys_that_make_no_tree_are_read_flat() {
    for_each_bad("layout", |bad| {
        let judge = SafeTensors::deserialize(&bad.bytes).unwrap();
        opened(bad).unwrap();
        for checkpoint in [Checkpoint::open(&bad.path).unwrap(), Checkpoint::from_bytes(&bad.bytes).unwrap()] {
            assert_eq!(checkpoint.keys().count(), judge.len());
            for (key, expected) in judge.iter() {
                let tensor = checkpoint.tensor(key).unwrap();
                assert_eq!(tensor.shape(), expected.shape());
                assert_eq!(tensor.bytes(), expected.data());
            }
        }

        // The naming that is found makes a tree of it or says why not.
        if let Ok(tree) = safejax::from_bytes::<Tree>(&bad.bytes) {
            assert_eq!(tree.tensors().count(), judge.len());
        }

        let flat = Options::new().naming(Naming::flat());
        let tree: Tree = flat.from_bytes(&bad.bytes).unwrap();
        let map = tree.as_map().expect("a map");
        assert_eq!(map.len(), judge.len());
        for (key, expected) in judge.iter() {
            let tensor = map[key].as_tensor().expect("a tensor");
            assert_eq!(tensor.bytes(), expected.data());
        }
        let saved = flat.to_bytes(&tree).unwrap();
        let saved = SafeTensors::deserialize(&saved).unwrap();
        assert_eq!(
            sorted(saved.names().into_iter().map(str::to_owned).collect()),
            sorted(judge.names().into_iter().map(str::to_owned).collect()),
        );
    });
}

#[test]
fn the_safetensors_crate_judges_alike() {
    for expect in ["accept", "reject", "layout"] {
        for_each_bad(expect, |bad| {
            let theirs = SafeTensors::deserialize(&bad.bytes).is_ok();
            let ours = Checkpoint::from_bytes(&bad.bytes).is_ok();
            let stricter = STRICTER_THAN_SAFETENSORS.contains(&bad.name.as_str());
            assert_eq!(ours, theirs && !stricter);
            assert_eq!(theirs, ours || stricter, "no longer a difference");
        });
    }
}

/// Every prefix of a file is refused, without reading past its end.
#[test]
fn every_cut_of_a_file_is_refused() {
    let file = golden("flax_dense");
    for length in 0..file.bytes.len() {
        let cut = &file.bytes[..length];
        assert!(Checkpoint::from_bytes(cut).is_err(), "{length} bytes open");
        assert!(safejax::from_bytes::<Tree>(cut).is_err());
    }
}

#[test]
fn other_formats_are_named() {
    let pickle = b"\x80\x04\x95\x1f\x00\x00\x00\x00\x00\x00\x00}\x94\x8c\x06params\x94K\x01s.";
    let zip = b"PK\x03\x04\x14\x00\x00\x00\x08\x00\x00\x00!\x00archive/data.pkl";
    let npz = b"PK\x03\x04\x14\x00\x00\x00\x00\x00\x00\x00!\x00\x12\x34\x56\x78\
        \x84\x00\x00\x00\x84\x00\x00\x00\x09\x00\x00\x00arr_0.npy\x93NUMPY\x01\x00";
    let hdf5 = b"\x89HDF\r\n\x1a\n\x00\x00\x00\x00\x00\x08\x08\x00\x04\x00\x10\x00";
    let gguf = b"GGUF\x03\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00";
    let msgpack = include_bytes!("fixtures/flax_dense.msgpack");
    let lfs = b"version https://git-lfs.github.com/spec/v1\n\
        oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";
    let html = b"<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head></html>\n";
    let golden = golden("flax_cnn_batchnorm");
    let truncated = &golden.bytes[..golden.bytes.len() / 2 + 700];
    let table: [(&str, &[u8]); 9] = [
        ("pickle", pickle),
        ("zip", zip),
        ("npz", npz),
        ("HDF5", hdf5),
        ("GGUF", gguf),
        ("msgpack", msgpack),
        ("git-lfs", lfs),
        ("HTML", html),
        ("truncated", truncated),
    ];
    let directory = tempfile::tempdir().unwrap();
    for_each(
        table.to_vec(),
        |row| row.0.to_owned(),
        |(word, bytes)| {
            let path = directory.path().join("model.safetensors");
            fs::write(&path, bytes).unwrap();
            let errors = [
                safejax::from_bytes::<Tree>(bytes).unwrap_err(),
                safejax::from_file::<Tree>(&path).unwrap_err(),
                safejax::from_reader::<_, Tree>(*bytes).unwrap_err(),
                Checkpoint::open(&path).expect_err("open"),
                Checkpoint::load(&path).expect_err("load"),
            ];
            for error in errors {
                let message = error.to_string().to_lowercase().replace("git lfs", "git-lfs");
                assert!(message.contains(&word.to_lowercase()), "{word:?} is not in: {error}");
            }
        },
    );
}
