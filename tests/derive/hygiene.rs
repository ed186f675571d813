//! Names and lints of the code around a derive.

#![deny(warnings, missing_docs, unused, unused_qualifications, single_use_lifetimes)]
#![deny(clippy::all, clippy::pedantic)]
#![allow(unreachable_pub, clippy::non_minimal_cfg)]

use ndarray::{Array2, array};

use crate::{back, keys};

/// Names of the prelude that mean something else here.
mod shadowed {
    #![allow(dead_code)]

    pub(super) struct Result;
    pub(super) struct Option;
    pub(super) struct Ok;
    pub(super) struct Some;
    pub(super) struct None;
    pub(super) struct Err;
    pub(super) struct Default;
    pub(super) struct Vec;
    pub(super) mod core {}
    pub(super) mod std {}
    pub(super) mod serde {}

    #[derive(safejax::Serialize, safejax::Deserialize)]
    pub(super) struct Layer {
        #[tensor(dtype = "BF16", shape(2))]
        pub(super) kernel: ::std::vec::Vec<f32>,
        #[tensor]
        pub(super) bias: ::std::option::Option<::std::vec::Vec<f32>>,
        #[serde(default)]
        pub(super) steps: u8,
    }

    #[derive(safejax::Serialize, safejax::Deserialize)]
    pub(super) enum Either {
        Left(#[tensor] ::std::vec::Vec<f32>),
        Right {
            #[tensor(shape(n))]
            n: ::std::vec::Vec<f32>,
        },
    }
}

#[test]
fn the_prelude_may_mean_something_else() {
    let layer = shadowed::Layer { kernel: vec![1.0, 2.0], bias: None, steps: 0 };
    assert_eq!(back(&layer).kernel, [1.0, 2.0]);
    let either = shadowed::Either::Right { n: vec![1.0] };
    assert!(matches!(back(&either), shadowed::Either::Right { n } if n.len() == 1));
}

/// A type that is named by a keyword.
#[derive(safejax::Serialize, safejax::Deserialize, Debug, PartialEq)]
#[allow(non_camel_case_types)]
pub struct r#type {
    /// A field that is named by a keyword.
    #[tensor(shape(r#in))]
    pub r#fn: Vec<f32>,
    /// Another.
    #[tensor]
    #[serde(rename = "loop")]
    pub r#loop: Option<Vec<f32>>,
}

#[test]
fn raw_identifiers_are_known_by_their_names() {
    let value = r#type { r#fn: vec![1.0], r#loop: None };
    assert_eq!(keys(&value), ["fn"]);
    assert_eq!(back(&value), value);
    assert_eq!(serde_json::to_string(&value).unwrap(), r#"{"fn":[1.0],"loop":null}"#);
}

#[test]
fn a_type_in_a_function_body() {
    const SIZE: usize = 2;
    #[derive(safejax::Serialize, safejax::Deserialize, Debug, PartialEq)]
    struct Local {
        #[tensor(shape(2))]
        kernel: Vec<f32>,
        sizes: [u8; SIZE],
        inner: Inner,
    }
    #[derive(safejax::Serialize, safejax::Deserialize, Debug, PartialEq)]
    struct Inner(#[tensor(dtype = "F16")] Vec<f32>);

    let value = Local { kernel: vec![1.0, 2.0], sizes: [1, 2], inner: Inner(vec![3.0]) };
    assert_eq!(back(&value), value);
}

/// Fields that are there or not.
#[derive(safejax::Serialize, safejax::Deserialize, Debug, PartialEq)]
pub struct Configured {
    /// There.
    #[cfg(all())]
    #[tensor]
    pub there: Vec<f32>,
    /// Not there.
    #[cfg(any())]
    #[tensor(dtype = "unknown")]
    pub gone: String,
    /// With an attribute or without.
    #[cfg_attr(all(), tensor(dtype = "F16"))]
    #[cfg_attr(any(), tensor(dtype = "F64"))]
    pub narrow: Vec<f32>,
}

#[test]
fn fields_that_are_configured_away() {
    let value = Configured { there: vec![1.0], narrow: vec![2.0] };
    assert_eq!(keys(&value), ["narrow", "there"]);
    assert_eq!(back(&value), value);
}

#[derive(Debug, PartialEq)]
struct Private<T>(T);

impl<T: safejax::ToTensor> safejax::ToTensor for Private<T> {
    fn to_tensor(&self) -> safejax::Result<safejax::CowTensor<'_>> {
        self.0.to_tensor()
    }
}

impl<'de, T: safejax::FromTensor<'de>> safejax::FromTensor<'de> for Private<T> {
    fn from_tensor(tensor: safejax::StoredTensor<'_, 'de>) -> safejax::Result<Self> {
        T::from_tensor(tensor).map(Self)
    }
}

/// A public type with a field of a private one.
#[derive(safejax::Serialize, safejax::Deserialize, Debug, PartialEq)]
pub struct Public<T> {
    #[tensor(shape(_))]
    kernel: Private<T>,
}

#[test]
fn a_private_type_in_a_bound() {
    let value = Public { kernel: Private(vec![1.0f32]) };
    assert_eq!(back(&value), value);
}

/// A crate that has safejax under another name.
mod facade {
    pub(super) use safejax as params;
}

#[derive(safejax::Serialize, safejax::Deserialize, Debug, PartialEq)]
#[safejax(crate = "crate::hygiene::facade::params")]
struct Renamed {
    #[tensor(shape(n))]
    kernel: Vec<f32>,
    #[tensor(shape(n))]
    bias: Vec<f32>,
}

#[test]
fn the_crate_may_have_another_path() {
    let value = Renamed { kernel: vec![1.0], bias: vec![2.0] };
    assert_eq!(back(&value), value);
}

macro_rules! layer {
    ($name:ident, $field:ident: $ty:ty, $dtype:literal, $len:literal, $size:ident) => {
        #[derive(safejax::Serialize, safejax::Deserialize, Debug, PartialEq)]
        struct $name {
            #[tensor(dtype = $dtype, shape($len, $size), permute($len, 0), reshape(haiku = ($len, _, $len)))]
            $field: $ty,
        }
    };
}

layer!(FromMacro, kernel: Option<Array2<f32>>, "F16", 1, size);

#[test]
fn a_type_that_a_macro_writes() {
    let value = FromMacro { kernel: None };
    assert_eq!(back(&value), value);
    let value = FromMacro { kernel: Some(array![[1.0, 2.0]]) };
    assert_eq!(back(&value), value);
    assert!(safejax::to_bytes(&FromMacro { kernel: Some(array![[1.0], [2.0]]) }).is_err());
}

#[derive(safejax::Serialize, safejax::Deserialize, Clone, Copy, Debug, PartialEq)]
#[repr(C, packed)]
struct Packed {
    small: u8,
    large: u32,
}

#[test]
fn a_packed_struct() {
    let value = Packed { small: 1, large: 2 };
    assert_eq!(back(&value), value);
}

#[derive(safejax::Serialize, safejax::Deserialize, Debug, PartialEq)]
#[deprecated]
struct Old {
    #[deprecated]
    #[tensor]
    kernel: Vec<f32>,
}

#[test]
#[allow(deprecated)]
fn deprecation_is_no_warning_in_derived_code() {
    let value = Old { kernel: vec![1.0] };
    assert_eq!(back(&value), value);
}

/// Names as mathematics has them.
#[derive(safejax::Serialize, safejax::Deserialize, Debug, PartialEq)]
#[allow(non_snake_case)]
#[expect(clippy::struct_excessive_bools)]
struct Weights {
    #[tensor]
    W: Vec<f32>,
    is_a: bool,
    is_b: bool,
    is_c: bool,
    is_d: bool,
    #[allow(clippy::type_complexity)]
    scratch: [Option<(Box<(u8, [Option<Box<(u8, [u8; 2])>>; 2])>, Box<(u8, [Option<Box<(u8, [u8; 2])>>; 2])>)>; 2],
}

/// Variants as Python has them.
#[derive(safejax::Serialize, safejax::Deserialize, Debug, PartialEq)]
#[allow(non_camel_case_types, clippy::large_enum_variant)]
enum layers {
    conv_2d(#[tensor] [f32; 1000]),
    identity,
}

#[test]
fn what_the_user_allows_is_allowed_in_derived_code() {
    let value = Weights { W: vec![1.0], is_a: true, is_b: false, is_c: true, is_d: false, scratch: [None, None] };
    assert_eq!(back(&value), value);
    let value = layers::conv_2d([1.0; 1000]);
    assert_eq!(keys(&value), ["conv_2d"]);
    assert_eq!(back(&value), value);
    assert!(safejax::to_bytes(&vec![layers::identity]).is_ok());
}
