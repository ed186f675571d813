//! The keys of maps, which are text in a tree.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, Visitor};

/// A map key of any scalar type, as text.
pub(super) struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key that is a string, an integer, a bool or a char")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_u128<E: de::Error>(self, value: u128) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<String, E> {
        Ok(value.to_owned())
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<String, E> {
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use serde::de::IntoDeserializer;
    use serde::de::value::Error;

    use super::*;

    fn read<'de, T: IntoDeserializer<'de, Error>>(key: T) -> Result<String, Error> {
        Key.deserialize(key.into_deserializer())
    }

    #[test]
    fn scalars_become_text() {
        assert_eq!(read("a.b").unwrap(), "a.b");
        assert_eq!(read('k').unwrap(), "k");
        assert_eq!(read(true).unwrap(), "true");
        assert_eq!(read(-3i8).unwrap(), "-3");
        assert_eq!(read(u64::MAX).unwrap(), u64::MAX.to_string());
        assert_eq!(read(i128::MIN).unwrap(), i128::MIN.to_string());
    }

    #[test]
    fn what_is_no_scalar_or_has_no_one_text_is_refused() {
        assert!(read(0.5).is_err());
        assert!(read(()).is_err());
        assert!(read(vec!['a']).is_err());
    }
}
