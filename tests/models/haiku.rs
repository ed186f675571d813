//! dm-haiku: module paths, collections, and where a submodule was made.

use half::bf16;
use ndarray::{Array0, Array1, Array2, Array4};
use serde::{Deserialize, Serialize};

use crate::common::{Golden, golden};

#[derive(Serialize, Deserialize)]
struct Linear {
    w: Array2<f32>,
    b: Array1<f32>,
}

impl Linear {
    fn assert(&self, file: &Golden, module: &str) {
        file.assert_array(&format!("{module}.w"), &self.w);
        file.assert_array(&format!("{module}.b"), &self.b);
    }
}

#[derive(Serialize, Deserialize)]
struct Root {
    mlp: Mlp,
}

#[derive(Serialize, Deserialize)]
struct Mlp {
    linear_0: Linear,
    linear_1: Linear,
    linear_2: Linear,
}

#[test]
fn an_mlp() {
    let file = golden("haiku_mlp");
    let model: Root = safejax::haiku::from_file(&file.path).unwrap();
    model.mlp.linear_0.assert(&file, "mlp/~/linear_0");
    model.mlp.linear_2.assert(&file, "mlp/~/linear_2");
    file.assert_saves_as_same_bytes(&model);
    assert!(safejax::haiku::to_bytes(&model).unwrap() == file.bytes);
}

#[derive(Serialize, Deserialize)]
struct Collections<Counter> {
    params: Module<ResNet>,
    state: Module<ResNetState<Counter>>,
}

#[derive(Serialize, Deserialize)]
struct Module<T> {
    res_net: T,
}

#[derive(Serialize, Deserialize)]
struct ResNet {
    initial_conv: Conv,
    initial_batchnorm: BatchNorm,
    block_group_0: BlockGroup<Block>,
    block_group_1: BlockGroup<Block>,
    block_group_2: BlockGroup<Block>,
    block_group_3: BlockGroup<Block>,
    logits: Linear,
}

#[derive(Serialize, Deserialize)]
struct BlockGroup<B> {
    block_0: B,
}

#[derive(Serialize, Deserialize)]
struct Block {
    conv_0: Conv,
    conv_1: Conv,
    conv_2: Conv,
    batchnorm_0: BatchNorm,
    batchnorm_1: BatchNorm,
    batchnorm_2: BatchNorm,
    shortcut_conv: Conv,
    shortcut_batchnorm: BatchNorm,
}

#[derive(Serialize, Deserialize)]
struct Conv {
    w: Array4<f32>,
}

#[derive(Serialize, Deserialize)]
struct BatchNorm {
    scale: Array4<f32>,
    offset: Array4<f32>,
}

#[derive(Serialize, Deserialize)]
struct ResNetState<Counter> {
    initial_batchnorm: BatchNormState<Counter>,
    block_group_0: BlockGroup<BlockState<Counter>>,
    block_group_1: BlockGroup<BlockState<Counter>>,
    block_group_2: BlockGroup<BlockState<Counter>>,
    block_group_3: BlockGroup<BlockState<Counter>>,
}

#[derive(Serialize, Deserialize)]
struct BlockState<Counter> {
    batchnorm_0: BatchNormState<Counter>,
    batchnorm_1: BatchNormState<Counter>,
    batchnorm_2: BatchNormState<Counter>,
    shortcut_batchnorm: BatchNormState<Counter>,
}

#[derive(Serialize, Deserialize)]
struct BatchNormState<Counter> {
    mean_ema: MovingAverage<Counter>,
    var_ema: MovingAverage<Counter>,
}

#[derive(Serialize, Deserialize)]
struct MovingAverage<Counter> {
    average: Array4<f32>,
    hidden: Array4<f32>,
    counter: Counter,
}

fn assert_resnet<Counter>(file: &Golden, model: &Collections<Counter>) {
    let net = &model.params.res_net;
    let key = |path: &str| format!("params.res_net/~/{path}");
    file.assert_array(&key("initial_conv.w"), &net.initial_conv.w);
    file.assert_array(&key("initial_batchnorm.scale"), &net.initial_batchnorm.scale);
    net.logits.assert(file, &key("logits"));
    let groups = [&net.block_group_0, &net.block_group_1, &net.block_group_2, &net.block_group_3];
    for (index, group) in groups.into_iter().enumerate() {
        assert_block(file, &key(&format!("block_group_{index}/~/block_0")), &group.block_0);
    }

    let state = &model.state.res_net;
    let mean = &state.block_group_2.block_0.batchnorm_1.mean_ema;
    let module = "state.res_net/~/block_group_2/~/block_0/~/batchnorm_1/~/mean_ema";
    file.assert_array(&format!("{module}.average"), &mean.average);
    file.assert_array(&format!("{module}.hidden"), &mean.hidden);
}

fn assert_block(file: &Golden, module: &str, block: &Block) {
    file.assert_array(&format!("{module}/~/conv_1.w"), &block.conv_1.w);
    let shortcut = &block.shortcut_batchnorm;
    file.assert_array(&format!("{module}/~/shortcut_conv.w"), &block.shortcut_conv.w);
    file.assert_array(&format!("{module}/~/shortcut_batchnorm.offset"), &shortcut.offset);
}

#[test]
fn a_resnet_with_params_and_state() {
    let file = golden("haiku_resnet_params_state");
    let model: Collections<i32> = safejax::haiku::from_file(&file.path).unwrap();
    assert_resnet(&file, &model);
    let state = &model.state.res_net;
    assert_eq!(state.initial_batchnorm.var_ema.counter, 1);
    assert_eq!(state.block_group_3.block_0.batchnorm_2.mean_ema.counter, 1);
}

#[test]
fn a_resnet_that_covers_its_file() {
    let file = golden("haiku_resnet_params_state");
    let model: Collections<Array0<i32>> = safejax::from_file(&file.path).unwrap();
    assert_resnet(&file, &model);
    file.assert_saves_as_same_bytes(&model);
}

/// `block_group_0`, `block_group_1`, … and `block_0` read into vectors too.
#[test]
fn a_resnet_with_its_groups_in_a_vec() {
    #[derive(Deserialize)]
    struct Root {
        params: Module<Grouped>,
    }
    #[derive(Deserialize)]
    struct Grouped {
        block_group: Vec<Group>,
        logits: Linear,
    }
    #[derive(Deserialize)]
    struct Group {
        block: Vec<Block>,
    }
    let file = golden("haiku_resnet_params_state");
    let model: Root = safejax::haiku::from_file(&file.path).unwrap();
    let net = &model.params.res_net;
    net.logits.assert(&file, "params.res_net/~/logits");
    assert_eq!(net.block_group.len(), 4);
    for (index, group) in net.block_group.iter().enumerate() {
        assert_eq!(group.block.len(), 1);
        let module = format!("params.res_net/~/block_group_{index}/~/block_0");
        assert_block(&file, &module, &group.block[0]);
    }
}

#[derive(Serialize, Deserialize)]
struct TwoMethods {
    linear: Linear,
    linear_1: Linear,
    linear_2: Linear,
    methods: Methods,
    methods_1: Methods,
    top_level: Array1<bf16>,
}

#[derive(Serialize, Deserialize)]
struct Methods {
    scale: Array1<f32>,
    bias: Array1<f32>,
    // Made in `__init__`.
    #[serde(rename = "~/linear")]
    linear: Linear,
    #[serde(rename = "~/linear_1")]
    linear_1: Linear,
    // Made in `__call__`.
    #[serde(rename = "/linear")]
    call_linear: Linear,
    #[serde(rename = "/linear_1")]
    call_linear_1: Linear,
    // Made in methods of those names.
    #[serde(rename = "~encode/enc")]
    encoder: Linear,
    #[serde(rename = "~_decode/dec")]
    decoder: Decoder,
}

#[derive(Serialize, Deserialize)]
struct Decoder {
    linear_0: Linear,
    linear_1: Linear,
}

#[test]
fn modules_made_in_methods_are_selected_by_rename() {
    let file = golden("haiku_methods");
    let model: TwoMethods = safejax::haiku::from_file(&file.path).unwrap();
    model.linear.assert(&file, "linear");
    model.linear_1.assert(&file, "linear_1");
    model.linear_2.assert(&file, "linear_2");
    for (module, methods) in [("methods", &model.methods), ("methods_1", &model.methods_1)] {
        file.assert_array(&format!("{module}.scale"), &methods.scale);
        file.assert_array(&format!("{module}.bias"), &methods.bias);
        methods.linear.assert(&file, &format!("{module}/~/linear"));
        methods.linear_1.assert(&file, &format!("{module}/~/linear_1"));
        methods.call_linear.assert(&file, &format!("{module}/linear"));
        methods.call_linear_1.assert(&file, &format!("{module}/linear_1"));
        methods.encoder.assert(&file, &format!("{module}/~encode/enc"));
        let decoder = format!("{module}/~_decode/dec");
        methods.decoder.linear_0.assert(&file, &format!("{decoder}/~/linear_0"));
        methods.decoder.linear_1.assert(&file, &format!("{decoder}/~/linear_1"));
    }
    file.assert_array("~.top_level", &model.top_level);
    file.assert_saves_as_same_bytes(&model);
}

/// Haiku numbers what has one name: `linear`, `linear_1`, `linear_2`, as a `Vec` is written.
#[test]
fn modules_of_one_name_are_a_vec() {
    #[derive(Serialize, Deserialize)]
    struct Numbered {
        linear: Vec<Linear>,
        methods: Vec<Methods>,
        top_level: Array1<bf16>,
    }
    let file = golden("haiku_methods");
    let model: Numbered = safejax::haiku::from_file(&file.path).unwrap();
    assert_eq!(model.linear.len(), 3);
    model.linear[2].assert(&file, "linear_2");
    assert_eq!(model.methods.len(), 2);
    model.methods[1].encoder.assert(&file, "methods_1/~encode/enc");
    file.assert_saves_as_same_bytes(&model);
}

#[test]
fn a_bare_name_that_two_scopes_fit_is_an_error_that_names_both() {
    #[derive(Debug, Deserialize)]
    struct Root {
        #[expect(dead_code, reason = "reading it is what fails")]
        methods: Bare,
    }
    #[derive(Debug, Deserialize)]
    struct Bare {
        #[expect(dead_code, reason = "reading it is what fails")]
        linear: Weight,
    }
    #[derive(Debug, Deserialize)]
    struct Weight {
        #[expect(dead_code, reason = "reading it is what fails")]
        w: Array2<f32>,
    }
    let file = golden("haiku_methods");
    let error = safejax::haiku::from_file::<Root>(&file.path).unwrap_err();
    let message = error.to_string();
    for scope in ["methods/linear", "methods/~/linear"] {
        assert!(message.contains(scope), "{scope} in: {message}");
    }
}

/// Where one scope alone fits, a bare name needs no rename.
#[test]
fn a_bare_name_finds_a_module_in_any_scope() {
    #[derive(Deserialize)]
    struct Root {
        methods: Bare,
    }
    #[derive(Deserialize)]
    struct Bare {
        enc: Linear,
        dec: Decoder,
    }
    let file = golden("haiku_methods");
    let model: Root = safejax::haiku::from_file(&file.path).unwrap();
    model.methods.enc.assert(&file, "methods/~encode/enc");
    let decoder = &model.methods.dec;
    decoder.linear_1.assert(&file, "methods/~_decode/dec/~/linear_1");
}
