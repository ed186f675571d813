//! Compares safejax with plain copies of the same bytes, and with other formats, on the same structs.
//!
//! ```sh
//! cargo run --release --manifest-path benches/peers/Cargo.toml              # everything
//! cargo run --release --manifest-path benches/peers/Cargo.toml -- to_bytes  # the groups of that name
//! cargo run --release --manifest-path benches/peers/Cargo.toml -- --markdown
//! ```
//!
//! All figures are ratios of medians, measured in turns in one run.

mod cases;
mod formats;
mod heap;
mod models;
mod plain;
mod race;
mod report;

use std::path::PathBuf;
use std::process::ExitCode;

use cases::{GROUPS, Scale};
use report::Report;

const HELP: &str = "\
usage: safejax-peers [OPTIONS] [GROUP...]

  --markdown      print the tables of the README
  --quick         tiny sizes, to see that everything runs
  --rounds N      how many rounds count (11)
  --dir PATH      where the files are written (the directory for temporary files)
  --once VERB     save or load many small tensors, or read views of the large model, once:
                  to count instructions
  --list          the groups";

struct Arguments {
    markdown: bool,
    quick: bool,
    rounds: Option<usize>,
    directory: PathBuf,
    once: Option<String>,
    groups: Vec<String>,
}

fn arguments() -> Result<Option<Arguments>, String> {
    let mut parsed = Arguments {
        markdown: false,
        quick: false,
        rounds: None,
        directory: std::env::temp_dir(),
        once: None,
        groups: Vec::new(),
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} takes a value"));
        match argument.as_str() {
            "--markdown" => parsed.markdown = true,
            "--quick" => parsed.quick = true,
            "--rounds" => parsed.rounds = Some(value()?.parse().map_err(|_| "--rounds takes a number".to_owned())?),
            "--dir" => parsed.directory = value()?.into(),
            "--once" => parsed.once = Some(value()?),
            "--help" | "-h" => {
                println!("{HELP}");
                return Ok(None);
            }
            "--list" => {
                for group in GROUPS {
                    println!("{:<12} {}", group.name, group.about);
                }
                return Ok(None);
            }
            name if GROUPS.iter().any(|group| group.name == name) => parsed.groups.push(argument),
            _ => return Err(format!("no option or group is named {argument}\n{HELP}")),
        }
    }
    Ok(Some(parsed))
}

fn run() -> Result<(), String> {
    let Some(arguments) = arguments()? else { return Ok(()) };
    let directory = tempfile::tempdir_in(&arguments.directory).map_err(|error| error.to_string())?;
    let path = directory.path().to_path_buf();
    let mut scale = if arguments.quick { Scale::quick(path) } else { Scale::full(path) };
    scale.rounds = arguments.rounds.unwrap_or(scale.rounds).max(1);
    if let Some(verb) = &arguments.once {
        return cases::once::run(&scale, verb);
    }
    heap::always_fresh();
    let mut report = Report::default();
    for group in GROUPS {
        // Without optimisation there is but one thing to see.
        let wanted = match arguments.groups.is_empty() {
            true => arguments.quick || cfg!(debug_assertions) == (group.name == "dev"),
            false => arguments.groups.iter().any(|name| name == group.name),
        };
        if wanted {
            (group.run)(&scale, &mut report);
        }
    }
    eprintln!();
    if arguments.quick {
        println!("With --quick everything is too small for the ratios to mean anything.\n");
    }
    print!("{}", if arguments.markdown { report.markdown() } else { report.text() });
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
