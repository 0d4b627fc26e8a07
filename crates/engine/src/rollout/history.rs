//! What was ever brought out, rollout by rollout, folded event by event.

use super::environment;
use crate::conductor::Conductor;
use crate::failure::Failure;
use bowline_model::Event as Entry;
use bowline_rollout::Version;
use bowline_rollout::machine::{Event, State};

/// The versions of one rollout.
#[derive(Clone)]
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

impl History {
    /// Nothing so far.
    pub(crate) fn new(key: &str) -> Self {
        let (promoted, tried) = (Vec::new(), Vec::new());
        Self { key: key.to_owned(), state: State::new(key), promoted, tried }
    }

    /// Takes the next event of the rollout in, or of its removal: removing an environment
    /// forgets what was brought out there.
    ///
    /// # Errors
    /// An event that this version cannot read.
    pub(crate) fn take_in(&mut self, entry: &Entry) -> Result<(), Failure> {
        if entry.kind == environment::REMOVED {
            self.promoted.clear();
            self.tried.clear();
        }
        match Event::from_event(entry)? {
            Some(Event::Started(event)) => last_of(&mut self.tried, event.version),
            Some(Event::Promoted(_)) => {
                if let Some(rollout) = &self.state.rollout {
                    last_of(&mut self.promoted, rollout.version.clone());
                }
            }
            _ => {}
        }
        environment::apply(&mut self.state, entry)
    }
}

/// Every rollout of the journal.
///
/// # Errors
/// The journal cannot be read.
pub(crate) fn histories(conductor: &Conductor) -> Result<Vec<History>, Failure> {
    let keys = conductor.journal.keys_of("rollout.started")?;
    keys.iter().map(|key| conductor.history(key)).collect()
}

fn last_of(versions: &mut Vec<Version>, version: Version) {
    versions.retain(|one| one.hash != version.hash);
    versions.push(version);
}
