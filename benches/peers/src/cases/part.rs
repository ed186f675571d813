//! One tensor of many.

use std::fs::{self, File};

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

pub fn run(scale: &Scale, report: &mut Report) {
    let model = scale.model();
    let path = scale.directory.join("part.safetensors");
    safejax::to_file(&path, &model).unwrap();
    let many = scale.directory.join("part_of_many.safetensors");
    safejax::to_file(&many, &Among { blocks: Blocks::new(scale.small[0]), model: &model }).unwrap();
    let (few, many) = (Checkpoint::open(&path).unwrap(), Checkpoint::open(&many).unwrap());

    // Another layer each time, as one that was just read is in the cache.
    let layers = || (0..scale.layers).step_by(3);
    let part = |checkpoint: &Checkpoint<'static>, prefix: &str| {
        let read = |i| checkpoint.get_at::<Array2<f32>>(&format!("{prefix}layers.{i}.kernel")).unwrap();
        layers().map(read).collect::<Vec<_>>()
    };
    let bytes = fs::read(&path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let tensors: Vec<&[u8]> = layers().map(|i| file.tensor(&format!("layers.{i}.kernel")).unwrap().data()).collect();
    let times = race(
        scale.rounds,
        vec![
            Contestant::new("memcpy", || {
                tensors.iter().map(|bytes| plain::copy_elements::<f32>(bytes)).collect::<Vec<_>>()
            }),
            Contestant::new(OWN, || part(&few, "")),
            Contestant::new("of many", || part(&many, "model.")),
            Contestant::new("open", || {
                let read = |i| {
                    let checkpoint = Checkpoint::open(&path).unwrap();
                    checkpoint.get_at::<Array2<f32>>(&format!("layers.{i}.kernel")).unwrap()
                };
                layers().map(read).collect::<Vec<_>>()
            }),
            Contestant::new("mmap", || {
                let read = |i| {
                    // SAFETY: this program alone knows of the file.
                    let map = unsafe { Mmap::map(&File::open(&path).unwrap()).unwrap() };
                    let file = SafeTensors::deserialize(&map).unwrap();
                    plain::copy_elements::<f32>(file.tensor(&format!("layers.{i}.kernel")).unwrap().data())
                };
                layers().map(read).collect::<Vec<_>>()
            }),
        ],
    );
    let memcpy = "memcpy of the tensor";
    report.race("`get_at`, one tensor of 100", &times, [OWN, "memcpy"], memcpy, 1.2);
    let case = format!("`get_at`, one tensor of {}", scale.small[0] + 2 * scale.layers);
    report.race(case, &times, ["of many", "memcpy"], memcpy, 1.2);
    let usual = "mmap + safetensors + copy";
    report.race("`Checkpoint::open` + `get_at`, one tensor of 100", &times, ["open", "mmap"], usual, 0.6);
}
