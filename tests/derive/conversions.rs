//! Types that serde saves and loads as others, and types of other crates.

use safejax::{Deserialize, Serialize};

use crate::{back, keys, refusal, tensor};

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(into = "Vec<f32>", try_from = "Vec<f32>")]
struct Pair(f32, f32);

impl From<Pair> for Vec<f32> {
    fn from(pair: Pair) -> Self {
        vec![pair.0, pair.1]
    }
}

impl TryFrom<Vec<f32>> for Pair {
    type Error = String;

    fn try_from(values: Vec<f32>) -> Result<Self, String> {
        match values[..] {
            [a, b] => Ok(Self(a, b)),
            _ => Err("no pair".into()),
        }
    }
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(from = "Saved")]
struct Loads {
    #[tensor(flax = "kernel")]
    weight: Vec<f32>,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Saved {
    #[tensor]
    kernel: Vec<f32>,
}

impl From<Saved> for Loads {
    fn from(saved: Saved) -> Self {
        Self { weight: saved.kernel }
    }
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Converted {
    pair: Pair,
    loads: Loads,
}

#[test]
fn from_into_and_try_from() {
    let value = Converted { pair: Pair(1.0, 2.0), loads: Loads { weight: vec![3.0] } };
    assert_eq!(keys(&value), ["loads.kernel"]);
    assert_eq!(back(&value), value);
    #[derive(Serialize)]
    struct Wrong {
        pair: [f32; 1],
    }
    assert!(refusal::<Converted>(&Wrong { pair: [1.0] }).contains("no pair"));
}

mod foreign {
    #[derive(Debug, PartialEq)]
    pub(super) struct Private<T> {
        kernel: Vec<T>,
        name: String,
    }

    impl<T: Clone> Private<T> {
        pub(super) fn new(kernel: Vec<T>, name: String) -> Self {
            Self { kernel, name }
        }

        pub(super) fn kernel(&self) -> &Vec<T> {
            &self.kernel
        }

        pub(super) fn name(&self) -> String {
            self.name.clone()
        }
    }

    #[derive(Debug, PartialEq)]
    pub(super) struct Layer {
        pub(super) kernel: Vec<f32>,
        pub(super) name: String,
    }

    #[derive(Debug, PartialEq)]
    pub(super) enum Kind {
        Dense(Vec<f32>),
        Unit,
        Fields { a: Vec<f32>, b: u8 },
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "foreign::Layer")]
struct LayerDef {
    #[tensor(dtype = "F16", shape(2))]
    kernel: Vec<f32>,
    name: String,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "foreign::Kind")]
enum KindDef {
    Dense(#[tensor] Vec<f32>),
    Unit,
    Fields {
        #[tensor(shape(2))]
        a: Vec<f32>,
        b: u8,
    },
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Remote {
    #[serde(with = "LayerDef")]
    layer: foreign::Layer,
    #[serde(with = "KindDef")]
    kind: foreign::Kind,
}

#[test]
fn a_remote_type() {
    let remote = |kernel, kind| Remote { layer: foreign::Layer { kernel, name: "a".into() }, kind };
    let value = remote(vec![1.0, 2.0], foreign::Kind::Dense(vec![3.0]));
    assert_eq!(keys(&value), ["kind.Dense", "layer.kernel"]);
    assert_eq!(tensor(&value, "layer.kernel").dtype(), safejax::Dtype::F16);
    assert_eq!(back(&value), value);
    assert!(safejax::to_bytes(&remote(vec![1.0], foreign::Kind::Unit)).is_err());
    let fields = |a| remote(vec![1.0, 2.0], foreign::Kind::Fields { a, b: 1 });
    assert_eq!(back(&fields(vec![1.0, 2.0])), fields(vec![1.0, 2.0]));
    assert!(safejax::to_bytes(&fields(vec![1.0])).is_err());
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "foreign::Private")]
struct PrivateDef<T: Clone> {
    #[tensor(flax = "w", shape(2))]
    #[serde(getter = "foreign::Private::kernel")]
    kernel: Vec<T>,
    #[serde(getter = "foreign::Private::name")]
    name: String,
}

impl<T: Clone> From<PrivateDef<T>> for foreign::Private<T> {
    fn from(def: PrivateDef<T>) -> Self {
        Self::new(def.kernel, def.name)
    }
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct HoldsPrivate {
    #[serde(with = "PrivateDef")]
    layer: foreign::Private<f32>,
}

#[test]
fn a_remote_type_with_private_fields() {
    let holds = |kernel| HoldsPrivate { layer: foreign::Private::new(kernel, "a".into()) };
    assert_eq!(keys(&holds(vec![1.0, 2.0])), ["layer.w"]);
    assert_eq!(back(&holds(vec![1.0, 2.0])), holds(vec![1.0, 2.0]));
    assert!(safejax::to_bytes(&holds(vec![1.0])).is_err());
}
