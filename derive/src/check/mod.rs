//! What does not go together: keys where they mean nothing, and keys that exclude each other.

mod axes;
mod field;
mod names;

use proc_macro2::Ident;
use serde_derive_internals::ast::Style;

use crate::attributes::{Attributes, Key};
use crate::errors::Errors;
use crate::model::{Body, Direction, Model, Variant};

/// Finds what is wrong with the attributes of a type, taken together.
pub(crate) fn check(model: &Model<'_>, direction: Direction, errors: &mut Errors) {
    check_type(model, errors);
    check_lifetimes(model, direction, errors);
    match &model.body {
        Body::Struct(style, fields) => {
            for field in fields {
                field::check(model, field, *style, errors);
            }
            names::check_fields(fields, errors);
        }
        Body::Enum(variants) => {
            for variant in variants {
                check_variant(model, variant, errors);
                for field in &variant.fields {
                    field::check(model, field, variant.serde.style, errors);
                }
                names::check_fields(&variant.fields, errors);
            }
            names::check_variants(variants, errors);
        }
    }
}

/// Whether a key says how its place is called and where it is, which is lost where serde hands over
/// something else.
fn is_of_names(key: Key) -> bool {
    match key {
        Key::Var | Key::Flax | Key::Haiku | Key::Objax | Key::Collection | Key::Scope | Key::List | Key::Only => true,
        Key::Dtype | Key::Shape | Key::Permute | Key::Transpose | Key::Reshape => false,
        Key::Class | Key::Metadata | Key::Crate => false,
    }
}

fn check_type(model: &Model<'_>, errors: &mut Errors) {
    if let Some(span) = model.ours.tensor {
        errors.on(
            span,
            "`#[tensor]` stands on a field; a type takes `class`, `scope`, `collection` and `crate`, in `#[safejax(…)]`",
        );
        return;
    }
    for (key, ident) in &model.ours.keys {
        match key {
            Key::Class | Key::Scope | Key::Collection | Key::Crate => {}
            Key::Flax | Key::Haiku | Key::Objax | Key::List | Key::Only | Key::Metadata => {
                let message =
                    format!("`{ident}` stands on the field that holds the type: the type itself has no `{ident}`");
                errors.at(ident, message);
                continue;
            }
            // The attribute has refused them.
            Key::Dtype | Key::Shape | Key::Permute | Key::Transpose | Key::Reshape | Key::Var => continue,
        }
        if *key == Key::Crate {
            continue;
        }
        let attrs = &model.serde.attrs;
        if attrs.transparent() {
            without_effect(ident, "`#[serde(transparent)]` makes the type nothing but its field", errors);
        } else if replaces_fields(model) {
            without_effect(ident, REPLACED, errors);
        } else if model.is_taken_apart() {
            taken_apart(ident, errors);
        }
    }
}

/// serde has a lifetime of its own in the impl.
fn check_lifetimes(model: &Model<'_>, direction: Direction, errors: &mut Errors) {
    let taken = model.serde.generics.lifetimes().find(|parameter| parameter.lifetime.ident == "de");
    if let (Direction::Load, Some(parameter)) = (direction, taken) {
        errors.at(&parameter.lifetime, "the lifetime `'de` is serde's in what is derived: give this one another name");
    }
}

const REPLACED: &str = "`#[serde(from, into)]` saves and loads another type instead";

/// Whether its fields are neither saved nor loaded.
fn replaces_fields(model: &Model<'_>) -> bool {
    let attrs = &model.serde.attrs;
    attrs.type_into().is_some() && (attrs.type_from().is_some() || attrs.type_try_from().is_some())
}

fn without_effect(ident: &Ident, reason: &str, errors: &mut Errors) {
    errors.at(ident, format!("`{ident}` has no effect: {reason}"));
}

fn taken_apart(ident: &Ident, errors: &mut Errors) {
    let message = format!(
        "`{ident}` needs an enum as serde tags it by default: `tag`, `content` and `untagged` take the value apart \
         before a name is known"
    );
    errors.at(ident, message);
}

fn check_variant(model: &Model<'_>, variant: &Variant<'_>, errors: &mut Errors) {
    if let Some(span) = variant.ours.tensor {
        errors.on(span, "`#[tensor]` stands on a field: write it before the type, as in `Bias(#[tensor] Vec<f32>)`");
    }
    let is_newtype = matches!(variant.serde.style, Style::Newtype);
    for (key, ident) in &variant.ours.keys {
        match key {
            Key::Class | Key::Crate => of_a_type(*key, ident, errors),
            Key::Metadata => errors.at(ident, "`metadata` stands on a field, and a variant is none"),
            Key::List if !is_newtype => {
                errors.at(
                    ident,
                    "`list` stands on a list: here that is a variant of one field, as in `Layers(Vec<Layer>)`",
                );
            }
            key if !is_of_names(*key) => {}
            _ if model.is_taken_apart() || variant.serde.attrs.untagged() => taken_apart(ident, errors),
            _ => {}
        }
    }
    names::check_only(&variant.ours, errors);
}

fn of_a_type(key: Key, ident: &Ident, errors: &mut Errors) {
    errors.at(ident, format!("`{ident}` stands on a type: write `#[safejax({})]` above it", key.form()));
}

/// An error for each of these keys that is given.
fn refuse(ours: &Attributes, keys: &[Key], errors: &mut Errors, message: impl Fn(&Ident) -> String) {
    for (_, ident) in ours.keys.iter().filter(|(key, _)| keys.contains(key)) {
        errors.at(ident, message(ident));
    }
}
