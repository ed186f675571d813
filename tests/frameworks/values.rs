//! Values beside what is in files: the manifests of golden ones, and the keys of those that were saved.

use std::collections::BTreeMap;
use std::fmt::Debug;

use ndarray::{Array, Dimension};
use safejax::{Element, Naming, Options, Tensor};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::common::Golden;

impl Golden {
    /// Checks every element of a tensor, whatever shape it has in memory.
    pub(crate) fn assert_elements<E: Element, D: Dimension>(&self, key: &str, array: &Array<E, D>) {
        let stored = array.to_shape(self.info(key).shape.clone()).unwrap().into_owned();
        self.assert_tensor(key, &Tensor::from(stored));
    }

    /// Loads a model, and saves it as the very bytes that it was loaded from.
    pub(crate) fn assert_round_trip<T: Serialize + DeserializeOwned>(&self) -> T {
        let model: T = safejax::from_file(&self.path).unwrap();
        self.assert_saves_as_same_bytes(&model);
        model
    }
}

/// The three frameworks, as namings.
pub(crate) fn frameworks() -> [Naming; 3] {
    [Naming::flax(), Naming::haiku(), Naming::objax()]
}

pub(crate) fn save<T: Serialize>(naming: Naming, value: &T) -> Vec<u8> {
    Options::new().naming(naming).to_bytes(value).unwrap()
}

/// The keys under which a value is saved, sorted; those of leaves too.
pub(crate) fn keys<T: Serialize>(naming: Naming, value: &T) -> Vec<String> {
    let file = save(naming, value);
    let mut keys = crate::common::keys(&file);
    keys.extend(leaves(&file).into_keys());
    crate::common::sorted(keys)
}

/// The leaves of a file: their keys and their texts.
pub(crate) fn leaves(file: &[u8]) -> BTreeMap<String, String> {
    let header: serde_json::Value = serde_json::from_str(crate::common::header_text(file)).unwrap();
    let Some(metadata) = header.get("__metadata__") else { return BTreeMap::new() };
    let mut metadata: BTreeMap<String, String> = serde_json::from_value(metadata.clone()).unwrap();
    metadata.remove("safejax");
    metadata
}

/// Checks the keys of a value in each framework, and that it is read back from each.
pub(crate) fn assert_keys<T: Serialize + DeserializeOwned + Debug + PartialEq>(value: &T, expected: [&[&str]; 3]) {
    for (naming, expected) in frameworks().into_iter().zip(expected) {
        assert_eq!(keys(naming.clone(), value), expected, "{naming}");
        assert_reads_back(naming, value);
    }
}

/// Checks that a value is read back, with the naming that it was saved in.
pub(crate) fn assert_reads_back<T: Serialize + DeserializeOwned + Debug + PartialEq>(naming: Naming, value: &T) {
    let file = save(naming.clone(), value);
    let asked: T = Options::new().naming(naming.clone()).from_bytes(&file).unwrap();
    assert_eq!(&asked, value, "{naming}");
}
