//! Generated headers: the two parsers, the writer and the safetensors library against each other.

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;

use super::*;

/// Name, dtype, shape, begin and end of each tensor in an order that does not depend on the
/// reader, and the metadata.
pub(super) type Described = (Vec<(String, Dtype, Vec<usize>, u64, u64)>, Option<BTreeMap<String, String>>);

pub(super) fn described(header: &Header<'_>) -> Described {
    let tensor = |entry: &Entry| {
        (header.key(entry).to_owned(), entry.dtype, header.shape(entry).to_vec(), entry.begin, entry.end)
    };
    let mut tensors: Vec<_> = header.entries().iter().map(tensor).collect();
    tensors.sort();
    let entry = |(key, value): &(Text, Text)| (header.text(key).to_owned(), header.text(value).to_owned());
    (tensors, header.metadata().map(|entries| entries.iter().map(entry).collect()))
}

/// What the safetensors library reads.
pub(super) fn judged(bytes: &[u8]) -> std::result::Result<Described, String> {
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|error| error.to_string())?;
    let tensor = |(key, info): (String, &safetensors::tensor::TensorInfo)| {
        let (begin, end) = info.data_offsets;
        (key, Dtype::try_from(info.dtype).unwrap(), info.shape.clone(), begin as u64, end as u64)
    };
    let mut tensors: Vec<_> = metadata.tensors().into_iter().map(tensor).collect();
    tensors.sort();
    Ok((tensors, metadata.metadata().clone().map(|entries| entries.into_iter().collect())))
}

/// A file of this header, padded with nothing, and this data.
pub(super) fn with_header(json: &[u8], data: &[u8]) -> Vec<u8> {
    [&(json.len() as u64).to_le_bytes()[..], json, data].concat()
}

/// Reads with one parser alone; `None` when the direct one gives up.
fn read_by(parser: impl FnOnce(&str) -> Option<Result<Fields>>, bytes: &[u8]) -> Option<Result<Header<'_>>> {
    let mut gave_up = false;
    let header = Header::parse_with(bytes, bytes.len() as u64, |text| {
        parser(text).unwrap_or_else(|| {
            gave_up = true;
            Err(Error::header("not canonical"))
        })
    });
    (!gave_up).then_some(header)
}

fn directly(bytes: &[u8]) -> Option<Result<Header<'_>>> {
    read_by(|text| parse::canonical(text).map(Ok), bytes)
}

fn generally(bytes: &[u8]) -> Result<Header<'_>> {
    read_by(|text| Some(general::read(text)), bytes).unwrap()
}

#[derive(Clone, Debug)]
struct Generated {
    key: String,
    dtype: Dtype,
    shape: Vec<usize>,
    len: usize,
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z_.0-9/]{0,12}",
        1 => "[\"\\\\a\u{0}\u{1f}\u{7f}\n é中😀]{0,5}",
        1 => any::<String>(),
    ]
    .prop_filter("the format keeps this name", |key| key != METADATA)
}

/// Tensors in the order of the safetensors library, each with a name of its own.
fn tensors() -> impl Strategy<Value = Vec<Generated>> {
    let dtype = (0..Dtype::ALL.len()).prop_map(|index| Dtype::ALL[index]);
    let shape = prop::collection::vec(prop_oneof![Just(0usize), 1usize..4, Just(8)], 0..4);
    prop::collection::btree_map(key(), (dtype, shape), 0..12).prop_map(|map| {
        let generated = |(key, (dtype, shape)): (String, (Dtype, Vec<usize>))| {
            dtype.byte_len(&shape).map(|len| Generated { key, dtype, shape, len })
        };
        let mut tensors: Vec<Generated> = map.into_iter().filter_map(generated).collect();
        tensors.sort_by(|a, b| b.dtype.cmp(&a.dtype).then_with(|| a.key.cmp(&b.key)));
        tensors
    })
}

fn planned(tensors: &[Generated]) -> impl Iterator<Item = Planned<'_>> {
    tensors.iter().map(|tensor| Planned {
        key: &tensor.key,
        dtype: tensor.dtype,
        shape: &tensor.shape,
        len: tensor.len as u64,
    })
}

/// What the safetensors library writes for tensors of zeros.
fn written_by_the_library(tensors: &[Generated], metadata: Option<&BTreeMap<String, String>>) -> Vec<u8> {
    let zeros = vec![0; tensors.iter().map(|tensor| tensor.len).max().unwrap_or(0)];
    let view =
        |tensor: &Generated| TensorView::new(tensor.dtype.into(), tensor.shape.clone(), &zeros[..tensor.len]).unwrap();
    let views: Vec<_> = tensors.iter().map(|tensor| (tensor.key.as_str(), view(tensor))).collect();
    let metadata: Option<HashMap<String, String>> = metadata.map(|entries| entries.clone().into_iter().collect());
    safetensors::serialize(views.iter().map(|(key, view)| (*key, view)), metadata).unwrap()
}

/// Text put in place of some bytes of a header.
#[derive(Clone, Debug)]
struct Edit {
    at: prop::sample::Index,
    removed: usize,
    inserted: Vec<u8>,
}

fn edit() -> impl Strategy<Value = Edit> {
    let tokens: &[&str] = &[
        "",
        " ",
        "\n",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\\u0061",
        "\\ud800",
        "0",
        "00",
        "-0",
        "1",
        "1.0",
        "1e0",
        "1e999",
        "18446744073709551616",
        "null",
        "{}",
        "[]",
        "\"a\"",
        "\"__metadata__\":{},",
        "\"dtype\":\"F32\",",
        "\"x\":[[1,-2.5,\"\\n\",true]],",
        "\u{1}",
        "é",
    ];
    let token = prop::sample::select(tokens).prop_map(|token| token.as_bytes().to_vec());
    let byte = any::<u8>().prop_map(|byte| vec![byte]);
    (any::<prop::sample::Index>(), 0usize..4, prop_oneof![token, byte]).prop_map(|(at, removed, inserted)| Edit {
        at,
        removed,
        inserted,
    })
}

fn edited(mut json: Vec<u8>, edits: Vec<Edit>) -> Vec<u8> {
    for Edit { at, removed, inserted } in edits {
        let start = at.index(json.len() + 1);
        let end = (start + removed).min(json.len());
        json.splice(start..end, inserted);
    }
    json
}

/// Every reader takes the file for the same, or refuses it, but for what is refused on purpose.
fn all_agree(bytes: &[u8]) -> std::result::Result<(), TestCaseError> {
    let general = generally(bytes);
    let parsed = Header::parse(bytes, bytes.len() as u64);
    match (&parsed, &general) {
        (Ok(parsed), Ok(general)) => prop_assert_eq!(&parsed.fields, &general.fields),
        (Err(_), Err(_)) => {}
        _ => prop_assert!(false, "parsed {:?}, generally {:?}", parsed, general),
    }
    if let Some(direct) = directly(bytes) {
        prop_assert_eq!(direct.is_ok(), general.is_ok(), "directly {:?}, generally {:?}", direct, general);
    }
    match (parsed, judged(bytes)) {
        (Ok(parsed), judged) => prop_assert_eq!(Ok(described(&parsed)), judged),
        (Err(error), Ok(_)) => prop_assert!(error.to_string().contains("two tensors have this name"), "{}", error),
        (Err(_), Err(_)) => {}
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_what_the_library_writes_and_reads_back(
        tensors in tensors(),
        metadata in prop::option::of(prop::collection::btree_map(key(), any::<String>(), 0..2)),
    ) {
        let header = write(planned(&tensors), metadata.as_ref()).unwrap();
        let data_len: usize = tensors.iter().map(|tensor| tensor.len).sum();
        let file = [&header[..], &vec![0; data_len]].concat();
        // The library writes broken JSON for a file of nothing but empty metadata.
        if !(tensors.is_empty() && metadata.as_ref().is_some_and(BTreeMap::is_empty)) {
            prop_assert_eq!(&file, &written_by_the_library(&tensors, metadata.as_ref()));
        }

        let direct = directly(&file).expect("what is written is canonical").unwrap();
        prop_assert_eq!(direct.data_start(), header.len() as u64);
        let keys: Vec<&str> = direct.entries().iter().map(|entry| direct.key(entry)).collect();
        let expected: Vec<&str> = tensors.iter().map(|tensor| &*tensor.key).collect();
        prop_assert_eq!(keys.len(), expected.len());
        if tensors.iter().all(|tensor| tensor.len > 0) {
            prop_assert_eq!(keys, expected);
        }
        all_agree(&file)?;
    }

    #[test]
    fn readers_agree_on_damaged_headers(
        tensors in tensors(),
        metadata in prop::option::of(prop::collection::btree_map(key(), key(), 0..3)),
        edits in prop::collection::vec(edit(), 1..4),
    ) {
        let header = write(planned(&tensors), metadata.as_ref()).unwrap();
        let data_len: usize = tensors.iter().map(|tensor| tensor.len).sum();
        all_agree(&with_header(&edited(header[8..].to_vec(), edits), &vec![0; data_len]))?;
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..64), len in any::<u64>()) {
        _ = Header::parse(&bytes, len);
        _ = Header::parse(&bytes, bytes.len() as u64);
    }
}
