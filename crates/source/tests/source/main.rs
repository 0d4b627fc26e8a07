//! Tests with real repositories; skipped with a loud line where there is no `git`.

mod attacks;
mod checkouts;
mod revisions;
mod sample;
