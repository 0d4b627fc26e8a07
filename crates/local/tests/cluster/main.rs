//! The API through `kube::Client` in process, and pods as real processes behind a real edge.
#![expect(
    clippy::disallowed_methods,
    reason = "a test is the world outside: it looks at files and ports with its own eyes"
)]

mod api;
mod pods;
mod stage;
