//! The layers that the three frameworks share, each as one struct.

use ndarray::{Array, Array1, Array2, Array4, Dimension};
use safejax::{Deserialize, Serialize};

/// `flax.linen.Dense`, `hk.Linear`, `objax.nn.Linear`
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[safejax(class = "Linear")]
pub(crate) struct Dense {
    #[tensor(haiku = "w", objax = "w", shape(inputs, outputs))]
    pub(crate) kernel: Array2<f32>,
    #[tensor(haiku = "b", objax = "b", shape(outputs))]
    pub(crate) bias: Array1<f32>,
}

/// `flax.linen.Conv`, `hk.Conv2D`, `objax.nn.Conv2D`
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[safejax(class = "Conv2D")]
pub(crate) struct Conv {
    #[tensor(haiku = "w", objax = "w", shape(_, _, inputs, outputs))]
    pub(crate) kernel: Array4<f32>,
    #[tensor(haiku = "b", objax = "b", shape(outputs), reshape(objax = (_, 1, 1)))]
    pub(crate) bias: Option<Array1<f32>>,
}

/// `flax.linen.BatchNorm`, `hk.BatchNorm`, `objax.nn.BatchNorm2D`
///
/// Haiku's averages are corrected for the zeros that they begin with, and it keeps what it corrects:
/// `average = hidden / (1 - decay ^ counter)`. After so many steps that nothing is left to correct,
/// they are those of the others.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
#[safejax(class = "BatchNorm2D")]
pub(crate) struct BatchNorm {
    #[tensor(objax = "gamma", shape(channels), reshape(haiku = (1, 1, 1, _), objax = (1, _, 1, 1)))]
    pub(crate) scale: Array1<f32>,
    #[tensor(haiku = "offset", objax = "beta", shape(channels), reshape(haiku = (1, 1, 1, _), objax = (1, _, 1, 1)))]
    pub(crate) bias: Array1<f32>,
    #[tensor(
        haiku = "~/mean_ema.average",
        objax = "running_mean",
        var = "StateVar",
        collection(flax = "batch_stats", haiku = "state"),
        shape(channels),
        reshape(haiku = (1, 1, 1, _), objax = (1, _, 1, 1))
    )]
    pub(crate) mean: Array1<f32>,
    #[tensor(
        haiku = "~/var_ema.average",
        objax = "running_var",
        var = "StateVar",
        collection(flax = "batch_stats", haiku = "state"),
        shape(channels),
        reshape(haiku = (1, 1, 1, _), objax = (1, _, 1, 1))
    )]
    pub(crate) var: Array1<f32>,
    #[tensor(
        haiku = "~/mean_ema.hidden",
        only(haiku),
        collection(haiku = "state"),
        shape(channels),
        reshape(haiku = (1, 1, 1, _))
    )]
    pub(crate) mean_hidden: Option<Array1<f32>>,
    #[tensor(
        haiku = "~/var_ema.hidden",
        only(haiku),
        collection(haiku = "state"),
        shape(channels),
        reshape(haiku = (1, 1, 1, _))
    )]
    pub(crate) var_hidden: Option<Array1<f32>>,
    #[tensor(haiku = "~/mean_ema.counter", only(haiku), collection(haiku = "state"))]
    #[serde(default = "settled")]
    pub(crate) mean_counter: i32,
    #[tensor(haiku = "~/var_ema.counter", only(haiku), collection(haiku = "state"))]
    #[serde(default = "settled")]
    pub(crate) var_counter: i32,
}

/// So many steps that `decay ^ counter` is 0, for any decay up to 0.9999.
pub(crate) fn settled() -> i32 {
    1_000_000
}

impl BatchNorm {
    /// Gives haiku's averages what a model from another framework lacks.
    pub(crate) fn settle(&mut self) {
        self.mean_hidden.get_or_insert_with(|| self.mean.clone());
        self.var_hidden.get_or_insert_with(|| self.var.clone());
    }
}

/// `flax.linen.LayerNorm`, `hk.LayerNorm`
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub(crate) struct LayerNorm<D: Dimension> {
    pub(crate) scale: Array<f32, D>,
    #[safejax(haiku = "offset")]
    pub(crate) bias: Array<f32, D>,
}

/// `flax.linen.Embed`, `hk.Embed`
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub(crate) struct Embedding<E> {
    #[tensor(flax = "embedding", haiku = "embeddings")]
    pub(crate) table: Array2<E>,
}
