//! The large model from a file.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use memmap2::Mmap;
use safejax::{Checkpoint, Options};
use safetensors::SafeTensors;

use super::Scale;
use crate::formats;
use crate::heap;
use crate::models::{Model, ModelView, Named};
use crate::plain;
use crate::race::{Contestant, race, time};
use crate::report::{OWN, Report};

/// A file of a model, and where its tensors are.
struct Saved {
    path: PathBuf,
    /// The offset and the number of elements of each tensor.
    places: Vec<(u64, usize)>,
}

fn saved(scale: &Scale, name: &str, model: &Model) -> Saved {
    let bytes = safejax::to_bytes(model).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let place = |name: &String| {
        let data = file.tensor(name).unwrap().data();
        ((data.as_ptr().addr() - bytes.as_ptr().addr()) as u64, data.len() / 4)
    };
    let places = model.names().iter().map(place).collect();
    let path = scale.directory.join(name);
    fs::write(&path, &bytes).unwrap();
    Saved { path, places }
}

/// `pread` of each tensor into its own buffer.
fn read_each(saved: &Saved) -> Vec<Vec<f32>> {
    let file = File::open(&saved.path).unwrap();
    saved.places.iter().map(|&(offset, len)| plain::read_elements(&file, offset, len)).collect()
}

fn map(path: &Path) -> Mmap {
    // SAFETY: this program alone knows of the file.
    unsafe { Mmap::map(&File::open(path).unwrap()).unwrap() }
}

pub fn owned(scale: &Scale, report: &mut Report) {
    let model = scale.model();
    let names = model.names();
    let saved = saved(scale, "from_file.safetensors", &model);
    let path = &saved.path;
    let one = Options::new().threads(1);
    let times = race(
        scale.rounds,
        vec![
            Contestant::new("pread", || read_each(&saved)),
            Contestant::new(OWN, || one.from_file::<Model>(path).unwrap()),
            Contestant::new("read + safetensors", || {
                let bytes = fs::read(path).unwrap();
                formats::load_safetensors(&names, &model, &bytes)
            }),
        ],
    );
    report.race(
        "`from_file`, owned arrays",
        &times,
        [OWN, "pread"],
        "`pread` of each tensor into its own buffer",
        1.10,
    );
    let usual = "`fs::read` + safetensors + copy";
    report.race("`from_file`, owned arrays", &times, [OWN, "read + safetensors"], usual, 0.45);
    let peak = heap::peak(|| safejax::from_file::<Model>(path).unwrap());
    let ratio = peak as f64 / model.byte_len() as f64;
    report.target("`from_file`, memory at its peak", "the size of the model", ratio, 1.01);
}

/// Reads a file into memory, and borrows a model from there.
fn loading<'c>(name: &'static str, path: &'c Path, options: Options) -> Contestant<'c> {
    Contestant::timed(name, move || {
        let mut held = None;
        time(|| {
            let checkpoint = held.insert(options.load(path).unwrap());
            checkpoint.get::<ModelView<'_>>().unwrap().layers.len()
        })
    })
}

pub fn views(scale: &Scale, report: &mut Report) {
    let model = scale.model();
    let large = saved(scale, "views.safetensors", &model);
    let path = &large.path;
    let times = race(
        scale.rounds,
        vec![
            Contestant::new("pread", || read_each(&large)),
            loading("load", path, Options::new().threads(1)),
            loading("two", path, Options::new().threads(2)),
        ],
    );
    let pread = "`pread` of each tensor into its own buffer";
    report.race("`Checkpoint::load` + views", &times, ["load", "pread"], pread, 0.65);
    report.race("`Checkpoint::load` + views, two threads", &times, ["two", "pread"], pread, 0.45);

    let narrow = Model::new(scale.layers, [scale.kernel[0] / 16, scale.kernel[1]]);
    let small = saved(scale, "views_small.safetensors", &narrow);
    // One is a matter of microseconds.
    const REPEATS: usize = 50;
    let mapped = |path: &Path| {
        for _ in 0..REPEATS {
            // SAFETY: this program alone knows of the file.
            let checkpoint = unsafe { Checkpoint::map(path) }.unwrap();
            assert!(!checkpoint.get::<ModelView<'_>>().unwrap().layers.is_empty());
        }
    };
    let times = race(
        scale.rounds,
        vec![
            Contestant::new("map", || mapped(path)),
            Contestant::new("map of less", || mapped(&small.path)),
            Contestant::new("safetensors", || {
                for _ in 0..REPEATS {
                    let map = map(path);
                    assert!(!SafeTensors::deserialize(&map).unwrap().is_empty());
                }
            }),
        ],
    );
    report.race("`Checkpoint::map` + views", &times, ["map", "safetensors"], "mmap + `SafeTensors::deserialize`", 0.2);
    report.race("`Checkpoint::map` + views", &times, ["map", "map of less"], "the same of 1/16 of the data", 1.10);
}
