//! nalgebra's matrices and vectors as tensor fields.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use std::fmt::Debug;

use nalgebra::{DMatrix, DVector, Dyn, Matrix2x3, OMatrix, RowDVector, RowVector2, SMatrix, SVector, U2, Vector3};
use safejax::{Checkpoint, Dtype, Tensor};
use serde::{Deserialize, Serialize};

#[derive(safejax::Serialize, safejax::Deserialize, Debug, PartialEq)]
#[serde(bound(serialize = "T: safejax::ToTensor", deserialize = "T: safejax::FromTensor<'de>"))]
struct Field<T> {
    #[tensor]
    x: T,
}

fn stored<T: safejax::ToTensor>(x: T) -> Tensor {
    let bytes = safejax::to_bytes(&Field { x }).unwrap();
    Checkpoint::from_bytes(&bytes).unwrap().tensor("x").unwrap()
}

fn load<T: for<'de> safejax::FromTensor<'de>>(shape: &[usize], bytes: &[u8]) -> safejax::Result<T> {
    let x = Tensor::new(Dtype::U8, shape.to_vec(), bytes.to_vec()).unwrap();
    safejax::from_bytes::<Field<T>>(&safejax::to_bytes(&Field { x }).unwrap()).map(|field| field.x)
}

fn assert_round_trip<T>(x: T)
where
    T: safejax::ToTensor + for<'de> safejax::FromTensor<'de> + Debug + PartialEq,
{
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.safetensors");
    let field = Field { x };
    safejax::to_file(&path, &field).unwrap();
    assert_eq!(safejax::from_file::<Field<T>>(&path).unwrap(), field);
}

#[test]
fn a_matrix_has_rows_and_columns_in_c_order() {
    for tensor in [
        stored(DMatrix::from_row_slice(2, 3, &[1u8, 2, 3, 4, 5, 6])),
        stored(SMatrix::<_, 2, 3>::from_row_slice(&[1u8, 2, 3, 4, 5, 6])),
    ] {
        assert_eq!((tensor.shape(), tensor.bytes()), ([2, 3].as_slice(), [1, 2, 3, 4, 5, 6].as_slice()));
    }
    assert_eq!(
        load::<DMatrix<u8>>(&[2, 3], &[1, 2, 3, 4, 5, 6]).unwrap(),
        DMatrix::from_row_slice(2, 3, &[1, 2, 3, 4, 5, 6])
    );
    assert_eq!(
        load::<Matrix2x3<u8>>(&[2, 3], &[1, 2, 3, 4, 5, 6]).unwrap(),
        SMatrix::<_, 2, 3>::from_row_slice(&[1, 2, 3, 4, 5, 6])
    );
}

#[test]
fn a_file_holds_the_bytes_of_the_rows() {
    let header = br#"{"x":{"dtype":"U8","shape":[2,3],"data_offsets":[0,6]}}"#;
    let mut expected = 56u64.to_le_bytes().to_vec();
    expected.extend_from_slice(header);
    expected.resize(8 + 56, b' ');
    expected.extend([1, 2, 3, 4, 5, 6]);
    assert_eq!(
        safejax::to_bytes(&Field { x: DMatrix::from_row_slice(2, 3, &[1u8, 2, 3, 4, 5, 6]) }).unwrap(),
        expected
    );
    assert_eq!(
        safejax::from_bytes::<Field<DMatrix<u8>>>(&expected).unwrap().x,
        DMatrix::from_row_slice(2, 3, &[1, 2, 3, 4, 5, 6])
    );
}

#[test]
fn a_vector_has_one_axis() {
    for tensor in [
        stored(DVector::from_vec(vec![1u8, 2, 3])),
        stored(Vector3::new(1u8, 2, 3)),
        stored(RowDVector::from_vec(vec![1u8, 2, 3])),
    ] {
        assert_eq!((tensor.shape(), tensor.bytes()), ([3].as_slice(), [1, 2, 3].as_slice()));
    }
    assert_eq!(load::<DVector<u8>>(&[3], &[1, 2, 3]).unwrap(), DVector::from_vec(vec![1, 2, 3]));
    assert_eq!(load::<Vector3<u8>>(&[3], &[1, 2, 3]).unwrap(), Vector3::new(1, 2, 3));
    assert_eq!(load::<RowVector2<u8>>(&[2], &[1, 2]).unwrap(), RowVector2::new(1, 2));
}

#[test]
fn a_vector_loads_from_two_axes_of_its_own_form_too() {
    assert_eq!(load::<DVector<u8>>(&[3, 1], &[1, 2, 3]).unwrap(), DVector::from_vec(vec![1, 2, 3]));
    assert_eq!(load::<RowVector2<u8>>(&[1, 2], &[1, 2]).unwrap(), RowVector2::new(1, 2));
    assert!(load::<DVector<u8>>(&[1, 3], &[1, 2, 3]).is_err());
}

#[test]
fn everything_comes_back_from_a_file() {
    assert_round_trip(DMatrix::from_fn(33, 65, |i, j| (i * 100 + j) as f32));
    assert_round_trip(SMatrix::<f64, 3, 4>::from_fn(|i, j| (i * 10 + j) as f64));
    assert_round_trip(OMatrix::<i64, U2, Dyn>::from_fn(5, |i, j| (i * 10 + j) as i64));
    assert_round_trip(OMatrix::<i16, Dyn, U2>::from_fn(5, |i, j| (i * 10 + j) as i16));
    assert_round_trip(DVector::from_vec(vec![true, false]));
    assert_round_trip(SVector::<half::bf16, 2>::from_element(half::bf16::ONE));
    assert_round_trip(DMatrix::<f32>::zeros(0, 3));
    assert_round_trip(DMatrix::<f32>::zeros(3, 0));
}

#[test]
fn a_view_saves_what_it_shows() {
    let matrix = DMatrix::from_fn(4, 5, |i, j| (i * 10 + j) as u8);
    assert_eq!(stored(matrix.view((1, 2), (2, 3))).bytes(), [12, 13, 14, 22, 23, 24]);
    assert_eq!(stored(matrix.view_with_steps((0, 0), (2, 2), (1, 2))).bytes(), [0, 3, 20, 23]);
    let (row, column) = (stored(matrix.row(3)), stored(matrix.column(1)));
    assert_eq!((row.shape(), row.bytes()), ([5].as_slice(), [30, 31, 32, 33, 34].as_slice()));
    assert_eq!((column.shape(), column.bytes()), ([4].as_slice(), [1, 11, 21, 31].as_slice()));
}

#[test]
fn sizes_in_the_type_are_checked() {
    let refusal = |error: safejax::Error| error.to_string();
    assert_eq!(
        refusal(load::<SMatrix<u8, 2, 2>>(&[2, 3], &[0; 6]).unwrap_err()),
        "`x`: expected a tensor of shape [2, 2], found shape [2, 3]"
    );
    assert_eq!(
        refusal(load::<OMatrix<u8, U2, Dyn>>(&[3, 2], &[0; 6]).unwrap_err()),
        "`x`: expected a tensor of shape [2, _], found shape [3, 2]"
    );
    assert_eq!(
        refusal(load::<Vector3<u8>>(&[2], &[0; 2]).unwrap_err()),
        "`x`: expected a tensor of shape [3], found shape [2]"
    );
    assert_eq!(
        refusal(load::<DMatrix<u8>>(&[6], &[0; 6]).unwrap_err()),
        "`x`: expected a tensor of shape [_, _], found shape [6]"
    );
    assert!(load::<DVector<u8>>(&[], &[0]).is_err());
    assert!(load::<DMatrix<u8>>(&[1, 2, 3], &[0; 6]).is_err());
}

#[test]
fn elements_convert_as_elsewhere() {
    assert_eq!(
        load::<DMatrix<f32>>(&[2, 2], &[1, 2, 3, 4]).unwrap(),
        DMatrix::from_row_slice(2, 2, &[1.0, 2.0, 3.0, 4.0])
    );
    assert!(load::<DMatrix<i8>>(&[2, 2], &[1, 2, 3, 4]).is_err());
}

#[test]
fn the_attributes_speak_of_rows_and_columns() {
    #[derive(safejax::Serialize, safejax::Deserialize, Debug, PartialEq)]
    struct Linear {
        #[tensor(transpose, shape(out, inp))]
        weight: DMatrix<f32>,
        #[tensor(shape(out), dtype = "BF16")]
        bias: DVector<f32>,
    }
    let linear = Linear {
        weight: DMatrix::from_row_slice(2, 3, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
        bias: DVector::from_vec(vec![7.0, 8.0]),
    };
    let bytes = safejax::to_bytes(&linear).unwrap();
    let checkpoint = Checkpoint::from_bytes(&bytes).unwrap();
    let weight = checkpoint.tensor("weight").unwrap();
    assert_eq!(
        (weight.shape(), weight.to_vec::<f32>().unwrap()),
        ([3, 2].as_slice(), vec![1.0, 4.0, 2.0, 5.0, 3.0, 6.0])
    );
    assert_eq!(checkpoint.tensor("bias").unwrap().dtype(), Dtype::BF16);
    assert_eq!(safejax::from_bytes::<Linear>(&bytes).unwrap(), linear);
    let wrong = Linear { bias: DVector::from_vec(vec![1.0]), ..linear };
    assert!(safejax::to_bytes(&wrong).is_err());
}

#[test]
fn a_vec_of_matrices_is_a_list_of_tensors() {
    #[derive(safejax::Serialize, safejax::Deserialize, Debug, PartialEq)]
    struct Layers {
        #[tensor(transpose)]
        weights: Vec<DMatrix<u8>>,
    }
    let layers = Layers { weights: vec![DMatrix::from_row_slice(1, 2, &[1, 2]), DMatrix::zeros(2, 3)] };
    let bytes = safejax::to_bytes(&layers).unwrap();
    assert_eq!(Checkpoint::from_bytes(&bytes).unwrap().tensor("weights.1").unwrap().shape(), [3, 2]);
    assert_eq!(safejax::from_bytes::<Layers>(&bytes).unwrap(), layers);
}

#[test]
fn in_other_formats_a_matrix_looks_as_without() {
    #[derive(Serialize, Deserialize)]
    struct Plain<T> {
        x: T,
    }
    let x = DMatrix::from_row_slice(2, 2, &[1f32, 2.0, 3.0, 4.0]);
    let json = serde_json::to_string(&Field { x: x.clone() }).unwrap();
    assert_eq!(json, serde_json::to_string(&Plain { x: x.clone() }).unwrap());
    assert_eq!(serde_json::from_str::<Field<DMatrix<f32>>>(&json).unwrap().x, x);
    let x = SMatrix::<_, 2, 2>::from_row_slice(&[1u8, 2, 3, 4]);
    assert_eq!(serde_json::to_string(&Field { x }).unwrap(), serde_json::to_string(&Plain { x }).unwrap());
}
