//! Which types are known as arrays, and which as vectors.

use std::any::type_name;
use std::marker::PhantomData;
use std::sync::Arc;

use ndarray::{CowArray, Dimension, Ix0, Ix1, Ix2, Ix3, Ix4, Ix5, Ix6, IxDyn};

use super::super::*;
use super::{each_layout, expected, written};
use crate::element::ElementKind;
use crate::{Dtype, Tensor};

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
