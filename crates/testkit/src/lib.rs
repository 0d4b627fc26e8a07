//! Whole commands under test: the built `bowline` in a world of its own.
//!
//! A [`World`] is a user on a machine: home, state folder, `PATH`, nothing inherited. It runs
//! `bowline` and answers with an [`Outcome`]; a command that goes on while the test looks at it
//! is a [`Running`]. When the world ends, it runs `bowline down` and fails the test if a process
//! of its state folder is left.
//!
//! ```no_run
//! # use bowline_testkit::World;
//! let world = World::new("/path/of/bowline");
//! let repository = world.repository();
//! world.bowline(repository.folder(), &["check"]).expect_exit(0);
//! ```
//!
//! Absent on purpose: doubles of Bowline's own parts. Everything here is the real program with
//! real processes; only the machine around it is chosen.
#![forbid(unsafe_code)]
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test kit: it starts the program under test, and what was skipped or passed is told"
)]

mod console;
pub mod crash;
mod example;
mod filters;
pub mod ordinary;
mod outcome;
mod poll;
mod port;
mod reaper;
mod repository;
mod running;
mod shared_cache;
mod small_disk;
mod snapshot;
mod users;
mod world;

pub use console::{ConsoleLine, console_lines};
pub use example::FILES as EXAMPLE_FILES;
pub use ordinary::program;
pub use outcome::Outcome;
pub use poll::until;
pub use port::free_port;
pub use reaper::Leftover;
pub use repository::Repository;
pub use running::Running;
pub use users::{Seen, Users, get};
pub use world::World;

use std::io::Write as _;

/// The snapshot library, for [`bow_snapshot!`].
pub use insta;

/// Says that a test does nothing on this machine, and why. A skip is never silent.
pub fn skip(test: &str, reason: &str) {
    // Not by a macro: what a test prints by one is swallowed when the test passes.
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {reason}");
}
