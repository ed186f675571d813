//! Reading a value out of a [`Tree`], which is a file that stays in memory.

use serde::de::DeserializeOwned;

use crate::cast::Casts;
use crate::de::contents::{Contents, Wanted};
use crate::de::reader::{Data, Reader, Settings};
use crate::header::Header;
use crate::rename::Renames;
use crate::ser::plan::Plan;
use crate::{Naming, Result, Tree};

/// Reads a value from the keys that were planned for a tree, and the tensors that it holds.
pub(crate) fn read<T: DeserializeOwned>(
    tree: &Tree,
    plan: &Plan,
    naming: Naming,
    casts: Casts,
    max_depth: usize,
) -> Result<T> {
    let header = Header::parse(&plan.header, plan.total)?;
    let contents = Contents::new(header, &Wanted::Exactly(naming), &Renames::default())?;
    // A tree is walked in the order of its entries, and so are its tensors.
    let walked: Vec<&[u8]> = tree.tensors().map(|(_, tensor)| tensor.bytes()).collect();
    let tensors: Vec<&[u8]> = plan.order.iter().filter_map(|&index| walked.get(index).copied()).collect();
    let settings = Settings { casts, max_depth, ..Settings::default() };
    Reader::new(&contents, None, Data::Tensors(&tensors), &settings).read()
}
