//! Namings: how a path becomes a key, and back.
//!
//! Each naming's grammar is at the top of its own file. What they share:
//!
//! - Writing goes down the value depth first with one key buffer: [`Naming::push`] appends a
//!   segment, and the caller truncates the buffer on the way up.
//! - Reading splits a key into tokens ([`Naming::token`]) whose raw texts are a partition of it.
//!   Under [`Naming::compare`] the keys with the same first tokens are neighbours, so that a node
//!   of the tree is a range of keys and needs no memory of its own.

mod describe;
mod detect;
mod flat;
mod flax;
mod haiku;
mod keystr;
mod objax;
mod order;
mod segment;
mod shape;
mod survey;
#[cfg(test)]
mod tests;

use flax::Flax;
use haiku::Haiku;
use keystr::Keystr;
use objax::Objax;

pub(crate) use segment::{Content, Level, Refusal, Segment, Token, in_scope, index};
pub(crate) use shape::Shape;
pub(crate) use survey::Survey;

/// How the paths of a value are written as keys.
///
/// Each naming has its own words for a field of a struct, a key of a map, an item of a list and an
/// enum variant (which counts as a field):
///
/// | naming | `layers: Vec<Dense>`, item 0, `kernel`, in `struct Net` | maps and [`Tree`](crate::Tree) see |
/// | --- | --- | --- |
/// | [`flax`](Naming::flax) | `layers.0.kernel` | nested maps, a level a segment |
/// | [`haiku`](Naming::haiku) | `layers.kernel`, item 1 `layers_1.kernel`; in a submodule `sub/~/layers.kernel` | two levels: a module's path, then its parameters (under `params` and `state`, where there are such) |
/// | [`objax`](Naming::objax) | `(Net).layers(ModuleList)[0](Dense).kernel::TrainVar` | the keys as they are |
/// | [`keystr`](Naming::keystr) | `.layers[0].kernel`; a map's key `['a']` | the keys as they are |
/// | [`flat`](Naming::flat) | none: one level only | the keys as they are |
///
/// # How the naming of a file is found
///
/// The file's own `safejax` entry says it, when there is one. Otherwise it is the first in this
/// table that fits: every key can be read in it, together they form a tree, and written again they
/// are the same keys. So a [`Tree`](crate::Tree) that is saved with the naming that was found has
/// the keys that it came with.
///
/// | | naming | fits when | options |
/// | --- | --- | --- | --- |
/// | 1 | objax | every key is a name and exactly one `::Kind`; or none has a `::`, and each is of the grammar with a `(Class)` in it | with kinds, or without |
/// | 2 | keystr | every key is made of `.name`, `[0]` and `['key']`, and some key has a `[` | with the leading dot, unless keys begin with a bare name |
/// | 3 | haiku | every key has a parameter separator, and before the last one some key has a `/` (unless that is the separator) or a lone `~` | the first of `.` `//` `:` `/` that does it |
/// | 4 | flax | no key is, in segments, the beginning of another | the separator of `.` `/` `:::` `,` that most keys have, `.` if none |
/// | 5 | flat | always | |
///
/// # Examples
///
/// ```
/// use safejax::Naming;
///
/// let keys = ["mlp/~/linear_0.b", "mlp/~/linear_0.w"];
/// assert_eq!(Naming::detect(keys), Naming::haiku());
///
/// let naming = Naming::flax().separator("/");
/// assert_eq!(naming.to_string(), "flax (separator `/`)");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Naming {
    scheme: Scheme,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Scheme {
    Flax(Flax),
    Haiku(Haiku),
    Objax(Objax),
    Keystr(Keystr),
    Flat,
}

impl Naming {
    /// Segments joined with `.`: `layers.0.kernel`, as flax's variables are commonly flattened.
    ///
    /// # Examples
    ///
    /// ```
    /// use safejax::Naming;
    ///
    /// assert_eq!(Naming::detect(["params.dense.bias", "params.dense.kernel"]), Naming::flax());
    /// ```
    #[must_use]
    pub fn flax() -> Self {
        Naming { scheme: Scheme::Flax(Flax { separator: ".".into(), suffix_lists: false, field_names: false }) }
    }

    /// Haiku's module path, then the parameter: `sub/~/layers_1.w`.
    ///
    /// # Examples
    ///
    /// ```
    /// use safejax::Naming;
    ///
    /// assert_eq!(Naming::detect(["mlp/~/linear_0.w", "norm.scale"]), Naming::haiku());
    /// ```
    #[must_use]
    pub fn haiku() -> Self {
        Naming { scheme: Scheme::Haiku(Haiku { separator: "." }) }
    }

    /// Objax's variables with their kind: `(Net).layers(ModuleList)[0](Linear).w::TrainVar`.
    ///
    /// # Examples
    ///
    /// ```
    /// use safejax::Naming;
    ///
    /// assert_eq!(Naming::detect(["(Net).out(Linear).w::TrainVar"]), Naming::objax());
    /// ```
    #[must_use]
    pub fn objax() -> Self {
        Naming { scheme: Scheme::Objax(Objax { kinds: true }) }
    }

    /// The text of `jax.tree_util.keystr`: `.layers[0].kernel`, `['params']['kernel']`.
    ///
    /// # Examples
    ///
    /// ```
    /// use safejax::Naming;
    ///
    /// assert_eq!(Naming::detect(["['params']['kernel']"]), Naming::keystr());
    /// ```
    #[must_use]
    pub fn keystr() -> Self {
        Naming { scheme: Scheme::Keystr(Keystr { leading_dot: true }) }
    }

    /// Keys as they stand: one map of tensors.
    ///
    /// # Examples
    ///
    /// ```
    /// use safejax::Naming;
    ///
    /// // `a` cannot be a tensor and hold `b` as well, so this is no tree.
    /// assert_eq!(Naming::detect(["a", "a.b"]), Naming::flat());
    /// ```
    #[must_use]
    pub fn flat() -> Self {
        Naming { scheme: Scheme::Flat }
    }

    /// Sets the separator: in flax the one between segments, any text but the empty one; in haiku
    /// the one before the parameter, `.`, `//`, `:` or `/`.
    ///
    /// Anything else leaves the naming as it is, and so do the namings without a separator.
    ///
    /// # Examples
    ///
    /// ```
    /// use safejax::Naming;
    ///
    /// assert_eq!(Naming::detect(["params/dense/bias"]), Naming::flax().separator("/"));
    /// assert_eq!(Naming::detect(["mlp/~/linear//w"]), Naming::haiku().separator("//"));
    /// assert_eq!(Naming::haiku().separator("+"), Naming::haiku());
    /// ```
    #[must_use]
    pub fn separator(mut self, separator: &str) -> Self {
        match &mut self.scheme {
            Scheme::Flax(flax) if !separator.is_empty() => flax.separator = separator.to_owned(),
            Scheme::Haiku(haiku) => {
                let known = haiku::SEPARATORS.into_iter().find(|known| *known == separator);
                haiku.separator = known.unwrap_or(haiku.separator);
            }
            _ => {}
        }
        self
    }

    /// Sets how flax writes the items of a list: `layers_0` instead of `layers.0`. The items of a
    /// list at the root have no name to append to and are `0`, `1`, … in both forms.
    ///
    /// The other namings ignore it, and reading takes both forms anyway.
    ///
    /// # Examples
    ///
    /// ```
    /// use safejax::Naming;
    ///
    /// let naming = Naming::flax().suffix_lists(true);
    /// assert_eq!(naming.to_string(), "flax (separator `.`, lists as `layers_0`)");
    /// ```
    #[must_use]
    pub fn suffix_lists(mut self, suffix: bool) -> Self {
        if let Scheme::Flax(flax) = &mut self.scheme {
            flax.suffix_lists = suffix;
        }
        self
    }

    /// Fields have the names that they have in Rust, whatever a framework calls them.
    pub(crate) fn with_field_names(mut self) -> Self {
        if let Scheme::Flax(flax) = &mut self.scheme {
            flax.field_names = true;
        }
        self
    }

    /// Sets whether objax's keys end in their `::Kind`. The other namings ignore it.
    ///
    /// # Examples
    ///
    /// ```
    /// use safejax::Naming;
    ///
    /// assert_eq!(Naming::detect(["(Sequential)[0](Linear).w"]), Naming::objax().kinds(false));
    /// ```
    #[must_use]
    pub fn kinds(mut self, kinds: bool) -> Self {
        if let Scheme::Objax(objax) = &mut self.scheme {
            objax.kinds = kinds;
        }
        self
    }

    /// Sets whether a field at the root is written `.layers` or `layers` in keystr. The other
    /// namings ignore it.
    ///
    /// # Examples
    ///
    /// ```
    /// use safejax::Naming;
    ///
    /// assert_eq!(Naming::detect(["mlp.layers[0].bias"]), Naming::keystr().leading_dot(false));
    /// ```
    #[must_use]
    pub fn leading_dot(mut self, leading_dot: bool) -> Self {
        if let Scheme::Keystr(keystr) = &mut self.scheme {
            keystr.leading_dot = leading_dot;
        }
        self
    }

    /// The naming that these keys follow: the first of objax, keystr, haiku and flax in which
    /// they can be read and written back as they are, else [`flat`](Naming::flat).
    ///
    /// # Examples
    ///
    /// ```
    /// use safejax::Naming;
    ///
    /// assert_eq!(Naming::detect(["bias", "kernel"]), Naming::flax());
    /// assert_eq!(Naming::detect(["[0].mu['bias']", "[0].count"]), Naming::keystr());
    /// ```
    #[must_use]
    pub fn detect<'a>(keys: impl IntoIterator<Item = &'a str>) -> Self {
        let keys: Vec<&str> = keys.into_iter().collect();
        Self::detect_surveyed(&keys, &Survey::of(keys.iter().copied()))
    }

    /// The same for keys that have been looked at already.
    pub(crate) fn detect_surveyed(keys: &[&str], survey: &Survey) -> Self {
        detect::detect(keys, survey)
    }

    /// The naming that a survey alone settles on.
    pub(crate) fn detect_at_once(survey: &Survey) -> Option<Self> {
        // Nothing but dots, and nothing that lies below anything else.
        (survey.has_no_marks() && survey.is_flat_and_sorted()).then(Self::flax)
    }

    /// This scheme with the options that the keys show: the separator seen, with or without kinds
    /// or the leading dot. None when the keys do not fit the scheme with any.
    ///
    /// This asks less than [`detect`](Naming::detect): that the keys can be read this way, not
    /// that they look like it.
    pub(crate) fn detect_scheme(&self, keys: &[&str]) -> Option<Naming> {
        detect::detect_options(self, keys)
    }

    /// Starts a key with what the root is written as, mostly nothing.
    pub(crate) fn root(&self, key: &mut String, content: &Content<'_>) -> Result<Level, Refusal> {
        match &self.scheme {
            Scheme::Flax(flax) => Ok(flax.root(content)),
            Scheme::Haiku(haiku) => haiku.root(content),
            Scheme::Objax(objax) => objax.root(key, content),
            Scheme::Keystr(keystr) => Ok(keystr.root(content)),
            Scheme::Flat => Ok(flat::root(content)),
        }
    }

    /// Appends one segment to the key of the container `above`. After a refusal, too, it is the
    /// caller who truncates the key.
    pub(crate) fn push(
        &self,
        key: &mut String,
        above: &Level,
        segment: &Segment<'_>,
        content: &Content<'_>,
    ) -> Result<Level, Refusal> {
        match &self.scheme {
            Scheme::Flax(flax) => flax.push(key, above, segment, content),
            Scheme::Haiku(haiku) => haiku.push(key, above, segment, content),
            Scheme::Objax(objax) => objax.push(key, above, segment, content),
            Scheme::Keystr(keystr) => keystr.push(key, above, segment, content),
            Scheme::Flat => flat::push(key, above, segment, content),
        }
    }

    /// The token of `key` at `at`, which is 0, [`root_end`](Naming::root_end) or the end of the
    /// token before. It is longer than nothing, or the last one.
    pub(crate) fn token<'k>(&self, key: &'k str, at: usize) -> Token<'k> {
        match &self.scheme {
            Scheme::Flax(flax) => flax.token(key, at),
            Scheme::Haiku(haiku) => haiku.token(key, at),
            Scheme::Objax(objax) => objax.token(key, at),
            Scheme::Keystr(keystr) => keystr.token(key, at),
            Scheme::Flat => flat::token(key, at),
        }
    }

    /// Where the first token begins: in objax after the root's `(Net)`, elsewhere at 0.
    pub(crate) fn root_end(&self, key: &str) -> usize {
        match &self.scheme {
            Scheme::Objax(_) => objax::root_end(key),
            _ => 0,
        }
    }

    /// Whether a field of this name (which may have a scope, as in `~/linear`, or a kind, as in
    /// `mean::StateVar`) is written as this token.
    pub(crate) fn selects(&self, field: &str, token: &Token<'_>) -> bool {
        match &self.scheme {
            Scheme::Haiku(_) => haiku::selects(field, token),
            Scheme::Objax(_) => {
                let name = objax::typed(field).map_or(field, |(name, _)| name);
                token.name == name
            }
            Scheme::Flax(_) | Scheme::Keystr(_) | Scheme::Flat => token.name == field,
        }
    }

    /// Whether this token is written for an item of a list of this name (which may have a scope, as in
    /// `~/linear`).
    pub(crate) fn selects_item(&self, list: &str, token: &Token<'_>) -> bool {
        match &self.scheme {
            Scheme::Haiku(_) if list.contains('/') && token.scoped.contains('/') => {
                segment::is_item(token.scoped, list)
            }
            _ => segment::is_item(&token.name, self.without_scope(list)),
        }
    }

    /// A name without the scope of haiku: `linear` of `~/linear`.
    pub(crate) fn without_scope<'n>(&self, name: &'n str) -> &'n str {
        match &self.scheme {
            Scheme::Haiku(_) => haiku::unscoped(name),
            Scheme::Flax(_) | Scheme::Flat | Scheme::Objax(_) | Scheme::Keystr(_) => name,
        }
    }

    /// Whether haiku made both in one scope, as far as they say in which.
    pub(crate) fn are_in_one_scope(&self, first: &Token<'_>, second: &Token<'_>) -> bool {
        if !matches!(&self.scheme, Scheme::Haiku(_)) {
            return true;
        }
        match (first.scoped.rsplit_once('/'), second.scoped.rsplit_once('/')) {
            (Some((first, _)), Some((second, _))) => first == second,
            _ => true,
        }
    }

    /// Whether the key of a tensor follows the grammar, or what is wrong with it.
    pub(crate) fn accepts(&self, key: &str) -> Result<(), String> {
        match &self.scheme {
            Scheme::Haiku(haiku) => haiku.accepts(key),
            Scheme::Objax(objax) => objax.accepts(key),
            Scheme::Keystr(keystr) => keystr.accepts(key),
            Scheme::Flax(_) | Scheme::Flat => Ok(()),
        }
    }
}
