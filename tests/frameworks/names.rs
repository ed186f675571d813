//! A name in each framework, on everything that has one.

use ndarray::{Array1, arr1};
use safejax::{Deserialize, Naming, Serialize};

use crate::values::{assert_keys, assert_reads_back, keys};

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Layer {
    #[tensor(flax = "kernel", haiku = "w", objax = "weight")]
    matrix: Array1<f32>,
}

fn layer(value: f32) -> Layer {
    Layer { matrix: arr1(&[value]) }
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Inner {
    #[safejax(flax = "Dense_0", haiku = "linear", objax = "fc")]
    first: Layer,
    last: Layer,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Outer {
    #[safejax(flax = "Encoder_0", haiku = "enc", objax = "encoder")]
    inner: Inner,
}

#[test]
fn modules_in_modules() {
    let outer = Outer { inner: Inner { first: layer(1.0), last: layer(2.0) } };
    assert_keys(
        &outer,
        [
            &["Encoder_0.Dense_0.kernel", "Encoder_0.last.kernel"],
            &["enc/~/last.w", "enc/~/linear.w"],
            &[
                "(Outer).encoder(Inner).fc(Layer).weight::TrainVar",
                "(Outer).encoder(Inner).last(Layer).weight::TrainVar",
            ],
        ],
    );
}

#[test]
fn a_naming_without_a_framework_takes_the_names_of_rust() {
    let outer = Outer { inner: Inner { first: layer(1.0), last: layer(2.0) } };
    assert_eq!(keys(Naming::keystr(), &outer), [".inner.first.matrix", ".inner.last.matrix"]);
    assert_reads_back(Naming::keystr(), &outer);
    assert_eq!(keys(Naming::flat(), &layer(1.0)), ["matrix"]);
    assert_reads_back(Naming::flat(), &layer(1.0));
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Lists {
    #[safejax(flax = "Dense", haiku = "linear", objax = "fc")]
    layers: Vec<Layer>,
    #[safejax(flax = "Bias", haiku = "b", objax = "biases")]
    tensors: Vec<Array1<f32>>,
}

#[test]
fn lists() {
    let lists = Lists { layers: vec![layer(1.0), layer(2.0)], tensors: vec![arr1(&[3.0]), arr1(&[4.0])] };
    assert_keys(
        &lists,
        [
            &["Bias.0", "Bias.1", "Dense.0.kernel", "Dense.1.kernel"],
            &["linear.w", "linear_1.w", "~.b", "~.b_1"],
            &[
                "(Lists).biases(ModuleList)[0]::TrainVar",
                "(Lists).biases(ModuleList)[1]::TrainVar",
                "(Lists).fc(ModuleList)[0](Layer).weight::TrainVar",
                "(Lists).fc(ModuleList)[1](Layer).weight::TrainVar",
            ],
        ],
    );
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Pair(
    #[tensor(flax = "kernel", haiku = "w", objax = "w")] Array1<f32>,
    #[tensor(flax = "bias", haiku = "b", objax = "b")] Array1<f32>,
);

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct WithPair {
    pair: Pair,
}

#[test]
fn in_a_tuple_struct_a_name_stands_for_the_index() {
    let with_pair = WithPair { pair: Pair(arr1(&[1.0]), arr1(&[2.0, 3.0])) };
    assert_keys(
        &with_pair,
        [
            &["pair.bias", "pair.kernel"],
            &["pair.b", "pair.w"],
            &["(WithPair).pair(Pair).b::TrainVar", "(WithPair).pair(Pair).w::TrainVar"],
        ],
    );
    // Where no framework is meant it is the index.
    assert_eq!(keys(Naming::keystr(), &with_pair), [".pair[0]", ".pair[1]"]);
    assert_reads_back(Naming::keystr(), &with_pair);
}

#[test]
fn a_tuple_struct_may_be_the_root() {
    assert_keys(
        &Pair(arr1(&[1.0]), arr1(&[2.0])),
        [&["bias", "kernel"], &["~.b", "~.w"], &["(Pair).b::TrainVar", "(Pair).w::TrainVar"]],
    );
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Mixed(#[tensor(haiku = "w", objax = "w")] Array1<f32>, Array1<f32>);

#[test]
fn an_item_without_a_name_beside_one_with_a_name_is_called_by_its_index() {
    assert_keys(
        &Mixed(arr1(&[1.0]), arr1(&[2.0])),
        [&["0", "1"], &["~.1", "~.w"], &["(Mixed).1::TrainVar", "(Mixed).w::TrainVar"]],
    );
}

/// A module of one parameter.
#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Scale(#[tensor(flax = "scale", haiku = "scale", objax = "gamma")] Array1<f32>);

/// What is in it, and no more.
#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Wrapper(Layer);

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Newtypes {
    norm: Scale,
    layer: Wrapper,
    scales: Vec<Scale>,
}

#[test]
fn a_newtype_whose_field_has_a_name_is_a_module_and_another_is_nothing() {
    let newtypes =
        Newtypes { norm: Scale(arr1(&[1.0])), layer: Wrapper(layer(2.0)), scales: vec![Scale(arr1(&[3.0]))] };
    assert_keys(
        &newtypes,
        [
            &["layer.kernel", "norm.scale", "scales.0.scale"],
            &["layer.w", "norm.scale", "scales.scale"],
            &[
                "(Newtypes).layer(Layer).weight::TrainVar",
                "(Newtypes).norm(Scale).gamma::TrainVar",
                "(Newtypes).scales(ModuleList)[0](Scale).gamma::TrainVar",
            ],
        ],
    );
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
enum Block {
    #[safejax(flax = "Dense_0", haiku = "linear", objax = "fc")]
    Dense(Layer),
    #[safejax(flax = "Norm", haiku = "norm", objax = "bn")]
    Norm {
        #[tensor(flax = "scale", haiku = "scale", objax = "gamma")]
        factor: Array1<f32>,
    },
    Two(
        #[tensor(haiku = "w", objax = "w", flax = "kernel")] Array1<f32>,
        #[tensor(haiku = "b", objax = "b")] Array1<f32>,
    ),
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Blocks {
    a: Block,
    b: Block,
    c: Block,
}

#[test]
fn variants_and_their_fields() {
    let blocks = Blocks {
        a: Block::Dense(layer(1.0)),
        b: Block::Norm { factor: arr1(&[2.0]) },
        c: Block::Two(arr1(&[3.0]), arr1(&[4.0])),
    };
    assert_keys(
        &blocks,
        [
            &["a.Dense_0.kernel", "b.Norm.scale", "c.Two.1", "c.Two.kernel"],
            &["a/~/linear.w", "b/~/norm.scale", "c/~/Two.b", "c/~/Two.w"],
            &[
                "(Blocks).a.fc(Layer).weight::TrainVar",
                "(Blocks).b.bn.gamma::TrainVar",
                "(Blocks).c.Two.b::TrainVar",
                "(Blocks).c.Two.w::TrainVar",
            ],
        ],
    );
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Optional {
    #[tensor(flax = "kernel", haiku = "w", objax = "w")]
    kernel: Array1<f32>,
    #[tensor(flax = "bias_term", haiku = "b", objax = "b")]
    bias: Option<Array1<f32>>,
    #[safejax(flax = "Head_0", haiku = "head_module", objax = "fc")]
    head: Option<Box<Layer>>,
}

#[test]
fn options_and_boxes_have_the_name_of_what_is_in_them() {
    let mut optional = Optional { kernel: arr1(&[1.0]), bias: Some(arr1(&[2.0])), head: Some(Box::new(layer(3.0))) };
    assert_keys(
        &optional,
        [
            &["Head_0.kernel", "bias_term", "kernel"],
            &["head_module.w", "~.b", "~.w"],
            &["(Optional).b::TrainVar", "(Optional).fc(Layer).weight::TrainVar", "(Optional).w::TrainVar"],
        ],
    );
    (optional.bias, optional.head) = (None, None);
    assert_keys(&optional, [&["kernel"], &["~.w"], &["(Optional).w::TrainVar"]]);
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
struct Renamed {
    #[safejax(haiku = "w")]
    the_kernel: Array1<f32>,
    #[serde(rename = "b", alias = "offset")]
    #[safejax(objax = "beta")]
    the_bias: Array1<f32>,
}

#[test]
fn serde_s_name_holds_where_a_framework_has_none_of_its_own() {
    let renamed = Renamed { the_kernel: arr1(&[1.0]), the_bias: arr1(&[2.0]) };
    assert_keys(
        &renamed,
        [&["b", "theKernel"], &["~.b", "~.w"], &["(Renamed).beta::TrainVar", "(Renamed).theKernel::TrainVar"]],
    );
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Paths {
    #[tensor(flax = "norm.scale", haiku = "norm/~/inner.scale")]
    scale: Array1<f32>,
    #[tensor(flax = "norm.bias", haiku = "norm/~/inner.offset")]
    bias: Array1<f32>,
    #[safejax(flax = "body.Dense_0", haiku = "body/linear")]
    layer: Layer,
    #[safejax(flax = "body.layers", haiku = "body/~/mlp")]
    layers: Vec<Layer>,
}

#[test]
fn a_name_may_be_a_path() {
    let paths = Paths {
        scale: arr1(&[1.0]),
        bias: arr1(&[2.0]),
        layer: layer(3.0),
        layers: vec![layer(4.0), layer(5.0), layer(6.0)],
    };
    let cases: [(Naming, &[&str]); 3] = [
        (
            Naming::flax(),
            &[
                "body.Dense_0.kernel",
                "body.layers.0.kernel",
                "body.layers.1.kernel",
                "body.layers.2.kernel",
                "norm.bias",
                "norm.scale",
            ],
        ),
        (
            Naming::flax().separator("/"),
            &[
                "body/Dense_0/kernel",
                "body/layers/0/kernel",
                "body/layers/1/kernel",
                "body/layers/2/kernel",
                "norm/bias",
                "norm/scale",
            ],
        ),
        (
            Naming::haiku(),
            &[
                "body/linear.w",
                "body/~/mlp.w",
                "body/~/mlp_1.w",
                "body/~/mlp_2.w",
                "norm/~/inner.offset",
                "norm/~/inner.scale",
            ],
        ),
    ];
    for (naming, expected) in cases {
        assert_eq!(keys(naming.clone(), &paths), expected, "{naming}");
        assert_reads_back(naming, &paths);
    }
}

/// Two fields may change their names with each other.
#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Crossed {
    #[tensor(haiku = "b", objax = "b")]
    a: Array1<f32>,
    #[tensor(haiku = "a", objax = "a")]
    b: Array1<f32>,
}

#[test]
fn a_field_of_the_name_of_another_is_not_that_other() {
    let crossed = Crossed { a: arr1(&[1.0]), b: arr1(&[2.0]) };
    assert_keys(&crossed, [&["a", "b"], &["~.a", "~.b"], &["(Crossed).a::TrainVar", "(Crossed).b::TrainVar"]]);

    // What flax calls `a`, haiku calls `b`.
    let haiku = crate::values::save(Naming::haiku(), &crossed);
    let checkpoint = safejax::Checkpoint::from_bytes(&haiku).unwrap();
    assert_eq!(checkpoint.tensor("~.b").unwrap().to_array::<f32>().unwrap(), crossed.a.into_dyn());
}
