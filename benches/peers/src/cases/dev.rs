//! The typed path in a build without optimisation, where serde's own loops crawl.

use safetensors::SafeTensors;

use super::Scale;
use crate::models::{Model, Named};
use crate::plain;
use crate::race::{Contestant, race};
use crate::report::{OWN, Report};

pub fn run(scale: &Scale, report: &mut Report) {
    if !cfg!(debug_assertions) {
        eprintln!("dev: this build is optimised; run the program without --release for it");
        return;
    }
    let model = scale.model();
    let bytes = safejax::to_bytes(&model).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let parts: Vec<&[u8]> = model.names().iter().map(|name| file.tensor(name).unwrap().data()).collect();
    let save = race(
        scale.rounds,
        vec![
            Contestant::new("memcpy", || plain::copy(&bytes)),
            Contestant::new(OWN, || safejax::to_bytes(&model).unwrap()),
        ],
    );
    report.race("`to_bytes`, dev build", &save, [OWN, "memcpy"], "memcpy into one fresh `Vec`", 1.5);
    let load = race(
        scale.rounds,
        vec![
            Contestant::new("memcpy", || {
                parts.iter().map(|part| plain::copy_elements::<f32>(part)).collect::<Vec<_>>()
            }),
            Contestant::new(OWN, || safejax::from_bytes::<Model>(&bytes).unwrap()),
        ],
    );
    report.race("`from_bytes`, dev build", &load, [OWN, "memcpy"], "memcpy into a fresh `Vec` a tensor", 1.5);
}
