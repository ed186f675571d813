//! [`Error`], what went wrong, where, and what to do about it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::de::{Expected, Unexpected};

use crate::Dtype;
use crate::report::Mismatch;

/// A `Result` whose error is this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Why a value could not be saved or loaded.
///
/// One word wide, `Send + Sync + 'static`. [`kind`](Error::kind) is there to match on;
/// [`key`](Error::key) and [`file`](Error::file) say where it happened, and `Display` says it all
/// in one sentence.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    key: Option<String>,
    file: Option<PathBuf>,
    /// The field that serde found missing or unknown, until its module completes it to a key.
    field: Option<String>,
    /// What else helps.
    note: Option<String>,
}

/// What went wrong, without the key and the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The operating system refused.
    #[error("{0}")]
    Io(io::Error),
    /// The bytes are no safetensors file; `found` says what they look like instead.
    #[error("not a safetensors file: {}", long(.found))]
    NotSafetensors {
        /// What the bytes look like.
        found: String,
    },
    /// The header breaks the format.
    #[error("invalid safetensors header: {}", long(.reason))]
    Header {
        /// What is wrong with it.
        reason: String,
    },
    /// The type asks for something that the file does not have.
    #[error("missing{}", nearest_hint(.nearest.as_deref()))]
    Missing {
        /// The most similar key that the file has.
        nearest: Option<String>,
    },
    /// The file has a key that the type does not know.
    #[error("unknown key{}", nearest_hint(.nearest.as_deref()))]
    Unknown {
        /// The most similar name that the type has.
        nearest: Option<String>,
    },
    /// The dtype in the file does not convert to the one asked for.
    #[error("expected {}, found dtype {found}{}", long(.expected), cast_hint(*.lossy))]
    Dtype {
        /// What was asked for.
        expected: String,
        /// The dtype in the file.
        found: Dtype,
        /// Whether [`Casts::Lossy`](crate::Casts::Lossy) would convert it.
        lossy: bool,
    },
    /// The shape in the file is another one.
    #[error("expected {}, found shape {}", long(.expected), long(&format!("{found:?}")))]
    Shape {
        /// What was asked for.
        expected: String,
        /// The shape in the file.
        found: Vec<usize>,
    },
    /// A tensor where a leaf belongs, a leaf where a module belongs, and the like.
    #[error("expected {}, found {}", long(.expected), long(.found))]
    Type {
        /// What was asked for.
        expected: String,
        /// What is there.
        found: String,
    },
    /// Two parts of a value would be stored under one key, or one inside the other.
    #[error("`{}` and `{}` would both be stored here: rename one of them", short(.first), short(.second))]
    Clash {
        /// The path of the first.
        first: String,
        /// The path of the second.
        second: String,
    },
    /// Two keys of the file fit one field.
    #[error("both `{}` and `{}` fit", short(.first), short(.second))]
    Ambiguous {
        /// One key.
        first: String,
        /// The other.
        second: String,
    },
    /// A key or a path that the naming cannot hold.
    #[error("the {naming} naming cannot hold this: {}", long(.reason))]
    Naming {
        /// The naming.
        naming: String,
        /// Why not.
        reason: String,
    },
    /// Nesting beyond the limit of [`Options::max_depth`](crate::Options::max_depth).
    #[error("nested deeper than {limit} levels (Options::max_depth)")]
    Depth {
        /// The limit.
        limit: usize,
    },
    /// A borrowed type was asked of something that cannot lend.
    #[error("cannot borrow: {}", long(.reason))]
    Borrow {
        /// Why not, and what can.
        reason: String,
    },
    /// The value changed between the two walks of a save.
    #[error("the value changed while it was being saved: {}", long(.reason))]
    Changed {
        /// What differs.
        reason: String,
    },
    /// A file does not fit what is to be loaded from it: every key at once.
    #[error("{0}")]
    Mismatch(Box<Mismatch>),
    /// Something that the format cannot express.
    #[error("{}", long(.0))]
    Unsupported(String),
    /// A message of a `Serialize` or `Deserialize` implementation.
    #[error("{}", long(.0))]
    Custom(String),
}

fn nearest_hint(nearest: Option<&str>) -> String {
    nearest.map(|key| format!(" (the nearest is `{}`)", short(key))).unwrap_or_default()
}

/// A text whose length somebody else chose: its beginning and its end.
struct Cut<'t> {
    start: &'t str,
    end: Option<&'t str>,
}

/// A key, or another name, so far as a person needs it.
fn short(text: &str) -> Cut<'_> {
    Cut::new(text, 200)
}

/// A sentence, so far as a person reads it.
fn long(text: &str) -> Cut<'_> {
    Cut::new(text, 1200)
}

impl<'t> Cut<'t> {
    fn new(text: &'t str, limit: usize) -> Self {
        if text.len() <= limit {
            return Self { start: text, end: None };
        }
        let boundary = |at: usize| (at..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
        let start = text.get(..boundary(limit * 2 / 3)).unwrap_or_default();
        Self { start, end: text.get(boundary(text.len() - limit / 3)..) }
    }
}

impl fmt::Display for Cut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.start)?;
        self.end.map_or(Ok(()), |end| write!(f, "…{end}"))
    }
}

/// `a`, `b` and so many more.
pub(crate) fn names<'n>(mut names: impl Iterator<Item = &'n str>) -> String {
    const SHOWN: usize = 6;
    let shown: Vec<String> = names.by_ref().take(SHOWN).map(|name| format!("`{}`", short(name))).collect();
    match names.count() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn cast_hint(lossy: bool) -> &'static str {
    if lossy { " (Casts::Lossy would convert it)" } else { "" }
}

impl Error {
    #[cold]
    pub(crate) fn new(kind: ErrorKind) -> Self {
        Self(Box::new(Inner { kind, key: None, file: None, field: None, note: None }))
    }

    #[cold]
    pub(crate) fn io(error: io::Error) -> Self {
        Self::new(ErrorKind::Io(error))
    }

    #[cold]
    pub(crate) fn header(reason: impl Into<String>) -> Self {
        Self::new(ErrorKind::Header { reason: reason.into() })
    }

    #[cold]
    pub(crate) fn unsupported(reason: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported(reason.into()))
    }

    #[cold]
    pub(crate) fn types(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(ErrorKind::Type { expected: expected.into(), found: found.into() })
    }

    /// Names the key, unless a place further inside has named its own.
    #[cold]
    pub(crate) fn at(mut self, key: impl FnOnce() -> String) -> Self {
        if self.0.key.is_none() {
            self.0.key = Some(key());
        }
        self
    }

    /// The same for a path in a value, of which the whole has no name.
    #[cold]
    pub(crate) fn at_path(self, path: impl FnOnce() -> String) -> Self {
        if self.0.key.is_some() {
            return self;
        }
        let path = path();
        if path.is_empty() { self } else { self.at(|| path) }
    }

    /// Names the file, unless it is named already.
    #[cold]
    pub(crate) fn in_file(mut self, path: &Path) -> Self {
        if self.0.file.is_none() {
            self.0.file = Some(path.to_path_buf());
        }
        self
    }

    /// The field that serde named without knowing the key.
    pub(crate) fn take_field(&mut self) -> Option<String> {
        self.0.field.take()
    }

    /// Adds the most similar key there is.
    #[cold]
    pub(crate) fn with_nearest(mut self, key: impl FnOnce() -> Option<String>) -> Self {
        if let ErrorKind::Missing { nearest } = &mut self.0.kind {
            *nearest = key();
        }
        self
    }

    /// Adds what helps to find the mistake.
    #[cold]
    pub(crate) fn with_note(mut self, note: impl FnOnce() -> Option<String>) -> Self {
        if self.0.note.is_none() {
            self.0.note = note();
        }
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// The key it went wrong at, as in the file, or as it would be there.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.0.key.as_deref()
    }

    /// The file, where there is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.0.file.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.0.file {
            write!(f, "{}: ", file.display())?;
        }
        match (&self.0.key, &self.0.field) {
            (Some(key), _) | (None, Some(key)) => write!(f, "`{}`: ", short(key))?,
            (None, None) => {}
        }
        write!(f, "{}", self.0.kind)?;
        match &self.0.note {
            Some(note) => write!(f, "; {}", long(note)),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({:?})", self.to_string())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.kind {
            ErrorKind::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl serde::ser::Error for Error {
    #[cold]
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(ErrorKind::Custom(message.to_string()))
    }
}

impl serde::de::Error for Error {
    #[cold]
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(ErrorKind::Custom(message.to_string()))
    }

    #[cold]
    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::types(expected.to_string(), unexpected.to_string())
    }

    #[cold]
    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::types(expected.to_string(), unexpected.to_string())
    }

    #[cold]
    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let expected = format!("one of the variants {}", names(expected.iter().copied()));
        Self::types(expected, format!("`{}`", short(variant)))
    }

    #[cold]
    fn missing_field(field: &'static str) -> Self {
        let mut error = Self::new(ErrorKind::Missing { nearest: None });
        error.0.field = Some(field.to_owned());
        error
    }

    #[cold]
    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let nearest = nearest(field, expected.iter().copied());
        let mut error = Self::new(ErrorKind::Unknown { nearest });
        error.0.field = Some(field.to_owned());
        error
    }
}

/// The candidate most like `wanted`, when any is like it at all.
///
/// The first candidates are the ones to look at when there are too many to compare them all.
pub(crate) fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    /// In pairs of bytes: a moment's work.
    const BUDGET: usize = 20_000_000;
    let mut left = BUDGET;
    candidates
        .into_iter()
        .filter(|key| {
            let (shorter, longer) = (wanted.len().min(key.len()), wanted.len().max(key.len()));
            let rest = if longer > 4 * shorter + 16 { None } else { left.checked_sub(shorter.saturating_mul(longer)) };
            left = rest.unwrap_or(left);
            rest.is_some()
        })
        .map(|key| (likeness(wanted, key), key))
        .filter(|(likeness, _)| *likeness > 0.7)
        // Of equal ones the first.
        .reduce(|best, other| if other.0 > best.0 { other } else { best })
        .map(|(_, key)| key.to_owned())
}

fn likeness(wanted: &str, key: &str) -> f64 {
    // What is there below another level is what was meant, more often than not.
    if key.strip_suffix(wanted).is_some_and(|above| above.ends_with(|end: char| !end.is_alphanumeric())) {
        return 2.0;
    }
    strsim::jaro_winkler(wanted, key)
}
