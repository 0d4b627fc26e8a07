//! Named limits of this crate, unit last.

/// The largest request body that the API reads, in bytes (an object plus its managed fields).
pub const BODY_BYTES_MAX: usize = 3 * 1024 * 1024;
/// The largest stored object, in bytes; Kubernetes' own limit is about 1.5 MiB.
pub const OBJECT_BYTES_MAX: usize = 1024 * 1024;
/// How many changes a watch may lie behind before it gets 410 and must list again.
pub const WINDOW_CHANGES_MAX: usize = 8192;
/// How long a database that another process reads is waited for, in milliseconds.
pub const BUSY_MS_MAX: u64 = 5_000;
/// How many Events are kept; the oldest go first.
pub const EVENTS_MAX: usize = 500;
/// How long a watch without `timeoutSeconds` lives, in seconds.
pub const WATCH_SECONDS_MAX: u64 = 3600;
/// How often a watch that allows bookmarks gets one, in seconds.
pub const BOOKMARK_SECONDS: u64 = 30;
/// How many replicas one ReplicaSet may ask for on one machine.
pub const REPLICAS_MAX: i64 = 500;
/// How deep a written object may be nested.
pub const OBJECT_DEPTH_MAX: usize = 64;
/// A pod's log file is turned over at this size, in bytes; one older file is kept.
pub const LOG_BYTES_MAX: u64 = 10 * 1024 * 1024;
/// One line of a log is cut at this length, in bytes.
pub const LOG_LINE_BYTES_MAX: usize = 16 * 1024;
/// How many last lines of a crashed container are kept in its state.
pub const LAST_LOG_LINES_MAX: usize = 20;
/// The largest state or spec file of a pod that is read, in bytes.
pub const POD_FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// The head of a probed server's answer is read up to this length, in bytes.
pub const PROBE_HEAD_BYTES_MAX: usize = 16 * 1024;
/// Connections that a shim's socket serves at once.
pub const SHIM_CONNECTIONS_MAX: usize = 128;
/// Sockets that one request to a shim may ask for.
pub const SHIM_SOCKETS_MAX: usize = 64;
/// The longest pause between two starts of a crashing container, in milliseconds.
pub const BACKOFF_MS_MAX: u64 = 300_000;
/// A container that ran this long starts its back-off anew, in milliseconds.
pub const BACKOFF_RESET_MS: u64 = 600_000;
/// The slowest interval of readiness and startup probes before their first success, in ms.
pub const EAGER_PROBE_MS_MAX: u64 = 100;
/// How long requests in flight may keep a leaving pod alive, in milliseconds.
pub const DRAIN_MS_MAX: u64 = 30_000;
/// How long a started shim may take until its socket answers, in milliseconds.
pub const SHIM_START_MS_MAX: u64 = 10_000;
/// `terminationGracePeriodSeconds` when the pod says nothing, as in Kubernetes.
pub const GRACE_SECONDS_DEFAULT: u64 = 30;
/// How long `down` waits for one process beyond its grace, in milliseconds.
pub const DOWN_MS_MAX: u64 = 10_000;

/// Values of Secrets that are shorter are not masked in a pod's log: `true` or `8080` would
/// take common words with them.
pub const MASKED_BYTES_MIN: usize = 8;
