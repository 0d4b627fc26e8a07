//! The conductor: which event wakes which stage, effects with keys, resume after a crash.
//!
//! Only this crate reads the journal and hands what it says to the stages. What a release is
//! released to (the Kubernetes API, the router of traffic) is injected: [`target::Target`].
//!
//! Absent on purpose: any stage's rules, the terminal, the local cluster.
#![forbid(unsafe_code)]

pub mod check;
pub mod codes;
pub mod conductor;
pub mod config;
pub mod doctor;
mod failed_tests;
mod failure;
pub mod house;
mod kinds;
pub mod kubernetes;
pub mod lane;
pub mod notice;
pub mod prune;
pub mod read;
pub mod recognise;
pub mod release;
pub mod repository_file;
pub mod rollout;
pub mod target;
pub mod why;
pub mod workflows;

pub use codes::CODES;
pub use failure::Failure;
