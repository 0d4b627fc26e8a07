//! A release as the fold of its events.
//!
//! Everything that `ls`, `why` and a resumed release know comes from here; nothing is kept
//! beside the journal.

use bowline_model::{Digest, Event, NewEvent, Outcome, StageResult, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Kinds of the engine's own events.
pub mod kind {
    /// A release began.
    pub const STARTED: &str = "engine.release_started";
    /// A stage of it ended.
    pub const STAGE: &str = "engine.stage_finished";
    /// An image was built for it.
    pub const IMAGE: &str = "image.built";
    /// A gate decided.
    pub const GATE: &str = "gate.decided";
    /// A person overrode a quarantine when the release was resumed.
    pub const OVERRIDDEN: &str = "engine.quarantine_overridden";
    /// It ended. A later one stands above an earlier one: a retry may end otherwise.
    pub const FINISHED: &str = "engine.release_finished";
    /// Kinds that a release is folded from begin with one of these.
    pub(crate) const PREFIXES: [&str; 3] = ["engine.", IMAGE, GATE];
}

/// What is known when a release begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Started {
    /// The application.
    pub app: String,
    /// The environment.
    pub environment: String,
    /// The repository's root.
    pub repository: String,
    /// The full commit id.
    pub commit: String,
    /// The first line of its message.
    pub subject: String,
    /// The build number of the application.
    pub number: u64,
    /// The version it is given.
    pub version: String,
    /// Why a quarantine is overridden, if it is.
    pub override_reason: Option<String>,
}

/// How a release ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finished {
    /// How.
    pub outcome: Outcome,
    /// Why, in one sentence.
    pub cause: String,
    /// Wall time of the process that ended it, in seconds.
    pub seconds: f64,
    /// User requests while it ran.
    pub requests: u64,
    /// Those that failed.
    pub failed_requests: u64,
    /// First canary request to the decision, in milliseconds.
    pub decision_ms: Option<u64>,
    /// Decision to the router's acknowledgement, in milliseconds.
    pub switch_ms: Option<u64>,
}

/// One release.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Release {
    /// `<app>/<number>`: the key of its events.
    pub id: String,
    /// The number of its first event.
    pub n: u64,
    /// What was known at its start.
    pub started: Started,
    /// Its image.
    pub digest: Option<Digest>,
    /// Its stages in order.
    pub stages: Vec<StageResult>,
    /// The sentence of each stage.
    pub notes: Vec<String>,
    /// The gate's conditions, as it decided them.
    pub gate: Option<serde_json::Value>,
    /// How it ended; `None` while it runs.
    pub finished: Option<Finished>,
}

impl Release {
    /// The key of the events of release `number` of `app`.
    #[must_use]
    pub fn key(app: &str, number: u64) -> String {
        format!("{app}/{number}")
    }

    /// A stage that is run again after an interruption takes the place of what was known of it.
    fn stage_ended(&mut self, result: StageResult, note: String) {
        if let Some(at) = self.stages.iter().position(|earlier| earlier.stage == result.stage) {
            self.stages.remove(at);
            self.notes.remove(at);
        }
        self.stages.push(result);
        self.notes.push(note);
    }

    /// The stage, if it ended with something to build on.
    #[must_use]
    pub fn stage(&self, stage: &str) -> Option<&StageResult> {
        self.stages.iter().rev().find(|result| result.stage == stage)
    }

    /// Whether `stage` passed already.
    #[must_use]
    pub fn passed(&self, stage: &str) -> bool {
        let verdict = self.stage(stage).and_then(|result| result.verdict);
        matches!(verdict, Some(Verdict::Pass | Verdict::Warn | Verdict::Info))
    }
}

/// The event of a release's start.
#[must_use]
pub fn started_event(started: &Started) -> NewEvent {
    let key = Release::key(&started.app, started.number);
    NewEvent::new(kind::STARTED, key, json!(started))
}

/// The event of a stage's end.
#[must_use]
pub fn stage_event(id: &str, result: &StageResult, note: &str) -> NewEvent {
    NewEvent::new(kind::STAGE, id, json!({"result": result, "note": note}))
}

/// The event of a release's end.
#[must_use]
pub fn finished_event(id: &str, finished: &Finished) -> NewEvent {
    NewEvent::new(kind::FINISHED, id, json!(finished))
}

/// The event of a quarantine that a person overrides when resuming.
#[must_use]
pub fn overridden_event(id: &str, reason: &str) -> NewEvent {
    NewEvent::new(kind::OVERRIDDEN, id, json!({"reason": reason}))
}

/// All releases, oldest first. An event whose body does not read is named, never skipped.
///
/// # Errors
/// The number and kind of an event that this version cannot read.
pub fn fold<'a>(events: impl IntoIterator<Item = &'a Event>) -> Result<Vec<Release>, String> {
    let mut releases = Vec::new();
    fold_onto(&mut releases, events)?;
    Ok(releases)
}

/// Takes further events in.
///
/// # Errors
/// As [`fold`].
pub fn fold_onto<'a>(
    releases: &mut Vec<Release>,
    events: impl IntoIterator<Item = &'a Event>,
) -> Result<(), String> {
    for event in events {
        let unread = |e: serde_json::Error| format!("event {} `{}`: {e}", event.n, event.kind);
        if event.kind == kind::STARTED {
            releases.push(Release {
                id: event.key.clone(),
                n: event.n,
                started: Started::deserialize(&event.body).map_err(unread)?,
                digest: None,
                stages: Vec::new(),
                notes: Vec::new(),
                gate: None,
                finished: None,
            });
            continue;
        }
        let Some(release) = releases.iter_mut().rev().find(|release| release.id == event.key)
        else {
            continue;
        };
        match event.kind.as_str() {
            kind::STAGE => {
                let result = StageResult::deserialize(&event.body["result"]).map_err(unread)?;
                let note = event.body["note"].as_str().unwrap_or_default().to_owned();
                release.stage_ended(result, note);
            }
            kind::IMAGE => {
                let digest = Digest::deserialize(&event.body["digest"]).map_err(unread)?;
                release.digest = Some(digest);
            }
            kind::OVERRIDDEN => {
                let reason = event.body["reason"].as_str().unwrap_or_default();
                release.started.override_reason = Some(reason.to_owned());
            }
            kind::GATE => release.gate = Some(event.body.clone()),
            kind::FINISHED => {
                release.finished = Some(Finished::deserialize(&event.body).map_err(unread)?);
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bowline_model::Timestamp;

    fn started(number: u64) -> Started {
        Started {
            app: "shop".into(),
            environment: "prod".into(),
            repository: "/r".into(),
            commit: "c".repeat(40),
            subject: "s".into(),
            number,
            version: format!("v0.0.1-build.{number}"),
            override_reason: None,
        }
    }

    fn numbered(events: Vec<NewEvent>) -> Vec<Event> {
        let number = |(i, e): (usize, NewEvent)| Event {
            n: i as u64 + 1,
            at: Timestamp(0),
            kind: e.kind,
            key: e.key,
            body: e.body,
        };
        events.into_iter().enumerate().map(number).collect()
    }

    #[test]
    fn a_release_is_the_fold_of_its_events() {
        let result = StageResult {
            stage: "gate".into(),
            verdict: Some(Verdict::Block),
            seconds: 0.5,
            cached: false,
        };
        let finished = Finished {
            outcome: Outcome::Blocked,
            cause: "coverage".into(),
            seconds: 1.0,
            requests: 0,
            failed_requests: 0,
            decision_ms: None,
            switch_ms: None,
        };
        let events = numbered(vec![
            started_event(&started(1)),
            stage_event("shop/1", &result, "coverage 70 % < 80 %"),
            finished_event("shop/1", &finished),
            started_event(&started(2)),
        ]);
        let releases = fold(&events).expect("readable");
        assert_eq!(releases.len(), 2);
        assert!(!releases[0].passed("gate"));
        assert_eq!(releases[0].finished.as_ref().map(|f| f.outcome), Some(Outcome::Blocked));
        assert!(releases[1].finished.is_none());
    }

    #[test]
    fn a_stage_that_is_run_again_keeps_its_own_note() {
        let result = |stage: &str, verdict| StageResult {
            stage: stage.into(),
            verdict,
            seconds: 0.5,
            cached: false,
        };
        let events = numbered(vec![
            started_event(&started(1)),
            stage_event("shop/1", &result("workflow", None), "disk full"),
            stage_event("shop/1", &result("gate", Some(Verdict::Pass)), "coverage"),
            stage_event("shop/1", &result("workflow", Some(Verdict::Pass)), "2 jobs"),
            overridden_event("shop/1", "it was the database"),
        ]);
        let release = fold(&events).expect("readable").remove(0);
        let told: Vec<_> = release.stages.iter().map(|s| &*s.stage).zip(&release.notes).collect();
        assert_eq!(told, [("gate", &"coverage".to_owned()), ("workflow", &"2 jobs".to_owned())]);
        assert!(release.passed("workflow"));
        assert_eq!(release.started.override_reason.as_deref(), Some("it was the database"));
    }

    #[test]
    fn an_event_that_does_not_read_is_named() {
        let mut events = numbered(vec![started_event(&started(1))]);
        events[0].body = json!({"app": 7});
        assert!(fold(&events).expect_err("unreadable").starts_with("event 1 "));
    }
}
