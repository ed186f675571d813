//! What the tokens of a field's type tell.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{GenericArgument, Ident, Lifetime, Path, PathArguments, ReturnType, Type, TypeParamBound, TypePath};

use serde_derive_internals::ungroup;

/// The type in an `Option<…>`, by its spelling.
pub(crate) fn in_option(ty: &Type) -> Option<&Type> {
    argument(ty, "Option")
}

/// The type of the items, if this is a `Vec` of tensors by its spelling, and not of elements. It may
/// be in an `Option`, and each item too.
///
/// `Vec<E>` is one tensor, and its elements are scalars and arrays of them. All of those but
/// `Complex<f32>` are spelt without parameters, and all tensors but `Tensor` with some.
pub(crate) fn in_list(ty: &Type) -> Option<&Type> {
    let item = argument(in_option(ty).unwrap_or(ty), "Vec")?;
    let Type::Path(TypePath { qself: None, path, .. }) = ungroup(item) else { return None };
    let segment = path.segments.last()?;
    let is_tensor = match &segment.arguments {
        PathArguments::AngleBracketed(_) => segment.ident != "Complex",
        PathArguments::None => segment.ident == "Tensor",
        PathArguments::Parenthesized(_) => false,
    };
    is_tensor.then_some(in_option(item).unwrap_or(item))
}

/// The only argument of a type of this name.
fn argument<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let Type::Path(TypePath { qself: None, path, .. }) = ungroup(ty) else { return None };
    let segment = path.segments.last().filter(|segment| segment.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    match arguments.args.first()? {
        GenericArgument::Type(ty) if arguments.args.len() == 1 => Some(ty),
        _ => None,
    }
}

/// The lifetimes in a type.
pub(crate) fn lifetimes(ty: &Type) -> BTreeSet<Lifetime> {
    let mut found = BTreeSet::new();
    collect(ty.to_token_stream(), &mut found);
    found
}

fn collect(tokens: TokenStream, found: &mut BTreeSet<Lifetime>) {
    let mut quote = None;
    for token in tokens {
        let before = quote.take();
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '\'' => quote = Some(punct.span()),
            TokenTree::Ident(ident) => {
                if let Some(apostrophe) = before {
                    found.insert(Lifetime { apostrophe, ident });
                }
            }
            TokenTree::Group(group) => collect(group.stream(), found),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// The type parameters that fields speak of, found as serde finds them.
pub(crate) struct Parameters<'a> {
    all: &'a BTreeSet<Ident>,
    /// Those that stand in a type alone, or as an argument.
    pub(crate) used: BTreeSet<Ident>,
    /// Types of fields that are an associated type of a parameter, `T::Item`.
    pub(crate) associated: Vec<TypePath>,
}

impl<'a> Parameters<'a> {
    pub(crate) fn new(all: &'a BTreeSet<Ident>) -> Self {
        Self { all, used: BTreeSet::new(), associated: Vec::new() }
    }

    /// Adds the type of a field.
    pub(crate) fn add(&mut self, ty: &Type) {
        if let Type::Path(ty) = ungroup(ty)
            && let Some(first) = ty.path.segments.first()
            && ty.path.segments.len() > 1
            && self.all.contains(&first.ident)
        {
            self.associated.push(ty.clone());
        }
        self.visit(ty);
    }

    fn visit(&mut self, ty: &Type) {
        match ty {
            Type::Array(array) => self.visit(&array.elem),
            Type::FnPtr(function) => {
                function.inputs.iter().for_each(|input| self.visit(&input.ty));
                self.visit_output(&function.output);
            }
            Type::Group(group) => self.visit(&group.elem),
            Type::ImplTrait(object) => self.visit_bounds(object.bounds.iter()),
            Type::Paren(paren) => self.visit(&paren.elem),
            Type::Path(path) => {
                if let Some(qself) = &path.qself {
                    self.visit(&qself.ty);
                }
                self.visit_path(&path.path);
            }
            Type::Ptr(pointer) => self.visit(&pointer.elem),
            Type::Reference(reference) => self.visit(&reference.elem),
            Type::Slice(slice) => self.visit(&slice.elem),
            Type::TraitObject(object) => self.visit_bounds(object.bounds.iter()),
            Type::Tuple(tuple) => tuple.elems.iter().for_each(|elem| self.visit(elem)),
            _ => {}
        }
    }

    fn visit_path(&mut self, path: &Path) {
        if path.segments.last().is_some_and(|last| last.ident == "PhantomData") {
            // It is serialized whatever it stands for.
            return;
        }
        if let Some(ident) = path.get_ident()
            && self.all.contains(ident)
        {
            self.used.insert(ident.clone());
        }
        for segment in &path.segments {
            match &segment.arguments {
                PathArguments::None => {}
                PathArguments::AngleBracketed(arguments) => {
                    for argument in &arguments.args {
                        match argument {
                            GenericArgument::Type(ty) => self.visit(ty),
                            GenericArgument::AssocType(ty) => self.visit(&ty.ty),
                            _ => {}
                        }
                    }
                }
                PathArguments::Parenthesized(arguments) => {
                    arguments.inputs.iter().for_each(|input| self.visit(&input.ty));
                    self.visit_output(&arguments.output);
                }
            }
        }
    }

    fn visit_output(&mut self, output: &ReturnType) {
        if let ReturnType::Type(_, ty) = output {
            self.visit(ty);
        }
    }

    fn visit_bounds<'b>(&mut self, bounds: impl Iterator<Item = &'b TypeParamBound>) {
        for bound in bounds {
            if let TypeParamBound::Trait(bound) = bound {
                self.visit_path(&bound.path);
            }
        }
    }
}

/// Whether a type speaks of one of these parameters, in whatever way.
pub(crate) fn mentions(ty: &Type, parameters: &BTreeSet<Ident>) -> bool {
    fn any(tokens: TokenStream, parameters: &BTreeSet<Ident>) -> bool {
        tokens.into_iter().any(|token| match token {
            TokenTree::Ident(ident) => parameters.contains(&ident),
            TokenTree::Group(group) => any(group.stream(), parameters),
            TokenTree::Punct(_) | TokenTree::Literal(_) => false,
        })
    }
    any(ty.to_token_stream(), parameters)
}
