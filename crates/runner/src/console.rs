//! What a job says: each line is understood, masked, stored and told, in this order.
//!
//! Absent on purpose: text that was not masked. The only way out of here leads through the
//! masker.

use crate::annotation::{Annotation, Level};
use crate::command::{Interpreter, Meaning};
use crate::event::RunEvent;
use crate::limits::ANNOTATIONS_OF_A_KIND_MAX;
use crate::log::JobLog;
use crate::output::{LineSplitter, OutputLine};
use bowline_host::files::Error;
use bowline_sandbox::mask::Masker;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Takes the events of a run.
pub type Events = Arc<dyn Fn(RunEvent) + Send + Sync>;

/// What the lines of a step asked for by commands.
#[derive(Debug, Default)]
pub struct Requests {
    /// `set-output`.
    pub outputs: Vec<(String, String)>,
    /// `save-state`.
    pub state: Vec<(String, String)>,
    /// `set-env`, where allowed.
    pub variables: Vec<(String, String)>,
    /// `add-path`, where allowed.
    pub folders: Vec<String>,
    /// The first command that was refused; the step fails with it.
    pub refused: Option<String>,
}

/// One step's side of the console.
#[derive(Debug)]
struct StepSide {
    splitter: LineSplitter,
    interpreter: Interpreter,
    requests: Requests,
    annotations: BTreeMap<&'static str, usize>,
    echo: bool,
    deprecated: bool,
}

/// The console of one job.
pub struct Console {
    job: String,
    events: Events,
    masker: Masker,
    log: JobLog,
    debug: bool,
    steps: BTreeMap<usize, StepSide>,
    failure: Option<Error>,
}

impl Console {
    /// A console that stores into `log`. `debug` shows `::debug::` lines.
    #[must_use]
    pub fn new(job: &str, events: Events, masker: Masker, log: JobLog, debug: bool) -> Self {
        let job = job.to_owned();
        Self { job, events, masker, log, debug, steps: BTreeMap::new(), failure: None }
    }

    /// The masker that all texts of this job go through.
    #[must_use]
    pub fn masker(&self) -> &Masker {
        &self.masker
    }

    /// A step begins to write.
    pub fn open(&mut self, step: usize, allow_unsecure: bool) {
        let side = StepSide {
            splitter: LineSplitter::default(),
            interpreter: Interpreter::new(allow_unsecure),
            requests: Requests::default(),
            annotations: BTreeMap::new(),
            echo: false,
            deprecated: false,
        };
        self.steps.insert(step, side);
    }

    /// A step's program ended: its last line is complete. What it asked for comes out; what
    /// a process in the background writes later is only shown.
    pub fn close(&mut self, step: usize) -> Requests {
        let Some(side) = self.steps.get_mut(&step) else { return Requests::default() };
        if let Some(line) = side.splitter.finish() {
            self.raw(step, &line);
        }
        let side = self.steps.get_mut(&step);
        side.map(|side| std::mem::take(&mut side.requests)).unwrap_or_default()
    }

    /// A chunk of a step's output.
    pub fn chunk(&mut self, step: usize, bytes: &[u8]) {
        let Some(side) = self.steps.get_mut(&step) else { return };
        let mut lines = Vec::new();
        side.splitter.push(bytes, |line| lines.push(line));
        for line in lines {
            self.raw(step, &line);
        }
    }

    /// A line of the runner's own. It is no command, but it is masked.
    pub fn say(&mut self, step: usize, text: &str) {
        for line in text.lines() {
            self.show(step, line);
        }
    }

    /// An error of the runner's own: a line and an annotation.
    pub fn fail(&mut self, step: usize, message: &str) {
        self.annotate(step, Annotation::plain(Level::Error, message));
    }

    /// A warning of the runner's own: a line and an annotation.
    pub fn warn(&mut self, step: usize, message: &str) {
        self.annotate(step, Annotation::plain(Level::Warning, message));
    }

    /// From here on the value is masked.
    pub fn add_mask(&mut self, step: usize, value: &str) {
        for warning in self.masker.add(value) {
            self.show(step, &format!("warning: {warning}"));
        }
    }

    /// Tells something that is masked already.
    pub fn tell(&self, event: RunEvent) {
        (self.events)(event);
    }

    /// Writes what is gathered to disk.
    ///
    /// # Errors
    /// The first error that storing ever met.
    pub fn flush(&mut self) -> Result<(), Error> {
        match self.failure.take() {
            Some(error) => Err(error),
            None => self.log.flush(),
        }
    }

    fn raw(&mut self, step: usize, line: &OutputLine) {
        let text = String::from_utf8_lossy(&line.bytes);
        let Some(side) = self.steps.get_mut(&step) else { return };
        let meaning = side.interpreter.line(&text);
        self.mean(step, &text, meaning);
        if line.dropped > 0 {
            let note = format!("[bowline: {} bytes of this line are left out]", line.dropped);
            self.show(step, &note);
        }
    }

    fn mean(&mut self, step: usize, text: &str, meaning: Meaning) {
        match meaning {
            Meaning::Text => self.show(step, text),
            Meaning::Debug(message) if self.debug => self.say(step, &format!("debug: {message}")),
            Meaning::Debug(_) => {}
            Meaning::Annotation(annotation) => self.annotate(step, annotation),
            Meaning::Group(title) => self.show(step, &format!("::group::{title}")),
            Meaning::EndGroup => self.show(step, "::endgroup::"),
            Meaning::Echo(on) => self.with(step, |side| side.echo = on),
            Meaning::AddMask(value) => {
                self.add_mask(step, &value);
                self.echoed(step, "::add-mask::***");
            }
            Meaning::Stopped(token) => {
                if Interpreter::masks_token(&token) {
                    self.add_mask(step, &token);
                }
                self.echoed(step, text);
            }
            Meaning::Resumed => self.echoed(step, text),
            Meaning::SetOutput(name, value) => {
                self.deprecated(step, "set-output", "GITHUB_OUTPUT");
                self.with(step, |side| side.requests.outputs.push((name, value)));
                self.echoed(step, text);
            }
            Meaning::SaveState(name, value) => {
                self.deprecated(step, "save-state", "GITHUB_STATE");
                self.with(step, |side| side.requests.state.push((name, value)));
                self.echoed(step, text);
            }
            Meaning::SetEnvironment(name, value) => {
                self.with(step, |side| side.requests.variables.push((name, value)));
                self.echoed(step, text);
            }
            Meaning::AddPath(folder) => {
                self.with(step, |side| side.requests.folders.push(folder));
                self.echoed(step, text);
            }
            Meaning::Refused(reason) => {
                self.show(step, text);
                self.fail(step, &reason);
                self.with(step, |side| {
                    side.requests.refused.get_or_insert(reason);
                });
            }
        }
    }

    fn with(&mut self, step: usize, change: impl FnOnce(&mut StepSide)) {
        if let Some(side) = self.steps.get_mut(&step) {
            change(side);
        }
    }

    fn echoed(&mut self, step: usize, text: &str) {
        if self.steps.get(&step).is_some_and(|side| side.echo) {
            self.show(step, text);
        }
    }

    fn deprecated(&mut self, step: usize, command: &str, file: &str) {
        let Some(side) = self.steps.get_mut(&step) else { return };
        if !std::mem::replace(&mut side.deprecated, true) {
            let message = format!("command `{command}` is deprecated, write to `${file}` instead");
            self.warn(step, &message);
        }
    }

    fn annotate(&mut self, step: usize, annotation: Annotation) {
        let masked = Annotation {
            message: self.masker.mask(&annotation.message),
            title: annotation.title.as_deref().map(|title| self.masker.mask(title)),
            file: annotation.file.as_deref().map(|file| self.masker.mask(file)),
            ..annotation
        };
        self.say(step, &masked.shown());
        let kept = match self.steps.get_mut(&step) {
            Some(side) => {
                let count = side.annotations.entry(masked.level.word()).or_default();
                *count += 1;
                *count <= ANNOTATIONS_OF_A_KIND_MAX
            }
            None => true,
        };
        if kept {
            let job = self.job.clone();
            (self.events)(RunEvent::Annotation { job, step, annotation: masked });
        }
    }

    /// Masks, stores and tells one line.
    fn show(&mut self, step: usize, text: &str) {
        if self.log.is_full(step) {
            return;
        }
        let masked = self.masker.mask(text);
        match self.log.line(step, &masked) {
            Ok(Some(line)) => (self.events)(RunEvent::Log { job: self.job.clone(), step, line }),
            Ok(None) => {}
            // Told at the next flush, which ends the job: a log that lost lines is no log.
            Err(error) => {
                self.failure.get_or_insert(error);
            }
        }
        if let Some(message) = self.log.take_notice() {
            let annotation = Annotation::plain(Level::Error, &message);
            let job = self.job.clone();
            (self.events)(RunEvent::Annotation { job, step, annotation });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job_limits::JobLimits;
    use std::sync::Mutex;

    fn told(lines: &str) -> (Vec<RunEvent>, Requests) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let log =
            JobLog::open(&folder.path().join("log"), &JobLimits::default()).expect("it opens");
        let heard = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&heard);
        let events: Events = Arc::new(move |event| sink.lock().expect("no panic").push(event));
        let mut console = Console::new("job", events, Masker::new(&[]), log, false);
        console.open(1, false);
        console.chunk(1, lines.as_bytes());
        let requests = console.close(1);
        console.flush().expect("it is stored");
        drop(console);
        let heard = std::mem::take(&mut *heard.lock().expect("no panic"));
        (heard, requests)
    }

    fn shown(events: &[RunEvent]) -> Vec<&str> {
        let line = |event: &'_ RunEvent| matches!(event, RunEvent::Log { .. });
        let lines = events.iter().filter(|event| line(event)).map(|event| match event {
            RunEvent::Log { line, .. } => line.as_str(),
            _ => "",
        });
        lines.collect()
    }

    #[test]
    fn commands_are_carried_out_and_text_is_shown() {
        let (events, requests) = told(
            "hello\n::debug::quiet\n::add-mask::hidden-value\nsee hidden-value\n\
             ::set-output name=v::1\n::group::G\n::endgroup::\n::unknown::x\nlast",
        );
        assert_eq!(
            shown(&events),
            [
                "hello",
                "see ***",
                "warning: command `set-output` is deprecated, write to `$GITHUB_OUTPUT` instead",
                "::group::G",
                "::endgroup::",
                "::unknown::x",
                "last",
            ]
        );
        assert_eq!(requests.outputs, [("v".to_owned(), "1".to_owned())]);
    }

    #[test]
    fn only_some_annotations_of_a_kind_are_kept_and_the_log_keeps_all() {
        let (events, _) = told(&"::error file=a.go,line=3::bad\n".repeat(12));
        let kept = events.iter().filter(|it| matches!(it, RunEvent::Annotation { .. })).count();
        assert_eq!(kept, ANNOTATIONS_OF_A_KIND_MAX);
        assert_eq!(shown(&events), ["error: a.go:3: bad"; 12]);
    }

    #[test]
    fn a_refused_command_fails_the_step_and_is_named() {
        let (events, requests) = told("::set-env name=A::1\n");
        assert!(requests.refused.is_some_and(|reason| reason.contains("`set-env` is refused")));
        assert!(requests.variables.is_empty());
        assert!(shown(&events)[1].starts_with("error: command `set-env` is refused"));
    }
}
