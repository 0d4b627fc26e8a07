//! The crash matrix and the kills: whatever dies, users are answered and the same command ends
//! the release. The kit is `bowline_testkit::crash`; `cargo xtask bench crash` runs all of it.
//!
//! `kill -9` and `abort` alike leave the page cache whole: they say nothing about power cuts.

mod ends;
mod full;
mod kills;
mod long;
mod matrix;
mod reboot;
mod recovery;
mod takeover;

use bowline_testkit::crash::House;
use bowline_testkit::program;

/// A service of `replicas` pods whose canary gets half of the traffic for `pause` seconds.
fn house(replicas: u32, pause: u32) -> House {
    House::new(&program(), replicas, pause)
}

#[test]
fn the_crash_rows_hold_as_an_ordinary_user() {
    let filters = ["matrix::", "kills::", "ends::a_rollback"];
    bowline_testkit::ordinary::again("crash", &program(), &filters);
}
