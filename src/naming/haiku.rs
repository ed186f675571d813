//! The names of haiku: the path of a module, then a parameter in it.
//!
//! ```text
//! key       = module separator parameter
//! module    = name *( join name )         ; methods/~/linear, params.res_net/~/conv
//!           / [ name "." ] "~"            ; of a parameter that is in no module
//! join      = "/" *( scope "/" )          ; "/~/": made in __init__, "/": in __call__,
//!                                         ; "/~encode/": in the method encode
//!           / "."                         ; below a collection or a map key
//! scope     = "~" any text without "/" "."
//! name      = 1*( any but "/" "." )
//! parameter = any text without the separator, but not none
//! separator = "." / "//" / ":" / "/"
//! list      = name / name "_" index       ; layers, layers_1, layers_2
//! ```
//!
//! The parameter is what follows the last separator. A token is a name with the join before it:
//! `methods/~/linear.w` is `methods`, `/~/linear`, `.w`, and the parameter outside any module
//! `~.top_level` is one token. A root field or key `params` or `state` that holds no tensors
//! itself is a collection: what is in it is named as at the root.
//!
//! The items of a list inside a list append one number each (`layers_1_2`). 0 appends nothing where
//! the item is no list itself: `layers_1` is the first of `layers[1]`, and `layers_0` of `layers[0]`,
//! whose second is `layers_0_1`.
//!
//! At the root nothing precedes a module, so its field's scope (`~/linear`, `/linear`) is not
//! written there: haiku has none either.

use std::borrow::Cow;

use super::segment::{Content, Level, Pending, Place, Refusal, Segment, Token, find};

/// The parameter separators that there are, the likeliest first.
pub(super) const SEPARATORS: [&str; 4] = [".", "//", ":", "/"];

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Haiku {
    pub(super) separator: &'static str,
}

impl Haiku {
    pub(super) fn root(&self, content: &Content<'_>) -> Result<Level, Refusal> {
        if content.is_end() {
            return Err(Refusal(
                "a single value has no name in haiku: put it into a struct, or use Naming::flax()".into(),
            ));
        }
        Ok(Level::root(content))
    }

    pub(super) fn push(
        &self,
        key: &mut String,
        above: &Level,
        segment: &Segment<'_>,
        content: &Content<'_>,
    ) -> Result<Level, Refusal> {
        let (name, keyed) = match segment {
            Segment::Field(text) | Segment::Variant(text) => (Cow::Borrowed(*text), false),
            Segment::Key(text) | Segment::IntKey(text) => (Cow::Borrowed(*text), true),
            Segment::Index(index) => match &above.pending {
                Some(list) if *index == 0 && !matches!(content, Content::List { .. }) => {
                    (Cow::Borrowed(list.name.as_str()), list.keyed)
                }
                Some(list) => (Cow::Owned(format!("{}_{index}", list.name)), list.keyed),
                None => (Cow::Owned(index.to_string()), false),
            },
        };
        if let Content::List { .. } = content {
            return Ok(Level {
                place: above.place,
                start: above.start,
                list: true,
                form: None,
                pending: Some(Pending { name: name.into_owned(), keyed }),
            });
        }
        let start = key.len();
        if content.is_end() {
            // A field may be a path to a parameter: `~/mean_ema.average`.
            let (place, parameter) = match name.rsplit_once('.') {
                Some((modules, parameter)) if !keyed => {
                    self.push_module(key, above.place, above.start, modules, keyed)?;
                    (Place::Inside, parameter)
                }
                _ => (above.place, name.as_ref()),
            };
            self.push_parameter(key, place, parameter)?;
            return Ok(Level::inside(start, content));
        }
        let is_root = matches!(above.place, Place::Root { .. });
        let is_collection = is_root
            && !matches!(segment, Segment::Index(_))
            && matches!(name.as_ref(), "params" | "state")
            && matches!(content, Content::Module { holds_tensor: false, .. });
        self.push_module(key, above.place, above.start, &name, keyed)?;
        let mut level = Level::inside(start, content);
        if is_collection {
            level.place = Place::Collection;
        }
        Ok(level)
    }

    fn push_module(
        &self,
        key: &mut String,
        place: Place,
        above: usize,
        name: &str,
        keyed: bool,
    ) -> Result<(), Refusal> {
        let unslashed = name.strip_prefix('/').unwrap_or(name);
        if unslashed.split(['/', '.']).any(str::is_empty) {
            return Err(Refusal(format!(
                "the module name `{name}` has an empty part, which haiku does not have: rename \
                 it, or use Naming::flax()"
            )));
        }
        let last = unslashed.rsplit(['/', '.']).next().unwrap_or(unslashed);
        if !keyed && last.starts_with('~') {
            return Err(Refusal(format!(
                "the module name `{name}` would read back as a scope, for it begins with `~`: \
                 rename it, or use Naming::flax()"
            )));
        }
        let has_scope = name.starts_with('~') && name.contains('/');
        let (join, text) = match place {
            Place::Root { .. } if keyed => ("", name),
            Place::Root { .. } => ("", unscoped(name)),
            Place::Collection if keyed => (".", name),
            Place::Collection => (".", unscoped(name)),
            Place::Inside if name.starts_with('/') => ("", name),
            Place::Inside if has_scope => ("/", name),
            Place::Inside if keyed => (".", name),
            Place::Inside => ("/~/", name),
        };
        if text.starts_with('/') && matches!(place, Place::Root { .. } | Place::Collection) {
            return Err(Refusal(format!(
                "the module name `{name}` begins with `/`, but there is no module before it: \
                 rename it, or use Naming::flax()"
            )));
        }
        let joins_with_slash = join.starts_with('/') || text.starts_with('/');
        let before = key.get(above..).unwrap_or_default();
        let before = before.rsplit(['/', '.']).next().unwrap_or(before);
        if joins_with_slash && place == Place::Inside && before.starts_with('~') {
            return Err(Refusal(format!(
                "the module `{before}` would read back as the scope of `{name}`: rename it, or use \
                 Naming::flax()"
            )));
        }
        key.push_str(join);
        key.push_str(text);
        Ok(())
    }

    fn push_parameter(&self, key: &mut String, place: Place, name: &str) -> Result<(), Refusal> {
        if name.is_empty() {
            return Err(Refusal("haiku has no empty parameter name: rename it, or use Naming::flax()".into()));
        }
        match place {
            Place::Root { .. } => key.push('~'),
            Place::Collection => key.push_str(".~"),
            Place::Inside => {}
        }
        let start = key.len();
        key.push_str(self.separator);
        key.push_str(name);
        if self.is_parameter(key.get(start..).unwrap_or_default()) {
            return Ok(());
        }
        let other = SEPARATORS.into_iter().find(|other| !name.contains(*other));
        Err(Refusal(format!(
            "the parameter name `{name}` holds the separator `{}`: use another separator, e.g. \
             Naming::haiku().separator({:?})",
            self.separator,
            other.unwrap_or(":"),
        )))
    }

    /// Whether `rest` begins with the last parameter separator of the key.
    ///
    /// Looks no further than the next separator, so asking at each one is linear in all.
    fn is_parameter(&self, rest: &str) -> bool {
        rest.starts_with(self.separator) && rest.get(1..).is_some_and(|after| find(after, self.separator).is_none())
    }

    pub(super) fn token<'k>(&self, key: &'k str, at: usize) -> Token<'k> {
        let end = self.token_end(key, at);
        let raw = key.get(at..end).unwrap_or_default();
        let undotted = raw.strip_prefix('.').unwrap_or(raw);
        let outside = undotted.strip_prefix('~').filter(|text| self.is_parameter(text) && end == key.len());
        let (name, scoped) = if self.is_parameter(raw) && end == key.len() {
            let name = raw.strip_prefix(self.separator).unwrap_or(raw);
            (name, name)
        } else if let Some(text) = outside {
            (text.strip_prefix(self.separator).unwrap_or(text), undotted)
        } else {
            let name = undotted.rsplit('/').next().unwrap_or(undotted);
            let scoped = match undotted.strip_prefix('/') {
                Some(scope) if scope.contains('/') => scope,
                _ => undotted,
            };
            (name, scoped)
        };
        Token { name: Cow::Borrowed(name), scoped, end, leaf: end == key.len(), index: false }
    }

    /// Where the token at `at` ends: always after it, or at the end of the key.
    pub(super) fn token_end(&self, key: &str, at: usize) -> usize {
        let Some(rest) = key.get(at..) else {
            return key.len();
        };
        if self.is_parameter(rest) {
            return key.len();
        }
        let is_dotted = rest.starts_with('.');
        let mut start = usize::from(is_dotted || rest.starts_with('/'));
        let first = start;
        loop {
            let tail = rest.get(start..).unwrap_or_default();
            let end = start + self.name_len(tail);
            let after = rest.get(end..).unwrap_or_default();
            let name = rest.get(start..end).unwrap_or_default();
            if !name.starts_with('~') {
                return at + end;
            }
            if self.is_parameter(after) {
                let is_outside = name == "~" && start == first && (at == 0 || is_dotted);
                return if is_outside { key.len() } else { at + end };
            }
            if !after.starts_with('/') {
                return at + end;
            }
            // A scope belongs to the name that follows it.
            start = end + 1;
        }
    }

    /// The length of the name that `text` begins with.
    fn name_len(&self, text: &str) -> usize {
        text.bytes()
            .enumerate()
            .find(|(position, byte)| match byte {
                b'/' | b'.' => true,
                b':' => text.get(*position..).is_some_and(|rest| self.is_parameter(rest)),
                _ => false,
            })
            .map_or(text.len(), |(position, _)| position)
    }

    pub(super) fn accepts(&self, key: &str) -> Result<(), String> {
        let Some((module, parameter)) = key.rsplit_once(self.separator) else {
            return Err(format!("it has no `{}` between a module and a parameter", self.separator));
        };
        if parameter.is_empty() {
            return Err("the name of its parameter is empty".into());
        }
        if module.split(['/', '.']).any(str::is_empty) {
            return Err(format!("its module `{module}` has an empty part"));
        }
        Ok(())
    }

    /// Whether the key shows that haiku wrote it.
    ///
    /// A `/` in the module's path is enough, unless `/` also separates the parameter.
    pub(super) fn is_telling(&self, key: &str) -> bool {
        let Some((module, _)) = key.rsplit_once(self.separator) else {
            return false;
        };
        if self.separator != "/" && module.contains('/') {
            return true;
        }
        module.split(['/', '.']).any(|name| name == "~")
    }
}

/// Whether a field called `field` means a token with this name and scope.
pub(super) fn selects(field: &str, token: &Token<'_>) -> bool {
    if token.name == field || token.scoped == field {
        return true;
    }
    // At the root the scope is not written.
    !token.scoped.contains('/') && unscoped(field) == token.name
}

/// `field` without the scope before its first name: `linear` of `~/linear`, `/linear`.
pub(super) fn unscoped(field: &str) -> &str {
    let mut rest = field.strip_prefix('/').unwrap_or(field);
    while rest.starts_with('~') {
        match rest.split_once('/') {
            Some((_, after)) => rest = after,
            None => break,
        }
    }
    rest
}
