//! `rollback`: traffic goes to the version before, and what it leaves is quarantined.

use super::{ABORT, Carried, End, applied, carry_out, request_event, state};
use crate::conductor::Conductor;
use crate::failure::Failure;
use crate::target::Target;
use bowline_diag::{Diagnostic, nearest};
use bowline_rollout::Version;
use bowline_rollout::machine::{DigestQuarantined, Effect, Event};

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

/// Sends the traffic of the rollout `key` back: a rollout under way is aborted, else the version
/// before (or `to`) is brought out again without steps.
///
/// # Errors
/// There is no version to go back to.
pub async fn back(
    conductor: &Conductor,
    target: &Target,
    key: &str,
    to: Option<&str>,
    reason: &str,
) -> Result<Back, Failure> {
    let before = state(conductor, key)?;
    if let (Some(rollout), None) = (before.active(), to) {
        let left = rollout.version.release.clone();
        let now = before.stable.as_ref().map(|stable| stable.release.clone());
        conductor.journal.request(request_event(ABORT, key, "rollback", reason, false))?;
        let job = applied::job_of(conductor, target, key, None).await?;
        let carried = carry_out(conductor, target, &job).await?;
        return Ok(Back { left, now: now.unwrap_or_default(), carried });
    }
    let Some(stable) = before.stable.clone() else { return Err(nothing(key)) };
    let version = earlier(conductor, key, &stable, to)?;
    let now = version.release.clone();
    let mut job = applied::job_of(conductor, target, key, Some(version.clone())).await?;
    job.plan.steps.clear();
    job.plan.watch_ms = 0;
    job.plan.scale_down_delay_ms = 0;
    // Going back is asked for by a person, so an earlier quarantine of the goal gives way.
    job.overriding = true;
    let carried = carry_out(conductor, target, &job).await?;
    if matches!(carried.end, End::Promoted(_) | End::AlreadyRunning) {
        quarantine(conductor, key, &stable, &version, reason)?;
    }
    Ok(Back { left: stable.release, now, carried })
}

/// The promoted version before `stable`, or the one that is named.
fn earlier(
    conductor: &Conductor,
    key: &str,
    stable: &Version,
    to: Option<&str>,
) -> Result<Version, Failure> {
    let mut started: Option<Version> = None;
    let mut promoted: Vec<Version> = Vec::new();
    for entry in conductor.journal.events_of("rollout.", key)? {
        match Event::from_event(&entry)? {
            Some(Event::Started(event)) => started = Some(event.version),
            Some(Event::Promoted(_)) => promoted.extend(started.clone()),
            _ => {}
        }
    }
    promoted.retain(|version| version.hash != stable.hash);
    let found = match to {
        None => promoted.last(),
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

/// What was left must not come again by itself; a digest that the goal runs too is spared.
fn quarantine(
    conductor: &Conductor,
    key: &str,
    left: &Version,
    goal: &Version,
    reason: &str,
) -> Result<(), Failure> {
    let first = state(conductor, key)?.counter + 1;
    let mut events = Vec::new();
    let mut effects = Vec::new();
    for (counter, digest) in (first..).zip(left.guilty(Some(goal))) {
        let (release, reason) = (left.release.clone(), format!("rolled back: {reason}"));
        events.push(
            Event::DigestQuarantined(DigestQuarantined {
                counter,
                digest: digest.clone(),
                release: release.clone(),
                reason: reason.clone(),
            })
            .to_new_event(key),
        );
        effects.push(Effect::Quarantine { counter, digest, release, reason }.to_effect(key));
    }
    conductor.append(&events, &effects)?;
    for effect in &effects {
        conductor.effect_done(&effect.key)?;
    }
    Ok(())
}
