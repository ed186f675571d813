//! Keys as they stand: no naming at all.
//!
//! ```text
//! key  = any text
//! ```
//!
//! A key is one token. What is saved is one map or struct of tensors and leaves.

use std::borrow::Cow;

use super::segment::{Content, Level, Place, Refusal, Segment, Token};

pub(super) fn root(content: &Content<'_>) -> Level {
    Level::root(content)
}

pub(super) fn push(
    key: &mut String,
    above: &Level,
    segment: &Segment<'_>,
    content: &Content<'_>,
) -> Result<Level, Refusal> {
    if above.place == Place::Inside || !content.is_end() {
        return Err(Refusal("the naming flat has one level only: use another naming, e.g. Naming::flax()".into()));
    }
    match segment {
        Segment::Field(text) | Segment::Variant(text) | Segment::Key(text) | Segment::IntKey(text) => {
            key.push_str(text)
        }
        Segment::Index(index) => key.push_str(&index.to_string()),
    }
    Ok(Level::inside(0, content))
}

pub(super) fn token(key: &str, at: usize) -> Token<'_> {
    let raw = key.get(at..).unwrap_or_default();
    Token { name: Cow::Borrowed(raw), scoped: raw, end: key.len(), leaf: true, index: false }
}
