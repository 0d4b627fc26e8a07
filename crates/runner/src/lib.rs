//! Carries out the jobs of a GitHub Actions workflow, each in a box of its own.
//!
//! `workflow` says what a workflow means and which job may start when; this crate makes the
//! box, runs the steps, reads what they hand on, masks and stores their output.
//!
//! Absent on purpose: reading YAML, deciding which job runs (`workflow`), starting processes
//! (`sandbox`), judging reports (`gate`).
#![forbid(unsafe_code)]

mod annotation;
mod artifact;
mod builtin;
mod cache_store;
mod cancel;
pub mod codes;
mod command;
mod console;
mod context;
mod envfile;
mod error;
mod event;
mod find;
mod github;
mod glob;
mod group;
mod hashfiles;
mod history;
mod job;
mod job_box;
mod job_limits;
pub mod layout;
pub mod limits;
pub mod log;
mod node_toolchain;
mod output;
mod preflight;
mod problem;
mod report;
mod request;
mod run;
mod shell;
mod step;
mod taint;
mod variables;

pub use annotation::{Annotation, Level};
pub use cancel::CancelToken;
pub use codes::CODES;
pub use error::Error;
pub use event::RunEvent;
pub use history::wants_history;
pub use job_limits::{
    DISK_FREE_VARIABLE, DISK_VARIABLE, JobLimits, LOG_VARIABLE, PROCESSES_VARIABLE,
};
pub use layout::Caches;
pub use preflight::check;
pub use report::{Conclusion, JobReport, RunReport, StepReport};
pub use request::{History, RunRequest};
pub use run::run_workflow;
