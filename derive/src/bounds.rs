//! The bounds of the impls: those that serde would infer, and those of tensor fields.

use std::collections::BTreeSet;

use serde_derive_internals::attr::Default;
use syn::{Ident, Lifetime, WherePredicate, parse_quote};

use crate::model::{Body, Direction, Field, Model};
use crate::types::{self, Parameters};

/// What an impl asks of its type parameters.
pub(crate) struct Bounds {
    /// What the user's `#[serde(bound)]` on fields, variants and the type say.
    pub(crate) given: Vec<WherePredicate>,
    /// What follows from the fields, unless the user's bound on the type replaces it.
    pub(crate) inferred: Option<Vec<WherePredicate>>,
}

impl Bounds {
    pub(crate) fn of(model: &Model<'_>, direction: Direction) -> Self {
        let on_type = match direction {
            Direction::Save => model.serde.attrs.ser_bound(),
            Direction::Load => model.serde.attrs.de_bound(),
        };
        let mut given: Vec<WherePredicate> = on_type.unwrap_or_default().to_vec();
        given.extend(model.fields().filter_map(|field| field_bound(field, direction)).flatten().cloned());
        if let Body::Enum(variants) = &model.body {
            for variant in variants {
                let bound = match direction {
                    Direction::Save => variant.serde.attrs.ser_bound(),
                    Direction::Load => variant.serde.attrs.de_bound(),
                };
                given.extend(bound.unwrap_or_default().iter().cloned());
            }
        }
        Self { given, inferred: on_type.is_none().then(|| infer(model, direction)) }
    }

    /// Both.
    pub(crate) fn all(&self) -> impl Iterator<Item = &WherePredicate> {
        self.given.iter().chain(self.inferred.iter().flatten())
    }
}

fn field_bound<'a>(field: &'a Field<'_>, direction: Direction) -> Option<&'a [WherePredicate]> {
    match direction {
        Direction::Save => field.serde.attrs.ser_bound(),
        Direction::Load => field.serde.attrs.de_bound(),
    }
}

/// Whether the type of a field has to be checked by a bound of ours.
fn needs_bound(field: &Field<'_>, direction: Direction) -> bool {
    let attrs = &field.serde.attrs;
    let on_field = match direction {
        Direction::Save => !attrs.skip_serializing() && attrs.serialize_with().is_none() && attrs.ser_bound().is_none(),
        Direction::Load => {
            !attrs.skip_deserializing() && attrs.deserialize_with().is_none() && attrs.de_bound().is_none()
        }
    };
    let on_variant = field.variant.is_none_or(|variant| match direction {
        Direction::Save => {
            !variant.skip_serializing() && variant.serialize_with().is_none() && variant.ser_bound().is_none()
        }
        Direction::Load => {
            !variant.skip_deserializing() && variant.deserialize_with().is_none() && variant.de_bound().is_none()
        }
    });
    on_field && on_variant
}

fn infer(model: &Model<'_>, direction: Direction) -> Vec<WherePredicate> {
    let generics = model.serde.generics;
    let all: BTreeSet<Ident> = generics.type_params().map(|parameter| parameter.ident.clone()).collect();
    let mut predicates: Vec<WherePredicate> = Vec::new();

    let lifetime = de_lifetime(&borrowed(model));
    let (serde_trait, tensor_trait): (syn::Path, syn::Path) = match direction {
        Direction::Save => (parse_quote!(__safejax::serde::Serialize), parse_quote!(__safejax::ToTensor)),
        Direction::Load => {
            (parse_quote!(__safejax::serde::Deserialize<#lifetime>), parse_quote!(__safejax::FromTensor<#lifetime>))
        }
    };
    if direction == Direction::Load && matches!(model.serde.attrs.default(), Default::Default) {
        let ident = model.ident;
        let (_, arguments, _) = generics.split_for_impl();
        predicates.push(match model.serde.attrs.remote() {
            Some(remote) => parse_quote!(#remote #arguments: ::core::default::Default),
            None => parse_quote!(#ident #arguments: ::core::default::Default),
        });
    }

    let mut push = |types: &Parameters<'_>, bound: &syn::Path| {
        for parameter in generics.type_params().map(|parameter| &parameter.ident) {
            if types.used.contains(parameter) {
                predicates.push(parse_quote!(#parameter: #bound));
            }
        }
        predicates.extend(types.associated.iter().map(|ty| -> WherePredicate { parse_quote!(#ty: #bound) }));
    };
    let mut values = Parameters::new(&all);
    model
        .fields()
        .filter(|field| !field.is_tensor() && needs_bound(field, direction))
        .for_each(|field| values.add(field.serde.ty));
    push(&values, &serde_trait);
    if direction == Direction::Load {
        let mut defaults = Parameters::new(&all);
        model
            .fields()
            .filter(|field| matches!(field.serde.attrs.default(), Default::Default))
            .for_each(|field| defaults.add(field.serde.ty));
        push(&defaults, &parse_quote!(::core::default::Default));
    }

    for field in model.fields().filter(|field| field.is_tensor() && needs_bound(field, direction)) {
        let ty = field.tensor_type();
        if !types::mentions(ty, &all) {
            continue;
        }
        predicates.push(parse_quote!(#ty: #tensor_trait));
        if direction == Direction::Load && field.ours.shape.is_some() {
            // The shape is checked on the loaded value.
            predicates.push(parse_quote!(#ty: __safejax::ToTensor));
        }
    }
    predicates
}

/// The lifetimes of the fields that live as long as what they are loaded from.
pub(crate) fn borrowed(model: &Model<'_>) -> BTreeSet<Lifetime> {
    let mut lifetimes = BTreeSet::new();
    for field in model.fields().filter(|field| !field.is_skipped(Direction::Load)) {
        let given = field.serde.attrs.borrowed_lifetimes();
        if given.is_empty() && field.is_tensor() {
            lifetimes.extend(types::lifetimes(field.serde.ty));
        } else {
            lifetimes.extend(given.iter().cloned());
        }
    }
    lifetimes
}

/// The lifetime of `Deserialize<…>`.
pub(crate) fn de_lifetime(borrowed: &BTreeSet<Lifetime>) -> Lifetime {
    let is_static = borrowed.iter().any(|lifetime| lifetime.ident == "static");
    Lifetime::new(if is_static { "'static" } else { "'de" }, proc_macro2::Span::call_site())
}
