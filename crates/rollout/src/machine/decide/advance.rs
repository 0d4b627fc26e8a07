//! Getting on with an active rollout: one thing at a time, in the order
//! pods → traffic → acknowledgement → next step.

use super::Turn;
use crate::machine::event::{
    Event, Evidence, PauseEnd, PauseStarted, Promoted, QuarantineLifted, ReplicasAvailable,
    StepCompleted, WeightShifted,
};
use crate::machine::observation::Counters;
use crate::machine::state::Rollout;
use crate::spec::{Pause, Step};
use bowline_model::Verdict;

/// Fewer canary requests than this are thin evidence for a promotion.
const REQUESTS_THICK: u64 = 50;

impl Turn<'_> {
    /// One thing; whether there was one.
    pub(super) fn advance(&mut self) -> bool {
        let Some(rollout) = self.active().cloned() else { return false };
        if self.note_available(&rollout) {
            return true;
        }
        if rollout.paused {
            return false;
        }
        if rollout.stable.is_none() {
            return self.first_version(&rollout);
        }
        match rollout.plan.step(rollout.step) {
            Some(Step::SetWeight(weight)) => self.set_weight(&rollout, *weight),
            Some(Step::Pause(pause)) => self.pause(&rollout, *pause),
            None => self.finish(&rollout),
        }
    }

    fn note_available(&mut self, rollout: &Rollout) -> bool {
        let hash = rollout.version.hash.clone();
        let available = self.pods(&hash).available.min(self.scaled(&hash));
        if available <= rollout.available {
            return false;
        }
        let event = ReplicasAvailable { hash, available, now_ms: self.now };
        self.emit(Event::ReplicasAvailable(event));
        true
    }

    /// Scales up if need be. `Some(true)`: something was done; `Some(false)`: wait; `None`:
    /// so many pods are available.
    fn need_pods(&mut self, rollout: &Rollout, replicas: u32) -> Option<bool> {
        let hash = &rollout.version.hash;
        if self.scaled(hash) < replicas || !self.state.scales.contains_key(hash) {
            self.scale(hash, replicas);
            return Some(true);
        }
        let unseen = self.resized.contains(hash);
        (unseen || self.pods(hash).available < replicas).then_some(false)
    }

    /// Gives the canary `weight` per cent and waits until the router has it. `Some` and `None`
    /// as in [`Self::need_pods`].
    fn need_weight(&mut self, rollout: &Rollout, weight: u8) -> Option<bool> {
        let hash = &rollout.version.hash;
        let current = self.state.weight.as_ref();
        let has = current.is_some_and(|w| {
            w.weight == weight && (weight == 0 || w.canary.as_ref() == Some(hash))
        });
        if has {
            let counter = current.map_or(0, |w| w.counter);
            // No shift, nothing to wait for: stable has all traffic anyway.
            let settled = weight == 0 && current.is_some_and(|w| w.canary.is_none());
            return (!settled && self.observation.acknowledged < counter).then_some(false);
        }
        let from = self.state.canary_weight();
        // A weight never rises on a canary that nobody can see.
        if weight > from && self.observation.counters == Counters::Unavailable {
            return Some(false);
        }
        let stable = self.state.stable.as_ref().map_or_else(String::new, |s| s.hash.clone());
        self.shift(rollout, stable, Some(hash.clone()), weight);
        Some(true)
    }

    fn shift(&mut self, rollout: &Rollout, stable: String, canary: Option<String>, weight: u8) {
        // The running second may hold the canary's first requests, so it is not an older one.
        let first = weight > 0 && rollout.exposed_ms.is_none();
        let newest = self.newest_second().filter(|_| first);
        let event = WeightShifted {
            counted_through: newest.map(|second| second.saturating_sub(1)),
            counter: self.next_counter(),
            rollout: rollout.number,
            stable,
            canary,
            weight,
            from: self.state.canary_weight(),
            now_ms: self.now,
        };
        self.emit(Event::WeightShifted(event));
    }

    fn set_weight(&mut self, rollout: &Rollout, weight: u8) -> bool {
        let replicas = rollout.plan.canary_replicas(weight);
        // A lower weight needs no pods first: traffic leaves, then the pods may go.
        let rises = weight > self.state.canary_weight() || self.state.canary_weight() == 0;
        if rises && let Some(done) = self.need_pods(rollout, replicas) {
            return done;
        }
        if let Some(done) = self.need_weight(rollout, weight) {
            return done;
        }
        if self.scaled(&rollout.version.hash) > replicas {
            let hash = rollout.version.hash.clone();
            self.scale(&hash, replicas);
        }
        let event = StepCompleted { index: rollout.step, now_ms: self.now };
        self.emit(Event::StepCompleted(event));
        true
    }

    fn pause(&mut self, rollout: &Rollout, pause: Pause) -> bool {
        let duration_ms = match pause {
            Pause::For { milliseconds } => Some(milliseconds),
            Pause::UntilPromoted => None,
        };
        if rollout.pause.is_none() {
            // A pause before any weight begins with one healthy pod, not with none.
            let replicas = rollout.plan.canary_replicas(self.state.canary_weight());
            if let Some(done) = self.need_pods(rollout, replicas) {
                return done;
            }
        }
        self.rest(rollout, rollout.step, duration_ms)
    }

    /// Opens a pause, or ends it when its time is over or its proof is there.
    fn rest(&mut self, rollout: &Rollout, index: usize, duration_ms: Option<u64>) -> bool {
        let Some(open) = rollout.pause else {
            let after_second = self.newest_second();
            let now_ms = self.now;
            let event = PauseStarted { index, duration_ms, after_second, now_ms };
            self.emit(Event::PauseStarted(event));
            return true;
        };
        let elapsed = self.now.saturating_sub(open.started_ms);
        let Some(longest) = open.duration_ms else { return false };
        let cause = if elapsed >= longest {
            PauseEnd::Elapsed
        } else if elapsed >= rollout.plan.min_pause_ms && self.proven() {
            PauseEnd::Proven
        } else {
            return false;
        };
        self.end_pause(open.index, cause, None);
        true
    }

    fn proven(&self) -> bool {
        self.evidence().judgement == crate::judge::Word::Proven.text()
    }

    /// All steps are done: all pods, all traffic, a watch, then it is the stable version.
    fn finish(&mut self, rollout: &Rollout) -> bool {
        let weight = self.state.weight.as_ref();
        let hash = &rollout.version.hash;
        let switched = weight.is_some_and(|w| w.weight == 100 && w.canary.as_ref() == Some(hash));
        let short = !switched || self.scaled(hash) < rollout.plan.replicas;
        if short && let Some(done) = self.need_pods(rollout, rollout.plan.replicas) {
            return done;
        }
        if let Some(done) = self.need_weight(rollout, 100) {
            return done;
        }
        if !rollout.watched && !rollout.full && rollout.plan.watch_ms > 0 {
            let index = rollout.plan.steps.len();
            return self.rest(rollout, index, Some(rollout.plan.watch_ms));
        }
        // Only what is seen can be promoted: with lost counts the deadline decides.
        if self.observation.counters == Counters::Unavailable {
            return false;
        }
        let evidence = self.evidence();
        let (verdict, message) = weigh(&evidence, rollout, self.now);
        self.complete(rollout, verdict, message, evidence);
        let stable = rollout.version.hash.clone();
        self.shift(rollout, stable, None, 0);
        true
    }

    /// The first version of an app: no steps, but no traffic before it is healthy either.
    fn first_version(&mut self, rollout: &Rollout) -> bool {
        if let Some(done) = self.need_pods(rollout, rollout.plan.replicas) {
            return done;
        }
        let hash = &rollout.version.hash;
        let current = self.state.weight.as_ref().filter(|w| w.stable == *hash);
        match current.map(|w| w.counter) {
            None => {
                self.shift(rollout, hash.clone(), None, 0);
                true
            }
            Some(counter) if self.observation.acknowledged < counter => false,
            Some(_) => {
                let message = "first version, its health is all that is known".to_owned();
                let evidence = self.evidence();
                self.complete(rollout, Verdict::Info, message, evidence);
                true
            }
        }
    }

    fn complete(
        &mut self,
        rollout: &Rollout,
        verdict: Verdict,
        message: String,
        evidence: Evidence,
    ) {
        self.emit(Event::Promoted(Promoted {
            rollout: rollout.number,
            hash: rollout.version.hash.clone(),
            verdict,
            message,
            evidence,
            now_ms: self.now,
        }));
        for digest in &rollout.overridden {
            if self.state.quarantined.contains_key(digest) {
                let (counter, digest) = (self.next_counter(), digest.clone());
                self.emit(Event::QuarantineLifted(QuarantineLifted { counter, digest }));
            }
        }
    }
}

/// Whether the canary's traffic says enough: at least fifty requests, and one a second.
fn weigh(evidence: &Evidence, rollout: &Rollout, now: u64) -> (Verdict, String) {
    let canary = evidence.canary;
    if canary.requests == 0 {
        let message = "thin evidence: no request reached the canary".to_owned();
        return (Verdict::Warn, message);
    }
    let seconds = now.saturating_sub(rollout.exposed_ms.unwrap_or(now)) / 1000;
    let counts = format!("{} of {} requests failed", canary.failed, canary.requests);
    if canary.requests < REQUESTS_THICK.max(seconds) {
        return (Verdict::Warn, format!("thin evidence: {counts} in {seconds} s"));
    }
    (Verdict::Pass, counts)
}
