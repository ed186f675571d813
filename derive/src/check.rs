//! What does not go together.

use crate::errors::Errors;
use crate::model::Model;

/// Finds what is wrong with the attributes of a type, taken together.
pub(crate) fn check(_model: &Model<'_>, _errors: &mut Errors) {}
