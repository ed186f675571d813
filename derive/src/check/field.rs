//! The attributes of one field.

use serde_derive_internals::ast::Style;

use super::{REPLACED, axes, is_of_names, names, of_a_type, refuse, replaces_fields, taken_apart, without_effect};
use crate::attributes::Key;
use crate::errors::Errors;
use crate::model::{Field, Model};

pub(super) fn check(model: &Model<'_>, field: &Field<'_>, style: Style, errors: &mut Errors) {
    if field.ours.is_empty() {
        return;
    }
    for (key, ident) in &field.ours.keys {
        if matches!(key, Key::Class | Key::Crate) {
            of_a_type(*key, ident, errors);
        }
    }
    check_kind(field, errors);
    check_serde(model, field, errors);
    check_place(model, field, style, errors);
    names::check_only(&field.ours, errors);
    names::check_scope(&field.ours, errors);
    axes::check(&field.ours, errors);
}

/// A field is a tensor, or metadata, or a value with a name.
fn check_kind(field: &Field<'_>, errors: &mut Errors) {
    if field.ours.tensor.is_some() && field.ours.metadata.is_some() {
        let of_tensors = [Key::Dtype, Key::Shape, Key::Permute, Key::Transpose, Key::Reshape, Key::Var];
        refuse(&field.ours, &of_tensors, errors, |key| {
            format!("`{key}` says how a tensor is stored, and `metadata` keeps the field from being one")
        });
    }
    if !field.is_tensor() {
        return;
    }
    refuse(&field.ours, &[Key::Scope], errors, |_| {
        "`scope` says where a submodule is created, and a tensor is none".to_owned()
    });
    if !field.is_list() {
        refuse(&field.ours, &[Key::List], errors, |_| {
            "`list` says how a list is written, and a tensor is none".to_owned()
        });
    }
}

/// What serde's attributes leave of ours.
fn check_serde(model: &Model<'_>, field: &Field<'_>, errors: &mut Errors) {
    let (ours, attrs) = (&field.ours, &field.serde.attrs);
    let is_skipped = attrs.skip_serializing() && attrs.skip_deserializing();
    let has_with = attrs.serialize_with().is_some() || attrs.deserialize_with().is_some();
    let whole = [(ours.tensor, "a tensor"), (ours.metadata.as_ref().map(proc_macro2::Ident::span), "metadata")];
    for (span, what) in whole {
        let Some(span) = span else { continue };
        if attrs.flatten() {
            errors.on(span, format!("`#[serde(flatten)]` takes the field apart, so that it cannot be {what}"));
        } else if is_skipped {
            errors.on(span, format!("`#[serde(skip)]` leaves the field out, so that it cannot be {what}"));
        } else if has_with {
            errors.on(span, format!("`#[serde(with)]` decides on the form of the field, so that it cannot be {what}"));
        } else if replaces_fields(model) {
            errors.on(span, format!("the field cannot be {what}: {REPLACED}"));
        } else if field
            .variant
            .is_some_and(|variant| variant.serialize_with().is_some() && variant.deserialize_with().is_some())
        {
            let message =
                format!("`#[serde(with)]` decides on the form of the variant, so that the field cannot be {what}");
            errors.on(span, message);
        }
    }
    if field.is_tensor() {
        return;
    }
    for (_, ident) in ours.keys.iter().filter(|(key, _)| is_of_names(*key)) {
        if attrs.flatten() {
            without_effect(ident, "`#[serde(flatten)]` puts the fields of the field in its place", errors);
        } else if is_skipped {
            without_effect(ident, "`#[serde(skip)]` leaves the field out", errors);
        } else if replaces_fields(model) {
            without_effect(ident, REPLACED, errors);
        }
    }
}

/// What the place of the field, in its struct or variant, leaves of its name.
fn check_place(model: &Model<'_>, field: &Field<'_>, style: Style, errors: &mut Errors) {
    let ours = &field.ours;
    let named: Vec<_> = ours.keys.iter().filter(|(key, _)| is_of_names(*key)).collect();
    let is_taken_apart = field.variant.is_some_and(|variant| model.is_taken_apart() || variant.untagged());
    let is_newtype = matches!(style, Style::Newtype);
    for (_, ident) in named {
        if model.serde.attrs.transparent() {
            without_effect(ident, "`#[serde(transparent)]` makes the type nothing but this field", errors);
        } else if is_taken_apart {
            taken_apart(ident, errors);
        } else if is_newtype && field.variant.is_some() {
            let message =
                format!("the only field of a variant has no name but the variant's: write `{ident}` on the variant");
            errors.at(ident, message);
        } else if is_newtype && ours.names.any().is_none() {
            let message = format!(
                "the only field of a newtype has no name, unless `flax`, `haiku` or `objax` gives it one: write \
                 `{ident}` on the field that holds the type"
            );
            errors.at(ident, message);
        }
    }
}
