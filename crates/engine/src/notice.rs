//! What the engine tells those who watch: the terminal, the plain log, JSON lines.
//!
//! All of them hear the same notices, so they cannot disagree. A notice never changes what
//! the engine does.

use bowline_model::{Outcome, Verdict};
use serde::Serialize;

/// One thing worth telling.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "notice", rename_all = "snake_case")]
pub enum Notice {
    /// A release begins, or goes on after an interruption.
    ReleaseStarted {
        /// Its version.
        version: String,
        /// The commit, seven digits.
        commit: String,
        /// The first line of the commit's message.
        subject: String,
        /// Where it goes.
        environment: String,
        /// Whether an earlier process began it.
        resumed: bool,
    },
    /// A stage begins.
    StageStarted {
        /// The stage word.
        stage: String,
    },
    /// What a running stage is doing now; only the live region shows it.
    StageWorking {
        /// The stage word.
        stage: String,
        /// What it is doing.
        text: String,
    },
    /// A stage ended.
    StageFinished {
        /// The stage word.
        stage: String,
        /// Its verdict; `None` when it never came to one.
        verdict: Option<Verdict>,
        /// Wall time in seconds.
        seconds: f64,
        /// Whether an earlier result was reused.
        cached: bool,
        /// The figure that matters: a coverage, a digest, a count.
        text: String,
    },
    /// Something happened: one line in a log.
    Happened {
        /// The stage word.
        stage: String,
        /// A verdict word or a past participle.
        word: String,
        /// What happened.
        text: String,
    },
    /// The state of a running rollout; only the live region shows it.
    Rollout(RolloutView),
    /// The application's or a step's own output.
    Output {
        /// The stage word.
        stage: String,
        /// Where it comes from: a step, a pod.
        origin: String,
        /// One line, masked.
        line: String,
    },
    /// A release ended.
    ReleaseFinished {
        /// Its version.
        version: String,
        /// How.
        outcome: Outcome,
        /// Why, in one sentence.
        cause: String,
        /// Wall time in seconds.
        seconds: f64,
    },
}

/// A running rollout in figures.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RolloutView {
    /// Percent of the traffic that goes to the new version.
    pub weight: u32,
    /// The current step, from 1.
    pub step: usize,
    /// How many steps there are.
    pub steps: usize,
    /// Requests that the new version answered.
    pub requests: u64,
    /// Those of them that failed.
    pub failed: u64,
    /// Seconds until the pause ends at the latest; `None` when it waits for a person.
    pub seconds_left: Option<f64>,
    /// What it is waiting for, in words.
    pub waiting_for: String,
}

/// Somebody who watches. Must not block: it is called from the conductor.
pub trait Watcher: Send + Sync {
    /// Hears one notice.
    fn notice(&self, notice: &Notice);
}

/// Nobody watches.
pub struct Nobody;

impl Watcher for Nobody {
    fn notice(&self, _: &Notice) {}
}
