//! Keys that change on their way into a file or out of one.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// The changes, one after the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Renames(Vec<Rename>);

#[derive(Clone)]
enum Rename {
    By(Arc<dyn Fn(&str) -> String + Send + Sync>),
    Prefixes(Vec<(String, String)>),
}

impl Renames {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn by(&mut self, rename: impl Fn(&str) -> String + Send + Sync + 'static) {
        self.0.push(Rename::By(Arc::new(rename)));
    }

    pub(crate) fn prefixes(&mut self, prefixes: Vec<(String, String)>) {
        self.0.push(Rename::Prefixes(prefixes));
    }

    /// The key that a key becomes.
    pub(crate) fn apply<'k>(&self, key: &'k str) -> Cow<'k, str> {
        self.0.iter().fold(Cow::Borrowed(key), |key, rename| match rename {
            Rename::By(rename) => Cow::Owned(rename(&key)),
            Rename::Prefixes(prefixes) => {
                let changed = prefixes.iter().find_map(|(from, to)| Some(format!("{to}{}", key.strip_prefix(from)?)));
                changed.map_or(key, Cow::Owned)
            }
        })
    }
}

impl fmt::Debug for Rename {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::By(_) => f.write_str("By(…)"),
            Self::Prefixes(prefixes) => f.debug_tuple("Prefixes").field(prefixes).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Renames;

    #[test]
    fn the_first_prefix_that_fits_is_replaced_once() {
        let mut renames = Renames::default();
        renames.prefixes(vec![("a.".into(), "a.a.".into()), ("a".into(), "b".into()), (String::new(), "c.".into())]);
        assert_eq!(renames.apply("a.x"), "a.a.x");
        assert_eq!(renames.apply("ax"), "bx");
        assert_eq!(renames.apply("x"), "c.x");
    }

    #[test]
    fn changes_are_made_one_after_the_other() {
        let mut renames = Renames::default();
        renames.by(|key| key.replace('x', "y"));
        renames.prefixes(vec![("y".into(), "z".into())]);
        assert_eq!(renames.apply("xx"), "zy");
    }
}
