//! Arrays: every element, rank, layout and owner.

use std::collections::BTreeMap;
use std::sync::Arc;

use half::{bf16, f16};
use ndarray::{
    ArcArray, Array, ArrayD, ArrayView, Axis, CowArray, Dimension, IntoDimension, Ix0, Ix1, Ix2, Ix3, Ix4, Ix5, Ix6,
    IxDyn, ShapeBuilder, Slice,
};
use num_complex::Complex;
use safejax::Element;
use safetensors::SafeTensors;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Field<T> {
    value: T,
}

/// An element that can be made of a number, and seen as its bytes.
trait Sample: Element + PartialEq + std::fmt::Debug {
    fn sample(n: usize) -> Self;
    fn bytes(self) -> Vec<u8>;
}

macro_rules! samples {
    ($($element:ty: $n:ident => $sample:expr, $value:ident => $bytes:expr;)*) => { $(
        impl Sample for $element {
            fn sample($n: usize) -> Self {
                $sample
            }
            fn bytes(self) -> Vec<u8> {
                let $value = self;
                $bytes
            }
        }
    )* };
}

samples! {
    bool: n => n.is_multiple_of(3), x => vec![u8::from(x)];
    u8: n => n as u8, x => x.to_le_bytes().to_vec();
    i8: n => (n as i8).wrapping_neg(), x => x.to_le_bytes().to_vec();
    u16: n => u16::MAX - n as u16, x => x.to_le_bytes().to_vec();
    i16: n => i16::MIN + n as i16, x => x.to_le_bytes().to_vec();
    u32: n => u32::MAX - n as u32, x => x.to_le_bytes().to_vec();
    i32: n => i32::MIN + n as i32, x => x.to_le_bytes().to_vec();
    u64: n => u64::MAX - n as u64, x => x.to_le_bytes().to_vec();
    i64: n => i64::MIN + n as i64, x => x.to_le_bytes().to_vec();
    usize: n => usize::MAX - n, x => x.to_le_bytes().to_vec();
    isize: n => isize::MIN + n as isize, x => x.to_le_bytes().to_vec();
    f32: n => n as f32 + 0.1, x => x.to_le_bytes().to_vec();
    f64: n => n as f64 + 0.1, x => x.to_le_bytes().to_vec();
    f16: n => f16::from_f32(n as f32 / 4.0), x => x.to_le_bytes().to_vec();
    bf16: n => bf16::from_f32(n as f32 / 2.0), x => x.to_le_bytes().to_vec();
    Complex<f32>: n => Complex::new(n as f32, -0.5), x => [x.re.to_le_bytes(), x.im.to_le_bytes()].concat();
}

/// An array of that shape, in C order.
fn filled<E: Sample, D: Dimension>(shape: impl IntoDimension<Dim = D>) -> Array<E, D> {
    let shape = shape.into_dimension();
    let elements = (0..shape.size()).map(E::sample).collect();
    Array::from_shape_vec(shape, elements).unwrap()
}

/// Whether a file of this one value is what the safetensors crate makes of the array's elements, and
/// the bytes of the file.
#[track_caller]
fn saved_as<E: Sample, D: Dimension>(value: &impl Serialize, array: &Array<E, D>) -> Vec<u8> {
    let bytes = safejax::to_bytes(&Field { value }).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let tensor = tensors.tensor("value").unwrap();
    let elements: Vec<u8> = array.iter().flat_map(|element| element.bytes()).collect();
    assert_eq!(tensor.dtype(), safetensors::Dtype::from(E::DTYPE));
    assert_eq!((tensor.shape(), tensor.data()), (array.shape(), elements.as_slice()));
    bytes
}

#[track_caller]
fn comes_back<E: Sample, D: Dimension + DeserializeOwned + Serialize>(array: &Array<E, D>)
where
    Array<E, D>: Serialize + DeserializeOwned,
{
    let bytes = saved_as(array, array);
    assert_eq!(&safejax::from_bytes::<Field<Array<E, D>>>(&bytes).unwrap().value, array);
}

/// The shapes of an array in all layouts that ndarray has; `$shape` has `$rank` axes of at least 2.
macro_rules! layouts {
    ($element:ty, $dim:ty, $shape:expr) => {{
        let array: Array<$element, $dim> = filled($shape);
        comes_back(&array);
        comes_back(&array.clone().reversed_axes());
        let mut fortran = Array::<$element, $dim>::from_elem(array.raw_dim().f(), <$element>::sample(0));
        fortran.assign(&array);
        saved_as(&fortran, &array);
        let mut sliced = array.view();
        for axis in 0..array.ndim() {
            sliced.slice_axis_inplace(Axis(axis), Slice::new(0, None, 2));
        }
        saved_as(&sliced, &sliced.to_owned());
        let mut offset = array.view();
        for axis in 0..array.ndim() {
            offset.slice_axis_inplace(Axis(axis), Slice::new(1, None, 1));
        }
        saved_as(&offset, &offset.to_owned());
        let mut negative = array.view();
        for axis in 0..array.ndim() {
            negative.invert_axis(Axis(axis));
        }
        saved_as(&negative, &negative.to_owned());
        let mut last = array.view();
        if array.ndim() > 0 {
            last.invert_axis(Axis(array.ndim() - 1));
        }
        saved_as(&last, &last.to_owned());
        let mut one = array.clone();
        for axis in 0..array.ndim() {
            one.slice_axis_inplace(Axis(axis), Slice::new(0, Some(1), 1));
        }
        let broadcast = one.broadcast(array.raw_dim()).unwrap();
        saved_as(&broadcast, &broadcast.to_owned());
        for axis in 0..array.ndim() {
            let mut empty = array.clone();
            empty.slice_axis_inplace(Axis(axis), Slice::new(1, Some(1), 1));
            comes_back(&empty.to_owned());
        }
    }};
}

macro_rules! for_every_element {
    ($macro:ident, $($rest:tt)*) => {
        $macro!(bool, $($rest)*);
        $macro!(u8, $($rest)*);
        $macro!(i8, $($rest)*);
        $macro!(u16, $($rest)*);
        $macro!(i16, $($rest)*);
        $macro!(u32, $($rest)*);
        $macro!(i32, $($rest)*);
        $macro!(u64, $($rest)*);
        $macro!(i64, $($rest)*);
        $macro!(usize, $($rest)*);
        $macro!(isize, $($rest)*);
        $macro!(f32, $($rest)*);
        $macro!(f64, $($rest)*);
        $macro!(f16, $($rest)*);
        $macro!(bf16, $($rest)*);
        $macro!(Complex<f32>, $($rest)*);
    };
}

#[test]
fn every_element_comes_back_in_every_layout() {
    for_every_element!(layouts, Ix2, [4, 3]);
}

#[test]
fn every_rank_comes_back_in_every_layout() {
    layouts!(f32, Ix0, ());
    layouts!(f32, Ix1, [5]);
    layouts!(f32, Ix3, [2, 3, 4]);
    layouts!(f32, Ix4, [2, 3, 2, 3]);
    layouts!(f32, Ix5, [2, 2, 3, 2, 2]);
    layouts!(f32, Ix6, [2, 2, 2, 3, 2, 2]);
    layouts!(f32, IxDyn, IxDyn(&[3, 2, 4]));
    layouts!(f16, IxDyn, IxDyn(&[]));
}

/// One array of each rank, as the owner of them all and with `&`, `Box` and `Arc` around.
macro_rules! owners {
    ($element:ty, $($dim:ty: $shape:expr),*) => { $({
        let array: Array<$element, $dim> = filled($shape);
        let bytes = saved_as(&array, &array);
        let shared: ArcArray<$element, $dim> = array.to_shared();
        let view: ArrayView<'_, $element, $dim> = array.view();
        let cow: CowArray<'_, $element, $dim> = view.clone().into();
        assert_eq!(saved_as(&shared, &array), bytes);
        assert_eq!(saved_as(&view, &array), bytes);
        assert_eq!(saved_as(&cow, &array), bytes);
        assert_eq!(saved_as(&&array, &array), bytes);
        assert_eq!(saved_as(&Arc::new(array.clone()), &array), bytes);
        assert_eq!(saved_as(&Box::new(array.clone()), &array), bytes);
        let loaded: Field<ArcArray<$element, $dim>> = safejax::from_bytes(&bytes).unwrap();
        assert_eq!(loaded.value, array);
    })* };
}

#[test]
fn every_owner_saves_the_same_bytes() {
    for_every_element!(owners, Ix0: (), Ix3: [2, 1, 3], IxDyn: IxDyn(&[2, 2]));
}

#[test]
fn every_pointer_loads() {
    let array: Array<f32, Ix2> = filled([2, 3]);
    let bytes = saved_as(&array, &array);
    assert_eq!(*safejax::from_bytes::<Field<Box<Array<f32, Ix2>>>>(&bytes).unwrap().value, array);
    assert_eq!(*safejax::from_bytes::<Field<Arc<Array<f32, Ix2>>>>(&bytes).unwrap().value, array);
    assert_eq!(safejax::from_bytes::<Field<ArcArray<f32, Ix2>>>(&bytes).unwrap().value, array);
    assert_eq!(safejax::from_bytes::<Field<ArrayD<f32>>>(&bytes).unwrap().value, array.into_dyn());
}

#[test]
fn the_rank_must_be_that_of_the_type() {
    let array: Array<f32, Ix2> = filled([2, 3]);
    let bytes = saved_as(&array, &array);
    let refused = |error: safejax::Error| error.to_string();
    assert_eq!(
        refused(safejax::from_bytes::<Field<Array<f32, Ix1>>>(&bytes).err().unwrap()),
        "`value`: expected an array of 1 axis, found shape [2, 3]"
    );
    assert_eq!(
        refused(safejax::from_bytes::<Field<Array<f32, Ix3>>>(&bytes).err().unwrap()),
        "`value`: expected an array of 3 axes, found shape [2, 3]"
    );
    assert_eq!(
        refused(safejax::from_bytes::<Field<Array<i32, Ix2>>>(&bytes).err().unwrap()),
        "`value`: expected dtype I32, found dtype F32 (Casts::Lossy would convert it)"
    );
}

#[test]
fn large_arrays_come_back_through_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("large.safetensors");
    let value = BTreeMap::from([
        ("c".to_owned(), filled::<f32, _>([300, 500])),
        ("f".to_owned(), filled::<f32, _>([500, 300]).reversed_axes()),
        ("empty".to_owned(), filled::<f32, _>([0, 3])),
        ("small".to_owned(), filled::<f32, _>([1, 1])),
    ]);
    safejax::to_file(&path, &value).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), safejax::to_bytes(&value).unwrap());
    assert_eq!(safejax::from_file::<BTreeMap<String, Array<f32, Ix2>>>(&path).unwrap(), value);
}
