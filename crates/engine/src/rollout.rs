//! The controller of a rollout: it observes, asks the machine, journals, carries out.
//!
//! ```text
//!            ┌────────────── every 50 ms ───────────────┐
//!  observe ──► machine::decide ──► journal (one commit) ──► perform ──► effect done
//!  pods, counts, requests          events + effects         weights, replicas
//! ```
//!
//! A crash at any arrow is harmless: the state is the fold of the journal, and what it calls
//! for is carried out again under the same keys. Absent on purpose: every decision.

mod applied;
mod back;
mod environment;
mod observe;
mod perform;
mod requests;
mod restore;
mod standing;

pub use applied::{APPLIED, Applied, job_of};
pub use back::{Back, back};
pub use environment::remove;
pub use requests::{ABORT, PAUSE, PROMOTE, RESUME, RETRY, request_event};
pub use restore::restore;
pub use standing::{Standing, known, standings, under_way};

use crate::conductor::Conductor;
use crate::failure::Failure;
use crate::notice::{Notice, RolloutView};
use crate::target::Target;
use bowline_host::clock;
use bowline_model::Event as Entry;
use bowline_rollout::machine::{
    Aborted, Action, Effect, Event, Observation, Phase, Promoted, Refused, Request, Start, State,
    decide, standing,
};
use bowline_rollout::spec::{Pause, Step};
use bowline_rollout::{Plan, RolloutSpec, Version};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

/// How often the controller looks. A canary's evidence comes by the second; readiness by this.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A version to bring out, and where.
pub struct Job {
    /// `<environment>/<app>`: the key of the rollout's events.
    pub key: String,
    /// The namespace of the objects.
    pub namespace: String,
    /// The Service that users reach.
    pub service: String,
    /// Where they reach it.
    pub listen: SocketAddr,
    /// The Rollout or Deployment.
    pub spec: RolloutSpec,
    /// What is brought out; `None` only looks after what is under way.
    pub version: Option<Version>,
    /// How.
    pub plan: Plan,
    /// Whether a quarantine is overridden.
    pub overriding: bool,
}

/// How a rollout ended.
#[derive(Debug, Clone)]
pub enum End {
    /// The version is the stable one.
    Promoted(Box<Promoted>),
    /// It was running already: nothing changed.
    AlreadyRunning,
    /// It was taken back.
    Aborted(Box<Aborted>),
    /// It is quarantined.
    Refused(Box<Refused>),
    /// Nothing was under way.
    Nothing,
}

/// An end, with the time between the decision and the router's acknowledgement.
#[derive(Debug, Clone)]
pub struct Carried {
    /// How it ended.
    pub end: End,
    /// Decision to acknowledgement of the last shift of weight, in milliseconds.
    pub switch_ms: Option<u64>,
}

/// Why it ended so, for people.
#[must_use]
pub fn sentence(end: &End) -> String {
    match end {
        End::Promoted(promoted) => promoted.message.clone(),
        End::AlreadyRunning => "this very version is running already".into(),
        End::Aborted(aborted) => aborted.message.clone(),
        End::Refused(refused) => refused.reason.clone(),
        End::Nothing => "nothing was under way".into(),
    }
}

/// The state of the rollout `key`, folded from the journal.
///
/// # Errors
/// The journal cannot be read, or holds what this version does not know.
pub fn state(conductor: &Conductor, key: &str) -> Result<State, Failure> {
    let mut entries = conductor.journal.events_of("rollout.", key)?;
    entries.extend(conductor.journal.events_of(environment::REMOVED, key)?);
    entries.sort_by_key(|entry| entry.n);
    let mut state = State::new(key);
    for entry in &entries {
        environment::apply(&mut state, entry)?;
    }
    Ok(state)
}

/// Carries a rollout to its end: promoted, aborted or refused; and waits until what it left
/// behind is gone.
///
/// # Errors
/// The journal, the API or the router fails for longer than the controller bears.
pub async fn carry_out(
    conductor: &Conductor,
    target: &Target,
    job: &Job,
) -> Result<Carried, Failure> {
    let mut controller = Controller::new(conductor, target, job)?;
    controller.resume().await?;
    loop {
        if let Some(end) = controller.turn().await? {
            return Ok(Carried { end, switch_ms: controller.switch_ms });
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

struct Controller<'a> {
    conductor: &'a Conductor,
    target: &'a Target,
    job: &'a Job,
    state: State,
    acknowledged: u64,
    /// Monotonic time of the last decision to shift weight.
    decided: BTreeMap<u64, Duration>,
    switch_ms: Option<u64>,
    end: Option<End>,
    asked: bool,
    told_waiting: String,
}

impl<'a> Controller<'a> {
    fn new(conductor: &'a Conductor, target: &'a Target, job: &'a Job) -> Result<Self, Failure> {
        Ok(Self {
            conductor,
            target,
            job,
            state: state(conductor, &job.key)?,
            acknowledged: 0,
            decided: BTreeMap::new(),
            switch_ms: None,
            end: None,
            asked: false,
            told_waiting: String::new(),
        })
    }

    /// After a restart: what the journal calls for is carried out again.
    async fn resume(&mut self) -> Result<(), Failure> {
        for effect in standing(&self.state) {
            self.perform(&effect).await?;
        }
        Ok(())
    }

    /// One look, one decision; the end when there is one and nothing is left to do.
    async fn turn(&mut self) -> Result<Option<End>, Failure> {
        let mut observation = self.observe().await?;
        if let Some(start) = self.start_request().await? {
            observation.requests.push(start);
        }
        let (events, effects) = decide(&self.state, &observation);
        if !events.is_empty() {
            self.commit(&events, &effects, &observation)?;
        }
        for effect in &effects {
            self.perform(effect).await?;
            self.conductor.effect_done(&effect.to_effect(&self.job.key).key)?;
        }
        if events.is_empty() {
            self.target.router.alive().await.ok();
        } else {
            self.write_status().await;
        }
        self.tell_view(&observation);
        Ok(self.ended())
    }

    fn commit(
        &mut self,
        events: &[Event],
        effects: &[Effect],
        observation: &Observation,
    ) -> Result<(), Failure> {
        let key = &self.job.key;
        let entries: Vec<_> = events.iter().map(|event| event.to_new_event(key)).collect();
        let outbox: Vec<_> = effects.iter().map(|effect| effect.to_effect(key)).collect();
        let now = clock::monotonic();
        self.conductor.append(&entries, &outbox)?;
        for event in events {
            self.state.apply(event);
            self.take_note(event, now);
        }
        debug_assert!(observation.now_ms <= clock::monotonic().as_millis() as u64);
        Ok(())
    }

    /// Remembers what the end needs, and tells the watchers.
    fn take_note(&mut self, event: &Event, now: Duration) {
        match event {
            Event::WeightShifted(shift) => {
                self.decided.insert(shift.counter, now);
                let release = |hash: &str| {
                    let known = self.job.version.iter().chain(&self.state.stable);
                    let rollout = self.state.rollout.as_ref().map(|rollout| &rollout.version);
                    let mut known = known.chain(rollout).filter(|version| version.hash == hash);
                    known.next().map_or_else(|| hash.to_owned(), |v| v.release.clone())
                };
                let text = match &shift.canary {
                    Some(canary) => {
                        format!("{} {} % -> {} %", release(canary), shift.from, shift.weight)
                    }
                    None => format!("all traffic to {}", release(&shift.stable)),
                };
                self.happened("shifted", &text);
            }
            Event::PauseEnded(end) => {
                let why = match end.cause {
                    bowline_rollout::machine::PauseEnd::Elapsed => return,
                    bowline_rollout::machine::PauseEnd::Proven => "proven good",
                    bowline_rollout::machine::PauseEnd::Promoted => "promoted by hand",
                };
                let text = format!("pause of step {} ended early: {why}", end.index + 1);
                self.happened("shortened", &text);
            }
            Event::Aborted(aborted) => {
                self.happened("aborted", &aborted.message);
                for line in &aborted.last_log {
                    self.conductor.tell(&Notice::Output {
                        stage: "rollout".into(),
                        origin: self.job.spec.name.clone(),
                        line: line.clone(),
                    });
                }
                self.end = Some(End::Aborted(Box::new(aborted.clone())));
            }
            Event::DigestQuarantined(quarantined) => {
                let digest: String = quarantined.digest.chars().take(15).collect();
                self.happened("quarantined", &format!("{digest}…"));
            }
            Event::Promoted(promoted) => {
                self.end = Some(End::Promoted(Box::new(promoted.clone())));
            }
            Event::Refused(refused) => {
                self.end = Some(End::Refused(Box::new(refused.clone())));
            }
            Event::Retried(_) => self.end = None,
            Event::CountersLost(_) => self.happened("inconclusive", "no counts from the edge"),
            Event::Started(_)
            | Event::RequestHandled(_)
            | Event::Reapplied(_)
            | Event::ReplicasScaled(_)
            | Event::ReplicasAvailable(_)
            | Event::StepCompleted(_)
            | Event::PauseStarted(_)
            | Event::Paused(_)
            | Event::Resumed(_)
            | Event::FullPromotionRequested(_)
            | Event::Counted(_)
            | Event::CountersFound(_)
            | Event::QuarantineLifted(_)
            | Event::ClockRestarted(_) => {}
        }
    }

    fn happened(&self, word: &str, text: &str) {
        self.conductor.tell(&Notice::Happened {
            stage: "rollout".into(),
            word: word.into(),
            text: text.into(),
        });
    }

    /// The request to bring the version out, once, unless it is under way or running.
    async fn start_request(&mut self) -> Result<Option<Request>, Failure> {
        let Some(version) = &self.job.version else { return Ok(None) };
        if self.asked {
            return Ok(None);
        }
        self.asked = true;
        let under_way = self.state.active().is_some_and(|r| r.version.hash == version.hash);
        if under_way {
            return Ok(None);
        }
        let running = self.state.stable.as_ref().is_some_and(|s| s.hash == version.hash);
        if running && self.state.active().is_none() {
            self.end = Some(End::AlreadyRunning);
            return Ok(None);
        }
        let baseline = self.baseline().await;
        let start = Start {
            version: version.clone(),
            plan: self.job.plan.clone(),
            overriding: self.job.overriding,
            baseline,
        };
        Ok(Some(Request {
            number: None,
            by: "release".into(),
            reason: String::new(),
            action: Action::Start(Box::new(start)),
        }))
    }

    /// Done when the machine is at rest and nothing of the left version runs.
    fn ended(&mut self) -> Option<End> {
        if self.state.active().is_some() || !self.state.draining.is_empty() {
            return None;
        }
        let weight = self.state.weight.as_ref().map_or(0, |weight| weight.counter);
        if self.acknowledged < weight {
            return None;
        }
        match &self.end {
            Some(end) => Some(end.clone()),
            None if self.job.version.is_none() => Some(self.past_end()),
            None if self.asked => Some(self.past_end()),
            None => None,
        }
    }

    /// What an earlier process saw end before it could say so.
    fn past_end(&self) -> End {
        let phase = self.state.rollout.as_ref().map(|rollout| rollout.phase);
        let entries = self.conductor.journal.events_of("rollout.", &self.job.key);
        let last = |kind: &str| -> Option<Event> {
            let found: &Entry =
                entries.as_ref().ok()?.iter().rev().find(|entry| entry.kind == kind)?;
            Event::from_event(found).ok().flatten()
        };
        let found = match phase {
            Some(Phase::Promoted) => last("rollout.promoted"),
            Some(Phase::Aborted) => last("rollout.aborted"),
            Some(Phase::Progressing) | None => None,
        };
        match found {
            Some(Event::Promoted(promoted)) => End::Promoted(Box::new(promoted)),
            Some(Event::Aborted(aborted)) => End::Aborted(Box::new(aborted)),
            _ => End::Nothing,
        }
    }

    fn tell_view(&mut self, observation: &Observation) {
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
