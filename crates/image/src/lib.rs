//! Images: a team's Dockerfile, unchanged, to an OCI image whose digest depends on nothing but
//! its content.
//!
//! Recognised are `golang` stages, whose RUN steps run in a sandbox with this machine's Go
//! toolchain, and stages on `scratch`. Everything else in a Dockerfile is read, known and
//! refused at its line. Absent on purpose: daemons, registries, wall time in images, versions
//! and commits in images (the `record` crate keeps them beside the image).
#![forbid(unsafe_code)]

mod build;
mod codes;
mod context;
mod copy;
pub mod dockerfile;
mod elf;
mod error;
mod go_stage;
pub mod ignore;
pub mod limits;
mod plan;
mod request;
mod run;
mod tree;
pub mod words;

pub use build::{build, check};
pub use codes::CODES;
pub use error::{Error, RunFailure};
pub use request::{BuildEvent, BuildRequest, Built, BuiltLayer, Caches, Step};
