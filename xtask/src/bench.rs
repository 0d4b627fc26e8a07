//! Measurements: `cargo xtask bench main-job | crash`. Ratios are taken in one run; results stand
//! with the machine's facts under `bench/results/` or `docs/`. Never a pass or fail by the clock.

mod crash;
mod example;
mod load;
mod machine;
mod main_job;
mod quantile;

use crash::Profile;
use std::path::Path;

const USAGE: &str = "usage: cargo xtask bench main-job [--without-build | --quick] | \
                     crash [--debug | --quick]";

/// Runs one bench by name.
pub fn run(root: &Path, arguments: &[&str]) -> Result<(), String> {
    match arguments {
        ["main-job"] => main_job::run(root, 20, 10, true),
        ["main-job", "--without-build"] => main_job::run(root, 20, 10, false),
        ["main-job", "--quick"] => main_job::run(root, 3, 3, false),
        ["crash"] => crash::run(root, usize::MAX, 10, Profile::Release),
        ["crash", "--debug"] => crash::run(root, usize::MAX, 10, Profile::Debug),
        ["crash", "--quick"] => crash::run(root, 10, 2, Profile::Debug),
        _ => Err(USAGE.into()),
    }
}
