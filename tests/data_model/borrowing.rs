//! Types that borrow from the bytes they are loaded from.

use std::borrow::Cow;
use std::collections::BTreeMap;

use ndarray::array;
use safejax::{Checkpoint, TensorView};
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
struct Saved {
    name: &'static str,
    bytes: ndarray::Array1<u8>,
    tensor: ndarray::Array2<f32>,
}

fn saved() -> Saved {
    Saved { name: "relu", bytes: array![1, 2, 3], tensor: array![[1.0, 2.0]] }
}

#[derive(Debug, Deserialize)]
struct Borrowed<'a> {
    name: &'a str,
    bytes: &'a [u8],
    #[serde(borrow)]
    tensor: TensorView<'a>,
}

#[derive(Debug, Deserialize)]
struct Cows<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    bytes: Cow<'a, [u8]>,
}

#[test]
fn text_bytes_and_tensors_are_borrowed_from_bytes() {
    let file = safejax::to_bytes(&saved()).unwrap();
    let within = |part: &[u8]| file.as_ptr_range().contains(&part.as_ptr());
    let loaded: Borrowed<'_> = safejax::from_bytes(&file).unwrap();
    assert_eq!((loaded.name, loaded.bytes, loaded.tensor.shape()), ("relu", &[1, 2, 3][..], &[1, 2][..]));
    assert!(within(loaded.name.as_bytes()) && within(loaded.bytes) && within(loaded.tensor.bytes()));
    let loaded: Cows<'_> = safejax::from_bytes(&file).unwrap();
    assert!(matches!(loaded.name, Cow::Borrowed("relu")));
    assert!(matches!(loaded.bytes, Cow::Borrowed(&[1, 2, 3])));
}

#[test]
fn a_loaded_checkpoint_lends() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file.safetensors");
    safejax::to_file(&path, &saved()).unwrap();
    let checkpoint = Checkpoint::load(&path).unwrap();
    let loaded: Borrowed<'_> = checkpoint.get().unwrap();
    assert_eq!((loaded.name, loaded.bytes), ("relu", &[1, 2, 3][..]));
    assert_eq!(loaded.tensor.as_array::<f32>().unwrap(), array![[1.0, 2.0]].into_dyn());
}

#[test]
fn an_opened_checkpoint_does_not_lend_and_names_what_does() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file.safetensors");
    safejax::to_file(&path, &BTreeMap::from([("t", array![1u8])])).unwrap();
    let checkpoint = Checkpoint::open(&path).unwrap();
    let message = checkpoint.get::<BTreeMap<String, TensorView<'_>>>().unwrap_err().to_string();
    for way in ["Checkpoint::load", "Checkpoint::map", "from_bytes"] {
        assert!(message.contains(way), "{message}");
    }
}

#[test]
fn text_that_stands_quoted_or_escaped_cannot_be_borrowed_as_str() {
    for name in ["5", "a\"b", "a\nb"] {
        let file = safejax::to_bytes(&BTreeMap::from([("name", name)])).unwrap();
        assert_eq!(safejax::from_bytes::<BTreeMap<String, Cow<'_, str>>>(&file).unwrap()["name"], name);
        let message = safejax::from_bytes::<BTreeMap<String, &str>>(&file).unwrap_err().to_string();
        assert!(message.contains("expected a borrowed string"), "{message}");
    }
}

#[test]
fn a_view_of_an_array_is_saved_as_the_array() {
    let array = array![[1.0f32, 2.0]];
    assert_eq!(safejax::to_bytes(&[array.view()]).unwrap(), safejax::to_bytes(&[&array]).unwrap());
}
