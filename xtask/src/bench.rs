//! Measurements: `cargo xtask bench main-job`, `bench long`. Ratios are taken in one run; results
//! stand with the machine's facts under `bench/results/`. Never a pass or fail by the clock.

mod example;
mod load;
mod long;
mod machine;
mod main_job;
mod quantile;

use std::path::Path;

/// Runs one bench by name.
pub fn run(root: &Path, arguments: &[&str]) -> Result<(), String> {
    match arguments {
        ["main-job"] => main_job::run(root, 20, 10, true),
        ["main-job", "--without-build"] => main_job::run(root, 20, 10, false),
        ["main-job", "--quick"] => main_job::run(root, 3, 3, false),
        ["long"] => long::run(root, 200),
        ["long", releases] => match releases.parse() {
            Ok(releases) => long::run(root, releases),
            Err(error) => Err(format!("`{releases}` is not a number of releases: {error}")),
        },
        _ => {
            Err("usage: cargo xtask bench (main-job [--without-build | --quick] | long [N])".into())
        }
    }
}
