//! In other formats a type looks the same as with serde's own derives.

use std::fmt::Debug;

use ndarray::{Array1, Array2, array};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The same text and the same bytes in every format, and back.
fn same<T: Serialize + DeserializeOwned + PartialEq + Debug>(ours: T, plain: impl Serialize) {
    let text = serde_json::to_string(&ours).unwrap();
    assert_eq!(text, serde_json::to_string(&plain).unwrap());
    assert_eq!(serde_json::from_str::<T>(&text).unwrap(), ours);
    let value = serde_json::to_value(&ours).unwrap();
    assert_eq!(serde_json::from_value::<T>(value).unwrap(), ours);

    let text = ron::to_string(&ours).unwrap();
    assert_eq!(text, ron::to_string(&plain).unwrap());
    assert_eq!(ron::from_str::<T>(&text).unwrap(), ours);
}

/// The same with the names of the structs.
fn same_names<T: Serialize + DeserializeOwned + PartialEq + Debug>(ours: &T, plain: impl Serialize) {
    let config = ron::ser::PrettyConfig::new().struct_names(true);
    let text = ron::ser::to_string_pretty(&ours, config.clone()).unwrap();
    assert_eq!(text, ron::ser::to_string_pretty(&plain, config).unwrap());
    assert_eq!(&ron::from_str::<T>(&text).unwrap(), ours);
}

/// The same in formats that tell nothing of a value but its bytes.
fn same_bytes<T: Serialize + DeserializeOwned + PartialEq + Debug>(ours: T, plain: impl Serialize) {
    let config = bincode::config::standard();
    let bytes = bincode::serde::encode_to_vec(&ours, config).unwrap();
    assert_eq!(bytes, bincode::serde::encode_to_vec(&plain, config).unwrap());
    assert_eq!(bincode::serde::decode_from_slice::<T, _>(&bytes, config).unwrap(), (ours, bytes.len()));
}

fn same_in_postcard<T: Serialize + DeserializeOwned + PartialEq + Debug>(ours: &T, plain: impl Serialize) {
    let bytes = postcard::to_allocvec(ours).unwrap();
    assert_eq!(bytes, postcard::to_allocvec(&plain).unwrap());
    assert_eq!(&postcard::from_bytes::<T>(&bytes).unwrap(), ours);
}

mod ours {
    use super::{Array1, Array2};
    use safejax::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    #[safejax(class = "Linear", scope = "~method", collection(flax = "state"))]
    pub(super) struct Dense {
        #[tensor(transpose, dtype = "BF16", flax = "kernel", haiku = "w", shape(inp, out), reshape(objax = (1, _, _)))]
        pub(super) weight: Array2<f32>,
        #[tensor(shape(out), only(haiku))]
        pub(super) bias: Option<Vec<f32>>,
        #[tensor]
        pub(super) ids: [u8; 3],
        #[tensor(var = "StateVar")]
        pub(super) scale: f64,
        #[safejax(metadata)]
        pub(super) stats: Array1<f32>,
    }

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    pub(super) struct Embed(#[tensor(flax = "embedding")] pub(super) Array2<f32>);

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    pub(super) struct Bare(#[tensor] pub(super) Option<Vec<u16>>);

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    pub(super) struct Pair(#[tensor(haiku = "a")] pub(super) Vec<f32>, pub(super) u8);

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    pub(super) struct Unit;

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    #[serde(rename_all = "snake_case")]
    pub(super) enum Layer {
        Identity,
        #[safejax(flax = "dense_0")]
        Dense(Dense),
        Pair(#[tensor(flax = "a")] Vec<f32>, #[tensor] Vec<f32>),
        Fields {
            #[tensor(haiku = "b", shape(_))]
            bias: Vec<f32>,
            unit: Unit,
        },
    }

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    #[serde(rename = "Network")]
    pub(super) struct Net {
        #[safejax(list = "suffix", flax = "Layers")]
        pub(super) layers: Vec<Layer>,
        #[safejax(scope = "~encode", collection(flax = "cache"))]
        pub(super) embed: Embed,
        pub(super) bare: Vec<Bare>,
        pub(super) pair: Option<Pair>,
        pub(super) plain: Vec<f32>,
        #[serde(skip)]
        pub(super) skipped: u8,
        #[serde(default, alias = "s")]
        pub(super) steps: i64,
    }

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    #[serde(tag = "kind")]
    pub(super) enum Internal {
        Embed {
            #[tensor(transpose)]
            table: Array2<f32>,
        },
        Unit,
    }

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    #[serde(untagged)]
    pub(super) enum Untagged {
        Table {
            #[tensor(transpose)]
            table: Array2<f32>,
        },
        Bias(#[tensor] Vec<f32>),
    }

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    pub(super) struct Flat {
        #[serde(flatten)]
        pub(super) pair: Inner,
        #[tensor]
        pub(super) scale: Vec<f32>,
    }

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    pub(super) struct Inner {
        #[tensor(flax = "b")]
        pub(super) bias: Vec<f32>,
        #[tensor]
        pub(super) table: Array1<u8>,
    }
}

mod plain {
    use super::{Array1, Array2};
    use serde::Serialize;

    #[derive(Serialize)]
    pub(super) struct Dense {
        pub(super) weight: Array2<f32>,
        pub(super) bias: Option<Vec<f32>>,
        pub(super) ids: [u8; 3],
        pub(super) scale: f64,
        pub(super) stats: Array1<f32>,
    }

    #[derive(Serialize)]
    pub(super) struct Embed(pub(super) Array2<f32>);

    #[derive(Serialize)]
    pub(super) struct Bare(pub(super) Option<Vec<u16>>);

    #[derive(Serialize)]
    pub(super) struct Pair(pub(super) Vec<f32>, pub(super) u8);

    #[derive(Serialize)]
    pub(super) struct Unit;

    #[derive(Serialize)]
    #[serde(rename_all = "snake_case")]
    pub(super) enum Layer {
        Identity,
        Dense(Dense),
        Pair(Vec<f32>, Vec<f32>),
        Fields { bias: Vec<f32>, unit: Unit },
    }

    #[derive(Serialize)]
    #[serde(rename = "Network")]
    pub(super) struct Net {
        pub(super) layers: Vec<Layer>,
        pub(super) embed: Embed,
        pub(super) bare: Vec<Bare>,
        pub(super) pair: Option<Pair>,
        pub(super) plain: Vec<f32>,
        #[serde(skip)]
        #[allow(dead_code)]
        pub(super) skipped: u8,
        #[serde(default, alias = "s")]
        pub(super) steps: i64,
    }

    #[derive(Serialize)]
    #[serde(tag = "kind")]
    pub(super) enum Internal {
        Embed { table: Array2<f32> },
        Unit,
    }

    #[derive(Serialize)]
    #[serde(untagged)]
    pub(super) enum Untagged {
        Table { table: Array2<f32> },
        Bias(Vec<f32>),
    }

    #[derive(Serialize)]
    pub(super) struct Flat {
        #[serde(flatten)]
        pub(super) pair: Inner,
        pub(super) scale: Vec<f32>,
    }

    #[derive(Serialize)]
    pub(super) struct Inner {
        pub(super) bias: Vec<f32>,
        pub(super) table: Array1<u8>,
    }
}

/// The same expression with the types of each module.
macro_rules! both {
    ($value:expr) => {
        (
            {
                use ours::*;
                $value
            },
            {
                use plain::*;
                $value
            },
        )
    };
}

/// A network with a layer of every form; `ours::*` or `plain::*` gives the types their meaning.
macro_rules! net {
    () => {{
        let dense = || Dense {
            weight: array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]],
            bias: Some(vec![1.0, 2.0, 3.0]),
            ids: [1, 2, 3],
            scale: 0.5,
            stats: array![1.0],
        };
        Net {
            layers: vec![
                Layer::Identity,
                Layer::Dense(dense()),
                Layer::Dense(Dense { bias: None, ..dense() }),
                Layer::Pair(vec![1.0], vec![2.0]),
                Layer::Fields { bias: vec![1.0], unit: Unit },
            ],
            embed: Embed(array![[1.0, 2.0]]),
            bare: vec![Bare(Some(vec![1])), Bare(None)],
            pair: Some(Pair(vec![1.0], 2)),
            plain: vec![1.0],
            skipped: 0,
            steps: -3,
        }
    }};
}

#[test]
fn structs_and_enums_in_formats_that_describe_themselves() {
    let (ours, plain) = both!(net!());
    same_names(&ours, &plain);
    same(ours, plain);
}

#[test]
fn structs_and_enums_in_formats_of_bare_bytes() {
    let (ours, plain) = both!(net!());
    same_in_postcard(&ours, &plain);
    same_bytes(ours, plain);
}

#[test]
fn tagged_enums_and_flattened_structs() {
    let (ours, plain) = both!(Internal::Embed { table: array![[1.0, 2.0]] });
    same(ours, plain);
    let (ours, plain) = both!(Internal::Unit);
    same(ours, plain);
    let (ours, plain) = both!(Untagged::Table { table: array![[1.0, 2.0]] });
    same(ours, plain);
    let (ours, plain) = both!(Untagged::Bias(vec![1.0]));
    same(ours, plain);
    let (ours, plain) = both!(Flat { pair: Inner { bias: vec![1.0], table: array![1] }, scale: vec![2.0] });
    same(ours, plain);
}
