//! What comes out: a line a target, and a table of the other formats.

use std::fmt::Write;

use crate::race::Times;

/// A target: at most so much of something else.
pub struct Target {
    pub case: String,
    /// What the case is measured by.
    pub of: &'static str,
    pub ratio: f64,
    pub target: f64,
}

impl Target {
    pub fn holds(&self) -> bool {
        self.ratio <= self.target
    }
}

/// How long the formats took for the same, in seconds.
pub struct Column {
    pub title: String,
    pub times: Vec<(&'static str, f64)>,
}

#[derive(Default)]
pub struct Report {
    pub targets: Vec<Target>,
    pub columns: Vec<Column>,
    /// Tables of figures that have no target.
    pub notes: Vec<String>,
}

/// The name of this crate among the contestants.
pub const OWN: &str = "safejax";

impl Report {
    /// Adds a target, and says at once how it went.
    pub fn target(&mut self, case: impl Into<String>, of: &'static str, ratio: f64, target: f64) {
        let target = Target { case: case.into(), of, ratio, target };
        eprintln!("{}", line(&target));
        self.targets.push(target);
    }

    /// Adds a target of a contestant in a race.
    pub fn race(
        &mut self,
        case: impl Into<String>,
        times: &Times,
        [name, to]: [&str; 2],
        of: &'static str,
        target: f64,
    ) {
        self.target(case, of, times.ratio(name, to), target);
    }

    /// Adds those of a race that are formats.
    pub fn column(&mut self, title: impl Into<String>, times: &Times, formats: &[&'static str]) {
        let known: Vec<_> = times.names().collect();
        let times = formats.iter().filter(|name| known.contains(name)).map(|&name| (name, times.median(name)));
        self.columns.push(Column { title: title.into(), times: times.collect() });
    }

    pub fn text(&self) -> String {
        let mut out = String::new();
        for target in &self.targets {
            let _ = writeln!(out, "{}", line(target));
        }
        for column in &self.columns {
            let _ = writeln!(out, "\n{}", column.title);
            for (name, time) in &column.times {
                let _ = writeln!(out, "  {name:<22} {:>10.3} ms  {:>6} of {OWN}", time * 1e3, column.times_own(*time));
            }
        }
        for note in &self.notes {
            let _ = writeln!(out, "\n{note}");
        }
        out
    }

    pub fn markdown(&self) -> String {
        let mut out = String::new();
        if !self.targets.is_empty() {
            out.push_str("| Case | Measured | Of | Target | |\n| --- | --- | --- | --- | --- |\n");
            for target in &self.targets {
                let Target { case, of, ratio, target: limit } = target;
                let holds = if target.holds() { "holds" } else { "**missed**" };
                let _ = writeln!(out, "| {case} | {ratio:.2} | {of} | ≤ {limit:.2} | {holds} |");
            }
        }
        if !self.columns.is_empty() {
            let titles: Vec<&str> = self.columns.iter().map(|column| column.title.as_str()).collect();
            let _ = writeln!(out, "\n| Format | {} |", titles.join(" | "));
            let _ = writeln!(out, "| --- |{}", " --- |".repeat(titles.len()));
            let mut names: Vec<&str> = Vec::new();
            for (name, _) in self.columns.iter().flat_map(|column| &column.times) {
                if !names.contains(name) {
                    names.push(name);
                }
            }
            for name in names {
                let cell = |column: &Column| match column.times.iter().find(|(known, _)| *known == name) {
                    Some((_, time)) if name == OWN => format!("{:.1} ms", time * 1e3),
                    Some((_, time)) => column.times_own(*time),
                    None => "–".to_owned(),
                };
                let cells: Vec<String> = self.columns.iter().map(cell).collect();
                let _ = writeln!(out, "| {name} | {} |", cells.join(" | "));
            }
        }
        for note in &self.notes {
            let _ = writeln!(out, "\n{note}");
        }
        out
    }
}

impl Column {
    /// A time as a multiple of this crate's.
    fn times_own(&self, time: f64) -> String {
        match self.times.iter().find(|(name, _)| *name == OWN) {
            Some((_, own)) => {
                let times = time / own;
                if times < 9.95 { format!("{times:.2} ×") } else { format!("{times:.0} ×") }
            }
            None => "–".to_owned(),
        }
    }
}

fn line(target: &Target) -> String {
    let Target { case, of, ratio, target: limit } = target;
    let holds = if target.holds() { "holds" } else { "missed" };
    format!("{case:<52} {ratio:>7.3} of {of:<36} target {limit:<5} {holds}")
}
