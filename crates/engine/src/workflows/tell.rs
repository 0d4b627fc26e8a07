//! What those who watch hear of a run: each thing once.

use super::{blamed, is_own_word};
use crate::notice::{Notice, Watcher};
use bowline_runner::{Conclusion, RunEvent, RunReport};
use std::sync::{Arc, Mutex, PoisonError};

/// Tells the events of one workflow's run.
pub(super) struct Teller {
    watcher: Arc<dyn Watcher>,
    verbose: bool,
    file: String,
    /// The runner's own errors, until it is known whether the run's failure repeats them.
    held: Mutex<Vec<Held>>,
}

/// An error of the runner's own at a place of the workflow.
struct Held {
    job: String,
    step: usize,
    line: String,
}

impl Teller {
    /// `verbose` tells every line of output too.
    pub(super) fn new(watcher: Arc<dyn Watcher>, verbose: bool, file: &str) -> Self {
        Self { watcher, verbose, file: file.to_owned(), held: Mutex::default() }
    }

    pub(super) fn hear(&self, event: RunEvent) {
        match event {
            RunEvent::StepStarted { job, name, .. } => {
                let text = format!("{job}: {name}");
                self.watcher.notice(&Notice::StageWorking { stage: "workflow".into(), text });
            }
            RunEvent::JobFinished { name, conclusion, seconds, .. } => {
                self.happened(conclusion_word(conclusion), &format!("{name} ({seconds:.1} s)"));
            }
            RunEvent::Waiting { text } => self.happened("waiting", &text),
            RunEvent::Log { job, step, line } if is_own_word(&line, &self.file) => {
                self.with_held(|held| held.push(Held { job, step, line }));
            }
            RunEvent::Log { job, line, .. } if self.verbose => self.output(job, line),
            // The log has the same lines, so with all output it would be told twice.
            RunEvent::Annotation { annotation, .. } if !self.verbose => {
                let shown = annotation.shown();
                if !is_own_word(&shown, &self.file) {
                    self.annotated(&shown);
                }
            }
            RunEvent::Summary { text, job, .. } if self.verbose => {
                let origin = format!("{job} summary");
                text.lines().for_each(|line| self.output(origin.clone(), line.to_owned()));
            }
            // A step that failed and counts as passed is no part of the run's failure.
            RunEvent::StepFinished { job, step, conclusion: Conclusion::Success, .. } => {
                self.release(|held| held.job == job && held.step == step);
            }
            RunEvent::Log { .. }
            | RunEvent::Annotation { .. }
            | RunEvent::Summary { .. }
            | RunEvent::JobStarted { .. }
            | RunEvent::StepFinished { .. } => {}
        }
    }

    /// Tells what the run's failure will not repeat. `repeats`: whether that failure is shown.
    pub(super) fn finish(&self, report: &RunReport, repeats: bool) {
        let blamed = blamed(report).filter(|_| repeats);
        self.release(|held| {
            !blamed.is_some_and(|(job, step)| {
                let same_step = step.is_none_or(|step| [0, step.number].contains(&held.step));
                job.key == held.job && same_step
            })
        });
    }

    /// Tells the held errors that `which` picks.
    fn release(&self, which: impl Fn(&Held) -> bool) {
        let mut told = Vec::new();
        self.with_held(|held| told.extend(held.extract_if(.., |held| which(held))));
        told.iter().for_each(|held| self.annotated(&held.line));
    }

    fn with_held(&self, change: impl FnOnce(&mut Vec<Held>)) {
        change(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// One line a line of the message.
    fn annotated(&self, text: &str) {
        text.lines().for_each(|line| self.happened("annotated", line));
    }

    fn output(&self, origin: String, line: String) {
        self.watcher.notice(&Notice::Output { stage: "workflow".into(), origin, line });
    }

    fn happened(&self, word: &str, text: &str) {
        self.watcher.notice(&Notice::Happened {
            stage: "workflow".into(),
            word: word.into(),
            text: text.into(),
        });
    }
}

fn conclusion_word(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::Success => "passed",
        Conclusion::Failure => "failed",
        Conclusion::Cancelled => "cancelled",
        Conclusion::Skipped => "skipped",
    }
}
