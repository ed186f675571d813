//! The walk over a skeleton that gives each tensor and leaf its key.

use std::borrow::Cow;

use super::{Keys, PARAMS, Span, collection_in, name_in};
use crate::naming::{self, Content, Level, Naming, Refusal, Segment};
use crate::ser::skeleton::{Body, Node, Skeleton, Step};
use crate::spec::Framework;
use crate::{Error, ErrorKind, Result};

/// A walk over the skeleton with the key of the place where it stands, for everything that is in one
/// collection, if there are collections.
pub(super) struct Assignment<'s> {
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

impl<'s> Assignment<'s> {
    pub(super) fn new(
        skeleton: &'s Skeleton,
        naming: &'s Naming,
        collection: Option<&'static str>,
        keys: &'s mut Keys,
    ) -> Self {
        let (framework, key) = (naming.framework(), String::new());
        Self { skeleton, naming, framework, collection, key, keys, tensor: 0, leaf: 0 }
    }

    pub(super) fn root(mut self) -> Result<()> {
        let content = self.content(0, true);
        let root = self.naming.root(&mut self.key, &content);
        let level = match self.collection {
            None => root,
            Some(collection) => root.and_then(|level| {
                let module = Content::Module { class: None, holds_tensor: false, map: false };
                self.naming.push(&mut self.key, &level, &Segment::Field(collection), &module)
            }),
        };
        let level = level.map_err(|refusal| self.refused(0, &refusal))?;
        self.node(0, &level, Scope { collection: PARAMS, exists: true })
    }

    /// Whether what is here belongs to this walk.
    fn takes(&self, scope: Scope) -> bool {
        scope.exists && self.collection.is_none_or(|collection| collection == scope.collection)
    }

    fn save(&mut self) -> Result<Span> {
        let start = self.keys.text.len();
        self.keys.text.push_str(&self.key);
        Span::up_to_the_end(&self.keys.text, start)
    }

    fn node(&mut self, index: usize, level: &Level, above: Scope) -> Result<()> {
        let Some(node) = self.skeleton.node(index) else { return Ok(()) };
        let scope = self.scope(node, above);
        match node.body {
            Body::Tensor => {
                if self.takes(scope) {
                    let span = self.save()?;
                    if let Some(tensor) = self.keys.tensors.get_mut(self.tensor) {
                        tensor.span = Some(span);
                    }
                }
                self.tensor += 1;
            }
            Body::Leaf(_) => {
                if self.takes(scope) {
                    let span = self.save()?;
                    if let Some((leaf, _)) = self.keys.leaves.get_mut(self.leaf) {
                        leaf.span = Some(span);
                    }
                }
                self.leaf += 1;
            }
            Body::Nothing => {}
            body => {
                let lists = self.keys.lists.len();
                let named = matches!(body, Body::List { .. }) && self.naming.lists_look_like_maps();
                if named {
                    let span = self.save()?;
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

    #[inline]
    fn scope(&self, node: &Node, above: Scope) -> Scope {
        if node.is_plain() { above } else { self.described_scope(node, above) }
    }

    fn described_scope(&self, node: &Node, above: Scope) -> Scope {
        let field = self.skeleton.field_of(node);
        Scope {
            collection: collection_in(self.skeleton, node, self.framework, above.collection),
            exists: above.exists && field.is_none_or(|field| field.exists_in(self.framework)),
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
        let name = name_in(self.skeleton, node, self.framework).map(|name| self.naming.path(name));
        let segment = match (name.as_deref(), node.step) {
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
        match &self.naming.push(&mut self.key, &above, &segment, &content) {
            Ok(level) => self.node(index, level, scope)?,
            Err(refusal) => return Err(self.refused(index, refusal)),
        }
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
            (Some(Framework::Haiku), Content::Module { .. } | Content::List { .. }) => {
                self.skeleton.kinds(node).find_map(|kind| kind.scope)
            }
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
        if matches!(node.body, Body::Tensor) {
            return Content::Tensor;
        }
        let class_of = |name: &'static str| self.skeleton.kinds(node).find_map(|kind| kind.class).unwrap_or(name);
        match node.body {
            Body::Struct(name) => module(Some(class_of(name)).filter(|name| !name.is_empty()), false),
            Body::Map => module(None, true),
            Body::Enum => module(None, false),
            Body::List { class, .. } if self.has_named_items(index, node) => module(class.map(class_of), false),
            Body::List { class, .. } => {
                // The item of a tuple is a number, which has no suffix.
                let is_number =
                    matches!(node.step, Step::Index(_)) && name_in(self.skeleton, node, self.framework).is_none();
                let field = self.skeleton.field_of(node).filter(|_| self.framework.is_some() && !is_number);
                let form = field.and_then(|field| field.list);
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
        is_tuple && self.framework.is_some() && items.any(|item| name_in(self.skeleton, item, self.framework).is_some())
    }

    fn is_parameter(&self, index: usize) -> bool {
        self.skeleton.node(index).is_some_and(|node| matches!(node.body, Body::Tensor | Body::Leaf(_)))
    }

    #[cold]
    fn refused(&self, index: usize, Refusal(reason): &Refusal) -> Error {
        let naming = self.naming.to_string();
        Error::new(ErrorKind::Naming { naming, reason: reason.clone() }).at_path(|| self.skeleton.path_of(index))
    }
}
