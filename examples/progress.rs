//! A progress bar for a save and a load.
//!
//! ```sh
//! cargo run --release --example progress
//! ```

use indicatif::{ProgressBar, ProgressStyle};
use ndarray::Array2;
use safejax::{Options, Progress};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let layers: Vec<Array2<f32>> = (0..64).map(|_| Array2::zeros((1024, 1024))).collect();
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("model.safetensors");

    let save = bar("saving")?;
    watched(&save).to_file(&path, &layers)?;
    save.finish_with_message("saved");

    let load = bar("loading")?;
    let loaded: Vec<Array2<f32>> = watched(&load).from_file(&path)?;
    load.finish_with_message("loaded");
    println!("{} layers", loaded.len());
    Ok(())
}

fn bar(message: &'static str) -> Result<ProgressBar, Box<dyn std::error::Error>> {
    let style = ProgressStyle::with_template("{msg:>8} {wide_bar} {bytes} of {total_bytes}, {bytes_per_sec}")?;
    Ok(ProgressBar::new(0).with_style(style).with_message(message))
}

fn watched(bar: &ProgressBar) -> Options {
    let bar = bar.clone();
    Options::new().on_progress(move |Progress { bytes_done, bytes_total, .. }| {
        bar.set_length(bytes_total);
        bar.set_position(bytes_done);
    })
}
