//! What the tests of several rooms start from.

mod axes;
mod elements;
mod fill;
mod known;
mod recognise;
mod strided;

use ndarray::{Array, ArrayBase, ArrayView, Axis, Data, Dimension, IntoDimension, ShapeBuilder, Slice};

use super::*;
use crate::Dtype;

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
