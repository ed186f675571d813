//! Files that other tools wrote, sound and broken, and the messages that broken ones get.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::agreement::{described, judged, with_header};
use super::*;

struct Fixture {
    name: String,
    bytes: Vec<u8>,
    manifest: Value,
}

fn fixtures(folder: &str) -> Vec<Fixture> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(folder);
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "safetensors"));
    paths.sort();
    assert!(!paths.is_empty());
    let read = |path: PathBuf| Fixture {
        name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
        bytes: fs::read(&path).unwrap(),
        manifest: serde_json::from_slice(&fs::read(path.with_extension("json")).unwrap()).unwrap(),
    };
    paths.into_iter().map(read).collect()
}

fn golden() -> Vec<Fixture> {
    let mut files = fixtures("");
    files.extend(fixtures("hf_flax_bert_sharded"));
    files
}

fn parse(bytes: &[u8]) -> Result<Header<'_>> {
    Header::parse(bytes, bytes.len() as u64)
}

/// The error that a header of this text gets, before eight bytes of data.
fn refused(json: &str) -> Error {
    parse(&with_header(json.as_bytes(), &[0; 8])).unwrap_err()
}

#[test]
fn golden_files_read_as_their_manifests_say() {
    for Fixture { name, bytes, manifest } in golden() {
        let header = parse(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(manifest["file_size"], bytes.len(), "{name}");
        assert_eq!(manifest["header_len"], header.data_start() - 8, "{name}");

        let keys: Vec<&str> = header.entries().iter().map(|entry| header.key(entry)).collect();
        assert_eq!(manifest["order"], Value::from(keys), "{name}");
        for entry in header.entries() {
            let (key, expected) = (header.key(entry), &manifest["tensors"][header.key(entry)]);
            assert_eq!(expected["dtype"], entry.dtype.name(), "{name}: {key}");
            assert_eq!(expected["shape"], Value::from(header.shape(entry)), "{name}: {key}");
            let start = header.data_start();
            let data = &bytes[(start + entry.begin) as usize..(start + entry.end) as usize];
            let digest: String = Sha256::digest(data).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(expected["sha256"], digest, "{name}: {key}");
        }

        let metadata = header.metadata().map(|entries| {
            let pair = |(key, value): &(Text, Text)| (header.text(key).to_owned(), Value::from(header.text(value)));
            Value::Object(entries.iter().map(pair).collect())
        });
        assert_eq!(manifest["metadata"], metadata.unwrap_or(Value::Null), "{name}");
    }
}

#[test]
fn golden_files_are_canonical_and_every_reader_agrees_on_them() {
    for Fixture { name, bytes, .. } in golden() {
        let direct = Header::parse_with(&bytes, bytes.len() as u64, |text| {
            Ok(parse::canonical(text).unwrap_or_else(|| panic!("{name} is not canonical")))
        });
        let general = Header::parse_with(&bytes, bytes.len() as u64, general::read).unwrap();
        let direct = direct.unwrap();
        assert_eq!(direct.fields, general.fields, "{name}");
        assert_eq!(Ok(described(&direct)), judged(&bytes), "{name}");
    }
}

#[test]
fn golden_files_of_current_tools_are_written_again_byte_for_byte() {
    let mut written = 0;
    for Fixture { name, bytes, manifest } in golden() {
        let producer = manifest["producer"].as_str().unwrap();
        // These do not pad to a multiple of eight, and 0.2 orders the dtypes otherwise.
        if producer.contains("safetensors 0.2") || producer.contains("safetensors 0.3") {
            continue;
        }
        let header = parse(&bytes).unwrap();
        // The library writes several entries in the order of a hash map.
        if header.metadata().is_some_and(|entries| entries.len() > 1) {
            continue;
        }
        let metadata: Option<std::collections::BTreeMap<String, String>> = header.metadata().map(|entries| {
            entries.iter().map(|(key, value)| (header.text(key).to_owned(), header.text(value).to_owned())).collect()
        });
        let planned = header.entries().iter().map(|entry| Planned {
            key: header.key(entry),
            dtype: entry.dtype,
            shape: header.shape(entry),
            len: entry.end - entry.begin,
        });
        let again = write(planned, metadata.as_ref()).unwrap();
        assert_eq!(again, &bytes[..header.data_start() as usize], "{name}");
        written += 1;
    }
    assert!(written >= 50, "only {written} files are of current tools");
}

#[test]
fn broken_files_are_refused_and_odd_ones_accepted() {
    // Where the format leaves the choice, these are accepted, as the safetensors library does.
    let chosen = [
        "bool_two", // values are not the header's business
        "extra_field",
        "header_leading_space",
        "header_newline_padding",
        "many_dims",
        "metadata_duplicate_key",
        "metadata_null",
    ];
    // What the library takes because of how serde reads a derived type.
    let stricter = ["duplicate_key_same", "entry_array"];
    for Fixture { name, bytes, manifest } in fixtures("bad") {
        let header = parse(&bytes);
        let accepted = match manifest["expect"].as_str().unwrap() {
            "accept" | "layout" => true,
            "reject" => false,
            "either" => chosen.contains(&&*name),
            other => panic!("{name}: {other}"),
        };
        assert_eq!(header.is_ok(), accepted, "{name}: {header:?}");
        match header {
            Ok(header) => assert_eq!(Ok(described(&header)), judged(&bytes), "{name}"),
            Err(_) => assert_eq!(judged(&bytes).is_ok(), stricter.contains(&&*name), "{name}"),
        }
    }
}

#[test]
fn errors_say_what_is_wrong_and_where() {
    let cases = [
        (
            "truncated_data",
            Some("x"),
            "ends at byte 4 but the file's data has 3 bytes: the file is truncated by 1 byte",
        ),
        ("trailing_byte", None, "the last 1 byte belong to no tensor"),
        ("offset_hole", None, "4 bytes before it belong to no tensor"),
        ("offset_overlap_partial", None, "inside another tensor"),
        ("offset_begin_past_end", Some("x"), "and ends before that"),
        (
            "shape_bytes_mismatch_short",
            Some("x"),
            "the shape [3] of dtype F32 takes 12 bytes, but data_offsets [0, 4] hold 4",
        ),
        ("f4_odd_count", Some("x"), "the shape [3] of dtype F4 takes no whole number of bytes"),
        ("shape_overflow", Some("x"), "takes no whole number of bytes that fits"),
        ("dtype_unknown", Some("x"), "unknown dtype `F33`, expected one of BOOL, F4"),
        ("missing_shape", Some("x"), "missing field `shape`"),
        ("duplicate_field", Some("x"), "duplicate field `dtype`"),
        ("duplicate_key_escaped", Some("x"), "two tensors have this name"),
        ("metadata_twice", None, "duplicate field `__metadata__`"),
        ("metadata_number_value", Some("__metadata__"), "expected a string"),
        ("offset_three", Some("x"), "invalid length 3, expected the two data_offsets"),
        ("header_invalid_utf8", None, "it is not UTF-8 at byte"),
        ("header_len_100mb_plus_1", None, "given as 100000001 bytes, but the format allows 100000000"),
        ("truncated_header", None, "it is truncated by at least"),
        ("seven_bytes", None, "not a safetensors file: 7 bytes"),
        ("empty_file", None, "not a safetensors file: an empty file"),
        ("eight_bytes_zero", None, "not a safetensors file: it begins with zero bytes"),
        ("deep_json_array", Some("x"), "invalid type: sequence, expected an object with dtype, shape and data_offsets"),
    ];
    let files = fixtures("bad");
    for (name, key, message) in cases {
        let file = files.iter().find(|file| file.name == name).unwrap();
        let error = parse(&file.bytes).unwrap_err();
        assert!(error.to_string().contains(message), "{name}: {error}");
        if let Some(key) = key {
            assert_eq!(error.key(), Some(key), "{name}: {error}");
        }
    }
}

#[test]
fn a_file_of_another_kind_is_named() {
    let gzip = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0][..], &[0xaa; 600_000]].concat();
    let cases: [(&[u8], &str); 5] = [
        (b"PK\x03\x04\x14\0\0\0\x08\0\0\0", "zip"),
        (b"{\"metadata\":{\"total_size\":5504}}", "JSON"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 9\n", "git-LFS"),
        (b"\x82\xa6", "msgpack"),
        // Its first bytes are a plausible length.
        (&gzip, "gzip"),
    ];
    for (bytes, expected) in cases {
        let error = parse(bytes).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::NotSafetensors { found } if found.contains(expected)), "{error}");
    }
    // A header whose length spells `1f 8b` is still one.
    let short = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0][..], b"{\"a\":"].concat();
    assert!(parse(&short).unwrap_err().to_string().contains("truncated by at least 559898 bytes"));
}

#[test]
fn the_length_is_known_from_the_first_bytes_and_parsing_needs_no_data() {
    let bytes = with_header(br#"{"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]}}"#, &[0; 8]);
    let len = Header::length(&bytes[..8], bytes.len() as u64).unwrap();
    assert_eq!(len, bytes.len() - 16);
    assert!(Header::parse(&bytes[..8 + len], bytes.len() as u64).is_ok());
    let error = Header::parse(&bytes[..8 + len - 1], bytes.len() as u64).unwrap_err();
    assert!(error.to_string().contains("could be read"), "{error}");
}

#[test]
fn a_name_twice_is_found_wherever_it_stands() {
    let entry = |key: &str| format!("\"{key}\":{{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}");
    for keys in [vec!["a", "b", "a"], vec!["b", "a", "b"], vec!["a", "a"], vec!["c", "a", "d", "b", "\\u0064"]] {
        let json = format!("{{{}}}", keys.iter().map(|key| entry(key)).collect::<Vec<_>>().join(","));
        let error = parse(&with_header(json.as_bytes(), &[])).unwrap_err();
        assert!(error.to_string().contains("two tensors have this name"), "{keys:?}: {error}");
    }
    let json = format!("{{{},{},{}}}", entry("b"), entry("c"), entry("a"));
    assert!(parse(&with_header(json.as_bytes(), &[])).is_ok());
}

#[test]
fn the_last_of_metadata_entries_with_one_key_counts() {
    let bytes = with_header(br#"{"__metadata__":{"b":"1","a":"2","b":"3","\u0061":"4"}}"#, &[]);
    let header = parse(&bytes).unwrap();
    let entries: Vec<_> = header.metadata().unwrap().iter().map(|(k, v)| (header.text(k), header.text(v))).collect();
    assert_eq!(entries, [("b", "3"), ("a", "4")]);
}

#[test]
fn strings_are_borrowed_from_the_text_unless_escaped() {
    let json = br#"{"__metadata__":{"plain":"es\"caped"},"a/b":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}"#;
    let bytes = with_header(json, &[7]);
    let header = parse(&bytes).unwrap();
    let Cow::Borrowed(source) = *header.source() else { panic!("parsing copied the text") };
    let (plain, escaped) = &header.metadata().unwrap()[0];
    assert_eq!(Header::borrowed(source, plain), Some("plain"));
    assert_eq!(Header::borrowed(source, escaped), None);
    assert_eq!(header.text(escaped), "es\"caped");

    let owned = header.into_owned();
    drop(bytes);
    assert_eq!(owned.key(&owned.entries()[0]), "a/b");
    assert_eq!(owned.shape(&owned.entries()[0]), [0usize; 0]);
}

#[test]
fn the_dtype_of_an_entry_is_a_string() {
    // serde takes `{"F32":null}` for a unit variant, and so does the library.
    let error = refused(r#"{"x":{"dtype":{"U8":null},"shape":[8],"data_offsets":[0,8]}}"#);
    assert_eq!((error.key(), error.to_string().contains("expected the name of a dtype")), (Some("x"), true), "{error}");
}

#[test]
fn nesting_in_an_unknown_field_has_a_limit() {
    let field = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let json = |depth| format!(r#"{{"x":{{"dtype":"U8","shape":[8],"data_offsets":[0,8],"y":{}}}}}"#, field(depth));
    assert!(refused(&json(100_000)).to_string().contains("recursion limit exceeded"));
    assert!(parse(&with_header(json(100).as_bytes(), &[0; 8])).is_ok());
}

#[test]
fn a_long_shape_is_cut_in_a_message() {
    let dims = vec!["1"; 1000].join(",");
    let error = refused(&format!(r#"{{"x":{{"dtype":"U8","shape":[{dims}],"data_offsets":[0,8]}}}}"#)).to_string();
    assert!(error.contains("… of 1000 dimensions") && error.len() < 300, "{error}");
}

#[test]
fn what_cannot_be_read_again_is_not_written() {
    let tensor = Planned { key: "a", dtype: Dtype::F32, shape: &[2], len: 8 };
    let refused = |tensors: &[Planned<'_>]| write(tensors.iter().copied(), None).unwrap_err().to_string();
    assert!(refused(&[Planned { key: METADATA, ..tensor }]).contains("`__metadata__`: a tensor cannot have this name"));
    assert!(
        refused(&[Planned { len: 7, ..tensor }]).contains("`a`: a tensor of shape [2] and dtype F32 cannot have 7")
    );
    let half = Planned { key: "a", dtype: Dtype::U8, shape: &[1 << 60], len: 1 << 60 };
    assert!(refused(&[half; 16]).contains("larger than"));
    let long = "k".repeat(Header::MAX_LEN);
    assert!(refused(&[Planned { key: &long, ..tensor }]).contains("but the format allows 100000000"));
}

#[test]
fn a_file_without_tensors_is_still_json() {
    let empty = std::collections::BTreeMap::new();
    for (metadata, json) in [(None, "{}      "), (Some(&empty), "{\"__metadata__\":{}}     ")] {
        let bytes = write(std::iter::empty(), metadata).unwrap();
        assert_eq!(&bytes[8..], json.as_bytes());
        assert_eq!(parse(&bytes).unwrap().metadata().is_some(), metadata.is_some());
        assert!(judged(&bytes).is_ok());
    }
}
