//! Processes and what confines them: the only crate that starts a program, makes a namespace or
//! contains `unsafe`.
//!
//! - [`Sandbox`]: a box that stays and runs several programs (CI job steps, `RUN` lines);
//! - [`start`]: one program as process 1 of its own box (pods), in its own network or in that of
//!   a [`network::Namespace`];
//! - [`tool`]: host programs that Bowline itself uses; [`detached`]: helpers that outlive it;
//! - [`mask`]: secrets in what programs print; [`disk`]: how much they may write; [`ladder`]: what this machine permits;
//!   [`toolchain`]: installed Go and Node.
//!
//! As root the namespaces are made directly, as an ordinary user inside a user namespace; what
//! the machine refuses is an error with its remedy, never a weaker box. Everything here blocks:
//! an async caller uses a blocking task, or [`Process`]'s descriptor.
//!
//! ```no_run
//! use bowline_sandbox::{Launcher, Output, Program, Root, Sandbox, Spec};
//! let program = "/usr/bin/bowline".into();
//! let launcher = Launcher { program, arguments: vec!["__init".into()] };
//! let sandbox = Sandbox::open(&launcher, &Spec::new(Root::HostTools))?;
//! let program = Program {
//!     arguments: vec!["echo".into(), "hello".into()],
//!     environment: vec![("PATH".into(), "/usr/bin:/bin".into())],
//!     directory: "/tmp".into(),
//! };
//! let exit = sandbox.exec(&program, Output::null())?.wait()?;
//! assert!(exit.is_success());
//! sandbox.close()?;
//! # Ok::<(), bowline_sandbox::Error>(())
//! ```
//!
//! Absent on purpose: async, cgroups (limits that need one are reported as not set), veth pairs
//! and NAT, `/etc/subuid` ranges, shells: what a step's script is called with is the runner's
//! business.

mod codes;
pub mod descriptors;
pub mod detached;
pub mod disk;
mod error;
mod exit;
pub mod ladder;
mod launcher;
pub mod limits;
pub mod machine;
pub mod mask;
pub mod network;
pub mod process;
mod running;
mod sandbox;
mod spec;
mod start;
pub mod tool;
pub mod toolchain;
mod wire;

pub use codes::CODES;
pub use error::Error;
pub use exit::{Exit, Signal};
pub use launcher::init_main;
pub use running::{Output, Process, Sink};
pub use sandbox::Sandbox;
pub use spec::{Identity, Launcher, Limits, Mode, Mount, Network, Program, Root, Spec, Unset};
pub use start::start;
pub use wire::Step;
