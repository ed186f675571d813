//! What is saved and loaded: plain structs of ndarray arrays with serde's own derives.

use ndarray::{Array1, Array2, ArrayViewD};
use safejax::TensorView;
use serde::{Deserialize, Serialize};

/// A large model: 50 layers are 100 MB.
#[derive(Clone, Serialize, Deserialize)]
pub struct Model {
    pub layers: Vec<Layer>,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct Layer {
    pub kernel: Array2<f32>,
    pub bias: Array1<f32>,
}

/// [`Model`] that borrows its data.
#[derive(Deserialize)]
pub struct ModelView<'a> {
    #[serde(borrow)]
    pub layers: Vec<LayerView<'a>>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only how fast it loads matters")]
pub struct LayerView<'a> {
    #[serde(borrow)]
    pub kernel: TensorView<'a>,
    #[serde(borrow)]
    pub bias: TensorView<'a>,
}

/// A model of many small arrays, four a block.
#[derive(Clone, Serialize, Deserialize)]
pub struct Blocks {
    pub blocks: Vec<Block>,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct Block {
    pub weight: Array1<f32>,
    pub bias: Array1<f32>,
    pub scale: Array1<f32>,
    pub mean: Array1<f32>,
}

impl Model {
    pub fn new(layers: usize, [rows, columns]: [usize; 2]) -> Self {
        let layer = |index: usize| Layer {
            kernel: Array2::from_shape_fn((rows, columns), |(i, j)| (index + i * columns + j) as f32),
            bias: Array1::from_shape_fn(columns, |i| (index + i) as f32),
        };
        Self { layers: (0..layers).map(layer).collect() }
    }
}

impl Blocks {
    /// Of so many arrays of 16 elements.
    pub fn new(tensors: usize) -> Self {
        let array = |index: usize| Array1::from_shape_fn(16, |i| (index + i) as f32);
        let block = |index| Block { weight: array(index), bias: array(1), scale: array(2), mean: array(3) };
        Self { blocks: (0..tensors / 4).map(block).collect() }
    }
}

/// What formats without structs need: a name for each array, and a model from arrays by name.
pub trait Named: Sized {
    fn names(&self) -> Vec<String>;

    /// In the order of the names.
    fn arrays(&self) -> Vec<ArrayViewD<'_, f32>>;

    /// A model with the names and shapes of this one, whose elements `next` gives in the same order.
    fn rebuilt(&self, next: impl FnMut(&[usize]) -> Vec<f32>) -> Self;

    /// How many bytes the elements take.
    fn byte_len(&self) -> usize {
        self.arrays().iter().map(|array| array.len() * size_of::<f32>()).sum()
    }
}

impl Named for Model {
    fn names(&self) -> Vec<String> {
        let layer = |i| [format!("layers.{i}.kernel"), format!("layers.{i}.bias")];
        (0..self.layers.len()).flat_map(layer).collect()
    }

    fn arrays(&self) -> Vec<ArrayViewD<'_, f32>> {
        fn arrays(layer: &Layer) -> [ArrayViewD<'_, f32>; 2] {
            [layer.kernel.view().into_dyn(), layer.bias.view().into_dyn()]
        }
        self.layers.iter().flat_map(arrays).collect()
    }

    fn rebuilt(&self, mut next: impl FnMut(&[usize]) -> Vec<f32>) -> Self {
        let layer = |layer: &Layer| Layer {
            kernel: Array2::from_shape_vec(layer.kernel.raw_dim(), next(layer.kernel.shape())).unwrap(),
            bias: Array1::from_vec(next(layer.bias.shape())),
        };
        Self { layers: self.layers.iter().map(layer).collect() }
    }
}

impl Named for Blocks {
    fn names(&self) -> Vec<String> {
        let block = |i| ["weight", "bias", "scale", "mean"].map(|name| format!("blocks.{i}.{name}"));
        (0..self.blocks.len()).flat_map(block).collect()
    }

    fn arrays(&self) -> Vec<ArrayViewD<'_, f32>> {
        fn arrays(block: &Block) -> [ArrayViewD<'_, f32>; 4] {
            [&block.weight, &block.bias, &block.scale, &block.mean].map(|array| array.view().into_dyn())
        }
        self.blocks.iter().flat_map(arrays).collect()
    }

    fn rebuilt(&self, mut next: impl FnMut(&[usize]) -> Vec<f32>) -> Self {
        let mut array = |array: &Array1<f32>| Array1::from_vec(next(array.shape()));
        let block = |block: &Block| Block {
            weight: array(&block.weight),
            bias: array(&block.bias),
            scale: array(&block.scale),
            mean: array(&block.mean),
        };
        Self { blocks: self.blocks.iter().map(block).collect() }
    }
}
