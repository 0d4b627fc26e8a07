//! Whole commands: one module a verb, one binary, so that it links once.
//!
//! Each test has a world of its own (`bowline_testkit::World`): nothing is shared but Go's
//! build cache, and no test depends on another. Snapshots hold what a person sees;
//! `INSTA_UPDATE=always cargo test -p bowline --test verbs` accepts what is new.

mod absence;
mod bad_input;
mod canary;
mod check;
mod demo;
mod docs;
mod doctor;
mod explain;
mod hostile;
mod init;
mod ls;
mod ordinary;
mod release;
mod render;
mod run;
mod several;
mod trace;
mod why;

use bowline_testkit::World;

/// A user of the `bowline` that was just built.
fn world() -> World {
    World::new(env!("CARGO_BIN_EXE_bowline"))
}
