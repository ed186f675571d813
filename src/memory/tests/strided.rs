//! Arrays at any strides, copied as iteration goes.

use ndarray::{
    Array, ArrayBase, ArrayD, ArrayView, Axis, Data, Dimension, Ix0, Ix1, Ix2, Ix3, Ix4, Ix5, Ix6, IxDyn, ShapeBuilder,
    Slice,
};
use proptest::prelude::*;

use super::super::*;
use super::{each_layout, expected, sample, written};

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
