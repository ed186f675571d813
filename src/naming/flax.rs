//! Flax, and whatever else joins the segments of a path with a separator.
//!
//! ```text
//! key     = segment *( separator segment )
//! segment = any text without the separator, also none
//! list    = name separator index          ; layers.0.kernel
//!         / name "_" index                ; layers_0.kernel, with suffix lists
//! ```
//!
//! A key is split at the separator from left to right. A token keeps the separator that follows
//! it: `a.b.c` is `a.`, `b.`, `c`. So plain byte order keeps subtrees together, because everything
//! below `a` begins with the same two bytes `a.` and nothing else does.
//!
//! A field may hold the separator (`rename = "a.b"`) and is a path then. A map key may not: it
//! would read back as two levels.

use std::borrow::Cow;

use crate::spec::ListForm;

use super::segment::{Content, Level, Place, Refusal, Segment, Token, find};

/// The separators that are recognised in a file, the likeliest first.
pub(super) const SEPARATORS: [&str; 4] = [".", "/", ":::", ","];

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Flax {
    pub(super) separator: String,
    pub(super) suffix_lists: bool,
    /// Whether fields have the names that they have in Rust, rather than flax's.
    pub(super) field_names: bool,
}

impl Flax {
    pub(super) fn root(&self, content: &Content<'_>) -> Level {
        Level::root(content)
    }

    pub(super) fn push(
        &self,
        key: &mut String,
        above: &Level,
        segment: &Segment<'_>,
        content: &Content<'_>,
    ) -> Result<Level, Refusal> {
        let digits;
        let text = match segment {
            Segment::Field(text) | Segment::Variant(text) => *text,
            Segment::Key(text) | Segment::IntKey(text) => self.one_segment(text)?,
            Segment::Index(index) => {
                digits = index.to_string();
                if self.has_suffixes(above) && above.list && above.place == Place::Inside {
                    self.append_suffix(key, above, &digits)?;
                    return Ok(Level::inside(above.start, content));
                }
                self.one_segment(&digits)?
            }
        };
        if above.place == Place::Inside {
            let name_end = key.len();
            key.push_str(&self.separator);
            let name = key.get(above.start..).unwrap_or_default();
            // With `:::`, the name `a:` gives `a::::b`, which splits one colon too early.
            if self.separator.len() > 1 && self.last_segment(name) != name.len() {
                let name = key.get(above.start..name_end).unwrap_or_default();
                return Err(Refusal(format!(
                    "the end of `{name}` runs into the separator `{}`, so that it would not read \
                     back: use another separator, e.g. Naming::flax().separator({:?})",
                    self.separator,
                    self.other_separator(),
                )));
            }
        }
        let start = key.len();
        key.push_str(text);
        Ok(Level::inside(start, content))
    }

    fn has_suffixes(&self, list: &Level) -> bool {
        list.form.map_or(self.suffix_lists, |form| form == ListForm::Suffix)
    }

    fn one_segment<'a>(&self, text: &'a str) -> Result<&'a str, Refusal> {
        if self.find_separator(text).is_none() {
            return Ok(text);
        }
        Err(Refusal(format!(
            "`{text}` holds the separator `{}`, so that it would read back as several levels: use \
             another separator, e.g. Naming::flax().separator({:?})",
            self.separator,
            self.other_separator(),
        )))
    }

    fn append_suffix(&self, key: &mut String, above: &Level, digits: &str) -> Result<(), Refusal> {
        let before = self.last_segment(key.get(above.start..).unwrap_or_default());
        key.push('_');
        key.push_str(digits);
        let name = key.get(above.start..).unwrap_or_default();
        // With the separator `_` both forms of a list are the same text.
        if self.separator == "_" || self.last_segment(name) == before {
            return Ok(());
        }
        Err(Refusal(format!(
            "`{name}` holds the separator `{}`: use another separator, or \
             Naming::flax().suffix_lists(false)",
            self.separator
        )))
    }

    /// A separator to propose in place of this one.
    fn other_separator(&self) -> &'static str {
        if self.separator.contains('/') { ":::" } else { "/" }
    }

    fn find_separator(&self, text: &str) -> Option<usize> {
        find(text, &self.separator)
    }

    /// Where the last segment of `text` begins.
    fn last_segment(&self, text: &str) -> usize {
        let mut start = 0;
        while let Some(found) = text.get(start..).and_then(|rest| self.find_separator(rest)) {
            start += found + self.separator.len();
        }
        start
    }

    pub(super) fn token<'k>(&self, key: &'k str, at: usize) -> Token<'k> {
        let rest = key.get(at..).unwrap_or_default();
        let (name, raw, leaf) = match self.find_separator(rest) {
            Some(found) => {
                let (raw, _) = rest.split_at_checked(found + self.separator.len()).unwrap_or((rest, ""));
                (rest.get(..found).unwrap_or(rest), raw, false)
            }
            None => (rest, rest, true),
        };
        Token {
            name: Cow::Borrowed(name),
            scoped: raw,
            end: if leaf { key.len() } else { at + raw.len() },
            leaf,
            index: false,
        }
    }

    /// The first key that lies below another one, and that other one.
    ///
    /// The keys are in byte order. `a` and `a.b` need not be neighbours there (`a-c` lies
    /// between), but all keys between begin with `a`: so the keys that are a prefix of the
    /// current one form a stack. The work is proportional to the length of all keys.
    pub(super) fn conflict<'k>(&self, sorted_keys: &[&'k str]) -> Option<(&'k str, &'k str)> {
        let mut prefixes: Vec<&'k str> = Vec::new();
        for key in sorted_keys.iter().copied() {
            while prefixes.pop_if(|prefix| !key.starts_with(*prefix)).is_some() {}
            let mut boundaries: Option<Vec<usize>> = None;
            for prefix in &prefixes {
                let rest = key.get(prefix.len()..).unwrap_or_default();
                if !rest.starts_with(&self.separator) {
                    continue;
                }
                // `a:` is no level of `a::::b`, which splits after `a`.
                let is_boundary = boundaries
                    .get_or_insert_with(|| key.match_indices(&self.separator).map(|(start, _)| start).collect())
                    .binary_search(&prefix.len())
                    .is_ok();
                if is_boundary {
                    return Some((key, prefix));
                }
            }
            prefixes.push(key);
        }
        None
    }

    /// The separators that occur in the keys, the most frequent first; `.` when there is none.
    pub(super) fn separators_seen<'s>(keys: &[&str], candidates: &[&'s str]) -> Vec<&'s str> {
        let mut seen: Vec<(usize, &str)> = candidates
            .iter()
            .map(|separator| (keys.iter().filter(|key| find(key, separator).is_some()).count(), *separator))
            .filter(|(count, _)| *count > 0)
            .collect();
        // Stable: of equally frequent ones the first candidate wins.
        seen.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        if seen.is_empty() {
            return candidates.first().copied().into_iter().collect();
        }
        seen.into_iter().map(|(_, separator)| separator).collect()
    }
}
