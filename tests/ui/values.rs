//! Values of the wrong kind, and values that do not exist.

use safejax::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[safejax(class = "Conv 2D", crate = "not a path")]
struct Dtypes {
    #[tensor(dtype = "bf16")]
    lower_case: Vec<f32>,
    #[tensor(dtype = "BF61")]
    unknown: Vec<f32>,
    #[tensor(dtype = "F8_E8M0")]
    without_element: Vec<f32>,
    #[tensor(dtype = BF16)]
    no_string: Vec<f32>,
    #[tensor(dtype)]
    no_value: Vec<f32>,
    #[tensor(dtype("F16"))]
    no_value_but_a_list: Vec<f32>,
    #[tensor(dtype = 16)]
    a_number: Vec<f32>,
}

#[derive(Serialize, Deserialize)]
struct Axes {
    #[tensor(shape = "3, 3")]
    no_list: Vec<f32>,
    #[tensor(shape(3, -1))]
    negative: Vec<f32>,
    #[tensor(shape(3, 1.5, a + b, "c"))]
    three_wrong_axes: Vec<f32>,
    #[tensor(permute(0, 2))]
    no_permutation: Vec<f32>,
    #[tensor(permute(1, 1))]
    twice: Vec<f32>,
    #[tensor(permute())]
    nothing: Vec<f32>,
    #[tensor(permute)]
    no_order: Vec<f32>,
    #[tensor(permute(a, b))]
    no_numbers: Vec<f32>,
    #[tensor(transpose(1, 0))]
    transpose_with_axes: Vec<f32>,
    #[tensor(reshape(1, _, 1, 1))]
    no_framework: Vec<f32>,
    #[tensor(reshape(objax = 3, haiku = (1, c), flax))]
    no_shape: Vec<f32>,
    #[tensor(reshape(torch = (1, _)))]
    unknown_framework: Vec<f32>,
    #[tensor(reshape(objax = (1, _), objax = (1, 1, _)))]
    framework_twice: Vec<f32>,
}

#[derive(Serialize, Deserialize)]
struct Names {
    #[safejax(flax = kernel)]
    no_string: Vec<f32>,
    #[safejax(flax = "", haiku = "a/", objax = "mean::StateVar")]
    no_name: u8,
    #[safejax(objax = "norm.mean", flax = "a..b")]
    no_path: u8,
    #[tensor(var = "State Var")]
    no_class: Vec<f32>,
    #[safejax(scope = "encode")]
    no_scope: u8,
    #[safejax(list = "sufix")]
    no_form: Vec<u8>,
    #[safejax(collection = "state")]
    no_frameworks: u8,
    #[safejax(collection(flax = "a.b", objax = "state", haiku))]
    no_collection: u8,
    #[safejax(only("haiku"))]
    no_word: Option<u8>,
    #[safejax(only(haiko, flax, flax))]
    no_framework: Option<u8>,
    #[safejax(only())]
    nowhere: Option<u8>,
    #[safejax(metadata = "yes")]
    no_value: u8,
}

fn main() {}
