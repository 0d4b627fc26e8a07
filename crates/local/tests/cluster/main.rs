//! The API through `kube::Client` in process, and pods as real processes behind a real edge.

mod api;
mod pods;
mod stage;
