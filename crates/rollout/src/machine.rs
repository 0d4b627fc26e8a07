//! The state machine of one app in one environment.
//!
//! [`State`] is a fold of [`Event`]s. [`decide`] looks at a state and at an [`Observation`] and
//! says what happened (events) and what is to be done (effects). Every effect belongs to one
//! event and carries that event's counter, so that deciding again gives the same keys, and
//! [`standing`] lists the effects that a state calls for at any time (after a restart).
//!
//! Absent on purpose: clock, retries, the journal, how an effect is carried out.

mod decide;
mod effect;
mod event;
mod fold;
mod observation;
mod state;
mod told;

pub use decide::{decide, evidence, standing};
pub use effect::Effect;
pub use event::{
    AbortCause, Aborted, ClockRestarted, Counted, CountersChanged, DigestQuarantined, Event,
    EventError, Evidence, FullPromotionRequested, Halted, PauseEnd, PauseEnded, PauseStarted,
    Promoted, QuarantineLifted, Reapplied, Refused, ReplicasAvailable, ReplicasScaled,
    RequestHandled, Retried, Started, StepCompleted, WeightShifted,
};
pub use observation::{Action, Counters, Observation, Pods, Request, SecondCounts, Start};
pub use state::{OpenPause, Phase, Rollout, Scale, State, Weight};
pub use told::Told;
