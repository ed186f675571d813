//! Names of each framework, on real keys.

use std::fmt::Debug;

use ndarray::{Array2, array};
use safejax::{Checkpoint, Deserialize, Naming, Options, Serialize};
use serde::de::DeserializeOwned;

pub(crate) fn save(value: &impl Serialize, naming: Naming) -> Vec<u8> {
    Options::new().naming(naming).to_bytes(value).unwrap()
}

/// The keys of a value in a framework, its metadata aside; the value comes back.
pub(crate) fn keys<T: Serialize + DeserializeOwned + Debug + PartialEq>(value: &T, naming: Naming) -> Vec<String> {
    let bytes = save(value, naming.clone());
    let loaded: T = Options::new().naming(naming).from_bytes(&bytes).unwrap();
    assert_eq!(&loaded, value);
    Checkpoint::from_bytes(&bytes).unwrap().keys().map(str::to_owned).collect()
}

/// The keys in flax, haiku and objax.
fn all<T: Serialize + DeserializeOwned + Debug + PartialEq>(value: &T) -> [Vec<String>; 3] {
    [Naming::flax(), Naming::haiku(), Naming::objax()].map(|naming| keys(value, naming))
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[safejax(class = "Linear")]
struct Dense {
    #[tensor(flax = "kernel", haiku = "w", objax = "w")]
    weight: Array2<f32>,
    #[tensor(flax = "bias", haiku = "b", objax = "b")]
    offset: Option<Vec<f32>>,
}

fn dense(value: f32) -> Dense {
    Dense { weight: array![[value]], offset: Some(vec![value]) }
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Net {
    #[safejax(flax = "Dense_0", haiku = "linear", objax = "fc")]
    first: Dense,
    second: Dense,
}

#[test]
fn a_struct_has_the_names_of_each_framework() {
    let value = Net { first: dense(1.0), second: dense(2.0) };
    let [flax, haiku, objax] = all(&value);
    assert_eq!(flax, ["Dense_0.bias", "Dense_0.kernel", "second.bias", "second.kernel"]);
    assert_eq!(haiku, ["linear.b", "linear.w", "second.b", "second.w"]);
    assert_eq!(
        objax,
        [
            "(Net).fc(Linear).b::TrainVar",
            "(Net).fc(Linear).w::TrainVar",
            "(Net).second(Linear).b::TrainVar",
            "(Net).second(Linear).w::TrainVar"
        ]
    );
    assert_eq!(keys(&value, Naming::keystr()), [".first.offset", ".first.weight", ".second.offset", ".second.weight"]);
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
struct Renamed {
    #[tensor(haiku = "w")]
    #[serde(alias = "kernel")]
    the_weight: Vec<f32>,
    #[serde(rename(serialize = "out", deserialize = "in"))]
    #[tensor(haiku = "b")]
    bias: Vec<f32>,
    #[tensor]
    the_scale: Vec<f32>,
}

#[test]
fn names_stand_beside_those_of_serde() {
    let value = Renamed { the_weight: vec![1.0], bias: vec![2.0], the_scale: vec![3.0] };
    let bytes = save(&value, Naming::haiku());
    let saved: Vec<_> = Checkpoint::from_bytes(&bytes).unwrap().keys().map(str::to_owned).collect();
    assert_eq!(saved, ["~.b", "~.theScale", "~.w"]);
    assert_eq!(Options::new().naming(Naming::haiku()).from_bytes::<Renamed>(&bytes).unwrap(), value);
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Tuple(
    #[tensor(flax = "kernel", haiku = "w")] Array2<f32>,
    #[safejax(flax = "dense", haiku = "linear")] Dense,
    #[tensor] Vec<f32>,
    #[serde(skip)] u8,
    #[tensor(flax = "bias", haiku = "b")] Option<Vec<f32>>,
);

#[test]
fn a_name_replaces_the_index_of_a_tuple_struct() {
    let value = Tuple(array![[1.0]], Dense { offset: None, ..dense(1.0) }, vec![2.0], 0, Some(vec![3.0]));
    assert_eq!(keys(&value, Naming::flax()), ["2", "bias", "dense.kernel", "kernel"]);
    let value = Tuple(array![[1.0]], Dense { offset: None, ..dense(1.0) }, vec![2.0], 0, None);
    assert_eq!(keys(&value, Naming::flax()), ["2", "dense.kernel", "kernel"]);
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Embed(#[tensor(flax = "embedding", haiku = "embeddings", objax = "w")] Array2<f32>);

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[safejax(class = "Wrapper")]
struct Wrapped(#[safejax(flax = "inner", haiku = "inner", objax = "inner")] Dense);

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Newtypes {
    embed: Embed,
    wrapped: Wrapped,
    bare: Bare,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Bare(#[tensor(dtype = "F16")] Vec<f32>);

#[test]
fn a_name_makes_a_newtype_a_module_of_one_field() {
    let value = Newtypes {
        embed: Embed(array![[1.0]]),
        wrapped: Wrapped(Dense { offset: None, ..dense(1.0) }),
        bare: Bare(vec![1.0]),
    };
    let [flax, haiku, objax] = all(&value);
    assert_eq!(flax, ["embed.embedding", "wrapped.inner.kernel", "bare"]);
    assert_eq!(haiku, ["embed.embeddings", "wrapped/~/inner.w", "~.bare"]);
    assert_eq!(
        objax,
        [
            "(Newtypes).embed(Embed).w::TrainVar",
            "(Newtypes).wrapped(Wrapper).inner(Linear).w::TrainVar",
            "(Newtypes).bare::TrainVar"
        ]
    );
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Layer {
    #[safejax(flax = "Dense_0", haiku = "linear", objax = "fc")]
    Dense(Dense),
    #[safejax(flax = "Bias_0")]
    Offset(#[tensor(dtype = "F16")] Vec<f32>),
    Pair(#[tensor(flax = "kernel", haiku = "w", objax = "w")] Vec<f32>, #[tensor] Vec<f32>),
    #[safejax(haiku = "norm")]
    Norm {
        #[tensor(flax = "scale", haiku = "gamma", objax = "gamma")]
        factor: Vec<f32>,
    },
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Layers {
    one: Layer,
}

#[test]
fn variants_and_their_fields_have_names() {
    let layer = |one| Layers { one };
    let value = layer(Layer::Dense(Dense { offset: None, ..dense(1.0) }));
    let [flax, haiku, objax] = all(&value);
    assert_eq!(flax, ["one.Dense_0.kernel"]);
    assert_eq!(haiku, ["one/~/linear.w"]);
    assert_eq!(objax.len(), 1);
    assert!(objax[0].contains(".fc(Linear).w::TrainVar"), "{objax:?}");
    let value = layer(Layer::Offset(vec![1.0]));
    assert_eq!(keys(&value, Naming::flax()), ["one.Bias_0"]);
    let value = layer(Layer::Pair(vec![1.0], vec![2.0]));
    assert_eq!(keys(&value, Naming::flax()), ["one.pair.1", "one.pair.kernel"]);
    let value = layer(Layer::Norm { factor: vec![1.0] });
    let [flax, haiku, _] = all(&value);
    assert_eq!(flax, ["one.norm.scale"]);
    assert_eq!(haiku, ["one/~/norm.gamma"]);
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Generic<T, const N: usize>
where
    T: PartialEq,
{
    #[safejax(flax = "inner", haiku = "mlp")]
    module: T,
    #[safejax(flax = "several", list = "suffix")]
    modules: Vec<Option<Box<T>>>,
    #[tensor(flax = "table", shape(2, _))]
    rows: [[f32; N]; 2],
}

#[test]
fn names_on_generic_types_and_through_pointers() {
    let dense = || Dense { offset: None, ..dense(1.0) };
    let modules = vec![Some(Box::new(dense())), Some(Box::new(dense()))];
    let value = Generic { module: dense(), modules, rows: [[1.0, 2.0], [3.0, 4.0]] };
    let mut flax = keys(&value, Naming::flax());
    flax.sort();
    assert_eq!(flax, ["inner.kernel", "several_0.kernel", "several_1.kernel", "table"]);
    let mut haiku = keys(&value, Naming::haiku());
    haiku.sort();
    assert_eq!(haiku, ["mlp.w", "modules.w", "modules_1.w", "~.rows"]);
}

#[test]
fn names_in_a_function_body() {
    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    struct Local {
        #[tensor(flax = "kernel")]
        weight: Vec<f32>,
        #[safejax(flax = "inner")]
        sub: Sub,
    }
    #[derive(Serialize, Deserialize, Debug, PartialEq)]
    struct Sub {
        #[tensor(flax = "a")]
        b: Vec<f32>,
    }
    let value = Local { weight: vec![1.0], sub: Sub { b: vec![2.0] } };
    assert_eq!(keys(&value, Naming::flax()), ["inner.a", "kernel"]);
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Paths {
    #[tensor(flax = "norm.mean", haiku = "~/mean_ema.average")]
    mean: Vec<f32>,
    #[safejax(flax = "blocks.0", haiku = "block/~/linear")]
    dense: Dense,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct WithPaths {
    net: Paths,
}

#[test]
fn a_name_may_be_a_path() {
    let value = WithPaths { net: Paths { mean: vec![1.0], dense: Dense { offset: None, ..dense(1.0) } } };
    assert_eq!(keys(&value, Naming::flax()), ["net.blocks.0.kernel", "net.norm.mean"]);
    assert_eq!(keys(&value, Naming::haiku()), ["net/~/block/~/linear.w", "net/~/mean_ema.average"]);
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Flattened {
    #[serde(flatten)]
    dense: Dense,
    #[tensor]
    scale: Vec<f32>,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[serde(tag = "kind")]
enum Tagged {
    Dense(Dense),
}

#[test]
fn names_that_serde_would_lose_are_refused() {
    let error = safejax::to_bytes(&Flattened { dense: dense(1.0), scale: vec![1.0] }).unwrap_err().to_string();
    assert!(error.contains("Dense") && error.contains("flattened"), "{error}");
    let error = safejax::to_bytes(&Tagged::Dense(dense(1.0))).unwrap_err().to_string();
    assert!(error.contains("Dense") && error.contains("internally tagged"), "{error}");
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Plain {
    #[tensor]
    inner: Vec<f32>,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Flattens {
    #[safejax(haiku = "linear", flax = "Dense_0")]
    dense: Dense,
    #[serde(flatten)]
    plain: Plain,
    #[safejax(haiku = "other")]
    after: Dense,
}

#[test]
fn a_struct_that_flattens_another_keeps_its_own_names() {
    let dense = || Dense { offset: None, ..dense(1.0) };
    let value = Flattens { dense: dense(), plain: Plain { inner: vec![1.0] }, after: dense() };
    assert_eq!(keys(&value, Naming::flax()), ["Dense_0.kernel", "after.kernel", "inner"]);
    let mut haiku = keys(&value, Naming::haiku());
    haiku.sort();
    assert_eq!(haiku, ["linear.w", "other.w", "~.inner"]);
}

#[test]
fn a_path_from_the_root() {
    let value = Paths { mean: vec![1.0], dense: Dense { offset: None, ..dense(1.0) } };
    assert_eq!(keys(&value, Naming::flax()), ["blocks.0.kernel", "norm.mean"]);
    assert_eq!(keys(&value, Naming::haiku()), ["block/~/linear.w", "mean_ema.average"]);
}
