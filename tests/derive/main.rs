//! The derives of safejax: their attributes on every shape of type, and types that have none.

mod structs;
