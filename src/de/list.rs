//! Lists: `layers.0`, `layers_0` and `layers, layers_1` all read into a `Vec`.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::de::place::{Here, Place, Siblings};
use crate::de::reader::Reader;
use crate::error::ErrorKind;
use crate::naming::greatest_index;
use crate::{Error, Result};

/// The items of a list by their index, in ascending order.
pub(crate) type Items<'x> = Vec<(usize, Place<'x>)>;

/// An index as it is written: decimal digits without leading zeros.
pub(crate) fn index(text: &str) -> Option<usize> {
    let canonical = text == "0" || !text.starts_with('0');
    if canonical && text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// The index in `layers_3`, for the base `layers`.
pub(crate) fn suffix(name: &str, base: &str) -> Option<usize> {
    index(name.strip_prefix(base)?.strip_prefix('_')?)
}

/// Whether a name is that of an item of `base`, or of an item of an item.
pub(crate) fn is_item(name: &str, base: &str) -> bool {
    let indices = name.strip_prefix(base).and_then(|rest| rest.strip_prefix('_'));
    indices.is_some_and(|indices| indices.split('_').all(|text| index(text).is_some()))
}

/// Reads a place as a list, or says that it is none.
pub(crate) fn items<'x>(reader: &Reader<'x, '_>, place: &Place<'x>) -> Result<Option<Items<'x>>> {
    let Place::Here(here) = place else { return Ok(None) };
    let mut items = match dotted(reader, here) {
        Some(items) => items,
        None => match suffixed(reader, here) {
            Some(items) => items,
            None => return Ok(None),
        },
    };
    items.sort_by_key(|(index, _)| *index);
    for pair in items.windows(2) {
        if let [(first, a), (second, b)] = pair
            && first == second
        {
            return Err(Error::new(ErrorKind::Ambiguous { first: a.key(reader), second: b.key(reader) }));
        }
    }
    check_gaps(&items)?;
    Ok(Some(items))
}

/// `layers.0`, `layers[0]`: the children are indices, all of them.
fn dotted<'x>(reader: &Reader<'x, '_>, here: &Here<'x>) -> Option<Items<'x>> {
    let children = here.node?.children(reader.contents);
    children.into_iter().map(|child| Some((index(&child.token.name)?, Place::of(&child)))).collect()
}

/// `layers_0, layers_1, …` or `layers, layers_1, …`
fn suffixed<'x>(reader: &Reader<'x, '_>, here: &Here<'x>) -> Option<Items<'x>> {
    let mut items = Items::new();
    if here.item.is_some() || here.node.is_some() {
        items.push((0, Place::Here(Here { list: None, ..here.clone() })));
    }
    if let Some(siblings) = &here.list {
        let children = siblings.parent.children(reader.contents);
        // An item may be a list itself: `layers_0_0`.
        let bases: HashSet<&str> = children.iter().flat_map(|child| bases(&child.token.name)).collect();
        for child in &children {
            let Some(at) = suffix(&child.token.name, &siblings.base) else { continue };
            let base = Cow::Owned(child.token.name.to_string());
            let list = bases.contains(&*base).then_some(Siblings { parent: siblings.parent, base });
            items.push((at, Place::Here(Here { item: child.item, node: child.node, list })));
        }
        // The items of an item stand for it where it has no key of its own.
        let known: HashSet<usize> = items.iter().map(|(at, _)| *at).collect();
        for base in bases {
            let Some(at) = suffix(base, &siblings.base).filter(|at| !known.contains(at)) else { continue };
            let list = Some(Siblings { parent: siblings.parent, base: Cow::Owned(base.to_owned()) });
            items.push((at, Place::Here(Here { list, ..Here::default() })));
        }
    }
    Some(items).filter(|items| !items.is_empty())
}

/// `layers_3` and `layers` in `layers_3_0`.
fn bases(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(base(name), |name| base(name))
}

/// `layers` in `layers_3`.
fn base(name: &str) -> Option<&str> {
    let (base, digits) = name.rsplit_once('_')?;
    index(digits).map(|_| base)
}

fn check_gaps(items: &[(usize, Place<'_>)]) -> Result<()> {
    match items.last() {
        Some((last, _)) if *last > greatest_index(items.len()) => {
            let reason = format!("the index {last} is out of proportion to a list of {} items", items.len());
            Err(Error::unsupported(reason))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{index, is_item, suffix};

    #[test]
    fn an_index_is_a_canonical_decimal() {
        let cases =
            [("0", Some(0)), ("12", Some(12)), ("01", None), ("", None), ("+1", None), ("1a", None), ("٣", None)];
        for (text, expected) in cases {
            assert_eq!(index(text), expected, "{text}");
        }
        assert_eq!(index("99999999999999999999999"), None);
    }

    #[test]
    fn a_suffix_follows_the_base_and_an_underscore() {
        assert_eq!(suffix("layers_3", "layers"), Some(3));
        assert_eq!(suffix("layers3", "layers"), None);
        assert_eq!(suffix("layers_x", "layers"), None);
        assert_eq!(suffix("layer_3", "layers"), None);
        assert!(is_item("layers_3_0", "layers"));
        assert!(!is_item("layers_3_x", "layers"));
    }
}
