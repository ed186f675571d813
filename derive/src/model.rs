//! A type with what serde's attributes and ours say of it.

use proc_macro2::{Ident, Span};
use serde_derive_internals::ast::{Container, Data, Style};
use serde_derive_internals::{Ctxt, Derive, ast, attr};
use syn::ext::IdentExt;
use syn::{DeriveInput, Generics, Path, Type};

use crate::attributes::{Attributes, Key};
use crate::errors::Errors;
use crate::types;

/// The name of the hidden struct that serde's own derive stands on.
pub(crate) const SHADOW: &str = "__Shadow";

/// Which of the two traits is derived.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Save,
    Load,
}

/// The type that the derive stands on.
pub(crate) struct Model<'a> {
    /// Its name; serde's reading knows it by the shadow's.
    pub(crate) ident: &'a Ident,
    pub(crate) serde: &'a Container<'a>,
    pub(crate) ours: Attributes,
    pub(crate) body: Body<'a>,
}

pub(crate) enum Body<'a> {
    Struct(Style, Vec<Field<'a>>),
    Enum(Vec<Variant<'a>>),
}

pub(crate) struct Variant<'a> {
    pub(crate) serde: &'a ast::Variant<'a>,
    pub(crate) ours: Attributes,
    pub(crate) fields: Vec<Field<'a>>,
}

pub(crate) struct Field<'a> {
    pub(crate) serde: &'a ast::Field<'a>,
    pub(crate) variant: Option<&'a attr::Variant>,
    pub(crate) ours: Attributes,
    /// The type that stands for it, if it is a tensor.
    pub(crate) marker: Ident,
}

/// Reads what serde's attributes say, and whether they could be read. What is wrong with them, serde's
/// own derive tells.
pub(crate) fn read_serde(input: &DeriveInput, direction: Direction) -> Option<(Container<'_>, bool)> {
    let context = Ctxt::new();
    let derive = match direction {
        Direction::Save => Derive::Serialize,
        Direction::Load => Derive::Deserialize,
    };
    let container = Container::from_ast(&context, input, derive, &Ident::new("__private", Span::call_site()));
    let is_read = context.check().is_ok();
    container.map(|container| (container, is_read))
}

impl<'a> Model<'a> {
    pub(crate) fn new(ident: &'a Ident, serde: &'a Container<'a>, errors: &mut Errors) -> Self {
        let ours = Attributes::of(&serde.original.attrs, errors);
        let mut count = 0;
        let mut fields = |fields: &'a [ast::Field<'a>], variant: Option<&'a attr::Variant>, errors: &mut Errors| {
            let field = |field: &'a ast::Field<'a>| {
                let marker = Ident::new(&format!("__Field{count}"), Span::call_site());
                count += 1;
                Field { serde: field, variant, ours: Attributes::of(&field.original.attrs, errors), marker }
            };
            fields.iter().map(field).collect::<Vec<_>>()
        };
        let body = match &serde.data {
            Data::Struct(style, list) => Body::Struct(*style, fields(list, None, errors)),
            Data::Enum(variants) => Body::Enum(
                variants
                    .iter()
                    .map(|variant| Variant {
                        serde: variant,
                        ours: Attributes::of(&variant.original.attrs, errors),
                        fields: fields(&variant.fields, Some(&variant.attrs), errors),
                    })
                    .collect(),
            ),
        };
        Self { ident, serde, ours, body }
    }

    /// Every field, of every variant.
    pub(crate) fn fields(&self) -> Box<dyn Iterator<Item = &Field<'a>> + '_> {
        match &self.body {
            Body::Struct(_, fields) => Box::new(fields.iter()),
            Body::Enum(variants) => Box::new(variants.iter().flat_map(|variant| &variant.fields)),
        }
    }

    /// The name by which serde saves or loads the type.
    pub(crate) fn name(&self, direction: Direction) -> String {
        let name = self.serde.attrs.name();
        let name = match direction {
            Direction::Save => &name.serialize_name().value,
            Direction::Load => &name.deserialize_name().value,
        };
        if name == SHADOW { self.ident.unraw().to_string() } else { name.clone() }
    }

    /// Whether the user gave it another name.
    pub(crate) fn is_renamed(&self, direction: Direction) -> bool {
        let name = self.serde.attrs.name();
        match direction {
            Direction::Save => name.serialize_name().value != SHADOW,
            Direction::Load => name.deserialize_name().value != SHADOW,
        }
    }

    /// Whether its fields reach the format as they are, so that its spec can be told.
    pub(crate) fn keeps_its_fields(&self, direction: Direction) -> bool {
        let attrs = &self.serde.attrs;
        !attrs.transparent()
            && !self.is_taken_apart()
            && match direction {
                Direction::Save => attrs.type_into().is_none(),
                Direction::Load => attrs.type_from().is_none() && attrs.type_try_from().is_none(),
            }
    }

    /// Whether it is an enum that serde takes apart before the format sees it.
    pub(crate) fn is_taken_apart(&self) -> bool {
        matches!(self.body, Body::Enum(_)) && !matches!(self.serde.attrs.tag(), attr::TagType::External)
    }

    /// Whether a format has to know anything of it.
    pub(crate) fn is_telling(&self) -> bool {
        let flattens = self.fields().any(|field| field.serde.attrs.flatten());
        let on_type = self.ours.keys.iter().any(|(key, _)| *key != Key::Crate);
        let in_variants = match &self.body {
            Body::Struct(..) => false,
            Body::Enum(variants) => variants.iter().any(|variant| !variant.ours.is_empty()),
        };
        flattens || on_type || in_variants || self.fields().any(|field| !field.ours.is_empty())
    }

    /// The crate `safejax`, as the user calls it.
    pub(crate) fn runtime(&self) -> Path {
        match &self.ours.runtime {
            Some(path) => path.value.clone(),
            None => syn::parse_quote!(::safejax),
        }
    }
}

impl Field<'_> {
    pub(crate) fn is_tensor(&self) -> bool {
        self.ours.tensor.is_some() && self.ours.metadata.is_none()
    }

    /// Whether its type is known here, so that the code that saves and loads it is written for it.
    pub(crate) fn has_own_code(&self, generics: &Generics) -> bool {
        let parameters = generics.type_params().map(|parameter| parameter.ident.clone()).collect();
        !self.is_list() && !types::mentions(self.serde.ty, &parameters)
    }

    /// Whether it is a list of tensors.
    pub(crate) fn is_list(&self) -> bool {
        types::in_list(self.serde.ty).is_some()
    }

    /// The type that has to be a tensor.
    pub(crate) fn tensor_type(&self) -> &Type {
        let ty = self.serde.ty;
        types::in_list(ty).or_else(|| types::in_option(ty)).unwrap_or(ty)
    }

    /// Whether serde leaves it out.
    pub(crate) fn is_skipped(&self, direction: Direction) -> bool {
        match direction {
            Direction::Save => self.serde.attrs.skip_serializing(),
            Direction::Load => self.serde.attrs.skip_deserializing(),
        }
    }
}
