//! The items of an attribute: `key`, `key = value` and `key(…)`.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Meta};

use super::Keyed;
use crate::errors::Errors;

/// One item of an attribute.
pub(crate) struct Item {
    pub(crate) key: Ident,
    pub(crate) form: Form,
}

/// What stands behind the key of an item.
pub(crate) enum Form {
    Word,
    Value(TokenStream),
    List(Group),
}

impl Item {
    /// A value of this item, if it could be read.
    pub(crate) fn keyed<T>(&self, value: Option<T>) -> Option<Keyed<T>> {
        Some(Keyed { key: self.key.clone(), value: value? })
    }

    /// What stands behind the key, for an error; the key itself if nothing does.
    pub(crate) fn tokens(&self) -> TokenStream {
        match &self.form {
            Form::Value(tokens) if !tokens.is_empty() => tokens.clone(),
            Form::List(group) => group.to_token_stream(),
            Form::Value(_) | Form::Word => self.key.to_token_stream(),
        }
    }
}

/// The items of an attribute that can be read; one that cannot is an error, and the next is tried.
pub(super) fn items(attribute: &Attribute, in_tensor: bool, errors: &mut Errors) -> Vec<Item> {
    match &attribute.meta {
        Meta::Path(_) if in_tensor => Vec::new(),
        Meta::List(list) if matches!(list.delimiter, syn::MacroDelimiter::Paren(_)) => {
            let parts = split(list.tokens.clone()).into_iter();
            parts.filter_map(|tokens| item(tokens, "a key, such as `flax`", attribute.path(), errors)).collect()
        }
        meta => {
            let expected = if in_tensor { "`#[tensor]` or `#[tensor(…)]`" } else { "`#[safejax(…)]`" };
            errors.at(meta, format!("expected {expected}"));
            Vec::new()
        }
    }
}

/// The parts between the commas.
pub(super) fn split(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let mut parts = vec![Vec::new()];
    for token in tokens {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == ',' => parts.push(Vec::new()),
            _ => {
                if let Some(part) = parts.last_mut() {
                    part.push(token);
                }
            }
        }
    }
    if parts.last().is_some_and(Vec::is_empty) {
        parts.pop();
    }
    parts
}

/// Reads what stands between two commas, in the place of `outer`.
pub(super) fn item(tokens: Vec<TokenTree>, expected: &str, outer: impl ToTokens, errors: &mut Errors) -> Option<Item> {
    let mut rest = tokens.into_iter();
    let key = match rest.next() {
        Some(TokenTree::Ident(ident)) => ident,
        Some(other) => {
            errors.at(other, format!("expected {expected}"));
            return None;
        }
        None => {
            errors.at(outer, format!("expected {expected}, before a comma"));
            return None;
        }
    };
    let form = match rest.next() {
        None => Form::Word,
        Some(TokenTree::Punct(punct)) if punct.as_char() == '=' => Form::Value(rest.by_ref().collect()),
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => Form::List(group),
        Some(other) => {
            errors.at(other, format!("expected `=`, `(` or `,` behind `{key}`"));
            return None;
        }
    };
    if let Some(other) = rest.next() {
        errors.at(other, format!("expected `,` behind `{key}(…)`"));
        return None;
    }
    Some(Item { key, form })
}
