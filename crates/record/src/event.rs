//! The events of this stage: a build was recorded, a digest was put into an environment.

use bowline_model::{BuildRecord, DeploymentRecord, NewEvent};
use serde_json::Value;

/// The kind of a build's event; its key is the version, its body a [`BuildRecord`].
pub const BUILT: &str = "record.built";
/// The kind of a deployment's event; its key is the version, its body a [`DeploymentRecord`].
pub const DEPLOYED: &str = "record.deployed";

/// The event that keeps `record`.
#[must_use]
pub fn built_event(record: &BuildRecord) -> NewEvent {
    NewEvent::new(BUILT, record.version.clone(), to_value(record))
}

/// The event that keeps `record`. A rollback appends one too: the last event of an address says
/// what serves there.
#[must_use]
pub fn deployed_event(record: &DeploymentRecord) -> NewEvent {
    NewEvent::new(DEPLOYED, record.version.clone(), to_value(record))
}

fn to_value(record: &impl serde::Serialize) -> Value {
    serde_json::to_value(record).expect("records have string keys only, so they are always JSON")
}
