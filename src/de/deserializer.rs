//! The public [`Deserializer`], for serde's tooling.

use std::cell::Cell;

use serde::de::{self, Visitor};

use crate::de::value::{At, Value};
use crate::memory::Announce;
use crate::spec::TypeSpec;
use crate::{Checkpoint, Error, Result};

/// A `serde::Deserializer` over the bytes of a file.
///
/// [`from_bytes`](crate::from_bytes) is the short way. The type is public so that serde's tooling
/// works: `serde_path_to_error`, `serde_transcode`, `erased-serde`. One difference: a field for
/// which nothing is stored (a unit, an empty struct) is found missing here, where `from_bytes` tries
/// again without it; `#[serde(default)]` settles it for both.
///
/// # Examples
///
/// ```
/// use serde::Deserialize;
/// use std::collections::BTreeMap;
///
/// let bytes = safejax::to_bytes(&BTreeMap::from([("w", ndarray::arr1(&[1.0f32]))]))?;
/// let mut deserializer = safejax::Deserializer::from_bytes(&bytes)?;
/// let params = BTreeMap::<String, ndarray::Array1<f32>>::deserialize(&mut deserializer)?;
/// assert_eq!(params["w"], ndarray::arr1(&[1.0]));
/// # Ok::<(), safejax::Error>(())
/// ```
pub struct Deserializer<'de> {
    checkpoint: Checkpoint<'de>,
    /// What is known of the type that is asked for next.
    spec: Cell<Option<&'static TypeSpec>>,
}

impl<'de> Deserializer<'de> {
    /// A deserializer of the file in these bytes.
    ///
    /// # Errors
    ///
    /// When they are no safetensors file.
    pub fn from_bytes(bytes: &'de [u8]) -> Result<Self> {
        Ok(Self { checkpoint: Checkpoint::from_bytes(bytes)?, spec: Cell::default() })
    }
}

macro_rules! forward {
    ($($method:ident($($arg:ident: $ty:ty),*)),* $(,)?) => {
        $(fn $method<V: Visitor<'de>>(self, $($arg: $ty,)* visitor: V) -> Result<V::Value> {
            let reader = self.checkpoint.lasting_reader()?;
            let at = At::root(&reader);
            let mut value = Value::new(&reader, &at);
            if let Some(spec) = self.spec.take() {
                value.announce(spec);
            }
            de::Deserializer::$method(value, $($arg,)* visitor)
        })*
    };
}

macro_rules! deserializers {
    ($($this:ty),*) => {
        $(impl<'de> Announce for $this {
            type Message = &'static TypeSpec;

            fn announce(&mut self, spec: &'static TypeSpec) {
                self.spec.set(Some(spec));
            }
        }

        impl<'de> de::Deserializer<'de> for $this {
            type Error = Error;

            forward! {
            deserialize_any(),
            deserialize_bool(),
            deserialize_i8(),
            deserialize_i16(),
            deserialize_i32(),
            deserialize_i64(),
            deserialize_i128(),
            deserialize_u8(),
            deserialize_u16(),
            deserialize_u32(),
            deserialize_u64(),
            deserialize_u128(),
            deserialize_f32(),
            deserialize_f64(),
            deserialize_char(),
            deserialize_str(),
            deserialize_string(),
            deserialize_bytes(),
            deserialize_byte_buf(),
            deserialize_option(),
            deserialize_unit(),
            deserialize_seq(),
            deserialize_map(),
            deserialize_identifier(),
            deserialize_ignored_any(),
            deserialize_unit_struct(name: &'static str),
            deserialize_newtype_struct(name: &'static str),
            deserialize_tuple(len: usize),
            deserialize_tuple_struct(name: &'static str, len: usize),
            deserialize_struct(name: &'static str, fields: &'static [&'static str]),
            deserialize_enum(name: &'static str, variants: &'static [&'static str]),
            }
        })*
    };
}

deserializers! { Deserializer<'de>, &Deserializer<'de>, &mut Deserializer<'de> }
