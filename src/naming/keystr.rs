//! The text of `jax.tree_util.keystr`: how JAX prints a path in a pytree.
//!
//! ```text
//! key    = ( item / name ) *item          ; a bare name first, without the leading dot
//!        / ""                             ; the root itself
//! item   = "." name                       ; a field
//!        / "[" integer "]"                ; an item of a list, or an integer as map key
//!        / "[" string "]"                 ; a map key
//! name   = 1*( any but "." "[" "]" )
//! string = a Python string literal as repr() writes it: '…', or "…" when it holds ' but no "
//! ```
//!
//! A token is an item. From where a key breaks the grammar, its rest is one token. A map at the
//! root whose values are tensors holds keys as they are on disk, and they are written verbatim.

use std::borrow::Cow;
use std::fmt::Write;

use super::segment::{Content, Level, Place, Refusal, Segment, Token, is_canonical_index};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Keystr {
    pub(super) leading_dot: bool,
}

impl Keystr {
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
        let start = key.len();
        let as_on_disk = above.place == (Place::Root { map: true }) && content.is_end();
        match segment {
            Segment::Key(text) | Segment::IntKey(text) if as_on_disk => key.push_str(text),
            Segment::Field(name) | Segment::Variant(name) => {
                if name.is_empty() || name.contains(['.', '[', ']']) {
                    return Err(Refusal(format!(
                        "the name `{name}` cannot be written as `.{name}` and read back (it is \
                         empty or holds one of `.[]`): rename the field, or use another naming, \
                         e.g. Naming::flax()"
                    )));
                }
                if above.place == Place::Inside || self.leading_dot {
                    key.push('.');
                }
                key.push_str(name);
            }
            Segment::Key(text) => {
                key.push('[');
                push_repr(key, text);
                key.push(']');
            }
            Segment::IntKey(text) => {
                key.push('[');
                key.push_str(text);
                key.push(']');
            }
            Segment::Index(index) => {
                key.push('[');
                key.push_str(&index.to_string());
                key.push(']');
            }
        }
        Ok(Level::inside(start, content))
    }

    pub(super) fn token<'k>(&self, key: &'k str, at: usize) -> Token<'k> {
        let end = token_end(key, at);
        let raw = key.get(at..end).unwrap_or_default();
        let inner = raw.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or_default();
        let index = is_canonical_index(inner);
        let name = if index || is_negative_integer(inner) {
            Cow::Borrowed(inner)
        } else {
            read_repr(inner).unwrap_or_else(|| Cow::Borrowed(raw.strip_prefix('.').unwrap_or(raw)))
        };
        Token { name, scoped: raw, end, leaf: end == key.len(), index }
    }

    pub(super) fn accepts(&self, key: &str) -> Result<(), String> {
        let mut at = 0;
        while at < key.len() {
            let end = item_end(key, at).ok_or_else(|| {
                let rest = key.get(at..).unwrap_or_default();
                format!("`{rest}` is none of `.name`, `[0]` and `['key']`")
            })?;
            at = end;
        }
        Ok(())
    }
}

/// Where the token at `at` ends: always after it, or at the end of the key.
pub(super) fn token_end(key: &str, at: usize) -> usize {
    item_end(key, at).unwrap_or(key.len())
}

/// Where the item at `at` ends, when it is one.
fn item_end(key: &str, at: usize) -> Option<usize> {
    let rest = key.get(at..)?;
    let (head, tail) = match rest.as_bytes().first()? {
        b'[' => return Some(at + bracket_len(rest)?),
        b'.' => rest.split_at_checked(1)?,
        _ if at == 0 => ("", rest),
        _ => return None,
    };
    let name_len = tail.bytes().position(|byte| matches!(byte, b'.' | b'[' | b']')).unwrap_or(tail.len());
    (name_len > 0).then_some(at + head.len() + name_len)
}

/// The length of the `[…]` that `rest` begins with.
fn bracket_len(rest: &str) -> Option<usize> {
    let inside = rest.strip_prefix('[')?;
    let quote = *inside.as_bytes().first()?;
    if !matches!(quote, b'\'' | b'"') {
        let (inner, _) = inside.split_once(']')?;
        return (is_canonical_index(inner) || is_negative_integer(inner)).then_some(inner.len() + 2);
    }
    let mut bytes = inside.bytes().enumerate().skip(1);
    while let Some((position, byte)) = bytes.next() {
        if byte == b'\\' {
            // What follows is escaped, so it does not end the string.
            bytes.next();
        } else if byte == quote {
            let (literal, after) = inside.split_at_checked(position + 1)?;
            read_repr(literal)?;
            return after.starts_with(']').then_some(literal.len() + 2);
        }
    }
    None
}

fn is_negative_integer(text: &str) -> bool {
    text.strip_prefix('-').is_some_and(|digits| digits != "0" && is_canonical_index(digits))
}

/// Appends `text` as Python's `repr` writes it.
fn push_repr(key: &mut String, text: &str) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    key.push(quote);
    for char in text.chars() {
        match char {
            '\n' => key.push_str("\\n"),
            '\r' => key.push_str("\\r"),
            '\t' => key.push_str("\\t"),
            '\\' => key.push_str("\\\\"),
            _ if char == quote => {
                key.push('\\');
                key.push(char);
            }
            _ if is_printable(char) => key.push(char),
            _ => push_escape(key, u32::from(char)),
        }
    }
    key.push(quote);
}

fn push_escape(key: &mut String, code: u32) {
    // Writing to a String does not fail.
    let _ = match code {
        0..=0xff => write!(key, "\\x{code:02x}"),
        0x100..=0xffff => write!(key, "\\u{code:04x}"),
        _ => write!(key, "\\U{code:08x}"),
    };
}

/// Python's `str.isprintable`.
///
/// The standard library's own judgement goes by the same categories of characters; its test for
/// combining characters, which Python does not have, is for the first character only.
fn is_printable(char: char) -> bool {
    if char.is_ascii() {
        return !char.is_ascii_control();
    }
    let mut buffer = [0; 5];
    let Some((first, rest)) = buffer.split_first_mut() else {
        return false;
    };
    *first = b'a';
    let len = 1 + char.encode_utf8(rest).len();
    let text = buffer.get(..len).and_then(|bytes| str::from_utf8(bytes).ok());
    text.is_some_and(|text| text.escape_debug().nth(1) == Some(char))
}

/// The text of a Python string literal, when `literal` is one.
fn read_repr(literal: &str) -> Option<Cow<'_, str>> {
    let quote = literal.chars().next().filter(|char| matches!(char, '\'' | '"'))?;
    let inner = literal.strip_prefix(quote)?.strip_suffix(quote)?;
    if !inner.contains('\\') {
        return (!inner.contains(quote)).then_some(Cow::Borrowed(inner));
    }
    let mut text = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(char) = chars.next() {
        if char == quote {
            return None;
        }
        if char != '\\' {
            text.push(char);
            continue;
        }
        text.push(match chars.next()? {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            same @ ('\\' | '\'' | '"') => same,
            'x' => read_code(&mut chars, 2)?,
            'u' => read_code(&mut chars, 4)?,
            'U' => read_code(&mut chars, 8)?,
            _ => return None,
        });
    }
    Some(Cow::Owned(text))
}

fn read_code(chars: &mut std::str::Chars<'_>, digits: usize) -> Option<char> {
    let mut code: u32 = 0;
    for _ in 0..digits {
        code = code.checked_mul(16)?.checked_add(chars.next()?.to_digit(16)?)?;
    }
    char::from_u32(code)
}
