//! Lifetimes, type parameters, const generics, where clauses.

use std::borrow::Cow;
use std::fmt::Debug;
use std::marker::PhantomData;

use ndarray::{Array, Array2, ArrayView2, CowArray, Dimension, Ix1, Ix2, array};
use safejax::{Deserialize, Element, FromTensor, Serialize, TensorView, ToTensor};

use crate::{back, borrowed, keys};

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Model<T> {
    #[tensor]
    kernel: Vec<T>,
    rest: Vec<T>,
    #[tensor(shape(_, 2))]
    optional: Option<Array<T, Ix2>>,
}

#[test]
fn a_type_parameter_of_elements() {
    let value = Model { kernel: vec![1.0f32], rest: vec![2.0], optional: Some(array![[1.0, 2.0]]) };
    assert_eq!(keys(&value), ["kernel", "optional"]);
    assert_eq!(back(&value), value);
    let value = Model { kernel: vec![1u8], rest: vec![2], optional: None };
    assert_eq!(back(&value), value);
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Whole<T, U = u8> {
    #[tensor(transpose)]
    kernel: T,
    step: U,
    marker: PhantomData<Unserialized>,
}

#[derive(Debug, PartialEq)]
struct Unserialized;

#[test]
fn a_type_parameter_that_is_the_tensor() {
    let value: Whole<Array2<f32>> = Whole { kernel: array![[1.0, 2.0]], step: 1, marker: PhantomData };
    assert_eq!(back(&value), value);
}

#[test]
fn bounds_are_those_of_the_fields_alone() {
    fn tensors<T: ToTensor + for<'de> FromTensor<'de>>(_: PhantomData<T>)
    where
        Whole<T>: Serialize + for<'de> Deserialize<'de>,
    {
    }
    tensors(PhantomData::<Vec<f32>>);
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Shaped<E, D, const N: usize>
where
    E: Element + Debug,
    D: Dimension,
{
    #[tensor]
    array: Array<E, D>,
    count: [u8; 2],
    #[serde(skip)]
    size: PhantomData<[u8; N]>,
}

#[test]
fn where_clauses_and_const_parameters() {
    let value: Shaped<f32, Ix1, 3> = Shaped { array: array![1.0, 2.0], count: [1, 2], size: PhantomData };
    assert_eq!(back(&value), value);
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Views<'a> {
    #[tensor]
    kernel: ArrayView2<'a, f32>,
    #[tensor(transpose)]
    turned: ArrayView2<'a, f32>,
    #[tensor]
    cow: CowArray<'a, f32, Ix1>,
    #[tensor]
    view: Option<TensorView<'a>>,
    #[serde(borrow)]
    name: Cow<'a, str>,
    note: &'a str,
}

#[test]
fn views_borrow_from_the_file() {
    let (square, line) = (array![[1.0f32, 2.0], [3.0, 4.0]], array![5.0f32, 6.0]);
    let value = Views {
        kernel: square.view(),
        turned: square.view(),
        cow: CowArray::from(line.view()),
        view: None,
        name: "a".into(),
        note: "b",
    };
    let file = tempfile::NamedTempFile::new().unwrap();
    safejax::to_file(file.path(), &value).unwrap();
    let checkpoint = safejax::Checkpoint::load(file.path()).unwrap();
    let loaded: Views<'_> = checkpoint.get().unwrap();
    assert_eq!(loaded, value);
    assert!(loaded.cow.is_view());
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Arrays<'a, const N: usize, const M: usize> {
    #[tensor(shape(m, n))]
    nested: [[f32; N]; M],
    #[tensor(shape(n))]
    boxed: Option<Box<[i8; N]>>,
    #[tensor]
    slice: &'a [u8],
    #[tensor]
    array: &'a [u8; N],
}

#[test]
fn const_parameters_in_the_types_of_tensors() {
    let value = Arrays { nested: [[1.0, 2.0]; 3], boxed: Some(Box::new([3, 4])), slice: &[5], array: &[6, 7] };
    let bytes = safejax::to_bytes(&value).unwrap();
    assert_eq!(borrowed::<Arrays<'_, 2, 3>>(&bytes), value);
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Two<'a, 'b, T: 'b + Clone> {
    #[tensor]
    view: TensorView<'a>,
    #[serde(borrow = "'b")]
    name: Cow<'b, str>,
    #[tensor]
    values: Vec<T>,
}

#[test]
fn two_lifetimes_and_a_bounded_parameter() {
    let bytes = [1u8, 2];
    let view = TensorView::new(safejax::Dtype::U8, &[2], &bytes).unwrap();
    let value = Two { view, name: "x".into(), values: vec![1u16] };
    let bytes = safejax::to_bytes(&value).unwrap();
    assert_eq!(borrowed::<Two<'_, '_, u16>>(&bytes), value);
}

trait Backend {
    type Array;
}

#[derive(Debug, PartialEq)]
struct Cpu;

impl Backend for Cpu {
    type Array = Vec<f32>;
}

#[derive(Serialize, Deserialize)]
struct Associated<B: Backend> {
    #[tensor]
    kernel: B::Array,
    plain: B::Array,
    #[tensor]
    optional: Option<<B as Backend>::Array>,
}

#[test]
fn an_associated_type() {
    let value = Associated::<Cpu> { kernel: vec![1.0], plain: vec![2.0], optional: None };
    assert_eq!(keys(&value), ["kernel"]);
    let loaded = back(&value);
    assert_eq!((loaded.kernel, loaded.plain), (vec![1.0], vec![2.0]));
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[serde(bound(serialize = "T: ToTensor", deserialize = "T: FromTensor<'de>"))]
struct Bounded<T> {
    #[tensor]
    kernel: T,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct BoundedField<T> {
    #[tensor]
    #[serde(bound(serialize = "T: ToTensor", deserialize = "T: FromTensor<'de>"))]
    kernel: Option<T>,
}

#[test]
fn bounds_of_the_user() {
    let value = Bounded { kernel: vec![1.0f32] };
    assert_eq!(back(&value), value);
    let value = BoundedField { kernel: Some(vec![1.0f32]) };
    assert_eq!(back(&value), value);
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Tree<T> {
    #[tensor]
    value: Vec<T>,
    children: Vec<Self>,
    next: Option<Box<Tree<T>>>,
}

#[test]
fn a_recursive_type() {
    let leaf = |value| Tree { value: vec![value], children: Vec::new(), next: None };
    let value = Tree { value: vec![1.0f32], children: vec![leaf(2.0)], next: Some(Box::new(leaf(3.0))) };
    assert_eq!(keys(&value), ["children.0.value", "next.value", "value"]);
    assert_eq!(back(&value), value);
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
enum Choice<'a, T, const N: usize> {
    #[serde(borrow)]
    Name(&'a str),
    Values(#[tensor] Vec<T>),
    Array {
        #[tensor(shape(n))]
        one: Vec<T>,
        #[tensor(shape(n))]
        two: Option<Vec<T>>,
        flags: [bool; 2],
    },
    Never(PhantomData<[u8; N]>),
}

#[test]
fn a_generic_enum() {
    let all: [Choice<'_, f32, 2>; 2] =
        [Choice::Values(vec![1.0]), Choice::Array { one: vec![1.0], two: Some(vec![2.0]), flags: [true, false] }];
    for value in all {
        let bytes = safejax::to_bytes(&value).unwrap();
        assert_eq!(borrowed::<Choice<'_, f32, 2>>(&bytes), value);
    }
}
