//! Loading into a model that is there: all of it or, where that is asked for, what fits.
//!
//! The model's own skeleton is the template. Each part of it is looked up in the file as a load would
//! look it up ([`fit`]), and all that does not fit is reported at once. Then a value is read whose
//! header is the model's, each tensor from the file or, where it is kept, from the model; it takes
//! the model's place only when it is complete.

mod fit;
mod template;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::checkpoint::Checkpoint;
use crate::de::reader::Reader;
use crate::options::{Options, UnknownKeys};
use crate::report::Report;
use crate::ser::skeleton::Skeleton;
use crate::{Error, ErrorKind, Result};

/// Replaces a model by what a checkpoint has for it.
pub(crate) fn assign<T: Serialize + DeserializeOwned>(
    options: &Options,
    model: &mut T,
    checkpoint: &Checkpoint<'_>,
) -> Result<Report> {
    let skeleton = options.skeleton(&*model)?;
    let reader = checkpoint.quiet_reader();
    let assigned = assign_from(options, model, &skeleton, &reader);
    if let Err(error) = &assigned
        && matches!(error.kind(), ErrorKind::Mismatch(_))
        && skeleton.has_names()
        && let Some(contents) = reader.contents.as_haiku()
    {
        // The keys leave two namings open, and the fields say which it is.
        return assign_from(options, model, &skeleton, &reader.of(&contents)).or(assigned);
    }
    assigned
}

fn assign_from<T: Serialize + DeserializeOwned>(
    options: &Options,
    model: &mut T,
    skeleton: &Skeleton,
    reader: &Reader<'_, '_>,
) -> Result<Report> {
    let overlaid = fit::overlay(skeleton, reader);
    let reader = &match &overlaid {
        Some(contents) => reader.of(contents),
        None => reader.of(reader.contents),
    };
    let fit = fit::compare(skeleton, reader)?;
    let mismatch = fit.mismatch(options.keeps_missing(), options.denies_unknown(UnknownKeys::Deny));
    if !mismatch.is_empty() {
        return Err(Error::new(ErrorKind::Mismatch(Box::new(mismatch))));
    }
    *model = template::read(options, &*model, skeleton, &fit, reader)?;
    Ok(fit.report())
}
