//! What the journal says of pruning: what an application keeps, and which releases are gone.

use super::plan::Keep;
use crate::conductor::Conductor;
use crate::failure::Failure;
use bowline_diag::Diagnostic;
use bowline_model::NewEvent;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What an application keeps from now on; the key is the rollout's.
pub(crate) const KEEP_SET: &str = "engine.keep_set";

/// The image of a release is taken away; the key is the rollout's.
pub(crate) const PRUNED: &str = "engine.release_pruned";

/// The body of [`PRUNED`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pruned {
    /// The version.
    pub version: String,
    /// How many promoted versions were kept then.
    pub kept: u64,
}

impl Pruned {
    pub(crate) fn event(&self, key: &str) -> NewEvent {
        NewEvent::new(PRUNED, key, json!(self))
    }
}

/// What the rollout `key` keeps, as its newest release says.
///
/// # Errors
/// The journal cannot be read.
pub(crate) fn keep_of(conductor: &Conductor, key: &str) -> Result<Keep, Failure> {
    let Some(entry) = conductor.journal.last(KEEP_SET, key)? else { return Ok(Keep::default()) };
    Keep::deserialize(&entry.body)
        .map_err(|error| Failure::bug(format!("event {}: {error}", entry.n)))
}

/// The event that says what the rollout `key` keeps; none when that is known.
///
/// # Errors
/// The journal cannot be read.
pub(crate) fn keep_event(
    conductor: &Conductor,
    key: &str,
    keep: Keep,
) -> Result<Option<NewEvent>, Failure> {
    let known = keep_of(conductor, key)?;
    Ok((known != keep).then(|| NewEvent::new(KEEP_SET, key, json!(keep))))
}

/// Why `version` cannot be gone back to, when it was pruned.
///
/// # Errors
/// The journal cannot be read.
pub(crate) fn refusal(
    conductor: &Conductor,
    key: &str,
    version: &str,
) -> Result<Option<Failure>, Failure> {
    for entry in conductor.journal.events_of(PRUNED, key)?.into_iter().rev() {
        let pruned = Pruned::deserialize(&entry.body)
            .map_err(|error| Failure::bug(format!("event {}: {error}", entry.n)))?;
        if pruned.version != version {
            continue;
        }
        let day = entry.at.to_string().chars().take(10).collect::<String>();
        let message =
            format!("`{version}` was pruned on {day}: the last {} versions are kept", pruned.kept);
        let releases = conductor.releases()?;
        let release = releases.iter().find(|release| {
            let started = &release.started;
            started.version == version && format!("{}/{}", started.environment, started.app) == key
        });
        let commit: String =
            release.map_or("COMMIT", |release| &release.started.commit).chars().take(12).collect();
        let help = format!("release its commit again: `bowline release {commit}`");
        return Ok(Some(Failure::usage(Diagnostic::error("BOW1030", message).help(help))));
    }
    Ok(None)
}

/// The versions of `key` that were pruned already.
pub(crate) fn versions(
    conductor: &Conductor,
) -> Result<std::collections::BTreeSet<(String, String)>, Failure> {
    let entries = conductor.journal.events_by_kind(PRUNED)?;
    let version = |entry: bowline_model::Event| {
        let version = entry.body["version"].as_str().unwrap_or_default().to_owned();
        (entry.key, version)
    };
    Ok(entries.into_iter().map(version).collect())
}
