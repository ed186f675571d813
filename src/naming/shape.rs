//! The shape in which a map sees a file, and keys for people to read.

use std::borrow::Cow;

use super::{Keystr, Naming, Scheme};
use crate::spec::Framework;

/// The shape in which maps and [`Tree`](crate::Tree) see the keys of a naming.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One level a segment.
    Nested,
    /// A module's whole path, then its parameters; both may be in a collection.
    TwoLevels,
    /// The keys as they are.
    Flat,
}

/// The root levels that haiku's users put around their modules.
const COLLECTIONS: [&str; 2] = ["params", "state"];

impl Naming {
    /// The framework whose words a field may have in it.
    pub(crate) fn framework(&self) -> Option<Framework> {
        match &self.scheme {
            Scheme::Flax(flax) => (!flax.field_names).then_some(Framework::Flax),
            Scheme::Haiku(_) => Some(Framework::Haiku),
            Scheme::Objax(_) => Some(Framework::Objax),
            Scheme::Keystr(_) | Scheme::Flat => None,
        }
    }

    pub(crate) fn shape(&self) -> Shape {
        match &self.scheme {
            Scheme::Flax(_) => Shape::Nested,
            Scheme::Haiku(_) => Shape::TwoLevels,
            Scheme::Objax(_) | Scheme::Keystr(_) | Scheme::Flat => Shape::Flat,
        }
    }

    /// Whether the items of a list are a level of their own, so that only a list tells it from a map.
    pub(crate) fn lists_look_like_maps(&self) -> bool {
        matches!(&self.scheme, Scheme::Flax(flax) if !flax.suffix_lists)
    }

    /// Whether a key cannot lie inside another.
    pub(crate) fn nests(&self) -> bool {
        self.shape() == Shape::Nested
    }

    /// The text that ends every token but the last, in the namings that have one.
    ///
    /// There a key lies below a node just when it begins with the node's prefix, and nothing lies below
    /// a tensor.
    pub(crate) fn separator_between(&self) -> Option<&str> {
        match &self.scheme {
            Scheme::Flax(flax) => Some(flax.separator.as_str()),
            _ => None,
        }
    }

    /// Whether both are the same scheme, whatever the options.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(&self.scheme) == std::mem::discriminant(&other.scheme)
    }

    /// The text between the segments of a path, as far as one text says it.
    fn join(&self) -> &str {
        match &self.scheme {
            Scheme::Flax(flax) => flax.separator.as_str(),
            _ => ".",
        }
    }

    /// A name that an attribute gives, in which `.` joins the parts of a path.
    pub(crate) fn path<'n>(&self, name: &'n str) -> Cow<'n, str> {
        match &self.scheme {
            Scheme::Flax(flax) if flax.separator != "." && name.contains('.') => {
                Cow::Owned(name.replace('.', &flax.separator))
            }
            _ => Cow::Borrowed(name),
        }
    }

    /// A node's prefix without the separator at its end.
    pub(crate) fn trim<'k>(&self, prefix: &'k str) -> &'k str {
        match &self.scheme {
            Scheme::Flax(flax) => prefix.strip_suffix(flax.separator.as_str()).unwrap_or(prefix),
            _ => prefix,
        }
    }

    /// The prefix that the keys below a key would have.
    pub(crate) fn opened(&self, key: &str) -> String {
        match &self.scheme {
            Scheme::Flax(flax) if !key.is_empty() => format!("{key}{}", flax.separator.as_str()),
            _ => key.to_owned(),
        }
    }

    /// The likely key of a field below a prefix, for an error about one that is not there.
    pub(crate) fn child_key(&self, prefix: &str, field: &str) -> String {
        match &self.scheme {
            Scheme::Keystr(Keystr { leading_dot: true }) if prefix.is_empty() => format!(".{field}"),
            _ if prefix.is_empty() => field.to_owned(),
            Scheme::Flax(_) => format!("{prefix}{field}"),
            Scheme::Haiku(haiku) => match field.rsplit_once('.').filter(|(module, _)| module.contains('/')) {
                // A path such as `~/mean_ema.average`.
                Some((module, parameter)) => {
                    format!("{}{}{parameter}", self.child_module(prefix, module), haiku.separator)
                }
                None => format!("{prefix}{}{field}", haiku.separator),
            },
            Scheme::Objax(_) | Scheme::Keystr(_) | Scheme::Flat => format!("{prefix}.{field}"),
        }
    }

    /// The same for a field that is a module.
    pub(crate) fn child_module(&self, prefix: &str, field: &str) -> String {
        match &self.scheme {
            Scheme::Haiku(_) if !prefix.is_empty() => {
                let scoped = field.starts_with('/') || (field.starts_with('~') && field.contains('/'));
                let join = if field.starts_with('/') {
                    ""
                } else if scoped {
                    "/"
                } else {
                    "/~/"
                };
                format!("{prefix}{join}{field}")
            }
            _ => self.child_key(prefix, field),
        }
    }

    /// The key of an item below the key of its list, for an error about one that is not there.
    pub(crate) fn item_key(&self, list: &str, index: usize) -> String {
        match &self.scheme {
            Scheme::Objax(_) | Scheme::Keystr(_) => format!("{list}[{index}]"),
            Scheme::Haiku(_) if !list.is_empty() => format!("{list}_{index}"),
            _ => format!("{}{index}", self.opened(list)),
        }
    }

    /// The key of what has this key below a root collection.
    pub(crate) fn in_collection(&self, collection: &str, key: &str) -> String {
        match &self.scheme {
            Scheme::Haiku(_) => format!("{collection}.{key}"),
            _ => format!("{}{key}", self.opened(collection)),
        }
    }

    /// What follows the join at the beginning of the rest of a path.
    pub(crate) fn after_join<'k>(&self, rest: &'k str) -> Option<&'k str> {
        let joined = match &self.scheme {
            Scheme::Haiku(_) => rest.strip_prefix(['.', '/']),
            // An attribute joins names by `.`, whatever separates them in the file.
            Scheme::Flax(flax) => rest.strip_prefix(flax.separator.as_str()).or_else(|| rest.strip_prefix('.')),
            _ => rest.strip_prefix(self.join()),
        };
        joined.filter(|rest| !rest.is_empty())
    }

    /// Whether a root level of this name may be a haiku collection.
    pub(crate) fn is_collection(&self, name: &str) -> bool {
        COLLECTIONS.contains(&name)
    }

    /// The module part of a haiku key.
    pub(crate) fn module<'k>(&self, key: &'k str) -> &'k str {
        self.split(key).0
    }

    /// The parameter of a haiku key.
    pub(crate) fn parameter<'k>(&self, key: &'k str) -> &'k str {
        self.split(key).1
    }

    fn split<'k>(&self, key: &'k str) -> (&'k str, &'k str) {
        match &self.scheme {
            Scheme::Haiku(haiku) => key.rsplit_once(haiku.separator).unwrap_or(("", key)),
            _ => ("", key),
        }
    }

    /// Whether a reader who goes by the keys alone sees the same tree as one who knows the naming.
    pub(crate) fn reads_as_detected(&self, keys: &[&str]) -> bool {
        let detected = Self::detect(keys.iter().copied());
        if keys.is_empty() || detected == *self {
            return true;
        }
        let (ours, theirs) = (self.collections(keys), detected.collections(keys));
        keys.iter().all(|key| self.native_path(key, &ours).eq(detected.native_path(key, &theirs)))
    }

    /// The collections that these keys have.
    fn collections(&self, keys: &[&str]) -> Vec<&'static str> {
        if self.shape() != Shape::TwoLevels {
            return Vec::new();
        }
        let is_below =
            |key: &&str, name: &str| self.module(key).strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
        let holds = |name: &&str| {
            keys.iter().any(|key| is_below(key, name)) && keys.iter().all(|key| self.module(key) != *name)
        };
        COLLECTIONS.into_iter().filter(holds).collect()
    }

    /// The steps through maps that lead to a key.
    fn native_path<'k>(&self, key: &'k str, collections: &[&'static str]) -> impl Iterator<Item = Cow<'k, str>> {
        let path = match (&self.scheme, self.shape()) {
            (Scheme::Flax(flax), _) => key.split(flax.separator.as_str()).map(Cow::Borrowed).collect(),
            (_, Shape::TwoLevels) => {
                let (module, parameter) = self.split(key);
                let collection = collections.iter().find_map(|name| {
                    let rest = module.strip_prefix(name)?.strip_prefix('.')?;
                    Some((*name, rest))
                });
                let (first, module) = collection.map_or((None, module), |(name, rest)| (Some(name), rest));
                first.into_iter().map(Cow::Borrowed).chain([module, parameter].map(Cow::Borrowed)).collect()
            }
            _ => vec![Cow::Borrowed(key)],
        };
        path.into_iter()
    }
}
