//! Other people's repositories: real shapes, as their owners would write them, released whole.
//!
//! Nothing here is shaped for Bowline but `bowline.yaml`. The repositories are made by the tests;
//! the toolchain, the boxes, the edge and the requests are the real ones.
#![expect(clippy::disallowed_methods, reason = "tests: the built program is looked for")]

mod bases;
mod gate;
mod history;
mod matrix;
mod monorepo;
mod objects;
mod probes;
mod site;
mod text;
mod toolchains;
mod vendored;
mod waiting;
