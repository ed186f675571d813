//! The definition of a remote type: what stands between it and its shadow.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Member, parse_quote};

use crate::model::{Body, Direction, Field, Model};
use crate::shadow;

/// The conversion of the shadow into the remote type, where that has private fields: by way of the
/// definition, of which the user says how it is converted.
pub(crate) fn conversion(model: &Model<'_>, direction: Direction) -> TokenStream {
    let (Some(remote), Body::Struct(_, fields)) = (model.serde.attrs.remote(), &model.body) else {
        return TokenStream::new();
    };
    let is_private = fields.iter().any(|field| field.serde.attrs.getter().is_some());
    if direction == Direction::Save || !is_private {
        return TokenStream::new();
    }
    let (ident, shadow) = (model.ident, shadow::with_arguments(model));
    let mut generics = model.serde.generics.clone();
    let (_, arguments, _) = model.serde.generics.split_for_impl();
    generics.make_where_clause().predicates.push(parse_quote! {
        #remote #arguments: ::core::convert::From<#ident #arguments>
    });
    let (parameters, _, clause) = generics.split_for_impl();
    let members = fields.iter().map(|field| &field.serde.member);
    let members = members.map(|member| quote!(#member: __shadow.#member,));
    quote! {
        #[automatically_derived]
        impl #parameters ::core::convert::From<#shadow> for #remote #arguments #clause {
            fn from(__shadow: #shadow) -> Self {
                ::core::convert::From::from(#ident { #(#members)* })
            }
        }
    }
}

/// A statement in which every field of the definition is read, and every variant made: it is no value
/// of its own, and they would count as unused.
pub(crate) fn uses(model: &Model<'_>) -> TokenStream {
    if model.serde.attrs.remote().is_none() || model.serde.attrs.is_packed() {
        return TokenStream::new();
    }
    let ident = model.ident;
    let (_, arguments, _) = model.serde.generics.split_for_impl();
    let bindings = |fields: &[Field<'_>]| -> TokenStream {
        let members = fields.iter().enumerate().map(|(index, field)| {
            let (member, name): (&Member, _) = (&field.serde.member, format_ident!("__field{index}"));
            quote!(#member: #name,)
        });
        members.collect()
    };
    match &model.body {
        Body::Struct(_, fields) => {
            let bindings = bindings(fields);
            quote! {
                match ::core::option::Option::None::<&#ident #arguments> {
                    ::core::option::Option::Some(#ident { #bindings }) => {}
                    ::core::option::Option::None => {}
                }
            }
        }
        Body::Enum(variants) => {
            let reads = variants.iter().map(|variant| {
                let (name, bindings) = (&variant.serde.ident, bindings(&variant.fields));
                quote!(::core::option::Option::Some(#ident::#name { #bindings }) => {})
            });
            let makes = variants.iter().map(|variant| {
                let (name, bindings) = (&variant.serde.ident, bindings(&variant.fields));
                let names = (0..variant.fields.len()).map(|index| format_ident!("__field{index}"));
                let turbofish = arguments.as_turbofish();
                quote! {
                    match ::core::option::Option::None {
                        ::core::option::Option::Some((#(#names,)*)) => {
                            let _ = #ident::#name #turbofish { #bindings };
                        }
                        ::core::option::Option::None => {}
                    }
                }
            });
            quote! {
                match ::core::option::Option::None::<&#ident #arguments> {
                    #(#reads)*
                    ::core::option::Option::None => {}
                }
                #(#makes)*
            }
        }
    }
}
