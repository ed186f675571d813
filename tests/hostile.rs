//! Files that mean harm: whatever is in them, reading neither panics, nor overflows the stack, nor
//! takes more memory than the file's own size justifies, nor more time than its size does.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::thread;

use common::{header_text, safetensors_in};
use ndarray::{Array1, Array2, ArrayD};
use proptest::prelude::*;
use safejax::objax::VarCollection;
use safejax::{Checkpoint, Dtype, Error, Naming, Options, Result, Tensor, Tree};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

/// What a load may take beyond the file: so many times its size, and so many bytes.
const FACTOR: usize = 32;
const ALLOWANCE: usize = 2 << 20;

/// Less than the 2 MiB that a thread has, in a build without optimisation.
const STACK: usize = 3 << 19;

/// Counts what a thread has allocated, and the most that it has had at once.
struct Counting;

thread_local! {
    static NOW: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    let _ = NOW.try_with(|now| {
        now.set(now.get() + bytes);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(now.get())));
    });
}

// SAFETY: all is left to the system's allocator; counting allocates nothing.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        // SAFETY: as the caller promises.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-layout.size().cast_signed());
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size.cast_signed() - layout.size().cast_signed());
        // SAFETY: as the caller promises.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most memory that `run` has at once, beyond what there was before.
fn peak<T>(run: impl FnOnce() -> T) -> (T, usize) {
    let before = NOW.get();
    PEAK.set(before);
    let value = run();
    (value, usize::try_from(PEAK.get() - before).unwrap())
}

/// Runs on a small stack; a panic is passed on.
fn on_a_small_stack<T: Send>(run: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, run).unwrap();
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Loads within the bounds; what comes of it is another matter.
fn load<T: DeserializeOwned>(options: &Options, bytes: &[u8]) -> Result<T> {
    let (value, peak) = peak(|| options.from_bytes::<T>(bytes));
    let allowed = FACTOR * bytes.len() + ALLOWANCE;
    assert!(peak <= allowed, "{peak} bytes of memory for a file of {}", bytes.len());
    if let Err(error) = &value {
        assert!(error.to_string().len() < 10_000);
    }
    value
}

/// One of everything that a type can ask for.
#[derive(Default, Deserialize)]
#[serde(default)]
#[allow(dead_code)]
struct Everything {
    params: Option<Box<Everything>>,
    a: Option<Array1<f32>>,
    b: Option<ArrayD<f32>>,
    kernel: Option<Array2<f32>>,
    bias: Option<Tensor>,
    w: Option<Vec<f32>>,
    x: Vec<Option<Tensor>>,
    #[serde(rename = "layers")]
    list: Vec<Vec<Option<Tensor>>>,
    #[serde(rename = "opt_state")]
    tuple: Option<(Option<Tensor>, HashMap<String, Tree>)>,
    #[serde(rename = "block/conv")]
    path: Option<Tree>,
    step: Option<i32>,
    count: Option<u8>,
    name: Option<String>,
    choice: Option<Choice>,
    untagged: Option<Untagged>,
    map: BTreeMap<String, Option<Everything>>,
}

#[derive(Deserialize)]
#[allow(dead_code)]
enum Choice {
    A,
    B(Tensor),
    C { a: Tensor, b: Option<Tree> },
    D(Tensor, Vec<Tensor>),
}

#[derive(Deserialize)]
#[serde(untagged)]
#[allow(dead_code)]
enum Untagged {
    Array(Array1<f32>),
    Everything { a: Tensor },
    Map(BTreeMap<String, f64>),
}

#[derive(Deserialize)]
#[allow(dead_code)]
struct Flattened {
    a: Option<f32>,
    #[serde(flatten)]
    rest: BTreeMap<String, serde_json::Value>,
}

/// Every naming that can be asked for, and none.
fn all_options() -> Vec<Options> {
    let namings = [
        Naming::flax(),
        Naming::flax().separator("/").suffix_lists(true),
        Naming::flax().separator(":::"),
        Naming::haiku(),
        Naming::haiku().separator("//"),
        Naming::objax(),
        Naming::objax().kinds(false),
        Naming::keystr(),
        Naming::keystr().leading_dot(false),
        Naming::flat(),
    ];
    [Options::new()].into_iter().chain(namings.map(|naming| Options::new().naming(naming))).collect()
}

/// Reads a file in every way there is.
fn read_every_way(bytes: &[u8]) {
    for options in all_options() {
        if let Ok(tree) = load::<Tree>(&options, bytes) {
            // What was read can be looked at and written.
            assert!(!tree.to_string().is_empty() || tree.tensors().count() == 0);
            let (saved, peak) = peak(|| options.to_bytes(&tree));
            assert!(peak <= FACTOR * bytes.len() + ALLOWANCE, "{peak} bytes of memory to write {}", bytes.len());
            drop(saved);
        }
        drop(load::<Everything>(&options, bytes));
        drop(load::<Flattened>(&options, bytes));
        drop(load::<VarCollection>(&options, bytes));
        drop(load::<HashMap<String, Tensor>>(&options, bytes));
        drop(load::<Vec<Option<Tree>>>(&options, bytes));
        drop(load::<Tensor>(&options, bytes));
        drop(load::<String>(&options, bytes));
    }
    if let Ok(checkpoint) = Checkpoint::from_bytes(bytes) {
        assert_reads_back(&checkpoint);
        let keys: Vec<String> = checkpoint.keys().map(str::to_owned).collect();
        for key in &keys {
            checkpoint.tensor(key).unwrap();
            checkpoint.view(key).unwrap();
        }
    }
}

/// What is read as a tree and can be saved reads as the same tree again.
fn assert_reads_back(checkpoint: &Checkpoint<'_>) {
    let Ok(tree) = checkpoint.tree() else { return };
    let options = Options::new().naming(checkpoint.naming().clone());
    let Ok(saved) = options.to_bytes(&tree) else { return };
    let again: Tree = safejax::from_bytes(&saved).unwrap();
    assert!(options.to_bytes(&again).unwrap() == saved);
}

/// A file with this header and as much data as it is given.
fn file(header: &str, data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
}

/// A file of tensors of no bytes.
fn file_of(keys: impl IntoIterator<Item = String>, metadata: &[(&str, String)]) -> Vec<u8> {
    let mut header = String::from("{");
    if !metadata.is_empty() {
        let entries: BTreeMap<_, _> = metadata.iter().map(|(key, value)| (*key, value)).collect();
        header.push_str(&format!(r#""__metadata__":{},"#, json!(entries)));
    }
    for key in keys {
        header.push_str(&format!(r#"{}:{{"dtype":"F32","shape":[0],"data_offsets":[0,0]}},"#, json!(key)));
    }
    if header.ends_with(',') {
        header.pop();
    }
    header.push('}');
    file(&header, &[])
}

mod mutated {
    use super::*;

    /// One change of a file.
    #[derive(Clone, Debug)]
    enum Change {
        Flip {
            at: prop::sample::Index,
            bit: u8,
        },
        Byte {
            at: prop::sample::Index,
            byte: u8,
        },
        Cut {
            len: prop::sample::Index,
        },
        Add {
            bytes: Vec<u8>,
        },
        /// Puts a text into the header, whose length is then right again.
        Insert {
            at: prop::sample::Index,
            text: &'static str,
        },
        /// Replaces the n-th text of one kind in the header.
        Replace {
            nth: prop::sample::Index,
            from: &'static str,
            to: &'static str,
        },
        Metadata {
            text: &'static str,
        },
    }

    const TEXTS: [&str; 26] = [
        ".",
        "/",
        "/~/",
        "~",
        ":",
        "::TrainVar",
        "[0]",
        "(A)",
        "_0",
        "_1",
        "_4000",
        "_99999999999",
        "0",
        "9",
        "-1",
        "['a']",
        "\\u0000",
        "\\ud800",
        "{",
        "}",
        "\"",
        ",",
        "[]",
        "é",
        " ",
        ":::",
    ];
    const FROM: [&str; 14] =
        ["F32", "\"dtype\"", "\"shape\"", "[", "]", "0", "1", "2", "3", ".", "/", "params", "w", "data_offsets"];
    const METADATA: [&str; 8] = [
        r#""safejax":"{\"naming\":\"flax\",\"separator\":\".\",\"lists\":[\"\",\"a\",\"params\"]}""#,
        r#""safejax":"{\"naming\":\"flax\",\"separator\":\"a\",\"leaves\":[\"step\",\"x\"]}","step":"NaN""#,
        r#""safejax":"{\"naming\":\"haiku\",\"separator\":\".\",\"leaves\":[\"a.b\"]}","a.b":"[1,[2,{\"c\":null}]]""#,
        r#""safejax":"{\"naming\":\"objax\",\"leaves\":[\"(A).b\"]}","(A).b":"{}""#,
        r#""safejax":"{\"naming\":\"keystr\",\"leaves\":[\".a\"],\"bare\":true}",".a":"1e999""#,
        r#""safejax":"{\"naming\":\"flat\",\"bare\":true}""#,
        r#""safejax":"{\"naming\":\"none\"}""#,
        r#""safejax":"{\"naming\":\"flax\",\"separator\":\"\",\"leaves\":[\"a\",\"a\"]}","a":"170141183460469231731687303715884105728""#,
    ];

    fn change() -> impl Strategy<Value = Change> {
        let index = any::<prop::sample::Index>;
        prop_oneof![
            (index(), 0..8u8).prop_map(|(at, bit)| Change::Flip { at, bit }),
            (index(), any::<u8>()).prop_map(|(at, byte)| Change::Byte { at, byte }),
            index().prop_map(|len| Change::Cut { len }),
            prop::collection::vec(any::<u8>(), 1..40).prop_map(|bytes| Change::Add { bytes }),
            (index(), prop::sample::select(&TEXTS)).prop_map(|(at, text)| Change::Insert { at, text }),
            (index(), prop::sample::select(&FROM), prop::sample::select(&TEXTS))
                .prop_map(|(nth, from, to)| Change::Replace { nth, from, to }),
            prop::sample::select(&METADATA).prop_map(|text| Change::Metadata { text }),
        ]
    }

    impl Change {
        fn apply(&self, bytes: &mut Vec<u8>) {
            match self {
                Self::Flip { at, bit } if !bytes.is_empty() => {
                    let at = at.index(bytes.len());
                    bytes[at] ^= 1 << bit;
                }
                Self::Byte { at, byte } if !bytes.is_empty() => {
                    let at = at.index(bytes.len());
                    bytes[at] = *byte;
                }
                Self::Cut { len } => bytes.truncate(len.index(bytes.len() + 1)),
                Self::Add { bytes: more } => bytes.extend(more),
                Self::Insert { at, text } => edit_header(bytes, |header| {
                    let at = at.index(header.len() + 1);
                    let at = (at..).find(|at| header.is_char_boundary(*at)).unwrap();
                    header.insert_str(at, text);
                }),
                Self::Replace { nth, from, to } => edit_header(bytes, |header| {
                    let places: Vec<usize> = header.match_indices(from).map(|(at, _)| at).collect();
                    if !places.is_empty() {
                        let at = *nth.get(&places);
                        header.replace_range(at..at + from.len(), to);
                    }
                }),
                Self::Metadata { text } => edit_header(bytes, |header| match header.find(r#""__metadata__":{"#) {
                    Some(at) => header.insert_str(at + 16, &format!("{text},")),
                    None if header.starts_with('{') => {
                        header.insert_str(1, &format!(r#""__metadata__":{{{text}}},"#));
                    }
                    None => {}
                }),
                Self::Flip { .. } | Self::Byte { .. } => {}
            }
        }
    }

    /// Edits the header where there is one that is text.
    fn edit_header(bytes: &mut Vec<u8>, edit: impl FnOnce(&mut String)) {
        let Some(length) = bytes.first_chunk::<8>().map(|length| u64::from_le_bytes(*length)) else { return };
        let Ok(end) = usize::try_from(length.saturating_add(8)) else { return };
        let Some(Ok(header)) = bytes.get(8..end).map(str::from_utf8) else { return };
        let mut header = header.to_owned();
        edit(&mut header);
        *bytes = file(&header, &bytes[end..]);
    }

    /// The golden files that are small enough to be read thousands of times.
    fn small_files() -> Vec<Vec<u8>> {
        let files = safetensors_in("").into_iter().chain(safetensors_in("bad"));
        files.map(|path| std::fs::read(path).unwrap()).filter(|bytes| bytes.len() < 16 * 1024).collect()
    }

    #[test]
    fn golden_files_are_read_within_the_bounds() {
        on_a_small_stack(|| small_files().iter().for_each(|bytes| read_every_way(bytes)));
    }

    #[test]
    fn mutated_golden_files_are_read_within_the_bounds() {
        let files = small_files();
        let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(1000);
        let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases, ..ProptestConfig::default() });
        let strategy = (prop::sample::select(files), prop::collection::vec(change(), 1..5));
        let result = runner.run(&strategy, |(mut bytes, changes)| {
            changes.iter().for_each(|change| change.apply(&mut bytes));
            on_a_small_stack(|| read_every_way(&bytes));
            Ok(())
        });
        if let Err(failure) = result {
            panic!("{failure}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

        /// Keys made of what namings are made of, and an entry that says anything about them.
        #[test]
        fn keys_of_any_form_are_read_within_the_bounds(
            keys in prop::collection::btree_set("([ab]|_[0-9]|[./~:\\[\\]()']|::T|/~/|params\\.|\\(A\\)|\\[0\\]){1,8}", 0..8),
            naming in prop::sample::select(vec!["flax", "haiku", "objax", "keystr", "flat"]),
            separator in prop::sample::select(vec![".", "/", "//", ":", "_", "a"]),
            leaf in prop::sample::select(vec!["1", "[1,2]", "{}", "[[[]]]", "null", "x", "\"", "NaN", "-0", "1e400", "99999999999999999999"]),
            bare: bool,
        ) {
            let listed: Vec<&String> = keys.iter().collect();
            let entry = json!({"naming": naming, "separator": separator, "bare": bare, "lists": listed, "leaves": listed});
            let mut metadata = vec![("safejax", entry.to_string())];
            metadata.extend(keys.iter().take(2).map(|key| (key.as_str(), leaf.to_owned())));
            let tensors: Vec<String> = keys.iter().skip(1).cloned().collect();
            let (with, without) = (file_of(tensors, &metadata), file_of(keys.clone(), &[]));
            on_a_small_stack(|| {
                read_every_way(&with);
                read_every_way(&without);
            });
        }
    }
}

mod depth {
    use super::*;

    /// As deep as is allowed, in the words of each naming.
    fn deep_keys(levels: usize) -> Vec<String> {
        let repeated = |text: &str| text.repeat(levels - 1);
        vec![
            format!("{}a", repeated("a.")),
            format!("{}0", repeated("0.")),
            format!("a{}.a", repeated("/~/a")),
            format!("a{}.a::T", repeated(".a")),
            format!("(A){}", repeated("[0]")),
            format!("[0]{}", repeated("['a']")),
            format!("params{}", repeated(".params")),
        ]
    }

    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Recursive {
        a: Option<Box<Recursive>>,
        params: Option<Box<Recursive>>,
        list: Option<Vec<Recursive>>,
    }

    #[derive(Deserialize)]
    #[serde(transparent)]
    struct Lists(#[allow(dead_code)] Vec<Lists>);

    #[test]
    fn the_deepest_that_is_allowed_fits_a_small_stack() {
        for levels in [120, 126, 127, 128, 129, 200] {
            for key in deep_keys(levels) {
                let bytes = file_of([key], &[]);
                on_a_small_stack(|| {
                    read_every_way(&bytes);
                    drop(load::<Recursive>(&Options::new(), &bytes));
                    drop(load::<Lists>(&Options::new(), &bytes));
                    drop(load::<serde_json::Value>(&Options::new(), &bytes));
                });
            }
        }
    }

    #[test]
    fn depth_without_an_end_is_an_error() {
        for key in deep_keys(20_000) {
            let bytes = file_of([key], &[]);
            on_a_small_stack(|| read_every_way(&bytes));
        }
    }

    /// A leaf of nested lists below nested maps.
    fn deep_leaf(maps: usize, lists: usize) -> Vec<u8> {
        let key = vec!["a"; maps].join(".");
        let entry = json!({"naming": "flax", "separator": ".", "leaves": [key]});
        let leaf = format!("{}{}", "[".repeat(lists), "]".repeat(lists));
        file_of([], &[("safejax", entry.to_string()), (&key, leaf)])
    }

    #[test]
    fn the_levels_of_a_leaf_count() {
        assert!(load::<Tree>(&Options::new(), &deep_leaf(60, 60)).is_ok());
        let error = load::<Tree>(&Options::new(), &deep_leaf(100, 60)).unwrap_err();
        assert!(matches!(error.kind(), safejax::ErrorKind::Depth { limit: 128 }), "{error}");
        assert!(load::<Tree>(&Options::new().max_depth(160), &deep_leaf(100, 60)).is_ok());
    }

    #[test]
    fn a_leaf_that_is_deep_json_fits_a_small_stack() {
        for levels in [100, 127, 128, 129, 100_000] {
            let bytes = deep_leaf(120, levels);
            on_a_small_stack(|| read_every_way(&bytes));
        }
    }
}

mod memory {
    use super::*;

    /// Lists of one item each, at an index that one list may have.
    fn gaps(lists: usize) -> Vec<u8> {
        let keys = (0..lists).map(|list| format!("list.{list}.4000"));
        let listed: Vec<String> = (0..lists).map(|list| format!("list.{list}")).chain(["list".to_owned()]).collect();
        let entry = json!({"naming": "flax", "separator": ".", "lists": listed});
        file_of(keys, &[("safejax", entry.to_string())])
    }

    #[test]
    fn one_list_may_have_gaps() {
        let tree = load::<Tree>(&Options::new(), &gaps(1)).unwrap();
        assert!(tree.get("list.0.4000").unwrap().as_tensor().is_some());
    }

    #[test]
    fn the_gaps_of_many_lists_count_together() {
        #[derive(Debug, Deserialize)]
        struct Model {
            #[allow(dead_code)]
            list: Vec<Vec<Option<Tensor>>>,
        }
        let bytes = gaps(1000);
        let refused: [Error; 2] =
            [load::<Tree>(&Options::new(), &bytes).unwrap_err(), load::<Model>(&Options::new(), &bytes).unwrap_err()];
        for error in refused {
            assert!(error.to_string().contains("out of proportion"), "{error}");
        }
    }

    #[test]
    fn an_index_beyond_all_bounds_is_an_error() {
        for index in ["4113", "99999999", "18446744073709551615", "99999999999999999999999"] {
            for key in [format!("x.{index}"), format!("x_{index}"), format!("(A).x[{index}]"), format!(".x[{index}]")] {
                let bytes = file_of([key], &[]);
                let error = load::<X<Vec<Option<Tensor>>>>(&Options::new(), &bytes).map(|_| ()).unwrap_err();
                assert!(!error.to_string().is_empty());
            }
        }
    }

    #[derive(Debug, Deserialize)]
    struct X<T> {
        #[allow(dead_code)]
        x: T,
    }

    #[test]
    fn a_shape_is_no_promise() {
        // As many elements as can be counted, in no bytes.
        for shape in ["[0,18446744073709551615]", "[4294967296,4294967296,0]"] {
            let header = format!(r#"{{"x":{{"dtype":"F32","shape":{shape},"data_offsets":[0,0]}}}}"#);
            let bytes = file(&header, &[]);
            read_every_way(&bytes);
            drop(load::<X<Array2<f32>>>(&Options::new(), &bytes));
            drop(load::<X<ArrayD<u8>>>(&Options::new(), &bytes));
        }
    }

    #[test]
    fn a_header_of_dimensions_alone_is_within_the_bounds() {
        let dims = vec!["1"; 20_000].join(",");
        let header = format!(r#"{{"x":{{"dtype":"U8","shape":[{dims}],"data_offsets":[0,1]}}}}"#);
        read_every_way(&file(&header, &[0]));
    }
}

/// Sizes at which the square of the number of keys would not come to an end.
mod time {
    use super::*;

    const MANY: usize = 30_000;

    #[derive(Deserialize)]
    struct X<T> {
        x: T,
    }

    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Fields {
        x: Option<Tensor>,
        a: Option<Tensor>,
        b: Option<Tensor>,
        c: Option<Tensor>,
        #[serde(rename = "d.e.f")]
        d: Option<Tensor>,
    }

    fn tree(keys: impl IntoIterator<Item = String>) {
        let bytes = file_of(keys, &[]);
        let tree = load::<Tree>(&Options::new(), &bytes).unwrap();
        let saved = safejax::to_bytes(&tree);
        drop((tree, saved));
    }

    #[test]
    fn siblings() {
        let bytes = file_of((0..MANY).map(|i| format!("x_{i}")), &[]);
        let model: X<Vec<Tensor>> = load(&Options::new(), &bytes).unwrap();
        assert_eq!(model.x.len(), MANY);
        drop(load::<Fields>(&Options::new(), &bytes).map(drop));
        tree((0..MANY).map(|i| format!("x_{i}")));
    }

    #[test]
    fn items_of_a_list() {
        for form in ["x.#", "x_#", "x_#.w", "(N).x[#]::T", ".x[#]", "x['#']"] {
            let bytes = file_of((0..MANY).map(|i| form.replace('#', &i.to_string())), &[]);
            let model: X<Vec<Tree>> = load(&Options::new(), &bytes).unwrap();
            assert_eq!(model.x.len(), MANY, "{form}");
        }
    }

    #[test]
    fn lists_of_lists() {
        for form in ["x.#.0", "x_#_0", "x.#_0"] {
            let bytes = file_of((0..MANY).map(|i| form.replace('#', &i.to_string())), &[]);
            if let Ok(model) = load::<X<Vec<Vec<Tensor>>>>(&Options::new(), &bytes) {
                assert_eq!(model.x.len(), MANY, "{form}");
            }
        }
        let keys = (0..200).flat_map(|i| (0..200).map(move |j| format!("x_{i}_{j}")));
        let model: X<Vec<Vec<Tensor>>> = load(&Options::new(), &file_of(keys, &[])).unwrap();
        assert!(model.x.len() == 200 && model.x.iter().all(|row| row.len() == 200));
    }

    #[test]
    fn lists_that_the_entry_names() {
        let listed: Vec<String> = (0..MANY).map(|i| format!("l{i}")).collect();
        let entry = json!({"naming": "flax", "separator": ".", "lists": listed});
        let bytes = file_of((0..MANY).map(|i| format!("l{i}.0")), &[("safejax", entry.to_string())]);
        let tree: Tree = load(&Options::new(), &bytes).unwrap();
        assert!(matches!(tree.get("l17"), Some(Tree::List(items)) if items.len() == 1));
    }

    #[test]
    fn leaves() {
        let keys: Vec<String> = (0..MANY).map(|i| format!("a.k{i}")).collect();
        let entry = json!({"naming": "flax", "separator": ".", "leaves": keys});
        let mut metadata = vec![("safejax", entry.to_string())];
        metadata.extend(keys.iter().map(|key| (key.as_str(), "1".to_owned())));
        let tree: Tree = load(&Options::new(), &file_of([], &metadata)).unwrap();
        assert_eq!(tree.get("a").unwrap().as_map().unwrap().len(), MANY);
    }

    #[test]
    fn modules_of_every_naming() {
        for form in ["a.m#.w", "a/m#/~/b.w", "params.m#.w", "~.w#", "(N).m#(A).w::T", ".m#['k']", "m#,w", "a:::m#"] {
            tree((0..MANY).map(|i| form.replace('#', &i.to_string())));
        }
    }

    #[test]
    fn long_common_prefixes() {
        let prefix = vec!["level"; 100].join(".");
        tree((0..2000).map(|i| format!("{prefix}.k{i}")));
        let prefix = vec!["level"; 100].join("/~/");
        tree((0..2000).map(|i| format!("{prefix}/~/k{i}.w")));
    }

    #[test]
    fn keys_that_are_prefixes_of_each_other() {
        tree((1..2000).map(|len| "a".repeat(len)));
        tree((1..2000).map(|len| format!("{}/b.w", "a".repeat(len))));
    }

    #[test]
    fn one_key_of_nothing_but_joins() {
        for join in [".", "/", "~", ":", "/~/", "[", "(", "()", "[0]", "(A)", "['", "_0", "\u{1f}"] {
            let bytes = file_of([join.repeat(MANY), format!("{}w", join.repeat(MANY))], &[]);
            for options in all_options() {
                drop(load::<Tree>(&options, &bytes));
                drop(load::<X<Tensor>>(&options, &bytes).map(|model| model.x));
            }
        }
    }

    #[test]
    fn a_tree_of_odd_keys() {
        let odd = |text: &str| Tree::from_iter([(text.to_owned(), Tree::from(Tensor::from_slice(&[1.0f32])))]);
        for text in ["\u{1f}".repeat(MANY), format!("{}.", "\u{1f}".repeat(MANY)), ".".repeat(MANY)] {
            let read: BTreeMap<String, Array1<f32>> = safejax::from_tree(&odd(&text)).unwrap();
            assert_eq!(read[&text].len(), 1);
        }
    }

    #[test]
    fn the_nearest_of_many_long_keys() {
        let long = "k".repeat(2000);
        let bytes = file_of((0..3000).map(|i| format!("{long}{i}.a")), &[]);
        let error = load::<BTreeMap<String, X<Tensor>>>(&Options::new(), &bytes).err().expect("an error");
        assert!(error.to_string().contains("missing"), "{error}");
    }

    #[test]
    fn metadata_of_many_entries() {
        let keys: Vec<String> = (0..MANY).map(|i| format!("k{i}")).collect();
        let metadata: Vec<(&str, String)> = keys.iter().map(|key| (key.as_str(), "v".to_owned())).collect();
        let bytes = file_of(["w".to_owned()], &metadata);
        assert_eq!(Checkpoint::from_bytes(&bytes).unwrap().metadata().len(), MANY);
    }
}

#[test]
fn the_bounds_see_what_is_there() {
    let (vec, bytes) = peak(|| vec![0u8; 1 << 20]);
    assert!((1 << 20..2 << 20).contains(&bytes), "{bytes}");
    drop(vec);
    let bytes = safejax::to_bytes(&BTreeMap::from([("a", Array1::<f32>::zeros(100))])).unwrap();
    assert!(header_text(&bytes).contains("\"a\""));
    assert_eq!(load::<Everything>(&Options::new(), &bytes).unwrap().a.unwrap().len(), 100);
    assert_eq!(Tensor::from_slice(&[1.0f32]).dtype(), Dtype::F32);
}
