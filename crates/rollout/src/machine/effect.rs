//! What is to be done in the world. Absolute, so that twice is once.

use super::event::{Event, EventError};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Something to do. `counter` grows by one with every effect of an app in an environment and is
/// the second half of the edge's generation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Route `weight` per cent to `canary` and the rest to `stable`.
    SetWeight {
        /// Order among the app's effects.
        counter: u64,
        /// Which rollout of the app it belongs to.
        rollout: u64,
        /// The template hash that gets the rest.
        stable: String,
        /// The template hash that gets `weight`; `None` = stable gets all.
        canary: Option<String>,
        /// Per cent, 0 to 100.
        weight: u8,
    },
    /// Give the ReplicaSet of `hash` so many replicas; make it when it is not there.
    ScaleReplicaSet {
        /// Order among the app's effects.
        counter: u64,
        /// The template hash.
        hash: String,
        /// How many pods.
        replicas: u32,
    },
    /// Never deploy this digest to this environment again.
    Quarantine {
        /// Order among the app's effects.
        counter: u64,
        /// `sha256:…` of an image, or of a pod template.
        digest: String,
        /// The release that it came with.
        release: String,
        /// Why, for people.
        reason: String,
    },
    /// Take a digest out of quarantine: it proved good under an override.
    LiftQuarantine {
        /// Order among the app's effects.
        counter: u64,
        /// What was quarantined.
        digest: String,
    },
}

impl Effect {
    /// Its place among the app's effects.
    #[must_use]
    pub fn counter(&self) -> u64 {
        match self {
            Self::SetWeight { counter, .. }
            | Self::ScaleReplicaSet { counter, .. }
            | Self::Quarantine { counter, .. }
            | Self::LiftQuarantine { counter, .. } => *counter,
        }
    }

    /// The kind in the outbox, `rollout.<verb>`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::SetWeight { .. } => "rollout.set_weight",
            Self::ScaleReplicaSet { .. } => "rollout.scale_replica_set",
            Self::Quarantine { .. } => "rollout.quarantine",
            Self::LiftQuarantine { .. } => "rollout.lift_quarantine",
        }
    }

    /// As an outbox entry of the app `key`; its idempotency key is `rollout/<key>/<counter>`.
    #[must_use]
    pub fn to_effect(&self, key: &str) -> bowline_model::Effect {
        let body = serde_json::to_value(self).expect("integers and texts always serialise");
        let unique = format!("rollout/{key}/{}", self.counter());
        bowline_model::Effect::new(self.kind(), unique, body)
    }

    /// From an outbox entry; `None` when it is another stage's.
    ///
    /// # Errors
    /// An entry of this stage that this version cannot read.
    pub fn from_effect(effect: &bowline_model::Effect) -> Result<Option<Self>, EventError> {
        if !effect.kind.starts_with("rollout.") {
            return Ok(None);
        }
        let read: Self = read_body(&effect.kind, &effect.body)?;
        if read.kind() == effect.kind {
            Ok(Some(read))
        } else {
            Err(EventError::UnknownKind(effect.kind.clone()))
        }
    }

    /// The effect that `event` calls for, if it calls for one.
    pub(super) fn of(event: &Event) -> Option<Self> {
        Some(match event {
            Event::WeightShifted(e) => Self::SetWeight {
                counter: e.counter,
                rollout: e.rollout,
                stable: e.stable.clone(),
                canary: e.canary.clone(),
                weight: e.weight,
            },
            Event::ReplicasScaled(e) => Self::ScaleReplicaSet {
                counter: e.counter,
                hash: e.hash.clone(),
                replicas: e.replicas,
            },
            Event::DigestQuarantined(e) => Self::Quarantine {
                counter: e.counter,
                digest: e.digest.clone(),
                release: e.release.clone(),
                reason: e.reason.clone(),
            },
            Event::QuarantineLifted(e) => {
                Self::LiftQuarantine { counter: e.counter, digest: e.digest.clone() }
            }
            Event::Started(_)
            | Event::Refused(_)
            | Event::RequestHandled(_)
            | Event::Reapplied(_)
            | Event::ReplicasAvailable(_)
            | Event::StepCompleted(_)
            | Event::PauseStarted(_)
            | Event::PauseEnded(_)
            | Event::Paused(_)
            | Event::Resumed(_)
            | Event::FullPromotionRequested(_)
            | Event::Counted(_)
            | Event::CountersLost(_)
            | Event::CountersFound(_)
            | Event::Aborted(_)
            | Event::Promoted(_)
            | Event::Retried(_)
            | Event::ClockRestarted(_) => return None,
        })
    }
}

/// A stored body as a type; the error names the kind.
pub(super) fn read_body<T: DeserializeOwned>(
    kind: &str,
    body: &serde_json::Value,
) -> Result<T, EventError> {
    T::deserialize(body)
        .map_err(|error| EventError::Body { kind: kind.to_owned(), cause: error.to_string() })
}
