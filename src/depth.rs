//! How deep values nest.

/// As deep as values may nest where [`Options::max_depth`](crate::Options::max_depth) does not say
/// otherwise.
pub(crate) const MAX_DEPTH: usize = 128;
