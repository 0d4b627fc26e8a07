//! Removing an environment: its objects go, its rollouts are forgotten, its history stays.

use super::known;
use crate::conductor::Conductor;
use crate::failure::Failure;
use crate::kubernetes;
use crate::target::Target;
use bowline_model::{Event as Entry, NewEvent};
use bowline_rollout::machine::{Event, State};
use serde_json::json;
use std::time::Duration;

/// Everything in an environment may take so long to go: a pod's usual grace, its requests in
/// flight, and the same again for who is slow.
const GONE_MAX: Duration = Duration::from_secs(150);

/// The event of a removal; its key is the rollout's.
pub const REMOVED: &str = "engine.environment_removed";

/// Removes an environment with everything in it, and waits until its pods are gone.
///
/// # Errors
/// The journal or the API.
pub async fn remove(conductor: &Conductor, target: &Target, name: &str) -> Result<(), Failure> {
    let prefix = format!("{name}/");
    let keys = known(conductor)?.into_iter().filter(|key| key.starts_with(&prefix));
    let events: Vec<NewEvent> =
        keys.map(|key| NewEvent::new(REMOVED, key, json!({"environment": name}))).collect();
    if !events.is_empty() {
        conductor.append(&events, &[])?;
    }
    kubernetes::remove_namespace(&target.client, name, GONE_MAX).await
}

/// Takes a rollout's event or a removal in. Counters go on after a removal: the keys of effects
/// are unique for ever.
///
/// # Errors
/// An event of a rollout that this version cannot read.
pub fn apply(state: &mut State, entry: &Entry) -> Result<(), Failure> {
    if entry.kind == REMOVED {
        *state = State {
            counter: state.counter,
            rollouts: state.rollouts,
            requests_through: state.requests_through,
            counted_through: state.counted_through,
            boot: state.boot.clone(),
            latest_ms: state.latest_ms,
            ..State::new(&state.key)
        };
    } else if let Some(event) = Event::from_event(entry)? {
        state.apply(&event);
    }
    Ok(())
}
