//! A trained body under a new head: what matches is loaded, the rest stays as it was initialised.
//!
//! ```sh
//! cargo run --example finetune
//! ```

use ndarray::{Array1, Array2};
use safejax::{MissingKeys, Options, UnknownKeys};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Dense {
    kernel: Array2<f32>,
    bias: Array1<f32>,
}

impl Dense {
    fn filled(inputs: usize, outputs: usize, value: f32) -> Self {
        Self { kernel: Array2::from_elem((inputs, outputs), value), bias: Array1::from_elem(outputs, value) }
    }
}

#[derive(Serialize, Deserialize)]
struct Pretrained {
    encoder: Vec<Dense>,
    language_head: Dense,
}

#[derive(Serialize, Deserialize)]
struct Classifier {
    backbone: Vec<Dense>,
    classifier: Dense,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("pretrained.safetensors");
    let encoder = vec![Dense::filled(4, 4, 1.0), Dense::filled(4, 4, 2.0)];
    safejax::to_file(&path, &Pretrained { encoder, language_head: Dense::filled(4, 1000, 3.0) })?;

    let backbone = vec![Dense::filled(4, 4, 0.0), Dense::filled(4, 4, 0.0)];
    let mut model = Classifier { backbone, classifier: Dense::filled(4, 2, 0.0) };

    println!("As it stands, nothing fits and nothing is changed:\n");
    match safejax::assign_from_file(&mut model, &path) {
        Err(error) => println!("{error}\n"),
        Ok(report) => println!("{report}\n"),
    }

    println!("With the encoder under its new name, and another head:\n");
    let options = Options::new()
        .rename_prefixes([("encoder.", "backbone.")])
        .missing_keys(MissingKeys::Keep)
        .unknown_keys(UnknownKeys::Allow);
    println!("{}", options.assign_from_file(&mut model, &path)?);
    println!("\nThe second layer's bias is now {}", model.backbone.last().ok_or("no layers")?.bias);
    println!("and the classifier's still {}", model.classifier.bias);
    Ok(())
}
