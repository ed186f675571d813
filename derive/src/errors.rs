//! The errors of one derive, all at once.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// What was found wrong, each with the tokens that it stands on.
#[derive(Default)]
pub(crate) struct Errors(Option<syn::Error>);

impl Errors {
    /// An error on these tokens.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl Into<String>) {
        self.add(syn::Error::new_spanned(tokens, message.into()));
    }

    /// An error on this token.
    pub(crate) fn on(&mut self, span: Span, message: impl Into<String>) {
        self.add(syn::Error::new(span, message.into()));
    }

    /// An error of the whole derive, where no token is to blame.
    pub(crate) fn here(&mut self, message: &str) {
        self.on(Span::call_site(), message);
    }

    fn add(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(first) => first.combine(error),
            none => *none = Some(error),
        }
    }

    /// The errors as code that reports them, if there are any.
    pub(crate) fn into_code(self) -> Option<TokenStream> {
        self.0.map(syn::Error::into_compile_error)
    }
}

/// The message for a name that does not exist: the nearest that does, or else all of them.
pub(crate) fn unknown<'a>(what: &str, name: &str, allowed: impl Iterator<Item = &'a str>) -> String {
    let allowed: Vec<&str> = allowed.collect();
    let list = allowed.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match nearest(name, &allowed) {
        Some(near) => format!("unknown {what}: `{name}`; did you mean `{near}`? Allowed are {list}"),
        None => format!("unknown {what}: `{name}`; allowed are {list}"),
    }
}

fn nearest<'a>(name: &str, allowed: &[&'a str]) -> Option<&'a str> {
    let distance = |candidate: &str| strsim::damerau_levenshtein(&name.to_lowercase(), &candidate.to_lowercase());
    let near = allowed.iter().map(|candidate| (distance(candidate), *candidate)).min_by_key(|(distance, _)| *distance);
    near.filter(|(distance, candidate)| *distance <= candidate.len().max(3) / 3 + 1).map(|(_, candidate)| candidate)
}
