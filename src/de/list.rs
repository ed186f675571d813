//! Lists: `layers.0`, `layers_0` and `layers, layers_1` all read into a `Vec`.

use std::collections::HashMap;
use std::rc::Rc;

use crate::de::node::Child;
use crate::de::place::{Here, Place, Siblings};
use crate::de::reader::Reader;
use crate::error::ErrorKind;
pub(crate) use crate::naming::index;
use crate::{Error, Result};

/// The items of a list by their index, in ascending order.
pub(crate) type Items<'x> = Vec<(usize, Place<'x>)>;

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
fn suffixed<'x>(reader: &Reader<'x, '_>, here: &Here<'x>) -> Option<Items<'x>> {
    let mut items = Items::new();
    if here.item.is_some() || here.node.is_some() {
        items.push((0, Place::Here(Here { list: None, ..here.clone() })));
    }
    if let Some(siblings) = &here.list {
        let Siblings { parent, base, items: siblings } = &**siblings;
        let name = reader.contents.naming().without_scope(base);
        // An item may be a list itself: `layers_0_0`.
        let mut below: HashMap<usize, Vec<Child<'x>>> = HashMap::new();
        let mut named = Vec::new();
        for child in siblings {
            let indices = child.token.name.strip_prefix(name).and_then(|rest| rest.strip_prefix('_'));
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
