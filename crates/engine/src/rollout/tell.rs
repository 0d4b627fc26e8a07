//! What those who watch hear of a rollout, and what of it the end needs.

use super::{Controller, End};
use crate::notice::{Notice, RolloutView};
use bowline_rollout::machine::{AbortCause, Event, Observation, PauseEnd, Told, WeightShifted};
use bowline_rollout::spec::{Pause, Step};
use std::time::Duration;

impl Controller<'_> {
    /// Remembers what the end needs, and tells the watchers.
    pub(super) fn take_note(&mut self, event: &Event, now: Duration) {
        let Some(event) = event.told() else { return };
        match event {
            Told::WeightShifted(shift) => {
                self.decided.insert(shift.counter, now);
                self.tell_shift(shift);
            }
            Told::PauseEnded(end) => {
                let why = match end.cause {
                    PauseEnd::Elapsed => return,
                    PauseEnd::Proven => "proven good",
                    PauseEnd::Promoted => "promoted by hand",
                };
                let text = format!("pause of step {} ended early: {why}", end.index + 1);
                self.happened("shortened", &text);
            }
            Told::Aborted(aborted) => {
                self.happened("aborted", &aborted.message);
                if aborted.cause == AbortCause::Superseded && self.job.version.is_some() {
                    // It made room for what this job brings out; that one's end is still to come.
                    return;
                }
                for line in &aborted.last_log {
                    self.conductor.tell(&Notice::Output {
                        stage: "rollout".into(),
                        origin: self.job.spec.name.clone(),
                        line: line.clone(),
                    });
                }
                self.end = Some(End::Aborted(Box::new(aborted.clone())));
            }
            Told::DigestQuarantined(quarantined) => {
                let digest: String = quarantined.digest.chars().take(15).collect();
                self.happened("quarantined", &format!("{digest}…"));
            }
            Told::Promoted(promoted) => {
                self.end = Some(End::Promoted(Box::new(promoted.clone())));
            }
            Told::Refused(refused) => {
                self.end = Some(End::Refused(Box::new(refused.clone())));
            }
            Told::Started(_) | Told::Retried(_) => self.end = None,
            Told::RequestHandled(handled) => {
                if self.job.version.is_none() && self.state.active().is_none() {
                    self.end = Some(End::Unchanged(handled.outcome.clone()));
                }
            }
            Told::CountersLost(_) => self.happened("inconclusive", "no counts from the edge"),
        }
    }

    pub(super) fn happened(&self, word: &str, text: &str) {
        self.conductor.tell(&Notice::Happened {
            stage: "rollout".into(),
            word: word.into(),
            text: text.into(),
        });
    }

    fn tell_shift(&self, shift: &WeightShifted) {
        let release = |hash: &str| {
            let known = self.job.version.iter().chain(&self.state.stable);
            let rollout = self.state.rollout.as_ref().map(|rollout| &rollout.version);
            let mut known = known.chain(rollout).filter(|version| version.hash == hash);
            known.next().map_or_else(|| hash.to_owned(), |v| v.release.clone())
        };
        let text = match &shift.canary {
            Some(canary) => format!("{} {} % -> {} %", release(canary), shift.from, shift.weight),
            None => format!("all traffic to {}", release(&shift.stable)),
        };
        self.happened("shifted", &text);
    }

    pub(super) fn tell_view(&mut self, observation: &Observation) {
        let Some(rollout) = self.state.active() else { return };
        let left = rollout.pause.as_ref().and_then(|pause| {
            let end = pause.started_ms + pause.duration_ms?;
            Some(end.saturating_sub(observation.now_ms) as f64 / 1000.0)
        });
        let until_promoted =
            matches!(rollout.plan.step(rollout.step), Some(Step::Pause(Pause::UntilPromoted)));
        let waiting_for = if until_promoted && rollout.pause.is_some() {
            "waiting for `bowline rollout promote`".to_owned()
        } else {
            rollout.message.clone()
        };
        let view = RolloutView {
            weight: self.state.canary_weight().into(),
            step: (rollout.step + 1).min(rollout.plan.steps.len().max(1)),
            steps: rollout.plan.steps.len(),
            requests: rollout.tally.canary.requests,
            failed: rollout.tally.canary.failed,
            seconds_left: left,
            waiting_for,
        };
        if until_promoted && self.told_waiting != view.waiting_for {
            self.told_waiting.clone_from(&view.waiting_for);
            self.happened("waiting", &view.waiting_for);
        }
        self.conductor.tell(&Notice::Rollout(view));
    }
}
