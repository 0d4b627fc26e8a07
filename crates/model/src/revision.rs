//! A commit in a repository, with the trust of where it came from.

use serde::{Deserialize, Serialize};

/// How far a revision is trusted. Taken from the event that brought it, never from the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// The user's own checkout on this machine.
    Local,
    /// A branch whose rules somebody enforces.
    ProtectedBranch,
    /// A pull request from a branch of the same repository.
    TrustedPullRequest,
    /// A pull request from a fork: a stranger's code.
    ForkPullRequest,
}

/// A commit in a repository.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Revision {
    /// The repository's root folder, absolute.
    pub repository: String,
    /// The full commit id.
    pub commit: String,
    /// The full id of its tree.
    pub tree: String,
    /// The first parent; `None` for a first commit.
    pub parent: Option<String>,
    /// The author's name as git has it. A stranger's text: never put it into a shell.
    pub author: String,
    /// The author's e-mail address.
    pub author_email: String,
    /// When it was committed, seconds since 1970.
    pub committed_at: i64,
    /// The first line of the message. A stranger's text.
    pub subject: String,
    /// `refs/heads/main`, `refs/tags/v1`, or empty when no branch or tag holds it.
    pub reference: String,
    /// Paths that differ from the first parent, relative to the root; all files of a first commit.
    pub changed_files: Vec<String>,
    /// The nearest reachable tag that reads as a version, for example `v1.4.2`.
    pub nearest_tag: Option<String>,
    /// Where it came from.
    pub trust: Trust,
    /// Whether the work tree differed from the commit when it was read.
    pub dirty: bool,
}

impl Revision {
    /// The first seven digits of the commit id: for people.
    #[must_use]
    pub fn short(&self) -> &str {
        self.commit.get(..7).unwrap_or(&self.commit)
    }
}
