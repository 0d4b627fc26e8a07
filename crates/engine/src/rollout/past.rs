//! What earlier processes did and could not say: read back from the journal.

use super::{Controller, End};
use crate::conductor::Conductor;
use crate::failure::Failure;
use bowline_rollout::Version;
use bowline_rollout::machine::{AbortCause, Aborted, Event, Phase, State};

/// Who asks when a person presses Ctrl-C.
pub const CTRL_C: &str = "Ctrl-C";

impl Controller<'_> {
    /// What an earlier process saw end before it could say so.
    pub(super) fn past_end(&self) -> Result<End, Failure> {
        if let (Some(version), Some(refused)) = (&self.job.version, &self.state.refused)
            && *refused == version.hash
            && let Some(Event::Refused(refused)) = self.newest("rollout.refused")?
        {
            return Ok(End::Refused(Box::new(refused)));
        }
        let phase = self.state.rollout.as_ref().map(|rollout| rollout.phase);
        let found = match phase {
            Some(Phase::Promoted) => self.newest("rollout.promoted")?,
            Some(Phase::Aborted) => self.newest("rollout.aborted")?,
            Some(Phase::Progressing) | None => None,
        };
        Ok(match found {
            Some(Event::Promoted(promoted)) => End::Promoted(Box::new(promoted)),
            Some(Event::Aborted(aborted)) => End::Aborted(Box::new(aborted)),
            _ => End::Nothing,
        })
    }

    /// Whether a person may begin the aborted rollout again without overriding its quarantine:
    /// yes, unless its own behaviour spoke against it. Who aborted by hand, lost the counts or
    /// waited for a database that was away, has nothing to override.
    pub(super) fn may_be_retried(&self) -> Result<bool, Failure> {
        let Some(Event::Aborted(aborted)) = self.newest("rollout.aborted")? else {
            return Ok(false);
        };
        Ok(match aborted.cause {
            AbortCause::Requested
            | AbortCause::Superseded
            | AbortCause::CountersLost
            | AbortCause::ProgressDeadline => true,
            AbortCause::Judged | AbortCause::CrashLoop => false,
        })
    }

    fn newest(&self, kind: &str) -> Result<Option<Event>, Failure> {
        let Some(entry) = self.conductor.journal.last(kind, &self.job.key)? else {
            return Ok(None);
        };
        Ok(Event::from_event(&entry)?)
    }
}

/// Whether `version` is quarantined for no other reason than that somebody pressed Ctrl-C. Then
/// the same command again is the wish to go on, not an attempt to pass a quarantine.
pub(crate) fn was_only_interrupted(
    conductor: &Conductor,
    key: &str,
    state: &State,
    version: &Version,
) -> Result<bool, Failure> {
    let Some(digest) = state.quarantine_of(version) else { return Ok(false) };
    let mut aborted: Option<Aborted> = None;
    let mut interrupted = false;
    for entry in conductor.journal.events_of("rollout.", key)? {
        match Event::from_event(&entry)? {
            Some(Event::Aborted(event)) => aborted = Some(event),
            Some(Event::DigestQuarantined(event)) if event.digest == *digest => {
                // A machine's quarantine carries the words of the abort that it follows.
                let cause = aborted.as_ref().filter(|aborted| aborted.message == event.reason);
                interrupted = cause.is_some_and(|aborted| {
                    aborted.cause == AbortCause::Requested && aborted.by == CTRL_C
                });
            }
            _ => {}
        }
    }
    Ok(interrupted)
}
