//! Everything that must hold before a change lands, in the order of what fails soonest.

use crate::tidy;
use std::path::Path;

/// The steps: what is said, and the command.
const STEPS: &[(&str, &[&str])] = &[
    ("format", &["fmt", "--all", "--check"]),
    ("lints", &["clippy", "--workspace", "--lib", "--bins", "--locked", "--", "-D", "warnings"]),
    ("tests", &["test", "--workspace", "--locked", "--no-fail-fast"]),
];

/// Runs tidy and then every step; the first failure ends it.
pub fn run(root: &Path) -> Result<(), String> {
    println!("== tidy");
    tidy::run(root)?;
    for (name, arguments) in STEPS {
        println!("== {name}: cargo {}", arguments.join(" "));
        let status = crate::cargo()
            .args(*arguments)
            .current_dir(root)
            .status()
            .map_err(|error| format!("cargo does not start: {error}"))?;
        if !status.success() {
            return Err(format!("{name} failed; repeat it with: cargo {}", arguments.join(" ")));
        }
    }
    Ok(())
}
