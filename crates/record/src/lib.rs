//! Records: which version a build gets, what is kept about it, and `trace`, by which a commit
//! leads to where it runs and a running digest back to its commit.
//!
//! A fold over events: [`Index`] is rebuilt from the journal at any time, so losing it loses
//! nothing. Absent on purpose: the journal (events are given in), files, clocks, registries.
#![forbid(unsafe_code)]

mod build;
mod codes;
mod error;
mod event;
mod index;
pub mod limits;
mod lock;
mod query;
mod trace;
mod version;

pub use build::{BuildFacts, build_record};
pub use codes::CODES;
pub use error::{Candidate, Error};
pub use event::{BUILT, DEPLOYED, built_event, deployed_event};
pub use index::Index;
pub use lock::{is_lock_file, lock_digests};
pub use trace::{Answer, Matched};
pub use version::next_version;
