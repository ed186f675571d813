//! Many small tensors.

use super::Scale;
use super::bytes::FORMATS;
use crate::formats::{self, serde_formats};
use crate::models::{Blocks, Named};
use crate::plain;
use crate::race::{Contestant, race};
use crate::report::{OWN, Report};

pub fn run(scale: &Scale, report: &mut Report) {
    for (number, &tensors) in scale.small.iter().enumerate() {
        // The table of formats shows the first number.
        of_number(scale, report, tensors, number == 0);
    }
}

fn of_number(scale: &Scale, report: &mut Report, tensors: usize, with_formats: bool) {
    let model = Blocks::new(tensors);
    let bytes = safejax::to_bytes(&model).unwrap();
    let names = model.names();
    let (arrays16, flat) = (formats::arrays16(&model), formats::flat(&model));
    let npz = formats::save_npz(&names, &model);
    let old = formats::save_ndarray_safetensors(&arrays16);
    let archive = formats::save_rkyv(&flat);

    let mut save = vec![
        Contestant::new(OWN, || safejax::to_bytes(&model).unwrap()),
        Contestant::new("safetensors", || formats::save_safetensors(&names, &model)),
    ];
    let mut load = vec![
        Contestant::new(OWN, || safejax::from_bytes::<Blocks>(&bytes).unwrap()),
        Contestant::new("safetensors", || formats::load_safetensors(&names, &model, &bytes)),
    ];
    if with_formats {
        save.push(Contestant::new("memcpy", || plain::copy(&bytes)));
        save.push(Contestant::new("ndarray-safetensors", || formats::save_ndarray_safetensors(&arrays16)));
        save.push(Contestant::new("ndarray-npy (npz)", || formats::save_npz(&names, &model)));
        save.push(Contestant::new("rkyv", || formats::save_rkyv(&flat)));
        load.push(Contestant::new("memcpy", || {
            let arrays = model.arrays();
            arrays.iter().map(|array| array.as_slice().unwrap().to_vec()).collect::<Vec<_>>()
        }));
        load.push(Contestant::new("ndarray-safetensors", || formats::load_ndarray_safetensors(&old)));
        load.push(Contestant::new("ndarray-npy (npz)", || formats::load_npz(&names, &model, &npz)));
        load.push(Contestant::new("rkyv", || formats::load_rkyv(&archive)));
    }
    for format in serde_formats::<Blocks>() {
        if with_formats || format.name == "bincode 2" {
            let (model, saved) = (&model, (format.save)(&model));
            save.push(Contestant::new(format.name, move || (format.save)(model)));
            load.push(Contestant::new(format.name, move || (format.load)(&saved)));
        }
    }
    let (save, load) = (race(scale.rounds, save), race(scale.rounds, load));
    let case = |verb: &str| format!("`{verb}`, {tensors} tensors of 16 f32");
    report.race(case("to_bytes"), &save, [OWN, "safetensors"], "`safetensors::serialize`", 0.45);
    report.race(case("from_bytes"), &load, [OWN, "safetensors"], "safetensors + copy", 0.12);
    report.race(case("from_bytes"), &load, [OWN, "bincode 2"], "bincode 2", 1.8);
    if with_formats {
        report.column(format!("{tensors} small tensors to bytes"), &save, FORMATS);
        report.column(format!("{tensors} small tensors from bytes"), &load, FORMATS);
    }
}
