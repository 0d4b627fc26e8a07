//! The crash matrix: a command ends at a point, the same command follows, and what is left is
//! compared with what an undisturbed command leaves.
//!
//! A point stands before and after every append to the journal and every effect: a table of the
//! edge, an object, a pod's process, a job, a file that gets its name. Each command is run once
//! to list its points ([`House::list`]); then it is run once for each of them and aborts there.
//! `abort` and `kill -9` leave the page cache whole: they say nothing about power cuts.

mod house;
mod keep_alive;
mod kills;
mod matrix;
mod point;
mod projection;
mod scenario;

pub use house::House;
pub use keep_alive::{Failed, KeepAlive};
pub use kills::{Killed, kill_conductor, kill_edge, kill_shim};
pub use matrix::{Passed, Taken, Verdict, run};
pub use point::{Point, spread};
pub use projection::Projection;
pub use scenario::Scenario;
