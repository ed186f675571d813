//! ndarray's arrays, and what the attributes make of a tensor's axes and dtype.

use half::bf16;
use ndarray::{ArcArray2, Array1, Array2, Array3, ArrayD, ArrayView2, CowArray, Ix2, ShapeBuilder, array};
use num_complex::Complex;
use safejax::{Casts, Checkpoint, Dtype, Options, Tensor};

use crate::{Field, assert_round_trip, file, load, refusal, stored, zeros};

#[test]
fn every_array_saves_its_elements_in_c_order() {
    let c = array![[1u8, 2, 3], [4, 5, 6]];
    let mut fortran = Array2::zeros((2, 3).f());
    fortran.assign(&c);
    for tensor in [stored(c.clone()), stored(fortran), stored(c.to_shared()), stored(CowArray::from(c.view()))] {
        assert_eq!(tensor, Tensor::from(c.clone()));
    }
    assert_eq!(stored(c.t()).bytes(), [1, 4, 2, 5, 3, 6]);
}

#[test]
fn owned_and_shared_arrays_come_back() {
    assert_round_trip(array![[1f32, 2.0], [3.0, 4.0]]);
    assert_round_trip(array![[true, false]].into_dyn());
    assert_round_trip::<ArcArray2<i64>>(array![[1, 2]].into_shared());
    assert_round_trip(ndarray::arr0(0.5f64));
    assert_round_trip(Array3::<u16>::zeros((0, 3, 2)));
}

#[test]
fn what_was_saved_in_fortran_order_is_loaded_in_c_order() {
    let mut fortran = Array2::<f32>::zeros((2, 3).f());
    fortran.assign(&array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    let loaded: Array2<f32> = load(&safejax::to_bytes(&Field { x: fortran.clone() }).unwrap()).unwrap();
    assert!(loaded.is_standard_layout());
    assert_eq!(loaded, fortran);
}

#[test]
fn an_array_refuses_another_number_of_axes() {
    let bytes = zeros(Dtype::F32, &[2, 3]);
    assert_eq!(refusal::<Array1<f32>>(&bytes), "`x`: expected a tensor of 1 axis, found shape [2, 3]");
    assert_eq!(refusal::<Array3<f32>>(&bytes), "`x`: expected a tensor of 3 axes, found shape [2, 3]");
    assert_eq!(load::<ArrayD<f32>>(&bytes).unwrap().shape(), [2, 3]);
}

#[test]
fn an_array_follows_the_casts() {
    let bytes = file(&Tensor::from(array![bf16::ONE]));
    assert_eq!(load::<Array1<f32>>(&bytes).unwrap(), array![1.0]);
    assert!(Options::new().casts(Casts::Exact).from_bytes::<Field<Array1<f32>>>(&bytes).is_err());
    assert!(load::<Array1<i32>>(&bytes).is_err());
    assert_eq!(Options::new().casts(Casts::Lossy).from_bytes::<Field<Array1<i32>>>(&bytes).unwrap().x, array![1]);
}

/// An axis order other than its own inverse.
#[derive(safejax::Serialize, safejax::Deserialize, Debug, PartialEq)]
struct Permuted<T> {
    #[tensor(permute(2, 0, 1))]
    x: T,
}

fn counted() -> Array3<i32> {
    Array3::from_shape_vec((2, 3, 4), (0..24).collect()).unwrap()
}

#[test]
fn permuted_axes_are_those_of_memory_in_the_order_that_is_said() {
    let bytes = safejax::to_bytes(&Permuted { x: counted() }).unwrap();
    let stored = Checkpoint::from_bytes(&bytes).unwrap().tensor("x").unwrap();
    assert_eq!(stored, Tensor::from_array(&counted().permuted_axes([2, 0, 1])));
    assert_eq!(stored.shape(), [4, 2, 3]);
}

#[test]
fn permuted_axes_come_back_in_c_order() {
    let bytes = safejax::to_bytes(&Permuted { x: counted() }).unwrap();
    let Permuted { x } = safejax::from_bytes::<Permuted<Array3<i32>>>(&bytes).unwrap();
    assert!(x.is_standard_layout());
    assert_eq!(x, counted());
    let Permuted { x } = safejax::from_bytes::<Permuted<Tensor>>(&bytes).unwrap();
    assert_eq!(x, Tensor::from(counted()));
    // Converted as well.
    let Permuted { x } = safejax::from_bytes::<Permuted<Array3<f64>>>(&bytes).unwrap();
    assert_eq!(x, counted().mapv(f64::from));
    let Permuted { x } = safejax::from_bytes::<Permuted<Vec<[[i32; 4]; 3]>>>(&bytes).unwrap();
    assert_eq!(
        x,
        [[[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]], [[12, 13, 14, 15], [16, 17, 18, 19], [20, 21, 22, 23]]]
    );
}

#[test]
fn every_kind_of_field_permutes_alike() {
    let expected = safejax::to_bytes(&Permuted { x: counted() }).unwrap();
    let tensor = Tensor::from(counted());
    assert_eq!(safejax::to_bytes(&Permuted { x: tensor.view() }).unwrap(), expected);
    assert_eq!(safejax::to_bytes(&Permuted { x: tensor }).unwrap(), expected);
    let rows: Vec<[[i32; 4]; 3]> =
        counted().outer_iter().map(|plane| std::array::from_fn(|i| std::array::from_fn(|j| plane[[i, j]]))).collect();
    assert_eq!(safejax::to_bytes(&Permuted { x: rows }).unwrap(), expected);
}

#[test]
fn permuting_wants_as_many_axes() {
    let error = safejax::to_bytes(&Permuted { x: array![[1u8]] }).unwrap_err().to_string();
    assert_eq!(error, "`x`: expected the 3 axes that `x` is permuted by, found shape [1, 1]");
    let error = safejax::from_bytes::<Permuted<Array2<u8>>>(&zeros(Dtype::U8, &[1, 1])).unwrap_err().to_string();
    assert_eq!(error, "`x`: expected the 3 axes that `x` is permuted by, found shape [1, 1]");
}

#[test]
fn elements_that_share_bytes_cannot_be_permuted() {
    let x = Tensor::new(Dtype::F4, vec![2, 2, 2], vec![0; 4]).unwrap();
    let error = safejax::to_bytes(&Permuted { x: x.clone() }).unwrap_err().to_string();
    assert!(error.contains("the axes of a tensor of dtype F4 cannot be put in another order"), "{error}");
    assert!(safejax::from_bytes::<Permuted<Tensor>>(&file(&x)).is_err());
}

#[test]
fn an_empty_axis_may_stand_anywhere() {
    let bytes = safejax::to_bytes(&Permuted { x: Array3::<f32>::zeros((3, 2, 0)) }).unwrap();
    assert_eq!(safejax::from_bytes::<Permuted<Array3<f32>>>(&bytes).unwrap().x.shape(), [3, 2, 0]);
    // Axes whose product overflows unless the empty one comes first.
    let bytes = zeros(Dtype::U8, &[0, usize::MAX, usize::MAX]);
    assert!(safejax::from_bytes::<Permuted<Array3<u8>>>(&bytes).is_err());
    assert!(safejax::from_bytes::<Permuted<Tensor>>(&bytes).is_err());
    assert!(safejax::from_bytes::<Permuted<Vec<[[u8; 0]; 2]>>>(&bytes).is_err());
}

#[derive(safejax::Serialize, safejax::Deserialize, Debug, PartialEq)]
struct Transposed<T> {
    #[tensor(transpose)]
    x: T,
}

#[test]
fn a_view_of_transposed_axes_borrows_and_a_slice_does_not() {
    let bytes = safejax::to_bytes(&Transposed { x: array![[1u8, 2, 3], [4, 5, 6]] }).unwrap();
    let Transposed { x } = safejax::from_bytes::<Transposed<ArrayView2<'_, u8>>>(&bytes).unwrap();
    assert_eq!(x, array![[1, 2, 3], [4, 5, 6]]);
    assert!(bytes.as_ptr_range().contains(&x.as_ptr()));
    let Transposed { x } = safejax::from_bytes::<Transposed<CowArray<'_, u8, Ix2>>>(&bytes).unwrap();
    assert!(x.is_view());
    assert_eq!(x, array![[1, 2, 3], [4, 5, 6]]);
    let error = safejax::from_bytes::<Transposed<&[[u8; 3]]>>(&bytes).unwrap_err().to_string();
    assert!(error.contains("the axes are stored in another order"), "{error}");
}

#[derive(safejax::Serialize, safejax::Deserialize, Debug, PartialEq)]
struct Narrow<T> {
    #[tensor(dtype = "BF16", transpose)]
    x: T,
}

#[test]
fn another_dtype_in_the_file_is_converted_both_ways() {
    let x = array![[1f32, 2.0], [0.1, 4.0]];
    let bytes = safejax::to_bytes(&Narrow { x: x.clone() }).unwrap();
    let stored = Checkpoint::from_bytes(&bytes).unwrap().tensor("x").unwrap();
    assert_eq!(stored, Tensor::from_array(&x.t().mapv(bf16::from_f32)));
    let loaded = safejax::from_bytes::<Narrow<Array2<f32>>>(&bytes).unwrap().x;
    assert_eq!(loaded, x.mapv(|x| bf16::from_f32(x).to_f32()));
    // Narrower than in the file, as the attribute says.
    let loaded = safejax::from_bytes::<Narrow<Array2<i8>>>(&bytes).unwrap().x;
    assert_eq!(loaded, array![[1, 2], [0, 4]]);
}

#[test]
fn a_dtype_that_elements_do_not_convert_to_is_refused() {
    #[derive(safejax::Serialize)]
    struct Odd {
        #[tensor(dtype = "F32")]
        x: Array1<Complex<f32>>,
    }
    let error = safejax::to_bytes(&Odd { x: array![Complex::ONE] }).unwrap_err().to_string();
    assert_eq!(error, "`x`: expected dtype F32, found dtype C64");
}
