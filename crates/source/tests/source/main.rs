//! Tests with real repositories; skipped with a loud line where there is no `git`.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests write their own files and say what they skip"
)]

mod attacks;
mod checkouts;
mod revisions;
mod sample;
