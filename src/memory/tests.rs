mod axes;
mod known;

use std::any::type_name;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::sync::Arc;

use ndarray::{
    Array, ArrayBase, ArrayD, ArrayView, Axis, CowArray, Data, Dimension, IntoDimension, ShapeBuilder, Slice,
};
use ndarray::{Ix0, Ix1, Ix2, Ix3, Ix4, Ix5, Ix6, IxDyn};
use proptest::prelude::*;

use super::*;
use crate::element::ElementKind;
use crate::{Dtype, Tensor};

fn sample<E: Element>(count: usize) -> Vec<E> {
    let byte = |i: usize| {
        if E::DTYPE == Dtype::BOOL { (i * 7 / 3 % 2) as u8 } else { (i * 37 + i / 251) as u8 }
    };
    elements((0..count * size_of::<E>()).map(byte).collect::<Vec<_>>().as_slice()).unwrap().collect()
}

/// The bytes by plain iteration.
fn expected<S: Data<Elem: Element>, D: Dimension>(array: &ArrayBase<S, D>) -> Vec<u8> {
    array.iter().flat_map(|element| bytes_of(slice::from_ref(element)).to_vec()).collect()
}

fn written(strided: &Strided<'_>) -> Vec<u8> {
    let len = strided.len_bytes().unwrap();
    read_vec(len, |region| strided.write_to(region)).unwrap()
}

fn check_strided<S: Data<Elem: Element>, D: Dimension>(array: &ArrayBase<S, D>) {
    let strided = Strided::of_array(array);
    let expected = expected(array);
    assert_eq!(strided.dtype(), S::Elem::DTYPE);
    assert_eq!(strided.shape(), array.shape());
    assert_eq!(strided.len_bytes(), Some(expected.len()));
    assert_eq!(strided.is_contiguous().is_some(), array.is_standard_layout() || array.is_empty());
    assert_eq!(written(&strided), expected, "{:?} {:?}", array.shape(), array.strides());
    assert_eq!(strided.to_vec(), expected);
    for buffer_len in [0, 1, 7, 24, 100, 1 << 20] {
        let (mut chunks, mut count) = (Vec::new(), 0);
        strided
            .for_each_chunk(buffer_len, |chunk| {
                let room = buffer_len.max(size_of::<S::Elem>());
                assert!(strided.is_contiguous().is_some() || (!chunk.is_empty() && chunk.len() <= room.max(8)));
                chunks.extend_from_slice(chunk);
                count += 1;
                Ok(())
            })
            .unwrap();
        assert_eq!(chunks, expected);
        assert!(count == 1 || (strided.is_contiguous().is_none() && buffer_len < expected.len()));
    }
}

/// Calls `f` with an array of `D` in every layout that there is.
fn each_layout<E: Element, D: Dimension>(f: impl Fn(&ArrayView<'_, E, D>)) {
    let ndim = D::NDIM.unwrap_or(3);
    let shape = D::from_dimension(&[3, 4, 2, 3, 1, 2][..ndim].into_dimension()).unwrap();
    let c = Array::from_shape_vec(shape.clone(), sample::<E>(shape.size())).unwrap();
    let fortran = Array::from_shape_vec(shape.clone().f(), sample::<E>(shape.size())).unwrap();
    let empty = |axis: usize| {
        let mut shape = shape.clone();
        if let Some(len) = shape.as_array_view_mut().get_mut(axis) {
            *len = 0;
        }
        Array::from_shape_vec(shape.clone(), sample::<E>(shape.size())).unwrap()
    };
    f(&c.view());
    f(&fortran.view());
    f(&empty(0).view());
    f(&empty(ndim.saturating_sub(1)).view());
    for array in [&c, &fortran] {
        f(&array.view().reversed_axes());
        f(&array.slice_each_axis(|axis| Slice::new(isize::from(axis.len > 1), None, 1)));
        f(&array.slice_each_axis(|axis| Slice::new(0, None, if axis.len > 2 { 2 } else { 1 })));
        f(&array.slice_each_axis(|_| Slice::new(0, None, -1)));
        f(&array.slice_each_axis(|_| Slice::new(0, None, -2)));
        f(&array.slice_each_axis(|_| Slice::new(0, Some(0), 1)));
        for axis in 0..ndim {
            let mut view = array.view();
            view.invert_axis(Axis(axis));
            f(&view);
            view.swap_axes(0, axis);
            f(&view);
            // One index of the axis, seen again and again, as a broadcast array.
            let one = array.slice_each_axis(|each| Slice::new(0, (each.axis.index() == axis).then_some(1), 1));
            let mut wide = one.raw_dim();
            wide.as_array_view_mut()[axis] = 5;
            f(&one.broadcast(wide).unwrap());
        }
    }
}

#[test]
fn every_element_dimension_and_layout_is_copied_as_iteration_goes() {
    macro_rules! of_element {
        ($(($element:ty, $kind:ident, $dtype:ident))*) => { $(of_dimension!($element, Ix0 Ix1 Ix2 Ix3 Ix4 Ix5 Ix6 IxDyn);)* };
    }
    macro_rules! of_dimension {
        ($element:ty, $($dim:ident)*) => { $(each_layout::<$element, $dim>(|array| check_strided(array));)* };
    }
    for_each_element!(of_element);
}

#[test]
fn blocks_are_copied_whole_and_in_part() {
    for (rows, columns) in [(31, 33), (64, 64), (130, 65), (100, 3), (2, 200)] {
        let array = Array::from_shape_vec((rows, columns).f(), sample::<u16>(rows * columns)).unwrap();
        check_strided(&array);
        check_strided(&array.slice(ndarray::s![..;-1, ..;2]));
    }
    let cube = Array::from_shape_vec((33, 5, 40).f(), sample::<f64>(33 * 5 * 40)).unwrap();
    check_strided(&cube);
    check_strided(&cube.view().permuted_axes([1, 0, 2]));
    check_strided(&cube.view().permuted_axes([0, 2, 1]));
}

#[test]
fn axes_of_length_one_do_not_matter() {
    let array = Array::from_shape_vec((4, 6), sample::<f32>(24)).unwrap();
    let mut view = array.view().into_dyn();
    for axis in [0, 2, 4] {
        view = view.insert_axis(Axis(axis));
    }
    assert!(Strided::of_array(&view).is_contiguous().is_some());
    check_strided(&view);
    view.slice_axis_inplace(Axis(3), Slice::new(0, None, 2));
    check_strided(&view);
    check_strided(&ArrayView::from_shape(IxDyn(&[1; 40]), &[7u8]).unwrap());
}

#[test]
fn a_broadcast_array_beyond_all_memory_is_an_error() {
    let one = ndarray::arr1(&[1f64]);
    let wide = one.broadcast([isize::MAX as usize]).unwrap();
    let strided = Strided::of_array(&wide);
    assert_eq!(strided.len_bytes(), None);
    assert!(strided.write_to(&mut []).is_err());
    assert!(strided.for_each_chunk(64, |_| Ok(())).is_err());
}

#[test]
fn a_region_of_another_length_is_refused() {
    let array = Array::from_shape_vec((4, 6), sample::<f32>(24)).unwrap();
    for strided in [Strided::of_array(&array), Strided::of_array(&array.t())] {
        for len in [0, 95, 97] {
            assert!(read_vec::<u8>(len, |region| strided.write_to(region)).is_err());
        }
    }
}

#[test]
fn an_error_of_the_writer_stops_the_chunks() {
    let array = Array::from_shape_vec((4, 6).f(), sample::<f32>(24)).unwrap();
    let mut calls = 0;
    let stopped = Strided::of_array(&array).for_each_chunk(8, |_| {
        calls += 1;
        if calls == 3 { Err(Error::unsupported("enough")) } else { Ok(()) }
    });
    assert!(stopped.is_err());
    assert_eq!(calls, 3);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 200 } else { 2000 }))]
    #[test]
    fn any_view_is_copied_as_iteration_goes(
        shape in prop::collection::vec(0usize..9, 0..5),
        fortran: bool,
        cuts in prop::collection::vec((0usize..4, 0usize..4, -3isize..4), 5),
        swaps in prop::collection::vec((0usize..5, 0usize..5), 0..4),
    ) {
        let count = shape.iter().product();
        let array = ArrayD::from_shape_vec(IxDyn(&shape).set_f(fortran), sample::<i16>(count)).unwrap();
        let mut view = array.view();
        for (axis, &(start, end, step)) in cuts.iter().enumerate().take(shape.len()) {
            let len = shape[axis];
            let start = start.min(len);
            let end = len - end.min(len - start);
            let step = if step == 0 { 1 } else { step };
            view.slice_axis_inplace(Axis(axis), Slice::new(start as isize, Some(end as isize), step));
        }
        for (a, b) in swaps {
            if a < shape.len() && b < shape.len() {
                view.swap_axes(a, b);
            }
        }
        check_strided(&view);
        let mut wide = vec![2];
        wide.extend(view.shape());
        check_strided(&view.broadcast(IxDyn(&wide)).unwrap());
    }
}

fn check_recognised<T: ?Sized>(value: &T, dtype: Dtype, shape: &[usize], bytes: &[u8]) {
    let strided =
        Recogniser::default().recognise(value).unwrap_or_else(|| panic!("{} is not recognised", type_name::<T>()));
    assert_eq!((strided.dtype(), strided.shape()), (dtype, shape));
    assert_eq!(written(&strided), bytes);
}

fn check_held<T>(value: T, dtype: Dtype, shape: &[usize], bytes: &[u8]) {
    check_recognised(&value, dtype, shape, bytes);
    check_recognised(&&value, dtype, shape, bytes);
    let boxed = Box::new(value);
    check_recognised(&boxed, dtype, shape, bytes);
    check_recognised(&Arc::new(*boxed), dtype, shape, bytes);
}

#[test]
fn every_row_of_the_table_is_recognised() {
    fn check<E: Element, D: Dimension + 'static>() {
        each_layout::<E, D>(|view| {
            let (shape, bytes) = (view.shape(), expected(view));
            let owned = view.to_owned();
            check_held(CowArray::from(owned.view()), E::DTYPE, shape, &bytes);
            check_held(CowArray::from(owned.clone()), E::DTYPE, shape, &bytes);
            check_held(owned.to_shared(), E::DTYPE, shape, &bytes);
            check_held(owned, E::DTYPE, shape, &bytes);
            check_held(view.view(), E::DTYPE, shape, &bytes);
        });
    }
    macro_rules! of_element {
        ($(($element:ty, $kind:ident, $dtype:ident))*) => { $(of_dimension!($element, Ix0 Ix1 Ix2 Ix3 Ix4 Ix5 Ix6 IxDyn);)* };
    }
    macro_rules! of_dimension {
        ($element:ty, $($dim:ident)*) => { $(check::<$element, $dim>();)* };
    }
    for_each_element!(of_element);
}

#[test]
fn tensors_are_recognised() {
    let tensor = Tensor::new(Dtype::F4, vec![2, 2], vec![1, 2]).unwrap();
    check_held(tensor.clone(), Dtype::F4, &[2, 2], &[1, 2]);
    check_held(tensor.view(), Dtype::F4, &[2, 2], &[1, 2]);
}

#[test]
fn nothing_else_is_recognised() {
    struct Wrapper<T>(T);
    let array = ndarray::arr1(&[1f32, 2.0]);
    assert!(Recogniser::default().recognise("text").is_none());
    assert!(Recogniser::default().recognise(&1u8).is_none());
    assert!(Recogniser::default().recognise(&1f64).is_none());
    assert!(Recogniser::default().recognise(&1u64).is_none());
    assert!(Recogniser::default().recognise(&()).is_none());
    assert!(Recogniser::default().recognise(&[1f32; 4]).is_none());
    assert!(Recogniser::default().recognise([1f32; 4].as_slice()).is_none());
    assert!(Recogniser::default().recognise(&vec![1f32]).is_none());
    assert!(Recogniser::default().recognise(&String::from("text")).is_none());
    assert!(Recogniser::default().recognise(&array.as_ptr()).is_none());
    assert!(Recogniser::default().recognise(&Some(array.clone())).is_none());
    assert!(Recogniser::default().recognise(&Box::new(Box::new(array.clone()))).is_none());
    assert!(Recogniser::default().recognise(&ndarray::arr1(&['a'])).is_none());
    assert!(Recogniser::default().recognise(&ndarray::arr1(&[1u128])).is_none());
    assert!(Recogniser::default().recognise(&ndarray::arr1(&[String::new()]).view()).is_none());
    assert!(Recogniser::default().recognise(&array.raw_view()).is_none());
    let (wrapped, plain) = (Wrapper(array.clone()), array);
    assert_eq!(size_of_val(&wrapped), size_of_val(&plain));
    assert!(Recogniser::default().recognise(&wrapped).is_none());
    assert!(Recogniser::default().recognise(&wrapped.0).is_some());
}

#[test]
fn what_was_recognised_before_does_not_matter() {
    let (singles, doubles) = (ndarray::arr1(&[1f32, 2.0]), ndarray::arr1(&[1f64, 2.0]));
    let mut recogniser = Recogniser::default();
    for _ in 0..2 {
        assert_eq!(recogniser.recognise(&singles).unwrap().dtype(), Dtype::F32);
        assert!(recogniser.recognise(&vec![1f64, 2.0]).is_none());
        assert_eq!(recogniser.recognise(&doubles).unwrap().dtype(), Dtype::F64);
        assert_eq!(written(&recogniser.recognise(&&doubles).unwrap()), expected(&doubles));
        assert!(recogniser.recognise(&String::from("text")).is_none());
        assert_eq!(written(&recogniser.recognise(&doubles.view()).unwrap()), expected(&doubles));
    }
}

#[test]
fn seeds_of_vectors_are_known_by_their_element() {
    assert_eq!(element_of_vec_seed::<PhantomData<Vec<u64>>>(), Some(ElementKind::U64));
    assert_eq!(element_of_vec_seed::<PhantomData<Vec<usize>>>(), Some(ElementKind::Usize));
    assert_eq!(element_of_vec_seed::<PhantomData<Vec<half::bf16>>>(), Some(ElementKind::Bf16));
    assert_eq!(element_of_vec_seed::<PhantomData<Vec<String>>>(), None);
    assert_eq!(element_of_vec_seed::<PhantomData<Vec<Vec<f32>>>>(), None);
    assert_eq!(element_of_vec_seed::<PhantomData<f32>>(), None);
    assert_eq!(element_of_vec_seed::<Vec<f32>>(), None);
    assert_eq!(element_of_vec_seed::<()>(), None);
}

#[test]
fn a_vec_is_put_where_one_of_its_type_belongs() {
    assert_eq!(vec_by::<Vec<u32>>(|place| place.put(vec![1u32, 2])).unwrap(), [1, 2]);
    assert!(vec_by::<Vec<i32>>(|place| place.put(vec![1u32, 2])).is_err());
    assert!(vec_by::<Vec<usize>>(|place| place.put(vec![1u64, 2])).is_err());
    assert!(vec_by::<Box<[u32]>>(|place| place.put(vec![1u32, 2])).is_err());
}

#[test]
fn a_place_without_a_vec_has_none() {
    assert!(vec_by::<Vec<u32>>(|_| Ok(())).is_err());
    assert!(vec_by::<Vec<u32>>(|_| Err(Error::unsupported("no"))).is_err());
    let after = vec_by::<Vec<u32>>(|place| place.put(vec![1u32]).and(Err(Error::unsupported("no"))));
    assert!(after.is_err());
    let twice = vec_by::<Vec<u32>>(|place| place.put(vec![1u32]).and_then(|()| place.put(vec![2u32])));
    assert!(twice.is_err());
}

#[test]
fn a_vec_is_filled_without_being_written_first() {
    let source = sample::<f32>(100);
    let read = read_vec::<f32>(100, |region| copy_into(region, bytes_of(&source))).unwrap();
    assert_eq!(bytes_of(&read), bytes_of(&source));
    assert_eq!(read.capacity(), 100);
    assert_eq!(read_vec::<f64>(0, |region| copy_into(region, &[])).unwrap(), Vec::<f64>::new());
    assert_eq!(read_vec::<i16>(3, |region| Ok(zeroed(region))).unwrap(), [0; 3]);
}

type Fill = for<'b> fn(&'b mut [MaybeUninit<u8>]) -> Result<&'b mut [u8]>;

/// What fills nothing, not all, or something else.
const CHEATS: [Fill; 6] = [
    |_| Ok(&mut []),
    |region| Ok(Box::leak(vec![1; region.len()].into_boxed_slice())),
    |region| Ok(zeroed(region.split_at_mut(4).0)),
    |region| Ok(zeroed(region.split_at_mut(4).1)),
    |region| Ok(&mut zeroed(region)[1..]),
    |_| Err(Error::unsupported("no")),
];

#[test]
fn memory_that_was_not_filled_never_counts() {
    for cheat in CHEATS {
        assert!(read_vec::<f32>(2, cheat).is_err());
        assert!(AlignedBytes::read(8, cheat).is_err());
        assert!(fill_in_parts(&mut [MaybeUninit::uninit(); 8], |_, _| Ok(Some(&mut []))).is_err());
        let mut region = Region::new([8, 8]).unwrap();
        assert!(region.put(1, cheat).is_err());
        // It may be tried again.
        region.put(1, |slot| copy_into(slot, &[1; 8])).unwrap();
        assert!(region.finish().is_err());
    }
}

#[test]
fn memory_that_there_is_not_is_an_error() {
    let never: Fill = |_| unreachable!();
    assert!(read_vec::<f64>(usize::MAX / 8, never).is_err());
    assert!(read_vec::<f64>(usize::MAX, never).is_err());
    assert!(AlignedBytes::read(usize::MAX, never).is_err());
    assert!(Region::new([usize::MAX]).is_err());
    assert!(Region::new([usize::MAX, 1]).is_err());
}

#[test]
fn a_bool_is_0_or_1() {
    let source = |index: usize| {
        let mut bytes = vec![1; 10_000];
        bytes[index] = 7;
        bytes
    };
    for index in [0, 4095, 4096, 9999] {
        let bytes = source(index);
        let error = read_vec::<bool>(10_000, |region| copy_into(region, &bytes)).unwrap_err();
        assert_eq!(error.to_string(), format!("expected BOOL bytes of 0 or 1, found 7 at index {index}"));
        assert!(borrow_slice::<bool>(&bytes).is_err());
        assert!(elements::<bool>(&bytes).is_err());
        assert!(element::<bool>(&bytes, index).is_err());
        assert_eq!(element::<bool>(&bytes, index ^ 1).unwrap(), Some(true));
    }
    assert_eq!(read_vec::<bool>(3, |region| copy_into(region, &[1, 0, 1])).unwrap(), [true, false, true]);
}

#[test]
fn a_region_is_filled_slot_by_slot_in_any_order() {
    let mut region = Region::new([3, 0, 2]).unwrap();
    region.put(2, |slot| copy_into(slot, &[4, 5])).unwrap();
    region.put(1, |slot| copy_into(slot, &[])).unwrap();
    assert!(region.put(2, |slot| copy_into(slot, &[6, 7])).is_err());
    assert!(region.put(3, |slot| copy_into(slot, &[])).is_err());
    assert!(region.put(usize::MAX, |slot| copy_into(slot, &[])).is_err());
    region.put(0, |slot| copy_into(slot, &[1, 2, 3])).unwrap();
    assert_eq!(region.finish().unwrap(), [1, 2, 3, 4, 5]);
    assert_eq!(Region::new([]).unwrap().finish().unwrap(), [0u8; 0]);
    let mut unfinished = Region::new([1, 0]).unwrap();
    unfinished.put(0, |slot| copy_into(slot, &[1])).unwrap();
    assert!(unfinished.finish().is_err());
}

#[test]
fn a_slot_is_filled_in_parts() {
    let mut region = Region::new([2, 4, 0, 2]).unwrap();
    region.append(1, &[3]).unwrap();
    region.append(1, &[4, 5]).unwrap();
    assert!(region.append(1, &[6, 7]).is_err(), "there is room for one byte");
    region.append(1, &[6]).unwrap();
    assert!(region.append(1, &[]).is_err(), "it is filled");
    region.append(2, &[]).unwrap();
    region.append(0, &[1]).unwrap();
    // The next one counts from the start of another slot, and so does the one after.
    region.append(3, &[7, 8]).unwrap();
    assert!(region.append(0, &[9, 9, 9]).is_err());
    region.append(0, &[1, 2]).unwrap();
    assert!(region.append(4, &[]).is_err());
    assert_eq!(region.finish().unwrap(), [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[test]
fn parts_of_a_slot_do_not_count_once_it_was_filled_otherwise() {
    let mut region = Region::new([4]).unwrap();
    region.append(0, &[1, 2, 3]).unwrap();
    // Whoever fills it may leave less behind than was there.
    let undone = region.put(0, |slot| {
        slot.fill(MaybeUninit::uninit());
        Err(Error::unsupported("no"))
    });
    assert!(undone.is_err());
    region.append(0, &[4]).unwrap();
    assert!(region.finish().is_err());
}

#[test]
fn parts_add_up() {
    let source: Vec<u8> = (0..100).collect();
    let read = read_vec::<u8>(100, |region| {
        fill_in_parts(region, |done, rest| {
            let len = rest.len().min(7);
            copy_into(rest.split_at_mut(len).0, &source[done..done + len]).map(Some)
        })
    });
    assert_eq!(read.unwrap(), source);
    let mut calls = Vec::new();
    let interrupted = read_vec::<u8>(100, |region| {
        fill_in_parts(region, |done, rest| {
            calls.push(done);
            // Nothing at every other call, as a read that a signal interrupts.
            let len = rest.len().min(50);
            let again = calls.len() % 2 == 1;
            if again { Ok(None) } else { copy_into(rest.split_at_mut(len).0, &source[done..done + len]).map(Some) }
        })
    });
    assert_eq!(interrupted.unwrap(), source);
    assert_eq!(calls, [0, 0, 50, 50]);
    let cut_short = read_vec::<u8>(100, |region| {
        fill_in_parts(region, |done, rest| match done {
            0 => copy_into(&mut rest[..9], &[0; 9]).map(Some),
            _ => Ok(Some(&mut [])),
        })
    });
    assert_eq!(cut_short.unwrap_err().to_string(), "the bytes end after 9 of 100");
}

#[test]
fn an_aligned_buffer_is_aligned() {
    for len in [0, 1, 64, 65, 1000] {
        let source = sample::<u8>(len);
        let buffer = AlignedBytes::read(len, |region| copy_into(region, &source)).unwrap();
        assert_eq!(*buffer, *source);
        assert!(buffer.as_ptr().addr().is_multiple_of(64));
    }
    fn shared<T: Send + Sync>() {}
    shared::<AlignedBytes>();
}

#[test]
fn a_slice_is_borrowed_where_it_is_aligned() {
    let buffer = AlignedBytes::read(64, |region| Ok(zeroed(region))).unwrap();
    assert_eq!(borrow_slice::<f64>(&buffer).unwrap(), [0.0; 8]);
    assert!(borrow_slice::<f64>(&buffer[..7]).is_err());
    assert!(borrow_slice::<f64>(&buffer[1..1]).unwrap().is_empty());
    assert_eq!(borrow_slice::<u8>(&buffer[1..3]).unwrap(), [0, 0]);
    let error = borrow_slice::<f32>(&buffer[1..5]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Borrow { .. }));
    assert!(error.to_string().contains("not aligned for f32: use Checkpoint::load"), "{error}");
}

#[test]
fn an_element_is_read_wherever_it_lies() {
    let bytes = [0, 1, 0, 2, 0, 3, 0];
    assert_eq!(element::<u16>(&bytes[1..], 2).unwrap(), Some(3));
    assert_eq!(element::<u16>(&bytes[1..], 3).unwrap(), None);
    assert_eq!(element::<u16>(&bytes, 3).unwrap(), None);
    assert_eq!(element::<u64>(&bytes, usize::MAX).unwrap(), None);
    assert_eq!(elements::<u16>(&bytes[1..]).unwrap().collect::<Vec<_>>(), [1, 2, 3]);
    assert!(elements::<u16>(&bytes).is_err());
}
