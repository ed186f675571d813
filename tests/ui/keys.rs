//! Keys that do not exist, that are given twice, and that belong elsewhere.

use safejax::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[safejax(clas = "Conv2D", dtype = "F16", flax = "conv", list = "dot")]
struct Layer {
    #[tensor(dtpye = "BF16")]
    misspelt: Vec<f32>,
    #[tensor(whatever)]
    unknown: Vec<f32>,
    #[tensor(dtype = "F16", dtype = "BF16")]
    twice: Vec<f32>,
    #[tensor(flax = "a")]
    #[tensor(flax = "b")]
    twice_in_two: Vec<f32>,
    #[safejax(dtype = "F16")]
    no_tensor: Vec<f32>,
    #[tensor(class = "Conv2D")]
    no_type: Vec<f32>,
    #[safejax(class = "Conv2D", crate = "safejax")]
    no_type_either: Vec<f32>,
    #[safejax]
    nothing: u8,
    #[safejax = "flax"]
    wrong_form: u8,
    #[tensor = "F16"]
    wrong_form_of_tensor: Vec<f32>,
    #[tensor(, flax = "a")]
    nothing_before_the_comma: Vec<f32>,
    #[tensor("F16")]
    no_key: Vec<f32>,
    #[tensor(dtype: "F16")]
    no_equals: Vec<f32>,
    #[tensor(transpose flax = "a")]
    no_comma: Vec<f32>,
    #[tensor(dtype = "F16"flax)]
    suffix: Vec<f32>,
}

#[derive(Serialize, Deserialize)]
struct Taken<'de> {
    #[tensor]
    view: &'de [f32],
}

#[derive(Serialize, Deserialize)]
#[tensor]
struct OnType(Vec<f32>);

#[derive(Serialize, Deserialize)]
enum OnVariant {
    #[tensor]
    Bias(Vec<f32>),
    #[safejax(class = "Dense", metadata)]
    Dense(Vec<f32>),
    #[safejax(list = "dot")]
    NoList { a: u8 },
}

fn main() {}
