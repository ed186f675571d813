//! One tensor of many.

use std::fs::{self, File};
use std::hint::black_box;
use std::path::Path;

use memmap2::Mmap;
use ndarray::Array2;
use safejax::Checkpoint;
use safetensors::SafeTensors;
use serde::Serialize;

use super::Scale;
use crate::models::{Blocks, Model};
use crate::plain;
use crate::race::{Contestant, race};
use crate::report::{OWN, Report};

/// The large model among many small tensors.
#[derive(Serialize)]
struct Among<'a> {
    blocks: Blocks,
    model: &'a Model,
}

fn open_and_get(path: &Path, prefix: &str, layer: usize) {
    let checkpoint = Checkpoint::open(path).unwrap();
    drop(black_box(checkpoint.get_at::<Array2<f32>>(&format!("{prefix}layers.{layer}.kernel")).unwrap()));
}

fn map_and_copy(path: &Path, prefix: &str, layer: usize) {
    // SAFETY: this program alone knows of the file.
    let map = unsafe { Mmap::map(&File::open(path).unwrap()).unwrap() };
    let file = SafeTensors::deserialize(&map).unwrap();
    let data = file.tensor(&format!("{prefix}layers.{layer}.kernel")).unwrap().data();
    drop(plain::copy_elements::<f32>(data));
}

pub fn run(scale: &Scale, report: &mut Report) {
    let model = scale.model();
    let few = scale.directory.join("part.safetensors");
    safejax::to_file(&few, &model).unwrap();
    let many = scale.directory.join("part_of_many.safetensors");
    safejax::to_file(&many, &Among { blocks: Blocks::new(scale.small[0]), model: &model }).unwrap();
    let (few_open, many_open) = (Checkpoint::open(&few).unwrap(), Checkpoint::open(&many).unwrap());

    // Another layer each time, as one that was just read is in the cache. Each is dropped before the next.
    let layers = || (0..scale.layers).step_by(3);
    let part = |checkpoint: &Checkpoint<'static>, prefix: &str| {
        let read =
            |i| drop(black_box(checkpoint.get_at::<Array2<f32>>(&format!("{prefix}layers.{i}.kernel")).unwrap()));
        layers().for_each(read)
    };
    let bytes = fs::read(&few).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let tensors: Vec<&[u8]> = layers().map(|i| file.tensor(&format!("layers.{i}.kernel")).unwrap().data()).collect();
    let times = race(
        scale.rounds,
        vec![
            Contestant::new("memcpy", || tensors.iter().for_each(|bytes| drop(plain::copy_elements::<f32>(bytes)))),
            Contestant::new(OWN, || part(&few_open, "")),
            Contestant::new("of many", || part(&many_open, "model.")),
            Contestant::new("open", || layers().for_each(|i| open_and_get(&few, "", i))),
            Contestant::new("mmap", || layers().for_each(|i| map_and_copy(&few, "", i))),
        ],
    );
    let of_many = race(
        scale.rounds,
        vec![
            Contestant::new("open", || open_and_get(&many, "model.", 1)),
            Contestant::new("mmap", || map_and_copy(&many, "model.", 1)),
        ],
    );
    let memcpy = "memcpy of the tensor";
    report.race("`get_at`, one tensor of 100", &times, [OWN, "memcpy"], memcpy, 1.2);
    let many_count = scale.small[0] + 2 * scale.layers;
    report.race(format!("`get_at`, one tensor of {many_count}"), &times, ["of many", "memcpy"], memcpy, 1.2);
    let usual = "mmap + safetensors + copy";
    let count = 2 * scale.layers;
    report.race(format!("`open` + `get_at`, one tensor of {count}"), &times, ["open", "mmap"], usual, 0.6);
    report.race(format!("`open` + `get_at`, one tensor of {many_count}"), &of_many, ["open", "mmap"], usual, 0.6);
}
