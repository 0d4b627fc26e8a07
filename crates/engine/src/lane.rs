//! The lane: the path of one commit through all stages, resumable at every line.
//!
//! ```text
//! source ─► workflow ─► gate ─► image ─► record ─► manifest ─► rollout
//! ```
//!
//! Each stage reads what came before from the journal and appends what it found. A stage that
//! passed is not run again when the release is resumed. Absent on purpose: any stage's rules.

mod build;
mod prepare;
mod roll;
mod verify;

pub(crate) use verify::{REPORTS_KEPT, read_policy};

use crate::conductor::Conductor;
use crate::config::{Config, Environment};
use crate::failure::Failure;
use crate::house::House;
use crate::notice::Notice;
use crate::release::{self, Finished, Release, Started};
use crate::rollout::Carried;
use crate::target::Target;
use bowline_diag::{Diagnostic, exit};
use bowline_host::clock::Stopwatch;
use bowline_model::{Outcome, ReleaseSummary, Revision, StageResult, Verdict};
use bowline_runner::CancelToken;
use bowline_source::Checkout;
use bowline_store::Store;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The stages of a release after its commit was read, in order.
pub const STAGES: [&str; 6] = ["workflow", "gate", "image", "record", "manifest", "rollout"];

/// What is asked for. It holds secrets, so it can be neither printed nor written.
#[derive(Clone)]
pub struct Request {
    /// The repository.
    pub folder: PathBuf,
    /// Commit, branch or tag; `HEAD` of a clean work tree when absent.
    pub revision: Option<String>,
    /// The environment; the only one when absent.
    pub environment: Option<String>,
    /// Why a quarantine is overridden.
    pub override_reason: Option<String>,
    /// Secrets of the workflows, by name.
    pub secrets: BTreeMap<String, String>,
    /// Show every step's output.
    pub verbose: bool,
}

/// How a release ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// The object of `-o json`.
    pub summary: ReleaseSummary,
    /// Why it ended so, in one sentence.
    pub cause: String,
    /// What a person is told when it failed or was blocked.
    pub failure: Option<Failure>,
    /// The release's key, `<app>/<number>`.
    pub id: String,
}

/// Why a release ended that was cancelled before its rollout.
const INTERRUPTED: &str = "interrupted";

/// The end of a release that was cancelled before its rollout: nothing has reached its users.
/// It needs no failure beside it, because who cancelled knows.
fn interrupted() -> (Outcome, String, Option<Failure>) {
    (Outcome::Failed, INTERRUPTED.to_owned(), None)
}

/// What one stage came to.
pub(crate) struct Done {
    pub verdict: Verdict,
    pub note: String,
    /// Why the release ends here, if it does.
    pub stop: Option<(Outcome, Failure)>,
}

impl Done {
    pub(crate) fn passed(note: impl Into<String>) -> Self {
        Self { verdict: Verdict::Pass, note: note.into(), stop: None }
    }
}

/// A release under way.
pub(crate) struct Lane<'a> {
    pub house: &'a House,
    pub conductor: &'a Conductor,
    pub target: &'a Target,
    pub cancel: &'a CancelToken,
    pub store: Store,
    pub request: Request,
    pub config: Config,
    pub environment: Environment,
    pub revision: Revision,
    pub checkout: Checkout,
    pub started: Started,
    /// The key of the release's events.
    pub id: String,
    /// The fold of what earlier processes did for it.
    pub earlier: Release,
    pub stages: Vec<StageResult>,
    pub reports: verify::Reports,
    pub carried: Option<Carried>,
}

/// Carries a commit to an environment.
///
/// # Errors
/// What prevents a release from beginning: configuration, machine, another conductor. Once it
/// has begun, its end is in [`Ended`].
pub async fn release(
    house: &House,
    conductor: &Conductor,
    target: &Target,
    cancel: &CancelToken,
    request: Request,
) -> Result<Ended, Failure> {
    let clock = Stopwatch::start();
    let mut lane = prepare::prepare(house, conductor, target, cancel, request).await?;
    lane.stages.push(StageResult {
        stage: "source".into(),
        verdict: Some(Verdict::Pass),
        seconds: clock.seconds(),
        cached: false,
    });
    let before = lane.user_requests().await;
    let ended = lane.run().await;
    let after = lane.user_requests().await;
    lane.finish(ended, clock.seconds(), before, after)
}

impl Lane<'_> {
    /// All stages in order; the first that stops the release ends it. Ctrl-C before the rollout
    /// ends it too: nothing has reached its users.
    async fn run(&mut self) -> Result<(Outcome, String, Option<Failure>), Failure> {
        if let Some(end) = self.stage_workflow().await? {
            return Ok(end);
        }
        if let Some(end) = self.stage("gate", false, Self::gate).await? {
            return Ok(end);
        }
        if let Some(end) = self.stage_image().await? {
            return Ok(end);
        }
        if let Some(end) = self.stage("record", false, Self::record).await? {
            return Ok(end);
        }
        self.stage_rollout().await
    }

    /// Runs a synchronous stage, journals its result and tells the watchers.
    pub(crate) async fn stage(
        &mut self,
        word: &str,
        cached: bool,
        work: impl FnOnce(&mut Self) -> Result<Done, Failure>,
    ) -> Result<Option<(Outcome, String, Option<Failure>)>, Failure> {
        self.begin(word);
        let clock = Stopwatch::start();
        let done = work(self);
        self.end(word, cached, clock.seconds(), done)
    }

    pub(crate) fn begin(&self, word: &str) {
        self.conductor.tell(&Notice::StageStarted { stage: word.into() });
    }

    /// Journals a stage's result; the release's end when the stage stops it.
    pub(crate) fn end(
        &mut self,
        word: &str,
        cached: bool,
        seconds: f64,
        done: Result<Done, Failure>,
    ) -> Result<Option<(Outcome, String, Option<Failure>)>, Failure> {
        let done = self.unless_out_of_room(done);
        // A stage that was cancelled came to no verdict: what it says is neither a pass nor the
        // user's fault. The rollout is different: it takes its version back and says so.
        let cancelled = word != "rollout" && self.cancel.is_cancelled();
        let (verdict, note) = match &done {
            _ if cancelled => (None, INTERRUPTED.to_owned()),
            Ok(done) => (Some(done.verdict), done.note.clone()),
            Err(failure) => (None, failure.sentence()),
        };
        let result = StageResult { stage: word.into(), verdict, seconds, cached };
        self.conductor.append(&[release::stage_event(&self.id, &result, &note)], &[])?;
        self.stages.push(result);
        self.conductor.tell(&Notice::StageFinished {
            stage: word.into(),
            verdict,
            seconds,
            cached,
            text: note.clone(),
        });
        if cancelled {
            return Ok(Some(interrupted()));
        }
        Ok(done?.stop.map(|(outcome, failure)| (outcome, note, Some(failure))))
    }

    /// A stage that failed because the disk was full has come to no verdict: the release stays
    /// open.
    fn unless_out_of_room(&self, done: Result<Done, Failure>) -> Result<Done, Failure> {
        let failure = match &done {
            Ok(Done { stop: Some((Outcome::Failed, failure)), .. }) | Err(failure) => failure,
            Ok(_) => return done,
        };
        match self.house.out_of_room(failure) {
            Some(full) => Err(full),
            None => done,
        }
    }

    /// Requests that users have sent to the environment so far, and the failed ones.
    async fn user_requests(&self) -> (u64, u64) {
        let Ok(service) = self.service_name() else { return (0, 0) };
        let counts = self
            .target
            .router
            .counts(&self.environment.name, &service, u64::MAX)
            .await
            .unwrap_or_default();
        (counts.total.total, counts.total.failed)
    }

    fn finish(
        self,
        ended: Result<(Outcome, String, Option<Failure>), Failure>,
        seconds: f64,
        before: (u64, u64),
        after: (u64, u64),
    ) -> Result<Ended, Failure> {
        let (outcome, cause, failure) = match ended {
            Ok(end) => end,
            Err(failure) if failure.exit_code != exit::YOUR_CODE && is_own_mistake(&failure) => {
                // The commit itself is wrong: the same command can only say so again.
                self.close(Outcome::Failed, failure.sentence(), seconds, before, after)?;
                return Err(failure);
            }
            // The machine failed, not the release: it stays open and the same command resumes.
            Err(failure) if failure.exit_code != exit::YOUR_CODE => return Err(failure),
            Err(failure) => (Outcome::Failed, failure.sentence(), Some(failure)),
        };
        let finished = self.close(outcome, cause.clone(), seconds, before, after)?;
        self.conductor.tell(&Notice::ReleaseFinished {
            version: self.started.version.clone(),
            outcome,
            cause: cause.clone(),
            seconds,
        });
        let summary = ReleaseSummary {
            version: Some(self.started.version.clone()),
            outcome,
            seconds,
            requests: finished.requests,
            failed_requests: finished.failed_requests,
            decision_ms: finished.decision_ms,
            switch_ms: finished.switch_ms,
            stages: self.stages,
        };
        Ok(Ended { summary, cause, failure, id: self.id })
    }

    /// Writes the release's end down.
    fn close(
        &self,
        outcome: Outcome,
        cause: String,
        seconds: f64,
        before: (u64, u64),
        after: (u64, u64),
    ) -> Result<Finished, Failure> {
        let decision_ms = self.decision_ms();
        let switch_ms = self.carried.as_ref().and_then(|carried| carried.switch_ms);
        let finished = Finished {
            outcome,
            cause,
            seconds,
            requests: after.0.saturating_sub(before.0),
            failed_requests: after.1.saturating_sub(before.1),
            decision_ms,
            switch_ms: decision_ms.and(switch_ms),
        };
        self.conductor.append(&[release::finished_event(&self.id, &finished)], &[])?;
        Ok(finished)
    }
}

/// Whether a failure is a mistake in the commit's own files, which no second try can pass: one
/// that has a place in them, or is about what they say.
fn is_own_mistake(failure: &Failure) -> bool {
    let about_files = |diagnostic: &Diagnostic| {
        let code = diagnostic.code.as_str();
        // A cluster that refuses an object names the fields; one that is away names none.
        let refused = code == "BOW1010" && !diagnostic.notes.is_empty();
        refused || !diagnostic.labels.is_empty() || COMMIT_MISTAKES.contains(&code)
    };
    failure.diagnostics.iter().any(about_files)
}

/// Codes of mistakes in a commit's files that have no single place.
const COMMIT_MISTAKES: [&str; 6] =
    ["BOW1009", "BOW1011", "BOW1012", "BOW1013", "BOW1015", "BOW1017"];
