//! The attributes `#[tensor]` and `#[safejax]`, read token by token.

mod item;
mod key;
mod names;
mod values;

use proc_macro2::{Ident, Span};
use syn::{Attribute, LitStr, Path};

pub(crate) use item::Item;
pub(crate) use key::Key;

use crate::errors::Errors;

/// A value and the key that it stands behind.
#[derive(Clone)]
pub(crate) struct Keyed<T> {
    pub(crate) key: Ident,
    pub(crate) value: T,
}

/// The frameworks that have names of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framework {
    Flax,
    Haiku,
    Objax,
}

/// Something for each framework.
#[derive(Clone)]
pub(crate) struct PerFramework<T> {
    pub(crate) flax: Option<T>,
    pub(crate) haiku: Option<T>,
    pub(crate) objax: Option<T>,
}

impl<T> Default for PerFramework<T> {
    fn default() -> Self {
        Self { flax: None, haiku: None, objax: None }
    }
}

impl<T> PerFramework<T> {
    fn slot(&mut self, framework: Framework) -> &mut Option<T> {
        match framework {
            Framework::Flax => &mut self.flax,
            Framework::Haiku => &mut self.haiku,
            Framework::Objax => &mut self.objax,
        }
    }

    pub(crate) fn get(&self, framework: Framework) -> Option<&T> {
        match framework {
            Framework::Flax => self.flax.as_ref(),
            Framework::Haiku => self.haiku.as_ref(),
            Framework::Objax => self.objax.as_ref(),
        }
    }

    pub(crate) fn has(&self, framework: Framework) -> bool {
        self.get(framework).is_some()
    }

    /// The first that is there.
    pub(crate) fn any(&self) -> Option<&T> {
        self.flax.as_ref().or(self.haiku.as_ref()).or(self.objax.as_ref())
    }
}

/// One axis of a `shape(…)`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Extent {
    Any,
    Is(usize),
    Named(String),
}

/// The order of the axes in the file.
#[derive(Clone)]
pub(crate) enum Permutation {
    Transpose,
    Axes(Vec<usize>),
}

/// How flax writes a list.
#[derive(Clone, Copy)]
pub(crate) enum ListForm {
    Dot,
    Suffix,
}

/// All that the attributes on one type, variant or field say.
#[derive(Default)]
pub(crate) struct Attributes {
    /// Where `#[tensor]` stands.
    pub(crate) tensor: Option<Span>,
    pub(crate) dtype: Option<Keyed<Ident>>,
    pub(crate) shape: Option<Keyed<Vec<Extent>>>,
    pub(crate) permutation: Option<Keyed<Permutation>>,
    pub(crate) reshape: Option<Keyed<PerFramework<Vec<Option<usize>>>>>,
    pub(crate) names: PerFramework<Keyed<LitStr>>,
    pub(crate) collection: Option<Keyed<PerFramework<LitStr>>>,
    pub(crate) var: Option<Keyed<LitStr>>,
    pub(crate) class: Option<Keyed<LitStr>>,
    pub(crate) scope: Option<Keyed<LitStr>>,
    pub(crate) list: Option<Keyed<ListForm>>,
    pub(crate) only: Option<Keyed<Vec<Framework>>>,
    pub(crate) metadata: Option<Ident>,
    pub(crate) runtime: Option<Keyed<Path>>,
    /// Every key that was given, in order.
    pub(crate) keys: Vec<(Key, Ident)>,
}

impl Attributes {
    /// Reads those of a list of attributes that are ours.
    pub(crate) fn of(list: &[Attribute], errors: &mut Errors) -> Self {
        let mut attributes = Self::default();
        for attribute in list {
            let in_tensor = attribute.path().is_ident("tensor");
            if !in_tensor && !attribute.path().is_ident("safejax") {
                continue;
            }
            let span = attribute.path().get_ident().map_or_else(Span::call_site, Ident::span);
            if in_tensor {
                attributes.tensor.get_or_insert(span);
            }
            for item in item::items(attribute, in_tensor, errors) {
                attributes.add(&item, in_tensor, errors);
            }
        }
        attributes
    }

    /// Whether there is nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.tensor.is_none() && self.keys.is_empty()
    }

    /// The key, if it was given.
    pub(crate) fn given(&self, key: Key) -> Option<&Ident> {
        self.keys.iter().find(|(given, _)| *given == key).map(|(_, ident)| ident)
    }

    fn add(&mut self, item: &Item, in_tensor: bool, errors: &mut Errors) {
        let Some(key) = Key::of(&item.key, in_tensor, errors) else { return };
        if self.given(key).is_some() {
            errors.at(&item.key, format!("`{}` is given twice", item.key));
            return;
        }
        self.keys.push((key, item.key.clone()));
        match key {
            Key::Flax => self.name(Framework::Flax, item, errors),
            Key::Haiku => self.name(Framework::Haiku, item, errors),
            Key::Objax => self.name(Framework::Objax, item, errors),
            Key::Dtype => self.dtype = item.keyed(values::dtype(item, errors)),
            Key::Shape => self.shape = item.keyed(values::shape(item, errors)),
            Key::Permute => self.permutation = item.keyed(values::permute(item, errors)),
            Key::Transpose => {
                self.permutation = item.keyed(values::word(item, errors).map(|()| Permutation::Transpose));
            }
            Key::Reshape => self.reshape = item.keyed(values::reshape(item, errors)),
            Key::Collection => self.collection = item.keyed(values::collection(item, errors)),
            Key::Var => self.var = item.keyed(names::var(item, errors)),
            Key::Class => self.class = item.keyed(names::class(item, errors)),
            Key::Scope => self.scope = item.keyed(names::scope(item, errors)),
            Key::List => self.list = item.keyed(values::list_form(item, errors)),
            Key::Only => self.only = item.keyed(values::only(item, errors)),
            Key::Metadata => self.metadata = values::word(item, errors).map(|()| item.key.clone()),
            Key::Crate => self.runtime = item.keyed(values::path(item, errors)),
        }
    }

    fn name(&mut self, framework: Framework, item: &Item, errors: &mut Errors) {
        *self.names.slot(framework) = item.keyed(names::name(framework, item, errors));
    }
}
