//! The nouns of Bowline: one word, one meaning, everywhere.
//!
//! Every crate speaks of commits, runs, artifacts, evidence and releases with the types
//! of this crate, so that the journal, the terminal and the API cannot disagree.
//!
//! Absent on purpose: I/O, clocks, hashing, decisions. These types only hold what is known.
#![forbid(unsafe_code)]

mod digest;
mod event;
mod evidence;
mod release;
mod revision;
mod time;
mod trace;
mod version;

pub use digest::{Digest, DigestError};
pub use event::{Effect, Event, NewEvent};
pub use evidence::{Evidence, Verdict};
pub use release::{Outcome, ReleaseSummary, StageResult};
pub use revision::{Revision, Trust};
pub use time::Timestamp;
pub use trace::{BuildRecord, DeploymentRecord};
pub use version::{Version, VersionError};
