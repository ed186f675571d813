//! Other names for what a header holds.

use std::collections::{HashMap, HashSet};

use super::{Header, Text};
use crate::rename::Renames;
use crate::{Error, ErrorKind, Result};

impl Header<'_> {
    /// Renames the tensors, and those metadata entries that are leaves.
    ///
    /// Nothing changes places: the tensors stay in the order of their data.
    pub(crate) fn rename(&mut self, leaves: &HashSet<&str>, renames: &Renames) -> Result<()> {
        let text: &str = &self.text;
        let entries = self.fields.entries.iter().map(|entry| entry.key.of(text));
        let metadata = self.fields.metadata.iter().flatten().map(|(key, _)| key.of(text));
        let mut taken: HashMap<String, &str> = HashMap::new();
        let mut changed = |key| -> Result<Box<str>> {
            let new = renames.apply(key).into_owned();
            if let Some(other) = taken.insert(new.clone(), key) {
                let (first, second) = (format!("`{other}`"), format!("`{key}`"));
                return Err(Error::new(ErrorKind::Clash { first, second }).at(|| new));
            }
            Ok(new.into())
        };
        let entries = entries.map(&mut changed).collect::<Result<Vec<_>>>()?;
        let metadata: Vec<Option<Box<str>>> =
            metadata.map(|key| leaves.contains(key).then(|| changed(key)).transpose()).collect::<Result<_>>()?;

        for (entry, key) in self.fields.entries.iter_mut().zip(entries) {
            entry.key = Text::Owned(key);
        }
        for ((text, _), key) in self.fields.metadata.iter_mut().flatten().zip(metadata) {
            if let Some(key) = key {
                *text = Text::Owned(key);
            }
        }
        self.fields.resurvey(&self.text);
        Ok(())
    }
}
