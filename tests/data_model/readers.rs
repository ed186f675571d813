//! Rust scalars, vectors and tuples out of tensors, and the casts on the way.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Debug;

use half::{bf16, f16};
use ndarray::{Array0, Array1, arr0, arr1, arr2, array};
use num_complex::Complex;
use safejax::{Casts, Options, Tensor};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

fn file(tensor: impl Into<Tensor>) -> Vec<u8> {
    safejax::to_bytes(&BTreeMap::from([("x", tensor.into())])).unwrap()
}

#[derive(Debug, Deserialize)]
struct Field<T> {
    x: T,
}

fn read<T: DeserializeOwned>(bytes: &[u8], casts: Casts) -> Result<T, String> {
    let field: safejax::Result<Field<T>> = Options::new().casts(casts).from_bytes(bytes);
    field.map(|field| field.x).map_err(|error| error.to_string())
}

#[track_caller]
fn reads<T: DeserializeOwned + Debug + PartialEq>(tensor: impl Into<Tensor>, expected: T) {
    assert_eq!(read::<T>(&file(tensor), Casts::Widen).unwrap(), expected);
}

#[test]
fn a_scalar_reads_from_a_0_d_tensor_of_its_dtype() {
    fn check<E: safejax::Element + DeserializeOwned + Debug + PartialEq>(value: E) {
        let bytes = file(arr0(value));
        for casts in [Casts::Exact, Casts::Widen, Casts::Lossy] {
            assert_eq!(read::<E>(&bytes, casts).unwrap(), value);
        }
    }
    check(true);
    check(u8::MAX);
    check(i8::MIN);
    check(u16::MAX);
    check(i16::MIN);
    check(u32::MAX);
    check(i32::MIN);
    check(u64::MAX);
    check(i64::MIN);
    check(usize::MAX);
    check(isize::MIN);
    check(0.1f32);
    check(0.1f64);
    check(f16::from_f32(0.5));
    check(bf16::from_f32(0.5));
    check(Complex::new(1.0f32, 2.0));
}

/// How a 0-d tensor reads under `Exact`, `Widen` and `Lossy`; `None` where it is refused.
macro_rules! casts {
    ($($from:expr => $to:ty: $exact:expr, $widen:expr, $lossy:expr;)*) => { $(
        let bytes = file(arr0($from));
        let got = [Casts::Exact, Casts::Widen, Casts::Lossy].map(|casts| read::<$to>(&bytes, casts).ok());
        let expected: [Option<$to>; 3] = [$exact, $widen, $lossy];
        assert_eq!(got, expected, "{} as {}", stringify!($from), stringify!($to));
    )* };
}

#[test]
fn scalars_follow_the_rules_of_casts() {
    casts! {
        true => u8: None, Some(1), Some(1);
        true => f32: None, Some(1.0), Some(1.0);
        1u8 => bool: None, None, None;
        200u8 => i16: None, Some(200), Some(200);
        200u8 => i8: None, None, Some(127);
        -1i32 => i64: None, Some(-1), Some(-1);
        -1i32 => u64: None, None, Some(0);
        7i32 => f64: None, Some(7.0), Some(7.0);
        7i32 => f32: None, None, Some(7.0);
        7u16 => f32: None, Some(7.0), Some(7.0);
        2.5f32 => f64: None, Some(2.5), Some(2.5);
        0.1f64 => f32: None, None, Some(0.1);
        2.5f32 => i32: None, None, Some(2);
        f32::NAN => i32: None, None, Some(0);
        f16::from_f32(0.5) => f32: None, Some(0.5), Some(0.5);
        bf16::from_f32(0.5) => f64: None, Some(0.5), Some(0.5);
        bf16::from_f32(0.5) => f16: None, None, Some(f16::from_f32(0.5));
        2.0f32 => Complex<f32>: None, Some(Complex::new(2.0, 0.0)), Some(Complex::new(2.0, 0.0));
        Complex::new(2.0f32, 0.0) => f32: None, None, None;
        5u64 => i128: Some(5), Some(5), Some(5);
        -5i64 => i128: Some(-5), Some(-5), Some(-5);
        5i32 => u128: None, Some(5), Some(5);
    }
}

#[test]
fn a_refused_cast_names_both_dtypes() {
    assert_eq!(
        read::<u8>(&file(arr0(2.5f32)), Casts::Widen).unwrap_err(),
        "`x`: expected dtype U8, found dtype F32 (Casts::Lossy would convert it)"
    );
    assert_eq!(read::<bool>(&file(arr0(1u8)), Casts::Lossy).unwrap_err(), "`x`: expected dtype BOOL, found dtype U8");
    assert!(read::<u128>(&file(arr0(-5i64)), Casts::Widen).unwrap_err().starts_with("`x`: "));
}

#[test]
fn a_scalar_reads_from_no_other_shape() {
    for bytes in [file(array![1.0f32]), file(arr2(&[[1.0f32]])), file(Array1::<f32>::zeros(0))] {
        let message = read::<f32>(&bytes, Casts::Widen).unwrap_err();
        assert!(message.starts_with("`x`: expected an f32, a tensor of shape [], found shape ["), "{message}");
    }
    let message = read::<String>(&file(arr0(1u8)), Casts::Widen).unwrap_err();
    assert_eq!(message, "`x`: expected a string, found a tensor U8 []");
    let message = read::<char>(&file(arr0(1u32)), Casts::Widen).unwrap_err();
    assert_eq!(message, "`x`: expected a char, found a tensor U32 []");
}

#[test]
fn a_0_d_tensor_reads_inside_other_types() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Step(i32);
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(transparent)]
    struct Count {
        count: u64,
    }
    reads(arr0(7i32), Step(7));
    reads(arr0(7u64), Count { count: 7 });
    reads(arr0(7i32), Some(7i32));
    reads(arr0(7i32), Some(Box::new(Step(7))));
    reads(arr0(7i32), arr0(7i32));
    reads(arr0(7i32), arr0(7i64));
    reads(arr0(7i32), Array0::from_elem((), 7.0f64));
}

#[test]
fn a_tensor_of_one_axis_reads_as_a_sequence() {
    reads(array![1.5f32, 2.5], vec![1.5f32, 2.5]);
    reads(array![1.5f32, 2.5], vec![1.5f64, 2.5]);
    reads(array![1.5f32, 2.5], [1.5f32, 2.5]);
    reads(array![1.5f32, 2.5], (1.5f32, 2.5f64));
    reads(array![1u8, 2], VecDeque::from([1u8, 2]));
    reads(array![2i64, 1], BTreeSet::from([1i64, 2]));
    reads(array![1i64, 2], vec![1i64, 2].into_boxed_slice());
    reads(array![1i64, 2], Some(vec![1i128, 2]));
    reads(array![1u8, 2], vec![Some(1u8), Some(2)]);
    reads(array![true], vec![true]);
    reads(array![f16::ONE], vec![f16::ONE]);
    reads(array![f16::ONE], vec![1.0f32]);
    reads(array![Complex::new(1.0f32, 2.0)], vec![Complex::new(1.0f32, 2.0)]);
    reads(array![1.0f32], vec![Complex::new(1.0f32, 0.0)]);
    reads(array![1.0f32], (1.0f32,));
    reads(Array1::<f32>::zeros(0), Vec::<f32>::new());
    reads(Array1::<f32>::zeros(0), Vec::<u8>::new().into_iter().map(f32::from).collect::<Vec<f32>>());
    reads(Array1::<f32>::zeros(0), [0.0f32; 0]);
}

#[test]
fn newtypes_of_numbers_read_from_elements() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Weight(f32);
    reads(array![1.5f32, 2.5], vec![Weight(1.5), Weight(2.5)]);
    reads(array![1.5f32, 2.5], [Weight(1.5), Weight(2.5)]);
}

#[test]
fn the_casts_hold_for_sequences() {
    for (casts, expected) in
        [(Casts::Exact, None), (Casts::Widen, Some(vec![1i64, 2])), (Casts::Lossy, Some(vec![1, 2]))]
    {
        assert_eq!(read::<Vec<i64>>(&file(array![1i32, 2]), casts).ok(), expected);
    }
    assert_eq!(
        read::<Vec<u8>>(&file(array![1.0f32]), Casts::Widen).unwrap_err(),
        "`x`: expected dtype U8, found dtype F32 (Casts::Lossy would convert it)"
    );
    assert_eq!(read::<[u8; 1]>(&file(array![300.0f32]), Casts::Lossy).unwrap(), [255]);
}

#[test]
fn the_length_of_a_tuple_is_that_of_the_axis() {
    let bytes = file(array![1.0f32, 2.0, 3.0]);
    let expected = "`x`: expected a tensor of shape [2], found shape [3]";
    assert_eq!(read::<[f32; 2]>(&bytes, Casts::Widen).unwrap_err(), expected);
    assert_eq!(read::<(f32, f32)>(&bytes, Casts::Widen).unwrap_err(), expected);
}

#[test]
fn a_tensor_of_more_axes_is_no_sequence() {
    let bytes = file(arr2(&[[1.0f32]]));
    let expected = "`x`: expected an f32, a tensor of shape [], found shape [1, 1]";
    assert_eq!(read::<Vec<f32>>(&bytes, Casts::Widen).unwrap_err(), expected);
    assert!(read::<Vec<Vec<f32>>>(&bytes, Casts::Widen).is_err());
}

#[test]
fn a_list_of_one_may_have_the_name_of_its_item() {
    // As haiku names it.
    reads(array![1.0f32, 2.0], vec![arr1(&[1.0f32, 2.0])]);
    reads(arr2(&[[1.0f32]]), vec![arr2(&[[1.0f32]])]);
    reads(arr0(1.0f32), vec![1.0f32]);
}

#[test]
fn arrays_follow_the_rules_of_casts() {
    let bytes = file(array![[1u8, 2]]);
    assert!(read::<ndarray::Array2<f32>>(&bytes, Casts::Exact).is_err());
    assert_eq!(read::<ndarray::Array2<f32>>(&bytes, Casts::Widen).unwrap(), array![[1.0, 2.0]]);
    assert!(read::<ndarray::Array2<i8>>(&bytes, Casts::Widen).is_err());
    assert_eq!(read::<ndarray::Array2<i8>>(&bytes, Casts::Lossy).unwrap(), array![[1, 2]]);
}

#[test]
fn a_bool_is_0_or_1() {
    let tensor = |byte| Tensor::new(safejax::Dtype::BOOL, vec![], vec![byte]).unwrap();
    assert!(read::<bool>(&file(tensor(1)), Casts::Widen).unwrap());
    assert_eq!(
        read::<bool>(&file(tensor(2)), Casts::Widen).unwrap_err(),
        "`x`: expected BOOL bytes of 0 or 1, found 2 at index 0"
    );
}
