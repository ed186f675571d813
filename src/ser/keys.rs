//! The key of every tensor and leaf of a skeleton, under one naming.

use std::borrow::Cow;

use crate::error::ErrorKind;
use crate::header;
use crate::naming::{self, Content, Level, Naming, Refusal, Segment};
use crate::rename::Renames;
use crate::ser::leaf::Leaf;
use crate::ser::skeleton::{Body, Node, Skeleton, Step};
use crate::spec::{FieldSpec, Framework, PerFramework};
use crate::{Error, Result};

/// The collection of everything that is in no other, once there is another.
pub(crate) const PARAMS: &str = "params";

/// A range of [`Keys::text`].
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    start: usize,
    end: usize,
}

/// The key of each tensor and leaf of a skeleton, under one naming.
#[derive(Default)]
pub(crate) struct Keys {
    text: String,
    /// In the order of the walk.
    tensors: Vec<Named<Option<Box<[usize]>>>>,
    /// In the order of the walk.
    leaves: Vec<Named<Leaf>>,
    lists: Vec<Span>,
}

/// A tensor or a leaf.
struct Named<T> {
    /// Its key; `None` where the naming's framework does not have it.
    span: Option<Span>,
    node: usize,
    /// Of a tensor, the shape in files of this naming, where it has one of its own.
    more: T,
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
        let mut pass = |collection| {
            Assignment {
                skeleton,
                naming,
                framework,
                collection,
                key: String::new(),
                keys: &mut keys,
                tensor: 0,
                leaf: 0,
            }
            .root()
        };
        if collections.is_empty() {
            pass(None)?;
        }
        for collection in collections {
            pass(Some(collection))?;
        }
        Ok(keys)
    }

    /// Every tensor and leaf, without a key yet.
    fn unnamed(skeleton: &Skeleton, framework: Option<Framework>) -> Result<Self> {
        let mut keys = Self::default();
        let mut tensors = skeleton.tensors().iter();
        for (node, body) in skeleton.nodes().iter().map(|node| node.body).enumerate() {
            match body {
                Body::Tensor => {
                    let Some(info) = tensors.next() else { continue };
                    let shape = info.spec.map(|spec| spec.reshaped(framework, skeleton.shape(info))).transpose();
                    let shape = shape.map_err(|error| error.at(|| skeleton.path_of(node)))?.flatten();
                    keys.tensors.push(Named { span: None, node, more: shape.map(Vec::into_boxed_slice) });
                }
                Body::Leaf(leaf) => keys.leaves.push(Named { span: None, node, more: leaf }),
                _ => {}
            }
        }
        Ok(keys)
    }

    /// Names everything in a skeleton, makes the changes, and refuses what would not read back.
    pub(crate) fn of(skeleton: &Skeleton, naming: &Naming, renames: &Renames) -> Result<Self> {
        let mut keys = Self::assign(skeleton, naming)?;
        if !renames.is_empty() {
            keys.rename(renames);
        }
        keys.check(skeleton, naming)?;
        Ok(keys)
    }

    fn rename(&mut self, renames: &Renames) {
        let old = std::mem::take(&mut self.text);
        let tensors = self.tensors.iter_mut().filter_map(|tensor| tensor.span.as_mut());
        let leaves = self.leaves.iter_mut().filter_map(|leaf| leaf.span.as_mut());
        for span in tensors.chain(leaves).chain(&mut self.lists) {
            let start = self.text.len();
            self.text.push_str(&renames.apply(old.get(span.start..span.end).unwrap_or_default()));
            *span = Span { start, end: self.text.len() };
        }
    }

    fn text(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or_default()
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
        self.leaves.get(index).is_some_and(|leaf| leaf.span.is_some())
    }

    /// The key of the n-th tensor of the walk.
    pub(crate) fn tensor(&self, index: usize) -> &str {
        self.tensors.get(index).and_then(|tensor| tensor.span).map_or("", |span| self.text(span))
    }

    /// The shape of the n-th tensor of the walk in a file.
    pub(crate) fn shape<'k>(&'k self, skeleton: &'k Skeleton, index: usize) -> &'k [usize] {
        match self.tensors.get(index).and_then(|tensor| tensor.more.as_deref()) {
            Some(shape) => shape,
            None => skeleton.tensors().get(index).map_or(&[], |info| skeleton.shape(info)),
        }
    }

    /// The key of the n-th leaf of the walk.
    pub(crate) fn leaf(&self, index: usize) -> Option<&str> {
        self.leaves.get(index)?.span.map(|span| self.text(span))
    }

    pub(crate) fn leaves(&self) -> impl Iterator<Item = (&str, Leaf)> {
        self.leaves.iter().filter_map(|leaf| Some((self.text(leaf.span?), leaf.more)))
    }

    pub(crate) fn lists(&self) -> impl Iterator<Item = &str> {
        self.lists.iter().map(|span| self.text(*span))
    }

    /// Refuses keys that would not read back.
    fn check(&self, skeleton: &Skeleton, naming: &Naming) -> Result<()> {
        let tensors = self.tensors.iter().filter_map(|tensor| Some((self.text(tensor.span?), tensor.node)));
        let mut all: Vec<(&str, usize)> = tensors.collect();
        let tensor_count = all.len();
        all.extend(self.leaves.iter().filter_map(|leaf| Some((self.text(leaf.span?), leaf.node))));
        let reserved = all.iter().find(|(key, _)| *key == header::METADATA);
        if let Some((key, node)) = reserved {
            let reason = format!("a file keeps its metadata under `{key}`, so no tensor or leaf can have that name");
            return Err(Error::unsupported(reason).at(|| skeleton.path_of(*node)));
        }
        let mut sorted = all.clone();
        sorted.sort_by(|a, b| naming.compare(a.0, b.0));
        for pair in sorted.windows(2) {
            if let [(key, first), (other, second)] = pair
                && key == other
            {
                let (first, second) = (skeleton.path_of(*first), skeleton.path_of(*second));
                return Err(Error::new(ErrorKind::Clash { first, second }).at(|| (*key).to_owned()));
            }
        }
        // Leaves are keys without a variable kind, so only tensors follow the grammar to the letter;
        // but neither may stand inside the other.
        let checked: Vec<&str> = if naming.nests() {
            sorted.iter().map(|(key, _)| *key).collect()
        } else {
            let mut keys: Vec<&str> = all.iter().take(tensor_count).map(|(key, _)| *key).collect();
            keys.sort_by(|a, b| naming.compare(a, b));
            keys
        };
        naming.fits(&checked).map_err(|(key, reason)| {
            let node = all.iter().find(|(other, _)| *other == key).map_or(0, |(_, node)| *node);
            let path = skeleton.path_of(node);
            let reason = if path.is_empty() || path == key { reason } else { format!("{reason} (the key of {path})") };
            Error::new(ErrorKind::Naming { naming: naming.to_string(), reason }).at(|| key.to_owned())
        })
    }
}

/// The root collections of a skeleton, when something in it is in one other than `params`.
fn collections(skeleton: &Skeleton, framework: Option<Framework>) -> Vec<&'static str> {
    let named = |names: &PerFramework<&'static str>| names.get(framework);
    let mut found: Vec<&'static str> = Vec::new();
    for node in skeleton.nodes() {
        let of_field = node.field.and_then(|field| named(&field.collection));
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

/// A walk over the skeleton with the key of the place where it stands, for everything that is in one
/// collection, if there are collections.
struct Assignment<'s> {
    skeleton: &'s Skeleton,
    naming: &'s Naming,
    framework: Option<Framework>,
    collection: Option<&'static str>,
    key: String,
    keys: &'s mut Keys,
    /// How many tensors the walk came by.
    tensor: usize,
    leaf: usize,
}

/// What is said of everything below a node.
#[derive(Clone, Copy)]
struct Scope {
    collection: &'static str,
    /// Whether the framework has it.
    exists: bool,
}

/// A container, for its children.
struct Parent<'s> {
    node: &'s Node,
    scope: Scope,
    has_named_items: bool,
    at_root: bool,
}

impl Assignment<'_> {
    fn root(&mut self) -> Result<()> {
        let content = self.content(0, true);
        let root = self.naming.root(&mut self.key, &content);
        let level = match self.collection {
            None => root,
            Some(collection) => root.and_then(|level| {
                let module = Content::Module { class: None, holds_tensor: false, map: false };
                self.naming.push(&mut self.key, &level, &Segment::Field(collection), &module)
            }),
        };
        let level = level.map_err(|refusal| self.refused(0, refusal))?;
        self.node(0, &level, Scope { collection: PARAMS, exists: true })
    }

    /// Whether what is here belongs to this walk.
    fn takes(&self, scope: Scope) -> bool {
        scope.exists && self.collection.is_none_or(|collection| collection == scope.collection)
    }

    fn save(&mut self) -> Span {
        let start = self.keys.text.len();
        self.keys.text.push_str(&self.key);
        Span { start, end: self.keys.text.len() }
    }

    fn node(&mut self, index: usize, level: &Level, above: Scope) -> Result<()> {
        let Some(node) = self.skeleton.node(index) else { return Ok(()) };
        let scope = self.scope(node, above);
        match node.body {
            Body::Tensor => {
                if self.takes(scope) {
                    let span = self.save();
                    self.keys.tensors.get_mut(self.tensor).map(|tensor| tensor.span = Some(span));
                }
                self.tensor += 1;
            }
            Body::Leaf(_) => {
                if self.takes(scope) {
                    let span = self.save();
                    self.keys.leaves.get_mut(self.leaf).map(|leaf| leaf.span = Some(span));
                }
                self.leaf += 1;
            }
            Body::Nothing => {}
            body => {
                let lists = self.keys.lists.len();
                let named = matches!(body, Body::List { .. }) && self.naming.lists_look_like_maps();
                if named {
                    let span = self.save();
                    self.keys.lists.push(span);
                }
                let before = self.keys.text.len();
                let parent =
                    Parent { node, scope, has_named_items: self.has_named_items(index, node), at_root: index == 0 };
                for child in self.skeleton.children(index) {
                    self.child(child, &parent, level)?;
                }
                if named && self.keys.text.len() == before {
                    // Nothing of the list is in this collection.
                    self.keys.lists.truncate(lists);
                }
            }
        }
        Ok(())
    }

    fn scope(&self, node: &Node, above: Scope) -> Scope {
        Scope {
            collection: collection_in(self.skeleton, node, self.framework, above.collection),
            exists: above.exists && node.field.is_none_or(|field| field.exists_in(self.framework)),
        }
    }

    fn child(&mut self, index: usize, parent: &Parent<'_>, above: &Level) -> Result<()> {
        let scope = parent.scope;
        let Some(node) = self.skeleton.node(index) else { return Ok(()) };
        if !node.stores {
            return Ok(());
        }
        if !self.scope(node, scope).exists {
            return self.node(index, above, scope);
        }
        let digits;
        let name = name_in(node, self.framework);
        let segment = match (name, node.step) {
            (_, Step::Root) => return Ok(()),
            (Some(name), _) => Segment::Field(name),
            (None, Step::Field(name)) => Segment::Field(name),
            (None, Step::Variant(name)) => Segment::Variant(name),
            // A struct that serde hands over as a map.
            (None, Step::Key(span)) if matches!(parent.node.body, Body::Struct(_)) => {
                Segment::Field(self.skeleton.text(span))
            }
            (None, Step::Key(span)) => Segment::Key(self.skeleton.text(span)),
            (None, Step::IntKey(span)) => Segment::IntKey(self.skeleton.text(span)),
            (None, Step::Index(item)) if parent.has_named_items => {
                digits = item.to_string();
                Segment::Field(&digits)
            }
            (None, Step::Index(item)) => Segment::Index(item),
        };
        let content = self.content(index, parent.at_root);
        let len = self.key.len();
        let scoped = self.scoped(node, &segment, &content);
        let segment = scoped.as_deref().map_or(segment, Segment::Field);
        let above = self.scoped_item(node, above, &segment, &content);
        let level = self
            .naming
            .push(&mut self.key, &above, &segment, &content)
            .map_err(|refusal| self.refused(index, refusal))?;
        self.node(index, &level, scope)?;
        self.key.truncate(len);
        Ok(())
    }

    /// The name of a submodule with the scope that its type gives it.
    fn scoped(&self, node: &Node, segment: &Segment<'_>, content: &Content<'_>) -> Option<String> {
        let (Segment::Field(name) | Segment::Variant(name)) = segment else { return None };
        naming::in_scope(self.type_scope(node, content)?, name)
    }

    /// The list of a submodule, in the scope that the type of the submodule gives it.
    fn scoped_item<'l>(
        &self,
        node: &Node,
        list: &'l Level,
        segment: &Segment<'_>,
        content: &Content<'_>,
    ) -> Cow<'l, Level> {
        let scope = self.type_scope(node, content).filter(|_| matches!(segment, Segment::Index(_)));
        scope.and_then(|scope| list.in_scope(scope)).map_or(Cow::Borrowed(list), Cow::Owned)
    }

    /// Where haiku creates a submodule of this type.
    fn type_scope(&self, node: &Node, content: &Content<'_>) -> Option<&'static str> {
        match (self.framework, content) {
            (Some(Framework::Haiku), Content::Module { .. }) => self.skeleton.kinds(node).find_map(|kind| kind.scope),
            _ => None,
        }
    }

    /// What the naming needs to know of a node; only near the root does it ask what is inside.
    fn content(&self, index: usize, near_root: bool) -> Content<'static> {
        let module = |class, map| {
            let holds_tensor = near_root && self.skeleton.children(index).any(|child| self.is_parameter(child));
            Content::Module { class, holds_tensor, map }
        };
        let Some(node) = self.skeleton.node(index) else { return Content::Leaf };
        let class_of = |name: &'static str| self.skeleton.kinds(node).find_map(|kind| kind.class).unwrap_or(name);
        match node.body {
            Body::Struct(name) => module(Some(class_of(name)).filter(|name| !name.is_empty()), false),
            Body::Map => module(None, true),
            Body::Enum => module(None, false),
            Body::List { class, .. } if self.has_named_items(index, node) => module(class.map(class_of), false),
            Body::List { class, .. } => {
                let of_newtypes = self.skeleton.newtypes(node).filter_map(|kind| kind.fields.first());
                let form = node.field.into_iter().chain(of_newtypes).find_map(|field| field.list);
                let form = form.filter(|_| self.framework.is_some());
                Content::List { class: class.map(class_of), form }
            }
            Body::Tensor => Content::Tensor,
            Body::Leaf(_) | Body::Nothing => Content::Leaf,
        }
    }

    /// Whether a tuple has items with names, so that it is a module.
    fn has_named_items(&self, index: usize, node: &Node) -> bool {
        let is_tuple = matches!(node.body, Body::List { tuple: true, .. });
        let mut items = self.skeleton.children(index).filter_map(|item| self.skeleton.node(item));
        is_tuple && self.framework.is_some() && items.any(|item| name_in(item, self.framework).is_some())
    }

    fn is_parameter(&self, index: usize) -> bool {
        self.skeleton.node(index).is_some_and(|node| matches!(node.body, Body::Tensor | Body::Leaf(_)))
    }

    #[cold]
    fn refused(&self, index: usize, Refusal(reason): Refusal) -> Error {
        let naming = self.naming.to_string();
        Error::new(ErrorKind::Naming { naming, reason }).at(|| self.skeleton.path_of(index))
    }
}

/// The name of a node in a framework, where it has one of its own there.
pub(crate) fn name_in(node: &Node, framework: Option<Framework>) -> Option<&'static str> {
    node.field.and_then(|field: &FieldSpec| field.names.get(framework))
}

/// The collection of a node in a framework, below one that is in `above`.
pub(crate) fn collection_in(
    skeleton: &Skeleton,
    node: &Node,
    framework: Option<Framework>,
    above: &'static str,
) -> &'static str {
    let of_field = node.field.and_then(|field| field.collection.get(framework));
    of_field.or_else(|| skeleton.kinds(node).find_map(|kind| kind.collection.get(framework))).unwrap_or(above)
}
