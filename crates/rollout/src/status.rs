//! A state as Argo's `Rollout.status`: a projection, never the truth.
//!
//! Clients of Argo Rollouts (its kubectl plugin, dashboards) read these fields. Written by the
//! engine as an absolute effect; what somebody patches into it is a request, not a fact.

use crate::machine::{Phase, Rollout, State};
use serde_json::{Map, Value, json};

/// `Rollout.status` for `state`.
///
/// Left out, because the state does not know them: counts of running pods (`replicas` and the
/// like belong to who sees the pods), `conditions`, and `pauseConditions[].startTime`, a wall
/// time.
#[must_use]
pub fn project(state: &State) -> Value {
    let mut status = Map::new();
    let stable = state.stable.as_ref().map(|v| v.hash.as_str());
    let (phase, message) = phase(state);
    status.insert("phase".to_owned(), json!(phase));
    if !message.is_empty() {
        status.insert("message".to_owned(), json!(message));
    }
    status.insert("stableRS".to_owned(), json!(stable.unwrap_or("")));
    let current = state.rollout.as_ref().map(|r| r.version.hash.as_str()).or(stable);
    status.insert("currentPodHash".to_owned(), json!(current.unwrap_or("")));
    if state.weight.is_some() {
        status.insert("canary".to_owned(), json!({ "weights": weights(state) }));
    }
    if let Some(rollout) = &state.rollout {
        of_rollout(rollout, &mut status);
    }
    Value::Object(status)
}

/// Argo's phase and one sentence.
fn phase(state: &State) -> (&'static str, String) {
    let Some(rollout) = &state.rollout else {
        return ("Progressing", "nothing was brought out yet".to_owned());
    };
    match rollout.phase {
        Phase::Promoted => ("Healthy", rollout.message.clone()),
        Phase::Aborted => ("Degraded", format!("RolloutAborted: {}", rollout.message)),
        Phase::Progressing if rollout.paused => ("Paused", "stopped by hand".to_owned()),
        Phase::Progressing => match rollout.pause {
            Some(pause) if pause.index >= rollout.plan.steps.len() => {
                ("Progressing", "all traffic is being watched".to_owned())
            }
            Some(pause) if pause.duration_ms.is_none() => {
                ("Paused", "CanaryPauseStep: waiting for promote".to_owned())
            }
            Some(_) => ("Paused", "CanaryPauseStep".to_owned()),
            None => ("Progressing", "waiting for pods or traffic".to_owned()),
        },
    }
}

/// Argo's `canary.weights`; the two weights always make 100.
fn weights(state: &State) -> Value {
    let Some(weight) = &state.weight else { return Value::Null };
    let canary = weight.canary.as_ref().unwrap_or(&weight.stable);
    let share = weight.weight.min(100);
    json!({
        "canary": { "podTemplateHash": canary, "weight": share },
        "stable": { "podTemplateHash": weight.stable, "weight": 100 - share },
    })
}

fn of_rollout(rollout: &Rollout, status: &mut Map<String, Value>) {
    let steps = rollout.plan.steps.len();
    if steps > 0 {
        let index = if rollout.phase == Phase::Promoted { steps } else { rollout.step.min(steps) };
        status.insert("currentStepIndex".to_owned(), json!(index));
    }
    let aborted = rollout.phase == Phase::Aborted;
    status.insert("abort".to_owned(), json!(aborted));
    status.insert("promoteFull".to_owned(), json!(rollout.full));
    let pausing = rollout.pause.is_some_and(|pause| pause.index < steps);
    if rollout.phase == Phase::Progressing && pausing {
        status.insert("controllerPause".to_owned(), json!(true));
        let condition = json!({ "reason": "CanaryPauseStep" });
        status.insert("pauseConditions".to_owned(), json!([condition]));
    }
}
