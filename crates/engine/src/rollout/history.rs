//! What was ever brought out, rollout by rollout, in one reading of the journal.

use super::environment;
use crate::conductor::Conductor;
use crate::failure::Failure;
use bowline_rollout::Version;
use bowline_rollout::machine::{Event, State};
use std::collections::BTreeMap;

/// The versions of one rollout.
pub(crate) struct History {
    /// `<environment>/<app>`.
    pub key: String,
    /// Where it stands.
    pub state: State,
    /// What was promoted, oldest first; each version once, where it was promoted last.
    pub promoted: Vec<Version>,
    /// What was begun, promoted or not; each version once.
    pub tried: Vec<Version>,
}

/// Every rollout of the journal. Removing an environment forgets what was brought out there.
///
/// # Errors
/// The journal cannot be read.
pub(crate) fn histories(conductor: &Conductor) -> Result<Vec<History>, Failure> {
    let mut events = conductor.journal.events_by_kind("rollout.")?;
    events.extend(conductor.journal.events_by_kind(environment::REMOVED)?);
    events.sort_by_key(|entry| entry.n);
    let mut histories: BTreeMap<String, History> = BTreeMap::new();
    for entry in &events {
        let key = &entry.key;
        let history = histories.entry(key.clone()).or_insert_with(|| History {
            key: key.clone(),
            state: State::new(key),
            promoted: Vec::new(),
            tried: Vec::new(),
        });
        if entry.kind == environment::REMOVED {
            history.promoted.clear();
            history.tried.clear();
        }
        match Event::from_event(entry)? {
            Some(Event::Started(event)) => last_of(&mut history.tried, event.version),
            Some(Event::Promoted(_)) => {
                if let Some(rollout) = &history.state.rollout {
                    last_of(&mut history.promoted, rollout.version.clone());
                }
            }
            _ => {}
        }
        environment::apply(&mut history.state, entry)?;
    }
    Ok(histories.into_values().collect())
}

fn last_of(versions: &mut Vec<Version>, version: Version) {
    versions.retain(|one| one.hash != version.hash);
    versions.push(version);
}
