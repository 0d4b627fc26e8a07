//! Which events people hear of. The others are for the fold: they say nothing that somebody who
//! follows a rollout, or asks why it ended so, would want to know.

use super::event::{
    Aborted, CountersChanged, DigestQuarantined, Event, PauseEnded, Promoted, Refused,
    RequestHandled, Retried, Started, WeightShifted,
};

/// An event that people hear of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told<'a> {
    /// See [`Event::Started`].
    Started(&'a Started),
    /// See [`Event::Refused`].
    Refused(&'a Refused),
    /// See [`Event::RequestHandled`].
    RequestHandled(&'a RequestHandled),
    /// See [`Event::WeightShifted`].
    WeightShifted(&'a WeightShifted),
    /// See [`Event::PauseEnded`].
    PauseEnded(&'a PauseEnded),
    /// See [`Event::CountersLost`].
    CountersLost(&'a CountersChanged),
    /// See [`Event::Aborted`].
    Aborted(&'a Aborted),
    /// See [`Event::DigestQuarantined`].
    DigestQuarantined(&'a DigestQuarantined),
    /// See [`Event::Promoted`].
    Promoted(&'a Promoted),
    /// See [`Event::Retried`].
    Retried(&'a Retried),
}

impl Event {
    /// The event for people; `None` when it says nothing to them.
    #[must_use]
    pub fn told(&self) -> Option<Told<'_>> {
        Some(match self {
            Self::Started(event) => Told::Started(event),
            Self::Refused(event) => Told::Refused(event),
            Self::RequestHandled(event) => Told::RequestHandled(event),
            Self::WeightShifted(event) => Told::WeightShifted(event),
            Self::PauseEnded(event) => Told::PauseEnded(event),
            Self::CountersLost(event) => Told::CountersLost(event),
            Self::Aborted(event) => Told::Aborted(event),
            Self::DigestQuarantined(event) => Told::DigestQuarantined(event),
            Self::Promoted(event) => Told::Promoted(event),
            Self::Retried(event) => Told::Retried(event),
            Self::Reapplied(_)
            | Self::ReplicasScaled(_)
            | Self::ReplicasAvailable(_)
            | Self::StepCompleted(_)
            | Self::PauseStarted(_)
            | Self::Paused(_)
            | Self::Resumed(_)
            | Self::FullPromotionRequested(_)
            | Self::Counted(_)
            | Self::CountersFound(_)
            | Self::QuarantineLifted(_)
            | Self::ClockRestarted(_) => return None,
        })
    }
}
