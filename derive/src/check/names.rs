//! Names that contradict each other.

use syn::LitStr;

use crate::attributes::{Attributes, Framework, Key, Keyed};
use crate::errors::Errors;
use crate::model::{Field, Variant};

const FRAMEWORKS: [Framework; 3] = [Framework::Flax, Framework::Haiku, Framework::Objax];

/// Refuses what `only(…)` leaves without a meaning.
pub(super) fn check_only(ours: &Attributes, errors: &mut Errors) {
    let Some(only) = &ours.only else { return };
    let has = |framework| only.value.contains(&framework);
    for (key, ident) in &ours.keys {
        let framework = match key {
            Key::Flax | Key::List => Framework::Flax,
            Key::Haiku | Key::Scope => Framework::Haiku,
            Key::Objax | Key::Var => Framework::Objax,
            Key::Collection => {
                let Some(collection) = &ours.collection else { continue };
                let missing =
                    FRAMEWORKS.into_iter().find(|framework| collection.value.has(*framework) && !has(*framework));
                let Some(missing) = missing else { continue };
                missing
            }
            Key::Reshape => {
                let Some(reshape) = &ours.reshape else { continue };
                let missing =
                    FRAMEWORKS.into_iter().find(|framework| reshape.value.has(*framework) && !has(*framework));
                let Some(missing) = missing else { continue };
                missing
            }
            _ => continue,
        };
        if !has(framework) {
            let message = format!("`{ident}` speaks of {}, where `only(…)` leaves the field out", framework.name());
            errors.at(ident, message);
        }
    }
}

/// Refuses a scope in two places.
pub(super) fn check_scope(ours: &Attributes, errors: &mut Errors) {
    let (Some(scope), Some(name)) = (&ours.scope, &ours.names.haiku) else { return };
    if name.value.value().contains('/') {
        let message = format!(
            "`haiku = {}` is a path, which says itself where the submodule is created: leave out `scope`",
            name.value.token()
        );
        errors.at(&scope.key, message);
    }
}

/// What two places of one parent are called.
struct Named<'a> {
    ours: &'a Attributes,
    /// The name by which serde saves it.
    name: &'a str,
}

/// Refuses two fields of one name.
pub(super) fn check_fields(fields: &[Field<'_>], errors: &mut Errors) {
    let there = fields.iter().filter(|field| !field.serde.attrs.flatten() && !field.serde.attrs.skip_serializing());
    let named = there.map(|field| Named { ours: &field.ours, name: &field.serde.attrs.name().serialize_name().value });
    check_all(&named.collect::<Vec<_>>(), "fields", errors);
}

/// Refuses two variants of one name.
pub(super) fn check_variants(variants: &[Variant<'_>], errors: &mut Errors) {
    let named = variants
        .iter()
        .map(|variant| Named { ours: &variant.ours, name: &variant.serde.attrs.name().serialize_name().value });
    check_all(&named.collect::<Vec<_>>(), "variants", errors);
}

fn check_all(all: &[Named<'_>], what: &str, errors: &mut Errors) {
    for (index, one) in all.iter().enumerate() {
        for framework in FRAMEWORKS {
            let Some((name, literal)) = given(one, framework) else { continue };
            let clash = all.iter().enumerate().find(|(other, named)| {
                let is_given = given(named, framework).is_some();
                // Two that are given are told of once.
                *other != index && (!is_given || *other < index) && clashes(one, &name, named, framework)
            });
            if clash.is_some() {
                let message = format!("two {what} are called `{name}` in {}", framework.name());
                errors.at(literal, message);
            }
        }
    }
}

/// The name that an attribute gives, with its scope.
fn given<'a>(named: &Named<'a>, framework: Framework) -> Option<(String, &'a LitStr)> {
    let Keyed { value, .. } = named.ours.names.get(framework)?;
    Some((value.value(), value))
}

fn clashes(one: &Named<'_>, name: &str, other: &Named<'_>, framework: Framework) -> bool {
    let other_name = given(other, framework).map_or_else(|| other.name.to_owned(), |(name, _)| name);
    let exists = |named: &Named<'_>| named.ours.only.as_ref().is_none_or(|only| only.value.contains(&framework));
    let collection = |named: &Named<'_>| {
        named.ours.collection.as_ref().and_then(|collection| collection.value.get(framework)).map(LitStr::value)
    };
    let scope = |named: &Named<'_>| named.ours.scope.as_ref().map(|scope| scope.value.value());
    let same_place = collection(one) == collection(other)
        && (framework != Framework::Haiku || scope(one) == scope(other) && same_kind(one, other));
    name == other_name && exists(one) && exists(other) && same_place
}

/// In haiku a module and a parameter may share a name.
fn same_kind(one: &Named<'_>, other: &Named<'_>) -> bool {
    one.ours.tensor.is_some() == other.ours.tensor.is_some()
}

impl Framework {
    fn name(self) -> &'static str {
        match self {
            Self::Flax => "flax",
            Self::Haiku => "haiku",
            Self::Objax => "objax",
        }
    }
}
