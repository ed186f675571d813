//! [`VarCollection`]: variables by name.

#[cfg(test)]
mod tests;

use std::fmt;

use indexmap::IndexMap;
use indexmap::map::Entry;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{self, Serialize, SerializeMap, Serializer};

use super::variable::{SEPARATOR, Var, split};

/// The variables of a module by name, in their order: objax's
/// [`VarCollection`](https://objax.readthedocs.io/en/latest/objax/variable.html), which `vars()`
/// of a module returns.
///
/// A file holds each under the key `name::Kind`, for example
/// `(Sequential)[0](Linear).w::TrainVar`. A key without `::Kind`, as in files that keep the arrays
/// alone, is read as a [`TrainVar`](super::VarKind::TrainVar).
///
/// A name that would not read back (an empty one, one with `::` in it or `:` at its end) is an
/// error when it is saved. As in [`IndexMap`], the order does not count in `==`.
///
/// # Examples
///
/// ```
/// use safejax::objax::{Var, VarCollection, VarKind};
/// use safejax::{Dtype, Tensor};
///
/// # fn main() -> safejax::Result<()> {
/// let value = Tensor::new(Dtype::F32, vec![4], vec![0; 16])?;
/// let mut vars = VarCollection::new();
/// vars.insert("(Linear).b", Var { kind: VarKind::TrainVar, value });
///
/// for (name, var) in &vars {
///     println!("{name} is a {} of shape {:?}", var.kind, var.value.shape());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VarCollection(IndexMap<String, Var>);

impl VarCollection {
    /// A collection without variables.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(safejax::objax::VarCollection::new().is_empty());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The variable of that name (without `::Kind`).
    ///
    /// # Examples
    ///
    /// ```
    /// # use safejax::{Dtype, Tensor, objax::{Var, VarCollection, VarKind}};
    /// # fn main() -> safejax::Result<()> {
    /// # let value = Tensor::new(Dtype::U8, vec![1], vec![0])?;
    /// # let vars = VarCollection::from_iter([("(Linear).w", Var { kind: VarKind::TrainVar, value })]);
    /// assert_eq!(vars.get("(Linear).w").map(|var| &var.kind), Some(&VarKind::TrainVar));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Var> {
        self.0.get(name)
    }

    /// The variable of that name, to change.
    ///
    /// # Examples
    ///
    /// ```
    /// # use safejax::{Dtype, Tensor, objax::{Var, VarCollection, VarKind}};
    /// # fn main() -> safejax::Result<()> {
    /// # let value = Tensor::new(Dtype::U8, vec![1], vec![0])?;
    /// # let mut vars = VarCollection::from_iter([("(Linear).w", Var { kind: VarKind::TrainVar, value })]);
    /// if let Some(var) = vars.get_mut("(Linear).w") {
    ///     var.kind = VarKind::StateVar;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Var> {
        self.0.get_mut(name)
    }

    /// Sets the variable of that name, at the end if it is new, and returns the one it had.
    ///
    /// # Examples
    ///
    /// ```
    /// # use safejax::{Dtype, Tensor, objax::{Var, VarCollection, VarKind}};
    /// # fn main() -> safejax::Result<()> {
    /// # let value = Tensor::new(Dtype::U8, vec![1], vec![0])?;
    /// let mut vars = VarCollection::new();
    /// assert!(vars.insert("(Linear).w", Var { kind: VarKind::TrainVar, value }).is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub fn insert(&mut self, name: impl Into<String>, var: Var) -> Option<Var> {
        self.0.insert(name.into(), var)
    }

    /// Takes the variable of that name out; the others keep their order.
    ///
    /// # Examples
    ///
    /// ```
    /// # use safejax::objax::VarCollection;
    /// assert!(VarCollection::new().remove("(Linear).w").is_none());
    /// ```
    pub fn remove(&mut self, name: &str) -> Option<Var> {
        self.0.shift_remove(name)
    }

    /// The names in their order.
    ///
    /// # Examples
    ///
    /// ```
    /// # use safejax::{Dtype, Tensor, objax::{Var, VarCollection, VarKind}};
    /// # fn main() -> safejax::Result<()> {
    /// # let value = Tensor::new(Dtype::U8, vec![1], vec![0])?;
    /// # let vars = VarCollection::from_iter([("(Linear).w", Var { kind: VarKind::TrainVar, value })]);
    /// assert!(vars.keys().eq(["(Linear).w"]));
    /// # Ok(())
    /// # }
    /// ```
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator {
        self.0.keys().map(String::as_str)
    }

    /// The names and the variables in their order.
    ///
    /// # Examples
    ///
    /// ```
    /// # use safejax::objax::{VarCollection, VarKind};
    /// # let vars = VarCollection::new();
    /// let trained = vars.iter().filter(|(_, var)| var.kind == VarKind::TrainVar).count();
    /// # assert_eq!(trained, 0);
    /// ```
    pub fn iter(&self) -> Iter<'_> {
        Iter(self.0.iter())
    }

    /// The names and the variables, to change.
    ///
    /// # Examples
    ///
    /// ```
    /// # use safejax::objax::{VarCollection, VarKind};
    /// # let mut vars = VarCollection::new();
    /// for (_, var) in vars.iter_mut() {
    ///     var.kind = VarKind::TrainVar;
    /// }
    /// ```
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (&str, &mut Var)> + ExactSizeIterator {
        self.0.iter_mut().map(|(name, var)| (name.as_str(), var))
    }

    /// How many variables there are.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(safejax::objax::VarCollection::new().len(), 0);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no variable.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(safejax::objax::VarCollection::new().is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The names and the variables of a [`VarCollection`], in their order.
#[derive(Clone, Debug)]
pub struct Iter<'a>(indexmap::map::Iter<'a, String, Var>);

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a str, &'a Var);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(name, var)| (name.as_str(), var))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back().map(|(name, var)| (name.as_str(), var))
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl<'a> IntoIterator for &'a VarCollection {
    type Item = (&'a str, &'a Var);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl IntoIterator for VarCollection {
    type Item = (String, Var);
    type IntoIter = indexmap::map::IntoIter<String, Var>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Of two variables with one name the later stays.
impl<N: Into<String>> Extend<(N, Var)> for VarCollection {
    fn extend<I: IntoIterator<Item = (N, Var)>>(&mut self, vars: I) {
        self.0.extend(vars.into_iter().map(|(name, var)| (name.into(), var)));
    }
}

/// Of two variables with one name the later stays.
impl<N: Into<String>> FromIterator<(N, Var)> for VarCollection {
    fn from_iter<I: IntoIterator<Item = (N, Var)>>(vars: I) -> Self {
        let mut collection = Self::new();
        collection.extend(vars);
        collection
    }
}

impl Serialize for VarCollection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_map(Some(self.len()))?;
        for (name, var) in self {
            let key = format!("{name}{SEPARATOR}{}", var.kind);
            let (read, kind) = split(&key).map_err(ser::Error::custom)?;
            if (read, kind.as_str()) != (name, var.kind.as_str()) {
                let reason = format_args!("`{key}` would read back as `{read}` of kind `{kind}`");
                return Err(ser::Error::custom(reason));
            }
            out.serialize_entry(&key, &var.value)?;
        }
        out.end()
    }
}

impl<'de> Deserialize<'de> for VarCollection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(CollectionVisitor)
    }
}

struct CollectionVisitor;

impl<'de> Visitor<'de> for CollectionVisitor {
    type Value = VarCollection;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map from `name::Kind` to tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<VarCollection, A::Error> {
        let mut vars = IndexMap::new();
        while let Some(key) = map.next_key::<String>()? {
            let (name, kind) = split(&key).map_err(de::Error::custom)?;
            match vars.entry(name.to_owned()) {
                Entry::Vacant(entry) => {
                    entry.insert(Var { kind, value: map.next_value()? });
                }
                Entry::Occupied(entry) => {
                    let Var { kind: first, .. } = entry.get();
                    return Err(de::Error::custom(format_args!(
                        "`{name}{SEPARATOR}{first}` and `{name}{SEPARATOR}{kind}` are one variable twice"
                    )));
                }
            }
        }
        Ok(VarCollection(vars))
    }
}
