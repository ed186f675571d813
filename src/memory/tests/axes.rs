//! Axes in another order, values that are arrays, and elements at strides in bytes.

use ndarray::{Array3, ArrayD, IxDyn};

use super::super::*;
use crate::Dtype;

fn counted() -> Array3<u16> {
    Array3::from_shape_vec((2, 3, 4), (0..24).collect()).unwrap()
}

#[test]
fn permuted_elements_are_those_of_ndarray() {
    let array = counted();
    for axes in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let expected = array.view().permuted_axes(axes);
        let fortran = array.view().reversed_axes().to_owned().reversed_axes();
        for strided in [
            Strided::of_array(&array),
            Strided::of_array(&fortran),
            Strided::contiguous(Dtype::U16, &[2, 3, 4], bytes_of(array.as_slice().unwrap())),
        ] {
            let (shape, bytes) =
                strided.permuted(&axes, |s| Ok((s.shape().to_vec(), s.to_bytes()?.into_owned()))).unwrap();
            assert_eq!(shape, expected.shape());
            assert_eq!(bytes, Strided::of_array(&expected).to_vec());
        }
    }
}

#[test]
fn elements_that_are_not_aligned_are_permuted_alike() {
    let array = counted();
    let mut bytes = vec![0];
    bytes.extend(bytes_of(array.as_slice().unwrap()));
    let strided = Strided::contiguous(Dtype::U16, &[2, 3, 4], &bytes[1..]);
    let permuted = strided.permuted(&[2, 0, 1], |s| Ok(s.to_vec())).unwrap();
    assert_eq!(permuted, Strided::of_array(&array.permuted_axes([2, 0, 1])).to_vec());
}

#[test]
fn what_is_no_permutation_is_refused() {
    let array = counted();
    for axes in [&[0, 1][..], &[0, 1, 1], &[0, 1, 3], &[0, 1, 2, 3], &[]] {
        assert!(Strided::of_array(&array).permuted(axes, |_| Ok(())).is_err(), "{axes:?}");
    }
}

#[test]
fn elements_that_share_bytes_or_are_not_all_there_are_not_permuted() {
    assert!(Strided::contiguous(Dtype::F4, &[2, 2], &[0; 2]).permuted(&[1, 0], |_| Ok(())).is_err());
    assert!(Strided::contiguous(Dtype::U8, &[2, 2], &[0; 3]).permuted(&[1, 0], |_| Ok(())).is_err());
}

#[test]
fn empty_axes_are_permuted_without_a_look_at_the_others() {
    let shape = [0, usize::MAX, usize::MAX];
    let permuted = Strided::contiguous(Dtype::U8, &shape, &[]).permuted(&[2, 1, 0], |s| Ok(s.to_vec())).unwrap();
    assert!(permuted.is_empty());
}

#[test]
fn elements_at_strides_must_lie_within_the_bytes() {
    let bytes: Vec<u8> = (0..24).collect();
    let strided = Strided::in_bytes(Dtype::U8, &[2, 3], &[12, 4], &bytes).unwrap();
    assert_eq!(strided.to_vec(), [0, 4, 8, 12, 16, 20]);
    let broadcast = Strided::in_bytes(Dtype::U16, &[3, 2], &[0, 1], &bytes[..4]).unwrap();
    assert_eq!(broadcast.to_vec(), [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]);
    // One byte too few, a stride backwards, one that overflows, and one that is missing.
    assert!(Strided::in_bytes(Dtype::U8, &[2, 3], &[12, 4], &bytes[..20]).is_err());
    assert!(Strided::in_bytes(Dtype::U8, &[2], &[-1], &bytes).is_err());
    assert!(Strided::in_bytes(Dtype::U8, &[3], &[isize::MAX], &bytes).is_err());
    assert!(Strided::in_bytes(Dtype::U8, &[2, 3], &[1], &bytes).is_err());
    assert!(Strided::in_bytes(Dtype::F4, &[2], &[1], &bytes).is_err());
    assert!(Strided::in_bytes(Dtype::U8, &[0, 9], &[100, 100], &[]).unwrap().to_vec().is_empty());
    assert!(Strided::in_bytes(Dtype::U8, &[], &[], &[]).is_err());
}

#[test]
fn values_may_be_arrays() {
    let bytes = [1u8, 0, 2, 0, 3, 0, 4, 0];
    assert_eq!(read_vec::<[u16; 2]>(2, |region| copy_into(region, &bytes)).unwrap(), [[1, 2], [3, 4]]);
    assert_eq!(read_value::<[[u16; 2]; 2]>(|region| copy_into(region, &bytes)).unwrap(), [[1, 2], [3, 4]]);
    assert!(read_vec::<[u16; 2]>(3, |region| copy_into(region, &bytes)).is_err());
    assert!(read_value::<[u16; 3]>(|region| copy_into(region, &bytes)).is_err());
    assert!(read_value::<[bool; 2]>(|region| copy_into(region, &[1, 2])).is_err());
    assert_eq!(read_vec::<[u16; 0]>(3, |region| copy_into(region, &[])).unwrap(), [[0u16; 0]; 3]);
}

#[test]
fn borrowed_values_are_counted_and_checked() {
    let elements = [1u16, 2, 3, 4];
    assert_eq!(borrow_values::<[u16; 2]>(bytes_of(&elements), 2).unwrap(), [[1, 2], [3, 4]]);
    assert!(borrow_values::<[u16; 2]>(bytes_of(&elements), 1).is_err());
    assert!(borrow_values::<[u16; 2]>(bytes_of(&elements), usize::MAX).is_err());
    assert!(borrow_values::<[u16; 2]>(&bytes_of(&elements)[1..5], 1).is_err());
    assert_eq!(borrow_values::<[u16; 0]>(&[], 3).unwrap().len(), 3);
    assert_eq!(borrow_values::<u64>(&[], 0).unwrap().len(), 0);
    assert!(borrow_values::<[bool; 2]>(&[0, 1, 1, 2], 2).is_err());
}

#[test]
fn an_array_of_any_rank_gives_its_bytes_where_they_are_or_copied() {
    let array = ArrayD::from_shape_vec(IxDyn(&[2, 2]), vec![1u8, 2, 3, 4]).unwrap();
    assert!(matches!(Strided::of_array(&array).to_bytes().unwrap(), std::borrow::Cow::Borrowed([1, 2, 3, 4])));
    let transposed = array.t();
    assert!(
        matches!(Strided::of_array(&transposed).to_bytes().unwrap(), std::borrow::Cow::Owned(bytes) if bytes == [1, 3, 2, 4])
    );
}

#[test]
fn a_broadcast_array_beyond_memory_is_an_error() {
    let one = ndarray::arr0(1u64);
    let endless = one.broadcast(IxDyn(&[usize::MAX >> 8, 8])).unwrap();
    assert!(Strided::of_array(&endless).to_bytes().is_err());
}
