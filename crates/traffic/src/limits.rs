//! Every limit of the edge, by name, the unit last.
//!
//! A limit that a test has to reach in short time stands in [`Limits`] as well, so that it
//! can be set lower; the constants are what is shipped.

use std::time::Duration;

/// A downstream request's start line and headers together; more is answered by 431.
pub const HEADER_BYTES_MAX: usize = 64 * 1024;
/// Headers of a downstream request; more is answered by 431. (What hyper parses on its stack.)
pub const HEADERS_MAX: usize = 100;
/// How long a client may take to send its headers; also how long a connection may be idle.
pub const HEADER_READ_MS_MAX: u64 = 60_000;
/// Client connections open at once on one listener; more wait in the kernel's backlog.
pub const CONNECTIONS_MAX: usize = 10_000;
/// Connections that the kernel accepts before the edge takes them.
pub const BACKLOG_MAX: u32 = 4096;
/// Connecting to an instance.
pub const CONNECT_MS_MAX: u64 = 2_000;
/// Time from the last byte of a request to the first of its answer; then 504.
pub const RESPONSE_MS_MAX: u64 = 60_000;
/// Time in which a client must send some of its body; then 408.
pub const BODY_STALL_MS_MAX: u64 = 60_000;
/// A request body longer than this is never sent a second time.
pub const RETRY_BODY_BYTES_MAX: usize = 64 * 1024;
/// Times that one request is sent, the first included.
pub const ATTEMPTS_MAX: usize = 4;
/// Idle keep-alive connections kept per instance.
pub const IDLE_CONNECTIONS_MAX: usize = 256;
/// How long an idle connection to an instance is kept.
pub const IDLE_MS_MAX: u64 = 30_000;
/// How long the requests of an instance that left the table may go on.
pub const DRAIN_MS_MAX: u64 = 30_000;
/// An instance that failed is left alone so long at first; doubled at each further failure.
pub const DOWN_MS_MIN: u64 = 100;
/// The longest time for which a failed instance is left alone.
pub const DOWN_MS_MAX: u64 = 5_000;
/// Sockets of a pod made in advance.
pub const LEASE_SOCKETS_MAX: usize = 16;
/// A pod's shim must answer a lease within this time.
pub const LEASE_MS_MAX: u64 = 1_000;
/// Seconds of counts that are kept.
pub const COUNTED_SECONDS_MAX: u64 = 3_600;
/// Body of a control request.
pub const CONTROL_BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Answer of a control request, as the client takes it.
pub const CONTROL_ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;
/// A control request must be answered within this time.
pub const CONTROL_MS_MAX: u64 = 10_000;
/// Routes of one table.
pub const ROUTES_MAX: usize = 256;
/// Versions of one route.
pub const VERSIONS_MAX: usize = 16;
/// Instances of one version.
pub const INSTANCES_MAX: usize = 256;
/// Bytes of a name in the table: a route, a version hash, an instance id.
pub const NAME_BYTES_MAX: usize = 253;
/// The path of a Unix socket (`sun_path` of Linux with its closing zero byte).
pub const SOCKET_PATH_BYTES_MAX: usize = 107;
/// The dead man's deadline: shorter would fall back between two ordinary words.
pub const DEADLINE_MS_MIN: u64 = 100;
/// How long the shim waits before it starts a dead edge for the second time in a row;
/// doubled each time.
pub const RESTART_MS_MIN: u64 = 50;
/// The longest wait before a dead edge is started again.
pub const RESTART_MS_MAX: u64 = 5_000;
/// How long a stopping edge may take beyond [`DRAIN_MS_MAX`] before the shim kills it.
pub const STOP_GRACE_MS_MAX: u64 = 2_000;

/// The limits that a test sets lower. [`Default`] gives the constants of this module.
#[derive(Clone, Debug)]
pub struct Limits {
    /// See [`HEADER_BYTES_MAX`].
    pub header_bytes_max: usize,
    /// See [`HEADER_READ_MS_MAX`].
    pub header_read_max: Duration,
    /// See [`CONNECTIONS_MAX`].
    pub connections_max: usize,
    /// See [`CONNECT_MS_MAX`].
    pub connect_max: Duration,
    /// See [`RESPONSE_MS_MAX`].
    pub response_max: Duration,
    /// See [`BODY_STALL_MS_MAX`].
    pub body_stall_max: Duration,
    /// See [`RETRY_BODY_BYTES_MAX`].
    pub retry_body_bytes_max: usize,
    /// See [`IDLE_CONNECTIONS_MAX`].
    pub idle_connections_max: usize,
    /// See [`IDLE_MS_MAX`].
    pub idle_max: Duration,
    /// See [`DRAIN_MS_MAX`].
    pub drain_max: Duration,
    /// See [`DOWN_MS_MIN`].
    pub down_min: Duration,
    /// See [`DOWN_MS_MAX`].
    pub down_max: Duration,
    /// See [`CONTROL_BODY_BYTES_MAX`].
    pub control_body_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_bytes_max: HEADER_BYTES_MAX,
            header_read_max: Duration::from_millis(HEADER_READ_MS_MAX),
            connections_max: CONNECTIONS_MAX,
            connect_max: Duration::from_millis(CONNECT_MS_MAX),
            response_max: Duration::from_millis(RESPONSE_MS_MAX),
            body_stall_max: Duration::from_millis(BODY_STALL_MS_MAX),
            retry_body_bytes_max: RETRY_BODY_BYTES_MAX,
            idle_connections_max: IDLE_CONNECTIONS_MAX,
            idle_max: Duration::from_millis(IDLE_MS_MAX),
            drain_max: Duration::from_millis(DRAIN_MS_MAX),
            down_min: Duration::from_millis(DOWN_MS_MIN),
            down_max: Duration::from_millis(DOWN_MS_MAX),
            control_body_bytes_max: CONTROL_BODY_BYTES_MAX,
        }
    }
}

/// Seconds that the counts of an edge may be older or newer than the machine's clock.
pub const COUNTERS_AGE_SECONDS_MAX: u64 = 2;

/// The most requests of one version in a second that are believed; sums of them never overflow.
pub const REQUESTS_A_SECOND_MAX: u64 = 100_000_000;
