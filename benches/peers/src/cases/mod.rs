//! The cases, by groups that share what they need.

mod bytes;
mod dev;
mod dtypes;
mod elements;
mod files;
mod layouts;
mod linear;
mod load;
pub mod once;
mod part;
mod small;

use std::path::PathBuf;

use crate::models::Model;
use crate::report::Report;

/// How much there is to do.
pub struct Scale {
    pub rounds: usize,
    /// The large model.
    pub layers: usize,
    pub kernel: [usize; 2],
    /// How many small tensors, the most last.
    pub small: [usize; 2],
    /// The sizes of the models of the linear table, in layers, and its numbers of small tensors.
    pub linear_layers: [usize; 3],
    pub linear_tensors: [usize; 3],
    /// Where the files go.
    pub directory: PathBuf,
}

impl Scale {
    pub fn full(directory: PathBuf) -> Self {
        Self {
            rounds: 11,
            layers: 50,
            kernel: [1024, 512],
            small: [20_000, 200_000],
            linear_layers: [5, 50, 500],
            linear_tensors: [2_000, 20_000, 200_000],
            directory,
        }
    }

    /// Just enough to see that everything runs.
    pub fn quick(directory: PathBuf) -> Self {
        Self {
            rounds: 1,
            layers: 3,
            kernel: [64, 32],
            small: [40, 80],
            linear_layers: [1, 2, 3],
            linear_tensors: [40, 80, 120],
            directory,
        }
    }

    pub fn model(&self) -> Model {
        Model::new(self.layers, self.kernel)
    }
}

/// A group of cases.
pub struct Group {
    pub name: &'static str,
    pub about: &'static str,
    pub run: fn(&Scale, &mut Report),
}

pub const GROUPS: &[Group] = &[
    Group { name: "to_bytes", about: "the large model to bytes, and by the other formats", run: bytes::save },
    Group { name: "from_bytes", about: "the large model from bytes, and by the other formats", run: bytes::load },
    Group { name: "dtypes", about: "from_bytes for every dtype", run: dtypes::run },
    Group { name: "to_file", about: "the large model to a file", run: files::save },
    Group { name: "durable", about: "the large model to a file, and on disk on return", run: files::save_durably },
    Group { name: "from_file", about: "the large model from a file", run: load::owned },
    Group { name: "views", about: "borrowed tensors from a file that is read or mapped", run: load::views },
    Group { name: "part", about: "one tensor of many", run: part::run },
    Group { name: "small", about: "many small tensors, and by the other formats", run: small::run },
    Group { name: "elements", about: "arrays of a type that is not known", run: elements::run },
    Group { name: "layouts", about: "arrays that are not in C order", run: layouts::run },
    Group { name: "linear", about: "the cost by size and by number", run: linear::run },
    Group { name: "dev", about: "the typed path without optimisation: run it without --release", run: dev::run },
];
