//! Partial loads read their part alone: the bytes that the process reads are counted.
#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]
// A slice is given by a range of each axis, of which there may be one.
#![allow(clippy::single_range_in_vec_init)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ndarray::{Array1, Array2};
use safejax::{Checkpoint, MissingKeys, Options, Tensor, UnknownKeys};
use serde::{Deserialize, Serialize};

/// The count is of the whole process, so that only one test may read at a time.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The bytes that this process has read by system calls.
fn read_so_far() -> u64 {
    let text = fs::read_to_string("/proc/self/io").unwrap();
    text.lines().find_map(|line| line.strip_prefix("rchar: ")).unwrap().parse().unwrap()
}

/// The bytes that `load` reads, without those of the counting itself.
fn bytes_read<T>(load: impl FnOnce() -> T) -> (T, u64) {
    let first = read_so_far();
    let counting = read_so_far() - first;
    let before = read_so_far();
    let value = load();
    (value, read_so_far() - before - counting)
}

/// More than headers take, less than any of the large tensors.
const LITTLE: u64 = 8 * 1024;

/// The bytes of a kernel.
const KERNEL: u64 = 4 * 256 * 256;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Dense {
    kernel: Array2<f32>,
    bias: Array1<f32>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Net {
    encoder: Vec<Dense>,
    head: Dense,
}

fn net() -> Net {
    let dense =
        |value: f32| Dense { kernel: Array2::from_elem((256, 256), value), bias: Array1::from_elem(256, value) };
    Net { encoder: (0..8).map(|n| dense(n as f32)).collect(), head: dense(9.0) }
}

fn saved() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.safetensors");
    safejax::to_file(&path, &net()).unwrap();
    (directory, path)
}

fn saved_in_shards() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    safejax::to_shards(directory.path(), &net(), 2 * KERNEL + 4096).unwrap();
    directory
}

fn assert_reads(path: &Path, bytes: u64, load: impl FnOnce(&Checkpoint<'_>)) {
    let checkpoint = Checkpoint::open(path).unwrap();
    let ((), read) = bytes_read(|| load(&checkpoint));
    // The counter counts the reading of itself, whose text grows by a digit now and then.
    assert!(read.abs_diff(bytes) < 16, "{read} bytes, not {bytes}");
}

#[test]
fn opening_reads_the_header_alone() {
    let _alone = alone();
    let (_directory, path) = saved();
    let (checkpoint, read) = bytes_read(|| Checkpoint::open(&path).unwrap());
    assert!(read < LITTLE, "{read} bytes");
    let (_, read) = bytes_read(|| (checkpoint.to_string(), checkpoint.iter().count()));
    assert!(read < 16, "{read} bytes");
}

#[test]
fn a_tensor_a_part_and_a_type_read_their_bytes_alone() {
    let _alone = alone();
    let (_directory, path) = saved();
    assert_reads(&path, KERNEL, |checkpoint| {
        checkpoint.tensor("head.kernel").unwrap();
    });
    assert_reads(&path, KERNEL, |checkpoint| {
        checkpoint.read_into("head.kernel", &mut vec![0.0f32; 256 * 256]).unwrap();
    });
    assert_reads(&path, KERNEL + 1024, |checkpoint| {
        assert_eq!(checkpoint.get_at::<Dense>("encoder.3").unwrap(), net().encoder[3]);
    });
    #[derive(Deserialize)]
    struct Head {
        head: Dense,
    }
    assert_reads(&path, KERNEL + 1024, |checkpoint| {
        assert_eq!(checkpoint.get::<Head>().unwrap().head, net().head);
    });
}

#[test]
fn a_slice_reads_the_rows_it_needs() {
    let _alone = alone();
    let (_directory, path) = saved();
    let rows = |checkpoint: &Checkpoint<'_>| checkpoint.slice("head.kernel", &[10..20]).unwrap();
    assert_reads(&path, 10 * 1024, |checkpoint| assert_eq!(rows(checkpoint).shape(), [10, 256]));
    // The columns of neighbouring rows are close enough to be read at once.
    assert_reads(&path, 9 * 1024 + 4, |checkpoint| {
        assert_eq!(checkpoint.slice("head.kernel", &[10..20, 7..8]).unwrap().shape(), [10, 1]);
    });
}

#[test]
fn pieces_far_apart_are_read_one_by_one() {
    let _alone = alone();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.safetensors");
    safejax::to_file(&path, &BTreeMap::from([("w", Array2::<f64>::ones((16, 10_000)))])).unwrap();
    assert_reads(&path, 16 * 8, |checkpoint| {
        assert_eq!(
            checkpoint.slice("w", &[0..16, 5..6]).unwrap(),
            Tensor::new(safejax::Dtype::F64, vec![16, 1], 1f64.to_le_bytes().repeat(16)).unwrap()
        );
    });
}

#[test]
fn an_assignment_reads_what_the_model_has() {
    let _alone = alone();
    let (_directory, path) = saved();
    let mut model =
        BTreeMap::from([("head".to_owned(), Dense { kernel: Array2::zeros((256, 256)), bias: Array1::zeros(256) })]);
    let options = Options::new().missing_keys(MissingKeys::Keep).unknown_keys(UnknownKeys::Allow);
    let (report, read) = bytes_read(|| options.assign_from_file(&mut model, &path).unwrap());
    assert_eq!((model["head"].kernel[[0, 0]], report.loaded.len()), (9.0, 2));
    assert!((KERNEL..KERNEL + LITTLE).contains(&read), "{read} bytes");
}

#[test]
fn an_assignment_that_is_refused_reads_no_tensor() {
    let _alone = alone();
    let (_directory, path) = saved();
    let mut model = BTreeMap::from([("head".to_owned(), Array1::<f32>::zeros(1))]);
    let (result, read) = bytes_read(|| safejax::assign_from_file(&mut model, &path));
    assert!(result.is_err() && read < LITTLE, "{read} bytes");
}

#[test]
fn of_shards_the_headers_are_read_and_then_one_tensor() {
    let _alone = alone();
    let directory = saved_in_shards();
    let (checkpoint, read) = bytes_read(|| Checkpoint::open(directory.path()).unwrap());
    assert!(read < LITTLE, "{read} bytes");
    let (layer, read) = bytes_read(|| checkpoint.get_at::<Dense>("encoder.5").unwrap());
    assert_eq!((layer, read), (net().encoder.swap_remove(5), KERNEL + 1024));
}
