//! Workflows: found, read, checked, run.

mod tell;

use crate::failed_tests;
use crate::failure::Failure;
use crate::house::House;
use crate::lane::Lane;
use crate::notice::{Notice, Watcher};
use crate::repository_file;
use bowline_diag::{Diagnostic, exit, nearest};
use bowline_host::files;
use bowline_host::http::{Client, Policy};
use bowline_model::Revision;
use bowline_runner::{Caches, CancelToken, Conclusion, History, JobReport, layout};
use bowline_runner::{RunReport, RunRequest, StepReport};
use bowline_sandbox::{Network, toolchain};
use bowline_source::Git;
use bowline_store::Store;
use bowline_workflow::filter::{self, Decision};
use bowline_workflow::{Event, Workflow};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tell::Teller;

/// Where workflows live.
const FOLDER: &str = ".github/workflows";

/// Workflows of one release, at most: run ids are spaced by it.
const WORKFLOWS_MAX: u64 = 100;

/// Jobs side by side.
const PARALLEL_MAX: usize = 4;

/// The largest test report that is looked at for an error, in bytes.
const REPORT_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Last lines of a failed step that an error shows.
const LAST_LINES: usize = 20;

/// One workflow that was run.
pub struct Ran {
    /// Its file.
    pub file: String,
    /// What it left.
    pub report: RunReport,
    /// Where it leaves the stream of `go test -json`, relative to the workspace.
    pub tests_report: Option<String>,
}

/// What a run needs besides the workflow.
pub struct Setting<'a> {
    /// The machine.
    pub house: &'a House,
    /// The commit.
    pub revision: &'a Revision,
    /// Its files.
    pub tree: &'a Path,
    /// Its `.git`.
    pub git_dir: &'a Path,
    /// Secrets by name.
    pub secrets: BTreeMap<String, String>,
    /// Only this job and what it needs.
    pub job: Option<String>,
    /// The run's folder, below the folder of all runs.
    pub folder: String,
    /// The run's id, unique.
    pub run_id: u64,
    /// The run's number.
    pub run_number: u64,
    /// The event.
    pub event: Event,
    /// Ends the jobs.
    pub cancel: CancelToken,
    /// Who is told.
    pub watcher: Arc<dyn Watcher>,
    /// Whether every line of output is told.
    pub verbose: bool,
}

/// The workflow files of a tree, sorted.
///
/// # Errors
/// The folder cannot be read.
pub fn files(root: &Path) -> Result<Vec<String>, Failure> {
    let folder = root.join(FOLDER);
    if !files::is_dir(&folder) {
        return Ok(Vec::new());
    }
    let yaml = |name: &str| name.ends_with(".yml") || name.ends_with(".yaml");
    let names = files::list(&folder)?.into_iter().map(|entry| entry.name);
    Ok(names.filter(|name| yaml(name)).map(|name| format!("{FOLDER}/{name}")).collect())
}

/// Reads one workflow file below `root`.
///
/// # Errors
/// It is not there, or holds mistakes: all of them.
pub fn read(root: &Path, path: &str) -> Result<Workflow, Failure> {
    let text = match repository_file::text(root, path) {
        Ok(Some(text)) => text,
        Ok(None) => {
            let message = format!("there is no workflow `{path}`");
            let there = files(root)?;
            let help = match nearest(path, there.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None if there.is_empty() => format!("add one to `{FOLDER}`"),
                None => format!("there are: {}", there.join(", ")),
            };
            return Err(Failure::usage(Diagnostic::error("BOW1017", message).help(help)));
        }
        Err(failure) => return Err(failure),
    };
    bowline_workflow::read(path, &text).map_err(Failure::mistakes)
}

/// Reads a workflow and refuses what is not carried out.
///
/// # Errors
/// As [`read`]; and every key that is not supported, with its place.
pub fn read_supported(root: &Path, path: &str) -> Result<Workflow, Failure> {
    let workflow = read(root, path)?;
    let unsupported = bowline_workflow::unsupported(&workflow);
    if unsupported.is_empty() { Ok(workflow) } else { Err(Failure::mistakes(unsupported)) }
}

/// The workflows of a release.
#[derive(Default)]
pub(crate) struct Carried {
    /// Those that ran.
    pub ran: Vec<Ran>,
    /// Those that its push does not trigger: file and reason.
    pub skipped: Vec<String>,
}

/// Runs the workflows of a release that its push triggers, one after another; the first that
/// fails is the last that runs.
pub(crate) async fn run_all(lane: &Lane<'_>) -> Result<Carried, Failure> {
    let tree = &lane.checkout.tree;
    let mut workflows = Vec::new();
    for placed in &lane.config.workflows {
        workflows.push((placed.text.clone(), read_supported(tree, &placed.text)?));
    }
    let event = push_event(&lane.revision);
    let Carried { mut ran, mut skipped } = Carried::default();
    for (index, (file, workflow)) in workflows.into_iter().enumerate() {
        if let Decision::Skips { reason, .. } = filter::matches(&workflow.on, &event) {
            let text = format!("{file}: {reason}");
            skipped.push(text.clone());
            let (stage, word) = ("workflow".into(), "skipped".into());
            lane.conductor.tell(&Notice::Happened { stage, word, text });
            continue;
        }
        let setting = Setting {
            house: lane.house,
            revision: &lane.revision,
            tree,
            git_dir: &lane.checkout.git_dir,
            secrets: lane.request.secrets.clone(),
            job: None,
            folder: format!("{}/workflow-{index}", lane.id.replace('/', "-")),
            run_id: lane.earlier.n * WORKFLOWS_MAX + index as u64,
            run_number: lane.started.number,
            event: event.clone(),
            cancel: lane.cancel.clone(),
            watcher: lane.conductor.watcher(),
            verbose: lane.request.verbose,
        };
        let report = run(workflow, setting).await?;
        let good = report.conclusion == Conclusion::Success;
        ran.push(Ran { file, report, tests_report: lane.config.tests_report.clone() });
        if !good {
            // What the machine lacks does not end the release: the same command resumes it.
            let failure = ran.last().map(failure_of);
            match failure.filter(|failure| failure.exit_code != exit::YOUR_CODE) {
                Some(failure) => return Err(failure),
                None => break,
            }
        }
    }
    Ok(Carried { ran, skipped })
}

/// The repository's short name: its folder's.
#[must_use]
pub fn repository_name(revision: &Revision) -> String {
    let name = Path::new(&revision.repository).file_name();
    name.map_or_else(|| "repository".into(), |name| name.to_string_lossy().into_owned())
}

/// The push that brought a commit.
#[must_use]
pub fn push_event(revision: &Revision) -> Event {
    let mut event =
        Event::push(&revision.reference, &revision.commit, revision.changed_files.clone());
    event.before.clone_from(&revision.parent);
    event
}

/// Runs one workflow.
///
/// # Errors
/// What prevents it from running; a job that fails is in the report.
pub async fn run(workflow: Workflow, setting: Setting<'_>) -> Result<RunReport, Failure> {
    let directories = &setting.house.directories;
    let cache = directories.cache();
    let teller = Teller::new(Arc::clone(&setting.watcher), setting.verbose, &workflow.file);
    let teller = Arc::new(teller);
    let cancel = setting.cancel.clone();
    let history = history(&workflow, &setting)?;
    let request = RunRequest {
        workflow,
        event: setting.event,
        revision: setting.revision.clone(),
        tree: setting.tree.to_owned(),
        git_dir: setting.git_dir.to_owned(),
        history,
        repository: format!("local/{}", repository_name(setting.revision)),
        default_branch: None,
        run_folder: directories.runs().join(&setting.folder),
        launcher: setting.house.launcher.clone(),
        secrets: setting.secrets,
        vars: BTreeMap::new(),
        inputs: serde_json::Map::new(),
        only_job: setting.job,
        run_id: setting.run_id,
        run_number: setting.run_number,
        attempt: 1,
        caches: Caches {
            go_build: cache.join("go-build"),
            go_mod: cache.join("go-mod"),
            npm: cache.join("npm"),
            actions: cache.join("actions"),
            groups: cache.join("groups"),
        },
        tools: directories.tools(),
        go: toolchain::find_go(&setting.house.search_path)?,
        node_search: setting.house.search_path.clone(),
        npm_registry: setting.house.npm_registry(),
        http: Client::new(Policy::trusted(), setting.house.proxy())?,
        network_environment: setting.house.network_environment.clone(),
        parallel_max: PARALLEL_MAX,
        network: Network::Host,
        limits: setting.house.job_limits,
        cancel: setting.cancel,
    };
    let hearing = Arc::clone(&teller);
    let report = bowline_runner::run_workflow(request, move |event| hearing.hear(event)).await?;
    // Who cancelled is told nothing of what the cancelling broke.
    teller.finish(&report, !cancel.is_cancelled());
    Ok(report)
}

/// The whole history of the repository, when a checkout of the workflow asks for it.
fn history(workflow: &Workflow, setting: &Setting<'_>) -> Result<Option<History>, Failure> {
    if !bowline_runner::wants_history(workflow) {
        return Ok(None);
    }
    let house = setting.house;
    let store = Store::open(house.directories.store())?;
    let repository = Git::find(&house.search_text())?.open(&setting.revision.repository)?;
    let found = repository.history(setting.revision, &store, layout::GIT_OBJECTS)?;
    Ok(Some(History { git_dir: found.git_dir, objects: found.objects }))
}

/// Codes of the runner that say: the machine lacks something, or failed.
const MACHINE_CODES: &[&str] = &["BOW0115", "BOW0207", "BOW0208", "BOW0209", "BOW0212"];

/// The longest step name in a sentence, in characters.
const STEP_NAME_MAX: usize = 40;

/// The failure of a workflow that did not succeed: what the runner itself found wrong, else
/// the job, the step, its place and its last lines.
#[must_use]
pub fn failure_of(ran: &Ran) -> Failure {
    let Some((job, step)) = blamed(&ran.report) else {
        let message = format!("`{}` was cancelled", ran.file);
        return Failure {
            diagnostics: vec![Diagnostic::error("BOW1018", message)],
            exit_code: exit::YOUR_CODE,
        };
    };
    let mut found = job.diagnostics.clone();
    found.extend(step.into_iter().flat_map(|step| step.diagnostics.clone()));
    let exit_code = if machine_codes(job) { exit::USAGE } else { exit::YOUR_CODE };
    let ended = step.and_then(|step| step.exit_code.map(|code| (step, code)));
    let Some((step, code)) = ended else {
        if !found.is_empty() {
            return Failure { diagnostics: found, exit_code };
        }
        let what = step.map_or("it did not get to its steps", |_| "a step did not end well");
        let message = format!("job `{}` failed: {what}", job.name);
        let diagnostic = Diagnostic::error("BOW1018", message).help(whole_log(job));
        return Failure { diagnostics: vec![diagnostic], exit_code };
    };
    let name = short(&step.name);
    let message = format!("job `{}` failed: step `{name}` ended with exit code {code}", job.name);
    let mut diagnostic = Diagnostic::error("BOW1018", message).help(whole_log(job));
    // The runner's own word for it is the place of the step.
    if let Some(place) = found.into_iter().next() {
        diagnostic.labels = place.labels;
        diagnostic.sources = place.sources;
    }
    diagnostic.notes = last_lines(job.log.as_ref(), step.number, &ran.file);
    if diagnostic.notes.is_empty() {
        diagnostic.notes = failed_tests(job, ran.tests_report.as_deref());
    }
    Failure { diagnostics: vec![diagnostic], exit_code }
}

/// The job, and its step, that a run's failure is about: the first one that counts.
fn blamed(report: &RunReport) -> Option<(&JobReport, Option<&StepReport>)> {
    let bad = |c: Conclusion| matches!(c, Conclusion::Failure | Conclusion::Cancelled);
    let counts = |job: &&JobReport| bad(job.conclusion) && !job.continue_on_error;
    // The user's own failure is news; what the machine lacks is told when there is no other.
    let job = report.jobs.iter().filter(counts).min_by_key(|job| machine_codes(job))?;
    Some((job, job.steps.iter().find(|step| bad(step.conclusion))))
}

fn whole_log(job: &JobReport) -> String {
    format!("the whole log: bowline logs {}", job.key)
}

/// Whether a job failed for what the machine lacks.
fn machine_codes(job: &JobReport) -> bool {
    let steps = job.steps.iter().flat_map(|step| &step.diagnostics);
    job.diagnostics.iter().chain(steps).any(|d| MACHINE_CODES.contains(&d.code.as_str()))
}

/// The first line of a step's name, cut to what a sentence bears.
fn short(name: &str) -> String {
    let line = name.lines().next().unwrap_or_default();
    if line.chars().count() <= STEP_NAME_MAX {
        return line.to_owned();
    }
    line.chars().take(STEP_NAME_MAX - 1).chain(['…']).collect()
}

/// The log of a job of the newest run; `None` when no job has that key.
///
/// # Errors
/// A log that cannot be read.
pub fn job_log(house: &House, job: &str) -> Result<Option<Vec<String>>, Failure> {
    let Some((_, path)) = job_logs(house)?.into_iter().find(|(name, _)| name == job) else {
        return Ok(None);
    };
    let lines = bowline_runner::log::read(&path)?;
    Ok(Some(lines.into_iter().map(|line| line.text).collect()))
}

/// The jobs of the newest run that left a log.
///
/// # Errors
/// The folder of runs cannot be read.
pub fn job_names(house: &House) -> Result<Vec<String>, Failure> {
    Ok(job_logs(house)?.into_iter().map(|(name, _)| name).collect())
}

/// Key and log of every job of the run that was written to last.
fn job_logs(house: &House) -> Result<Vec<(String, PathBuf)>, Failure> {
    let runs = house.directories.runs();
    let mut newest: Option<(files::Modified, Vec<(String, PathBuf)>)> = None;
    for run in subfolders(&runs)? {
        let mut logs = Vec::new();
        let mut modified = None;
        let workflows = subfolders(&run)?;
        for folder in std::iter::once(run).chain(workflows) {
            for job in subfolders(&folder.join("jobs"))? {
                let log = job.join("log");
                let Ok(metadata) = files::metadata(&log) else { continue };
                modified = modified.max(Some(metadata.modified));
                let name = job.file_name().map(|name| name.to_string_lossy().into_owned());
                logs.extend(name.map(|name| (name, log)));
            }
        }
        if let Some(modified) = modified
            && newest.as_ref().is_none_or(|(before, _)| *before < modified)
        {
            newest = Some((modified, logs));
        }
    }
    Ok(newest.map(|(_, logs)| logs).unwrap_or_default())
}

fn subfolders(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !files::is_dir(folder) {
        return Ok(Vec::new());
    }
    let entries = files::list(folder)?.into_iter();
    Ok(entries.map(|entry| folder.join(entry.name)).filter(|path| files::is_dir(path)).collect())
}

/// The last lines of a step, without what the runner says about its end.
fn last_lines(log: Option<&PathBuf>, step: usize, file: &str) -> Vec<String> {
    let Some(log) = log else { return Vec::new() };
    let lines = bowline_runner::log::read(log).unwrap_or_default();
    let mut texts: Vec<String> = lines
        .into_iter()
        .filter(|line| line.step == step && !is_own_word(&line.text, file))
        .map(|line| line.text)
        .collect();
    texts.drain(..texts.len().saturating_sub(LAST_LINES));
    texts
}

/// The last lines of the tests that failed, as the job's test report has them.
fn failed_tests(job: &JobReport, report: Option<&str>) -> Vec<String> {
    let path = report.and_then(|report| job.workspace_file(report));
    let Some(bytes) = path.and_then(|path| files::read(&path, REPORT_BYTES_MAX).ok()) else {
        return Vec::new();
    };
    let mut lines = failed_tests::output(&String::from_utf8_lossy(&bytes));
    lines.drain(..lines.len().saturating_sub(LAST_LINES));
    lines
}

/// Whether a log line is the runner's own error at a place of the workflow: the failure tells
/// it once more, with the line of the file.
fn is_own_word(line: &str, file: &str) -> bool {
    line.strip_prefix("error: ").is_some_and(|rest| rest.starts_with(&format!("{file}:")))
}
