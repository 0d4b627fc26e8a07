//! A state as Argo's `Rollout.status`: a projection, never the truth.

use crate::machine::{Observation, State};
use serde_json::Value;

/// `Rollout.status` for `state` as seen by `observation`.
#[must_use]
pub fn project(state: &State, observation: &Observation) -> Value {
    let _ = (state, observation);
    Value::Null
}
