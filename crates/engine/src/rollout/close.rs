//! The end of a rollout in the records: who serves where, and how its release ended.

use super::{Controller, End, Job};
use crate::conductor::Conductor;
use crate::failure::Failure;
use crate::release::{self, Finished};
use bowline_host::clock;
use bowline_model::{DeploymentRecord, Digest, NewEvent, Outcome};
use bowline_rollout::Version;
use bowline_rollout::machine::Event;

impl Controller<'_> {
    /// What belongs into the same transaction as a promotion: from this moment on, that version
    /// is what serves at the address, whichever verb brought it there.
    pub(super) fn deployed(&self, events: &[Event]) -> Option<NewEvent> {
        if !events.iter().any(|event| matches!(event, Event::Promoted(_))) {
            return None;
        }
        let mut state = self.state.clone();
        for event in events {
            state.apply(event);
        }
        deployment(self.job, state.stable.as_ref()?)
    }
}

fn deployment(job: &Job, version: &Version) -> Option<NewEvent> {
    let digest: Digest = version.images.iter().find_map(|image| image.parse().ok())?;
    Some(bowline_record::deployed_event(&DeploymentRecord {
        environment: job.key.split('/').next().unwrap_or_default().to_owned(),
        version: version.release.clone(),
        digest,
        address: format!("http://{}", job.listen),
        at: clock::now(),
    }))
}

/// Ends the release whose rollout a verb of its own brought to an end: `rollout promote` after
/// its conductor had died, or `rollout retry` after it had ended otherwise.
pub(super) fn close_release(
    conductor: &Conductor,
    key: &str,
    version: &Version,
    end: &End,
) -> Result<(), Failure> {
    let (outcome, cause, decision_ms) = match end {
        End::Promoted(end) => (Outcome::Promoted, end.message.clone(), end.evidence.decision_ms()),
        End::Aborted(end) => (Outcome::RolledBack, end.message.clone(), end.evidence.decision_ms()),
        End::AlreadyRunning | End::Refused(_) | End::Unchanged(_) | End::Nothing => return Ok(()),
    };
    let releases = conductor.releases()?;
    let release = releases.iter().rev().find(|release| {
        let started = &release.started;
        format!("{}/{}", started.environment, started.app) == key
            && started.version == version.release
    });
    let Some(release) = release else { return Ok(()) };
    let known = release.finished.as_ref();
    if known.is_some_and(|known| known.outcome == outcome) {
        return Ok(());
    }
    let finished = Finished {
        outcome,
        cause,
        seconds: known.map_or(0.0, |known| known.seconds),
        requests: known.map_or(0, |known| known.requests),
        failed_requests: known.map_or(0, |known| known.failed_requests),
        decision_ms,
        switch_ms: None,
    };
    conductor.append(&[release::finished_event(&release.id, &finished)], &[])?;
    Ok(())
}
