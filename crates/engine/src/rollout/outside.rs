//! What is done to a rollout while no controller looks after it: its traffic stays where it is
//! known to be good.

use super::{APPLIED, Applied, known, state};
use crate::conductor::Conductor;
use crate::failure::Failure;
use crate::target::{Target, Weights};
use bowline_host::clock;
use bowline_journal::When;
use bowline_rollout::machine::{
    AbortCause, Aborted, Effect, Event, Evidence, Phase, State, WeightShifted,
};
use serde::Deserialize;
use std::net::SocketAddr;

/// Without a word from the conductor for so long, the edge sends all traffic to stable.
const DEADLINE_MS: u64 = 10_000;

/// Where a division of traffic applies.
pub(super) struct Place<'a> {
    pub(super) namespace: &'a str,
    pub(super) service: &'a str,
    pub(super) listen: SocketAddr,
}

/// A division of traffic, absolute.
pub(super) struct Division<'a> {
    pub(super) counter: u64,
    pub(super) stable: &'a str,
    pub(super) canary: &'a Option<String>,
    pub(super) weight: &'a u8,
}

impl Division<'_> {
    pub(super) fn weights(&self, place: &Place<'_>, epoch: u64) -> Weights {
        Weights {
            namespace: place.namespace.to_owned(),
            service: place.service.to_owned(),
            listen: place.listen,
            stable: self.stable.to_owned(),
            canary: self.canary.clone(),
            weight: (*self.weight).into(),
            generation: (epoch, self.counter),
            deadline_ms: if self.canary.is_some() { DEADLINE_MS } else { 0 },
        }
    }
}

/// Rollouts that an earlier process left in their steps, other than `mine`: their canaries get
/// no traffic while nobody judges them. Without this the word of *this* conductor would keep the
/// edge from going back to stable by itself. Nothing is decided: who resumes such a rollout sets
/// its weight again.
///
/// # Errors
/// The journal or the router.
pub async fn hold_others(
    conductor: &Conductor,
    target: &Target,
    mine: Option<&str>,
) -> Result<(), Failure> {
    for key in known(conductor)? {
        if mine != Some(&key) {
            hold(conductor, target, &key, &state(conductor, &key)?).await?;
        }
    }
    Ok(())
}

/// Sends all traffic of a rollout under way to stable, without a decision.
pub(super) async fn hold(
    conductor: &Conductor,
    target: &Target,
    key: &str,
    state: &State,
) -> Result<(), Failure> {
    let Some(weight) = state.weight.as_ref().filter(|weight| weight.canary.is_some()) else {
        return Ok(());
    };
    if state.active().is_none() {
        return Ok(());
    }
    route(conductor, target, key, weight.counter, &weight.stable).await
}

/// Takes the version `release` back because another commit comes in its place, if it is still
/// taking its steps: the traffic first, before anything of the new commit runs. It is not
/// quarantined, because nothing is known against it.
///
/// A first version has nothing to go back to; it stays until the new one is there.
///
/// # Errors
/// The journal or the router.
pub async fn supersede(
    conductor: &Conductor,
    target: &Target,
    key: &str,
    release: &str,
) -> Result<(), Failure> {
    let state = state(conductor, key)?;
    let (Some(rollout), Some(stable)) = (state.active(), &state.stable) else { return Ok(()) };
    if rollout.version.release != release {
        return Ok(());
    }
    let now_ms = (clock::monotonic().as_millis() as u64).max(state.latest_ms);
    let aborted = Aborted {
        rollout: rollout.number,
        cause: AbortCause::Superseded,
        message: "interrupted, then another commit was released".into(),
        by: "release".into(),
        last_log: Vec::new(),
        evidence: Evidence { decided_ms: now_ms, ..Evidence::default() },
        request: None,
        now_ms,
    };
    let mut events = vec![Event::Aborted(aborted).to_new_event(key)];
    let from = state.weight.as_ref().filter(|weight| weight.canary.is_some());
    let Some(from) = from else {
        conductor.append(&events, &[])?;
        return Ok(());
    };
    let counter = state.counter + 1;
    let shifted = WeightShifted {
        counter,
        rollout: rollout.number,
        stable: stable.hash.clone(),
        canary: None,
        weight: 0,
        from: from.weight,
        counted_through: None,
        now_ms,
    };
    let effect = Effect::SetWeight {
        counter,
        rollout: rollout.number,
        stable: stable.hash.clone(),
        canary: None,
        weight: 0,
    };
    let effect = effect.to_effect(key);
    events.push(Event::WeightShifted(shifted).to_new_event(key));
    conductor.append(&events, std::slice::from_ref(&effect))?;
    conductor.crash_point(&effect.kind, &effect.key, When::Before);
    route(conductor, target, key, counter, &stable.hash).await?;
    conductor.crash_point(&effect.kind, &effect.key, When::After);
    conductor.effect_done(&effect.key)
}

/// Whether the version `release` was the last one of the rollout `key`, and how far it got.
///
/// # Errors
/// The journal cannot be read.
pub fn phase_of(
    conductor: &Conductor,
    key: &str,
    release: &str,
) -> Result<Option<(Phase, String)>, Failure> {
    let state = state(conductor, key)?;
    let rollout = state.rollout.filter(|rollout| rollout.version.release == release);
    Ok(rollout.map(|rollout| (rollout.phase, rollout.message)))
}

/// All traffic to `stable`.
async fn route(
    conductor: &Conductor,
    target: &Target,
    key: &str,
    counter: u64,
    stable: &str,
) -> Result<(), Failure> {
    // What was never applied has no Service and so no traffic.
    let Some(entry) = conductor.journal.last(APPLIED, key)? else { return Ok(()) };
    let applied = Applied::deserialize(&entry.body)
        .map_err(|error| Failure::bug(format!("event {}: {error}", entry.n)))?;
    let place =
        Place { namespace: &applied.namespace, service: &applied.service, listen: applied.listen };
    let division = Division { counter, stable, canary: &None, weight: &0 };
    let weights = division.weights(&place, conductor.epoch_number());
    target.router.set_weights(weights).await.map_err(Failure::usage)
}
