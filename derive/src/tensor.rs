//! The types that stand for the tensor fields: their specs, and the code that saves and loads them.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{GenericParam, Generics};

use crate::attributes::{Extent, Permutation};
use crate::model::{Direction, Field};
use crate::spec::{option, per_framework};
use crate::types;

/// The type that stands for a tensor field, with its spec.
pub(crate) fn tensor_field(field: &Field<'_>) -> TokenStream {
    let (marker, ours) = (&field.marker, &field.ours);
    let name = match &field.serde.member {
        syn::Member::Named(ident) => syn::ext::IdentExt::unraw(ident).to_string(),
        syn::Member::Unnamed(index) => index.index.to_string(),
    };
    let dtype = option(ours.dtype.as_ref().map(|dtype| {
        let dtype = &dtype.value;
        quote!(__safejax::Dtype::#dtype)
    }));
    let shape = option(ours.shape.as_ref().map(|shape| {
        let extents = shape.value.iter().map(|extent| match extent {
            Extent::Any => quote!(__safejax::Extent::Any),
            Extent::Is(number) => quote!(__safejax::Extent::Is(#number)),
            Extent::Named(name) => quote!(__safejax::Extent::Named(#name)),
        });
        quote!(&[#(#extents),*])
    }));
    let permutation = option(ours.permutation.as_ref().map(|permutation| match &permutation.value {
        Permutation::Transpose => quote!(__safejax::Permutation::Transpose),
        Permutation::Axes(axes) => quote!(__safejax::Permutation::Axes(&[#(#axes),*])),
    }));
    let reshape = match &ours.reshape {
        Some(reshape) => per_framework(&reshape.value, |pattern| {
            let axes = pattern.iter().map(option);
            quote!(&[#(#axes),*])
        }),
        None => quote!(__safejax::PerFramework::NONE),
    };
    quote! {
        struct #marker;
        impl __safejax::TensorField for #marker {
            const SPEC: &'static __safejax::TensorSpec = &__safejax::TensorSpec {
                field: #name,
                dtype: #dtype,
                shape: #shape,
                permutation: #permutation,
                reshape: #reshape,
            };
        }
    }
}

/// The functions that serde's derive calls for a field whose type is known.
///
/// Their code stands on the tokens of the type, and they ask for the one trait that it has to have, so
/// that the compiler's error says that on the right place.
pub(crate) fn own_code(field: &Field<'_>, generics: &Generics, direction: Direction) -> Option<TokenStream> {
    if !field.has_own_code(generics) {
        return None;
    }
    let (marker, ty) = (&field.marker, field.serde.ty);
    let lifetimes = types::lifetimes(ty);
    let named = lifetimes.iter().filter(|lifetime| lifetime.ident != "static");
    let named: Vec<_> = named.collect();
    let consts = generics.params.iter().filter_map(|parameter| match parameter {
        GenericParam::Const(parameter) if types::mentions(ty, &[parameter.ident.clone()].into()) => {
            let (ident, ty) = (&parameter.ident, &parameter.ty);
            Some(quote!(const #ident: #ty))
        }
        _ => None,
    });
    let consts: Vec<_> = consts.collect();
    let (option, tensor) = match types::in_option(ty) {
        Some(inner) => (true, inner),
        None => (false, ty),
    };
    let span = ty.span();
    Some(match direction {
        Direction::Save => {
            let function = if option { quote!(save_option) } else { quote!(save_tensor) };
            let call = quote_spanned! {span=>
                __safejax::#function::<#tensor, __S>(<Self as __safejax::TensorField>::SPEC, __value, __serializer)
            };
            quote! {
                impl #marker {
                    fn serialize<#(#named,)* #(#consts,)* __S: __safejax::serde::Serializer>(
                        __value: &#ty,
                        __serializer: __S,
                    ) -> ::core::result::Result<__S::Ok, __S::Error> {
                        #call
                    }
                }
            }
        }
        Direction::Load => {
            let function = if option { quote!(load_option) } else { quote!(load_tensor) };
            let is_static = lifetimes.iter().any(|lifetime| lifetime.ident == "static");
            let (parameter, lifetime) = if is_static {
                (TokenStream::new(), quote!('static))
            } else {
                (quote!('de: #(#named +)*,), quote!('de))
            };
            let call = quote_spanned! {span=>
                __safejax::#function::<#tensor, __D>(<Self as __safejax::TensorField>::SPEC, __deserializer)
            };
            quote! {
                impl #marker {
                    fn deserialize<#parameter #(#named,)* #(#consts,)* __D: __safejax::serde::Deserializer<#lifetime>>(
                        __deserializer: __D,
                    ) -> ::core::result::Result<#ty, __D::Error> {
                        #call
                    }
                }
            }
        }
    })
}
