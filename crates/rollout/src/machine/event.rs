//! What happened, in the past tense; the journal keeps it for good.
//!
//! All numbers are integers, so that an event that was written and read again is the same one.

use super::effect::read_body;
use crate::codes;
use crate::judge::Arm;
use crate::plan::{Plan, Version};
use bowline_diag::{Diagnose, Diagnostic};
use bowline_model::{NewEvent, Verdict};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// An event that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// A kind of this stage that this version does not know.
    #[error("`{0}` is not known to this version")]
    UnknownKind(String),
    /// A known kind with another payload.
    #[error("the payload of `{kind}` cannot be read")]
    Body {
        /// The kind.
        kind: String,
        /// What the reader said.
        cause: String,
    },
}

impl Diagnose for EventError {
    fn diagnose(&self) -> Vec<Diagnostic> {
        let error = Diagnostic::error(codes::UNREADABLE_EVENT, self.to_string());
        let error = error.help("use the version of `bowline` that wrote this journal");
        match self {
            Self::UnknownKind(_) => vec![error],
            Self::Body { cause, .. } => vec![error.note(cause.clone())],
        }
    }
}

/// Declares the enum and the table of kinds in one place, so that they cannot disagree.
macro_rules! events {
    ($($(#[$doc:meta])* $variant:ident($payload:ty) = $kind:literal,)*) => {
        /// Something that happened to a rollout.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Event { $($(#[$doc])* $variant($payload),)* }

        impl Event {
            /// Every kind of this stage.
            pub const KINDS: &[&str] = &[$($kind,)*];

            /// Its kind in the journal, `rollout.<past tense>`.
            #[must_use]
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$variant(_) => $kind,)* }
            }

            fn body(&self) -> serde_json::Value {
                match self { $(Self::$variant(payload) => serde_json::to_value(payload),)* }
                    .expect("integers and texts always serialise")
            }

            /// From a kind and a body; `None` when it is another stage's.
            ///
            /// # Errors
            /// A kind or a payload of this stage that this version cannot read.
            pub fn read(kind: &str, body: &serde_json::Value) -> Result<Option<Self>, EventError> {
                match kind {
                    $($kind => Ok(Some(Self::$variant(read_body(kind, body)?))),)*
                    other if other.starts_with("rollout.") => {
                        Err(EventError::UnknownKind(other.to_owned()))
                    }
                    _ => Ok(None),
                }
            }
        }
    };
}

events! {
    /// A version is being brought out.
    Started(Started) = "rollout.started",
    /// A request that was not granted.
    Refused(Refused) = "rollout.refused",
    /// A request that changed nothing.
    RequestHandled(RequestHandled) = "rollout.request_handled",
    /// The running version was applied again, perhaps with other numbers.
    Reapplied(Reapplied) = "rollout.reapplied",
    /// A ReplicaSet is to have so many replicas.
    ReplicasScaled(ReplicasScaled) = "rollout.replicas_scaled",
    /// More pods than ever since the last scaling are available.
    ReplicasAvailable(ReplicasAvailable) = "rollout.replicas_available",
    /// Traffic was divided anew.
    WeightShifted(WeightShifted) = "rollout.weight_shifted",
    /// A step is done.
    StepCompleted(StepCompleted) = "rollout.step_completed",
    /// A pause began.
    PauseStarted(PauseStarted) = "rollout.pause_started",
    /// A pause is over.
    PauseEnded(PauseEnded) = "rollout.pause_ended",
    /// Somebody stopped the steps.
    Paused(Halted) = "rollout.paused",
    /// Somebody let the steps go on.
    Resumed(Halted) = "rollout.resumed",
    /// Somebody skipped the steps that were left.
    FullPromotionRequested(FullPromotionRequested) = "rollout.full_promotion_requested",
    /// Counts that decisions rest on.
    Counted(Counted) = "rollout.counted",
    /// The edge's counts cannot be read.
    CountersLost(CountersChanged) = "rollout.counters_lost",
    /// They can be read again.
    CountersFound(CountersChanged) = "rollout.counters_found",
    /// The rollout was taken back.
    Aborted(Aborted) = "rollout.aborted",
    /// A digest must not come again.
    DigestQuarantined(DigestQuarantined) = "rollout.digest_quarantined",
    /// A digest may come again.
    QuarantineLifted(QuarantineLifted) = "rollout.quarantine_lifted",
    /// The new version is the stable one.
    Promoted(Promoted) = "rollout.promoted",
    /// An aborted rollout began again.
    Retried(Retried) = "rollout.retried",
    /// The machine was booted anew: all timers start again.
    ClockRestarted(ClockRestarted) = "rollout.clock_restarted",
}

impl Event {
    /// As a journal entry of the app `key`.
    #[must_use]
    pub fn to_new_event(&self, key: &str) -> NewEvent {
        NewEvent::new(self.kind(), key, self.body())
    }

    /// From a journal entry; `None` when it is another stage's.
    ///
    /// # Errors
    /// A kind or a payload of this stage that this version cannot read.
    pub fn from_event(event: &bowline_model::Event) -> Result<Option<Self>, EventError> {
        Self::read(&event.kind, &event.body)
    }
}

/// What a decision rests on. `decision_ms` of a release is `decided_ms` minus
/// `first_canary_request_ms`; both are on the same monotonic clock.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Evidence {
    /// When it was decided.
    pub decided_ms: u64,
    /// When the first request reached the canary.
    pub first_canary_request_ms: Option<u64>,
    /// The canary's requests and failed requests since the start.
    pub canary: Arm,
    /// The stable arm's, in the same seconds.
    pub stable: Arm,
    /// Seconds in which the canary had a request.
    pub exposed_seconds: u64,
    /// Shared ln E of the tests against the canary, in thousandths; it trips at 6,907.
    pub against_thousandths: i64,
    /// ln E of the proof of good in the current pause, in thousandths; proven at 4,605.
    pub proof_thousandths: Option<i64>,
    /// The judge's word: `tripped`, `proven`, `clear` or `inconclusive`.
    pub judgement: String,
    /// The seconds that it rests on besides those of earlier `rollout.counted` events, in the
    /// same form: with them a verdict can be computed again.
    pub seconds: Vec<[u64; 5]>,
}

impl Evidence {
    /// First canary request to the decision, in milliseconds.
    #[must_use]
    pub fn decision_ms(&self) -> Option<u64> {
        self.first_canary_request_ms.map(|first| self.decided_ms.saturating_sub(first))
    }
}

/// Payload of `rollout.started`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// The app's rollouts are counted from 1.
    pub rollout: u64,
    /// What is brought out.
    pub version: Version,
    /// How.
    pub plan: Plan,
    /// The version that runs, if there is one; without one all steps are skipped.
    pub stable: Option<String>,
    /// Whether a quarantine was overridden.
    pub overriding: bool,
    /// Over-dispersion of the stable arm before the release, in thousandths, at least 1,000.
    pub phi_thousandths: u64,
    /// Crashes of this hash that had been seen before.
    pub crashes_before: u32,
    /// Seconds up to this one belong to earlier rollouts.
    pub counted_through: Option<u64>,
    /// Who asked.
    pub by: String,
    /// The request's number.
    pub request: Option<u64>,
    /// When, on the clock of `boot`.
    pub now_ms: u64,
    /// Which boot.
    pub boot: String,
}

/// Payload of `rollout.refused`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The version that was asked for.
    pub hash: String,
    /// The quarantined digest, if that is the reason.
    pub digest: Option<String>,
    /// One sentence for people.
    pub reason: String,
    /// Who asked.
    pub by: String,
    /// The request's number.
    pub request: Option<u64>,
}

/// Payload of `rollout.request_handled`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestHandled {
    /// The word of the verb: `abort`, `promote`, …
    pub action: String,
    /// One sentence for people: why nothing changed.
    pub outcome: String,
    /// Who asked.
    pub by: String,
    /// The request's number.
    pub request: Option<u64>,
}

/// Payload of `rollout.reapplied`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reapplied {
    /// The name of what runs from now on, when a later release of the same asked.
    #[serde(default)]
    pub release: Option<String>,
    /// The plan from now on.
    pub plan: Plan,
    /// Whether the steps differ and begin again at 0.
    pub steps_restarted: bool,
    /// Who asked.
    pub by: String,
    /// The request's number.
    pub request: Option<u64>,
    /// When.
    pub now_ms: u64,
}

/// Payload of `rollout.replicas_scaled`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicasScaled {
    /// The counter of its effect.
    pub counter: u64,
    /// Which version.
    pub hash: String,
    /// How many pods from now on.
    pub replicas: u32,
    /// When.
    pub now_ms: u64,
}

/// Payload of `rollout.replicas_available`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicasAvailable {
    /// Which version.
    pub hash: String,
    /// How many pods are available.
    pub available: u32,
    /// When.
    pub now_ms: u64,
}

/// Payload of `rollout.weight_shifted`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeightShifted {
    /// The counter of its effect.
    pub counter: u64,
    /// Which rollout.
    pub rollout: u64,
    /// Who gets the rest.
    pub stable: String,
    /// Who gets `weight`; `None` = stable gets all.
    pub canary: Option<String>,
    /// Per cent for the canary.
    pub weight: u8,
    /// Per cent before.
    pub from: u8,
    /// For a canary's first traffic: seconds up to this one are older than it.
    pub counted_through: Option<u64>,
    /// When.
    pub now_ms: u64,
}

/// Payload of `rollout.step_completed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepCompleted {
    /// Which step, from 0.
    pub index: usize,
    /// When.
    pub now_ms: u64,
}

/// Payload of `rollout.pause_started`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PauseStarted {
    /// Which step, from 0; the number of steps = the watch before completion.
    pub index: usize,
    /// At most this long, in milliseconds; `None` = until somebody promotes.
    pub duration_ms: Option<u64>,
    /// A proof counts the seconds after this one only.
    pub after_second: Option<u64>,
    /// When.
    pub now_ms: u64,
}

/// Why a pause ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseEnd {
    /// Its time was over.
    Elapsed,
    /// The canary was proven to keep the SLO.
    Proven,
    /// Somebody promoted.
    Promoted,
}

/// Payload of `rollout.pause_ended`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PauseEnded {
    /// Which step, from 0.
    pub index: usize,
    /// Why.
    pub cause: PauseEnd,
    /// Who, when somebody promoted; else empty.
    pub by: String,
    /// What was known.
    pub evidence: Evidence,
    /// The request's number.
    pub request: Option<u64>,
    /// When.
    pub now_ms: u64,
}

/// Payload of `rollout.paused` and `rollout.resumed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Halted {
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// The request's number.
    pub request: Option<u64>,
    /// When.
    pub now_ms: u64,
}

/// Payload of `rollout.full_promotion_requested`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FullPromotionRequested {
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// The request's number.
    pub request: Option<u64>,
    /// When.
    pub now_ms: u64,
}

/// Payload of `rollout.counted`: from these integers every verdict can be computed again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// `[second, canary requests, canary failed, stable requests, stable failed]` a second.
    pub seconds: Vec<[u64; 5]>,
    /// When it was written down.
    pub now_ms: u64,
}

/// Payload of `rollout.counters_lost` and `rollout.counters_found`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountersChanged {
    /// When.
    pub now_ms: u64,
}

/// Why a rollout was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AbortCause {
    /// The canary fails more than stable does, or more than the SLO allows.
    Judged,
    /// Its pods crash again and again and none is ready.
    CrashLoop,
    /// No progress for `progressDeadlineSeconds`.
    ProgressDeadline,
    /// The canary had traffic and its counts could not be read.
    CountersLost,
    /// Somebody asked for it.
    Requested,
    /// Another version, or the stable one again, was asked for.
    Superseded,
}

/// Payload of `rollout.aborted`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aborted {
    /// Which rollout.
    pub rollout: u64,
    /// Why.
    pub cause: AbortCause,
    /// One sentence for people, with the numbers that decided.
    pub message: String,
    /// Who, when somebody asked; else empty.
    pub by: String,
    /// The last lines of the canary's pods, when they explain it.
    pub last_log: Vec<String>,
    /// What was known.
    pub evidence: Evidence,
    /// The request's number.
    pub request: Option<u64>,
    /// When.
    pub now_ms: u64,
}

/// Payload of `rollout.digest_quarantined`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestQuarantined {
    /// The counter of its effect.
    pub counter: u64,
    /// What must not come again.
    pub digest: String,
    /// The release that it came with.
    pub release: String,
    /// One sentence for people.
    pub reason: String,
}

/// Payload of `rollout.quarantine_lifted`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantineLifted {
    /// The counter of its effect.
    pub counter: u64,
    /// What may come again.
    pub digest: String,
}

/// Payload of `rollout.promoted`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promoted {
    /// Which rollout.
    pub rollout: u64,
    /// The stable version from now on.
    pub hash: String,
    /// `warn` when it rests on thin evidence, `info` for a first release.
    pub verdict: Verdict,
    /// One sentence for people.
    pub message: String,
    /// What was known.
    pub evidence: Evidence,
    /// When.
    pub now_ms: u64,
}

/// Payload of `rollout.retried`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retried {
    /// The new rollout's number.
    pub rollout: u64,
    /// Who.
    pub by: String,
    /// Whether a quarantine was overridden.
    pub overriding: bool,
    /// Digests whose quarantine was overridden.
    pub overridden: BTreeSet<String>,
    /// Crashes of this hash that had been seen before.
    pub crashes_before: u32,
    /// Seconds up to this one belong to earlier rollouts.
    pub counted_through: Option<u64>,
    /// The request's number.
    pub request: Option<u64>,
    /// When.
    pub now_ms: u64,
}

/// Payload of `rollout.clock_restarted`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockRestarted {
    /// The new clock's time.
    pub now_ms: u64,
    /// Which boot it counts from.
    pub boot: String,
}
