//! The workflow and gate stages: the user's own jobs, then conditions on what they left.

use super::{Done, Lane};
use crate::failure::Failure;
use crate::workflows::{self, Carried};
use bowline_diag::{Diagnose, Diagnostic, exit};
use bowline_gate::limits::CONDITIONS_MAX;
use bowline_gate::{Condition, Content, Policy, Report, decide};
use bowline_host::clock::Stopwatch;
use bowline_host::files;
use bowline_model::{Digest, NewEvent, Outcome, Verdict};
use bowline_runner::Conclusion;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::Path;

/// The largest report, in bytes.
const REPORT_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// The event that says which reports the workflow left.
pub(crate) const REPORTS_KEPT: &str = "workflow.reports_kept";

/// Reports that the workflow left, kept in the store.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Reports {
    coverage: Vec<Kept>,
    tests: Vec<Kept>,
    /// Workflows that the push does not trigger, which so left none.
    #[serde(default)]
    skipped: Vec<String>,
}

/// One report: where it lay and its content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Kept {
    path: String,
    /// Of an empty blob where it was not kept.
    digest: Digest,
    /// Why it was not kept: it is there, and still says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
}

type EndOfRelease = (Outcome, String, Option<Failure>);

impl Lane<'_> {
    /// Runs the workflows, unless they passed already for this release.
    pub(crate) async fn stage_workflow(&mut self) -> Result<Option<EndOfRelease>, Failure> {
        self.begin("workflow");
        let clock = Stopwatch::start();
        if self.earlier.passed("workflow") {
            self.reports = self.kept_reports()?;
            return self.end("workflow", true, clock.seconds(), Ok(Done::passed("passed before")));
        }
        let ran = workflows::run_all(self).await;
        let done = ran.and_then(|carried| self.workflow_done(carried));
        self.end("workflow", false, clock.seconds(), done)
    }

    fn workflow_done(&mut self, carried: Carried) -> Result<Done, Failure> {
        let ran = &carried.ran;
        self.keep_reports(&carried)?;
        let jobs: usize = ran.iter().map(|ran| ran.report.jobs.len()).sum();
        let bad = ran.iter().find(|ran| ran.report.conclusion != Conclusion::Success);
        let Some(bad) = bad else {
            let note = match ran.len() {
                0 => "no workflow runs for this push".to_owned(),
                _ => format!("{jobs} jobs"),
            };
            let verdict = if ran.is_empty() { Verdict::Warn } else { Verdict::Pass };
            return Ok(Done { verdict, note, stop: None });
        };
        let failure = workflows::failure_of(bad);
        let note = failure.sentence();
        Ok(Done { verdict: Verdict::Block, note, stop: Some((Outcome::Failed, failure)) })
    }

    /// Copies the reports into the store: the gate's inputs outlive the job's folder.
    fn keep_reports(&mut self, carried: &Carried) -> Result<(), Failure> {
        let mut kept = Reports { skipped: carried.skipped.clone(), ..Reports::default() };
        let wanted = [
            (&self.config.coverage_report, &mut kept.coverage),
            (&self.config.tests_report, &mut kept.tests),
        ];
        for (path, list) in wanted {
            let Some(path) = path else { continue };
            for ran in &carried.ran {
                for (_, file) in ran.report.workspace_files(path) {
                    list.push(self.keep(path, &file)?);
                }
            }
        }
        let event = NewEvent::new(REPORTS_KEPT, &self.id, json!(kept));
        self.conductor.append(&[event], &[])?;
        self.reports = kept;
        Ok(())
    }

    /// One report; a job could leave one that fills the disk, so its length is looked at first.
    fn keep(&self, path: &str, file: &Path) -> Result<Kept, Failure> {
        let path = path.to_owned();
        let bytes = files::metadata(file)?.size;
        if bytes <= REPORT_BYTES_MAX {
            return Ok(Kept { path, digest: self.store.put_file(file)?, refused: None });
        }
        let limit = REPORT_BYTES_MAX / (1024 * 1024);
        let refused = Some(format!("it has {bytes} bytes, more than {limit} MiB"));
        Ok(Kept { path, digest: self.store.put(b"")?, refused })
    }

    fn kept_reports(&self) -> Result<Reports, Failure> {
        let Some(event) = self.conductor.journal.last(REPORTS_KEPT, &self.id)? else {
            return Ok(Reports::default());
        };
        Reports::deserialize(&event.body)
            .map_err(|error| Failure::bug(format!("event {}: {error}", event.n)))
    }

    /// Decides the conditions of `bowline.yaml`.
    pub(crate) fn gate(&mut self) -> Result<Done, Failure> {
        let policy = read_policy(&self.config)?;
        let reports = bowline_gate::Reports {
            coverage: self.load(&self.reports.coverage, self.config.coverage_report.as_deref()),
            tests: self.load(&self.reports.tests, self.config.tests_report.as_deref()),
        };
        let decision = decide(&policy, &reports);
        let event = NewEvent::new(crate::release::kind::GATE, &self.id, json!(decision));
        self.conductor.append(&[event], &[])?;
        let sentences: Vec<&str> =
            decision.conditions.iter().map(|condition| condition.message.as_str()).collect();
        let note = match decision.verdict {
            Verdict::Info => "not judged: `gates` is empty".to_owned(),
            _ => sentences.join("; "),
        };
        if decision.verdict != Verdict::Block {
            return Ok(Done { verdict: decision.verdict, note, stop: None });
        }
        let mut diagnostic = Diagnostic::error("BOW1014", format!("a gate blocks: {note}"))
            .help("raise the figure, or change `gates` in `bowline.yaml`");
        for fact in &decision.notes {
            diagnostic = diagnostic.note(fact.clone());
        }
        let left = self.reports.coverage.len() + self.reports.tests.len();
        if left == 0 && !self.reports.skipped.is_empty() {
            for skipped in &self.reports.skipped {
                diagnostic = diagnostic.note(format!("skipped {skipped}"));
            }
            diagnostic = diagnostic.help("release a commit that the workflow runs for");
        }
        let failure = Failure { diagnostics: vec![diagnostic], exit_code: exit::BLOCKED };
        Ok(Done { verdict: Verdict::Block, note, stop: Some((Outcome::Blocked, failure)) })
    }

    /// The kept reports with their bytes; one that should be there and is not stays named.
    fn load(&self, kept: &[Kept], wanted: Option<&str>) -> Vec<Report> {
        if let (true, Some(path)) = (kept.is_empty(), wanted) {
            return vec![Report::new(path, Content::Missing)];
        }
        let one = |kept: &Kept| {
            let content = match (&kept.refused, self.store.get(&kept.digest, REPORT_BYTES_MAX)) {
                (Some(why), _) => Content::Unreadable(why.clone()),
                (None, Ok(bytes)) => Content::Bytes(bytes),
                (None, Err(error)) => Content::Unreadable(first_sentence(&error)),
            };
            let mut report = Report::new(&kept.path, content);
            report.digest = Some(kept.digest.clone());
            report
        };
        kept.iter().map(one).collect()
    }
}

/// The conditions of a `bowline.yaml`.
///
/// # Errors
/// Conditions that cannot be understood, each at its place.
pub(crate) fn read_policy(config: &crate::config::Config) -> Result<Policy, Failure> {
    let mut conditions = Vec::new();
    let mut wrong = Vec::new();
    if let Some(first) = config.gates.get(CONDITIONS_MAX) {
        let count = config.gates.len();
        let message = format!("`gates` has {count} conditions, more than {CONDITIONS_MAX}");
        wrong.push(
            Diagnostic::error("BOW1002", message)
                .at(crate::config::FILE, first.line, first.column, 1, "one too many")
                .source(crate::config::FILE, config.text.as_str()),
        );
        return Err(Failure::mistakes(wrong));
    }
    for gate in &config.gates {
        match Condition::parse(&gate.text) {
            Ok(condition) => conditions.push(condition),
            Err(error) => wrong.push(
                error
                    .at(&config.file, gate.line, gate.column)
                    .source(&*config.file, config.text.clone()),
            ),
        }
    }
    if wrong.is_empty() { Ok(Policy { conditions }) } else { Err(Failure::mistakes(wrong)) }
}

fn first_sentence(error: &impl Diagnose) -> String {
    error.diagnose().first().map_or_else(String::new, |first| first.message.clone())
}
