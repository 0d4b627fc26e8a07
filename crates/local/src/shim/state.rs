//! What a shim knows of its container, as `state.json` and as the lines of its socket.

use bowline_model::Timestamp;
use serde::{Deserialize, Serialize};

/// The name of the file in a pod's folder.
pub const STATE_FILE: &str = "state.json";
/// The name of the file that says which process is the shim.
pub const HOLDER_FILE: &str = "shim.json";
/// The name of the container's log in a pod's folder.
pub const LOG_FILE: &str = "log";
/// The name of the log before it was turned over.
pub const OLDER_LOG_FILE: &str = "log.1";
/// The name of the lock that a living shim holds.
pub const LOCK_FILE: &str = "lock";

/// Which process is the shim. A process id alone may be somebody else's by now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holder {
    /// The process id.
    pub pid: u32,
    /// When it started, in clock ticks since boot.
    pub start_time: u64,
    /// The boot that this counts from.
    pub boot_id: String,
}

/// Where the container stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Phase {
    /// It does not run yet, or not again yet.
    Waiting {
        /// `ContainerCreating`, `CrashLoopBackOff`, `RunContainerError`.
        reason: String,
        /// For people.
        message: String,
    },
    /// It runs.
    Running,
    /// It has ended and stays so.
    Ended,
    /// The pod is being stopped.
    Stopping,
}

/// How a container ended last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LastExit {
    /// The exit code; 128 and the signal when a signal ended it.
    pub code: i32,
    /// The signal; 0 for none.
    pub signal: i32,
    /// `Completed` or `Error`.
    pub reason: String,
    /// Why it was ended, when the shim did it.
    pub message: String,
    /// When it had started.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
    /// The last lines that it wrote.
    pub last_log: Vec<String>,
}

/// Everything that the shim tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Counts the changes, from 1.
    pub change: u64,
    /// Where the container stands.
    pub phase: Phase,
    /// Whether it may get requests.
    pub ready: bool,
    /// Whether the startup probe succeeded (or there is none and it runs).
    pub started: bool,
    /// When the running container started.
    pub started_at: Option<Timestamp>,
    /// How often it was started again.
    pub restart_count: u64,
    /// How it ended last.
    pub last_exit: Option<LastExit>,
    /// What the last failed probe said; empty when all succeed.
    pub probe_message: String,
    /// Limits that the pod asked for and the machine cannot hold it to.
    pub limits_unset: Vec<String>,
}

impl State {
    /// Before anything was started.
    #[must_use]
    pub fn new() -> Self {
        Self {
            change: 1,
            phase: Phase::Waiting {
                reason: "ContainerCreating".to_owned(),
                message: String::new(),
            },
            ready: false,
            started: false,
            started_at: None,
            restart_count: 0,
            last_exit: None,
            probe_message: String::new(),
            limits_unset: Vec::new(),
        }
    }
}

impl Default for State {
    fn default() -> Self {
        Self::new()
    }
}
