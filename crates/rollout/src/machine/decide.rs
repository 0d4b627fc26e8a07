//! What to do next.

use super::{Effect, Event, Observation, State};

/// What happened and what is to be done, given `state` and what is seen. Pure and total: it
/// never fails, and the same arguments give the same answer. The caller appends the events and
/// effects in one transaction, applies the events to the state and carries the effects out in
/// the order of their counters.
#[must_use]
pub fn decide(state: &State, observation: &Observation) -> (Vec<Event>, Vec<Effect>) {
    let _ = (state, observation);
    (Vec::new(), Vec::new())
}

/// The absolute effects that `state` calls for now, with their original keys: the last division
/// of traffic, each version's replicas. For a restart: carry all of them out again.
#[must_use]
pub fn standing(state: &State) -> Vec<Effect> {
    let _ = state;
    Vec::new()
}
