//! What happened in the repository, as far as workflows look at it.

use serde_json::Value as Json;

/// An event.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Event {
    /// `push`, `pull_request` ….
    pub name: String,
    /// The activity type of events that have one: `opened`.
    pub action: Option<String>,
    /// The full reference: `refs/heads/main`, `refs/tags/v1`, `refs/pull/7/merge`.
    pub reference: String,
    /// The branch that a pull request goes into, without `refs/heads/`.
    pub base: Option<String>,
    /// The full commit id before a push; `None` for a new reference.
    pub before: Option<String>,
    /// The full commit id after it.
    pub after: String,
    /// The paths that differ: from the previous head of a push, from the base of a pull
    /// request. `None` when they are not known; then path filters let the event pass.
    pub changed_files: Option<Vec<String>>,
    /// What `github.event` is.
    pub payload: Json,
}

impl Event {
    /// A push of `commit` to `reference`, which changed these files.
    #[must_use]
    pub fn push(reference: &str, commit: &str, changed_files: Vec<String>) -> Self {
        Self {
            name: "push".to_owned(),
            reference: reference.to_owned(),
            after: commit.to_owned(),
            changed_files: Some(changed_files),
            ..Self::default()
        }
    }

    /// The branch of the reference.
    #[must_use]
    pub fn branch(&self) -> Option<&str> {
        self.reference.strip_prefix("refs/heads/")
    }

    /// The tag of the reference.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.reference.strip_prefix("refs/tags/")
    }
}
