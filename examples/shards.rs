//! A model in shards, as Hugging Face's tools write it, and one layer of it read back.
//!
//! ```sh
//! cargo run --example shards
//! ```

use std::fs;

use ndarray::{Array1, Array2};
use safejax::{Checkpoint, Options};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Dense {
    kernel: Array2<f32>,
    bias: Array1<f32>,
}

#[derive(Serialize, Deserialize)]
struct Net {
    layers: Vec<Dense>,
    activation: String,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let layers = (0u8..6).map(|n| Dense { kernel: Array2::from_elem((64, 64), n.into()), bias: Array1::zeros(64) });
    let net = Net { layers: layers.collect(), activation: "gelu".to_owned() };

    let directory = tempfile::tempdir()?;
    let options = Options::new().metadata("format", "flax").shard_name("flax_model");
    options.to_shards(directory.path(), &net, 40_000)?;

    let mut files: Vec<_> = fs::read_dir(directory.path())?.collect::<Result<_, _>>()?;
    files.sort_by_key(fs::DirEntry::file_name);
    for file in files {
        println!("{:>7} bytes  {}", file.metadata()?.len(), file.file_name().display());
    }

    // The directory is one checkpoint. This reads the headers, and then the bytes of one layer.
    let checkpoint = Checkpoint::open(directory.path())?;
    let layer: Dense = checkpoint.get_at("layers.4")?;
    println!("\nlayer 4 begins with {:?}", layer.kernel.first());
    println!(
        "its kernel is in {:?}",
        checkpoint.info("layers.4.kernel")?.file.as_deref().and_then(|file| file.file_name())
    );

    let net: Net = safejax::from_shards(directory.path())?;
    println!("all of it: {} layers, {}", net.layers.len(), net.activation);
    Ok(())
}
