//! One probe: what its head says, and whether that came true.

use super::bench::Bench;
use bowline_runner::{CancelToken, RunEvent, RunReport};
use bowline_workflow::{Event, filter};
use std::path::Path;

/// A workflow and its expectations.
pub struct Probe {
    pub name: String,
    text: String,
    /// `# key: value` at the head, in order.
    ///
    /// What happens: `file: NAME=TEXT` puts a file into the checkout, `secret: NAME=VALUE`
    /// (`\n` is a line end), `var: NAME=VALUE`, `event: JSON` (name, action, reference, base,
    /// changed_files), `cancel-at: TEXT` throws the switch when a log line has this text.
    ///
    /// What is expected: `conclusion: WORD` (or `filtered`), `refused: TEXT`, `job: KEY WORD`,
    /// `step: KEY NUMBER OUTCOME CONCLUSION`, `output: KEY NAME=VALUE`, `log: TEXT`,
    /// `no-log: TEXT`, `annotation: LEVEL FILE:LINE TEXT`, `order: A < B < C` where each is
    /// `start KEY` or `end KEY`, `never-together: PREFIX`, `workspace: KEY FILE=TEXT`,
    /// `diagnostic: LINE:COLUMN TEXT`, `no-process: COMMAND LINE` (on the host, afterwards).
    head: Vec<(String, String)>,
}

type Checked = Result<(), String>;

impl Probe {
    pub fn all(folder: &Path) -> Vec<Self> {
        let entries = std::fs::read_dir(folder).expect("the folder is there");
        let mut paths: Vec<_> =
            entries.map(|entry| entry.expect("it can be read").path()).collect();
        paths.sort();
        let yml = |path: &&std::path::PathBuf| path.extension().is_some_and(|it| it == "yml");
        paths.iter().filter(yml).map(|path| Self::read(path)).collect()
    }

    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).expect("it can be read");
        let head = text.lines().map_while(|line| line.strip_prefix("# ")).map(|line| {
            let (key, value) = line.split_once(": ").expect("a head line is `# key: value`");
            (key.to_owned(), value.to_owned())
        });
        let head = head.collect();
        let name = path.file_stem().expect("it has a name").to_string_lossy().into_owned();
        Self { name, text, head }
    }

    fn values<'p>(&'p self, key: &'p str) -> impl Iterator<Item = &'p str> {
        self.head.iter().filter(move |(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    fn pairs<'p>(&'p self, key: &'p str) -> impl Iterator<Item = (String, String)> + 'p {
        self.values(key).map(|value| {
            let (name, value) = value.split_once('=').expect("NAME=VALUE");
            (name.to_owned(), value.replace("\\n", "\n"))
        })
    }

    pub async fn run(&self) -> Checked {
        let file = format!(".github/workflows/{}.yml", self.name);
        let workflow = match bowline_workflow::read(&file, &self.text) {
            Ok(workflow) => workflow,
            Err(errors) => return self.refused(&bowline_diag::plain(&errors)),
        };
        let unsupported = bowline_workflow::unsupported(&workflow);
        if !unsupported.is_empty() {
            return self.refused(&bowline_diag::plain(&unsupported));
        }
        let event = self.event();
        if !filter::matches(&workflow.on, &event).runs() {
            return expect("conclusion", self.values("conclusion").next(), "filtered");
        }
        let bench = Bench::new();
        for (name, text) in self.pairs("file") {
            bench.file(&name, &text);
        }
        let mut request = bench.request(&file, &self.text);
        request.event = event;
        request.secrets = self.pairs("secret").collect();
        request.vars = self.pairs("var").collect();
        if self.values("trust").any(|trust| trust == "fork") {
            request.revision.trust = bowline_model::Trust::ForkPullRequest;
        }
        let cancel = request.cancel.clone();
        let at: Option<String> = self.values("cancel-at").next().map(str::to_owned);
        let report =
            bench.run(request, move |event| cancel_at(event, at.as_deref(), &cancel)).await;
        match report {
            Ok(report) => self.check(&bench, &report),
            Err(error) => {
                let diagnostics = bowline_diag::Diagnose::diagnose(&error);
                self.refused(&bowline_diag::plain(&diagnostics))
            }
        }
    }

    fn event(&self) -> Event {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let mut event = Event::push("refs/heads/main", commit, Vec::new());
        let Some(text) = self.values("event").next() else { return event };
        let json: serde_json::Value = serde_json::from_str(text).expect("the event is JSON");
        let part = |name: &str| json.get(name).and_then(|it| it.as_str()).map(str::to_owned);
        event.name = part("name").unwrap_or(event.name);
        event.action = part("action");
        event.base = part("base");
        event.reference = part("reference").unwrap_or(event.reference);
        if let Some(files) = json.get("changed_files").and_then(|it| it.as_array()) {
            let files = files.iter().filter_map(|it| it.as_str()).map(str::to_owned);
            event.changed_files = Some(files.collect());
        }
        event.payload = json.get("payload").cloned().unwrap_or_default();
        event
    }

    fn refused(&self, shown: &str) -> Checked {
        let mut wanted = self.values("refused").peekable();
        if wanted.peek().is_none() {
            return Err(format!("it was refused: {shown}"));
        }
        for text in wanted {
            if !shown.contains(text) {
                return Err(format!("`{text}` is not in the refusal: {shown}"));
            }
        }
        Ok(())
    }

    fn check(&self, bench: &Bench, report: &RunReport) -> Checked {
        let lines = bench.lines();
        self.check_all(bench, report, &lines).map_err(|reason| {
            let problems: Vec<_> = report.jobs.iter().flat_map(|job| &job.diagnostics).collect();
            format!("{reason}\n  log: {lines:#?}\n  problems: {problems:?}")
        })
    }

    fn check_all(&self, bench: &Bench, report: &RunReport, lines: &[String]) -> Checked {
        if self.values("refused").next().is_some() {
            return Err("it was not refused".to_owned());
        }
        let wanted = self.values("conclusion").next();
        expect("conclusion", wanted, report.conclusion.word())?;
        for value in self.values("job") {
            let (key, word) = value.rsplit_once(' ').expect("KEY WORD");
            expect(&format!("job {key}"), Some(word), job(report, key)?.conclusion.word())?;
        }
        for value in self.values("step") {
            self.check_step(report, value)?;
        }
        for value in self.values("output") {
            let (key, pair) = value.split_once(' ').expect("KEY NAME=VALUE");
            let (name, value) = pair.split_once('=').expect("NAME=VALUE");
            let outputs = &job(report, key)?.outputs;
            let found = outputs.iter().find(|(known, _)| known == name).map(|(_, it)| it.as_str());
            expect(&format!("output {name}"), Some(value), found.unwrap_or("(none)"))?;
        }
        check_lines(self.values("log"), lines, true)?;
        check_lines(self.values("no-log"), lines, false)?;
        self.check_places(bench, report)?;
        for value in self.values("workspace") {
            let (key, pair) = value.split_once(' ').expect("KEY FILE=TEXT");
            let (file, text) = pair.split_once('=').expect("FILE=TEXT");
            let path = report.workspace_file(key, file).ok_or(format!("{file} is not there"))?;
            let found = std::fs::read_to_string(path).expect("it can be read");
            expect(file, Some(text), found.trim())?;
        }
        for value in self.values("no-process") {
            if command_lines().iter().any(|line| line.trim() == value) {
                return Err(format!("`{value}` still runs on the host"));
            }
        }
        self.check_order(bench)
    }

    fn check_step(&self, report: &RunReport, value: &str) -> Checked {
        let words: Vec<&str> = value.split(' ').collect();
        let [key, number, outcome, conclusion] = words[..] else { panic!("{value}") };
        let number: usize = number.parse().expect("a number");
        let step = job(report, key)?.steps.iter().find(|step| step.number == number);
        let step = step.ok_or(format!("step {number} of {key} is missing"))?;
        expect(&format!("outcome of {key} {number}"), Some(outcome), step.outcome.word())?;
        expect(&format!("conclusion of {key} {number}"), Some(conclusion), step.conclusion.word())
    }

    fn check_places(&self, bench: &Bench, report: &RunReport) -> Checked {
        let events = bench.events.lock().expect("no panic");
        for value in self.values("annotation") {
            let found = events.iter().any(|event| match event {
                RunEvent::Annotation { annotation, .. } => {
                    let file = annotation.file.clone().unwrap_or_default();
                    let line = annotation.line.unwrap_or(0);
                    let level = annotation.level.word();
                    format!("{level} {file}:{line} {}", annotation.message) == value
                }
                _ => false,
            });
            if !found {
                return Err(format!("annotation `{value}` is missing"));
            }
        }
        for value in self.values("diagnostic") {
            let of_steps = |job: &bowline_runner::JobReport| {
                let steps = job.steps.iter().flat_map(|step| step.diagnostics.clone());
                job.diagnostics.iter().cloned().chain(steps).collect::<Vec<_>>()
            };
            let found = report.jobs.iter().flat_map(of_steps).any(|diagnostic| {
                let place = diagnostic.labels.first();
                let place = place.map_or((0, 0), |label| (label.line, label.column));
                format!("{}:{} {}", place.0, place.1, diagnostic.message).contains(value)
            });
            if !found {
                return Err(format!("diagnostic `{value}` is missing"));
            }
        }
        Ok(())
    }

    fn check_order(&self, bench: &Bench) -> Checked {
        let events = bench.events.lock().expect("no panic");
        let moments: Vec<String> = events
            .iter()
            .filter_map(|event| match event {
                RunEvent::JobStarted { job, .. } => Some(format!("start {job}")),
                RunEvent::JobFinished { job, .. } => Some(format!("end {job}")),
                _ => None,
            })
            .collect();
        for value in self.values("order") {
            let mut last = None;
            for moment in value.split(" < ") {
                let at = moments.iter().position(|it| it == moment);
                let at = at.ok_or(format!("`{moment}` never came: {moments:?}"))?;
                if last.is_some_and(|last| at < last) {
                    return Err(format!("`{moment}` came too early: {moments:?}"));
                }
                last = Some(at);
            }
        }
        for prefix in self.values("never-together") {
            let mut running = 0;
            for moment in moments.iter().filter(|it| it.contains(prefix)) {
                running += if moment.starts_with("start") { 1 } else { -1 };
                if running > 1 {
                    return Err(format!("two of `{prefix}` at once: {moments:?}"));
                }
            }
        }
        Ok(())
    }
}

fn cancel_at(event: &RunEvent, at: Option<&str>, cancel: &CancelToken) {
    if let (RunEvent::Log { line, .. }, Some(at)) = (event, at)
        && line == at
    {
        cancel.cancel();
    }
}

/// The command lines of every process that this one can see.
fn command_lines() -> Vec<String> {
    let entries = std::fs::read_dir("/proc").expect("it is mounted");
    let line = |entry: std::fs::DirEntry| std::fs::read(entry.path().join("cmdline")).ok();
    let lines = entries.filter_map(|entry| line(entry.ok()?));
    lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " ")).collect()
}

fn job<'r>(report: &'r RunReport, key: &str) -> Result<&'r bowline_runner::JobReport, String> {
    let found = report.jobs.iter().find(|job| job.key == key || job.name == key);
    found.ok_or_else(|| {
        let known: Vec<_> = report.jobs.iter().map(|job| &job.key).collect();
        format!("job {key} is missing in {known:?}")
    })
}

fn check_lines<'p>(
    texts: impl Iterator<Item = &'p str>,
    lines: &[String],
    wanted: bool,
) -> Checked {
    for text in texts {
        if lines.iter().any(|line| line.contains(text)) != wanted {
            let word = if wanted { "not shown" } else { "shown" };
            return Err(format!("`{text}` is {word}"));
        }
    }
    Ok(())
}

fn expect(what: &str, wanted: Option<&str>, found: &str) -> Checked {
    match wanted {
        Some(wanted) if wanted != found => Err(format!("{what} is {found}, not {wanted}")),
        Some(_) => Ok(()),
        None => Err(format!("the probe does not say what {what} is to be")),
    }
}
