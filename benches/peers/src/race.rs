//! Measuring: contestants take turns in one run, so that whatever else the machine does meets all.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::heap;

/// Times `work`. What it returns is dropped after the clock has stopped.
pub fn time<T>(work: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    let value = work();
    let elapsed = start.elapsed();
    black_box(&value);
    elapsed
}

/// Something that is measured, by name.
pub struct Contestant<'c> {
    pub name: &'static str,
    run: Box<dyn FnMut() -> Duration + 'c>,
}

impl<'c> Contestant<'c> {
    /// All of `work` is timed.
    pub fn new<T>(name: &'static str, mut work: impl FnMut() -> T + 'c) -> Self {
        Self { name, run: Box::new(move || time(&mut work)) }
    }

    /// `run` says itself how long it took.
    pub fn timed(name: &'static str, run: impl FnMut() -> Duration + 'c) -> Self {
        Self { name, run: Box::new(run) }
    }
}

/// The times of all contestants, round by round.
pub struct Times {
    names: Vec<&'static str>,
    rounds: Vec<Vec<f64>>,
}

/// Lets the contestants run in turns: one round to warm up, then `rounds` that count. Each round begins
/// with another contestant, so that none always follows the same one, and each turn with a heap that has
/// nothing left over from the one before: fresh memory is fresh for all.
pub fn race(rounds: usize, mut contestants: Vec<Contestant<'_>>) -> Times {
    let count = contestants.len();
    let mut times = vec![Vec::with_capacity(rounds); count];
    for round in 0..=rounds {
        for turn in 0..count {
            let index = (turn + round) % count;
            heap::give_back();
            let elapsed = (contestants[index].run)().as_secs_f64();
            if round > 0 {
                times[index].push(elapsed);
            }
        }
    }
    Times { names: contestants.iter().map(|contestant| contestant.name).collect(), rounds: times }
}

impl Times {
    fn index(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| *known == name)
    }

    /// The median of a contestant, in seconds.
    pub fn median(&self, name: &str) -> f64 {
        let index = self.index(name).unwrap_or_else(|| panic!("no contestant {name}"));
        median(self.rounds[index].clone())
    }

    /// The ratio of the medians of two contestants.
    pub fn ratio(&self, name: &str, to: &str) -> f64 {
        self.median(name) / self.median(to)
    }

    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.names.iter().copied()
    }
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}
