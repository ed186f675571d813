//! Loaded values beside the manifest of the file that they came from.

use ndarray::{Array, Dimension};
use safejax::{Element, Tensor};
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
