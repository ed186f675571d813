//! The other formats, each saving and loading the same values.

use std::io::Cursor;

use ndarray::{ArrayD, ArrayViewD};
use ndarray_npy::{NpzReader, NpzWriter};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::models::Named;
use crate::plain;

/// A format of serde.
pub struct SerdeFormat<T> {
    pub name: &'static str,
    pub save: fn(&T) -> Vec<u8>,
    pub load: fn(&[u8]) -> T,
}

pub fn serde_formats<T: Serialize + DeserializeOwned>() -> [SerdeFormat<T>; 4] {
    [
        SerdeFormat {
            name: "bincode 2",
            save: |value| bincode::serde::encode_to_vec(value, bincode::config::standard()).unwrap(),
            load: |bytes| bincode::serde::decode_from_slice(bytes, bincode::config::standard()).unwrap().0,
        },
        SerdeFormat {
            name: "postcard",
            save: |value| postcard::to_allocvec(value).unwrap(),
            load: |bytes| postcard::from_bytes(bytes).unwrap(),
        },
        SerdeFormat {
            name: "rmp-serde",
            save: |value| rmp_serde::to_vec_named(value).unwrap(),
            load: |bytes| rmp_serde::from_slice(bytes).unwrap(),
        },
        SerdeFormat {
            name: "ciborium",
            save: |value| {
                let mut bytes = Vec::new();
                ciborium::into_writer(value, &mut bytes).unwrap();
                bytes
            },
            load: |bytes| ciborium::from_reader(bytes).unwrap(),
        },
    ]
}

/// The safetensors crate, used as its documentation does: names to views.
pub fn tensors<'a>(names: &'a [String], arrays: &'a [ArrayViewD<'_, f32>]) -> Vec<(&'a str, TensorView<'a>)> {
    let tensor = |(name, array): (&'a String, &'a ArrayViewD<'_, f32>)| {
        let bytes = plain::bytes_of(array.as_slice().unwrap());
        (name.as_str(), TensorView::new(Dtype::F32, array.shape().to_vec(), bytes).unwrap())
    };
    names.iter().zip(arrays).map(tensor).collect()
}

/// Saves with the safetensors crate.
pub fn save_safetensors(names: &[String], value: &impl Named) -> Vec<u8> {
    safetensors::serialize(tensors(names, &value.arrays()), None).unwrap()
}

/// Loads with the safetensors crate, and copies each tensor into an array of its own.
pub fn load_safetensors<T: Named>(names: &[String], like: &T, bytes: &[u8]) -> T {
    let file = SafeTensors::deserialize(bytes).unwrap();
    let mut names = names.iter();
    like.rebuilt(|_| plain::copy_elements(file.tensor(names.next().unwrap()).unwrap().data()))
}

/// NumPy's archive of arrays, not compressed.
pub fn save_npz(names: &[String], value: &impl Named) -> Vec<u8> {
    let mut file = NpzWriter::new(Cursor::new(Vec::new()));
    for (name, array) in names.iter().zip(value.arrays()) {
        file.add_array(name.as_str(), &array).unwrap();
    }
    file.finish().unwrap().into_inner()
}

pub fn load_npz<T: Named>(names: &[String], like: &T, bytes: &[u8]) -> T {
    let mut file = NpzReader::new(Cursor::new(bytes)).unwrap();
    let mut names = names.iter();
    like.rebuilt(|_| {
        let array: ArrayD<f32> = file.by_name(names.next().unwrap()).unwrap();
        array.into_raw_vec_and_offset().0
    })
}

/// Arrays of the version of ndarray that ndarray-safetensors is made for.
pub type Arrays16 = Vec<(String, ndarray16::ArrayD<f32>)>;

pub fn arrays16(value: &impl Named) -> Arrays16 {
    let array = |array: ArrayViewD<'_, f32>| {
        ndarray16::ArrayD::from_shape_vec(array.shape().to_vec(), array.iter().copied().collect()).unwrap()
    };
    value.names().into_iter().zip(value.arrays().into_iter().map(array)).collect()
}

pub fn save_ndarray_safetensors(arrays: &Arrays16) -> Vec<u8> {
    let tensor = |(name, array): &'_ (String, ndarray16::ArrayD<f32>)| {
        (name.clone(), ndarray_safetensors::TensorViewWithDataBuffer::new(array))
    };
    safetensors05::serialize(arrays.iter().map(tensor), &None).unwrap()
}

pub fn load_ndarray_safetensors(bytes: &[u8]) -> Arrays16 {
    let file = safetensors05::SafeTensors::deserialize(bytes).unwrap();
    ndarray_safetensors::parse_tensors::<f32>(&file).unwrap()
}

/// The arrays for rkyv, which has no part in serde and none for ndarray's.
#[derive(rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct Flat {
    pub tensors: Vec<FlatTensor>,
}

#[derive(rkyv::Archive, rkyv::Serialize, rkyv::Deserialize)]
pub struct FlatTensor {
    pub name: String,
    pub shape: Vec<u64>,
    pub elements: Vec<f32>,
}

pub fn flat(value: &impl Named) -> Flat {
    let tensor = |(name, array): (String, ArrayViewD<'_, f32>)| FlatTensor {
        name,
        shape: array.shape().iter().map(|&len| len as u64).collect(),
        elements: array.iter().copied().collect(),
    };
    Flat { tensors: value.names().into_iter().zip(value.arrays()).map(tensor).collect() }
}

pub fn save_rkyv(flat: &Flat) -> rkyv::util::AlignedVec {
    rkyv::to_bytes::<rkyv::rancor::Error>(flat).unwrap()
}

/// Checked, and copied into owned values.
pub fn load_rkyv(bytes: &[u8]) -> Flat {
    rkyv::from_bytes::<Flat, rkyv::rancor::Error>(bytes).unwrap()
}
