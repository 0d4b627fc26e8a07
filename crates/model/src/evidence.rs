//! Evidence: what is known about an artifact, by whom, with which verdict.

use crate::{Digest, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a stage concluded. There is no default: absence is never success.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The condition was checked and holds.
    Pass,
    /// It holds, but something about it deserves a look (thin evidence, a deviation).
    Warn,
    /// It does not hold, or what was needed to check it is missing or unreadable.
    Block,
    /// A fact without a judgement.
    Info,
}

impl Verdict {
    /// The verdict word of the style guide, the same in terminal, JSON and docs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "passed",
            Self::Warn => "warned",
            Self::Block => "blocked",
            Self::Info => "noted",
        }
    }
}

/// A statement about an artifact, shaped like an in-toto Statement
/// (in-toto attestation framework, v1): subject, predicate kind, body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The artifact that it speaks about.
    pub subject: Digest,
    /// The predicate kind: `tests`, `coverage`, `build`, `rollout`, …
    pub kind: String,
    /// The producer's verdict.
    pub verdict: Verdict,
    /// Who made it: a stage word.
    pub producer: String,
    /// When it was made; a label.
    pub at: Timestamp,
    /// The predicate itself.
    pub body: Value,
}
