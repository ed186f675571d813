//! Derive macros for the `safejax` crate.
//!
//! `safejax` is a serde data format, so serde's own derives are all that a model needs today. This
//! crate is the place of the derives that will add attributes for single tensor fields.
