//! `rollback`: traffic goes to the version before, and what it leaves is quarantined.
//!
//! A rollback that was interrupted is resumed by the same command, and never read as a second
//! one: that would lead back to what was left. So its beginning and its end are events.

use super::{
    ABORT, Carried, End, Job, applied, carry_out, perform, request_event, sentence, state,
};
use crate::conductor::Conductor;
use crate::failure::Failure;
use crate::prune;
use crate::target::Target;
use bowline_diag::{Diagnostic, nearest};
use bowline_model::NewEvent;
use bowline_rollout::machine::{DigestQuarantined, Effect, Event, Reapplied, State};
use bowline_rollout::{Version, template};
use k8s_openapi::api::apps::v1::ReplicaSet;
use kube::Api;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The event of a rollback's beginning; its key is the rollout's.
pub(crate) const STARTED: &str = "engine.rollback_started";
/// The event of its end.
pub(crate) const FINISHED: &str = "engine.rollback_finished";

/// What a rollback did.
#[derive(Debug, Clone)]
pub struct Back {
    /// The version that was left.
    pub left: String,
    /// The version that runs now.
    pub now: String,
    /// How it went.
    pub carried: Carried,
}

/// What a rollback is to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Plan {
    /// The version that is left.
    left: Version,
    /// The version that is brought out again; `None`: the one under way is aborted.
    goal: Option<Version>,
    /// The version that runs afterwards.
    now: String,
    /// What was asked for by name.
    to: Option<String>,
    /// Why.
    reason: String,
}

/// Sends the traffic of the rollout `key` back: a rollout under way is aborted, else the version
/// before (or `to`) is brought out again without steps.
///
/// # Errors
/// There is no version to go back to, or it does not come up.
pub async fn back(
    conductor: &Conductor,
    target: &Target,
    key: &str,
    to: Option<&str>,
    reason: &str,
) -> Result<Back, Failure> {
    let before = state(conductor, key)?;
    let plan = match open(conductor, key, to)? {
        Some(plan) => plan,
        None => {
            let plan = plan(conductor, key, &before, to, reason)?;
            check_goal(conductor, target, key, &plan).await?;
            begin(conductor, key, &before, &plan)?;
            plan
        }
    };
    let carried = match &plan.goal {
        None => abort(conductor, target, key, &plan).await?,
        Some(goal) => bring_out(conductor, target, key, goal).await?,
    };
    conductor
        .append(&[NewEvent::new(FINISHED, key, json!({"how": sentence(&carried.end)}))], &[])?;
    if let (Some(goal), End::Aborted(aborted)) = (&plan.goal, &carried.end) {
        let message = format!("`{}` does not come up again: {}", goal.release, aborted.message);
        let help = format!("`{}` still runs; look at the log: bowline logs", plan.left.release);
        return Err(Failure::usage(Diagnostic::error("BOW1019", message).help(help)));
    }
    Ok(Back { left: plan.left.release, now: plan.now, carried })
}

/// A rollback for the same goal that was begun and not ended, unless something else was brought
/// out since.
fn open(conductor: &Conductor, key: &str, to: Option<&str>) -> Result<Option<Plan>, Failure> {
    let Some(started) = conductor.journal.last(STARTED, key)? else { return Ok(None) };
    let ended = conductor.journal.last(FINISHED, key)?;
    if ended.is_some_and(|ended| ended.n > started.n) {
        return Ok(None);
    }
    let plan = Plan::deserialize(&started.body)
        .map_err(|error| Failure::bug(format!("event {}: {error}", started.n)))?;
    for entry in conductor.journal.events_of_from("rollout.started", key, started.n)? {
        if let Some(Event::Started(event)) = Event::from_event(&entry)?
            && entry.n > started.n
            && plan.goal.as_ref().is_none_or(|goal| goal.hash != event.version.hash)
        {
            return Ok(None);
        }
    }
    Ok(Some(plan).filter(|plan| plan.to.as_deref() == to))
}

/// The versions between which a rollback that was begun and not ended goes.
///
/// # Errors
/// The journal cannot be read.
pub(crate) fn under_way(conductor: &Conductor, key: &str) -> Result<Vec<Version>, Failure> {
    let Some(started) = conductor.journal.last(STARTED, key)? else { return Ok(Vec::new()) };
    let ended = conductor.journal.last(FINISHED, key)?;
    if ended.is_some_and(|ended| ended.n > started.n) {
        return Ok(Vec::new());
    }
    let plan = Plan::deserialize(&started.body)
        .map_err(|error| Failure::bug(format!("event {}: {error}", started.n)))?;
    Ok(std::iter::once(plan.left).chain(plan.goal).collect())
}

fn plan(
    conductor: &Conductor,
    key: &str,
    before: &State,
    to: Option<&str>,
    reason: &str,
) -> Result<Plan, Failure> {
    let (to_owned, reason) = (to.map(str::to_owned), reason.to_owned());
    if let (Some(rollout), None) = (before.active(), to) {
        let now = before.stable.as_ref().map_or_else(String::new, |s| s.release.clone());
        let left = rollout.version.clone();
        return Ok(Plan { left, goal: None, now, to: to_owned, reason });
    }
    let Some(left) = before.stable.clone() else { return Err(nothing(key)) };
    let goal = earlier(conductor, key, before, &left, to)?;
    Ok(Plan { left, now: goal.release.clone(), goal: Some(goal), to: to_owned, reason })
}

/// That the goal can be brought out is known before anything is begun.
async fn check_goal(
    conductor: &Conductor,
    target: &Target,
    key: &str,
    plan: &Plan,
) -> Result<(), Failure> {
    let Some(goal) = &plan.goal else { return Ok(()) };
    let job = applied::job_of(conductor, target, key, None).await?;
    if template::hash(&job.spec.template) == goal.hash {
        return Ok(());
    }
    let sets: Api<ReplicaSet> = Api::namespaced(target.client.clone(), &job.namespace);
    let name = job.set_name(&goal.hash);
    match sets.get_opt(&name).await {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err(match prune::refusal(conductor, key, &goal.release)? {
            Some(pruned) => pruned,
            None => perform::gone(&name),
        }),
        Err(error) => Err(crate::kubernetes::failure(error)),
    }
}

/// The beginning, and the quarantine of what is left, in one transaction: what a person takes
/// back must not come again by itself, however far the rollback gets.
fn begin(conductor: &Conductor, key: &str, before: &State, plan: &Plan) -> Result<(), Failure> {
    let mut events = vec![NewEvent::new(STARTED, key, json!(plan))];
    let mut effects = Vec::new();
    // An aborted rollout is quarantined by the abort itself.
    let left = plan.goal.as_ref().map(|goal| plan.left.guilty(Some(goal))).unwrap_or_default();
    let new = left.into_iter().filter(|digest| !before.quarantined.contains_key(digest));
    for (counter, digest) in (before.counter + 1..).zip(new) {
        let (release, reason) =
            (plan.left.release.clone(), format!("rolled back: {}", plan.reason));
        let effect = Effect::Quarantine {
            counter,
            digest: digest.clone(),
            release: release.clone(),
            reason: reason.clone(),
        };
        let event = DigestQuarantined { counter, digest, release, reason };
        events.push(Event::DigestQuarantined(event).to_new_event(key));
        effects.push(effect.to_effect(key));
    }
    conductor.append(&events, &effects)?;
    for effect in &effects {
        conductor.effect_done(&effect.key)?;
    }
    Ok(())
}

async fn abort(
    conductor: &Conductor,
    target: &Target,
    key: &str,
    plan: &Plan,
) -> Result<Carried, Failure> {
    // After an interruption it may be over already.
    if state(conductor, key)?.active().is_some() {
        let request = request_event(ABORT, key, "rollback", &plan.reason, false);
        conductor.journal.request(request)?;
    }
    let job = applied::job_of(conductor, target, key, None).await?;
    carry_out(conductor, target, &job).await
}

async fn bring_out(
    conductor: &Conductor,
    target: &Target,
    key: &str,
    goal: &Version,
) -> Result<Carried, Failure> {
    let job = applied::job_of(conductor, target, key, Some(goal.clone())).await?;
    let mut plan = job.plan;
    plan.steps.clear();
    plan.watch_ms = 0;
    plan.scale_down_delay_ms = 0;
    // Going back is asked for by a person, so an earlier quarantine of the goal gives way.
    carry_out(conductor, target, &Job { plan, overriding: true, ..job }).await
}

/// The promoted version before `stable` that is not quarantined, or the one that is named. What
/// was taken back is gone back to by name only.
fn earlier(
    conductor: &Conductor,
    key: &str,
    state: &State,
    stable: &Version,
    to: Option<&str>,
) -> Result<Version, Failure> {
    let mut started: Option<Version> = None;
    let mut promoted: Vec<Version> = Vec::new();
    for entry in conductor.journal.events_of("rollout.", key)? {
        match Event::from_event(&entry)? {
            Some(Event::Started(event)) => started = Some(event.version),
            Some(Event::Promoted(_)) => promoted.extend(started.clone()),
            // A later release of what runs gives it another name.
            Some(Event::Reapplied(Reapplied { release: Some(release), .. })) => {
                let renamed = promoted.last().cloned();
                promoted.extend(renamed.map(|version| Version { release, ..version }));
            }
            _ => {}
        }
    }
    promoted.retain(|version| version.hash != stable.hash);
    let found = match to {
        None => promoted.iter().rev().find(|version| state.quarantine_of(version).is_none()),
        Some(to) => promoted.iter().rev().find(|version| version.release == to),
    };
    found.cloned().ok_or_else(|| match to {
        None => nothing(key),
        Some(to) => {
            let names = promoted.iter().map(|version| version.release.as_str());
            let help = match nearest(to, names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`bowline ls` lists what was promoted".to_owned(),
            };
            let message = format!("`{to}` was never promoted in this environment");
            Failure::usage(Diagnostic::error("BOW1019", message).help(help))
        }
    })
}

fn nothing(key: &str) -> Failure {
    let message = format!("`{key}` has no version to go back to");
    let help = "a rollback needs an earlier version that was promoted";
    Failure::usage(Diagnostic::error("BOW1019", message).help(help))
}
