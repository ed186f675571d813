//! Types that do what they should not: what comes of it is an error, or their own panic, and nothing
//! that was there before is harmed.

use std::cell::Cell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ndarray::{Array1, ArrayView1};
use safejax::{Checkpoint, CowTensor, Dtype, ErrorKind, FromTensor, Options, StoredTensor, Tensor, ToTensor};
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::{Field, file, load, refusal, zeros};

fn panics<T>(run: impl FnOnce() -> T) -> bool {
    catch_unwind(AssertUnwindSafe(run)).is_err()
}

/// Counts how often it is asked, and answers as it was told.
struct Fickle<F> {
    calls: Cell<usize>,
    answer: F,
}

fn fickle<F: Fn(usize) -> safejax::Result<CowTensor<'static>>>(answer: F) -> Fickle<F> {
    Fickle { calls: Cell::new(0), answer }
}

impl<F: Fn(usize) -> safejax::Result<CowTensor<'static>>> ToTensor for Fickle<F> {
    fn to_tensor(&self) -> safejax::Result<CowTensor<'_>> {
        self.calls.set(self.calls.get() + 1);
        (self.answer)(self.calls.get())
    }
}

fn bytes_of_len(shape: usize, len: usize) -> CowTensor<'static> {
    CowTensor::deferred(Dtype::U8, vec![shape], move || Ok(vec![7; len]))
}

#[test]
fn another_tensor_each_time_is_an_error() {
    let shrinking = fickle(|calls| Ok(bytes_of_len(1000 - calls, 1000 - calls)));
    let growing = fickle(|calls| Ok(bytes_of_len(1000 * calls, 1000 * calls)));
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.safetensors");
    let changed = |saved: safejax::Result<()>| matches!(saved.unwrap_err().kind(), ErrorKind::Changed { .. });
    assert!(changed(safejax::to_bytes(&Field { x: shrinking }).map(drop)));
    assert!(changed(safejax::to_file(&path, &Field { x: growing })));
    let dtypes =
        fickle(|calls| Ok([Tensor::from_slice(&[1u32]), Tensor::from_slice(&[1f32])][calls % 2].clone().into()));
    assert!(changed(safejax::to_bytes(&Field { x: dtypes }).map(drop)));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn bytes_that_are_not_as_many_as_was_said_are_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.safetensors");
    for len in [0, 1, 99, 101, 100_000] {
        let field = Field { x: fickle(|_| Ok(bytes_of_len(100, len))) };
        assert!(safejax::to_bytes(&field).is_err(), "{len}");
        assert!(safejax::to_file(&path, &field).is_err(), "{len}");
        assert!(safejax::to_tree(&field).is_err(), "{len}");
    }
    assert!(!path.exists());
}

#[test]
fn a_panic_in_a_save_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.safetensors");
    let late = || CowTensor::deferred(Dtype::U8, vec![100], || panic!("too late"));
    let field = Field { x: fickle(|_| Ok(late())) };
    assert!(panics(|| safejax::to_bytes(&field)));
    assert!(panics(|| safejax::to_file(&path, &field)));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    let second = Field { x: fickle(|calls| if calls == 2 { panic!("once") } else { Ok(bytes_of_len(2, 2)) }) };
    assert!(panics(|| safejax::to_bytes(&second)));
    assert_eq!(load::<Vec<u8>>(&safejax::to_bytes(&second).unwrap()).unwrap(), [7, 7]);
}

#[test]
fn a_save_within_a_save_is_another_one() {
    let nested = fickle(|calls| {
        let inner = safejax::to_bytes(&Field { x: vec![calls as u16; 3] })?;
        let tree = safejax::to_tree(&Field { x: load::<Vec<u16>>(&inner)? })?;
        assert_eq!(tree["x"].as_tensor().unwrap().to_vec::<u16>()?, [calls as u16; 3]);
        Ok(Tensor::from_slice(&[0.5f32, 1.5]).into())
    });
    let bytes = safejax::to_bytes(&Field { x: nested }).unwrap();
    assert_eq!(load::<Vec<f32>>(&bytes).unwrap(), [0.5, 1.5]);
}

/// Reads in every way that there is, again and again, and keeps what lasts.
#[derive(Debug)]
struct Greedy<'a> {
    lent: Vec<&'a [f32]>,
    copied: Vec<Vec<f32>>,
}

impl<'de: 'a, 'a> FromTensor<'de> for Greedy<'a> {
    fn from_tensor(tensor: StoredTensor<'_, 'de>) -> safejax::Result<Self> {
        let mut greedy = Self { lent: Vec::new(), copied: Vec::new() };
        for _ in 0..3 {
            greedy.lent.extend(tensor.borrow_slice::<f32>());
            greedy.lent.extend(tensor.borrow_array::<f32>().ok().and_then(|array| array.to_slice()));
            greedy.copied.push(tensor.to_vec()?);
            greedy.copied.push(tensor.to_array()?.into_raw_vec_and_offset().0);
            assert!(tensor.borrow_slice::<u32>().is_err());
        }
        Ok(greedy)
    }
}

#[test]
fn what_is_borrowed_lasts_as_long_as_the_bytes_and_no_longer() {
    let bytes = file(&Tensor::from_slice(&[1f32, 2.0, 3.0]));
    let greedy = {
        let checkpoint = Checkpoint::from_bytes(&bytes).unwrap();
        // The checkpoint is gone before what it lent, which lies in `bytes`.
        let kept: Greedy<'_> = safejax::from_bytes::<Field<Greedy<'_>>>(&bytes).unwrap().x;
        assert_eq!(checkpoint.get::<Field<Greedy<'_>>>().unwrap().x.lent.len(), 6);
        kept
    };
    assert_eq!((greedy.lent.len(), greedy.copied.len()), (6, 6));
    assert!(
        greedy.lent.iter().all(|lent| bytes.as_ptr_range().contains(&lent.as_ptr().cast()) && *lent == [1.0, 2.0, 3.0])
    );
    assert!(greedy.copied.iter().all(|copied| *copied == [1.0, 2.0, 3.0]));
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.safetensors");
    std::fs::write(&path, &bytes).unwrap();
    let opened = Checkpoint::open(&path).unwrap();
    let greedy = opened.get::<Field<Greedy<'_>>>().unwrap().x;
    assert_eq!((greedy.lent.len(), greedy.copied.len()), (0, 6));
}

#[test]
fn a_panic_in_a_load_leaves_the_checkpoint_as_it_was() {
    #[derive(Debug)]
    struct Panicking;
    impl<'de> FromTensor<'de> for Panicking {
        fn from_tensor(tensor: StoredTensor<'_, 'de>) -> safejax::Result<Self> {
            let elements = tensor.to_vec::<f32>()?;
            panic!("{elements:?}");
        }
    }
    let bytes = file(&Tensor::from_slice(&[1f32, 2.0]));
    let checkpoint = Checkpoint::from_bytes(&bytes).unwrap();
    for _ in 0..2 {
        assert!(panics(|| checkpoint.get::<Field<Panicking>>()));
        assert_eq!(checkpoint.get::<Field<Vec<f32>>>().unwrap().x, [1.0, 2.0]);
    }
    let watched = Options::new().on_progress(|_| panic!("no"));
    assert!(panics(|| watched.from_bytes::<Field<Array1<f32>>>(&bytes)));
    assert!(panics(|| watched.from_bytes::<Field<ArrayView1<'_, f32>>>(&bytes)));
    assert!(panics(|| watched.to_bytes(&Field { x: vec![1f32] })));
}

/// Asks for the parts of an array with seeds of its own.
struct Parts<S>(S);

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for Parts<S> {
    type Value = S::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<S::Value, A::Error> {
        parts.next_element::<u8>()?;
        parts.next_element::<serde::de::IgnoredAny>()?;
        let elements = parts.next_element_seed(self.0)?;
        assert!(parts.next_element::<Vec<f32>>()?.is_none());
        Ok(elements.unwrap())
    }
}

/// The elements under the key `x`, by a seed.
fn by_seed<'de, S: DeserializeSeed<'de>>(bytes: &'de [u8], seed: S) -> safejax::Result<S::Value> {
    struct Array<S>(S);
    impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Array<S> {
        type Value = S::Value;

        fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
            deserializer.deserialize_struct("Array", &["v", "dim", "data"], Parts(self.0))
        }
    }
    struct X<S>(S);
    impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for X<S> {
        type Value = S::Value;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map")
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<S::Value, A::Error> {
            assert_eq!(map.next_key::<String>()?.as_deref(), Some("x"));
            map.next_value_seed(Array(self.0))
        }
    }
    safejax::Deserializer::from_bytes(bytes)?.deserialize_map(X(seed))
}

#[test]
fn a_seed_like_that_of_a_vec_is_not_taken_for_it() {
    use std::marker::PhantomData;
    /// No bytes, and a value as large as a `Vec`.
    struct Doubling;
    impl<'de> DeserializeSeed<'de> for Doubling {
        type Value = Vec<f32>;

        fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<f32>, D::Error> {
            Ok(Vec::<f32>::deserialize(deserializer)?.iter().map(|element| element * 2.0).collect())
        }
    }
    /// As large as a `Vec`, and in memory just that.
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(transparent)]
    struct Same(Vec<f32>);

    let bytes = file(&Tensor::from_slice(&[1f32, 2.0]));
    assert_eq!(by_seed(&bytes, PhantomData::<Vec<f32>>).unwrap(), [1.0, 2.0]);
    assert_eq!(by_seed(&bytes, Doubling).unwrap(), [2.0, 4.0]);
    assert_eq!(by_seed(&bytes, PhantomData::<Same>).unwrap(), Same(vec![1.0, 2.0]));
    assert_eq!(by_seed(&bytes, PhantomData::<Vec<Option<f32>>>).unwrap(), [Some(1.0), Some(2.0)]);
    assert!(by_seed(&bytes, PhantomData::<String>).is_err());
    assert!(by_seed(&bytes, PhantomData::<Vec<String>>).is_err());
    assert!(by_seed(&bytes, PhantomData::<Vec<&str>>).is_err());
}

#[test]
fn a_panic_among_the_elements_is_that_and_no_more() {
    #[derive(Debug)]
    struct Second(#[allow(dead_code)] Box<f32>);
    impl<'de> Deserialize<'de> for Second {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let element = f32::deserialize(deserializer)?;
            assert!(element < 2.0);
            Ok(Self(Box::new(element)))
        }
    }
    let bytes = file(&Tensor::from_slice(&[1f32, 2.0]));
    assert!(panics(|| by_seed(&bytes, std::marker::PhantomData::<Vec<Second>>)));
}

#[test]
fn more_rows_than_can_be_counted_in_bytes_take_none() {
    let bytes = zeros(Dtype::F32, &[usize::MAX, 0]);
    assert_eq!(load::<Vec<[f32; 0]>>(&bytes).unwrap().len(), usize::MAX);
    assert_eq!(load::<Box<[[f32; 0]]>>(&bytes).unwrap().len(), usize::MAX);
    assert_eq!(safejax::from_bytes::<Field<&[[f32; 0]]>>(&bytes).unwrap().x.len(), usize::MAX);
    assert!(refusal::<Array1<f32>>(&bytes).contains("1 axis"));
}

#[test]
fn an_array_larger_than_all_memory_is_an_error() {
    #[derive(Serialize)]
    struct Plain<'a> {
        x: ArrayView1<'a, f64>,
    }
    let one = ndarray::arr1(&[1f64]);
    let x = one.broadcast(isize::MAX as usize).unwrap();
    assert!(safejax::to_bytes(&Plain { x }).is_err());
    assert!(safejax::to_tree(&Plain { x }).is_err());
    assert!(safejax::to_tree(&Field { x }).is_err());
}
