//! The large model to a file. Every contestant writes a new file; the old one is removed before the
//! clock starts.

use std::fs;
use std::path::Path;

use safejax::Options;

use super::Scale;
use crate::formats;
use crate::heap;
use crate::models::Named;
use crate::plain;
use crate::race::{Contestant, race, time};
use crate::report::{OWN, Report};

/// Writes a file that is not there.
fn writing<'c>(name: &'static str, path: &'c Path, write: impl Fn(&Path) + 'c) -> Contestant<'c> {
    Contestant::timed(name, move || {
        let _ = fs::remove_file(path);
        time(|| write(path))
    })
}

pub fn save(scale: &Scale, report: &mut Report) {
    let model = scale.model();
    let bytes = safejax::to_bytes(&model).unwrap();
    let names = model.names();
    let path = scale.directory.join("to_file.safetensors");
    let times = race(
        scale.rounds,
        vec![
            writing("write", &path, |path| fs::write(path, &bytes).unwrap()),
            writing(OWN, &path, |path| safejax::to_file(path, &model).unwrap()),
            writing("safetensors", &path, |path| {
                let arrays = model.arrays();
                safetensors::serialize_to_file(formats::tensors(&names, &arrays), None, path).unwrap();
            }),
        ],
    );
    report.race("`to_file`", &times, [OWN, "write"], "one `fs::write` of ready bytes", 1.05);
    report.race("`to_file`", &times, [OWN, "safetensors"], "`safetensors::serialize_to_file`", 0.97);
    let _ = fs::remove_file(&path);
    let peak = heap::peak(|| safejax::to_file(&path, &model).unwrap());
    report.target("`to_file`, extra memory at its peak", "1 MiB", peak as f64 / (1 << 20) as f64, 1.0);
    let _ = fs::remove_file(&path);
}

pub fn save_durably(scale: &Scale, report: &mut Report) {
    let model = scale.model();
    let bytes = safejax::to_bytes(&model).unwrap();
    let path = scale.directory.join("durable.safetensors");
    let durable = Options::new().sync(true);
    let times = race(
        scale.rounds,
        vec![
            writing("write", &path, |path| plain::write_durably(path, &bytes)),
            writing(OWN, &path, |path| durable.to_file(path, &model).unwrap()),
        ],
    );
    report.race("`to_file` with `sync(true)`", &times, [OWN, "write"], "write + `fdatasync`", 0.80);
    let _ = fs::remove_file(&path);
}
