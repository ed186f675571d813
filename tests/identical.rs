//! Files are those of the safetensors crate, byte for byte, whatever way the data takes.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use std::collections::BTreeMap;

use half::{bf16, f16};
use ndarray::{Array, Array1, Array2, ArrayD, ShapeBuilder, s};
use num_complex::Complex;
use safetensors::tensor::TensorView;
use serde::Serialize;

#[derive(Serialize)]
struct Every {
    bools: Array1<bool>,
    bytes: Array1<u8>,
    shorts: Array1<i16>,
    halves: Array1<f16>,
    brains: Array1<bf16>,
    words: Array1<u32>,
    complex: Array1<Complex<f32>>,
    doubles: Array2<f64>,
    longs: Array1<i64>,
    empty: Array2<f32>,
    scalar: ArrayD<f32>,
    fortran: Array2<f32>,
    large: Array2<f32>,
    unknown: Array2<Weight>,
}

/// An element that this crate does not know.
#[derive(Clone, Copy, Serialize)]
#[serde(transparent)]
struct Weight(f32);

fn every() -> Every {
    let large = Array2::from_shape_fn((600, 1001), |(i, j)| (i * 3 + j) as f32);
    Every {
        bools: Array::from_iter([true, false, true]),
        bytes: Array::from_iter(0..7),
        shorts: Array::from_iter(-3..4),
        halves: Array::from_iter((0..5).map(|i| f16::from_f32(i as f32))),
        brains: Array::from_iter((0..5).map(|i| bf16::from_f32(i as f32))),
        words: Array::from_iter(0..9),
        complex: Array::from_iter((0..3).map(|i| Complex::new(i as f32, -1.0))),
        doubles: Array2::from_shape_fn((3, 2), |(i, j)| (i + j) as f64),
        longs: Array::from_iter(0..2),
        empty: Array2::zeros((0, 4)),
        scalar: ArrayD::from_elem(vec![], 2.5),
        fortran: Array2::from_shape_fn((70, 130).f(), |(i, j)| (i * 1000 + j) as f32),
        unknown: large.slice(s![.., ..999]).mapv(Weight),
        large,
    }
}

/// The same with the safetensors crate alone.
fn expected(every: &Every) -> Vec<u8> {
    macro_rules! tensor {
        ($($field:ident $dtype:ident),*) => {
            BTreeMap::from([$((stringify!($field), {
                let bytes: Vec<u8> = every.$field.iter().flat_map(bytes_of).collect();
                (safetensors::Dtype::$dtype, every.$field.shape().to_vec(), bytes)
            })),*])
        };
    }
    let tensors = tensor! {
        bools BOOL, bytes U8, shorts I16, halves F16, brains BF16, words U32, complex C64, doubles F64,
        longs I64, empty F32, scalar F32, fortran F32, large F32, unknown F32
    };
    let views = tensors
        .iter()
        .map(|(name, (dtype, shape, bytes))| (*name, TensorView::new(*dtype, shape.clone(), bytes).unwrap()));
    safetensors::serialize(views, None).unwrap()
}

trait Bytes {
    fn stored(&self) -> Vec<u8>;
}

macro_rules! numbers {
    ($($number:ty),*) => { $(impl Bytes for $number { fn stored(&self) -> Vec<u8> { self.to_le_bytes().to_vec() } })* };
}
numbers!(u8, i16, u32, i64, f32, f64, f16, bf16);

impl Bytes for bool {
    fn stored(&self) -> Vec<u8> {
        vec![u8::from(*self)]
    }
}

impl Bytes for Complex<f32> {
    fn stored(&self) -> Vec<u8> {
        [self.re.stored(), self.im.stored()].concat()
    }
}

impl Bytes for Weight {
    fn stored(&self) -> Vec<u8> {
        self.0.stored()
    }
}

fn bytes_of(element: &impl Bytes) -> Vec<u8> {
    element.stored()
}

#[test]
fn bytes_are_those_of_the_safetensors_crate() {
    let every = every();
    assert!(safejax::to_bytes(&every).unwrap() == expected(&every));
}

#[test]
fn a_file_is_that_of_the_safetensors_crate() {
    let every = every();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("every.safetensors");
    for sync in [false, true] {
        safejax::Options::new().sync(sync).to_file(&path, &every).unwrap();
        assert!(std::fs::read(&path).unwrap() == expected(&every), "sync({sync})");
    }
}

#[test]
fn what_a_writer_gets_is_what_the_safetensors_crate_makes() {
    let every = every();
    let mut written = Vec::new();
    safejax::to_writer(&mut written, &every).unwrap();
    assert!(written == expected(&every));
}
