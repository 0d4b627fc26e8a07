//! Traffic: `bowline edge`, an HTTP/1.1 reverse proxy in a process of its own.
//!
//! It splits requests between versions by exact weights, counts each of them in the second in
//! which it was routed, and loses none during a change. A conductor gives it absolute tables
//! over a Unix socket and reads the counts from there; the edge serves on when the conductor
//! is gone, and goes back to the stable version when a rollout has heard nothing for too long.
//! `bowline edge-shim` holds its listening sockets and restarts it when it dies.
//!
//! Absent on purpose: decisions about steps (the edge obeys a table), judging, HTTP/2, TLS,
//! matching by host or path. Counts are kept in memory: they end with the process.
#![forbid(unsafe_code)]

mod answer;
mod answer_body;
mod client;
pub mod codes;
mod control;
mod edge;
mod error;
mod forward;
mod held;
pub mod histogram;
mod instance;
mod lease;
mod ledger;
pub mod limits;
mod listen;
mod log;
mod options;
mod plausible;
mod port_owner;
mod proxy;
mod request_body;
mod saved;
mod shim;
mod snapshot;
mod split;
mod table;
mod tunnel;
mod upstream;
mod verb;

pub use answer::{
    Accepted, Counters, Health, InFlight, NotListening, Refusal, RouteCounters, SecondCounts,
    TableState, Totals, VersionCounters,
};
pub use client::Client;
pub use edge::{Running, start};
pub use error::Error;
pub use histogram::Histogram;
pub use limits::Limits;
pub use options::{CONTROL_SOCKET, LOG_FILE, Options, SHIM_SOCKET, ShimOptions};
pub use table::{Address, Generation, Instance, Rollout, Route, Table, TableError, Version};
pub use verb::{edge_main, edge_shim_main, start_detached};
