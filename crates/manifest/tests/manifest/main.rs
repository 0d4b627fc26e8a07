//! Tests of the whole crate, in one binary.

mod fixtures;
mod values;
