//! The controller of a rollout: it observes, asks the machine, journals, carries out.
//!
//! ```text
//!            ┌────────────── every 50 ms ───────────────┐
//!  observe ──► machine::decide ──► journal (one commit) ──► perform ──► effect done
//!  pods, counts, requests          events + effects         weights, replicas
//! ```
//!
//! A crash at any arrow is harmless: the state is the fold of the journal, and what it calls
//! for is carried out again under the same keys. An API or a router that is away for a moment
//! ends nothing ([`trouble`]). Absent on purpose: every decision.

mod adopt;
mod applied;
mod back;
mod close;
mod environment;
mod history;
mod observe;
mod outbox;
mod outside;
mod past;
mod perform;
mod requests;
mod restore;
mod standing;
mod tell;
mod trouble;

pub(crate) use adopt::adopted_number;
pub use adopt::{ADOPTED, adopt};
pub use applied::{APPLIED, Applied, job_of};
pub use back::{Back, back};
pub(crate) use back::{FINISHED as ROLLBACK_FINISHED, STARTED as ROLLBACK_STARTED, under_way};
pub use environment::{REMOVED, remove};
pub(crate) use history::{History, histories};
pub use outside::{hold_others, phase_of, supersede};
pub use past::CTRL_C;
pub(crate) use past::was_only_interrupted;
pub(crate) use perform::RELEASE_OF_SET;
pub use requests::{ABORT, PAUSE, PROMOTE, RESUME, RETRY, request_event};
pub use restore::restore;
pub use standing::{Serves, Standing, known, standings};

use crate::conductor::Conductor;
use crate::failure::Failure;
use crate::target::Target;
use bowline_host::clock;
use bowline_rollout::machine::{
    Aborted, Action, Effect, Event, Phase, Pods, Promoted, Refused, Request, Start, State, decide,
};
use bowline_rollout::{Plan, RolloutSpec, Version};
use bowline_runner::CancelToken;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;
use trouble::Trouble;

/// How often the controller looks. A canary's evidence comes by the second; readiness by this.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Pods of a version that was left may take so long to finish their requests and go. Longer than
/// their usual grace; who ignores that is ended by whoever conducts next.
const LEAVING_MAX: Duration = Duration::from_secs(45);

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
    /// Whether the version is brought out once: a release that resumes after its rollout has
    /// ended learns that end and does not begin anew.
    pub once: bool,
}

impl Job {
    /// The name of the ReplicaSet of a version.
    #[must_use]
    pub fn set_name(&self, hash: &str) -> String {
        format!("{}-{hash}", self.spec.name)
    }
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
    /// What was asked for changed nothing, and why.
    Unchanged(String),
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
        End::Unchanged(why) => why.clone(),
        End::Nothing => "nothing was under way".into(),
    }
}

/// The state of the rollout `key`, folded from the journal.
///
/// # Errors
/// The journal cannot be read, or holds what this version does not know.
pub fn state(conductor: &Conductor, key: &str) -> Result<State, Failure> {
    Ok(conductor.history(key)?.state)
}

/// Carries a rollout to its end: promoted, aborted or refused; and waits until what it left
/// behind is gone.
///
/// # Errors
/// The journal fails; the API or the router fails for longer than the controller bears. The
/// rollout stays as it is then: the same command resumes.
pub async fn carry_out(
    conductor: &Conductor,
    target: &Target,
    job: &Job,
) -> Result<Carried, Failure> {
    carry_out_until(conductor, target, job, &CancelToken::new()).await
}

/// As [`carry_out`]; when `cancel` is thrown the version is taken back, or never begun.
///
/// # Errors
/// As [`carry_out`].
pub async fn carry_out_until(
    conductor: &Conductor,
    target: &Target,
    job: &Job,
    cancel: &CancelToken,
) -> Result<Carried, Failure> {
    hold_others(conductor, target, Some(&job.key)).await?;
    let mut controller = Controller::new(conductor, target, job, cancel)?;
    controller.take_up()?;
    let end = loop {
        if let Some(end) = controller.turn().await? {
            break end;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    };
    if job.version.is_none()
        && let Some(rollout) = &controller.state.rollout
    {
        close::close_release(conductor, &job.key, &rollout.version, &end)?;
    }
    Ok(Carried { end, switch_ms: controller.switch_ms })
}

struct Controller<'a> {
    conductor: &'a Conductor,
    target: &'a Target,
    job: &'a Job,
    cancel: &'a CancelToken,
    state: State,
    /// Decided on and not carried out yet, in order.
    owed: Vec<Effect>,
    /// Keys of effects that the outbox holds as not done.
    pending: BTreeSet<String>,
    acknowledged: u64,
    /// Monotonic time of the last decision to shift weight.
    decided: BTreeMap<u64, Duration>,
    switch_ms: Option<u64>,
    end: Option<End>,
    asked: bool,
    /// The pods as they were seen last; `None` until they were seen once.
    seen: Option<BTreeMap<String, Pods>>,
    /// Since when this process has seen each pod ready, by its uid: the label of the transition
    /// and the monotonic time.
    ready_since: BTreeMap<String, (String, Duration)>,
    /// How many pods of versions that are to have none were seen last.
    lingering: usize,
    /// Since when nothing else is left to do than to wait for them.
    leaving_since: Option<Duration>,
    /// What did not work in this turn.
    trouble: Option<Trouble>,
    /// Since when something has not worked.
    troubled_since: Option<Duration>,
    told_waiting: String,
}

impl<'a> Controller<'a> {
    fn new(
        conductor: &'a Conductor,
        target: &'a Target,
        job: &'a Job,
        cancel: &'a CancelToken,
    ) -> Result<Self, Failure> {
        Ok(Self {
            conductor,
            target,
            job,
            cancel,
            state: state(conductor, &job.key)?,
            owed: Vec::new(),
            pending: BTreeSet::new(),
            acknowledged: 0,
            decided: BTreeMap::new(),
            switch_ms: None,
            end: None,
            asked: false,
            seen: None,
            ready_since: BTreeMap::new(),
            lingering: 0,
            leaving_since: None,
            trouble: None,
            troubled_since: None,
            told_waiting: String::new(),
        })
    }

    /// One look, one decision; the end when there is one and nothing is left to do.
    async fn turn(&mut self) -> Result<Option<End>, Failure> {
        let mut observation = self.observe().await?;
        observation.requests.extend(self.interruption());
        let start = self.start_request().await?;
        observation.requests.extend(start);
        let (mut events, effects) = decide(&self.state, &observation);
        if !events.is_empty() {
            self.add_last_words(&mut events).await;
            self.commit(&events, &effects)?;
        }
        self.owe(effects);
        self.carry_out_owed().await?;
        if events.is_empty() {
            // Where nothing is decided nothing is appended, so a process that was stopped for a
            // while would not learn that another one took over.
            self.conductor.check_epoch()?;
            // A word that is not heard is what the dead man is there for.
            self.target.router.alive().await.ok();
        } else {
            self.write_status().await;
        }
        self.bear()?;
        self.tell_view(&observation);
        // What this turn changed was not seen yet: the end needs a look that comes after it.
        if events.is_empty() { self.ended() } else { Ok(None) }
    }

    fn commit(&mut self, events: &[Event], effects: &[Effect]) -> Result<(), Failure> {
        let key = &self.job.key;
        let mut entries: Vec<_> = events.iter().map(|event| event.to_new_event(key)).collect();
        entries.extend(self.deployed(events));
        let outbox: Vec<_> = effects.iter().map(|effect| effect.to_effect(key)).collect();
        let now = clock::monotonic();
        self.conductor.append(&entries, &outbox)?;
        for event in events {
            self.state.apply(event);
            self.take_note(event, now);
        }
        Ok(())
    }

    /// Ctrl-C: whatever takes its steps is taken back.
    fn interruption(&self) -> Option<Request> {
        let under_way = self.cancel.is_cancelled() && self.state.active().is_some();
        under_way.then(|| Request {
            number: None,
            by: CTRL_C.into(),
            reason: "interrupted".into(),
            action: Action::Abort,
        })
    }

    /// The request to bring the version out: once, and not when it is under way already or when
    /// an earlier process of this release has seen its end.
    async fn start_request(&mut self) -> Result<Option<Request>, Failure> {
        let Some(version) = &self.job.version else { return Ok(None) };
        // Crashes from before must be known, or old ones would count as new.
        if self.asked || self.seen.is_none() {
            return Ok(None);
        }
        self.asked = true;
        if let Some(rollout) = &self.state.rollout {
            let own = self.job.once && rollout.version.release == version.release;
            let same = rollout.version.hash == version.hash;
            let under_way = rollout.phase == Phase::Progressing;
            if under_way && same {
                return Ok(None);
            }
            if own && !under_way {
                self.end = Some(self.past_end()?);
                return Ok(None);
            }
        }
        if self.cancel.is_cancelled() {
            self.end = Some(End::Nothing);
            return Ok(None);
        }
        if self.state.stable.as_ref().is_some_and(|stable| stable.hash == version.hash) {
            // Asked all the same: its numbers may differ, its replicas for example.
            self.end = Some(End::AlreadyRunning);
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
    fn ended(&mut self) -> Result<Option<End>, Failure> {
        let busy = self.state.active().is_some() || !self.state.draining.is_empty();
        if busy || !self.owed.is_empty() || (self.job.version.is_some() && !self.asked) {
            return Ok(None);
        }
        let weight = self.state.weight.as_ref().map_or(0, |weight| weight.counter);
        if self.acknowledged < weight || self.waits_for_leaving() {
            return Ok(None);
        }
        match self.end.clone() {
            Some(end) => Ok(Some(end)),
            None => self.past_end().map(Some),
        }
    }

    /// Whether pods of a left version are still there. This process is who ends them, so it must
    /// not go before them.
    fn waits_for_leaving(&mut self) -> bool {
        let now = clock::monotonic();
        let since = *self.leaving_since.get_or_insert(now);
        self.lingering > 0 && now.saturating_sub(since) < LEAVING_MAX
    }
}
