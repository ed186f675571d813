//! Arrays of an element that this crate does not know: serde hands them over one by one.

use ndarray::Array2;
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};

use super::Scale;
use crate::plain;
use crate::race::{Contestant, race};
use crate::report::{OWN, Report};

/// Written as the number that it is, and yet another type.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(transparent)]
struct Weight(f32);

#[derive(Serialize, Deserialize)]
struct Weights {
    layers: Vec<Array2<Weight>>,
}

pub fn run(scale: &Scale, report: &mut Report) {
    let [rows, columns] = scale.kernel;
    let layer = |_| Array2::from_shape_fn((rows, columns), |(i, j)| Weight((i * columns + j) as f32));
    let weights = Weights { layers: (0..scale.layers).map(layer).collect() };
    let bytes = safejax::to_bytes(&weights).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let parts: Vec<&[u8]> =
        (0..scale.layers).map(|i| format!("layers.{i}")).map(|name| file.tensor(&name).unwrap().data()).collect();
    let save = race(
        scale.rounds,
        vec![
            Contestant::new("memcpy", || plain::copy(&bytes)),
            Contestant::new(OWN, || safejax::to_bytes(&weights).unwrap()),
        ],
    );
    report.race("`to_bytes`, element by element", &save, [OWN, "memcpy"], "memcpy into one fresh `Vec`", 1.5);
    let load = race(
        scale.rounds,
        vec![
            Contestant::new("memcpy", || {
                parts.iter().map(|part| plain::copy_elements::<f32>(part)).collect::<Vec<_>>()
            }),
            Contestant::new(OWN, || safejax::from_bytes::<Weights>(&bytes).unwrap()),
        ],
    );
    report.race("`from_bytes`, element by element", &load, [OWN, "memcpy"], "memcpy into a fresh `Vec` a tensor", 2.0);
}
