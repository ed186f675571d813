//! A model's skeleton beside a file: what is where, what is missing, and what is left over.

use std::collections::{BTreeSet, HashMap};

use crate::cast;
use crate::de::collections;
use crate::de::contents::{Contents, Item};
use crate::de::lookup::Lookup;
use crate::de::place::{self, Place};
use crate::de::reader::Reader;
use crate::de::value::At;
use crate::de::{list, map};
use crate::error::nearest;
use crate::report::{Mismatch, Missing, OtherDtype, OtherShape, Report, Unexpected};
use crate::ser::keys::{Keys, PARAMS, collection_in, name_in};
use crate::ser::skeleton::{Body, Node, Skeleton, Step};
use crate::{Casts, Result};

/// What a file has for each part of a model.
pub(crate) struct Fit<'s, 'x, 'de> {
    skeleton: &'s Skeleton,
    reader: &'s Reader<'x, 'de>,
    /// By the tensor's place in the walk.
    pub(crate) tensors: Vec<Found>,
    /// By the leaf's place in the walk.
    pub(crate) leaves: Vec<Found>,
}

/// One tensor or leaf of a model.
pub(crate) struct Found {
    /// Its key in the file, or as it would be there.
    pub(crate) key: String,
    pub(crate) item: Option<Item>,
    /// Whether files of this naming have it at all.
    pub(crate) stored: bool,
}

/// The contents of the file where the model has as one tree what the file has as several collections.
pub(crate) fn overlay<'a>(skeleton: &Skeleton, reader: &Reader<'a, '_>) -> Option<Contents<'a>> {
    let root = skeleton.nodes().first().filter(|root| !matches!(root.body, Body::Map))?;
    let framework = reader.contents.naming().framework();
    let children = || skeleton.children(0).filter_map(|child| skeleton.node(child));
    let name = |child: &Node| {
        name_in(skeleton, child, framework).map_or_else(|| skeleton.step_text(child.step), str::to_owned)
    };
    let names: Vec<String> = children().map(name).collect();
    let of_fields = || {
        children().filter_map(|child| skeleton.field_of(child)).any(|field| field.collection.get(framework).is_some())
    };
    let knows_them = skeleton.kinds(root).any(|kind| kind.collection.get(framework).is_some()) || of_fields();
    collections::overlay(reader, &names.iter().map(String::as_str).collect::<Vec<_>>(), knows_them)
}

/// Looks up every part of a model.
pub(crate) fn compare<'s, 'x, 'de>(skeleton: &'s Skeleton, reader: &'s Reader<'x, 'de>) -> Result<Fit<'s, 'x, 'de>> {
    // A naming may not have a key for every path; then the path itself names what is missing.
    let keys = Keys::assign(skeleton, reader.contents.naming()).ok();
    let mut fit = Fit { skeleton, reader, tensors: Vec::new(), leaves: Vec::new() };
    if !skeleton.nodes().is_empty() {
        fit.node(0, Some(&At::root(reader).place), keys.as_ref(), PARAMS)?;
    }
    Ok(fit)
}

impl<'x> Fit<'_, 'x, '_> {
    fn node(
        &mut self,
        index: usize,
        place: Option<&Place<'x>>,
        keys: Option<&Keys>,
        above: &'static str,
    ) -> Result<()> {
        let Some(node) = self.skeleton.node(index) else { return Ok(()) };
        let framework = self.reader.contents.naming().framework();
        let place = place.filter(|_| self.skeleton.field_of(node).is_none_or(|field| field.exists_in(framework)));
        let collection = collection_in(self.skeleton, node, framework, above);
        let item = place.and_then(|place| place.item(self.reader));
        let key = |planned: Option<&str>| match (item, planned) {
            (Some(item), _) => self.reader.contents.key_in_file(item).to_owned(),
            (None, Some(key)) => key.to_owned(),
            (None, None) => self.skeleton.path_of(index),
        };
        match node.body {
            Body::Tensor => {
                let number = self.tensors.len();
                let stored = keys.is_none_or(|keys| keys.is_stored(number));
                let key = key(keys.filter(|_| stored).map(|keys| keys.tensor(number)));
                self.tensors.push(Found { key, item, stored });
            }
            Body::Leaf(_) => {
                let number = self.leaves.len();
                let stored = keys.is_none_or(|keys| keys.is_leaf_stored(number));
                let key = key(keys.and_then(|keys| keys.leaf(number)));
                self.leaves.push(Found { key, item, stored });
            }
            Body::Nothing => {}
            body => {
                let mut below = place.map(|place| self.below(index, body, place)).transpose()?;
                for child in self.skeleton.children(index) {
                    let Some(node) = self.skeleton.node(child).filter(|node| node.stores) else { continue };
                    let place = match (&mut below, place) {
                        (Some(below), Some(place)) => {
                            self.child(node, place, below, collection_in(self.skeleton, node, framework, collection))?
                        }
                        _ => None,
                    };
                    self.node(child, place.as_ref(), keys, collection)?;
                }
            }
        }
        Ok(())
    }

    /// What a place holds by index or by key, as the body of the model would ask for it.
    fn below(&self, index: usize, body: Body, place: &Place<'x>) -> Result<Below<'x>> {
        let framework = self.reader.contents.naming().framework();
        let mut children = self.skeleton.children(index).filter_map(|child| self.skeleton.node(child));
        Ok(match body {
            Body::List { tuple: true, .. }
                if children.any(|item| name_in(self.skeleton, item, framework).is_some()) =>
            {
                Below::Fields(Lookup::default())
            }
            Body::List { .. } => Below::Items(list::items(self.reader, place)?.into_iter().flatten().collect()),
            Body::Map => {
                let entries = map::entries(self.reader, place).into_iter();
                Below::Entries(entries.map(|(key, place)| (key.into_owned(), place)).collect())
            }
            _ => Below::Fields(Lookup::default()),
        })
    }

    fn child(
        &self,
        node: &Node,
        place: &Place<'x>,
        below: &mut Below<'x>,
        collection: &'static str,
    ) -> Result<Option<Place<'x>>> {
        let framework = self.reader.contents.naming().framework();
        Ok(match (node.step, below) {
            (step, Below::Fields(lookup)) => match (name_in(self.skeleton, node, framework), step) {
                (Some(name), _) | (None, Step::Field(name) | Step::Variant(name)) => {
                    lookup.collection = Some(collection);
                    lookup.field(self.reader, place, &[], name)?
                }
                (None, step) => {
                    let (name, children) = (self.skeleton.step_text(step), place.children(self.reader));
                    place::find(self.reader, place.below(), &children, &name, Some(collection), &mut |_| {})?
                        .map(Place::Here)
                }
            },
            (Step::Key(span) | Step::IntKey(span), Below::Entries(entries)) => {
                entries.get(self.skeleton.text(span)).cloned()
            }
            (Step::Index(index), Below::Items(items)) => items.get(&index).cloned(),
            _ => None,
        })
    }

    fn used(&self) -> BTreeSet<Item> {
        self.tensors.iter().chain(&self.leaves).filter_map(|found| found.item).collect()
    }

    /// What the file has and the model has not.
    fn left_over(&self) -> Vec<Item> {
        let used = self.used();
        self.reader.contents.items().filter(|item| !used.contains(item)).collect()
    }

    fn shape_of(&self, item: Item) -> Option<&'x [usize]> {
        match item {
            Item::Tensor(tensor) => self.reader.shape(tensor).ok(),
            Item::Leaf(_) => None,
        }
    }

    /// Whether the file must have the leaves of the model: one of another tool has none.
    fn leaves_are_due(&self) -> bool {
        self.reader.contents.entry().is_some()
    }

    /// All that does not fit.
    pub(crate) fn mismatch(&self, keep_missing: bool, deny_unknown: bool) -> Mismatch {
        let contents = self.reader.contents;
        let left_over = self.left_over();
        let free: Vec<&str> = left_over.iter().map(|item| contents.key_in_file(*item)).collect();
        let tensors = self.skeleton.tensors().iter().map(|info| Some(self.skeleton.shape(info)));
        let leaves = self.leaves.iter().filter(|leaf| leaf.stored && self.leaves_are_due());
        let missing: Vec<Candidate<'_>> = tensors
            .zip(&self.tensors)
            .filter(|(_, found)| found.stored)
            .chain(leaves.map(|leaf| (None, leaf)))
            .filter(|(_, found)| found.item.is_none())
            .map(|(shape, found)| (found.key.as_str(), shape))
            .collect();
        let framework = contents.naming().framework();
        let mut mismatch = Mismatch::default();
        for (info, found) in self.skeleton.tensors().iter().zip(&self.tensors).filter(|(_, found)| found.stored) {
            let key = found.key.clone();
            let Some(Item::Tensor(tensor)) = found.item else {
                if found.item.is_some() {
                    mismatch.leaves.push(Unexpected { nearest: nearest(&key, free.iter().copied()), key });
                }
                continue;
            };
            let (Ok(entry), Ok(shape)) = (self.reader.entry(tensor), self.reader.shape(tensor)) else { continue };
            let reshaped = info.spec.map_or(Ok(None), |spec| spec.reshaped(framework, self.skeleton.shape(info)));
            let reshaped = reshaped.ok().flatten();
            let expected = reshaped.as_deref().unwrap_or(self.skeleton.shape(info));
            let like = |fits: &dyn Fn(usize) -> bool| {
                let items = left_over.iter().filter(|item| matches!(item, Item::Tensor(other) if fits(*other)));
                nearest(&key, items.map(|item| contents.key_in_file(*item)))
            };
            if shape != expected && shape != self.skeleton.shape(info) {
                let nearest = like(&|other| self.reader.shape(other).is_ok_and(|shape| shape == expected));
                mismatch.shapes.push(OtherShape { key, expected: expected.to_vec(), found: shape.to_vec(), nearest });
            } else if entry.dtype != info.dtype && !cast::allowed(entry.dtype, info.element, self.reader.casts) {
                let nearest = like(&|other| self.reader.entry(other).is_ok_and(|other| other.dtype == info.dtype));
                let lossy = cast::allowed(entry.dtype, info.element, Casts::Lossy);
                mismatch.dtypes.push(OtherDtype { key, expected: info.dtype, found: entry.dtype, lossy, nearest });
            }
        }
        if !keep_missing {
            let free: Vec<Candidate<'_>> =
                left_over.iter().map(|item| (contents.key_in_file(*item), self.shape_of(*item))).collect();
            let all: Vec<Candidate<'_>> = contents.items().map(|item| (contents.key_in_file(item), None)).collect();
            mismatch.missing.extend(missing.iter().map(|&missing| Missing {
                key: missing.0.to_owned(),
                nearest: likely(missing, &free).or_else(|| likely(missing, &all)),
            }));
        }
        if deny_unknown {
            let model: Vec<Candidate<'_>> =
                self.tensors.iter().chain(&self.leaves).map(|found| (found.key.as_str(), None)).collect();
            mismatch.unexpected.extend(left_over.iter().map(|item| {
                let unexpected = (contents.key_in_file(*item), self.shape_of(*item));
                let nearest = likely(unexpected, &missing).or_else(|| likely(unexpected, &model));
                Unexpected { key: unexpected.0.to_owned(), nearest }
            }));
        }
        mismatch
    }

    /// What was done, when all that had to fit did.
    pub(crate) fn report(&self) -> Report {
        let mut report = Report::default();
        for found in self.tensors.iter().chain(&self.leaves).filter(|found| found.stored) {
            let keys = if found.item.is_some() { &mut report.loaded } else { &mut report.kept };
            keys.push(found.key.clone());
        }
        let contents = self.reader.contents;
        report.ignored.extend(self.left_over().into_iter().map(|item| contents.key_in_file(item).to_owned()));
        report
    }
}

/// A key, and the shape of a tensor.
type Candidate<'k> = (&'k str, Option<&'k [usize]>);

/// The candidate most like a key: rather one of the same shape.
fn likely(wanted: Candidate<'_>, candidates: &[Candidate<'_>]) -> Option<String> {
    let same = candidates.iter().filter(|(_, shape)| *shape == wanted.1);
    nearest(wanted.0, same.map(|(key, _)| *key)).or_else(|| nearest(wanted.0, candidates.iter().map(|(key, _)| *key)))
}

/// What lies below a place.
enum Below<'x> {
    /// Each is looked up by its name.
    Fields(Lookup<'x>),
    Items(HashMap<usize, Place<'x>>),
    Entries(HashMap<String, Place<'x>>),
}
