//! A release: the fold of all evidence about one revision's artifacts.

use crate::Verdict;
use serde::{Deserialize, Serialize};

/// How a release ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All traffic goes to it.
    Promoted,
    /// It was taken back: all traffic goes to the version before.
    RolledBack,
    /// A gate or policy refused it before it met traffic.
    Blocked,
    /// The user's own workflow or build failed.
    Failed,
}

impl Outcome {
    /// The verdict word of the style guide.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Promoted => "promoted",
            Self::RolledBack => "rolled back",
            Self::Blocked => "blocked",
            Self::Failed => "failed",
        }
    }

    /// The process exit code of a `release` that ended so.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Promoted => 0,
            Self::Failed => 1,
            Self::Blocked => 3,
            Self::RolledBack => 4,
        }
    }
}

/// One stage of a release, as a summary shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageResult {
    /// The stage word: `workflow`, `gate`, `image`, …
    pub stage: String,
    /// `None` when the stage never came to a verdict.
    pub verdict: Option<Verdict>,
    /// Wall time, in seconds.
    pub seconds: f64,
    /// Whether an earlier result was reused.
    pub cached: bool,
}

/// One release in the object that `-o json` prints.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReleaseSummary {
    /// `v1.4.3-build.89`, or `None` when it failed before a version was given.
    pub version: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// Wall time from the first stage to the end, in seconds.
    pub seconds: f64,
    /// User requests that the edge answered while the release ran.
    pub requests: u64,
    /// Those of them that failed: a 5xx answer, a reset, a time-out.
    pub failed_requests: u64,
    /// First canary request to the decision, in milliseconds; `None` without a decision.
    pub decision_ms: Option<u64>,
    /// Decision to the edge's acknowledgement, in milliseconds; `None` without a decision.
    pub switch_ms: Option<u64>,
    /// The stages in order.
    pub stages: Vec<StageResult>,
}
