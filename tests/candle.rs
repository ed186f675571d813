//! candle's tensors as tensor fields.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use candle_core::{D, DType, Device, Tensor, Var};
use half::{bf16, f16};
use safejax::{Casts, Checkpoint, Dtype, Options};

#[derive(safejax::Serialize, safejax::Deserialize, Debug)]
struct Field {
    #[tensor]
    x: Tensor,
}

fn bytes_of(x: Tensor) -> Vec<u8> {
    safejax::to_bytes(&Field { x }).unwrap()
}

fn stored(x: Tensor) -> safejax::Tensor {
    Checkpoint::from_bytes(&bytes_of(x)).unwrap().tensor("x").unwrap()
}

/// A file with that tensor under the key `x`.
fn file(x: safejax::Tensor) -> Vec<u8> {
    #[derive(safejax::Serialize)]
    struct Plain {
        #[tensor]
        x: safejax::Tensor,
    }
    safejax::to_bytes(&Plain { x }).unwrap()
}

fn load(x: safejax::Tensor) -> safejax::Result<Tensor> {
    safejax::from_bytes::<Field>(&file(x)).map(|field| field.x)
}

fn counted() -> Tensor {
    Tensor::arange(0u32, 24, &Device::Cpu).unwrap().reshape((2, 3, 4)).unwrap()
}

#[test]
fn every_dtype_with_elements_comes_back_from_a_file() {
    macro_rules! check {
        ($($element:ty: [$($value:expr),*] => $dtype:ident),* $(,)?) => { $(
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("x.safetensors");
            let values: Vec<$element> = vec![$($value),*];
            let x = Tensor::from_vec(values.clone(), (1, values.len()), &Device::Cpu).unwrap();
            safejax::to_file(&path, &Field { x: x.clone() }).unwrap();
            let stored = Checkpoint::open(&path).unwrap().tensor("x").unwrap();
            assert_eq!((stored.dtype(), stored.shape()), (Dtype::$dtype, [1, values.len()].as_slice()));
            assert_eq!(stored.to_vec::<$element>().unwrap(), values);
            let loaded = safejax::from_file::<Field>(&path).unwrap().x;
            assert_eq!((loaded.dtype(), loaded.dims()), (x.dtype(), x.dims()));
            assert_eq!(loaded.to_vec2::<$element>().unwrap(), [values]);
        )* };
    }
    check! {
        u8: [0, 255] => U8, u32: [1, u32::MAX] => U32, i16: [-1, 2] => I16, i32: [-1, i32::MAX] => I32,
        i64: [i64::MIN, 1] => I64, bf16: [bf16::ONE, bf16::MAX] => BF16, f16: [f16::ONE, f16::MAX] => F16,
        f32: [0.1, -0.0] => F32, f64: [0.1, f64::MAX] => F64,
    }
}

#[test]
fn the_dtypes_without_elements_keep_their_bits() {
    for (dtype, shape, bytes) in [
        (Dtype::F8_E4M3, vec![3], vec![0x38, 0x7F, 0x80]),
        (Dtype::F8_E8M0, vec![2], vec![1, 255]),
        (Dtype::F4, vec![2, 2], vec![0x12, 0x34]),
        (Dtype::F6_E2M3, vec![4], vec![1, 2, 3]),
        (Dtype::F6_E3M2, vec![4], vec![1, 2, 3]),
    ] {
        let tensor = safejax::Tensor::new(dtype, shape, bytes).unwrap();
        assert_eq!(stored(load(tensor.clone()).unwrap()), tensor);
    }
}

#[test]
fn tensors_that_are_not_contiguous_save_their_elements_in_c_order() {
    let x = counted();
    for view in [
        x.transpose(0, 2).unwrap(),
        x.narrow(1, 1, 2).unwrap(),
        x.narrow(2, 1, 2).unwrap().permute((1, 0, 2)).unwrap(),
        x.get(1).unwrap(),
        x.narrow(0, 0, 1).unwrap().broadcast_as((5, 3, 4)).unwrap(),
        x.t().unwrap().narrow(D::Minus1, 2, 1).unwrap(),
    ] {
        let tensor = stored(view.clone());
        assert_eq!(tensor.shape(), view.dims());
        assert_eq!(tensor.to_vec::<u32>().unwrap(), view.flatten_all().unwrap().to_vec1::<u32>().unwrap());
    }
}

#[test]
fn part_of_a_tensor_of_8_bit_floats_is_that_part() {
    let tensor = safejax::Tensor::new(Dtype::F8_E4M3, vec![2, 2], vec![1, 2, 3, 4]).unwrap();
    let x = load(tensor).unwrap();
    assert_eq!(stored(x.get(1).unwrap()).bytes(), [3, 4]);
    assert_eq!(stored(x.t().unwrap()).bytes(), [1, 3, 2, 4]);
}

#[test]
fn a_scalar_and_an_empty_tensor_come_back() {
    let scalar = Tensor::new(0.5f32, &Device::Cpu).unwrap();
    assert!(stored(scalar.clone()).shape().is_empty());
    let loaded = safejax::from_bytes::<Field>(&bytes_of(scalar)).unwrap().x;
    assert_eq!(loaded.to_scalar::<f32>().unwrap(), 0.5);
    let empty = Tensor::zeros((3, 0, 2), DType::F32, &Device::Cpu).unwrap();
    assert_eq!(safejax::from_bytes::<Field>(&bytes_of(empty)).unwrap().x.dims(), [3, 0, 2]);
}

#[test]
fn dtypes_that_candle_does_not_have_widen() {
    let tensor = |dtype, bytes: &[u8]| safejax::Tensor::new(dtype, vec![1], bytes.to_vec()).unwrap();
    let loaded = load(tensor(Dtype::BOOL, &[1])).unwrap();
    assert_eq!(loaded.to_vec1::<u8>().unwrap(), [1]);
    let loaded = load(tensor(Dtype::I8, &[255])).unwrap();
    assert_eq!(loaded.to_vec1::<i16>().unwrap(), [-1]);
    let loaded = load(tensor(Dtype::U16, &[255, 255])).unwrap();
    assert_eq!(loaded.to_vec1::<u32>().unwrap(), [65535]);
    assert!(Options::new().casts(Casts::Exact).from_bytes::<Field>(&file(tensor(Dtype::I8, &[1]))).is_err());
}

#[test]
fn what_candle_cannot_hold_is_refused_by_name() {
    let wide = safejax::Tensor::from_slice(&[1u64]);
    assert_eq!(
        load(wide.clone()).unwrap_err().to_string(),
        "`x`: expected dtype I64, found dtype U64 (Casts::Lossy would convert it)"
    );
    let loaded = Options::new().casts(Casts::Lossy).from_bytes::<Field>(&file(wide)).unwrap().x;
    assert_eq!(loaded.to_vec1::<i64>().unwrap(), [1]);
    let complex = safejax::Tensor::from_slice(&[num_complex::Complex::new(1f32, 2.0)]);
    assert_eq!(load(complex).unwrap_err().to_string(), "`x`: candle has no tensors of dtype C64");
}

#[test]
fn a_shape_that_candle_cannot_count_is_refused() {
    let tensor = safejax::Tensor::new(Dtype::F32, vec![0, usize::MAX, usize::MAX], Vec::new()).unwrap();
    assert!(load(tensor).unwrap_err().to_string().contains("a shape that fits a candle tensor"));
}

#[test]
fn the_attributes_apply() {
    #[derive(safejax::Serialize, safejax::Deserialize, Debug)]
    struct Conv {
        #[tensor(permute(1, 2, 0), dtype = "F64", shape(2, 3, _))]
        kernel: Tensor,
    }
    let kernel = counted().to_dtype(DType::F32).unwrap();
    let bytes = safejax::to_bytes(&Conv { kernel: kernel.clone() }).unwrap();
    let stored = Checkpoint::from_bytes(&bytes).unwrap().tensor("kernel").unwrap();
    let permuted = kernel.permute((1, 2, 0)).unwrap().to_dtype(DType::F64).unwrap();
    assert_eq!((stored.dtype(), stored.shape()), (Dtype::F64, [3, 4, 2].as_slice()));
    assert_eq!(stored.to_vec::<f64>().unwrap(), permuted.flatten_all().unwrap().to_vec1::<f64>().unwrap());
    let loaded = safejax::from_bytes::<Conv>(&bytes).unwrap().kernel;
    // A tensor takes the dtype that the file has.
    assert_eq!(loaded.dtype(), DType::F64);
    assert_eq!(loaded.to_vec3::<f64>().unwrap(), kernel.to_dtype(DType::F64).unwrap().to_vec3::<f64>().unwrap());
}

#[test]
fn a_vec_of_tensors_is_a_list_of_them() {
    #[derive(safejax::Serialize, safejax::Deserialize, Debug)]
    struct Layers {
        #[tensor]
        layers: Vec<Tensor>,
    }
    let bytes = safejax::to_bytes(&Layers { layers: vec![counted(), counted().get(0).unwrap()] }).unwrap();
    assert_eq!(Checkpoint::from_bytes(&bytes).unwrap().tensor("layers.1").unwrap().shape(), [3, 4]);
    assert_eq!(safejax::from_bytes::<Layers>(&bytes).unwrap().layers[0].dims(), [2, 3, 4]);
}

#[test]
fn a_variable_saves_as_the_tensor_that_it_is() {
    #[derive(safejax::Serialize)]
    struct Model<'a> {
        #[tensor]
        x: &'a Tensor,
    }
    let var = Var::from_tensor(&counted()).unwrap();
    assert_eq!(safejax::to_bytes(&Model { x: &var }).unwrap(), bytes_of(counted()));
}

#[test]
fn in_other_formats_a_tensor_is_dtype_shape_and_data() {
    let x = Tensor::new(&[1u8, 2], &Device::Cpu).unwrap();
    let json = serde_json::to_string(&Field { x }).unwrap();
    assert_eq!(json, r#"{"x":{"dtype":"U8","shape":[2],"data":[1,2]}}"#);
    assert_eq!(serde_json::from_str::<Field>(&json).unwrap().x.to_vec1::<u8>().unwrap(), [1, 2]);
}
