//! Several threads do what one does.

use ndarray::{Array1, Array2};
use safejax::{Checkpoint, Options, TensorView};
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Model {
    embedding: Array2<f32>,
    bias: Array1<f64>,
    mask: Array1<bool>,
}

/// Of 20 MiB and some bytes.
fn model() -> Model {
    Model {
        embedding: Array2::from_shape_fn((1025, 4097), |(i, j)| (i * 7 + j) as f32),
        bias: Array1::from_shape_fn(1001, |i| i as f64),
        mask: Array1::from_shape_fn((4 << 20) + 1, |i| i % 3 == 0),
    }
}

#[test]
fn bytes_are_the_same_whatever_the_number_of_threads() {
    let model = model();
    let one = Options::new().threads(1).to_bytes(&model).unwrap();
    for threads in [0, 2, 3, 8] {
        assert!(Options::new().threads(threads).to_bytes(&model).unwrap() == one, "{threads} threads");
    }
    assert!(safejax::to_bytes(&model).unwrap() == one);
}

#[test]
fn several_threads_load_what_was_saved() {
    let model = model();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.safetensors");
    safejax::to_file(&path, &model).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    for threads in [1, 2, 3] {
        let options = Options::new().threads(threads);
        assert!(options.from_file::<Model>(&path).unwrap() == model, "from a file by {threads} threads");
        assert!(options.from_bytes::<Model>(&bytes).unwrap() == model, "from bytes by {threads} threads");
        let loaded = options.load(&path).unwrap();
        let embedding: TensorView<'_> = loaded.view("embedding").unwrap();
        assert!(embedding.to_array::<f32>().unwrap() == model.embedding.clone().into_dyn());
        assert!(loaded.get::<Model>().unwrap() == model, "from a checkpoint by {threads} threads");
    }
}

#[test]
fn several_threads_read_shards() {
    let model = model();
    let directory = tempfile::tempdir().unwrap();
    safejax::to_shards(directory.path(), &model, 17 << 20).unwrap();
    for threads in [1, 3] {
        let options = Options::new().threads(threads);
        assert!(options.from_shards::<Model>(directory.path()).unwrap() == model, "by {threads} threads");
    }
}

#[test]
fn a_byte_that_is_no_bool_is_found_by_several_threads_as_well() {
    let mut bytes = safejax::to_bytes(&model()).unwrap();
    let mask = Checkpoint::from_bytes(&bytes).unwrap().view("mask").unwrap().bytes().as_ptr().addr();
    let last = mask - bytes.as_ptr().addr() + (4 << 20);
    bytes[last] = 2;
    let error = Options::new().threads(3).from_bytes::<Model>(&bytes).unwrap_err();
    assert_eq!(error.key(), Some("mask"));
    assert!(error.to_string().contains("found 2 at index 4194304"), "{error}");
}
