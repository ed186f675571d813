//! The attributes of the derives [`Serialize`](macro@crate::Serialize) and
//! [`Deserialize`](macro@crate::Deserialize), each with an example. There is no code here.
//!
//! The derives take the place of serde's. A type without these attributes is what it is with serde's
//! derives, every `#[serde(…)]` attribute keeps its meaning beside them, and in other formats than
//! this crate's a type looks as it does with serde's derives.
//!
//! `#[tensor]` marks a field as a tensor, and `#[tensor(…)]` says more of it. `#[safejax(…)]` stands
//! on any field, variant or type, and takes the keys that are not of tensors alone.
//!
//! | key | stands on | says |
//! |---|---|---|
//! | [`#[tensor]`](#tensor) | fields | the field is a tensor |
//! | [`dtype`](#dtype) | tensors | the dtype in the file |
//! | [`shape`](#shape) | tensors | the length of each axis in memory |
//! | [`permute`, `transpose`](#permute-and-transpose) | tensors | the order of the axes in the file |
//! | [`reshape`](#reshape) | tensors | the shape in the files of a framework |
//! | [`var`](#var-and-class) | tensors | the variable kind in objax |
//! | [`flax`, `haiku`, `objax`](#flax-haiku-and-objax) | fields, variants | the name in a framework |
//! | [`collection`](#collection) | fields, variants, types | the root collection |
//! | [`scope`](#scope) | fields, variants, types | where haiku creates the submodule |
//! | [`list`](#list) | fields, variants | how flax writes the items of a list |
//! | [`only`](#only) | fields, variants | the frameworks that have it |
//! | [`metadata`](#metadata) | fields | it is kept in the file's metadata |
//! | [`class`](#var-and-class) | types | the class in objax |
//! | [`crate`](#crate) | types | where the crate safejax is found |
//!
//! What makes no sense is an error of the compiler, on the token in question.
//!
//! # `tensor`
//!
//! An ndarray array, a [`Tensor`](crate::Tensor) and a [`TensorView`](crate::TensorView) are tensors
//! in any case. Where other types are to be tensors, or where something is to be said of a tensor,
//! the field is marked. The type is one that is [`ToTensor`](crate::ToTensor) and
//! [`FromTensor`](crate::FromTensor), or an `Option` of it, and a tensor that is `None` is not in the
//! file.
//!
//! ```
//! use safejax::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Norm {
//!     #[tensor]
//!     scale: Vec<f32>,
//!     #[tensor]
//!     bias: Option<[f32; 2]>,
//!     /// Not a tensor: it is text in the metadata.
//!     momentum: Vec<f32>,
//! }
//!
//! let bytes = safejax::to_bytes(&Norm { scale: vec![1.0, 2.0], bias: None, momentum: vec![0.9] })?;
//! let checkpoint = safejax::Checkpoint::from_bytes(&bytes)?;
//! assert_eq!(checkpoint.keys().collect::<Vec<_>>(), ["scale"]);
//! # Ok::<(), safejax::Error>(())
//! ```
//!
//! Types that borrow point into the bytes that they are loaded from, without `#[serde(borrow)]`.
//!
//! ```
//! # use safejax::{Deserialize, Serialize};
//! #[derive(Serialize, Deserialize)]
//! struct Weights<'a, T> {
//!     #[tensor]
//!     kernel: ndarray::ArrayView2<'a, f32>,
//!     #[tensor]
//!     bias: Vec<T>,
//! }
//! ```
//!
//! `Vec<f32>` is one tensor. A `Vec` of tensors, such as `Vec<Array2<f32>>` or `Vec<Vec<f32>>`, is a
//! list, and what is said of the field is said of each. It is the spelling that tells them apart: a
//! list of a type of one's own is a list of newtypes, `struct Weight(#[tensor] Diagonal)`.
//!
//! # `dtype`
//!
//! `dtype = "BF16"`: elements are stored as that [`Dtype`](crate::Dtype) and converted back on load.
//! A conversion that loses something (f32 to bf16, i64 to i32) is made, since the attribute asks for
//! it; on the way back the value is the one that was stored. What would not come back at all (a `bool`
//! as a number, a real number as a complex one) is refused on save. Files that hold another dtype load
//! as without the attribute.
//!
//! ```
//! # use safejax::{Deserialize, Serialize};
//! #[derive(Serialize, Deserialize)]
//! struct Dense {
//!     #[tensor(dtype = "BF16")]
//!     kernel: Vec<f32>,
//! }
//!
//! let bytes = safejax::to_bytes(&Dense { kernel: vec![0.5, 0.1] })?;
//! assert_eq!(safejax::Checkpoint::from_bytes(&bytes)?.tensor("kernel")?.dtype(), safejax::Dtype::BF16);
//! let dense: Dense = safejax::from_bytes(&bytes)?;
//! assert_eq!(dense.kernel, [0.5, 0.100097656]);
//! # Ok::<(), safejax::Error>(())
//! ```
//!
//! # `shape`
//!
//! `shape(3, 3, _, channels)`: the length of each axis in memory, checked on save and on load, in
//! every format. `_` is any length. A name is any length too, but one length in all of the struct or
//! variant. On load the type has to be [`ToTensor`](crate::ToTensor) as well.
//!
//! ```
//! # use safejax::{Deserialize, Serialize};
//! #[derive(Serialize, Deserialize)]
//! struct Dense {
//!     #[tensor(shape(2, out))]
//!     kernel: ndarray::Array2<f32>,
//!     #[tensor(shape(out))]
//!     bias: Option<Vec<f32>>,
//! }
//!
//! let dense = Dense { kernel: ndarray::Array2::zeros((2, 3)), bias: Some(vec![0.0; 4]) };
//! let error = safejax::to_bytes(&dense).unwrap_err();
//! assert!(error.to_string().contains("`out` of `bias` to be 3, as in `kernel`"));
//! ```
//!
//! # `permute` and `transpose`
//!
//! `permute(3, 2, 0, 1)`: the n-th axis in the file is that axis in memory. `transpose` turns the
//! order round.
//!
//! ```
//! # use safejax::{Deserialize, Serialize};
//! #[derive(Serialize, Deserialize)]
//! struct Layers {
//!     /// `(out, in)` in memory, `(in, out)` in the file.
//!     #[tensor(transpose)]
//!     dense: ndarray::Array2<f32>,
//!     /// `(out, in, height, width)` in memory, `(height, width, in, out)` in the file.
//!     #[tensor(permute(2, 3, 1, 0))]
//!     conv: ndarray::Array4<f32>,
//! }
//!
//! let layers = Layers { dense: ndarray::Array2::zeros((4, 2)), conv: ndarray::Array4::zeros((8, 4, 3, 5)) };
//! let bytes = safejax::to_bytes(&layers)?;
//! let checkpoint = safejax::Checkpoint::from_bytes(&bytes)?;
//! assert_eq!(checkpoint.tensor("dense")?.shape(), [2, 4]);
//! assert_eq!(checkpoint.tensor("conv")?.shape(), [3, 5, 4, 8]);
//! # Ok::<(), safejax::Error>(())
//! ```
//!
//! # `reshape`
//!
//! `reshape(objax = (1, _, 1, 1))`: the shape in the files of a framework. Each `_` is an axis of the
//! tensor, in the order of the file; one `_` alone stands for all of them, whatever their number.
//!
//! ```
//! # use safejax::{Deserialize, Serialize};
//! #[derive(Serialize, Deserialize)]
//! struct BatchNorm {
//!     #[tensor(reshape(objax = (1, _, 1, 1), haiku = (1, 1, 1, _)))]
//!     scale: Vec<f32>,
//! }
//!
//! let bytes = safejax::objax::to_bytes(&BatchNorm { scale: vec![1.0, 2.0] })?;
//! let stored = safejax::Checkpoint::from_bytes(&bytes)?.tensor("(BatchNorm).scale::TrainVar")?;
//! assert_eq!(stored.shape(), [1, 2, 1, 1]);
//! # Ok::<(), safejax::Error>(())
//! ```
//!
//! # `flax`, `haiku` and `objax`
//!
//! `haiku = "w"`: the name in the files of a framework, where it is another than serde's. A name may
//! be a path inside the module: `haiku = "~/mean_ema.average"`, `flax = "norm.mean"`.
//!
//! ```
//! # use safejax::{Deserialize, Serialize};
//! #[derive(Serialize, Deserialize)]
//! struct Linear {
//!     #[tensor(flax = "kernel", haiku = "w", objax = "w")]
//!     weight: Vec<f32>,
//! }
//!
//! #[derive(Serialize, Deserialize)]
//! struct Net {
//!     #[safejax(flax = "Dense_0", haiku = "linear")]
//!     first: Linear,
//! }
//!
//! let net = Net { first: Linear { weight: vec![1.0] } };
//! let key = |bytes: Vec<u8>| safejax::Checkpoint::from_bytes(&bytes).map(|c| c.keys().collect::<String>());
//! assert_eq!(key(safejax::flax::to_bytes(&net)?)?, "Dense_0.kernel");
//! assert_eq!(key(safejax::haiku::to_bytes(&net)?)?, "linear.w");
//! assert_eq!(key(safejax::objax::to_bytes(&net)?)?, "(Net).first(Linear).w::TrainVar");
//! # Ok::<(), safejax::Error>(())
//! ```
//!
//! In a tuple struct or a tuple variant a name takes the place of the index. A newtype has the name
//! of the field that holds it, unless its own field has one: then it is a module of one field. The
//! only field of a variant has the name of the variant.
//!
//! ```
//! # use safejax::{Deserialize, Serialize};
//! #[derive(Serialize, Deserialize)]
//! struct Embed(#[tensor(flax = "embedding")] Vec<f32>);
//!
//! #[derive(Serialize, Deserialize)]
//! enum Layer {
//!     #[safejax(flax = "Embed_0")]
//!     Embed(Embed),
//! }
//!
//! let bytes = safejax::to_bytes(&[Layer::Embed(Embed(vec![1.0]))])?;
//! assert_eq!(safejax::Checkpoint::from_bytes(&bytes)?.keys().next(), Some("0.Embed_0.embedding"));
//! # Ok::<(), safejax::Error>(())
//! ```
//!
//! # `collection`
//!
//! `collection(flax = "batch_stats", haiku = "state")`: the field, or everything in it or in the type,
//! is in that root collection, under the path that it has in its module; the rest of the model is in
//! `params`. On load all collections are one tree again. objax has no collections.
//!
//! ```
//! # use safejax::{Deserialize, Serialize};
//! #[derive(Serialize, Deserialize)]
//! struct BatchNorm {
//!     #[tensor]
//!     scale: Vec<f32>,
//!     #[tensor(collection(flax = "batch_stats", haiku = "state"))]
//!     mean: Vec<f32>,
//! }
//!
//! #[derive(Serialize, Deserialize)]
//! struct Net {
//!     norm: BatchNorm,
//! }
//! let net = Net { norm: BatchNorm { scale: vec![1.0], mean: vec![0.0] } };
//! let bytes = safejax::flax::to_bytes(&net)?;
//! let checkpoint = safejax::Checkpoint::from_bytes(&bytes)?;
//! assert_eq!(checkpoint.keys().collect::<Vec<_>>(), ["batch_stats.norm.mean", "params.norm.scale"]);
//! # Ok::<(), safejax::Error>(())
//! ```
//!
//! # `var` and `class`
//!
//! `var = "StateVar"`: the variable kind in objax, which is `TrainVar` unless it is given.
//! `class = "BatchNorm2D"`, on a type: its class in objax, where it is another than its name.
//!
//! ```
//! # use safejax::{Deserialize, Serialize};
//! #[derive(Serialize, Deserialize)]
//! #[safejax(class = "BatchNorm2D")]
//! struct BatchNorm {
//!     #[tensor(objax = "running_mean", var = "StateVar")]
//!     mean: Vec<f32>,
//! }
//!
//! let bytes = safejax::objax::to_bytes(&BatchNorm { mean: vec![0.0] })?;
//! let checkpoint = safejax::Checkpoint::from_bytes(&bytes)?;
//! assert_eq!(checkpoint.keys().next(), Some("(BatchNorm2D).running_mean::StateVar"));
//! # Ok::<(), safejax::Error>(())
//! ```
//!
//! # `scope`
//!
//! `scope = "~method"`: where haiku creates the submodule. `"~"`, the default, is `__init__`, `""` is
//! `__call__`, and `"~encode"` is the method `encode`. On a type it holds wherever the type is a
//! submodule, unless the field says otherwise.
//!
//! ```
//! # use safejax::{Deserialize, Serialize};
//! #[derive(Serialize, Deserialize)]
//! struct Linear {
//!     #[tensor]
//!     w: Vec<f32>,
//! }
//!
//! #[derive(Serialize, Deserialize)]
//! struct Vae {
//!     init: Linear,
//!     #[safejax(scope = "~encode")]
//!     encoder: Linear,
//!     #[safejax(scope = "", haiku = "linear")]
//!     out: Linear,
//! }
//!
//! #[derive(Serialize, Deserialize)]
//! struct Model {
//!     vae: Vae,
//! }
//!
//! let linear = || Linear { w: vec![1.0] };
//! let bytes = safejax::haiku::to_bytes(&Model { vae: Vae { init: linear(), encoder: linear(), out: linear() } })?;
//! let checkpoint = safejax::Checkpoint::from_bytes(&bytes)?;
//! assert_eq!(checkpoint.keys().collect::<Vec<_>>(), ["vae/linear.w", "vae/~/init.w", "vae/~encode/encoder.w"]);
//! # Ok::<(), safejax::Error>(())
//! ```
//!
//! # `list`
//!
//! `list = "suffix"`: the items of a list are `layers_0`, `layers_1`, … in flax; `"dot"` is
//! `layers.0`. Without it they are as the [naming](crate::Naming) says. On load every form is read.
//!
//! ```
//! # use safejax::{Deserialize, Serialize};
//! #[derive(Serialize, Deserialize)]
//! struct Net {
//!     #[safejax(list = "suffix", flax = "Dense")]
//!     layers: Vec<Linear>,
//! }
//!
//! #[derive(Serialize, Deserialize)]
//! struct Linear {
//!     #[tensor]
//!     w: Vec<f32>,
//! }
//!
//! let bytes = safejax::to_bytes(&Net { layers: vec![Linear { w: vec![1.0] }] })?;
//! assert_eq!(safejax::Checkpoint::from_bytes(&bytes)?.keys().next(), Some("Dense_0.w"));
//! # Ok::<(), safejax::Error>(())
//! ```
//!
//! # `only`
//!
//! `only(haiku)`: files of other frameworks do not have the field. When such a file is loaded the
//! field is absent: as an `Option`, or with a `#[serde(default)]`, it loads all the same.
//!
//! ```
//! # use safejax::{Deserialize, Serialize};
//! #[derive(Serialize, Deserialize)]
//! struct Ema {
//!     #[tensor]
//!     average: Vec<f32>,
//!     #[tensor(only(haiku))]
//!     counter: Option<i32>,
//! }
//!
//! #[derive(Serialize, Deserialize)]
//! struct Net {
//!     ema: Ema,
//! }
//!
//! let net = Net { ema: Ema { average: vec![1.0], counter: Some(3) } };
//! let bytes = safejax::haiku::to_bytes(&net)?;
//! assert_eq!(safejax::haiku::from_bytes::<Net>(&bytes)?.ema.counter, Some(3));
//! let bytes = safejax::flax::to_bytes(&net)?;
//! assert_eq!(safejax::flax::from_bytes::<Net>(&bytes)?.ema.counter, None);
//! # Ok::<(), safejax::Error>(())
//! ```
//!
//! # `metadata`
//!
//! The field is a leaf in the file's metadata, as JSON text, even if it could be a tensor:
//! `#[safejax(metadata)]`, or `#[tensor(metadata)]`.
//!
//! ```
//! # use safejax::{Deserialize, Serialize};
//! #[derive(Serialize, Deserialize)]
//! struct Config {
//!     #[safejax(metadata)]
//!     mean: ndarray::Array1<f32>,
//! }
//!
//! let bytes = safejax::to_bytes(&Config { mean: ndarray::array![0.5, 0.25] })?;
//! assert_eq!(safejax::Checkpoint::from_bytes(&bytes)?.keys().count(), 0);
//! assert_eq!(safejax::from_bytes::<Config>(&bytes)?.mean, ndarray::array![0.5, 0.25]);
//! # Ok::<(), safejax::Error>(())
//! ```
//!
//! # `crate`
//!
//! `crate = "facade::safejax"`: the path of this crate, where it is not `::safejax`, as in a macro of
//! another crate that re-exports it.
//!
//! ```
//! # mod facade { pub use safejax as params; }
//! #[derive(facade::params::Serialize, facade::params::Deserialize)]
//! #[safejax(crate = "facade::params")]
//! struct Linear {
//!     #[tensor]
//!     w: Vec<f32>,
//! }
//! # fn main() {}
//! ```
//!
//! # Where serde takes a value apart
//!
//! Tensor fields work inside `#[serde(flatten)]` and in untagged and internally tagged enums too.
//! Names, collections, lists and `only` do not: serde hands such values over in pieces before a name
//! is known. On the variants and fields of such an enum they are errors of the compiler, and a type
//! that has them and is flattened, or is the payload of an internally tagged enum, is an error on
//! save. Nor do they pass through a serializer or deserializer that stands before this crate's, such
//! as those of serde_path_to_error and erased-serde.
//!
//! ```
//! # use safejax::{Deserialize, Serialize};
//! #[derive(Serialize, Deserialize)]
//! struct Linear {
//!     #[tensor(haiku = "w")]
//!     kernel: Vec<f32>,
//! }
//!
//! #[derive(Serialize, Deserialize)]
//! struct Net {
//!     #[serde(flatten)]
//!     linear: Linear,
//! }
//!
//! let error = safejax::to_bytes(&Net { linear: Linear { kernel: vec![1.0] } }).unwrap_err();
//! assert!(error.to_string().contains("Linear"));
//! ```
