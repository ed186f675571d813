//! serde for model parameters: any struct of ndarray arrays to safetensors and back, in the names
//! that JAX people use.
//!
//! ```
//! use ndarray::{Array1, Array2};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Dense {
//!     kernel: Array2<f32>,
//!     bias: Array1<f32>,
//! }
//!
//! #[derive(Serialize, Deserialize)]
//! struct Mlp {
//!     hidden: Dense,
//!     out: Dense,
//!     activation: String,
//! }
//!
//! # let dense = || Dense { kernel: Array2::zeros((2, 3)), bias: Array1::zeros(3) };
//! # let mlp = Mlp { hidden: dense(), out: dense(), activation: "relu".into() };
//! // hidden.bias, hidden.kernel, out.bias, out.kernel; activation in the metadata
//! let bytes = safejax::to_bytes(&mlp)?;
//! let mlp: Mlp = safejax::from_bytes(&bytes)?;
//! # Ok::<(), safejax::Error>(())
//! ```
//!
//! It is a serde data format: any type that derives `Serialize` and `Deserialize` works. A tensor is
//! what says that it is one: an ndarray array, a [`Tensor`] or a [`TensorView`]. Everything else is
//! a leaf, which the file keeps in its metadata. How the tree of structs, maps, sequences and enums
//! becomes keys is a [`Naming`].
//!
//! # Features
//!
//! None is on by default.
//!
//! - `candle`: `#[tensor]` fields of type `candle_core::Tensor`, on the CPU.
//! - `float8`: the 8-bit floats of the crate of that name as elements.
//! - `nalgebra`: `#[tensor]` fields that are matrices and vectors of nalgebra.
//! - `object_store`: checkpoints in S3, GCS, Azure, over HTTP and wherever else the crate
//!   `object_store` reaches.
//! - `parallel`: several threads share large copies and reads, in `to_bytes`, `from_bytes`, `from_file`
//!   and `Checkpoint::load`; `Options::threads` says how many.

#[cfg(target_endian = "big")]
compile_error!("safetensors files are little-endian, and safejax copies them as they are");

mod assign;
pub mod attributes;
mod cast;
mod checkpoint;
mod de;
mod depth;
mod derived;
mod dtype;
mod element;
mod entry;
mod error;
mod file;
pub mod flax;
mod functions;
pub mod haiku;
mod handshake;
mod header;
mod memory;
mod naming;
pub mod objax;
mod options;
mod progress;
#[cfg(feature = "object_store")]
mod remote;
mod rename;
mod report;
mod ser;
mod shards;
mod spec;
mod tensor;
mod threads;
mod tree;

pub use cast::Casts;
pub use checkpoint::{Checkpoint, TensorInfo};
pub use de::deserializer::Deserializer;
pub use dtype::Dtype;
pub use element::Element;
pub use error::{Error, ErrorKind, Result};
pub use functions::{
    assign_from_bytes, assign_from_file, from_bytes, from_bytes_with_metadata, from_file, from_file_with_metadata,
    from_reader, from_shards, from_tree, to_bytes, to_file, to_shards, to_tree, to_writer,
};
pub use naming::Naming;
pub use options::{Metadata, MissingKeys, Options, UnknownKeys};
pub use progress::Progress;
#[cfg(feature = "object_store")]
pub use remote::{RemoteCheckpoint, to_store};
pub use report::{Mismatch, Missing, OtherDtype, OtherShape, Report, Unexpected};
pub use safejax_derive::{Deserialize, Serialize};
pub use ser::serializer::Serializer;
pub use serde::{de::Deserialize, ser::Serialize};
pub use tensor::{CowTensor, FromTensor, Row, StoredTensor, Tensor, TensorView, ToTensor};
pub use tree::Tree;

/// What the code that the derives write stands on. Not for use by hand: it changes without notice.
#[doc(hidden)]
pub mod __private {
    pub use crate::Dtype;
    pub use crate::derived::{
        As, AsList, AsMetadata, Shapes, TensorField, announce_load, announce_save, load_option, load_tensor,
        save_option, save_tensor,
    };
    pub use crate::spec::{
        Extent, FieldSpec, Framework, ListForm, PerFramework, Permutation, TensorSpec, TypeSpec, VariantSpec,
    };
    pub use crate::tensor::{FromTensor, ToTensor};
    pub use serde;
}

/// The README's examples, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
