//! The main verbs by themselves: the large model, and many small tensors.
//!
//! ```sh
//! cargo bench --manifest-path benches/peers/Cargo.toml
//! ```

#[allow(dead_code)]
#[path = "../src/models.rs"]
mod models;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use models::{Blocks, Model, ModelView, Named};
use safejax::{Checkpoint, Tree};

fn main() {
    divan::main();
}

fn large() -> Model {
    Model::new(50, [1024, 512])
}

#[divan::bench]
fn to_bytes(bencher: Bencher<'_, '_>) {
    let model = large();
    let count = BytesCount::new(model.byte_len());
    bencher.counter(count).bench_local(|| safejax::to_bytes(black_box(&model)).unwrap());
}

#[divan::bench]
fn from_bytes(bencher: Bencher<'_, '_>) {
    let bytes = safejax::to_bytes(&large()).unwrap();
    let count = BytesCount::new(bytes.len());
    bencher.counter(count).bench_local(|| safejax::from_bytes::<Model>(black_box(&bytes)).unwrap());
}

#[divan::bench]
fn to_file(bencher: Bencher<'_, '_>) {
    let model = large();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.safetensors");
    let count = BytesCount::new(model.byte_len());
    bencher.counter(count).bench_local(|| safejax::to_file(&path, black_box(&model)).unwrap());
}

#[divan::bench]
fn from_file(bencher: Bencher<'_, '_>) {
    let model = large();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.safetensors");
    safejax::to_file(&path, &model).unwrap();
    let count = BytesCount::new(model.byte_len());
    bencher.counter(count).bench_local(|| safejax::from_file::<Model>(black_box(&path)).unwrap());
}

#[divan::bench]
fn views_from_bytes(bencher: Bencher<'_, '_>) {
    let model = large();
    let bytes = safejax::to_bytes(&model).unwrap();
    let count = ItemsCount::new(model.names().len());
    bencher.counter(count).bench_local(|| {
        let checkpoint = Checkpoint::from_bytes(black_box(&bytes)).unwrap();
        checkpoint.get::<ModelView<'_>>().unwrap().layers.len()
    });
}

const SMALL: &[usize] = &[2_000, 20_000];

#[divan::bench(args = SMALL)]
fn small_to_bytes(bencher: Bencher<'_, '_>, tensors: usize) {
    let model = Blocks::new(tensors);
    bencher.counter(ItemsCount::new(tensors)).bench_local(|| safejax::to_bytes(black_box(&model)).unwrap());
}

#[divan::bench(args = SMALL)]
fn small_from_bytes(bencher: Bencher<'_, '_>, tensors: usize) {
    let bytes = safejax::to_bytes(&Blocks::new(tensors)).unwrap();
    bencher
        .counter(ItemsCount::new(tensors))
        .bench_local(|| safejax::from_bytes::<Blocks>(black_box(&bytes)).unwrap());
}

#[divan::bench(args = SMALL)]
fn small_tree_from_bytes(bencher: Bencher<'_, '_>, tensors: usize) {
    let bytes = safejax::to_bytes(&Blocks::new(tensors)).unwrap();
    bencher
        .counter(ItemsCount::new(tensors))
        .bench_local(|| safejax::from_bytes::<Tree>(black_box(&bytes)).unwrap());
}
