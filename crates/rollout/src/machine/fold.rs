//! How an event changes the state. Total: any event fits any state, so that a journal folds.

use super::event::{
    Aborted, ClockRestarted, Counted, Event, PauseStarted, Promoted, Reapplied, ReplicasScaled,
    Retried, Started, WeightShifted,
};
use super::state::{OpenPause, Phase, Rollout, Scale, State, Weight};
use crate::judge::{Arm, Tally};
use std::collections::BTreeSet;

impl State {
    /// Takes one event in.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Started(e) => self.started(e),
            Event::Refused(e) => {
                self.refused = Some(e.hash.clone());
                self.answered(e.request);
            }
            Event::RequestHandled(e) => self.answered(e.request),
            Event::Reapplied(e) => self.reapplied(e),
            Event::ReplicasScaled(e) => self.scaled(e),
            Event::ReplicasAvailable(e) => self.on(e.now_ms, |r| {
                r.available = r.available.max(e.available);
                r.progressed_ms = e.now_ms;
            }),
            Event::WeightShifted(e) => self.shifted(e),
            Event::StepCompleted(e) => self.on(e.now_ms, |r| {
                r.step = e.index.saturating_add(1);
                r.pause = None;
                r.progressed_ms = e.now_ms;
            }),
            Event::PauseStarted(e) => self.on(e.now_ms, |r| r.rest(e)),
            Event::PauseEnded(e) => {
                self.answered(e.request);
                self.on(e.now_ms, |r| {
                    r.pause = None;
                    r.watched |= e.index >= r.plan.steps.len();
                    r.progressed_ms = e.now_ms;
                });
            }
            Event::Paused(e) => {
                self.answered(e.request);
                self.on(e.now_ms, |r| r.paused = true);
            }
            Event::Resumed(e) => {
                self.answered(e.request);
                self.on(e.now_ms, |r| {
                    r.paused = false;
                    r.progressed_ms = e.now_ms;
                });
            }
            Event::FullPromotionRequested(e) => {
                self.answered(e.request);
                self.on(e.now_ms, |r| {
                    (r.full, r.paused, r.pause) = (true, false, None);
                    r.step = r.plan.steps.len();
                    r.progressed_ms = e.now_ms;
                });
            }
            Event::Counted(e) => self.counted(e),
            Event::CountersLost(e) => {
                self.on(e.now_ms, |r| r.counters_lost_ms = Some(e.now_ms));
            }
            Event::CountersFound(e) => self.on(e.now_ms, |r| r.counters_lost_ms = None),
            Event::Aborted(e) => self.aborted(e),
            Event::DigestQuarantined(e) => {
                self.counter = self.counter.max(e.counter);
                self.quarantined.insert(e.digest.clone(), e.release.clone());
            }
            Event::QuarantineLifted(e) => {
                self.counter = self.counter.max(e.counter);
                self.quarantined.remove(&e.digest);
            }
            Event::Promoted(e) => self.promoted(e),
            Event::Retried(e) => self.retried(e),
            Event::ClockRestarted(e) => self.clock_restarted(e),
        }
    }

    fn on(&mut self, now_ms: u64, change: impl FnOnce(&mut Rollout)) {
        self.at(now_ms);
        if let Some(rollout) = self.rollout.as_mut().filter(|r| r.phase == Phase::Progressing) {
            change(rollout);
        }
    }

    fn at(&mut self, now_ms: u64) {
        self.latest_ms = self.latest_ms.max(now_ms);
    }

    fn answered(&mut self, request: Option<u64>) {
        self.requests_through = self.requests_through.max(request.unwrap_or(0));
    }

    fn started(&mut self, e: &Started) {
        self.answered(e.request);
        self.refused = None;
        if self.boot != e.boot {
            self.boot.clone_from(&e.boot);
            self.latest_ms = e.now_ms;
        }
        self.at(e.now_ms);
        self.rollouts = self.rollouts.max(e.rollout);
        self.counted_through = self.counted_through.max(e.counted_through);
        self.draining.remove(&e.version.hash);
        self.scales.retain(|_, scale| scale.replicas > 0);
        // What neither stable nor this rollout needs goes: no canary is left behind.
        for hash in self.scales.keys() {
            let kept = *hash == e.version.hash || Some(hash) == e.stable.as_ref();
            if !kept {
                self.draining.entry(hash.clone()).or_insert(e.now_ms);
            }
        }
        let overridden = if e.overriding {
            let own = e.version.images.iter().chain([&e.version.template_digest]);
            own.filter(|digest| self.quarantined.contains_key(*digest)).cloned().collect()
        } else {
            BTreeSet::new()
        };
        self.rollout = Some(Rollout {
            number: e.rollout,
            version: e.version.clone(),
            plan: e.plan.clone(),
            stable: e.stable.clone(),
            phase: Phase::Progressing,
            step: 0,
            pause: None,
            paused: e.plan.paused,
            full: false,
            watched: false,
            started_ms: e.now_ms,
            progressed_ms: e.now_ms,
            exposed_ms: None,
            available: 0,
            crashes_before: e.crashes_before,
            phi_thousandths: e.phi_thousandths,
            counters_lost_ms: None,
            counted_from: self.counted_through,
            tally: Tally::default(),
            pause_tally: Tally::default(),
            message: String::new(),
            overridden,
        });
    }

    fn reapplied(&mut self, e: &Reapplied) {
        self.answered(e.request);
        self.at(e.now_ms);
        match self.rollout.as_mut().filter(|r| r.phase == Phase::Progressing) {
            Some(rollout) => {
                if e.steps_restarted {
                    (rollout.step, rollout.pause, rollout.watched) = (0, None, false);
                }
                rollout.paused = e.plan.paused;
                rollout.plan = e.plan.clone();
                rollout.progressed_ms = e.now_ms;
            }
            None => {
                self.stable_plan = Some(e.plan.clone());
                self.rename_stable(e.release.as_deref());
            }
        }
    }

    /// A later release of what runs already: everything that is said of it names that release.
    fn rename_stable(&mut self, release: Option<&str>) {
        let (Some(stable), Some(release)) = (&mut self.stable, release) else { return };
        release.clone_into(&mut stable.release);
        if let Some(rollout) = self.rollout.as_mut().filter(|r| r.version.hash == stable.hash) {
            release.clone_into(&mut rollout.version.release);
        }
    }

    fn scaled(&mut self, e: &ReplicasScaled) {
        self.at(e.now_ms);
        self.counter = self.counter.max(e.counter);
        let scale = Scale { counter: e.counter, replicas: e.replicas };
        self.scales.insert(e.hash.clone(), scale);
        if e.replicas == 0 {
            self.draining.remove(&e.hash);
        }
        self.on(e.now_ms, |r| {
            if r.version.hash == e.hash {
                r.progressed_ms = e.now_ms;
            }
        });
    }

    fn shifted(&mut self, e: &WeightShifted) {
        self.counter = self.counter.max(e.counter);
        self.weight = Some(Weight {
            counter: e.counter,
            rollout: e.rollout,
            stable: e.stable.clone(),
            canary: e.canary.clone(),
            weight: e.weight,
        });
        let older = e.counted_through.max(self.counted_through);
        self.on(e.now_ms, |r| {
            r.progressed_ms = e.now_ms;
            if e.weight > 0 && r.exposed_ms.is_none() {
                r.exposed_ms = Some(e.now_ms);
                r.counted_from = r.counted_from.max(older);
            }
        });
        self.counted_through = older;
    }

    fn counted(&mut self, e: &Counted) {
        self.at(e.now_ms);
        for second in &e.seconds {
            self.counted_through = self.counted_through.max(Some(second[0]));
            if let Some(rollout) = self.rollout.as_mut().filter(|r| r.phase == Phase::Progressing) {
                rollout.add_second(second);
            }
        }
    }

    fn aborted(&mut self, e: &Aborted) {
        self.answered(e.request);
        self.at(e.now_ms);
        // A retry must not be judged by the seconds that this attempt was judged by.
        let last = e.evidence.seconds.last().map(|second| second[0]);
        self.counted_through = self.counted_through.max(last);
        let Some(rollout) = self.rollout.as_mut() else { return };
        rollout.phase = Phase::Aborted;
        rollout.pause = None;
        rollout.paused = false;
        rollout.message.clone_from(&e.message);
        let superseded = e.cause == super::event::AbortCause::Superseded;
        let delay = if superseded { Some(0) } else { rollout.plan.abort_scale_down_delay_ms };
        let runs = self.stable.as_ref().is_some_and(|s| s.hash == rollout.version.hash);
        if let Some(delay) = delay.filter(|_| !runs) {
            let due = e.now_ms.saturating_add(delay);
            self.draining.insert(rollout.version.hash.clone(), due);
        }
    }

    fn promoted(&mut self, e: &Promoted) {
        self.at(e.now_ms);
        let Some(rollout) = self.rollout.as_mut() else { return };
        rollout.phase = Phase::Promoted;
        rollout.pause = None;
        rollout.message.clone_from(&e.message);
        let old = self.stable.replace(rollout.version.clone());
        self.stable_plan = Some(rollout.plan.clone());
        self.draining.remove(&rollout.version.hash);
        if let Some(old) = old.filter(|old| old.hash != rollout.version.hash) {
            let due = e.now_ms.saturating_add(rollout.plan.scale_down_delay_ms);
            self.draining.insert(old.hash, due);
        }
    }

    /// The same version and plan from step 0, with nothing remembered but what is journaled.
    fn retried(&mut self, e: &Retried) {
        let Some(old) = self.rollout.take() else { return };
        let (paused, overridden) = (old.plan.paused, e.overridden.clone());
        self.started(&Started {
            rollout: e.rollout,
            version: old.version,
            plan: old.plan,
            stable: self.stable.as_ref().map(|s| s.hash.clone()),
            overriding: e.overriding,
            phi_thousandths: old.phi_thousandths,
            crashes_before: e.crashes_before,
            counted_through: e.counted_through,
            by: e.by.clone(),
            request: e.request,
            now_ms: e.now_ms,
            boot: self.boot.clone(),
        });
        if let Some(rollout) = &mut self.rollout {
            rollout.paused = paused;
            rollout.overridden.extend(overridden);
        }
    }

    /// What had passed at the last event counts, what passed since is not known and does not.
    fn clock_restarted(&mut self, e: &ClockRestarted) {
        let before = self.latest_ms;
        let rebase = |time: u64| {
            if time >= before {
                e.now_ms.saturating_add(time - before)
            } else {
                e.now_ms.saturating_sub(before - time)
            }
        };
        for due in self.draining.values_mut() {
            *due = rebase(*due);
        }
        if let Some(rollout) = &mut self.rollout {
            rollout.started_ms = rebase(rollout.started_ms);
            rollout.progressed_ms = rebase(rollout.progressed_ms);
            rollout.exposed_ms = rollout.exposed_ms.map(rebase);
            rollout.counters_lost_ms = rollout.counters_lost_ms.map(rebase);
            if let Some(pause) = &mut rollout.pause {
                pause.started_ms = rebase(pause.started_ms);
            }
        }
        self.boot.clone_from(&e.boot);
        self.latest_ms = e.now_ms;
    }
}

impl Rollout {
    fn rest(&mut self, e: &PauseStarted) {
        self.pause = Some(OpenPause {
            index: e.index,
            started_ms: e.now_ms,
            duration_ms: e.duration_ms,
            after_second: e.after_second,
        });
        self.pause_tally = Tally::default();
        self.progressed_ms = e.now_ms;
    }

    /// Adds `[second, canary requests, canary failed, stable requests, stable failed]` to the
    /// sums that it belongs to.
    pub(super) fn add_second(&mut self, second: &[u64; 5]) {
        let [number, rc, ec, rs, es] = *second;
        let (canary, stable) = (Arm::new(rc, ec), Arm::new(rs, es));
        if self.counted_from.is_none_or(|from| number > from) {
            self.tally.add(canary, stable);
        }
        if self.pause.is_some_and(|p| p.after_second.is_none_or(|after| number > after)) {
            self.pause_tally.add(canary, stable);
        }
    }
}
