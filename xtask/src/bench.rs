//! Measurements: `cargo xtask bench main-job | crash | long`. Ratios are taken in one run; results
//! stand with the machine's facts under `bench/results/` or `docs/`. Never a pass or fail by the
//! clock.

mod crash;
mod example;
mod load;
mod long;
mod machine;
mod main_job;
mod ordinary;
mod quantile;

use crash::Profile;
use std::path::Path;

const USAGE: &str = "usage: cargo xtask bench main-job [--without-build | --quick] | \
                     crash [--debug | --quick] | long [RELEASES]";

/// Runs one bench by name.
pub fn run(root: &Path, arguments: &[&str]) -> Result<(), String> {
    match arguments {
        ["main-job"] => main_job::run(root, 20, 10, true),
        ["main-job", "--without-build"] => main_job::run(root, 20, 10, false),
        ["main-job", "--quick"] => main_job::run(root, 3, 3, false),
        ["crash"] => crash::run(root, usize::MAX, 10, Profile::Release),
        ["crash", "--debug"] => crash::run(root, usize::MAX, 10, Profile::Debug),
        ["crash", "--quick"] => crash::run(root, 10, 2, Profile::Debug),
        ["long"] => long::run(root, 200),
        ["long", releases] => match releases.parse() {
            Ok(releases) => long::run(root, releases),
            Err(error) => Err(format!("`{releases}` is not a number of releases: {error}")),
        },
        _ => Err(USAGE.into()),
    }
}
