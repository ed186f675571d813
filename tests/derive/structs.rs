//! Named structs.

use ndarray::{Array1, Array2, array};
use safejax::{Checkpoint, Deserialize, Serialize};

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Plain {
    kernel: Array2<f32>,
    steps: u32,
}

#[test]
fn no_attribute_is_needed() {
    let plain = Plain { kernel: array![[1.0, 2.0]], steps: 3 };
    let bytes = safejax::to_bytes(&plain).unwrap();
    assert_eq!(safejax::from_bytes::<Plain>(&bytes).unwrap(), plain);
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Dense<'a, T, const N: usize>
where
    T: Clone,
{
    #[tensor(transpose, shape(out, inp))]
    kernel: Array2<f32>,
    #[tensor(dtype = "BF16", shape(out))]
    bias: Option<Vec<f32>>,
    #[tensor]
    other: Option<Vec<f32>>,
    #[serde(borrow)]
    name: std::borrow::Cow<'a, str>,
    #[serde(skip)]
    marker: std::marker::PhantomData<[T; N]>,
    extra: T,
    #[safejax(metadata)]
    stats: Array1<f32>,
}

#[test]
fn attributes() {
    let dense: Dense<'_, u8, 3> = Dense {
        kernel: array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]],
        bias: Some(vec![1.0, 2.0]),
        other: None,
        name: "hi".into(),
        marker: std::marker::PhantomData,
        extra: 4,
        stats: array![1.0],
    };
    let bytes = safejax::to_bytes(&dense).unwrap();
    let checkpoint = Checkpoint::from_bytes(&bytes).unwrap();
    assert_eq!(checkpoint.tensor("kernel").unwrap().shape(), [3, 2]);
    assert_eq!(checkpoint.tensor("bias").unwrap().dtype(), safejax::Dtype::BF16);
    assert_eq!(safejax::from_bytes::<Dense<'_, u8, 3>>(&bytes).unwrap(), dense);
}
