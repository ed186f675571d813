//! The code of a derive.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use serde_derive_internals::replace_receiver;
use syn::punctuated::Punctuated;
use syn::{DeriveInput, GenericParam, Generics, Ident, LifetimeParam};

use crate::bounds::{self, Bounds};
use crate::errors::Errors;
use crate::model::{Direction, Model, SHADOW, read_serde};
use crate::{check, remote, shadow, shapes, spec, tensor};

/// Derives one of the two traits.
pub(crate) fn derive(mut input: DeriveInput, direction: Direction) -> TokenStream {
    let ident = input.ident.clone();
    // `Self` in a type means the type, not its shadow.
    replace_receiver(&mut input);
    input.ident = Ident::new(SHADOW, Span::call_site());
    let mut errors = Errors::default();
    let Some((container, is_read)) = read_serde(&input, direction) else {
        errors.here("a union has no serde form: derive on a struct or an enum");
        return errors.into_code().unwrap_or_default();
    };
    let model = Model::new(&ident, &container, &mut errors);
    check::check(&model, direction, &mut errors);
    match errors.into_code() {
        Some(errors) => {
            let stub = stub(&model, direction);
            quote!(#errors #stub)
        }
        None => code(&model, direction, is_read),
    }
}

/// What stands in where serde's derive writes nothing, because it has told an error.
fn fallback() -> TokenStream {
    quote! {
        #[allow(dead_code)]
        trait __Fallback {
            fn serialize<__T, __R>(_: &__T, _: impl Sized) -> __R {
                loop {}
            }

            fn deserialize<__R>(_: impl Sized) -> __R {
                loop {}
            }
        }
        impl<__T> __Fallback for __T {}
    }
}

/// An impl that keeps the compiler from telling more than what is wrong: that the type has none.
fn stub(model: &Model<'_>, direction: Direction) -> TokenStream {
    if model.serde.attrs.remote().is_some() {
        return TokenStream::new();
    }
    let (ident, runtime) = (model.ident, model.runtime());
    let mut generics = model.serde.generics.clone();
    let (_, arguments, _) = model.serde.generics.split_for_impl();
    match direction {
        Direction::Save => {
            let (parameters, _, clause) = generics.split_for_impl();
            quote! {
                #[automatically_derived]
                impl #parameters #runtime::__private::serde::Serialize for #ident #arguments #clause {
                    fn serialize<__S: #runtime::__private::serde::Serializer>(
                        &self,
                        _: __S,
                    ) -> ::core::result::Result<__S::Ok, __S::Error> {
                        loop {}
                    }
                }
            }
        }
        Direction::Load => {
            generics.params.insert(0, syn::parse_quote!('__de));
            let (parameters, _, clause) = generics.split_for_impl();
            quote! {
                #[automatically_derived]
                impl #parameters #runtime::__private::serde::Deserialize<'__de> for #ident #arguments #clause {
                    fn deserialize<__D: #runtime::__private::serde::Deserializer<'__de>>(
                        _: __D,
                    ) -> ::core::result::Result<Self, __D::Error> {
                        loop {}
                    }
                }
            }
        }
    }
}

fn code(model: &Model<'_>, direction: Direction, is_read: bool) -> TokenStream {
    let fallback = if is_read { TokenStream::new() } else { fallback() };
    let runtime = model.runtime();
    let bounds = Bounds::of(model, direction);
    let shadow = shadow::shadow(model, direction, &bounds);
    let conversion = remote::conversion(model, direction);
    let tensors = model.fields().filter(|field| field.is_tensor()).map(|field| {
        let spec = tensor::tensor_field(field);
        let code = tensor::own_code(field, model.serde.generics, direction);
        quote!(#spec #code)
    });
    let spec = tells(model, direction).then(|| {
        let spec = spec::type_spec(model);
        quote!(static __SPEC: __safejax::TypeSpec = #spec;)
    });
    let implementation = match direction {
        Direction::Save => save(model, &bounds),
        Direction::Load => load(model, &bounds),
    };
    quote! {
        #[doc(hidden)]
        #[allow(
            deprecated,
            explicit_outlives_requirements,
            non_camel_case_types,
            non_snake_case,
            non_upper_case_globals,
            single_use_lifetimes,
            trivial_bounds,
            unused_attributes,
            unused_qualifications,
            clippy::absolute_paths,
        )]
        const _: () = {
            use #runtime::__private as __safejax;
            #(#tensors)*
            #spec
            #fallback
            #shadow
            #conversion
            #implementation
        };
    }
}

/// Whether the format is told of the type.
fn tells(model: &Model<'_>, direction: Direction) -> bool {
    model.is_telling() && model.keeps_its_fields(direction)
}

/// The generics of an impl.
fn generics(model: &Model<'_>, bounds: &Bounds) -> Generics {
    let mut generics = model.serde.generics.clone();
    generics.make_where_clause().predicates.extend(bounds.all().cloned());
    generics
}

fn save(model: &Model<'_>, bounds: &Bounds) -> TokenStream {
    let generics = generics(model, bounds);
    let (parameters, arguments, clause) = generics.split_for_impl();
    let shadow = shadow::with_arguments(model);
    let value = if model.serde.attrs.remote().is_some() { quote!(__value) } else { quote!(self) };
    let shapes = shapes::check(model, Direction::Save, &value);
    let (announce, mutable) = if tells(model, Direction::Save) {
        (quote!(__safejax::announce_save(&mut __serializer, &__SPEC)?;), quote!(mut))
    } else {
        (TokenStream::new(), TokenStream::new())
    };
    let body = quote! {
        #shapes
        #announce
        <#shadow>::serialize(#value, __serializer)
    };
    let ident = model.ident;
    match model.serde.attrs.remote() {
        Some(remote) => {
            let (vis, uses) = (&model.serde.original.vis, remote::uses(model));
            quote! {
                #[automatically_derived]
                impl #parameters #ident #arguments #clause {
                    #vis fn serialize<__S: __safejax::serde::Serializer>(
                        __value: &#remote #arguments,
                        #mutable __serializer: __S,
                    ) -> ::core::result::Result<__S::Ok, __S::Error> {
                        #uses
                        #body
                    }
                }
            }
        }
        None => quote! {
            #[automatically_derived]
            impl #parameters __safejax::serde::Serialize for #ident #arguments #clause {
                fn serialize<__S: __safejax::serde::Serializer>(
                    &self,
                    #mutable __serializer: __S,
                ) -> ::core::result::Result<__S::Ok, __S::Error> {
                    #body
                }
            }
        },
    }
}

fn load(model: &Model<'_>, bounds: &Bounds) -> TokenStream {
    let mut generics = generics(model, bounds);
    let borrowed = bounds::borrowed(model);
    let lifetime = bounds::de_lifetime(&borrowed);
    let (_, arguments, _) = model.serde.generics.split_for_impl();
    if lifetime.ident == "de" {
        let parameter = LifetimeParam {
            attrs: Vec::new(),
            lifetime: lifetime.clone(),
            colon_token: None,
            bounds: Punctuated::from_iter(borrowed),
        };
        generics.params.insert(0, GenericParam::Lifetime(parameter));
    }
    let (parameters, _, clause) = generics.split_for_impl();
    let shadow = shadow::with_arguments(model);
    let shapes = shapes::check(model, Direction::Load, &quote!(__value));
    let (announce, mutable) = if tells(model, Direction::Load) {
        (quote!(__safejax::announce_load(&mut __deserializer, &__SPEC);), quote!(mut))
    } else {
        (TokenStream::new(), TokenStream::new())
    };
    let body = if shapes.is_empty() {
        quote! {
            #announce
            <#shadow>::deserialize(__deserializer)
        }
    } else {
        quote! {
            #announce
            let __loaded = <#shadow>::deserialize(__deserializer)?;
            let __value = &__loaded;
            #shapes
            ::core::result::Result::Ok(__loaded)
        }
    };
    let ident = model.ident;
    match model.serde.attrs.remote() {
        Some(remote) => {
            let (vis, uses) = (&model.serde.original.vis, remote::uses(model));
            quote! {
                #[automatically_derived]
                impl #parameters #ident #arguments #clause {
                    #vis fn deserialize<__D: __safejax::serde::Deserializer<#lifetime>>(
                        #mutable __deserializer: __D,
                    ) -> ::core::result::Result<#remote #arguments, __D::Error> {
                        #uses
                        #body
                    }
                }
            }
        }
        None => quote! {
            #[automatically_derived]
            impl #parameters __safejax::serde::Deserialize<#lifetime> for #ident #arguments #clause {
                fn deserialize<__D: __safejax::serde::Deserializer<#lifetime>>(
                    #mutable __deserializer: __D,
                ) -> ::core::result::Result<Self, __D::Error> {
                    #body
                }
            }
        },
    }
}
