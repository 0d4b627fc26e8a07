//! Tests of the whole crate, in one binary.

mod builds;
mod dockerfile_goldens;
mod word_rows;
mod yardsticks;
