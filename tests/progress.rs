//! How far a save or a load has come.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use std::sync::{Arc, Mutex};

use ndarray::Array2;
use safejax::{Options, Progress, Tree};

type Calls = Arc<Mutex<Vec<(u64, u64, String)>>>;

fn watched() -> (Options, Calls) {
    let calls = Calls::default();
    let seen = Arc::clone(&calls);
    let options = Options::new().on_progress(move |Progress { bytes_done, bytes_total, key, .. }| {
        seen.lock().unwrap().push((bytes_done, bytes_total, key.to_owned()));
    });
    (options, calls)
}

/// Two tensors, one of 9 MiB and one of 4 bytes.
fn model() -> Vec<Array2<f32>> {
    vec![Array2::zeros((9 * 256, 1024)), Array2::zeros((1, 1))]
}

const TOTAL: u64 = 9 * 1024 * 1024 + 4;

/// Every call so far: ever more bytes up to all of them, and both keys.
fn assert_complete(calls: &Calls, fewest: usize) {
    let calls = std::mem::take(&mut *calls.lock().unwrap());
    assert!(calls.len() >= fewest, "{calls:?}");
    assert!(calls.is_sorted_by(|a, b| a.0 < b.0), "{calls:?}");
    assert!(calls.iter().all(|(_, total, _)| *total == TOTAL), "{calls:?}");
    assert_eq!(calls.last().unwrap().0, TOTAL);
    for key in ["0", "1"] {
        assert!(calls.iter().any(|(.., other)| other == key), "{calls:?}");
    }
}

#[test]
fn saves_and_loads_report_every_tensor_up_to_the_last_byte() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.safetensors");
    let (options, calls) = watched();
    let bytes = options.to_bytes(&model()).unwrap();
    assert_complete(&calls, 2);
    options.to_file(&path, &model()).unwrap();
    assert_complete(&calls, 4);
    let _: Vec<Array2<f32>> = options.from_bytes(&bytes).unwrap();
    assert_complete(&calls, 2);
    let _: Vec<Array2<f32>> = options.from_file(&path).unwrap();
    assert_complete(&calls, 4);
    let _: Tree = options.from_file(&path).unwrap();
    assert_complete(&calls, 4);
    let _ = options.assign_from_file(&mut model(), &path).unwrap();
    assert_complete(&calls, 2);
}

#[test]
fn shards_are_counted_as_one() {
    let directory = tempfile::tempdir().unwrap();
    let (options, calls) = watched();
    options.to_shards(directory.path(), &model(), 100).unwrap();
    assert_complete(&calls, 4);
    let _: Vec<Array2<f32>> = options.from_shards(directory.path()).unwrap();
    assert_complete(&calls, 4);
}

#[test]
fn a_type_that_asks_for_a_part_ends_before_the_total() {
    #[derive(serde::Deserialize)]
    struct Small {
        #[serde(rename = "1")]
        _small: Array2<f32>,
    }
    let (options, calls) = watched();
    let _: Small = options.from_bytes(&safejax::to_bytes(&model()).unwrap()).unwrap();
    assert_eq!(*calls.lock().unwrap(), [(4, TOTAL, "1".to_owned())]);
}

#[test]
fn a_watched_save_writes_the_same_bytes() {
    let model = vec![Array2::from_shape_fn((300, 200), |(i, j)| (i * j) as f32).reversed_axes()];
    let (options, _) = watched();
    assert!(options.to_bytes(&model).unwrap() == safejax::to_bytes(&model).unwrap());
}
