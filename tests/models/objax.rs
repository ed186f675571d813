//! Objax: classes in the keys, and variables with kinds.

use ndarray::{Array0, Array1, Array2, Array3, Array4};
use safejax::objax::VarCollection;
use serde::{Deserialize, Serialize};

use crate::common::{golden, keys, sorted};

#[derive(Serialize, Deserialize)]
struct Linear {
    b: Array1<f32>,
    w: Array2<f32>,
}

/// The activation in the middle has no variables, and so no keys.
#[derive(Serialize, Deserialize)]
struct Sequential(Linear, (), Linear);

#[test]
fn a_sequential_is_a_tuple_struct() {
    let file = golden("objax_sequential");
    let model: Sequential = safejax::objax::from_file(&file.path).unwrap();
    file.assert_array("(Sequential)[0](Linear).w::TrainVar", &model.0.w);
    file.assert_array("(Sequential)[0](Linear).b::TrainVar", &model.0.b);
    file.assert_array("(Sequential)[2](Linear).w::TrainVar", &model.2.w);
    file.assert_saves_as_same_bytes(&model);
    assert!(safejax::objax::to_bytes(&model).unwrap() == file.bytes);
}

#[test]
fn a_sequential_without_kinds_is_one_too() {
    let file = golden("objax_sequential_untyped");
    let model: Sequential = safejax::from_file(&file.path).unwrap();
    file.assert_array("(Sequential)[0](Linear).w", &model.0.w);
    file.assert_array("(Sequential)[2](Linear).b", &model.2.b);
    file.assert_saves_as_same_bytes(&model);
}

#[test]
fn the_missing_index_is_named() {
    #[derive(Deserialize)]
    struct Layers(#[expect(dead_code, reason = "reading it is what fails")] Vec<Linear>);
    let file = golden("objax_sequential");
    let error = safejax::objax::from_file::<Layers>(&file.path).err();
    let message = error.expect("index 1 is missing").to_string();
    assert!(message.contains("[1]") || message.contains("index 1"), "{message}");

    #[derive(Deserialize)]
    struct Gaps(Vec<Option<Linear>>);
    let Gaps(layers) = safejax::objax::from_file(&file.path).unwrap();
    let present: Vec<bool> = layers.iter().map(Option::is_some).collect();
    assert_eq!(present, [true, false, true]);
}

#[derive(Serialize, Deserialize)]
struct Res {
    conv: Conv2D,
    bn: BatchNorm2D,
    blocks: Vec<Block>,
    fc: Linear,
    scale: Array0<f32>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Sequential")]
struct Block(Conv2D, BatchNorm2D);

#[derive(Serialize, Deserialize)]
struct Conv2D {
    b: Option<Array3<f32>>,
    w: Array4<f32>,
}

#[derive(Serialize, Deserialize)]
struct BatchNorm2D {
    running_mean: Array4<f32>,
    running_var: Array4<f32>,
    beta: Array4<f32>,
    gamma: Array4<f32>,
}

#[test]
fn a_resnet_is_a_struct() {
    let file = golden("objax_resnet_batchnorm");
    let model: Res = safejax::objax::from_file(&file.path).unwrap();
    file.assert_array("(Res).conv(Conv2D).w::TrainVar", &model.conv.w);
    assert!(model.conv.b.is_none());
    let key = |path: &str| format!("(Res).bn(BatchNorm2D).{path}");
    file.assert_array(&key("running_mean::StateVar"), &model.bn.running_mean);
    file.assert_array(&key("running_var::StateVar"), &model.bn.running_var);
    file.assert_array(&key("gamma::TrainVar"), &model.bn.gamma);
    assert_eq!(model.blocks.len(), 2);
    for (index, Block(conv, bn)) in model.blocks.iter().enumerate() {
        let block = format!("(Res).blocks(ModuleList)[{index}](Sequential)");
        let bias = conv.b.as_ref().expect("a bias");
        file.assert_array(&format!("{block}[0](Conv2D).w::TrainVar"), &conv.w);
        file.assert_array(&format!("{block}[0](Conv2D).b::TrainVar"), bias);
        let mean = format!("{block}[1](BatchNorm2D).running_mean::StateVar");
        file.assert_array(&mean, &bn.running_mean);
    }
    file.assert_array("(Res).fc(Linear).w::TrainVar", &model.fc.w);
    file.assert_array("(Res).scale::TrainVar", &model.scale);

    // A struct with serde's own derive says nothing of the kinds: all become `TrainVar`.
    let saved = keys(&safejax::objax::to_bytes(&model).unwrap());
    let expected = file.manifest.order.iter();
    let expected = expected.map(|key| key.replace("::StateVar", "::TrainVar"));
    assert_eq!(saved, sorted(expected.collect()));
}

#[test]
fn a_resnet_is_a_collection_of_variables() {
    let file = golden("objax_resnet_batchnorm");
    let vars: VarCollection = safejax::objax::from_file(&file.path).unwrap();
    assert_eq!(vars.len(), 20);
    let mean = vars.get("(Res).bn(BatchNorm2D).running_mean").unwrap();
    assert_eq!(mean.kind.to_string(), "StateVar");
    file.assert_tensor("(Res).bn(BatchNorm2D).running_mean::StateVar", &mean.value);
    let scale = vars.get("(Res).scale").unwrap();
    assert_eq!(scale.kind.to_string(), "TrainVar");
    file.assert_tensor("(Res).scale::TrainVar", &scale.value);
    file.assert_saves_as_same_bytes(&vars);
    assert!(safejax::objax::to_bytes(&vars).unwrap() == file.bytes);
}
