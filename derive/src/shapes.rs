//! The check of the shapes of a value, before it is saved and after it was loaded.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use crate::model::{Body, Direction, Field, Model};

/// Statements that check `value` (a reference), or nothing if no field has a shape.
pub(crate) fn check(model: &Model<'_>, direction: Direction, value: &TokenStream) -> TokenStream {
    if !model.fields().any(|field| field.ours.shape.is_some()) {
        return TokenStream::new();
    }
    let add = |field: &Field<'_>, place: TokenStream| {
        let marker = &field.marker;
        let ty = field.serde.ty;
        let method = match (direction, field.is_list()) {
            (Direction::Save, false) => quote!(save),
            (Direction::Save, true) => quote!(save_list),
            (Direction::Load, false) => quote!(load),
            (Direction::Load, true) => quote!(load_list),
        };
        let call = quote_spanned! {ty.span()=>
            __shapes.#method::<#ty, _>(<#marker as __safejax::TensorField>::SPEC, #place)
        };
        quote!(#call?;)
    };
    let shaped = |fields: &[Field<'_>], place: &dyn Fn(usize, &Field<'_>) -> TokenStream| -> TokenStream {
        let shaped = fields.iter().enumerate().filter(|(_, field)| field.ours.shape.is_some());
        shaped.map(|(index, field)| add(field, place(index, field))).collect()
    };
    let checks = match &model.body {
        Body::Struct(_, fields) => shaped(fields, &|_, field| match field.serde.attrs.getter() {
            Some(getter) => quote!(&#getter(#value)),
            None => {
                let member = &field.serde.member;
                quote!(&#value.#member)
            }
        }),
        Body::Enum(variants) => {
            let path = match model.serde.attrs.remote() {
                Some(remote) => quote!(#remote),
                None => {
                    let ident = model.ident;
                    quote!(#ident)
                }
            };
            let arms = variants.iter().filter(|variant| variant.fields.iter().any(|f| f.ours.shape.is_some()));
            let arms = arms.map(|variant| {
                let ident = &variant.serde.ident;
                let bindings = variant.fields.iter().enumerate().filter(|(_, field)| field.ours.shape.is_some());
                let bindings = bindings.map(|(index, field)| {
                    let (member, name) = (&field.serde.member, format_ident!("__field{index}"));
                    quote!(#member: #name)
                });
                let checks = shaped(&variant.fields, &|index, _| {
                    let name = format_ident!("__field{index}");
                    quote!(#name)
                });
                quote!(#path::#ident { #(#bindings,)* .. } => { #checks })
            });
            quote! {
                match #value {
                    #(#arms)*
                    #[allow(unreachable_patterns)]
                    _ => {}
                }
            }
        }
    };
    quote! {
        let mut __shapes = __safejax::Shapes::new();
        #checks
    }
}
