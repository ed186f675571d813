//! Runs the comparison with copies and other formats, a program of its own in `benches/peers`, so that
//! its dependencies are not those of every test here: `cargo bench --bench peers -- --markdown`.

use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/Cargo.toml");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let run = Command::new(cargo)
        .args(["run", "--release", "--manifest-path", manifest, "--"])
        // What cargo itself adds.
        .args(std::env::args_os().skip(1).filter(|argument| argument != "--bench"))
        .status();
    match run {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("cargo does not run: {error}");
            ExitCode::FAILURE
        }
    }
}
