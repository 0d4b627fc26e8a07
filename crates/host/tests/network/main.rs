//! The outbound client and the local connector against real servers on loopback.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests may stop at once")]

mod http;
mod local;
mod server;
