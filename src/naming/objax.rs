//! The names of objax variables: `objax.VarCollection`.
//!
//! ```text
//! key   = path [ "::" kind ]
//! path  = class *class 1*item             ; (Net).layers(ModuleList)[0](Dense).kernel
//!       / name *class *item               ; model(Linear).w
//! item  = ( "." name / "[" index "]" ) *class
//! class = "(" name ")"
//! name  = 1*( any but "." "[" "]" "(" ")" ":" )
//! index = a canonical decimal
//! kind  = an identifier                   ; TrainVar, StateVar
//! ```
//!
//! With kinds, a key only has to be any text without a colon, `::` and a kind. Without them it has
//! to follow the whole grammar. A token is an item with its classes, the last one with its kind;
//! the classes at the start of a key are the root. From where a key breaks the grammar, its rest
//! is one token.

use std::borrow::Cow;

use super::segment::{Content, Level, Place, Refusal, Segment, Token, is_canonical_index};

/// The kind of a tensor that says no other.
const DEFAULT_KIND: &str = "TrainVar";

/// The class of a list that says no other.
const DEFAULT_LIST: &str = "ModuleList";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Objax {
    pub(super) kinds: bool,
}

impl Objax {
    pub(super) fn root(&self, key: &mut String, content: &Content<'_>) -> Result<Level, Refusal> {
        if content.is_end() {
            return Err(Refusal(
                "a single value has no name in objax: put it into a struct, or use \
                 Naming::flax()"
                    .into(),
            ));
        }
        let is_map = matches!(content, Content::Module { map: true, .. });
        if !is_map {
            push_class(key, content)?;
        }
        let mut level = Level::root(content);
        if !key.is_empty() {
            level.place = Place::Inside;
        }
        Ok(level)
    }

    pub(super) fn push(
        &self,
        key: &mut String,
        above: &Level,
        segment: &Segment<'_>,
        content: &Content<'_>,
    ) -> Result<Level, Refusal> {
        let start = key.len();
        let name = match segment {
            Segment::Key(text) | Segment::IntKey(text)
                if above.place == (Place::Root { map: true }) && content.is_end() =>
            {
                key.push_str(match typed(text) {
                    Some((name, _)) if !self.kinds => name,
                    _ => text,
                });
                return Ok(Level::inside(start, content));
            }
            Segment::Index(index) => {
                key.push('[');
                key.push_str(&index.to_string());
                key.push(']');
                None
            }
            Segment::Field(name) | Segment::Variant(name) | Segment::Key(name) | Segment::IntKey(name) => Some(*name),
        };
        if let Content::Module { map: true, .. } = content {
            return Err(Refusal(
                "a map inside a struct or another map has no name in objax: make it a struct, or \
                 use Naming::flax()"
                    .into(),
            ));
        }
        let mut kind = DEFAULT_KIND;
        if let Some(mut name) = name {
            if let (Content::Tensor, Some((before, own))) = (content, typed(name)) {
                (name, kind) = (before, own);
            }
            check_name(name)?;
            if above.place == Place::Inside {
                key.push('.');
            }
            key.push_str(name);
        }
        push_class(key, content)?;
        if self.kinds && matches!(content, Content::Tensor) {
            key.push_str("::");
            key.push_str(kind);
        }
        Ok(Level::inside(start, content))
    }

    pub(super) fn token<'k>(&self, key: &'k str, at: usize) -> Token<'k> {
        let end = token_end(key, at);
        let raw = key.get(at..end).unwrap_or_default();
        let untyped = raw.split_once("::").map_or(raw, |(before, _)| before);
        let bracket = untyped
            .strip_prefix('[')
            .and_then(|text| text.split_once(']'))
            .map(|(inner, _)| inner)
            .filter(|inner| is_canonical_index(inner));
        let name = bracket.unwrap_or_else(|| {
            let name = untyped.strip_prefix('.').unwrap_or(untyped);
            name.split_once('(').map_or(name, |(before, _)| before)
        });
        Token { name: Cow::Borrowed(name), scoped: raw, end, leaf: end == key.len(), index: bracket.is_some() }
    }

    pub(super) fn accepts(&self, key: &str) -> Result<(), String> {
        if self.kinds {
            return match typed(key) {
                Some(_) => Ok(()),
                None => Err("it is not a name followed by `::` and a kind, such as \
                             `::TrainVar`; for keys without a kind use \
                             Naming::objax().kinds(false)"
                    .into()),
            };
        }
        if key.contains("::") {
            return Err("it has a `::Kind`; use Naming::objax()".into());
        }
        let mut at = root_end(key);
        loop {
            let end = item_end(key, at).ok_or_else(|| {
                let rest = key.get(at..).unwrap_or_default();
                format!("`{rest}` is neither `.name` nor `[0]` with classes such as `(Linear)`")
            })?;
            if end == key.len() {
                return Ok(());
            }
            at = end;
        }
    }
}

/// The name and the kind of a typed key.
pub(super) fn typed(key: &str) -> Option<(&str, &str)> {
    let (name, kind) = key.split_once("::")?;
    let mut chars = kind.chars();
    let is_identifier = chars.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && chars.all(|char| char.is_alphanumeric() || char == '_');
    (!name.is_empty() && !name.contains(':') && is_identifier).then_some((name, kind))
}

/// Whether the key has at least one class, which says that it is objax's.
pub(super) fn has_class(key: &str) -> bool {
    key.contains('(')
}

/// The length of the classes at the very start of a key.
pub(super) fn root_end(key: &str) -> usize {
    let mut end = 0;
    while let Some(len) = key.get(end..).and_then(class_len) {
        end += len;
    }
    end
}

/// Where the token at `at` ends: always after it, or at the end of the key.
pub(super) fn token_end(key: &str, at: usize) -> usize {
    if at == 0 {
        let root = root_end(key);
        if root > 0 {
            return root;
        }
    }
    item_end(key, at).unwrap_or(key.len())
}

/// Where the item at `at` ends, when it is one.
fn item_end(key: &str, at: usize) -> Option<usize> {
    let rest = key.get(at..)?;
    let mut len = match rest.as_bytes().first()? {
        b'[' => {
            let (inner, _) = rest.strip_prefix('[')?.split_once(']')?;
            is_canonical_index(inner).then_some(inner.len() + 2)?
        }
        b'.' => 1 + name_len(rest.strip_prefix('.')?)?,
        _ if at == 0 => name_len(rest)?,
        _ => return None,
    };
    while let Some(class) = rest.get(len..).and_then(class_len) {
        len += class;
    }
    let after = rest.get(len..)?;
    match after.as_bytes() {
        [] | [b'.' | b'[', ..] => Some(at + len),
        [b':', b':', kind @ ..] if !kind.is_empty() && !kind.contains(&b':') => Some(key.len()),
        _ => None,
    }
}

/// The length of the `(Class)` that `rest` begins with.
fn class_len(rest: &str) -> Option<usize> {
    let inside = rest.strip_prefix('(')?;
    let len = name_len(inside)?;
    inside.get(len..)?.starts_with(')').then_some(len + 2)
}

/// The length of the name that `text` begins with.
fn name_len(text: &str) -> Option<usize> {
    let len = text.bytes().position(is_reserved).unwrap_or(text.len());
    (len > 0).then_some(len)
}

fn is_reserved(byte: u8) -> bool {
    matches!(byte, b'.' | b'[' | b']' | b'(' | b')' | b':')
}

fn check_name(name: &str) -> Result<(), Refusal> {
    if !name.is_empty() && !name.bytes().any(is_reserved) {
        return Ok(());
    }
    Err(Refusal(format!(
        "`{name}` is no name in objax (it is empty or holds one of `.[]():`): rename it, or use \
         Naming::flax()"
    )))
}

fn push_class(key: &mut String, content: &Content<'_>) -> Result<(), Refusal> {
    let class = match content {
        Content::Module { class, .. } => *class,
        Content::List { class, .. } => Some(class.unwrap_or(DEFAULT_LIST)),
        Content::Tensor | Content::Leaf => None,
    };
    if let Some(class) = class {
        check_name(class)?;
        key.push('(');
        key.push_str(class);
        key.push(')');
    }
    Ok(())
}
