//! The one metadata entry that this crate adds to a file, where it is due.
//!
//! It says what the keys alone do not: the naming, which metadata entries are leaves of the value,
//! and which maps of digits were lists.

use serde_json::{Value, json};

use crate::naming::Naming;

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) naming: Naming,
    /// Whether the value was a single tensor or leaf without a name.
    pub(crate) bare: bool,
    /// The keys of the leaves.
    pub(crate) leaves: Vec<String>,
    /// The keys of the lists.
    pub(crate) lists: Vec<String>,
}

impl Entry {
    /// Its name in the metadata.
    pub(crate) const KEY: &'static str = "safejax";

    pub(crate) fn to_text(&self) -> String {
        let mut entry = self.naming.describe();
        if let Value::Object(fields) = &mut entry {
            for (name, keys) in [("leaves", &self.leaves), ("lists", &self.lists)] {
                if !keys.is_empty() {
                    fields.insert(name.to_owned(), json!(keys));
                }
            }
            if self.bare {
                fields.insert("bare".to_owned(), json!(true));
            }
        }
        entry.to_string()
    }

    /// Reads an entry; what is not one was written by somebody else, and is theirs.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        let entry: Value = serde_json::from_str(text).ok()?;
        let keys = |name| -> Option<Vec<String>> {
            match entry.get(name) {
                None => Some(Vec::new()),
                Some(keys) => keys.as_array()?.iter().map(|key| key.as_str().map(str::to_owned)).collect(),
            }
        };
        Some(Self {
            naming: Naming::from_description(&entry)?,
            bare: entry.get("bare").is_some_and(|bare| bare == true),
            leaves: keys("leaves")?,
            lists: {
                let mut lists = keys("lists")?;
                lists.sort_unstable();
                lists
            },
        })
    }

    /// Whether this is the key of a list, in an entry that was read.
    pub(crate) fn is_list(&self, key: &str) -> bool {
        self.lists.binary_search_by(|list| list.as_str().cmp(key)).is_ok()
    }
}
