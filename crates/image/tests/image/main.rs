//! Tests of the whole crate, in one binary.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tests read their own files and say what they skip"
)]

mod builds;
mod dockerfile_goldens;
mod word_rows;
mod yardsticks;
