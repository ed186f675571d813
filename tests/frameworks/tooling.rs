//! The public `Serializer` and `Deserializer` with types that have names of their own.

use ndarray::{Array2, arr2};
use safejax::{Naming, Options};
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, safejax::Serialize, safejax::Deserialize)]
struct Net {
    #[safejax(objax = "linear")]
    dense: Dense,
}

#[derive(Debug, PartialEq, safejax::Serialize, safejax::Deserialize)]
struct Dense {
    #[tensor(objax = "w", transpose)]
    kernel: Array2<f32>,
}

fn net() -> Net {
    Net { dense: Dense { kernel: arr2(&[[1.0, 2.0, 3.0]]) } }
}

#[test]
fn the_deserializer_knows_the_names_of_the_root() {
    let bytes = Options::new().naming(Naming::objax()).to_bytes(&net()).unwrap();
    let mut deserializer = safejax::Deserializer::from_bytes(&bytes).unwrap();
    let by_reference = Net::deserialize(&mut deserializer).unwrap();
    let by_value = Net::deserialize(deserializer).unwrap();
    assert_eq!((by_reference, by_value), (net(), net()));
}

#[test]
fn the_serializer_makes_a_tree_of_fields_by_their_names_in_rust() {
    let tree = net().serialize(safejax::Serializer::new()).unwrap();
    let kernel = tree.get("dense.kernel").and_then(safejax::Tree::as_tensor).unwrap();
    assert_eq!(kernel.shape(), [3, 1]);
}
