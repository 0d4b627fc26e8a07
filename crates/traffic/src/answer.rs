//! What the control socket answers, as types: counters, table, health, requests in flight.
//!
//! Seconds and milliseconds are those of the machine's monotonic clock since boot
//! (`bowline_host::clock::monotonic`), so that every process of this machine agrees on them.

use crate::{Generation, Table, histogram::Histogram};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// `GET /counters?from=<second>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counters {
    /// The second that runs now; its counts are not complete.
    pub now: u64,
    /// The same moment in milliseconds.
    pub now_ms: u64,
    /// When this edge process started, in milliseconds. Counts live as long as the process:
    /// another value than before means that earlier seconds are gone, not empty.
    pub started_ms: u64,
    /// The first second that is answered: the one asked for, but at most an hour back.
    pub from: u64,
    /// By route name, ascending. A route that left the table stays for an hour.
    pub routes: Vec<RouteCounters>,
}

/// The counts of one route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteCounters {
    /// The route's name.
    pub route: String,
    /// Since the edge's start, over all versions.
    pub totals: Totals,
    /// By hash, ascending. A version that left the table stays for an hour.
    pub versions: Vec<VersionCounters>,
}

/// Counts of a route since the edge's start. One request of a user counts once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// Requests that were routed, answered or not yet.
    pub requests: u64,
    /// See [`SecondCounts::failed`]; also those that no version could take.
    pub failed: u64,
}

/// The counts of one version of a route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VersionCounters {
    /// The version's hash.
    pub hash: String,
    /// When the first request was routed to it, in milliseconds; `None`: never yet.
    pub first_request_at_ms: Option<u64>,
    /// Ascending by second; seconds without a count are left out.
    pub seconds: Vec<SecondCounts>,
}

/// What happened to the requests that were routed to a version in one second. A request is
/// booked in the second in which it was routed, however long it takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecondCounts {
    /// The second.
    pub second: u64,
    /// Requests routed to this version.
    pub requests: u64,
    /// Requests without an end yet. A second is settled when it is over and this is 0.
    pub open: u64,
    /// Requests whose user saw a failure: a 5xx answer of the instance, a 502, 503 or 504
    /// that the edge made for it, an answer that broke off.
    pub failed: u64,
    /// Requests with at least one bad event, whether or not a retry hid it from the user:
    /// every failed one, and every one that met a dead instance. `failed` ≤ `bad` ≤ `requests`.
    pub bad: u64,
    /// Events: an instance refused, reset or closed a connection that it should have served.
    /// A stale idle connection is none.
    pub resets: u64,
    /// Events: no connection or no answer in time.
    pub timeouts: u64,
    /// Requests that were this version's share and went to stable, because it had no
    /// instance. Not in `requests`, unless an instance was tried first.
    pub unavailable: u64,
    /// Requests whose user went away before the end. Not failed.
    pub left: u64,
    /// From routing to the last byte of the answer, for requests that ended with an answer.
    pub latency: Histogram,
}

/// `GET /table`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableState {
    /// The table in force; `None` before the first one.
    pub table: Option<Table>,
    /// Whether the dead man's switch has sent any route back to stable.
    pub fell_back: bool,
    /// The names of those routes.
    pub fell_back_routes: Vec<String>,
    /// Milliseconds since the last word of a conductor (or since the start).
    pub silent_ms: u64,
    /// Listen addresses of the table that the edge cannot get, for example because another
    /// process took the port while the edge was not running. It tries again every second.
    pub not_listening: Vec<NotListening>,
}

/// A listen address that the edge cannot get.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotListening {
    /// The address.
    pub listen: SocketAddr,
    /// One sentence.
    pub reason: String,
}

/// The answer to `PUT /table`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accepted {
    /// The generation in force now.
    pub generation: Generation,
    /// When it came into force, in milliseconds.
    pub at_ms: u64,
    /// Set when the table serves but could not be kept on disk: a restart would not know it.
    pub not_kept: Option<String>,
}

/// `GET /inflight?instance=<id>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InFlight {
    /// The instance.
    pub instance: String,
    /// Whether the table in force names it, so that it may get new requests.
    pub in_table: bool,
    /// Requests and tunnels that it is serving.
    pub in_flight: u64,
}

/// `GET /healthz`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// The edge's process id.
    pub pid: u32,
    /// When the process started, in milliseconds.
    pub started_ms: u64,
    /// The generation in force; `None` before the first table.
    pub generation: Option<Generation>,
}

/// What the control socket answers when it refuses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// The error's code, for example `BOW0802`.
    pub code: String,
    /// One sentence.
    pub message: String,
    /// For an older generation: the one that was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offered: Option<Generation>,
    /// For an older generation: the one in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Generation>,
}
