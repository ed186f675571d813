//! The key of every tensor and leaf of a skeleton, under one naming.

mod assignment;

use std::collections::BTreeMap;

use assignment::Assignment;

use crate::error::ErrorKind;
use crate::header;
use crate::naming::{Naming, Survey};
use crate::rename::Renames;
use crate::ser::leaf::Leaf;
use crate::ser::order;
use crate::ser::skeleton::{Body, Node, Skeleton};
use crate::spec::{FieldSpec, Framework, PerFramework};
use crate::{Error, Result};

/// The collection of everything that is in no other, once there is another.
pub(crate) const PARAMS: &str = "params";

/// A range of [`Keys::text`].
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// From `start` to the end of `text`; as long a header as that would be no file could have.
    fn up_to_the_end(text: &str, start: usize) -> Result<Self> {
        match (start.try_into(), text.len().try_into()) {
            (Ok(start), Ok(end)) => Ok(Self { start, end }),
            _ => Err(Error::unsupported(format!("the keys take more than {} bytes", u32::MAX))),
        }
    }
}

/// The key of each tensor and leaf of a skeleton, under one naming.
#[derive(Default)]
pub(crate) struct Keys {
    text: String,
    /// In the order of the walk.
    tensors: Vec<Named>,
    /// In the order of the walk.
    leaves: Vec<(Named, Leaf)>,
    /// The shapes in files of this naming of those tensors that have one of their own there.
    shapes: BTreeMap<usize, Box<[usize]>>,
    lists: Vec<Span>,
    /// The tensors that files of this naming have, in the order of their keys, once that is known.
    sorted: Vec<u32>,
    /// What there is to know of those keys.
    survey: Survey,
}

/// A tensor or a leaf.
struct Named {
    /// Its key; `None` where the naming's framework does not have it.
    span: Option<Span>,
    node: u32,
}

impl Keys {
    /// Names everything in a skeleton.
    pub(crate) fn assign(skeleton: &Skeleton, naming: &Naming) -> Result<Self> {
        let framework = naming.framework();
        let mut keys = Self::unnamed(skeleton, framework)?;
        if skeleton.nodes().is_empty() {
            return Ok(keys);
        }
        let collections = collections(skeleton, framework);
        if collections.is_empty() {
            Assignment::new(skeleton, naming, None, &mut keys).root()?;
        }
        for collection in collections {
            Assignment::new(skeleton, naming, Some(collection), &mut keys).root()?;
        }
        Ok(keys)
    }

    /// Every tensor and leaf, without a key yet.
    fn unnamed(skeleton: &Skeleton, framework: Option<Framework>) -> Result<Self> {
        let mut keys = Self { tensors: Vec::with_capacity(skeleton.tensors().len()), ..Self::default() };
        let mut tensors = skeleton.tensors().iter();
        for (node, body) in skeleton.nodes().iter().map(|node| &node.body).enumerate() {
            match body {
                Body::Tensor => {
                    let Some(info) = tensors.next() else { continue };
                    let shape = info.spec.map(|spec| spec.reshaped(framework, skeleton.shape(info))).transpose();
                    let shape = shape.map_err(|error| error.at_path(|| skeleton.path_of(node)))?.flatten();
                    if let Some(shape) = shape {
                        keys.shapes.insert(keys.tensors.len(), shape.into());
                    }
                    keys.tensors.push(Named { span: None, node: node as u32 });
                }
                Body::Leaf(leaf) => keys.leaves.push((Named { span: None, node: node as u32 }, *leaf)),
                _ => {}
            }
        }
        Ok(keys)
    }

    /// Names everything in a skeleton, makes the changes, and refuses what would not read back.
    pub(crate) fn of(skeleton: &Skeleton, naming: &Naming, renames: &Renames) -> Result<Self> {
        let mut keys = Self::assign(skeleton, naming)?;
        if !renames.is_empty() {
            keys.rename(renames)?;
        }
        keys.check(skeleton, naming)?;
        Ok(keys)
    }

    fn rename(&mut self, renames: &Renames) -> Result<()> {
        let old = std::mem::take(&mut self.text);
        let tensors = self.tensors.iter_mut().filter_map(|tensor| tensor.span.as_mut());
        let leaves = self.leaves.iter_mut().filter_map(|(leaf, _)| leaf.span.as_mut());
        for span in tensors.chain(leaves).chain(&mut self.lists) {
            let start = self.text.len();
            self.text.push_str(&renames.apply(text(&old, *span)));
            *span = Span::up_to_the_end(&self.text, start)?;
        }
        Ok(())
    }

    fn text(&self, span: Span) -> &str {
        text(&self.text, span)
    }

    /// The tensors that files of this naming have, each by its place in the walk.
    pub(crate) fn stored(&self) -> impl Iterator<Item = usize> {
        self.tensors.iter().enumerate().filter(|(_, tensor)| tensor.span.is_some()).map(|(index, _)| index)
    }

    /// Whether files of this naming have the n-th tensor of the walk.
    pub(crate) fn is_stored(&self, index: usize) -> bool {
        self.tensors.get(index).is_some_and(|tensor| tensor.span.is_some())
    }

    /// Whether files of this naming have the n-th leaf of the walk.
    pub(crate) fn is_leaf_stored(&self, index: usize) -> bool {
        self.leaves.get(index).is_some_and(|(leaf, _)| leaf.span.is_some())
    }

    /// The key of the n-th tensor of the walk.
    pub(crate) fn tensor(&self, index: usize) -> &str {
        self.tensors.get(index).and_then(|tensor| tensor.span).map_or("", |span| self.text(span))
    }

    /// The shape of the n-th tensor of the walk in a file.
    pub(crate) fn shape<'k>(&'k self, skeleton: &'k Skeleton, index: usize) -> &'k [usize] {
        match self.shapes.get(&index) {
            Some(shape) => shape,
            None => skeleton.tensors().get(index).map_or(&[], |info| skeleton.shape(info)),
        }
    }

    /// The key of the n-th leaf of the walk.
    pub(crate) fn leaf(&self, index: usize) -> Option<&str> {
        self.leaves.get(index)?.0.span.map(|span| self.text(span))
    }

    pub(crate) fn leaves(&self) -> impl Iterator<Item = (&str, Leaf)> {
        self.leaves.iter().filter_map(|(leaf, more)| Some((self.text(leaf.span?), *more)))
    }

    pub(crate) fn lists(&self) -> impl Iterator<Item = &str> {
        self.lists.iter().map(|span| self.text(*span))
    }

    /// The tensors that files of this naming have, each by its place in the walk, in the order of their
    /// keys.
    pub(crate) fn sorted(&self) -> &[u32] {
        &self.sorted
    }

    /// Whether a reader who goes by the keys alone sees the same tree as one who knows the naming.
    pub(crate) fn read_as_detected(&self, naming: &Naming) -> bool {
        if Naming::detect_at_once(&self.survey).is_some_and(|detected| detected == *naming) {
            return true;
        }
        let keys: Vec<&str> = self.stored().map(|index| self.tensor(index)).collect();
        naming.reads_as_detected(&keys)
    }

    /// Sorts the keys, and refuses those that would not read back.
    fn check(&mut self, skeleton: &Skeleton, naming: &Naming) -> Result<()> {
        // The tensors are counted first, then the leaves.
        let tensor_count = self.tensors.len();
        let named = |index: u32| match (index as usize).checked_sub(tensor_count) {
            None => self.tensors.get(index as usize),
            Some(index) => self.leaves.get(index).map(|(leaf, _)| leaf),
        };
        let key = |index: u32| named(index).and_then(|named| named.span).map_or("", |span| self.text(span));
        let path = |index: u32| named(index).map_or_else(String::new, |named| skeleton.path_of(named.node as usize));

        let count = (tensor_count + self.leaves.len()) as u32;
        let mut sorted: Vec<u32> =
            (0..count).filter(|index| named(*index).is_some_and(|named| named.span.is_some())).collect();
        if let Some(reserved) = sorted.iter().find(|index| key(**index) == header::METADATA) {
            let reason = format!(
                "a file keeps its metadata under `{}`, so no tensor or leaf can have that name",
                header::METADATA
            );
            return Err(Error::unsupported(reason).at(|| path(*reserved)));
        }
        order::sort(&mut sorted, |index| key(index).as_bytes());
        let of_all = Survey::of(sorted.iter().map(|index| key(*index)));
        if !of_all.sorted
            && let Some([first, second]) = sorted.windows(2).find(|pair| matches!(pair, [a, b] if key(*a) == key(*b)))
        {
            let (clash, first, second) = (key(*first), path(*first), path(*second));
            return Err(Error::new(ErrorKind::Clash { first, second }).at(|| clash.to_owned()));
        }
        // Leaves are keys without a variable kind, so only tensors follow the grammar to the letter;
        // but neither may stand inside the other.
        let is_tensor = |index: &u32| (*index as usize) < tensor_count;
        if !naming.fits_at_once(&of_all) {
            let checked = sorted.iter().filter(|index| naming.nests() || is_tensor(index)).map(|index| key(*index));
            let checked: Vec<&str> = checked.collect();
            naming.fits(&checked).map_err(|(refused, reason)| {
                let path = sorted.iter().find(|index| key(**index) == refused).map_or_else(String::new, |i| path(*i));
                let is_told = path.is_empty() || path == refused;
                let reason = if is_told { reason } else { format!("{reason} (the key of {path})") };
                Error::new(ErrorKind::Naming { naming: naming.to_string(), reason }).at_path(|| refused.to_owned())
            })?;
        }
        let survey = if self.leaves.is_empty() {
            of_all
        } else {
            sorted.retain(is_tensor);
            Survey::of(sorted.iter().map(|index| key(*index)))
        };
        (self.sorted, self.survey) = (sorted, survey);
        Ok(())
    }
}

fn text(text: &str, span: Span) -> &str {
    text.get(span.start as usize..span.end as usize).unwrap_or_default()
}

/// The root collections of a skeleton, when something in it is in one other than `params`.
fn collections(skeleton: &Skeleton, framework: Option<Framework>) -> Vec<&'static str> {
    let named = |names: &PerFramework<&'static str>| names.get(framework);
    let mut found: Vec<&'static str> = Vec::new();
    for node in skeleton.nodes().iter().filter(|node| !node.is_plain()) {
        let of_field = skeleton.field_of(node).and_then(|field| named(&field.collection));
        let of_types = skeleton.kinds(node).filter_map(|kind| named(&kind.collection));
        for collection in of_field.into_iter().chain(of_types) {
            if !found.contains(&collection) {
                found.push(collection);
            }
        }
    }
    if !found.is_empty() && !found.contains(&PARAMS) {
        found.push(PARAMS);
    }
    found
}

/// The name of a node in a framework, where it has one of its own there.
pub(crate) fn name_in(skeleton: &Skeleton, node: &Node, framework: Option<Framework>) -> Option<&'static str> {
    skeleton.field_of(node).and_then(|field: &FieldSpec| field.names.get(framework))
}

/// The collection of a node in a framework, below one that is in `above`.
pub(crate) fn collection_in(
    skeleton: &Skeleton,
    node: &Node,
    framework: Option<Framework>,
    above: &'static str,
) -> &'static str {
    let of_field = skeleton.field_of(node).and_then(|field| field.collection.get(framework));
    of_field.or_else(|| skeleton.kinds(node).find_map(|kind| kind.collection.get(framework))).unwrap_or(above)
}
