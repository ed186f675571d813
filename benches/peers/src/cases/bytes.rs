//! The large model to bytes and from bytes.

use safejax::Options;
use safetensors::SafeTensors;

use super::Scale;
use crate::formats::{self, serde_formats};
use crate::models::{Model, Named};
use crate::plain;
use crate::race::{Contestant, race};
use crate::report::{OWN, Report};

/// The columns of the table of formats, in its order.
pub const FORMATS: &[&str] = &[
    OWN,
    "memcpy",
    "safetensors",
    "ndarray-safetensors",
    "bincode 2",
    "postcard",
    "rmp-serde",
    "ciborium",
    "ndarray-npy (npz)",
    "rkyv",
];

pub fn save(scale: &Scale, report: &mut Report) {
    let model = scale.model();
    let bytes = safejax::to_bytes(&model).unwrap();
    let (one, two) = (Options::new().threads(1), Options::new().threads(2));
    let names = model.names();
    let (arrays16, flat) = (formats::arrays16(&model), formats::flat(&model));
    let mut contestants = vec![
        Contestant::new("memcpy", || plain::copy(&bytes)),
        Contestant::new("hinted", || plain::copy_hinted(&bytes)),
        Contestant::new(OWN, || one.to_bytes(&model).unwrap()),
        Contestant::new("two", || two.to_bytes(&model).unwrap()),
        Contestant::new("safetensors", || formats::save_safetensors(&names, &model)),
        Contestant::new("ndarray-safetensors", || formats::save_ndarray_safetensors(&arrays16)),
        Contestant::new("ndarray-npy (npz)", || formats::save_npz(&names, &model)),
        Contestant::new("rkyv", || formats::save_rkyv(&flat)),
    ];
    for format in serde_formats::<Model>() {
        let model = &model;
        contestants.push(Contestant::new(format.name, move || (format.save)(model)));
    }
    let times = race(scale.rounds, contestants);
    report.race("`to_bytes`", &times, [OWN, "memcpy"], "memcpy into one fresh `Vec`", 0.55);
    report.race("`to_bytes`", &times, [OWN, "hinted"], "the same memcpy with huge pages", 1.10);
    report.race("`to_bytes`", &times, [OWN, "safetensors"], "`safetensors::serialize`", 0.55);
    let case = "`to_bytes`, two threads (feature `parallel`)";
    report.race(case, &times, ["two", "memcpy"], "memcpy into one fresh `Vec`", 0.35);
    report.column("100 MB to bytes", &times, FORMATS);
}

pub fn load(scale: &Scale, report: &mut Report) {
    let model = scale.model();
    let bytes = safejax::to_bytes(&model).unwrap();
    let one = Options::new().threads(1);
    let names = model.names();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let parts: Vec<&[u8]> = names.iter().map(|name| file.tensor(name).unwrap().data()).collect();
    let npz = formats::save_npz(&names, &model);
    let old = formats::save_ndarray_safetensors(&formats::arrays16(&model));
    let flat = formats::save_rkyv(&formats::flat(&model));
    let mut contestants = vec![
        Contestant::new("memcpy", || parts.iter().map(|part| plain::copy_elements::<f32>(part)).collect::<Vec<_>>()),
        Contestant::new(OWN, || one.from_bytes::<Model>(&bytes).unwrap()),
        Contestant::new("safetensors", || formats::load_safetensors(&names, &model, &bytes)),
        Contestant::new("ndarray-safetensors", || formats::load_ndarray_safetensors(&old)),
        Contestant::new("ndarray-npy (npz)", || formats::load_npz(&names, &model, &npz)),
        Contestant::new("rkyv", || formats::load_rkyv(&flat)),
    ];
    for format in serde_formats::<Model>() {
        let saved = (format.save)(&model);
        contestants.push(Contestant::new(format.name, move || (format.load)(&saved)));
    }
    let times = race(scale.rounds, contestants);
    report.race("`from_bytes`, owned arrays", &times, [OWN, "memcpy"], "memcpy into a fresh `Vec` a tensor", 1.10);
    report.column("100 MB from bytes", &times, FORMATS);
}
