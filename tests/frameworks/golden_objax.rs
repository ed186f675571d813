//! Files of objax, into models of the layers that are those of the other frameworks too.

use ndarray::{Array0, Array1};
use safejax::{Deserialize, Naming, Options, Serialize};

use crate::common::golden;
use crate::layers::{BatchNorm, Conv, Dense};

/// The second layer is an activation, which has no variables.
#[derive(Serialize, Deserialize)]
struct Sequential(Dense, (), Dense);

#[test]
fn a_sequential_is_a_tuple_struct() {
    let file = golden("objax_sequential");
    let Sequential(first, (), last) = file.assert_round_trip();
    file.assert_elements("(Sequential)[0](Linear).w::TrainVar", &first.kernel);
    file.assert_elements("(Sequential)[0](Linear).b::TrainVar", &first.bias);
    file.assert_elements("(Sequential)[2](Linear).w::TrainVar", &last.kernel);
    assert!(safejax::objax::to_bytes(&Sequential(first, (), last)).unwrap() == file.bytes);
}

#[test]
fn names_without_kinds() {
    let file = golden("objax_sequential_untyped");
    let model: Sequential = file.assert_round_trip();
    file.assert_elements("(Sequential)[0](Linear).w", &model.0.kernel);
    let naming = Naming::objax().kinds(false);
    assert!(Options::new().naming(naming).to_bytes(&model).unwrap() == file.bytes);
}

#[derive(Serialize, Deserialize)]
#[safejax(class = "Res")]
struct ResNet {
    conv: Conv,
    bn: BatchNorm,
    blocks: Vec<Block>,
    fc: Dense,
    scale: Array0<f32>,
}

#[derive(Serialize, Deserialize)]
#[safejax(class = "Sequential")]
struct Block(Conv, BatchNorm);

#[test]
fn running_statistics_are_state_variables_in_the_module() {
    let file = golden("objax_resnet_batchnorm");
    let model: ResNet = file.assert_round_trip();
    file.assert_elements("(Res).conv(Conv2D).w::TrainVar", &model.conv.kernel);
    assert_eq!(model.conv.bias, None);
    file.assert_elements("(Res).bn(BatchNorm2D).gamma::TrainVar", &model.bn.scale);
    file.assert_elements("(Res).bn(BatchNorm2D).beta::TrainVar", &model.bn.bias);
    file.assert_elements("(Res).bn(BatchNorm2D).running_mean::StateVar", &model.bn.mean);
    file.assert_elements("(Res).bn(BatchNorm2D).running_var::StateVar", &model.bn.var);
    for (index, Block(conv, norm)) in model.blocks.iter().enumerate() {
        let path = format!("(Res).blocks(ModuleList)[{index}](Sequential)");
        file.assert_elements(&format!("{path}[0](Conv2D).b::TrainVar"), conv.bias.as_ref().unwrap());
        file.assert_elements(&format!("{path}[1](BatchNorm2D).running_var::StateVar"), &norm.var);
    }
    file.assert_elements("(Res).scale::TrainVar", &model.scale);
}

#[derive(Serialize, Deserialize)]
struct Dropout {
    keygen: Generator,
}

#[derive(Serialize, Deserialize)]
struct Generator {
    #[tensor(objax = "_key", var = "RandomState")]
    key: Array1<u32>,
}

#[derive(Serialize, Deserialize)]
#[safejax(class = "Sequential")]
struct WithDropout(Dense, Dropout, Dense);

#[test]
fn a_random_state_is_a_variable_of_its_own_kind() {
    let file = golden("objax_random_state");
    let model: WithDropout = file.assert_round_trip();
    file.assert_elements("(Sequential)[1](Dropout).keygen(Generator)._key::RandomState", &model.1.keygen.key);
    file.assert_elements("(Sequential)[2](Linear).w::TrainVar", &model.2.kernel);
}

#[derive(Serialize, Deserialize)]
#[safejax(class = "Shared")]
struct Shared {
    a: WithoutBias,
    b: WithoutBias,
}

#[derive(Serialize, Deserialize)]
#[safejax(class = "Linear")]
struct WithoutBias {
    #[safejax(objax = "w")]
    kernel: ndarray::Array2<f32>,
}

#[test]
fn shared_variables_are_there_twice() {
    let file = golden("objax_shared");
    let model: Shared = file.assert_round_trip();
    file.assert_elements("(Shared).a(Linear).w::TrainVar", &model.a.kernel);
    file.assert_elements("(Shared).b(Linear).w::TrainVar", &model.b.kernel);
}
