//! The crash matrix and the kills: whatever dies, users are answered and the same command ends
//! the release.
//!
//! A release is run once to count its crash points (before and after every append to the journal
//! and every effect). Then it is run again for single points: the process aborts there, the same
//! command follows, and what is left is compared with what an undisturbed release leaves.
//!
//! `cargo test` takes a spread of points; `BOWLINE_CRASH_ALL=1` takes all of them (minutes).
//! `kill -9` and `abort` alike leave the page cache whole: they say nothing about power cuts.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "tests: two variables are read, and each point of the matrix is told"
)]

mod ends;
mod full;
mod house;
mod kills;
mod long;
mod matrix;
mod reboot;
mod recovery;
mod takeover;
mod user;

#[test]
fn the_crash_rows_hold_as_an_ordinary_user() {
    let filters = ["matrix::a_first_release", "kills::", "ends::a_rollback"];
    bowline_testkit::ordinary::again("crash", &bowline_testkit::program(), &filters);
}
