//! The definition of a remote type is no value of its own: without this its fields count as unused.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Member;

use crate::model::{Body, Field, Model};

/// A statement in which every field of the definition is read, and every variant made.
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
