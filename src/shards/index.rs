//! The index of a sharded checkpoint: which file has which key.

use std::collections::{BTreeMap, HashSet};
use std::fmt::{self, Write};
use std::path::{Component, Path};

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Error, Result};

/// What follows the base name.
pub(crate) const SUFFIX: &str = ".safetensors.index.json";

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Index {
    /// `total_size`, and what else a writer has to say of the whole.
    #[serde(default)]
    pub(crate) metadata: BTreeMap<String, Value>,
    /// The file of each key.
    #[serde(deserialize_with = "without_duplicates")]
    pub(crate) weight_map: BTreeMap<String, String>,
}

impl Index {
    /// Reads an index.
    pub(crate) fn parse(text: &[u8]) -> Result<Self> {
        let index: Self = serde_json::from_slice(text).map_err(|error| invalid(error.to_string()))?;
        for (key, file) in &index.weight_map {
            let plain = Path::new(file).components().all(|part| matches!(part, Component::Normal(_)));
            if !plain || file.is_empty() {
                let reason = format!("the file `{file}` is not beside the index");
                return Err(invalid(reason).at(|| key.clone()));
            }
        }
        Ok(index)
    }

    /// The files, each once, in the order of their names.
    pub(crate) fn files(&self) -> Vec<&str> {
        let files: HashSet<&str> = self.weight_map.values().map(String::as_str).collect();
        let mut files: Vec<&str> = files.into_iter().collect();
        files.sort_unstable();
        files
    }

    /// The text that `json.dumps(index, indent=2, sort_keys=True)` makes of it, and a newline.
    pub(crate) fn to_text(&self) -> Result<String> {
        let text = serde_json::to_string_pretty(self).map_err(|error| invalid(error.to_string()))?;
        let mut ascii = String::with_capacity(text.len() + 1);
        for c in text.chars() {
            // Only strings hold what is not plain ASCII, so escaping it anywhere is right.
            if c == '\n' || (' '..='~').contains(&c) {
                ascii.push(c);
            } else {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(ascii, "\\u{unit:04x}");
                }
            }
        }
        ascii.push('\n');
        Ok(ascii)
    }
}

pub(super) fn invalid(reason: impl Into<String>) -> Error {
    Error::unsupported(format!("invalid index of shards: {}", reason.into()))
}

/// JSON allows a name twice, and most readers take the last.
fn without_duplicates<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<BTreeMap<String, String>, D::Error> {
    struct Unique;
    impl<'de> Visitor<'de> for Unique {
        type Value = BTreeMap<String, String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object that names the file of each key")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> std::result::Result<Self::Value, A::Error> {
            let mut map = BTreeMap::new();
            while let Some((key, file)) = entries.next_entry::<String, String>()? {
                if let Some(other) = map.insert(key.clone(), file.clone()) {
                    let message = format!("the key `{key}` is in two shards, `{other}` and `{file}`");
                    return Err(serde::de::Error::custom(message));
                }
            }
            Ok(map)
        }
    }
    deserializer.deserialize_map(Unique)
}

#[cfg(test)]
mod tests {
    use super::Index;

    #[test]
    fn the_text_is_that_of_pythons_json() {
        let mut index = Index::default();
        index.metadata.insert("total_size".into(), 8.into());
        index.weight_map.insert("ключ\u{1f600}\u{7f}\n".into(), "model.safetensors".into());
        let expected = "{\n  \"metadata\": {\n    \"total_size\": 8\n  },\n  \"weight_map\": {\n    \
                        \"\\u043a\\u043b\\u044e\\u0447\\ud83d\\ude00\\u007f\\n\": \"model.safetensors\"\n  }\n}\n";
        assert_eq!(index.to_text().unwrap(), expected);
        assert_eq!(Index::parse(expected.as_bytes()).unwrap().weight_map, index.weight_map);
    }

    #[test]
    fn a_key_in_two_shards_is_refused() {
        let error = Index::parse(br#"{"weight_map": {"w": "a.safetensors", "w": "b.safetensors"}}"#).unwrap_err();
        let message = error.to_string();
        assert!(message.contains("`w` is in two shards, `a.safetensors` and `b.safetensors`"), "{message}");
    }

    #[test]
    fn a_file_elsewhere_is_refused() {
        for file in ["../x.safetensors", "/x.safetensors", ""] {
            let text = format!(r#"{{"weight_map": {{"w": "{file}"}}}}"#);
            assert!(Index::parse(text.as_bytes()).unwrap_err().to_string().contains("not beside"), "{file}");
        }
    }
}
