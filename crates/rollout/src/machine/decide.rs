//! What to do next.
//!
//! One decision is a *turn*: it works on a copy of the state and applies each event that it
//! emits at once, so that the next thought already stands on it. Order of thought: clock,
//! requests, counts, reasons to take back, steps, deadline, pods that may go, counts to keep.
//! Reasons to take back come before any step, so no step is taken on a bad canary.

use super::event::{ClockRestarted, Counted, CountersChanged, Event, Evidence, ReplicasScaled};
use super::observation::{Counters, Observation};
use super::state::{Rollout, State};
use super::{Effect, Pods};
use crate::judge::{Rule, Word};
use crate::limits::{
    COUNTED_BATCH_SECONDS, COUNTS_SETTLE_SECONDS, DECISION_ROUNDS_MAX,
    LAST_LOG_LINE_CHARACTERS_MAX, LAST_LOG_LINES_MAX,
};

use std::collections::BTreeSet;

mod advance;
mod request;
mod take_back;

/// What happened and what is to be done, given `state` and what is seen. Pure and total: it
/// never fails, and the same arguments give the same answer. The caller appends the events and
/// effects in one transaction, applies the events to the state and carries the effects out in
/// the order of their counters.
#[must_use]
pub fn decide(state: &State, observation: &Observation) -> (Vec<Event>, Vec<Effect>) {
    let mut turn = Turn::new(state, observation);
    turn.take();
    let effects = turn.events.iter().filter_map(Effect::of).collect();
    (turn.events, effects)
}

/// What is known about the canary of the rollout that is under way: for those who watch.
#[must_use]
pub fn evidence(state: &State, observation: &Observation) -> Evidence {
    Turn::new(state, observation).evidence()
}

/// The absolute effects that `state` calls for now, with their original keys: the last division
/// of traffic and each version's replicas, in the order of their counters. For a restart: carry
/// all of them out again.
#[must_use]
pub fn standing(state: &State) -> Vec<Effect> {
    let weight = state.weight.iter().map(|w| Effect::SetWeight {
        counter: w.counter,
        rollout: w.rollout,
        stable: w.stable.clone(),
        canary: w.canary.clone(),
        weight: w.weight,
    });
    let scales = state.scales.iter().map(|(hash, scale)| Effect::ScaleReplicaSet {
        counter: scale.counter,
        hash: hash.clone(),
        replicas: scale.replicas,
    });
    let mut effects: Vec<Effect> = weight.chain(scales).collect();
    effects.sort_by_key(Effect::counter);
    effects
}

/// One decision under way.
struct Turn<'a> {
    state: State,
    observation: &'a Observation,
    now: u64,
    events: Vec<Event>,
    /// Versions that were resized in this turn: what was seen of their pods is no longer so.
    resized: BTreeSet<String>,
}

impl<'a> Turn<'a> {
    fn new(state: &State, observation: &'a Observation) -> Self {
        let mut turn = Self {
            state: state.clone(),
            observation,
            now: observation.now_ms,
            events: Vec::new(),
            resized: BTreeSet::new(),
        };
        turn.read_clock();
        turn
    }

    fn emit(&mut self, event: Event) {
        self.state.apply(&event);
        self.events.push(event);
    }

    fn take(&mut self) {
        self.answer_requests();
        self.watch_counters();
        self.look_for_reasons();
        for _ in 0..DECISION_ROUNDS_MAX {
            if !self.advance() {
                break;
            }
        }
        self.watch_deadline();
        self.scale_stable();
        self.drain();
        self.keep_counts();
    }

    /// Within one boot time never goes back; another boot starts the clock anew.
    fn read_clock(&mut self) {
        let nothing_runs = self.state.rollout.is_none() && self.state.draining.is_empty();
        if self.state.boot == self.observation.boot || nothing_runs {
            self.now = self.now.max(if nothing_runs { 0 } else { self.state.latest_ms });
            return;
        }
        let boot = self.observation.boot.clone();
        self.emit(Event::ClockRestarted(ClockRestarted { now_ms: self.now, boot }));
    }

    fn active(&self) -> Option<&Rollout> {
        self.state.active()
    }

    fn pods(&self, hash: &str) -> Pods {
        self.observation.pods.get(hash).cloned().unwrap_or_default()
    }

    fn scaled(&self, hash: &str) -> u32 {
        self.state.scales.get(hash).map_or(0, |scale| scale.replicas)
    }

    /// The counter of the next effect.
    fn next_counter(&self) -> u64 {
        self.state.counter.saturating_add(1)
    }

    fn scale(&mut self, hash: &str, replicas: u32) {
        let (counter, now_ms, hash) = (self.next_counter(), self.now, hash.to_owned());
        self.resized.insert(hash.clone());
        self.emit(Event::ReplicasScaled(ReplicasScaled { counter, hash, replicas, now_ms }));
    }

    /// Seconds since the canary's first traffic that are seen and not yet in the journal,
    /// ascending, without the empty ones.
    fn live_seconds(&self) -> Vec<[u64; 5]> {
        if self.active().is_none_or(|rollout| rollout.exposed_ms.is_none()) {
            return Vec::new();
        }
        let Counters::Read(seconds) = &self.observation.counters else { return Vec::new() };
        let mut last = self.state.counted_through;
        let mut live = Vec::new();
        for second in seconds {
            if last.is_some_and(|last| second.second <= last) {
                continue;
            }
            last = Some(second.second);
            let (canary, stable) = (second.canary, second.stable);
            let counts = [canary.requests, canary.failed, stable.requests, stable.failed];
            if counts != [0; 4] {
                let [rc, ec, rs, es] = counts;
                live.push([second.second, rc, ec, rs, es]);
            }
        }
        live
    }

    /// The newest second that is known of.
    fn newest_second(&self) -> Option<u64> {
        let seen = match &self.observation.counters {
            Counters::Read(seconds) => seconds.iter().map(|s| s.second).max(),
            Counters::Unavailable => None,
        };
        self.state.counted_through.max(seen)
    }

    /// What is known about the canary now.
    fn evidence(&self) -> Evidence {
        let Some(active) = self.active() else {
            return Evidence { decided_ms: self.now, ..Evidence::default() };
        };
        let mut rollout = active.clone();
        let seconds = self.live_seconds();
        for second in &seconds {
            rollout.add_second(second);
        }
        let rule = rule(&rollout);
        let judged = rule.against(&rollout.tally);
        let proof = rollout.pause.and_then(|_| rule.proof(&rollout.pause_tally));
        let proven = proof.is_some_and(|ln_e| ln_e >= crate::judge::LN_PROVEN);
        let blind = self.observation.counters == Counters::Unavailable;
        let word = if judged.tripped {
            Word::Tripped
        } else if blind || rollout.tally.canary.requests == 0 {
            Word::Inconclusive
        } else if proven {
            Word::Proven
        } else {
            Word::Clear
        };
        Evidence {
            decided_ms: self.now,
            first_canary_request_ms: self.observation.first_canary_request_ms,
            canary: rollout.tally.canary,
            stable: rollout.tally.stable,
            exposed_seconds: rollout.tally.exposed_seconds,
            against_thousandths: thousandths(judged.against),
            proof_thousandths: proof.map(thousandths),
            judgement: word.text().to_owned(),
            seconds,
        }
    }

    /// Counts that cannot be read are noticed while the canary has traffic.
    fn watch_counters(&mut self) {
        let Some(rollout) = self.active() else { return };
        let lost = rollout.counters_lost_ms.is_some();
        let blind = self.observation.counters == Counters::Unavailable;
        let changed = CountersChanged { now_ms: self.now };
        if blind && !lost && self.state.canary_weight() > 0 {
            self.emit(Event::CountersLost(changed));
        } else if !blind && lost {
            self.emit(Event::CountersFound(changed));
        }
    }

    /// A change of replicas of the stable version, when no rollout is under way.
    fn scale_stable(&mut self) {
        let (Some(stable), Some(plan)) = (&self.state.stable, &self.state.stable_plan) else {
            return;
        };
        let (hash, replicas) = (stable.hash.clone(), plan.replicas);
        if self.active().is_none() && self.scaled(&hash) != replicas {
            self.scale(&hash, replicas);
        }
    }

    fn drain(&mut self) {
        let due = self.state.draining.iter().filter(|(_, at)| self.now >= **at);
        let due: Vec<String> = due.map(|(hash, _)| hash.clone()).collect();
        for hash in due {
            self.scale(&hash, 0);
        }
    }

    /// Settled seconds go into the journal in batches, so that the edge may forget them.
    fn keep_counts(&mut self) {
        let newest = self.newest_second().unwrap_or(0);
        let settled = |s: &[u64; 5]| s[0].saturating_add(COUNTS_SETTLE_SECONDS) <= newest;
        let seconds: Vec<[u64; 5]> = self.live_seconds().into_iter().filter(settled).collect();
        let (Some(first), Some(last)) = (seconds.first(), seconds.last()) else { return };
        if last[0] - first[0] + 1 >= COUNTED_BATCH_SECONDS {
            self.emit(Event::Counted(Counted { seconds, now_ms: self.now }));
        }
    }
}

fn rule(rollout: &Rollout) -> Rule {
    Rule {
        max_error_rate_ppm: rollout.plan.max_error_rate_ppm,
        phi_thousandths: rollout.phi_thousandths,
    }
}

/// A logarithm in thousandths, rounded down; what is not a number is 0.
#[expect(clippy::cast_possible_truncation, reason = "a cast of floats saturates")]
fn thousandths(ln_e: f64) -> i64 {
    libm::floor(ln_e * 1000.0) as i64
}

/// The last lines of a pod, cut to what an event may carry.
fn last_lines(pods: &Pods) -> Vec<String> {
    let skipped = pods.last_log.len().saturating_sub(LAST_LOG_LINES_MAX);
    let cut = |line: &String| line.chars().take(LAST_LOG_LINE_CHARACTERS_MAX).collect();
    pods.last_log.iter().skip(skipped).map(cut).collect()
}
