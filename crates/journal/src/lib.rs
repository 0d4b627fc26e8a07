//! The journal: what happened, in order, for ever; and what is still to be done about it.
//!
//! One SQLite database in WAL mode. Events carry a hash chain; the effects that a decision
//! calls for are written in the same transaction as its events (an outbox), so that a decision
//! and its consequences cannot part. A fencing epoch keeps one conductor at a time.
//!
//! Everything here is synchronous and takes milliseconds; async callers use a blocking task
//! for [`Journal::wait_for`] and [`Journal::verify`].
//!
//! Absent on purpose: decisions, log text (files of the run), blobs (`store`), and any way to
//! change or remove an event. A mistake is corrected by a later event.
//!
//! ```
//! # let folder = tempfile::tempdir().unwrap();
//! use bowline_journal::{Durability, Journal};
//! use bowline_model::{Effect, NewEvent};
//! let journal = Journal::open(folder.path().join("journal.db"), Durability::Full).unwrap();
//! let epoch = journal.acquire("release 12").unwrap();
//! let shifted = NewEvent::new("rollout.weight_shifted", "shop/7", 10.into());
//! let effect = Effect::new("rollout.set_weight", "shop/7/step-1", 10.into());
//! journal.append(&epoch, &[shifted], &[effect]).unwrap();
//! assert_eq!(journal.pending().unwrap().len(), 1);
//! journal.effect_done(&epoch, "shop/7/step-1", &[]).unwrap();
//! assert_eq!(journal.pending().unwrap(), []);
//! ```
#![forbid(unsafe_code)]

mod append;
mod chain;
pub mod codes;
pub mod crash_point;
mod epoch;
mod error;
mod follow;
mod journal;
pub mod limits;
mod outbox;
mod read;
mod schema;

pub use chain::Report;
pub use crash_point::{CrashHook, When};
pub use epoch::Epoch;
pub use error::Error;
pub use journal::{Durability, Journal};
