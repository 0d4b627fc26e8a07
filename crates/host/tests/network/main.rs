//! The outbound client and the local connector against real servers on loopback.

mod http;
mod local;
mod server;
