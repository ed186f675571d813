//! What an assignment did, or why it did nothing: [`Report`] and [`Mismatch`].

use std::fmt;

use crate::Dtype;

/// What became of each key when a model was assigned from a file.
///
/// # Examples
///
/// ```
/// use ndarray::arr1;
/// use safejax::{MissingKeys, Options};
/// use std::collections::BTreeMap;
///
/// let saved = safejax::to_bytes(&BTreeMap::from([("body", arr1(&[1.0f32]))]))?;
/// let mut model = BTreeMap::from([("body".to_owned(), arr1(&[0.0f32])), ("head".to_owned(), arr1(&[0.0]))]);
///
/// let report = Options::new().missing_keys(MissingKeys::Keep).assign_from_bytes(&mut model, &saved)?;
/// assert_eq!(report.loaded, ["body"]);
/// assert_eq!(report.kept, ["head"]);
/// assert_eq!(report.to_string(), "loaded 1, kept 1, ignored 0\nkept: the file does not have them\n  head");
/// # Ok::<(), safejax::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct Report {
    /// The keys that were loaded.
    pub loaded: Vec<String>,
    /// The keys of the model that the file does not have: they are as they were.
    pub kept: Vec<String>,
    /// The keys of the file that the model does not have.
    pub ignored: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { loaded, kept, ignored } = self;
        write!(f, "loaded {}, kept {}, ignored {}", loaded.len(), kept.len(), ignored.len())?;
        for (title, keys) in
            [("kept: the file does not have them", kept), ("ignored: the model does not have them", ignored)]
        {
            if !keys.is_empty() {
                write!(f, "\n{title}")?;
            }
            for key in keys {
                write!(f, "\n  {key}")?;
            }
        }
        Ok(())
    }
}

/// Every way in which a file does not fit what is to be loaded from it.
///
/// The contents of [`ErrorKind::Mismatch`](crate::ErrorKind::Mismatch).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mismatch {
    /// What the model has and the file has not.
    pub missing: Vec<Missing>,
    /// What the file has and the model has not.
    pub unexpected: Vec<Unexpected>,
    /// What has another shape in the file.
    pub shapes: Vec<OtherShape>,
    /// What has another dtype in the file, which the casts do not allow.
    pub dtypes: Vec<OtherDtype>,
    /// Tensors of the model that the file has as a leaf.
    pub leaves: Vec<Unexpected>,
}

/// A key of the model that the file does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Missing {
    /// The key, as it would be in the file.
    pub key: String,
    /// The most similar key of the file, among those that the model has no use for if one is similar.
    pub nearest: Option<String>,
}

/// A key of the file that the model does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unexpected {
    /// The key.
    pub key: String,
    /// The most similar key of the model, among those that are missing if one is similar.
    pub nearest: Option<String>,
}

/// A tensor that has another shape in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OtherShape {
    /// The key.
    pub key: String,
    /// The shape in the model.
    pub expected: Vec<usize>,
    /// The shape in the file.
    pub found: Vec<usize>,
    /// The most similar key of the file that the model has no use for and that has this shape.
    pub nearest: Option<String>,
}

/// A tensor that has another dtype in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OtherDtype {
    /// The key.
    pub key: String,
    /// The dtype in the model.
    pub expected: Dtype,
    /// The dtype in the file.
    pub found: Dtype,
    /// Whether [`Casts::Lossy`](crate::Casts::Lossy) would convert it.
    pub lossy: bool,
    /// The most similar key of the file that the model has no use for and that has this dtype.
    pub nearest: Option<String>,
}

impl Mismatch {
    /// How many keys do not fit.
    #[must_use]
    pub fn len(&self) -> usize {
        self.missing.len() + self.unexpected.len() + self.shapes.len() + self.dtypes.len() + self.leaves.len()
    }

    /// Whether all fits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// One line for each key, in sections.
impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = if self.len() == 1 { "key does" } else { "keys do" };
        write!(f, "{} {keys} not fit, so nothing was loaded", self.len())?;
        let missing = self.missing.iter().map(|Missing { key, nearest }| format!("{key}{}", Nearest(nearest)));
        section(f, "missing (MissingKeys::Keep leaves them as they are)", missing)?;
        let unexpected = |Unexpected { key, nearest }: &Unexpected| format!("{key}{}", Nearest(nearest));
        let title = "unexpected (UnknownKeys::Allow ignores them)";
        section(f, title, self.unexpected.iter().map(unexpected))?;
        let shape = |OtherShape { key, expected, found, nearest }: &OtherShape| {
            format!("{key}: expected {expected:?}, found {found:?}{}", Nearest(nearest))
        };
        section(f, "of another shape", self.shapes.iter().map(shape))?;
        let dtype = |OtherDtype { key, expected, found, lossy, nearest }: &OtherDtype| {
            let lossy = if *lossy { " (Casts::Lossy converts it with loss)" } else { "" };
            format!("{key}: expected {expected}, found {found}{lossy}{}", Nearest(nearest))
        };
        section(f, "of another dtype", self.dtypes.iter().map(dtype))?;
        section(f, "expected as a tensor, found in the metadata", self.leaves.iter().map(unexpected))
    }
}

fn section(f: &mut fmt::Formatter<'_>, title: &str, lines: impl ExactSizeIterator<Item = String>) -> fmt::Result {
    if lines.len() > 0 {
        write!(f, "\n{title}:")?;
    }
    for line in lines {
        write!(f, "\n  {line}")?;
    }
    Ok(())
}

struct Nearest<'k>(&'k Option<String>);

impl fmt::Display for Nearest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(key) => write!(f, " (the nearest is `{key}`)"),
            None => Ok(()),
        }
    }
}
