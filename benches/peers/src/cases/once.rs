//! One verb once, for a tool that counts instructions.

use std::hint::black_box;

use super::Scale;
use crate::models::{Blocks, ModelView};
use safejax::Checkpoint;

/// What is counted. Its name is what a tool is told to look for.
#[inline(never)]
fn counted<T>(work: impl FnOnce() -> T) {
    black_box(work());
}

pub fn run(scale: &Scale, verb: &str) -> Result<(), String> {
    let model = Blocks::new(scale.small[0]);
    let bytes = safejax::to_bytes(&model).unwrap();
    match verb {
        "save" => counted(|| safejax::to_bytes(&model).unwrap()),
        "load" => counted(|| safejax::from_bytes::<Blocks>(&bytes).unwrap()),
        "views" => {
            let bytes = safejax::to_bytes(&scale.model()).unwrap();
            counted(|| {
                let checkpoint = Checkpoint::from_bytes(&bytes).unwrap();
                checkpoint.get::<ModelView<'_>>().unwrap().layers.len()
            });
        }
        _ => return Err(format!("--once takes save, load or views, not {verb}")),
    }
    Ok(())
}
