//! Looking into a file, and reading parts of it.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]
// A slice is given by a range of each axis, of which there may be one.
#![allow(clippy::single_range_in_vec_init)]

mod common;

use std::collections::BTreeMap;
use std::fs;

use common::{fixtures, for_each_golden, golden};
use ndarray::{Array1, Array2, arr1, arr2};
use safejax::{Casts, Checkpoint, Dtype, ErrorKind, Options, Tensor, TensorView, Tree};
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Dense {
    kernel: Array2<f32>,
    bias: Array1<f32>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Net {
    layers: Vec<Dense>,
    out: Dense,
    activation: String,
}

fn dense(value: f32) -> Dense {
    Dense { kernel: Array2::from_elem((2, 3), value), bias: Array1::from_elem(3, value) }
}

fn net() -> Net {
    Net { layers: vec![dense(0.0), dense(1.0)], out: dense(2.0), activation: "relu".to_owned() }
}

#[test]
fn opening_a_file_tells_what_its_manifest_says() {
    for_each_golden(|golden| {
        let checkpoint = Checkpoint::open(&golden.path).unwrap();
        assert_eq!(checkpoint.keys().collect::<Vec<_>>(), golden.manifest.order);
        assert_eq!(checkpoint.len(), golden.manifest.order.len());
        assert_eq!(checkpoint.is_empty(), golden.manifest.order.is_empty());
        assert_eq!(*checkpoint.metadata(), golden.manifest.metadata.clone().unwrap_or_default());
    });
}

#[test]
fn info_is_the_dtype_the_shape_and_the_place_of_the_bytes() {
    for_each_golden(|golden| {
        let checkpoint = Checkpoint::open(&golden.path).unwrap();
        for (key, info) in checkpoint.iter() {
            assert_eq!(checkpoint.info(key).unwrap(), info);
            let expected = golden.info(key);
            assert_eq!((info.dtype.name(), &info.shape), (expected.dtype.as_str(), &expected.shape));
            let bytes = &golden.bytes[info.bytes.start as usize..info.bytes.end as usize];
            golden.assert_tensor(key, &Tensor::new(info.dtype, info.shape, bytes.to_vec()).unwrap());
            assert_eq!(info.file.as_ref(), Some(&golden.path));
        }
    });
}

#[test]
fn a_tensor_is_the_same_opened_loaded_mapped_and_from_bytes() {
    for_each_golden(|golden| {
        let opened = Checkpoint::open(&golden.path).unwrap();
        let loaded = Checkpoint::load(&golden.path).unwrap();
        // SAFETY: nobody changes the fixtures.
        #[allow(unsafe_code)]
        let mapped = unsafe { Checkpoint::map(&golden.path) }.unwrap();
        let bytes = Checkpoint::from_bytes(&golden.bytes).unwrap();
        for key in &golden.manifest.order {
            golden.assert_tensor(key, &opened.tensor(key).unwrap());
            for checkpoint in [&loaded, &mapped, &bytes] {
                golden.assert_tensor(key, &checkpoint.view(key).unwrap().to_owned());
            }
        }
    });
}

#[test]
fn a_key_that_is_not_there_is_an_error_with_the_nearest() {
    let golden = golden("hf_flax_bert");
    let checkpoint = Checkpoint::open(&golden.path).unwrap();
    let key = "pooler.dense.weight";
    let errors = [
        checkpoint.info(key).unwrap_err(),
        checkpoint.tensor(key).unwrap_err(),
        checkpoint.read_into::<f32>(key, &mut []).unwrap_err(),
        checkpoint.slice(key, &[0..1]).unwrap_err(),
        checkpoint.get_at::<Tree>(key).unwrap_err(),
    ];
    for error in errors {
        assert_eq!((error.key(), error.file()), (Some(key), Some(golden.path.as_path())));
        assert!(error.to_string().contains("(the nearest is `pooler.dense"), "{error}");
    }
}

#[test]
fn an_opened_file_lends_nothing_and_says_what_does() {
    let checkpoint = Checkpoint::open(fixtures().join("hf_flax_bert.safetensors")).unwrap();
    let error = checkpoint.view("pooler.dense.bias").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Borrow { .. }));
    for way in ["Checkpoint::load", "Checkpoint::map", "from_bytes"] {
        assert!(error.to_string().contains(way), "{error}");
    }
}

#[test]
fn a_loaded_file_lends_tensors() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.safetensors");
    safejax::to_file(&path, &net()).unwrap();
    let checkpoint = Checkpoint::load(&path).unwrap();
    let kernel: TensorView<'_> = checkpoint.get_at("out.kernel").unwrap();
    assert_eq!(kernel.to_vec::<f32>().unwrap(), net().out.kernel.into_raw_vec_and_offset().0);
}

#[test]
fn read_into_fills_elements_of_the_dtype_and_of_wider_ones() {
    let bytes = safejax::to_bytes(&BTreeMap::from([("w", arr2(&[[1.5f32, 2.0], [3.0, 4.0]]))])).unwrap();
    let checkpoint = Checkpoint::from_bytes(&bytes).unwrap();
    let mut same = [0.0f32; 4];
    checkpoint.read_into("w", &mut same).unwrap();
    assert_eq!(same, [1.5, 2.0, 3.0, 4.0]);
    let mut wider = [0.0f64; 4];
    checkpoint.read_into("w", &mut wider).unwrap();
    assert_eq!(wider, [1.5, 2.0, 3.0, 4.0]);
}

#[test]
fn read_into_refuses_another_number_of_elements_and_narrower_ones() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.safetensors");
    safejax::to_file(&path, &BTreeMap::from([("w", arr1(&[1.5f32, 2.0]))])).unwrap();
    let checkpoint = Checkpoint::open(&path).unwrap();
    let error = checkpoint.read_into("w", &mut [0.0f32; 3]).unwrap_err();
    assert!(error.to_string().contains("`w`: expected 3 elements, found shape [2]"), "{error}");
    let error = checkpoint.read_into("w", &mut [0u8; 2]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Dtype { lossy: true, .. }), "{error}");
    let mut lossy = [0u8; 2];
    Options::new().casts(Casts::Lossy).open(&path).unwrap().read_into("w", &mut lossy).unwrap();
    assert_eq!(lossy, [1, 2]);
}

#[test]
fn bools_are_read_into_place_and_checked() {
    let bytes = safejax::to_bytes(&BTreeMap::from([("w", arr1(&[true, false]))])).unwrap();
    let mut bools = [false; 2];
    Checkpoint::from_bytes(&bytes).unwrap().read_into("w", &mut bools).unwrap();
    assert_eq!(bools, [true, false]);
    let bad = fs::read(fixtures().join("bad/bool_two.safetensors")).unwrap();
    let checkpoint = Checkpoint::from_bytes(&bad).unwrap();
    let (key, info) = checkpoint.iter().next().unwrap();
    let mut bools = vec![false; info.shape.iter().product()];
    assert!(checkpoint.read_into(key, &mut bools).is_err());
}

/// Every slice of a small tensor, compared with the same slice of the whole.
#[test]
fn a_slice_is_that_of_the_whole_tensor() {
    let array = ndarray::Array3::from_shape_fn((3, 4, 5), |(i, j, k)| (100 * i + 10 * j + k) as u16);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.safetensors");
    safejax::to_file(&path, &BTreeMap::from([("w", &array)])).unwrap();
    let checkpoint = Checkpoint::open(&path).unwrap();
    let ranges = |extent: usize| (0..=extent).flat_map(move |start| (start..=extent).map(move |end| start..end));
    for a in ranges(3) {
        for b in ranges(4) {
            for c in [0..5, 0..0, 1..4, 4..5] {
                let slice = checkpoint.slice("w", &[a.clone(), b.clone(), c.clone()]).unwrap();
                let expected = array.slice(ndarray::s![a.clone(), b.clone(), c.clone()]).to_owned().into_dyn();
                assert_eq!(slice.to_array::<u16>().unwrap(), expected, "{a:?} {b:?} {c:?}");
            }
        }
    }
}

#[test]
fn a_slice_takes_any_ranges_and_whole_axes_where_there_are_none() {
    let array = Array2::from_shape_fn((3, 2), |(i, j)| (10 * i + j) as i32);
    let bytes = safejax::to_bytes(&BTreeMap::from([("w", &array)])).unwrap();
    let checkpoint = Checkpoint::from_bytes(&bytes).unwrap();
    let values = |tensor: Tensor| tensor.to_vec::<i32>().unwrap();
    assert_eq!(values(checkpoint.slice("w", &[1..]).unwrap()), [10, 11, 20, 21]);
    assert_eq!(values(checkpoint.slice("w", &[..=0]).unwrap()), [0, 1]);
    assert_eq!(values(checkpoint.slice::<std::ops::RangeFull>("w", &[]).unwrap()), [0, 1, 10, 11, 20, 21]);
}

#[test]
fn a_slice_beyond_the_tensor_is_an_error() {
    let bytes = safejax::to_bytes(&BTreeMap::from([("w", arr1(&[1.0f32, 2.0]))])).unwrap();
    let checkpoint = Checkpoint::from_bytes(&bytes).unwrap();
    let error = checkpoint.slice("w", &[1..3]).unwrap_err();
    assert!(error.to_string().contains("`w`: expected a tensor that has 1..3 on axis 0, found shape [2]"), "{error}");
    assert!(checkpoint.slice("w", &[0..1, 0..1]).is_err());
}

#[test]
fn a_part_is_read_by_the_words_of_its_naming() {
    let haiku = golden("haiku_mlp");
    let flax = golden("hf_flax_bert");
    for golden in [&haiku, &flax] {
        let checkpoint = Checkpoint::open(&golden.path).unwrap();
        for key in &golden.manifest.order {
            golden.assert_tensor(key, &checkpoint.get_at::<Tensor>(key).unwrap());
        }
    }
    let checkpoint = Checkpoint::open(&haiku.path).unwrap();
    let module = haiku.manifest.order[0].rsplit_once('.').unwrap().0;
    let tree: BTreeMap<String, Tensor> = checkpoint.get_at(module).unwrap();
    for (name, tensor) in &tree {
        haiku.assert_tensor(&format!("{module}.{name}"), tensor);
    }
    let checkpoint = Checkpoint::open(&flax.path).unwrap();
    let tree: Tree = checkpoint.get_at("encoder.layer.1").unwrap();
    flax.assert_tensor(
        "encoder.layer.1.output.dense.kernel",
        tree.get("output.dense.kernel").unwrap().as_tensor().unwrap(),
    );
}

#[test]
fn a_part_is_read_by_the_names_of_its_fields_in_every_naming() {
    let namings = [
        safejax::Naming::flax(),
        safejax::Naming::flax().separator("/"),
        safejax::Naming::flax().suffix_lists(true),
        safejax::Naming::haiku(),
        safejax::Naming::objax(),
        safejax::Naming::keystr(),
    ];
    for naming in namings {
        let bytes = Options::new().naming(naming.clone()).to_bytes(&net()).unwrap();
        let checkpoint = Checkpoint::from_bytes(&bytes).unwrap();
        assert_eq!(checkpoint.get_at::<Dense>("layers.1").unwrap(), dense(1.0), "{naming}");
        assert_eq!(checkpoint.get_at::<Dense>("layers.0").unwrap(), dense(0.0), "{naming}");
        assert_eq!(checkpoint.get_at::<Vec<Dense>>("layers").unwrap(), net().layers, "{naming}");
        assert_eq!(checkpoint.get_at::<Array1<f32>>("out.bias").unwrap(), net().out.bias, "{naming}");
        assert_eq!(checkpoint.get_at::<String>("activation").unwrap(), "relu", "{naming}");
        assert_eq!(checkpoint.get_at::<Net>("").unwrap(), net(), "{naming}");
    }
}

#[test]
fn a_part_of_an_objax_file_is_read_by_its_module() {
    let bytes = safejax::objax::to_bytes(&net()).unwrap();
    let checkpoint = Checkpoint::from_bytes(&bytes).unwrap();
    assert_eq!(checkpoint.get_at::<Dense>("(Net).layers(ModuleList)[1](Dense)").unwrap(), dense(1.0));
    assert_eq!(checkpoint.get_at::<Dense>("(Net).out").unwrap(), dense(2.0));
    assert_eq!(checkpoint.get_at::<Array1<f32>>("(Net).out(Dense).bias").unwrap(), net().out.bias);
}

#[test]
fn a_path_that_leads_nowhere_is_an_error_with_the_nearest_module() {
    let bytes = safejax::to_bytes(&net()).unwrap();
    let error = Checkpoint::from_bytes(&bytes).unwrap().get_at::<Dense>("layer.1").unwrap_err();
    assert_eq!(error.key(), Some("layer.1"));
    assert!(error.to_string().contains("the nearest is `layers.1`"), "{error}");
}

#[test]
fn display_is_an_aligned_table_of_contents() {
    let bytes = safejax::to_bytes(&net()).unwrap();
    let checkpoint = Checkpoint::from_bytes(&bytes).unwrap();
    let expected = "\
6 tensors, 108 B, flax (separator `.`)
activation  relu
layers                   72 B
  0                      36 B
    bias    F32  [3]     12 B
    kernel  F32  [2, 3]  24 B
  1                      36 B
    bias    F32  [3]     12 B
    kernel  F32  [2, 3]  24 B
out                      36 B
  bias      F32  [3]     12 B
  kernel    F32  [2, 3]  24 B";
    assert_eq!(checkpoint.to_string(), expected);
    assert!(format!("{checkpoint:?}").starts_with("Checkpoint of bytes: 6 tensors"));
}

#[test]
fn every_golden_file_displays_one_line_a_tensor_at_least() {
    for_each_golden(|golden| {
        let checkpoint = Checkpoint::open(&golden.path).unwrap();
        let text = checkpoint.to_string();
        assert!(text.lines().count() > checkpoint.len(), "{text}");
        assert!(text.lines().all(|line| line == line.trim_end()), "{text}");
        assert!(text.contains(golden.path.to_str().unwrap()));
    });
}

#[test]
fn every_malformed_file_that_opens_displays() {
    let mut shown = 0;
    for path in common::safetensors_in("bad") {
        if let Ok(checkpoint) = Checkpoint::open(&path) {
            assert!(checkpoint.to_string().lines().count() < 10_000, "{}", path.display());
            shown += 1;
        }
    }
    assert!(shown > 10, "{shown}");
}

#[test]
fn dtypes_below_a_byte_are_read_whole() {
    let bytes = fs::read(fixtures().join("bad/f6_ok.safetensors")).unwrap();
    let checkpoint = Checkpoint::from_bytes(&bytes).unwrap();
    let (key, info) = checkpoint.iter().next().unwrap();
    assert_eq!(info.dtype, Dtype::F6_E3M2);
    assert_eq!(checkpoint.slice::<std::ops::RangeFull>(key, &[]).unwrap(), checkpoint.tensor(key).unwrap());
    assert!(checkpoint.slice(key, &[0..1]).unwrap_err().to_string().contains("read whole"));
}
