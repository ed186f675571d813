//! One verb once, for a tool that counts instructions.

use std::hint::black_box;

use super::Scale;
use crate::models::Blocks;

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
        _ => return Err(format!("--once takes save or load, not {verb}")),
    }
    Ok(())
}
