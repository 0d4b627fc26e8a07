//! Events and effects: the envelope in which the journal keeps what happened.

use crate::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Something that happened, in the past tense; append-only, the one source of truth.
///
/// `kind` is `<stage>.<past_tense>`, for example `rollout.weight_shifted`. `key` names what
/// it happened to (a release, a run, a deployment). `body` is the stage's own payload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its number in the journal, from 1, without gaps. Order is by number, never by time.
    pub n: u64,
    /// The wall clock when it was appended. A label only: no decision reads it.
    pub at: Timestamp,
    /// `<stage>.<past_tense>`.
    pub kind: String,
    /// What it happened to.
    pub key: String,
    /// The stage's payload.
    pub body: Value,
}

/// An event that has no number yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewEvent {
    /// `<stage>.<past_tense>`.
    pub kind: String,
    /// What it happened to.
    pub key: String,
    /// The stage's payload.
    pub body: Value,
}

impl NewEvent {
    /// An event of `kind` that happened to `key`.
    pub fn new(kind: impl Into<String>, key: impl Into<String>, body: Value) -> Self {
        Self { kind: kind.into(), key: key.into(), body }
    }
}

/// Something to do in the world because of a decision. Absolute, never a delta, so that doing
/// it twice is the same as doing it once; `key` makes it unique in the journal's outbox.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// `<stage>.<verb>`, for example `rollout.set_weight`.
    pub kind: String,
    /// The idempotency key, unique over all effects of all time.
    pub key: String,
    /// The stage's payload.
    pub body: Value,
}

impl Effect {
    /// An effect of `kind` under the idempotency key `key`.
    pub fn new(kind: impl Into<String>, key: impl Into<String>, body: Value) -> Self {
        Self { kind: kind.into(), key: key.into(), body }
    }
}
