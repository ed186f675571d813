//! What is in a file, or in a directory of shards, without reading any of its data.
//!
//! ```sh
//! cargo run --example inspect -- model.safetensors
//! cargo run --example inspect -- model.safetensors encoder.layer.0
//! ```
//!
//! Without a path it shows a sharded model that Python wrote. With a module's path it reads that
//! module, and tells the range of each of its tensors.

use std::path::{Path, PathBuf};

use safejax::{Checkpoint, Tree};

fn main() -> safejax::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().map_or_else(fixture, PathBuf::from);
    let checkpoint = Checkpoint::open(&path)?;
    println!("{checkpoint}");
    for (key, value) in checkpoint.metadata() {
        println!("metadata `{key}`: {value}");
    }

    let module = arguments.next().unwrap_or_else(|| "pooler".to_owned());
    match checkpoint.get_at::<Tree>(&module) {
        Err(error) => println!("\n{error}"),
        Ok(tree) => {
            println!("\n{module}");
            for (name, tensor) in tree.tensors() {
                let values = tensor.to_vec_with::<f64>(safejax::Casts::Lossy).unwrap_or_default();
                let least = values.iter().copied().fold(f64::INFINITY, f64::min);
                let greatest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                println!("  {name}: {} {:?}, from {least} to {greatest}", tensor.dtype(), tensor.shape());
            }
        }
    }
    Ok(())
}

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/hf_flax_bert_sharded")
}
