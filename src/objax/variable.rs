//! [`Var`] and [`VarKind`]: one variable.

use std::fmt;
use std::str::FromStr;

use crate::{Error, ErrorKind, Tensor};

/// What stands between the name of a variable and its kind.
pub(super) const SEPARATOR: &str = "::";

/// A variable: its value, and what objax does with it.
///
/// # Examples
///
/// ```
/// use safejax::objax::{Var, VarKind};
/// use safejax::{Dtype, Tensor};
///
/// # fn main() -> safejax::Result<()> {
/// let value = Tensor::new(Dtype::F32, vec![], vec![0; 4])?;
/// let running_mean = Var { kind: VarKind::StateVar, value };
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Var {
    /// Its class in objax.
    pub kind: VarKind,
    /// Its value.
    pub value: Tensor,
}

/// The class of a variable.
///
/// # Examples
///
/// ```
/// use safejax::objax::VarKind;
///
/// # fn main() -> safejax::Result<()> {
/// let kind: VarKind = "StateVar".parse()?;
/// assert_eq!(kind, VarKind::StateVar);
/// assert_eq!(kind.to_string(), "StateVar");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VarKind {
    /// Trained by gradients.
    #[default]
    TrainVar,
    /// Set by the program, such as the running mean of a batch norm.
    StateVar,
    /// A reference by which an optimizer sets a `TrainVar`.
    TrainRef,
    /// The state of a random generator.
    RandomState,
    /// A class that objax itself does not have, by its name.
    Other(String),
}

impl VarKind {
    /// The name of the class.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(safejax::objax::VarKind::TrainRef.as_str(), "TrainRef");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::TrainVar => "TrainVar",
            Self::StateVar => "StateVar",
            Self::TrainRef => "TrainRef",
            Self::RandomState => "RandomState",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for VarKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// # Errors
///
/// When the name is empty, begins with `:` or holds `::`: no key could end with it.
impl FromStr for VarKind {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        match name {
            "TrainVar" => Ok(Self::TrainVar),
            "StateVar" => Ok(Self::StateVar),
            "TrainRef" => Ok(Self::TrainRef),
            "RandomState" => Ok(Self::RandomState),
            _ if name.is_empty() || name.starts_with(':') || name.contains(SEPARATOR) => {
                let reason = format!("`{name}` is not the name of a kind");
                Err(Error::new(ErrorKind::Naming { naming: "objax".to_owned(), reason }))
            }
            _ => Ok(Self::Other(name.to_owned())),
        }
    }
}

/// The name and the kind in a key.
pub(super) fn split(key: &str) -> Result<(&str, VarKind), Error> {
    let (name, kind) = match key.split_once(SEPARATOR) {
        Some((name, kind)) => (name, kind.parse().map_err(|error: Error| error.at(|| key.to_owned()))?),
        None => (key, VarKind::default()),
    };
    if name.is_empty() {
        let reason = "the variable has no name".to_owned();
        let error = Error::new(ErrorKind::Naming { naming: "objax".to_owned(), reason });
        return Err(error.at(|| key.to_owned()));
    }
    Ok((name, kind))
}
