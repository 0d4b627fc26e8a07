//! Processes, namespaces, mounts and limits: the only crate that starts a program.

mod error;
mod exit;
pub mod process;
mod spec;
mod stub;

pub use error::Error;
pub use exit::{Exit, Signal};
pub use spec::{
    Identity, Launcher, Limits, Mode, Mount, Network, Program, Root, Spec, Unset,
};
pub use stub::{Output, Process, Sandbox, Sink, init_main, start};
pub use stub::{descriptors, detached, ladder, mask, network, tool, toolchain};

/// The table of codes.
pub const CODES: &[bowline_diag::Code] = &[];
