//! What the engine sees at one moment.

use crate::judge::Arm;
use crate::plan::{Plan, Version};
use std::collections::BTreeMap;

/// Everything that a decision may look at besides the state.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Observation {
    /// The monotonic clock, in milliseconds since `boot`.
    pub now_ms: u64,
    /// Which boot of the machine that clock counts from; another value restarts all timers.
    pub boot: String,
    /// Pods by template hash. A hash that is not here has no pods.
    pub pods: BTreeMap<String, Pods>,
    /// Requests per second and version.
    pub counters: Counters,
    /// When the first request of this rollout reached the canary, on the clock of `now_ms`.
    pub first_canary_request_ms: Option<u64>,
    /// The largest `counter` of a [`SetWeight`](super::Effect::SetWeight) of this app that the
    /// router has acknowledged; 0 = none yet. Weights count as moved only then.
    pub acknowledged: u64,
    /// What people (or the engine) ask for, in the order in which it came.
    pub requests: Vec<Request>,
}

/// The pods of one version, summed up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pods {
    /// How many its ReplicaSet wants.
    pub desired: u32,
    /// How many pass their readiness probe.
    pub ready: u32,
    /// How many have been ready for `minReadySeconds` (equal to `ready` when that is 0).
    pub available: u32,
    /// How often a container of these pods ended by itself.
    pub crashes: u32,
    /// The last lines that a crashed (or else the newest) pod wrote.
    pub last_log: Vec<String>,
}

/// The edge's counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Counters {
    /// They could not be read: neither good nor bad, and no weight rises.
    #[default]
    Unavailable,
    /// All seconds after [`State::counted_through`](super::State::counted_through), ascending.
    /// No entry (or zeros) = no traffic. The running second may be among them.
    Read(Vec<SecondCounts>),
}

/// One second of both arms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SecondCounts {
    /// The edge's number of the second; any clock, but it must never go back.
    pub second: u64,
    /// Requests routed to the canary in that second, and those that failed.
    pub canary: Arm,
    /// The same for stable.
    pub stable: Arm,
}

/// Something asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The journal's number of the request event: it is answered once, however often it is
    /// shown. `None` = from the engine itself, for this observation only.
    pub number: Option<u64>,
    /// Who asks.
    pub by: String,
    /// Why; may be empty.
    pub reason: String,
    /// For what.
    pub action: Action,
}

/// What can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Bring this version out. While it is under way or running, asking again changes nothing.
    /// With `overriding` show it once, or number it: after an abort it begins anew each time.
    Start(Box<Start>),
    /// Take the rollout back. Without one: nothing happens.
    Abort,
    /// End the current pause; with `full` skip all steps that are left.
    Promote {
        /// Skip all steps.
        full: bool,
    },
    /// Stop taking steps; judging goes on.
    Pause,
    /// Take steps again.
    Resume,
    /// Begin an aborted rollout again at step 0.
    Retry {
        /// The audited permission to deploy a quarantined digest.
        overriding: bool,
    },
}

/// A version to bring out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// The version.
    pub version: Version,
    /// How.
    pub plan: Plan,
    /// The audited permission to deploy a quarantined digest.
    pub overriding: bool,
    /// The running version's seconds before the release (600 where there are as many): from
    /// them comes the over-dispersion. May be empty.
    pub baseline: Vec<Arm>,
}
