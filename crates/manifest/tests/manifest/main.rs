//! Tests of the whole crate, in one binary.
#![expect(clippy::disallowed_methods, reason = "tests read their own files")]

mod fixtures;
mod kustomize;
mod sprig;
mod tmpl;
mod values;
