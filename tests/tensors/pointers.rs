//! A pointer to a tensor is the same tensor.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use ndarray::{Array2, array};
use safejax::{Tensor, TensorView};

use crate::{assert_round_trip, stored};

#[test]
fn a_box_an_rc_and_an_arc_save_and_load_what_they_hold() {
    let array = array![[1f32, 2.0], [3.0, 4.0]];
    assert_eq!(stored(Box::new(array.clone())), Tensor::from(array.clone()));
    assert_round_trip(Box::new(array.clone()));
    assert_round_trip(Rc::new(array.clone()));
    assert_round_trip(Arc::new(array));
    assert_round_trip(Box::new(0.5f32));
    assert_round_trip(Box::new([[1u8; 2]; 2]));
    assert_round_trip(Arc::new([[1u8; 2]; 2]));
}

#[test]
fn shared_slices_save_and_load() {
    assert_round_trip::<Rc<[u8]>>([1, 2, 3].into());
    assert_round_trip::<Arc<[[f32; 2]]>>([[1.0, 2.0]].into());
}

#[test]
fn a_reference_saves_what_it_points_to() {
    let array: Array2<f32> = array![[1.0, 2.0]];
    assert_eq!(stored(&array), Tensor::from(array.clone()));
    let rows: &[[u8; 2]; 3] = &[[1, 2]; 3];
    assert_eq!(stored(rows).shape(), [3, 2]);
    let pointer: &&[[u8; 2]; 3] = &rows;
    assert_eq!(stored(pointer).shape(), [3, 2]);
}

#[test]
fn a_cow_saves_and_loads_as_what_it_holds() {
    let tensor = stored(Cow::Borrowed([1u8, 2].as_slice()));
    assert_eq!(tensor, stored(Cow::<[u8]>::Owned(vec![1, 2])));
}

#[test]
fn tensors_and_their_views_are_themselves() {
    let tensor = Tensor::new(safejax::Dtype::F8_E8M0, vec![2], vec![1, 255]).unwrap();
    assert_eq!(stored(tensor.view()), tensor);
    assert_round_trip(tensor.clone());
    let bytes = crate::file(&tensor);
    let view = safejax::from_bytes::<crate::Field<TensorView<'_>>>(&bytes).unwrap().x;
    assert_eq!(view, tensor.view());
}
