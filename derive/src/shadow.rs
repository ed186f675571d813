//! The hidden struct that serde's own derive stands on: the type again, with serde's attributes alone.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{Attribute, Data, Fields, Generics, LitStr, Meta, parse_quote};

use crate::bounds::Bounds;
use crate::model::{Body, Direction, Field, Model, SHADOW};
use crate::types;
use serde_derive_internals::ast::Style;
use serde_derive_internals::attr::Default;

/// The shadow of a type, with serde's derive of one trait.
pub(crate) fn shadow(model: &Model<'_>, direction: Direction, bounds: &Bounds) -> TokenStream {
    let mut shadow = model.serde.original.clone();
    let attrs = &model.serde.attrs;
    shadow.ident = Ident::new(SHADOW, Span::call_site());
    shadow.vis = syn::Visibility::Inherited;
    // Whether it is packed matters to the way in which its fields are read.
    let repr = shadow.attrs.iter().find(|attribute| attribute.path().is_ident("repr") && attrs.is_packed()).cloned();
    keep_known(&mut shadow.attrs);
    shadow.attrs.extend(repr);
    if attrs.non_exhaustive() && attrs.remote().is_some() {
        shadow.attrs.push(parse_quote!(#[non_exhaustive]));
    }

    if attrs.remote().is_none() {
        let remote = literal(&model.ident.to_string());
        shadow.attrs.push(parse_quote!(#[serde(remote = #remote)]));
    }
    if !model.is_renamed(direction) {
        let name = literal(&model.name(direction));
        shadow.attrs.push(match direction {
            Direction::Save => parse_quote!(#[serde(rename(serialize = #name))]),
            Direction::Load => parse_quote!(#[serde(rename(deserialize = #name))]),
        });
    }
    if attrs.custom_serde_path().is_none() {
        let runtime = model.runtime();
        let path = literal(&quote!(#runtime::__private::serde).to_string());
        shadow.attrs.push(parse_quote!(#[serde(crate = #path)]));
    }
    if let Some(inferred) = &bounds.inferred {
        let bound = literal(&quote!(#(#inferred),*).to_string());
        shadow.attrs.push(match direction {
            Direction::Save => parse_quote!(#[serde(bound(serialize = #bound))]),
            Direction::Load => parse_quote!(#[serde(bound(deserialize = #bound))]),
        });
    }

    match (&mut shadow.data, &model.body) {
        (Data::Struct(data), Body::Struct(style, fields)) => {
            dress(&mut data.fields, fields, *style, direction, model.serde.generics, has_default(attrs.default()));
        }
        (Data::Enum(data), Body::Enum(variants)) => {
            for (shadow, variant) in data.variants.iter_mut().zip(variants) {
                keep_known(&mut shadow.attrs);
                shadow.discriminant = None;
                dress(&mut shadow.fields, &variant.fields, variant.serde.style, direction, model.serde.generics, false);
            }
        }
        _ => {}
    }

    let derive = match direction {
        Direction::Save => quote!(__safejax::serde::Serialize),
        Direction::Load => quote!(__safejax::serde::Deserialize),
    };
    quote! {
        #[derive(#derive)]
        #[allow(dead_code, deprecated)]
        #shadow
    }
}

fn literal(text: &str) -> LitStr {
    LitStr::new(text, Span::call_site())
}

/// Keeps serde's attributes, and what the user allows: the compiler looks at the shadow too.
fn keep_known(attributes: &mut Vec<Attribute>) {
    let is = |attribute: &Attribute, name: &str| attribute.path().is_ident(name);
    attributes.retain(|attribute| ["serde", "allow", "expect"].iter().any(|name| is(attribute, name)));
    for attribute in attributes.iter_mut().filter(|attribute| is(attribute, "expect")) {
        // What is expected of the type itself need not be there twice.
        if let Meta::List(list) = &mut attribute.meta {
            list.path = parse_quote!(allow);
        }
    }
}

fn has_default(default: &Default) -> bool {
    !default.is_none()
}

/// Replaces our attributes by what serde's derive makes of them.
fn dress(
    shadows: &mut Fields,
    fields: &[Field<'_>],
    style: Style,
    direction: Direction,
    generics: &Generics,
    container_default: bool,
) {
    for (shadow, field) in shadows.iter_mut().zip(fields) {
        keep_known(&mut shadow.attrs);
        shadow.vis = syn::Visibility::Inherited;
        let attrs = &field.serde.attrs;
        let with = if field.is_tensor() {
            let marker = &field.marker;
            if field.is_list() {
                quote!(__safejax::AsList::<#marker>)
            } else if field.has_own_code(generics) {
                quote!(#marker)
            } else {
                quote!(__safejax::As::<#marker>)
            }
        } else if field.ours.metadata.is_some() {
            quote!(__safejax::AsMetadata)
        } else {
            continue;
        };
        // What is wrong with the type is told where it stands.
        let with = LitStr::new(&with.to_string(), field.serde.ty.span());
        shadow.attrs.push(parse_quote!(#[serde(with = #with)]));
        if direction == Direction::Save {
            continue;
        }
        // serde no longer sees that it is an option.
        let is_option = types::in_option(field.serde.ty).is_some();
        if matches!(style, Style::Struct) && is_option && attrs.default().is_none() && !container_default {
            shadow.attrs.push(parse_quote!(#[serde(default)]));
        }
        if field.is_tensor() && attrs.borrowed_lifetimes().is_empty() && !types::lifetimes(field.serde.ty).is_empty() {
            shadow.attrs.push(parse_quote!(#[serde(borrow)]));
        }
    }
}

/// The generics as arguments, for a path in an expression or a type.
pub(crate) fn with_arguments(model: &Model<'_>) -> TokenStream {
    let ident = Ident::new(SHADOW, Span::call_site());
    let (_, arguments, _) = model.serde.generics.split_for_impl();
    let mut tokens = ident.to_token_stream();
    arguments.to_tokens(&mut tokens);
    tokens
}
