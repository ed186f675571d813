//! That the cost is in proportion to the size, and to the number of tensors.

use std::fmt::Write;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Scale;
use crate::models::{Blocks, Model, Named};
use crate::race::{Contestant, Times, race};
use crate::report::Report;

pub fn run(scale: &Scale, report: &mut Report) {
    let mut table = String::from("| | `to_bytes` | `from_bytes` | `to_file` | `from_file` | |\n");
    table.push_str("| --- | --- | --- | --- | --- | --- |\n");
    for layers in scale.linear_layers {
        let model = Model::new(layers, scale.kernel);
        let mib = model.byte_len() as f64 / (1 << 20) as f64;
        row(scale, &mut table, &model, &format!("{mib:.0} MiB"), mib, "µs a MiB");
    }
    for tensors in scale.linear_tensors {
        row(scale, &mut table, &Blocks::new(tensors), &format!("{tensors} tensors"), tensors as f64, "µs a tensor");
    }
    eprint!("{table}");
    report.notes.push(table.trim_end().to_owned());
}

const VERBS: [&str; 4] = ["to_bytes", "from_bytes", "to_file", "from_file"];

fn row<T: Serialize + DeserializeOwned>(
    scale: &Scale,
    table: &mut String,
    model: &T,
    title: &str,
    count: f64,
    unit: &str,
) {
    let times = verbs(scale, model, &scale.directory.join("linear.safetensors"));
    let _ = write!(table, "| {title} |");
    for verb in VERBS {
        let _ = write!(table, " {:.2} |", times.median(verb) * 1e6 / count);
    }
    let _ = writeln!(table, " {unit} |");
}

fn verbs<T: Serialize + DeserializeOwned>(scale: &Scale, model: &T, path: &Path) -> Times {
    let bytes = safejax::to_bytes(model).unwrap();
    safejax::to_file(path, model).unwrap();
    race(
        scale.rounds.min(5),
        vec![
            Contestant::new(VERBS[0], || safejax::to_bytes(model).unwrap()),
            Contestant::new(VERBS[1], || safejax::from_bytes::<T>(&bytes).unwrap()),
            Contestant::new(VERBS[2], || safejax::to_file(path, model).unwrap()),
            Contestant::new(VERBS[3], || safejax::from_file::<T>(path).unwrap()),
        ],
    )
}
