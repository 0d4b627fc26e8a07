//! The edge against real sockets: real backends on loopback, real clients, and for restarts a
//! real process.
#![expect(
    clippy::disallowed_methods,
    reason = "test doubles are plain servers and clients that know nothing of Bowline"
)]

mod backend;
mod client;
mod control;
mod dead_man;
mod drain;
mod limits;
mod pods;
mod poisoned;
mod process;
mod retry;
mod setting;
mod split;
mod switching;
mod websocket;
