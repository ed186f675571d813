//! Part of a checkpoint, by its path.

use serde::Deserialize;

use super::Checkpoint;
use crate::de::collections;
use crate::de::list;
use crate::de::node::{Child, Node};
use crate::de::place::{self, Here, Place};
use crate::de::reader::Reader;
use crate::de::value::At;
use crate::error::ErrorKind;
use crate::{Error, Naming, Result};

impl Checkpoint<'_> {
    /// Reads what is at a path, and nothing else.
    ///
    /// The path is one in the words of the naming (`params.encoder`, haiku's `mlp/~/linear_0`, objax's
    /// `(Net).layers(ModuleList)[0]`), the key of a tensor, or the names of fields joined by `.`, with
    /// the index of an item in a list: `params.layers.0`.
    ///
    /// # Examples
    ///
    /// ```
    /// use ndarray::{Array1, arr1};
    /// use std::collections::BTreeMap;
    ///
    /// let layers = vec![BTreeMap::from([("bias", arr1(&[1.0f32]))]), BTreeMap::from([("bias", arr1(&[2.0]))])];
    /// let bytes = safejax::to_bytes(&BTreeMap::from([("layers", layers)]))?;
    ///
    /// let checkpoint = safejax::Checkpoint::from_bytes(&bytes)?;
    /// let layer: BTreeMap<String, Array1<f32>> = checkpoint.get_at("layers.1")?;
    /// assert_eq!(layer["bias"], arr1(&[2.0]));
    /// # Ok::<(), safejax::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When there is nothing at the path; those of [`get`](Checkpoint::get).
    pub fn get_at<'de, T: Deserialize<'de>>(&'de self, path: &str) -> Result<T> {
        let missing = || Error::new(ErrorKind::Missing { nearest: self.nearest_path(path) });
        let read = read(&self.quiet_reader(), path).and_then(|read| read.ok_or_else(missing));
        read.map_err(|error: Error| self.locate(error.at(|| path.to_owned())))
    }

    /// The key, or the module of a key, most like a path that leads nowhere.
    fn nearest_path(&self, path: &str) -> Option<String> {
        let naming = self.contents.naming();
        let keys = self.contents.items().map(|item| self.contents.key(item));
        let ends = |key: &'_ str| {
            let mut ends = vec![key.len()];
            let mut at = naming.root_end(key);
            while at < key.len() {
                at = naming.token(key, at).end.max(at + 1);
                ends.push(at);
            }
            ends
        };
        let paths = keys.flat_map(|key| ends(key).into_iter().filter_map(|end| key.get(..end)));
        crate::error::nearest(path, paths.map(|prefix| naming.trim(prefix)))
    }
}

/// Reads what is at a path, which may lead into the collections of a file as if they were one.
pub(crate) fn read<'de, T: Deserialize<'de>>(reader: &Reader<'_, 'de>, path: &str) -> Result<Option<T>> {
    if let Some(place) = find(reader, path)? {
        return reader.read_from(|| Ok(At::start(place.clone()))).map(Some);
    }
    if !collections::are_there(reader) {
        return Ok(None);
    }
    let contents = reader.contents.overlaid();
    let overlaid = reader.of(&contents);
    let Some(place) = find(&overlaid, path)? else { return Ok(None) };
    overlaid.read_from(|| Ok(At::start(place.clone()))).map(Some)
}

/// The place of a path.
fn find<'x>(reader: &Reader<'x, '_>, path: &str) -> Result<Option<Place<'x>>> {
    let root = At::root(reader).place;
    if path.is_empty() {
        return Ok(Some(root));
    }
    if let Some(node) = root.below()
        && let Some(place) = in_words(reader, node, path)?
    {
        return Ok(Some(place));
    }
    by_fields(reader, &root, path)
}

/// Follows a path as the naming writes it.
fn in_words<'x>(reader: &Reader<'x, '_>, node: Node, path: &str) -> Result<Option<Place<'x>>> {
    let contents = reader.contents;
    let naming = contents.naming();
    for child in node.children(contents) {
        let key = child.key(contents);
        if naming.trim(key) == path || key == path || shortened(naming, key) == Some(path) {
            // A list may begin with the module of this name, which a field of the name finds.
            let children: Vec<Child<'x>> = node.children(contents).collect();
            let here = place::find(reader, Some(node), &children, &child.token.name, None, &mut |_| {}).ok().flatten();
            let same = |here: &Here<'x>| here.item == child.item && here.node == child.node;
            return Ok(Some(here.filter(same).map_or_else(|| Place::of(&child), Place::Here)));
        }
        let on_the_way = path.starts_with(naming.trim(key));
        if let Some(below) = child.node.filter(|_| on_the_way)
            && let Some(place) = in_words(reader, below, path)?
        {
            return Ok(Some(place));
        }
    }
    Ok(None)
}

/// An objax module without the class of what it is, `(Net).out` for `(Net).out(Dense)`, or a variable
/// without its kind.
fn shortened<'k>(naming: &Naming, key: &'k str) -> Option<&'k str> {
    if !naming.is_like(&Naming::objax()) {
        return None;
    }
    match key.split_once("::") {
        Some((variable, _)) => Some(variable),
        None => Some(key.strip_suffix(')')?.rsplit_once('(')?.0),
    }
}

/// Follows the names of fields and the indices of items. A name may hold dots, so longer ones are
/// tried first.
fn by_fields<'x>(reader: &Reader<'x, '_>, place: &Place<'x>, path: &str) -> Result<Option<Place<'x>>> {
    let children = place.children(reader);
    let ends = path.match_indices('.').map(|(at, _)| at).chain([path.len()]);
    let ends: Vec<usize> = ends.collect();
    for &end in ends.iter().rev() {
        let Some(name) = path.get(..end) else { continue };
        let found = match place::find(reader, place.below(), &children, name, None, &mut |_| {})? {
            Some(here) => Some(Place::Here(here)),
            None => match list::index(name) {
                Some(index) => item(reader, place, index)?,
                None => None,
            },
        };
        let Some(found) = found else { continue };
        match path.get(end + 1..) {
            None => return Ok(Some(found)),
            Some(rest) => {
                if let Some(place) = by_fields(reader, &found, rest)? {
                    return Ok(Some(place));
                }
            }
        }
    }
    Ok(None)
}

fn item<'x>(reader: &Reader<'x, '_>, place: &Place<'x>, index: usize) -> Result<Option<Place<'x>>> {
    let items = list::items(reader, place)?.unwrap_or_default();
    Ok(items.into_iter().find(|(at, _)| *at == index).map(|(_, place)| place))
}
