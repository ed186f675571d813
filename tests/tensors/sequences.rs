//! Scalars, slices, `Vec`s, arrays, and arrays in these.

use half::{bf16, f16};
use num_complex::Complex;
use safejax::{Casts, Checkpoint, Dtype, Options, Tensor};

use crate::{Field, assert_round_trip, file, load, refusal, stored, zeros};

#[test]
fn every_scalar_is_a_tensor_without_axes() {
    macro_rules! check {
        ($($value:expr => $dtype:ident),* $(,)?) => { $(
            let tensor = stored($value);
            assert_eq!((tensor.dtype(), tensor.shape()), (Dtype::$dtype, [].as_slice()));
            assert_round_trip($value);
        )* };
    }
    check! {
        true => BOOL, 1u8 => U8, -1i8 => I8, 2u16 => U16, -2i16 => I16, 3u32 => U32, -3i32 => I32, 4u64 => U64,
        -4i64 => I64, 5usize => U64, -5isize => I64, 0.5f32 => F32, 0.25f64 => F64, f16::ONE => F16,
        bf16::ONE => BF16, Complex::new(1f32, 2.0) => C64,
    }
}

#[test]
fn a_scalar_loads_from_a_tensor_without_axes_alone() {
    assert_eq!(refusal::<f32>(&zeros(Dtype::F32, &[1])), "`x`: expected a tensor without axes, found shape [1]");
}

#[test]
fn a_scalar_widens_and_refuses_what_would_lose() {
    let bytes = file(&Tensor::from(ndarray::arr0(7i32)));
    assert_eq!(load::<i64>(&bytes).unwrap(), 7);
    assert!(load::<i16>(&bytes).is_err());
    assert_eq!(Options::new().casts(Casts::Lossy).from_bytes::<Field<i16>>(&bytes).unwrap().x, 7);
}

#[test]
fn a_vec_has_one_axis() {
    let tensor = stored(vec![1u16, 2, 3]);
    assert_eq!((tensor.dtype(), tensor.shape()), (Dtype::U16, [3].as_slice()));
    assert_eq!(tensor.bytes(), [1, 0, 2, 0, 3, 0]);
    assert_round_trip(vec![1u16, 2, 3]);
    assert_round_trip(vec![true, false]);
}

#[test]
fn a_vec_refuses_other_numbers_of_axes() {
    assert_eq!(refusal::<Vec<f32>>(&zeros(Dtype::F32, &[])), "`x`: expected a tensor of 1 axis, found shape []");
    assert_eq!(
        refusal::<Vec<f32>>(&zeros(Dtype::F32, &[2, 3])),
        "`x`: expected a tensor of 1 axis, found shape [2, 3]"
    );
}

#[test]
fn a_boxed_slice_has_one_axis() {
    assert_eq!(stored::<Box<[i8]>>([1, 2].into()).shape(), [2]);
    assert_round_trip::<Box<[i8]>>([1, 2].into());
}

#[test]
fn an_array_has_one_axis_of_its_length() {
    assert_eq!(stored([1u8, 2, 3]).shape(), [3]);
    assert_round_trip([1u8, 2, 3]);
    assert_round_trip([0.5f32; 100]);
    assert_round_trip([0f64; 0]);
}

#[test]
fn an_array_refuses_another_length() {
    assert_eq!(refusal::<[f32; 3]>(&zeros(Dtype::F32, &[2])), "`x`: expected a tensor of shape [3], found shape [2]");
}

#[test]
fn nested_arrays_have_an_axis_for_each_level_in_c_order() {
    let tensor = stored([[1u8, 2, 3], [4, 5, 6]]);
    assert_eq!((tensor.shape(), tensor.bytes()), ([2, 3].as_slice(), [1, 2, 3, 4, 5, 6].as_slice()));
    assert_round_trip([[1u8, 2, 3], [4, 5, 6]]);
    assert_eq!(stored([[[[1i64; 2]; 3]; 4]; 5]).shape(), [5, 4, 3, 2]);
    assert_round_trip([[[[1i64; 2]; 3]; 4]; 5]);
}

#[test]
fn vecs_and_boxes_of_arrays_have_an_axis_more() {
    assert_eq!(stored(vec![[1u8, 2], [3, 4], [5, 6]]).shape(), [3, 2]);
    assert_round_trip(vec![[1u8, 2], [3, 4], [5, 6]]);
    assert_round_trip(vec![[[bf16::ONE; 2]; 3]; 4]);
    assert_round_trip::<Box<[[f32; 3]]>>([[1.0, 2.0, 3.0]].into());
    assert_round_trip(vec![[true, false], [false, true]]);
}

#[test]
fn rows_refuse_another_shape() {
    let bytes = zeros(Dtype::F32, &[4, 2]);
    assert_eq!(refusal::<Vec<[f32; 3]>>(&bytes), "`x`: expected a tensor of shape [_, 3], found shape [4, 2]");
    assert_eq!(refusal::<[[f32; 3]; 4]>(&bytes), "`x`: expected a tensor of shape [4, 3], found shape [4, 2]");
    assert!(load::<Vec<[f32; 8]>>(&bytes).is_err());
}

#[test]
fn rows_convert_as_single_elements_do() {
    let bytes = file(&Tensor::new(Dtype::U8, vec![2, 2], vec![1, 2, 3, 4]).unwrap());
    assert_eq!(load::<Vec<[f32; 2]>>(&bytes).unwrap(), [[1.0, 2.0], [3.0, 4.0]]);
    assert_eq!(load::<[[i16; 2]; 2]>(&bytes).unwrap(), [[1, 2], [3, 4]]);
    assert!(load::<Vec<[bool; 2]>>(&bytes).is_err());
}

#[test]
fn rows_without_elements_keep_their_number() {
    let rows = vec![[0f32; 0]; 5];
    assert_eq!(stored(rows.clone()).shape(), [5, 0]);
    assert_round_trip(rows);
    assert_round_trip(Vec::<[f32; 3]>::new());
    assert_round_trip([[[0u8; 3]; 0]; 2]);
    let bytes = zeros(Dtype::F32, &[5, 0]);
    let slice: &[[f32; 0]] = safejax::from_bytes::<Field<_>>(&bytes).unwrap().x;
    assert_eq!(slice.len(), 5);
}

#[test]
fn a_bool_that_is_neither_0_nor_1_is_refused_in_every_sequence() {
    let mut bytes = zeros(Dtype::BOOL, &[2, 2]);
    *bytes.last_mut().unwrap() = 2;
    for refusal in [refusal::<Vec<[bool; 2]>>(&bytes), refusal::<[[bool; 2]; 2]>(&bytes)] {
        assert_eq!(refusal, "`x`: expected BOOL bytes of 0 or 1, found 2 at index 3");
    }
    assert!(load::<Box<[[bool; 2]; 2]>>(&bytes).is_err());
    assert!(safejax::from_bytes::<Field<&[[bool; 2]]>>(&bytes).is_err());
    assert!(safejax::from_bytes::<Field<std::borrow::Cow<'_, [[bool; 2]]>>>(&bytes).is_err());
}

#[test]
fn a_large_array_in_a_box_does_not_pass_over_the_stack() {
    type Large = Box<[[f32; 1024]; 2048]>;
    let bytes = zeros(Dtype::F32, &[2048, 1024]);
    // 8 MiB, twice what this thread has.
    let thread = std::thread::Builder::new().stack_size(4 << 20);
    let sum = thread.spawn(move || load::<Large>(&bytes).map(|large| large.as_flattened().len())).unwrap();
    assert_eq!(sum.join().unwrap().unwrap(), 2048 * 1024);
}

#[test]
fn a_slice_saves_as_a_vec_does() {
    #[derive(safejax::Serialize)]
    struct Slices<'a> {
        #[tensor]
        one: &'a [f32],
        #[tensor]
        two: &'a [[f32; 2]],
    }
    let bytes = safejax::to_bytes(&Slices { one: &[1.0], two: &[[2.0, 3.0]] }).unwrap();
    let checkpoint = Checkpoint::from_bytes(&bytes).unwrap();
    assert_eq!(checkpoint.tensor("one").unwrap().shape(), [1]);
    assert_eq!(checkpoint.tensor("two").unwrap().to_vec::<f32>().unwrap(), [2.0, 3.0]);
}

#[test]
fn elements_of_generic_types_are_tensors() {
    #[derive(safejax::Serialize, safejax::Deserialize, Debug, PartialEq)]
    #[serde(bound = "E: safejax::Element")]
    struct Layer<E> {
        #[tensor]
        weight: Vec<[E; 2]>,
        #[tensor]
        scale: E,
    }
    let layer = Layer { weight: vec![[1u32, 2]], scale: 3 };
    assert_eq!(safejax::from_bytes::<Layer<u32>>(&safejax::to_bytes(&layer).unwrap()).unwrap(), layer);
}
