//! The crash matrix and the kills: whatever dies, users are answered and the same command ends
//! the release. The kit is `bowline_testkit::crash`; `cargo xtask bench crash` runs all of it.
//!
//! `kill -9` and `abort` alike leave the page cache whole: they say nothing about power cuts.

mod ends;
mod kills;
mod matrix;

use bowline_host::files;
use bowline_testkit::crash::House;
use std::path::{Path, PathBuf};

/// A service of `replicas` pods whose canary gets half of the traffic for `pause` seconds.
fn house(replicas: u32, pause: u32) -> House {
    House::new(&program(), replicas, pause)
}

/// The `bowline` that was built beside this test.
fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    let program = test.parent().and_then(Path::parent).expect("target/<profile>").join("bowline");
    assert!(files::exists(&program), "build it first: cargo build -p bowline");
    program
}
