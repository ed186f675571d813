//! Where in a file a value is read from.

use std::rc::Rc;

use crate::de::contents::Item;
use crate::de::node::{Child, Node};
use crate::de::reader::Reader;
use crate::error::{ErrorKind, names};
use crate::{Error, Result};

/// One position of the value, which may be several things in the file: haiku has modules and
/// parameters of one name, and a list may be named after its first item.
#[derive(Clone, Debug)]
pub(crate) enum Place<'x> {
    Here(Here<'x>),
    /// The parameters of one module, as haiku's own two-level maps show them.
    Parameters(Rc<[Child<'x>]>),
    /// Nothing is stored.
    Absent(Rc<Absent>),
    /// An item of a list that is not there, though a later one is.
    Gap(Rc<Absent>),
}

/// Something that is not there.
#[derive(Clone, Debug)]
pub(crate) struct Absent {
    /// What would be the key.
    pub(crate) key: String,
    /// What would be the key, were it a module.
    module: String,
    /// The nearest module above it that is there.
    above: Option<Node>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Here<'x> {
    pub(crate) item: Option<u32>,
    pub(crate) node: Option<Node>,
    /// Where the items of a list of this name would stand beside it.
    pub(crate) list: Option<Rc<Siblings<'x>>>,
}

/// `layers_0`, `layers_1`, … or `layers`, `layers_1`, … below one node.
#[derive(Clone, Debug)]
pub(crate) struct Siblings<'x> {
    pub(crate) parent: Node,
    pub(crate) base: String,
    /// The children of `parent` that are items, or items of items.
    pub(crate) items: Vec<Child<'x>>,
}

impl Default for Place<'_> {
    fn default() -> Self {
        Self::Here(Here::default())
    }
}

impl<'x> Place<'x> {
    pub(crate) fn node(node: Node) -> Self {
        Self::Here(Here { node: Some(node), ..Here::default() })
    }

    pub(crate) fn of(child: &Child<'x>) -> Self {
        Self::Here(Here { item: child.item, node: child.node, list: None })
    }

    /// The tensor or leaf of exactly this key.
    pub(crate) fn item(&self, reader: &Reader<'x, '_>) -> Option<Item> {
        match self {
            Self::Here(here) => reader.contents.item(here.item?),
            Self::Parameters(_) | Self::Absent(_) | Self::Gap(_) => None,
        }
    }

    pub(crate) fn tensor(&self, reader: &Reader<'x, '_>) -> Option<usize> {
        match self.item(reader)? {
            Item::Tensor(index) => Some(index),
            Item::Leaf(_) => None,
        }
    }

    pub(crate) fn leaf(&self, reader: &Reader<'x, '_>) -> Option<usize> {
        match self.item(reader)? {
            Item::Leaf(index) => Some(index),
            Item::Tensor(_) => None,
        }
    }

    pub(crate) fn below(&self) -> Option<Node> {
        match self {
            Self::Here(here) => here.node,
            Self::Parameters(_) | Self::Absent(_) | Self::Gap(_) => None,
        }
    }

    /// Whether it is all of the file.
    pub(crate) fn is_root(&self) -> bool {
        self.below().is_some_and(Node::is_root)
    }

    pub(crate) fn children(&self, reader: &Reader<'x, '_>) -> Vec<Child<'x>> {
        match self {
            Self::Here(here) => here.node.map(|node| node.children(reader.contents).collect()).unwrap_or_default(),
            Self::Parameters(parameters) => parameters.to_vec(),
            Self::Absent(_) | Self::Gap(_) => Vec::new(),
        }
    }

    /// The key, for an error.
    pub(crate) fn key(&self, reader: &Reader<'x, '_>) -> String {
        let contents = reader.contents;
        match self {
            Self::Here(Here { item: Some(item), .. }) => {
                contents.item(*item).map_or_else(String::new, |item| contents.key_in_file(item).to_owned())
            }
            Self::Here(Here { node: Some(node), .. }) => contents.naming().trim(node.prefix(contents)).to_owned(),
            Self::Here(Here { list: Some(list), .. }) => {
                contents.naming().child_key(list.parent.prefix(contents), &list.base)
            }
            Self::Here(_) => String::new(),
            Self::Parameters(parameters) => {
                let first = parameters.iter().find_map(|child| child.item);
                first.map(|item| contents.key_at(item).to_owned()).unwrap_or_default()
            }
            Self::Absent(absent) | Self::Gap(absent) => absent.key.clone(),
        }
    }

    /// What the keys of this place's fields begin with.
    fn prefix(&self, reader: &Reader<'x, '_>) -> String {
        let naming = reader.contents.naming();
        match self {
            Self::Here(Here { node: Some(node), .. }) if node.is_root() => root_prefix(reader, *node).to_owned(),
            Self::Here(Here { node: Some(node), .. }) => node.prefix(reader.contents).to_owned(),
            Self::Absent(absent) | Self::Gap(absent) => naming.opened(&absent.module),
            _ => naming.opened(&self.key(reader)),
        }
    }

    /// The key that a field of this place would have, if it is in this collection.
    pub(crate) fn field_key(&self, reader: &Reader<'x, '_>, field: &str, collection: &str) -> String {
        let key = reader.contents.naming().child_key(&self.prefix(reader), field);
        // That of something in a leaf begins with the key of the leaf.
        if self.item(reader).is_some() { key } else { reader.contents.key_in_collection(collection, key) }
    }

    /// A field that is not there.
    pub(crate) fn absent_field(&self, reader: &Reader<'x, '_>, field: &str, collection: &str) -> Self {
        let key = self.field_key(reader, field, collection);
        let module = reader.contents.naming().child_module(&self.prefix(reader), field);
        Self::Absent(Rc::new(Absent { key, module, above: self.nearest_node() }))
    }

    /// An item that is not there.
    pub(crate) fn absent_item(&self, reader: &Reader<'x, '_>, index: usize, collection: &str) -> Self {
        let naming = reader.contents.naming();
        let (module, above) = match self {
            Self::Here(Here { list: Some(list), .. }) => {
                let name = format!("{}_{index}", list.base);
                let prefix = list.parent.prefix(reader.contents);
                let is_of_modules = list.items.iter().any(|item| item.node.is_some());
                let key =
                    if is_of_modules { naming.child_module(prefix, &name) } else { naming.child_key(prefix, &name) };
                (key, Some(list.parent))
            }
            Self::Here(Here { node: Some(node), .. }) if node.is_root() => {
                (naming.item_key(root_prefix(reader, *node), index), self.nearest_node())
            }
            Self::Absent(absent) | Self::Gap(absent) => (naming.item_key(&absent.module, index), self.nearest_node()),
            _ => (naming.item_key(&self.key(reader), index), self.nearest_node()),
        };
        let key = reader.contents.key_in_collection(collection, module.clone());
        Self::Gap(Rc::new(Absent { key, module, above }))
    }

    fn nearest_node(&self) -> Option<Node> {
        match self {
            Self::Here(Here { node: Some(node), .. }) => Some(*node),
            Self::Here(Here { list: Some(list), .. }) => Some(list.parent),
            Self::Absent(absent) | Self::Gap(absent) => absent.above,
            Self::Here(_) | Self::Parameters(_) => None,
        }
    }

    /// What is there instead of something that is missing, for an error.
    pub(crate) fn surroundings(&self, reader: &Reader<'x, '_>) -> Option<String> {
        let contents = reader.contents;
        let node = self.nearest_node()?;
        let children: Vec<Child<'_>> = node.children(contents).collect();
        let prefix = contents.naming().trim(node.prefix(contents));
        let module = if prefix.is_empty() { "the file".to_owned() } else { format!("`{prefix}`") };
        if children.is_empty() {
            return Some(format!("{module} is empty"));
        }
        Some(format!("{module} has {}", names(children.iter().map(|child| &*child.token.name))))
    }

    /// Whether nothing is stored.
    pub(crate) fn is_absent(&self) -> bool {
        matches!(self, Self::Absent(_) | Self::Gap(_))
    }

    /// What is here, for an error.
    pub(crate) fn describe(&self, reader: &Reader<'x, '_>) -> String {
        if let Some(item) = self.item(reader) {
            return reader.describe(item);
        }
        let children = self.children(reader);
        if children.is_empty() {
            return "nothing".to_owned();
        }
        format!("a module with {}", names(children.iter().map(|child| &*child.token.name)))
    }
}

/// What the keys of a file begin with: in objax the class of the root, elsewhere nothing.
fn root_prefix<'x>(reader: &Reader<'x, '_>, root: Node) -> &'x str {
    let first = reader.contents.key_at(root.range().start);
    first.get(..reader.contents.naming().root_end(first)).unwrap_or_default()
}

/// Finds the place of a field among the children of its module.
///
/// Where several collections have it, the one that is named is meant. `used` is told which children
/// the field takes.
pub(crate) fn find<'x>(
    reader: &Reader<'x, '_>,
    parent: Option<Node>,
    children: &[Child<'x>],
    field: &str,
    collection: Option<&str>,
    used: &mut dyn FnMut(usize),
) -> Result<Option<Here<'x>>> {
    let mut here = Here::default();
    let mut scoped = false;
    let mut by_name: Option<&Child<'x>> = None;
    // Two that fit, of which neither is known to be meant.
    let mut undecided: Option<(&Child<'x>, &Child<'x>)> = None;
    for (index, child) in children.iter().enumerate() {
        let exact = child.token.scoped == field;
        if !exact && (scoped || !reader.contents.naming().selects(field, &child.token)) {
            continue;
        }
        if exact && !scoped {
            // The exact text outweighs what was found by the bare name.
            scoped = true;
            (here, by_name, undecided) = (Here::default(), None, None);
        }
        let clash = here.item.and(child.item).is_some() || here.node.and(child.node).is_some();
        if let Some(other) = by_name.filter(|_| clash) {
            used(index);
            match prefer(reader, other, child, collection) {
                Some(Which::First) => continue,
                Some(Which::Second) => (here.item, undecided) = (None, None),
                Some(Which::Neither) => {
                    undecided.get_or_insert((other, child));
                    continue;
                }
                None => return Err(ambiguous(reader, other, child)),
            }
        }
        here.item = here.item.or(child.item);
        here.node = here.node.or(child.node);
        by_name = Some(child);
        used(index);
    }
    if let Some((first, second)) = undecided {
        return Err(ambiguous(reader, first, second));
    }
    let found = by_name.is_some();
    if let Some(parent) = parent {
        let naming = reader.contents.naming();
        let siblings = children.iter().enumerate().filter(|(_, child)| {
            naming.selects_item(field, &child.token)
                && by_name.is_none_or(|first| naming.are_in_one_scope(&first.token, &child.token))
        });
        let items: Vec<Child<'x>> =
            siblings.inspect(|(index, _)| used(*index)).map(|(_, child)| child.clone()).collect();
        if !items.is_empty() {
            here.list = Some(Rc::new(Siblings { parent, base: field.to_owned(), items }));
            return Ok(Some(here));
        }
    }
    if found {
        return Ok(Some(here));
    }
    along_path(reader, children, field, collection, used)
}

/// Which of two items in two collections is in the one that is meant.
enum Which {
    First,
    Second,
    Neither,
}

/// Of two items of one name in two collections, which is meant; `None` if there are no collections, or
/// both are in the same.
fn prefer(reader: &Reader<'_, '_>, first: &Child<'_>, second: &Child<'_>, collection: Option<&str>) -> Option<Which> {
    let contents = reader.contents;
    let wanted = collection.filter(|_| contents.is_overlay())?;
    let of = |child: &Child<'_>| Some(contents.collection(contents.item(child.item?)?));
    match (of(first)?, of(second)?) {
        (first, second) if first == second => None,
        (first, _) if first == wanted => Some(Which::First),
        (_, second) if second == wanted => Some(Which::Second),
        _ => Some(Which::Neither),
    }
}

#[cold]
fn ambiguous(reader: &Reader<'_, '_>, first: &Child<'_>, second: &Child<'_>) -> Error {
    let key = |child: &Child<'_>| match child.item.and_then(|item| reader.contents.item(item)) {
        Some(item) => reader.contents.key_in_file(item).to_owned(),
        None => child.key(reader.contents).to_owned(),
    };
    let [first_key, second_key] = [first, second].map(key);
    let (first, second) = (first.token.scoped, second.token.scoped);
    Error::new(ErrorKind::Ambiguous { first: first_key, second: second_key }).with_note(|| {
        Some(if first == second {
            "`#[safejax(collection(…))]` on the field says which is meant".to_owned()
        } else {
            format!(
                "`#[serde(rename = \"{first}\")]` (or `#[safejax(haiku = …)]`) on the field selects one, `\"{second}\"` \
                 the other"
            )
        })
    })
}

/// Finds a field whose name is a path of several segments (`rename = "~/mean_ema.average"`).
fn along_path<'x>(
    reader: &Reader<'x, '_>,
    children: &[Child<'x>],
    path: &str,
    collection: Option<&str>,
    used: &mut dyn FnMut(usize),
) -> Result<Option<Here<'x>>> {
    let naming = reader.contents.naming();
    for (index, child) in children.iter().enumerate() {
        let Some(node) = child.node else { continue };
        // A module that stands at the root has no scope in the file.
        let unscoped = if child.token.scoped.contains('/') { path } else { naming.without_scope(path) };
        let names = [(path, child.token.scoped), (path, &child.token.name), (unscoped, child.token.scoped)];
        let names = names.into_iter().filter(|(_, name)| !name.is_empty());
        for rest in names.filter_map(|(path, name)| path.strip_prefix(name)) {
            let Some(rest) = naming.after_join(rest) else { continue };
            let below: Vec<Child<'x>> = node.children(reader.contents).collect();
            if let Some(here) = find(reader, Some(node), &below, rest, collection, &mut |_| {})? {
                used(index);
                return Ok(Some(here));
            }
        }
    }
    Ok(None)
}
