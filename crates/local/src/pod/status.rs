//! A shim's state as the pod's status, and the events that a change of it is worth.

use crate::shim::state::{LastExit, Phase, State};
use bowline_model::Timestamp;
use serde_json::{Value, json};

/// The status of `pod` while its shim says `state`. `now` is for conditions that changed.
#[must_use]
pub fn of(pod: &Value, state: &State, now: Timestamp) -> Value {
    let before = &pod["status"];
    let container = &pod["spec"]["containers"][0];
    let last = state.last_exit.as_ref();
    let current = match &state.phase {
        Phase::Waiting { reason, message } => {
            json!({"waiting": {"reason": reason, "message": message}})
        }
        Phase::Running => {
            json!({"running": {"startedAt": state.started_at.map(|at| at.to_string())}})
        }
        Phase::Ended | Phase::Stopping => match last {
            Some(last) if state.started_at.is_none() => json!({"terminated": terminated(last)}),
            _ => json!({"running": {"startedAt": state.started_at.map(|at| at.to_string())}}),
        },
    };
    let last_state = last.map_or_else(|| json!({}), |last| json!({"terminated": terminated(last)}));
    let phase = match &state.phase {
        Phase::Ended if last.is_some_and(|last| last.code == 0) => "Succeeded",
        Phase::Ended => "Failed",
        // As in Kubernetes: pending until the container ran for the first time.
        Phase::Waiting { .. } if last.is_none() && state.started_at.is_none() => "Pending",
        Phase::Waiting { .. } | Phase::Running | Phase::Stopping => "Running",
    };
    let image = container["image"].as_str().unwrap_or_default();
    let why = if state.ready { None } else { Some(not_ready(state)) };
    let conditions = [
        condition(before, "PodScheduled", true, None, now),
        condition(before, "Initialized", true, None, now),
        condition(before, "ContainersReady", state.ready, why.clone(), now),
        condition(before, "Ready", state.ready, why, now),
    ];
    json!({
        "phase": phase,
        "startTime": before["startTime"],
        "hostIP": "127.0.0.1",
        "conditions": conditions,
        "containerStatuses": [{
            "name": container["name"],
            "image": image,
            "imageID": image,
            "containerID": format!("bowline://{}", pod["metadata"]["uid"].as_str().unwrap_or("")),
            "ready": state.ready,
            "started": state.started,
            "restartCount": state.restart_count,
            "state": current,
            "lastState": last_state,
        }],
    })
}

/// The status of a pod that cannot be started yet.
#[must_use]
pub fn waiting(pod: &Value, reason: &str, message: &str, now: Timestamp) -> Value {
    let phase = Phase::Waiting { reason: reason.to_owned(), message: message.to_owned() };
    of(pod, &State { phase, ..State::new() }, now)
}

fn terminated(last: &LastExit) -> Value {
    // The last lines are what a person looks for first.
    let mut message = last.message.clone();
    if !message.is_empty() && !last.last_log.is_empty() {
        message.push('\n');
    }
    message.push_str(&last.last_log.join("\n"));
    json!({
        "exitCode": last.code,
        "signal": last.signal,
        "reason": last.reason,
        "message": message,
        "startedAt": last.started_at.to_string(),
        "finishedAt": last.finished_at.to_string(),
    })
}

fn not_ready(state: &State) -> (&'static str, String) {
    let message = match (&state.phase, state.probe_message.is_empty()) {
        (Phase::Waiting { reason, .. }, _) => reason.clone(),
        (_, false) => state.probe_message.clone(),
        (_, true) => "the container is not ready yet".to_owned(),
    };
    ("ContainersNotReady", message)
}

fn condition(
    before: &Value,
    kind: &str,
    holds: bool,
    why: Option<(&'static str, String)>,
    now: Timestamp,
) -> Value {
    let status = if holds { "True" } else { "False" };
    let mut known = before["conditions"].as_array().into_iter().flatten();
    let since = known
        .find(|known| known["type"] == kind && known["status"] == status)
        .map_or_else(|| json!(now.to_string()), |known| known["lastTransitionTime"].clone());
    let mut condition = json!({"type": kind, "status": status, "lastTransitionTime": since});
    if let Some((reason, message)) = why {
        condition["reason"] = json!(reason);
        condition["message"] = json!(message);
    }
    condition
}

/// One event that is worth telling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Whether somebody should look.
    pub warning: bool,
    /// The word.
    pub reason: &'static str,
    /// The sentence.
    pub message: String,
}

fn notice(warning: bool, reason: &'static str, message: impl Into<String>) -> Notice {
    Notice { warning, reason, message: message.into() }
}

/// What happened between two states.
#[must_use]
pub fn notices(before: Option<&State>, now: &State) -> Vec<Notice> {
    let mut notices = Vec::new();
    let was = |phase: &Phase| before.is_some_and(|before| before.phase == *phase);
    if let Some(last) = &now.last_exit
        && before.and_then(|before| before.last_exit.as_ref()) != Some(last)
        && last.message.is_empty()
    {
        let message = format!("the container ended with code {}", last.code);
        notices.push(notice(last.code != 0, "Exited", message));
    }
    match &now.phase {
        Phase::Running if !was(&Phase::Running) => {
            notices.push(notice(false, "Started", "the container was started"));
        }
        Phase::Waiting { reason, message } if !was(&now.phase) => match reason.as_str() {
            "CrashLoopBackOff" => notices.push(notice(true, "BackOff", message)),
            "ContainerCreating" => {}
            _ => notices.push(notice(true, "Failed", format!("{reason}: {message}"))),
        },
        Phase::Stopping if !was(&Phase::Stopping) => {
            notices.push(notice(false, "Killing", "the container is stopped"));
        }
        Phase::Waiting { .. } | Phase::Running | Phase::Stopping | Phase::Ended => {}
    }
    let message = &now.probe_message;
    if !message.is_empty() && before.is_none_or(|before| before.probe_message != *message) {
        notices.push(notice(true, "Unhealthy", message));
    }
    notices
}

#[cfg(test)]
mod tests {
    use super::{LastExit, Phase, State, notices, of};
    use bowline_model::Timestamp;
    use serde_json::{Value, json};

    fn pod() -> Value {
        json!({
            "metadata": {"uid": "u"},
            "spec": {"containers": [{"name": "web", "image": "shop@sha256:0"}]},
            "status": {"startTime": "2026-01-01T00:00:00Z"},
        })
    }

    fn running(ready: bool) -> State {
        State { phase: Phase::Running, ready, started_at: Some(Timestamp(0)), ..State::new() }
    }

    fn crashed() -> State {
        let reason = "CrashLoopBackOff".to_owned();
        let last_exit = LastExit {
            code: 3,
            signal: 0,
            reason: "Error".to_owned(),
            message: String::new(),
            started_at: Timestamp(0),
            finished_at: Timestamp(1000),
            last_log: vec!["panic: no database".to_owned()],
        };
        State {
            phase: Phase::Waiting { reason, message: "back-off 1 s".to_owned() },
            last_exit: Some(last_exit),
            restart_count: 1,
            ..State::new()
        }
    }

    #[test]
    fn phases_and_conditions_are_those_of_kubernetes() {
        let stopped = State { phase: Phase::Ended, ..crashed() };
        for (state, phase, ready, word) in [
            (State::new(), "Pending", "False", "waiting"),
            (running(false), "Running", "False", "running"),
            (running(true), "Running", "True", "running"),
            (crashed(), "Running", "False", "waiting"),
            (stopped, "Failed", "False", "terminated"),
        ] {
            let status = of(&pod(), &state, Timestamp(0));
            assert_eq!(status["phase"], phase, "{state:?}");
            assert_eq!(status["conditions"][3]["status"], ready, "{state:?}");
            let current = status["containerStatuses"][0]["state"].as_object().unwrap();
            assert!(current.contains_key(word), "{state:?}: {current:?}");
        }
    }

    #[test]
    fn a_crash_shows_the_applications_last_lines() {
        let status = of(&pod(), &crashed(), Timestamp(0));
        let container = &status["containerStatuses"][0];
        assert_eq!(container["lastState"]["terminated"]["message"], "panic: no database");
        assert_eq!(container["lastState"]["terminated"]["exitCode"], 3);
        assert_eq!(container["restartCount"], 1);
        let reasons: Vec<&str> =
            notices(Some(&running(true)), &crashed()).iter().map(|n| n.reason).collect();
        assert_eq!(reasons, ["Exited", "BackOff"]);
        assert!(notices(Some(&crashed()), &crashed()).is_empty());
    }

    #[test]
    fn a_condition_keeps_its_time_until_it_changes() {
        let mut pod = pod();
        pod["status"] = of(&pod, &running(true), Timestamp(0));
        let later = of(&pod, &running(true), Timestamp(5000));
        assert_eq!(later, pod["status"]);
        let changed = of(&pod, &running(false), Timestamp(5000));
        assert_eq!(changed["conditions"][3]["lastTransitionTime"], "1970-01-01T00:00:05Z");
        assert_eq!(changed["conditions"][0]["lastTransitionTime"], "1970-01-01T00:00:00Z");
    }
}
