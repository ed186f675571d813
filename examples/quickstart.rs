//! Saves a small model under the names of flax, haiku and objax, loads it back, and reads a file
//! that Python wrote.
//!
//! ```text
//! cargo run --example quickstart [DIRECTORY]
//! ```

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use ndarray::{Array1, Array2, Array4};
use safejax::{Checkpoint, Tree};
use serde::{Deserialize, Serialize};

/// A model is any serde type. Its ndarray arrays are the tensors of the file.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Classifier {
    encoder: Mlp,
    head: Dense,
    /// No tensor: it goes into the metadata of the file.
    activation: String,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Mlp {
    layers: Vec<Dense>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Dense {
    kernel: Array2<f32>,
    bias: Array1<f32>,
}

impl Dense {
    /// A layer whose weights count up in eighths from `start`.
    fn new(inputs: usize, outputs: usize, start: f32) -> Self {
        let weight = |n: usize| start + n as f32 / 8.0;
        Self {
            kernel: Array2::from_shape_fn((inputs, outputs), |(i, j)| weight(i * outputs + j)),
            bias: Array1::from_shape_fn(outputs, weight),
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let directory = env::args_os().nth(1).map_or_else(|| env::temp_dir().join("safejax-quickstart"), PathBuf::from);
    fs::create_dir_all(&directory)?;

    let model = Classifier {
        encoder: Mlp { layers: vec![Dense::new(2, 3, 0.0), Dense::new(3, 3, 10.0)] },
        head: Dense::new(3, 2, 20.0),
        activation: "relu".to_owned(),
    };

    // One model, three ways to name its parameters.
    let flax = directory.join("flax.safetensors");
    safejax::flax::to_file(&flax, &model)?;
    show("flax", &flax)?;

    let haiku = directory.join("haiku.safetensors");
    safejax::haiku::to_file(&haiku, &model)?;
    show("haiku", &haiku)?;

    let objax = directory.join("objax.safetensors");
    safejax::objax::to_file(&objax, &model)?;
    show("objax", &objax)?;

    // Nobody has to say which is which: the naming is found from the keys.
    for path in [&flax, &haiku, &objax] {
        let loaded: Classifier = safejax::from_file(path)?;
        assert_eq!(loaded, model);
    }
    println!("All three load as the same model.\n");

    read_a_file_of_python()
}

/// Prints the keys and the header of a file.
fn show(naming: &str, path: &Path) -> Result<(), Box<dyn Error>> {
    println!("{naming}: {}", path.display());
    let checkpoint = Checkpoint::open(path)?;
    for key in checkpoint.keys() {
        println!("  {key} {:?}", checkpoint.tensor(key)?.shape());
    }
    println!("  header: {}\n", header(path)?);
    Ok(())
}

/// A safetensors file begins with the length of its header, then the header as JSON.
fn header(path: &Path) -> Result<String, Box<dyn Error>> {
    let file = fs::read(path)?;
    let (length, rest) = file.split_first_chunk().ok_or("too short")?;
    let length = usize::try_from(u64::from_le_bytes(*length))?;
    let json = rest.get(..length).ok_or("too short")?;
    Ok(std::str::from_utf8(json)?.trim_end().to_owned())
}

/// The part of a flax CNN that is wanted here; fields that the file has beyond it are left alone.
#[derive(Deserialize)]
struct Cnn {
    params: Params,
    batch_stats: BatchStats,
}

#[derive(Deserialize)]
struct Params {
    #[serde(rename = "Conv_0")]
    conv: Conv,
    #[serde(rename = "Dense_0")]
    dense: Dense,
}

#[derive(Deserialize)]
struct Conv {
    kernel: Array4<f32>,
}

#[derive(Deserialize)]
struct BatchStats {
    #[serde(rename = "BatchNorm_0")]
    batch_norm: Statistics,
}

#[derive(Deserialize)]
struct Statistics {
    mean: Array1<f32>,
    var: Array1<f32>,
}

fn read_a_file_of_python() -> Result<(), Box<dyn Error>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/flax_cnn_batchnorm.safetensors");

    println!("A flax CNN, saved by Python, into structs:");
    let cnn: Cnn = safejax::from_file(&path)?;
    println!("  conv   {:?}", cnn.params.conv.kernel.shape());
    println!("  dense  {:?}", cnn.params.dense.kernel.shape());
    println!("  mean   {}", cnn.batch_stats.batch_norm.mean);
    println!("  var    {}\n", cnn.batch_stats.batch_norm.var);

    println!("and as a tree, when there are no structs:");
    let tree: Tree = safejax::from_file(&path)?;
    println!("{tree}");
    let bias = tree.get("params.Dense_0.bias").and_then(Tree::as_tensor).ok_or("no bias")?;
    println!("params.Dense_0.bias is {}", bias.to_array::<f32>()?);
    Ok(())
}
