//! Lists: `layers.0`, `layers_0` and `layers, layers_1` all read into a `Vec`.

use std::collections::HashMap;
use std::rc::Rc;

use crate::de::node::Child;
use crate::de::place::{Here, Place, Siblings};
use crate::de::reader::Reader;
use crate::error::ErrorKind;
use crate::{Error, Result};

/// The items of a list by their index, in ascending order.
pub(crate) type Items<'x> = Vec<(usize, Place<'x>)>;

/// An index as it is written: decimal digits without leading zeros.
pub(crate) fn index(text: &str) -> Option<usize> {
    let canonical = text == "0" || !text.starts_with('0');
    if canonical && text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
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
        None => match suffixed(here) {
            Some(items) => items,
            None => return Ok(None),
        },
    };
    if !items.is_sorted_by_key(|(index, _)| *index) {
        sort(&mut items);
    }
    for pair in items.windows(2) {
        if let [(first, a), (second, b)] = pair
            && first == second
        {
            return Err(Error::new(ErrorKind::Ambiguous { first: a.key(reader), second: b.key(reader) }));
        }
    }
    check_gaps(reader, &items)?;
    Ok(Some(items))
}

/// Sorts by the index. Mostly each is there once, so that it is known where it belongs.
fn sort(items: &mut Items<'_>) {
    let count = items.len();
    let mut ordered: Vec<Option<(usize, Place<'_>)>> = Vec::new();
    ordered.resize_with(count, || None);
    let mut others = Items::new();
    for item in items.drain(..) {
        match ordered.get_mut(item.0) {
            Some(slot @ None) => *slot = Some(item),
            _ => others.push(item),
        }
    }
    items.extend(ordered.into_iter().flatten());
    if !others.is_empty() {
        items.append(&mut others);
        items.sort_by_key(|(index, _)| *index);
    }
}

/// `layers.0`, `layers[0]`: the children are indices, all of them.
fn dotted<'x>(reader: &Reader<'x, '_>, here: &Here<'x>) -> Option<Items<'x>> {
    here.node?.children(reader.contents).map(|child| Some((index(&child.token.name)?, Place::of(&child)))).collect()
}

/// `layers_0, layers_1, …` or `layers, layers_1, …`
fn suffixed<'x>(here: &Here<'x>) -> Option<Items<'x>> {
    let mut items = Items::new();
    if here.item.is_some() || here.node.is_some() {
        items.push((0, Place::Here(Here { list: None, ..here.clone() })));
    }
    if let Some(siblings) = &here.list {
        let Siblings { parent, base, items: siblings } = &**siblings;
        // An item may be a list itself: `layers_0_0`.
        let mut below: HashMap<usize, Vec<Child<'x>>> = HashMap::new();
        let mut named = Vec::new();
        for child in siblings {
            let indices = child.token.name.strip_prefix(base.as_str()).and_then(|rest| rest.strip_prefix('_'));
            match indices.map(|indices| indices.split_once('_').map_or((indices, false), |(first, _)| (first, true))) {
                Some((first, true)) => {
                    let Some(at) = index(first) else { continue };
                    below.entry(at).or_default().push(child.clone());
                }
                Some((first, false)) => named.extend(index(first).map(|at| (at, child))),
                None => {}
            }
        }
        let list = |at: usize, items: Vec<Child<'x>>| {
            Rc::new(Siblings { parent: *parent, base: format!("{base}_{at}"), items })
        };
        for (at, child) in named {
            let list = below.remove(&at).map(|items| list(at, items));
            items.push((at, Place::Here(Here { item: child.item, node: child.node, list })));
        }
        // The items of an item stand for it where it has no key of its own.
        let unnamed =
            below.into_iter().map(|(at, items)| (at, Here { list: Some(list(at, items)), ..Here::default() }));
        items.extend(unnamed.map(|(at, here)| (at, Place::Here(here))));
    }
    Some(items).filter(|items| !items.is_empty())
}

/// A key can claim any index; a list of that length must be worth building, and so must all lists
/// of a file together.
fn check_gaps(reader: &Reader<'_, '_>, items: &[(usize, Place<'_>)]) -> Result<()> {
    let limit = 4096 + 16 * items.len();
    match items.last() {
        Some((last, _)) if *last > limit || !reader.afford_gaps(*last + 1 - items.len()) => {
            let reason = format!("the index {last} is out of proportion to a list of {} items", items.len());
            Err(Error::unsupported(reason))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{index, is_item};

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
    fn an_item_is_named_by_its_list_and_indices() {
        assert!(is_item("layers_3", "layers"));
        assert!(!is_item("layers3", "layers"));
        assert!(!is_item("layers_x", "layers"));
        assert!(!is_item("layer_3", "layers"));
        assert!(is_item("layers_3_0", "layers"));
        assert!(!is_item("layers_3_x", "layers"));
    }
}
