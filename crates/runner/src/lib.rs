//! Carries out the jobs of a GitHub Actions workflow, each in a box of its own.
//!
//! `workflow` says what a workflow means and which job may start when; this crate makes the
//! box, runs the steps, reads what they hand on, masks and stores their output.
//!
//! Absent on purpose: reading YAML, deciding which job runs (`workflow`), starting processes
//! (`sandbox`), judging reports (`gate`).
#![forbid(unsafe_code)]

mod annotation;
mod cancel;
pub mod codes;
mod command;
mod envfile;
mod error;
mod find;
mod glob;
mod hashfiles;
pub mod limits;
mod output;
mod shell;

pub use annotation::{Annotation, Level};
pub use cancel::CancelToken;
pub use codes::CODES;
pub use error::Error;
