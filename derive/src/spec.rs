//! The constants that tell a format of the attributes.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use serde_derive_internals::ast::Style;
use serde_derive_internals::name::MultiName;

use crate::attributes::{Attributes, Framework, ListForm, PerFramework};
use crate::model::{Body, Direction, Field, Model, Variant};

/// The spec of a type, as an expression.
pub(crate) fn type_spec(model: &Model<'_>) -> TokenStream {
    let name = model.name(Direction::Save);
    let class = option(model.ours.class.as_ref().map(|class| &class.value));
    let scope = option(model.ours.scope.as_ref().map(|scope| &scope.value));
    let collection = collection(&model.ours);
    let flattens = model.fields().any(|field| field.serde.attrs.flatten());
    let (is_module, fields, variants) = match &model.body {
        Body::Struct(style, list) => {
            let is_module =
                matches!(style, Style::Newtype) && list.iter().any(|field| field.ours.names.any().is_some());
            (is_module, fields(*style, list), Vec::new())
        }
        Body::Enum(variants) => (false, Vec::new(), variants.iter().map(variant_spec).collect()),
    };
    quote! {
        __safejax::TypeSpec {
            name: #name,
            class: #class,
            scope: #scope,
            collection: #collection,
            fields: &[#(#fields),*],
            variants: &[#(#variants),*],
            is_module: #is_module,
            flattens: #flattens,
        }
    }
}

fn variant_spec(variant: &Variant<'_>) -> TokenStream {
    let name = variant.serde.attrs.name();
    let field = field_spec(&name.serialize_name().value, &loads(name, &variant.serde.attrs), &variant.ours, None);
    let fields = fields(variant.serde.style, &variant.fields);
    quote!(__safejax::VariantSpec { field: #field, fields: &[#(#fields),*] })
}

/// The names by which serde loads something, its aliases behind its name.
fn loads<A: Aliases>(name: &MultiName, attrs: &A) -> Vec<String> {
    let mut names = vec![name.deserialize_name().value.clone()];
    for alias in attrs.aliases() {
        if !names.contains(&alias.value) {
            names.push(alias.value.clone());
        }
    }
    names
}

/// What has names by which serde loads it.
trait Aliases {
    fn aliases(&self) -> &BTreeSet<serde_derive_internals::name::Name>;
}

impl Aliases for serde_derive_internals::attr::Field {
    fn aliases(&self) -> &BTreeSet<serde_derive_internals::name::Name> {
        self.aliases()
    }
}

impl Aliases for serde_derive_internals::attr::Variant {
    fn aliases(&self) -> &BTreeSet<serde_derive_internals::name::Name> {
        self.aliases()
    }
}

/// The specs of the fields of a struct or of a variant that are saved or loaded.
fn fields(style: Style, fields: &[Field<'_>]) -> Vec<TokenStream> {
    let (mut saved, mut loaded) = (0usize, 0usize);
    let mut specs = Vec::new();
    for field in fields {
        let (skips_saving, skips_loading) = (field.is_skipped(Direction::Save), field.is_skipped(Direction::Load));
        let attrs = &field.serde.attrs;
        let (name, loads) = match style {
            Style::Struct => (attrs.name().serialize_name().value.clone(), loads(attrs.name(), attrs)),
            // serde counts the elements that are there.
            Style::Tuple | Style::Newtype | Style::Unit => {
                let name = if skips_saving { String::new() } else { saved.to_string() };
                (name, vec![loaded.to_string()])
            }
        };
        saved += usize::from(!skips_saving);
        loaded += usize::from(!skips_loading);
        if skips_saving && skips_loading {
            continue;
        }
        let loads = if skips_loading { Vec::new() } else { loads };
        let tensor = field.is_tensor().then(|| {
            let marker = &field.marker;
            quote!(<#marker as __safejax::TensorField>::SPEC)
        });
        specs.push(field_spec(&name, &loads, &field.ours, tensor));
    }
    specs
}

fn field_spec(name: &str, loads: &[String], ours: &Attributes, tensor: Option<TokenStream>) -> TokenStream {
    let names = per_framework(&names(name, ours), |name| name.to_token_stream());
    let collection = collection(ours);
    let only = option(ours.only.as_ref().map(|only| {
        let frameworks = only.value.iter().map(|framework| match framework {
            Framework::Flax => quote!(__safejax::Framework::Flax),
            Framework::Haiku => quote!(__safejax::Framework::Haiku),
            Framework::Objax => quote!(__safejax::Framework::Objax),
        });
        quote!(&[#(#frameworks),*])
    }));
    let list = option(ours.list.as_ref().map(|list| match list.value {
        ListForm::Dot => quote!(__safejax::ListForm::Dot),
        ListForm::Suffix => quote!(__safejax::ListForm::Suffix),
    }));
    let tensor = option(tensor);
    quote! {
        __safejax::FieldSpec {
            name: #name,
            loads: &[#(#loads),*],
            names: #names,
            collection: #collection,
            only: #only,
            list: #list,
            tensor: #tensor,
        }
    }
}

/// The name in each framework, scope and kind included, where it is another than serde's.
fn names(name: &str, ours: &Attributes) -> PerFramework<String> {
    let given = |name: &Option<crate::attributes::Keyed<syn::LitStr>>| name.as_ref().map(|name| name.value.value());
    let own = |base: &Option<String>| base.clone().unwrap_or_else(|| name.to_owned());
    let mut names = PerFramework {
        flax: given(&ours.names.flax),
        haiku: given(&ours.names.haiku),
        objax: given(&ours.names.objax),
    };
    if let Some(scope) = &ours.scope {
        names.haiku = Some(format!("{}/{}", scope.value.value(), own(&names.haiku)));
    }
    if let Some(var) = &ours.var {
        names.objax = Some(format!("{}::{}", own(&names.objax), var.value.value()));
    }
    let differs = |text: &String| text != name;
    PerFramework {
        flax: names.flax.filter(differs),
        haiku: names.haiku.filter(differs),
        objax: names.objax.filter(differs),
    }
}

fn collection(ours: &Attributes) -> TokenStream {
    match &ours.collection {
        Some(collection) => per_framework(&collection.value, |name| name.to_token_stream()),
        None => quote!(__safejax::PerFramework::NONE),
    }
}

pub(crate) fn per_framework<T>(all: &PerFramework<T>, emit: impl Fn(&T) -> TokenStream) -> TokenStream {
    if all.any().is_none() {
        return quote!(__safejax::PerFramework::NONE);
    }
    let flax = option(all.flax.as_ref().map(&emit));
    let haiku = option(all.haiku.as_ref().map(&emit));
    let objax = option(all.objax.as_ref().map(&emit));
    quote!(__safejax::PerFramework { flax: #flax, haiku: #haiku, objax: #objax })
}

pub(crate) fn option(value: impl IntoOption) -> TokenStream {
    match value.into_option() {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

/// An option of something that can be written.
pub(crate) trait IntoOption {
    fn into_option(self) -> Option<TokenStream>;
}

impl<T: ToTokens> IntoOption for Option<T> {
    fn into_option(self) -> Option<TokenStream> {
        self.map(ToTokens::into_token_stream)
    }
}

impl<T: ToTokens> IntoOption for &Option<T> {
    fn into_option(self) -> Option<TokenStream> {
        self.as_ref().map(ToTokens::to_token_stream)
    }
}
