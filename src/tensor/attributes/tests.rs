//! Patterns of shapes.

use super::*;
use crate::Tensor;
use crate::spec::PerFramework;

const ANY: Option<usize> = None;

fn spec(reshape: &'static [Option<usize>]) -> TensorSpec {
    let reshape = PerFramework { objax: Some(reshape), ..PerFramework::NONE };
    TensorSpec { field: "x", dtype: None, shape: None, permutation: None, reshape }
}

fn saved(spec: &TensorSpec, shape: &[usize]) -> Option<Vec<usize>> {
    spec.reshaped(Some(Framework::Objax), shape).ok().flatten()
}

fn loaded(spec: &TensorSpec, shape: &[usize]) -> Result<Vec<usize>> {
    let bytes = vec![0; Dtype::U8.byte_len(shape).unwrap()];
    let tensor = Tensor::new(Dtype::U8, shape.to_vec(), bytes).unwrap();
    let stored = StoredTensor::of(&tensor).in_memory(spec, Some(Framework::Objax))?;
    assert_eq!(stored.to_tensor()?.shape(), stored.shape());
    Ok(stored.shape().to_vec())
}

fn assert_round_trip(spec: &TensorSpec, memory: &[usize], file: &[usize]) {
    assert_eq!(saved(spec, memory).unwrap(), file, "{memory:?}");
    assert_eq!(loaded(spec, file).unwrap(), memory, "{file:?}");
}

#[test]
fn axes_of_length_1_are_added_and_taken_away() {
    let batch_norm = spec(&[Some(1), ANY, Some(1), Some(1)]);
    assert_round_trip(&batch_norm, &[7], &[1, 7, 1, 1]);
    assert_round_trip(&batch_norm, &[0], &[1, 0, 1, 1]);
    assert_round_trip(&spec(&[Some(1), Some(1)]), &[], &[1, 1]);
    assert_round_trip(&spec(&[ANY, Some(1), ANY]), &[2, 3], &[2, 1, 3]);
    assert_round_trip(&spec(&[Some(1), ANY, ANY]), &[1, 1], &[1, 1, 1]);
}

#[test]
fn an_only_open_axis_takes_what_is_left() {
    assert_round_trip(&spec(&[Some(2), ANY]), &[6], &[2, 3]);
    assert_eq!(saved(&spec(&[ANY]), &[2, 3]).unwrap(), [6]);
    assert_eq!(saved(&spec(&[Some(2), ANY]), &[3, 4]).unwrap(), [2, 6]);
}

#[test]
fn a_known_shape_says_what_several_axes_were() {
    let known = |shape| TensorSpec { shape: Some(shape), ..spec(&[ANY]) };
    assert_round_trip(&known(&[Extent::Is(2), Extent::Is(3)]), &[2, 3], &[6]);
    assert_round_trip(&known(&[Extent::Is(3), Extent::Any]), &[3, 2], &[6]);
    assert_round_trip(&known(&[Extent::Named("n"), Extent::Is(3)]), &[2, 3], &[6]);
    // Two that are open could be anything.
    assert!(loaded(&known(&[Extent::Any, Extent::Any]), &[6]).is_err());
    // 7 elements are no rows of 3.
    assert!(loaded(&known(&[Extent::Is(3), Extent::Any]), &[7]).is_err());
}

#[test]
fn a_shape_of_memory_is_permuted_before_it_is_reshaped() {
    let shape: &[Extent] = &[Extent::Is(2), Extent::Is(3), Extent::Any];
    let spec =
        TensorSpec { shape: Some(shape), permutation: Some(Permutation::Axes(&[2, 0, 1])), ..spec(&[ANY, Some(6)]) };
    let tensor = CowTensor::from(Tensor::new(Dtype::U8, vec![2, 3, 4], (0..24).collect()).unwrap());
    let stored = tensor.stored(&spec).unwrap().into_tensor().unwrap();
    assert_eq!(stored.shape(), [4, 2, 3]);
    assert_eq!(saved(&spec, stored.shape()).unwrap(), [4, 6]);
    let file = Tensor::new(Dtype::U8, vec![4, 6], stored.into_bytes()).unwrap();
    let memory = StoredTensor::of(&file).in_memory(&spec, Some(Framework::Objax)).unwrap();
    assert_eq!(memory.shape(), [2, 3, 4]);
    assert_eq!(memory.to_vec::<u8>().unwrap(), (0..24).collect::<Vec<u8>>());
}

#[test]
fn what_does_not_fit_a_pattern_is_refused_on_save_and_left_alone_on_load() {
    let error = spec(&[Some(4), ANY]).reshaped(Some(Framework::Objax), &[6]).unwrap_err().to_string();
    assert_eq!(error, "expected a shape of `x` that fits reshape(4, _), found shape [6]");
    assert!(saved(&spec(&[ANY, ANY]), &[6]).is_none());
    assert!(saved(&spec(&[Some(0), ANY]), &[6]).is_none());
    let batch_norm = spec(&[Some(1), ANY, Some(1), Some(1)]);
    assert_eq!(loaded(&batch_norm, &[7]).unwrap(), [7]);
    assert_eq!(loaded(&batch_norm, &[2, 7, 1, 1]).unwrap(), [2, 7, 1, 1]);
}

#[test]
fn a_pattern_is_that_of_its_framework_alone() {
    let spec = spec(&[Some(1), ANY]);
    assert!(spec.reshaped(Some(Framework::Flax), &[3]).unwrap().is_none());
    assert!(spec.reshaped(None, &[3]).unwrap().is_none());
}

#[test]
fn a_permutation_that_is_none_is_an_error() {
    // The derives make sure of it; a spec can be written by hand.
    for axes in [&[0, 0][..], &[1, 2], &[0]] {
        let spec = TensorSpec { permutation: Some(Permutation::Axes(axes)), ..spec(&[ANY]) };
        assert!(loaded(&spec, &[2, 3]).is_err(), "{axes:?}");
        let tensor = CowTensor::from(Tensor::new(Dtype::U8, vec![2, 3], vec![0; 6]).unwrap());
        assert!(tensor.stored_form(&spec).is_err(), "{axes:?}");
        assert!(tensor.stored(&spec).is_err(), "{axes:?}");
    }
}

#[test]
fn a_literal_size_is_checked_on_both_ways() {
    let spec = TensorSpec { shape: Some(&[Extent::Is(2), Extent::Any]), ..spec(&[]) };
    assert!(loaded(&spec, &[2, 9]).is_ok());
    let text = "expected shape [2, _] of `x`, found shape [3, 9]";
    assert_eq!(loaded(&spec, &[3, 9]).unwrap_err().to_string(), text);
    let tensor = CowTensor::from(Tensor::new(Dtype::U8, vec![3, 9], vec![0; 27]).unwrap());
    assert_eq!(tensor.stored_form(&spec).unwrap_err().to_string(), text);
}

#[test]
fn a_large_product_is_no_shape() {
    assert_eq!(fill(&[Some(usize::MAX), ANY], &[2]), None);
    assert_eq!(fill(&[ANY], &[usize::MAX, 2]), None);
    assert_eq!(complete(&[Some(usize::MAX), Some(2), ANY], 4), None);
}
