//! The values behind the keys that are no names.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{LitInt, LitStr, Path};

use super::item::{Form, item, split};
use super::{Extent, Framework, Item, Key, ListForm, PerFramework, Permutation};
use crate::errors::{self, Errors};

/// The dtypes with a Rust element.
const DTYPES: &[&str] =
    &["BOOL", "U8", "I8", "I16", "U16", "F16", "BF16", "I32", "U32", "F32", "C64", "F64", "I64", "U64"];

/// Those with one in the feature `float8`.
const FLOAT8: &[&str] = if cfg!(feature = "float8") { &["F8_E4M3", "F8_E5M2"] } else { &[] };

/// The dtypes that only a `Tensor` can hold.
const DTYPES_WITHOUT_ELEMENT: &[&str] =
    &["F4", "F6_E2M3", "F6_E3M2", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"];

/// The error for a value of another kind.
fn wrong_form(item: &Item, takes: &str, errors: &mut Errors) {
    let form = Key::form_of(&item.key);
    errors.at(item.tokens(), format!("`{}` takes {takes}, as in `{form}`", item.key));
}

/// Nothing at all behind the key.
pub(super) fn word(item: &Item, errors: &mut Errors) -> Option<()> {
    if matches!(item.form, Form::Word) {
        return Some(());
    }
    errors.at(item.tokens(), format!("`{}` takes no value", item.key));
    None
}

/// A string behind `=`.
pub(super) fn string(item: &Item, errors: &mut Errors) -> Option<LitStr> {
    let literal = literal(item);
    if literal.is_none() {
        wrong_form(item, "a string", errors);
    }
    literal
}

fn literal(item: &Item) -> Option<LitStr> {
    let Form::Value(tokens) = &item.form else { return None };
    // The compiler leaves suffixes, as in `"BF16"f32`, to the macro.
    syn::parse2::<LitStr>(ungrouped(tokens.clone())).ok().filter(|literal| literal.suffix().is_empty())
}

/// Without the invisible parentheses around what a macro pasted.
fn ungrouped(tokens: TokenStream) -> TokenStream {
    let mut trees = tokens.clone().into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::None => ungrouped(group.stream()),
        _ => tokens,
    }
}

/// What stands in the parentheses.
fn list<'a>(item: &'a Item, takes: &str, errors: &mut Errors) -> Option<&'a Group> {
    match &item.form {
        Form::List(group) => Some(group),
        Form::Word | Form::Value(_) => {
            wrong_form(item, takes, errors);
            None
        }
    }
}

/// A path to a module, in a string.
pub(super) fn path(item: &Item, errors: &mut Errors) -> Option<Path> {
    let literal = string(item, errors)?;
    match literal.parse_with(Path::parse_mod_style) {
        Ok(path) => Some(path),
        Err(_) => {
            errors.at(&literal, "expected a path to the crate `safejax`, as in `crate = \"path::to::safejax\"`");
            None
        }
    }
}

/// A dtype that elements can be converted to.
pub(super) fn dtype(item: &Item, errors: &mut Errors) -> Option<Ident> {
    let literal = string(item, errors)?;
    let name = literal.value();
    if DTYPES.contains(&name.as_str()) || FLOAT8.contains(&name.as_str()) {
        return Some(Ident::new(&name, literal.span()));
    }
    let message = if DTYPES_WITHOUT_ELEMENT.contains(&name.as_str()) {
        format!(
            "no Rust type holds elements of dtype {name}, so that nothing can be converted to it: a field of type \
             `safejax::Tensor` keeps them as they are"
        )
    } else {
        errors::unknown("dtype", &name, DTYPES.iter().copied())
    };
    errors.at(&literal, message);
    None
}

/// The axes in memory: numbers, `_` and names.
pub(super) fn shape(item: &Item, errors: &mut Errors) -> Option<Vec<Extent>> {
    let group = list(item, "the length of each axis", errors)?;
    let extents = split(group.stream()).into_iter().map(|tokens| match tokens.as_slice() {
        [TokenTree::Ident(ident)] if ident == "_" => Some(Extent::Any),
        [TokenTree::Ident(ident)] => Some(Extent::Named(ident.to_string())),
        _ => integer(&tokens).map(Extent::Is),
    });
    each(extents, group, "an axis of `shape(…)` is a number, a name or `_`", errors)
}

/// A permutation of the axes.
pub(super) fn permute(item: &Item, errors: &mut Errors) -> Option<Permutation> {
    let group = list(item, "the order of the axes", errors)?;
    let axes = split(group.stream()).into_iter().map(|tokens| integer(&tokens));
    let axes = each(axes, group, "an axis of `permute(…)` is a number", errors)?;
    let mut sorted = axes.clone();
    sorted.sort_unstable();
    if !axes.is_empty() && sorted.iter().copied().eq(0..axes.len()) {
        return Some(Permutation::Axes(axes));
    }
    let message = if axes.is_empty() {
        "`permute` names every axis once, as in `permute(1, 0)`".to_owned()
    } else {
        format!("no permutation: each of the axes 0 to {} stands in `permute(…)` once", axes.len() - 1)
    };
    errors.at(group, message);
    None
}

/// The shape on disk in each framework: numbers and `_`.
pub(super) fn reshape(item: &Item, errors: &mut Errors) -> Option<PerFramework<Vec<Option<usize>>>> {
    let group = list(item, "a shape for each framework", errors)?;
    per_framework(item, group, errors, |item, errors| {
        let pattern = match &item.form {
            Form::Value(tokens) => parenthesized(tokens),
            Form::List(group) => Some(group.clone()),
            Form::Word => None,
        };
        let Some(pattern) = pattern else {
            errors.at(item.tokens(), format!("`{}` takes a shape here, as in `{0} = (1, _, 1, 1)`", item.key));
            return None;
        };
        let axes = split(pattern.stream()).into_iter().map(|tokens| match tokens.as_slice() {
            [TokenTree::Ident(ident)] if ident == "_" => Some(None),
            _ => integer(&tokens).map(Some),
        });
        each(axes, &pattern, "an axis of `reshape(…)` is a number or `_`", errors)
    })
}

fn parenthesized(tokens: &TokenStream) -> Option<Group> {
    let mut trees = tokens.clone().into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::Parenthesis => Some(group),
        _ => None,
    }
}

/// A root collection in each framework that has them.
pub(super) fn collection(item: &Item, errors: &mut Errors) -> Option<PerFramework<LitStr>> {
    let group = list(item, "the name of a root collection in each framework", errors)?;
    per_framework(item, group, errors, |item, errors| {
        if item.key == "objax" {
            errors.at(&item.key, "objax has no collections: what it keeps apart, it marks by `var = \"StateVar\"`");
            return None;
        }
        let Some(literal) = literal(item) else {
            errors.at(item.tokens(), format!("`{}` takes a string here, as in `{0} = \"state\"`", item.key));
            return None;
        };
        let name = literal.value();
        if name.is_empty() || name.contains(['.', '/', ':']) {
            errors.at(&literal, "a collection is one name, such as `batch_stats` or `state`");
            return None;
        }
        Some(literal)
    })
}

/// `flax = …, haiku = …`, at least one.
fn per_framework<T>(
    outer: &Item,
    group: &Group,
    errors: &mut Errors,
    mut read: impl FnMut(&Item, &mut Errors) -> Option<T>,
) -> Option<PerFramework<T>> {
    let mut all = PerFramework::default();
    let parts = split(group.stream());
    if parts.is_empty() {
        wrong_form(outer, "something for at least one framework", errors);
        return None;
    }
    for tokens in parts {
        let expected = "a framework: `flax`, `haiku` or `objax`";
        let Some(item) = item(tokens, expected, &outer.key, errors) else { continue };
        let Some(framework) = framework(&item.key, errors) else { continue };
        let value = read(&item, errors);
        let slot = all.slot(framework);
        if slot.is_some() {
            errors.at(&item.key, format!("`{}` is given twice", item.key));
        }
        *slot = value;
    }
    Some(all)
}

fn framework(ident: &Ident, errors: &mut Errors) -> Option<Framework> {
    match ident.to_string().as_str() {
        "flax" => Some(Framework::Flax),
        "haiku" => Some(Framework::Haiku),
        "objax" => Some(Framework::Objax),
        name => {
            errors.at(ident, errors::unknown("framework", name, ["flax", "haiku", "objax"].into_iter()));
            None
        }
    }
}

/// The frameworks that have a field.
pub(super) fn only(item: &Item, errors: &mut Errors) -> Option<Vec<Framework>> {
    let group = list(item, "the frameworks that have the field", errors)?;
    let mut all = Vec::new();
    for tokens in split(group.stream()) {
        let framework = match tokens.as_slice() {
            [TokenTree::Ident(ident)] => framework(ident, errors),
            other => {
                errors.at(trees(other), "expected a framework: `flax`, `haiku` or `objax`");
                None
            }
        };
        let Some(framework) = framework else { continue };
        if all.contains(&framework) {
            errors.at(trees(&tokens), format!("`{}` is given twice", trees(&tokens)));
        }
        all.push(framework);
    }
    if group.stream().is_empty() {
        wrong_form(item, "the frameworks that have the field", errors);
    }
    (!all.is_empty()).then_some(all)
}

/// How flax writes a list.
pub(super) fn list_form(item: &Item, errors: &mut Errors) -> Option<ListForm> {
    let literal = string(item, errors)?;
    match literal.value().as_str() {
        "dot" => Some(ListForm::Dot),
        "suffix" => Some(ListForm::Suffix),
        name => {
            errors.at(&literal, errors::unknown("form of a list", name, ["suffix", "dot"].into_iter()));
            None
        }
    }
}

fn integer(tokens: &[TokenTree]) -> Option<usize> {
    let literal = syn::parse2::<LitInt>(ungrouped(trees(tokens))).ok()?;
    if !matches!(literal.suffix(), "" | "usize") {
        return None;
    }
    literal.base10_parse().ok()
}

fn trees(tokens: &[TokenTree]) -> TokenStream {
    tokens.iter().map(ToTokens::to_token_stream).collect()
}

/// All parts of a list, or an error on each that cannot be read.
fn each<T>(
    parts: impl Iterator<Item = Option<T>>,
    group: &Group,
    expected: &str,
    errors: &mut Errors,
) -> Option<Vec<T>> {
    let mut all = Some(Vec::new());
    for (part, tokens) in parts.zip(split(group.stream())) {
        match (part, &mut all) {
            (Some(part), Some(all)) => all.push(part),
            (Some(_), None) => {}
            (None, _) => {
                if tokens.is_empty() {
                    errors.at(group, expected)
                } else {
                    errors.at(trees(&tokens), expected)
                }
                all = None;
            }
        }
    }
    all
}
