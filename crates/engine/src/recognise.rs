//! What a repository has: the facts from which `bowline init` writes `bowline.yaml`.
//!
//! Only looks, never runs anything. What is not recognised is said, with the reason.

use crate::failure::Failure;
use crate::workflows;
use bowline_diag::Diagnostic;
use bowline_host::files::{self, Kind};
use bowline_manifest::{File, Resource};
use bowline_workflow::expr::Value;
use bowline_workflow::{Content, Job, Part, StepKind, Template, Workflow};
use std::path::Path;

/// Entries of a repository that are looked at, at most.
const ENTRIES_MAX: usize = 20_000;

/// Folders that hold other people's files.
const FOREIGN: &[&str] = &[".git/", "node_modules/", "vendor/", "charts/", "target/", ".github/"];

/// The largest manifest that is looked at, in bytes.
const MANIFEST_BYTES_MAX: u64 = 1024 * 1024;

/// What was recognised and what was not.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recognised {
    /// The application's name.
    pub app: String,
    /// Workflows that run on a push and are supported in full.
    pub workflows: Vec<String>,
    /// The Dockerfile.
    pub dockerfile: Option<String>,
    /// The image name of the manifests.
    pub image: Option<String>,
    /// The folder of manifests.
    pub deploy_path: Option<String>,
    /// Where the workflow leaves `go test -json`.
    pub tests_report: Option<String>,
    /// Where the workflow leaves a cover profile.
    pub coverage_report: Option<String>,
    /// One line for each thing that was recognised.
    pub found: Vec<String>,
    /// One line for each thing that was not, with the reason.
    pub missed: Vec<String>,
}

/// Looks at the work tree below `root`.
///
/// # Errors
/// A folder that cannot be read.
pub fn recognise(root: &Path) -> Result<Recognised, Failure> {
    let paths = plain_files(root)?;
    let folder = root.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let mut seen = Recognised { app: name_of(&folder), ..Recognised::default() };
    see_workflows(root, &mut seen)?;
    see_dockerfile(&paths, &mut seen);
    see_manifests(root, &paths, &mut seen)?;
    if seen.image.as_deref().is_some_and(|image| image == seen.app) {
        seen.image = None;
    }
    Ok(seen)
}

impl Recognised {
    /// The text of `bowline.yaml`: at most ten lines.
    ///
    /// # Errors
    /// There is nothing to release.
    pub fn config(&self) -> Result<String, Failure> {
        let (Some(dockerfile), Some(deploy)) = (&self.dockerfile, &self.deploy_path) else {
            let message = "there is nothing to release: no Dockerfile or no folder of manifests";
            let mut diagnostic = Diagnostic::error("BOW1020", message)
                .help("add a Dockerfile and a folder with a Rollout or Deployment and a Service");
            for line in &self.missed {
                diagnostic = diagnostic.note(line.clone());
            }
            return Err(Failure::usage(diagnostic));
        };
        let mut lines = vec![format!("app: {}", self.app)];
        lines.push(format!("workflows: [{}]", self.workflows.join(", ")));
        lines.push(format!("dockerfile: {dockerfile}"));
        lines.extend(self.image.as_ref().map(|image| format!("image: {image}")));
        lines.push(format!("deploy: {{ path: {deploy} }}"));
        let reports: Vec<String> =
            [("tests", &self.tests_report), ("coverage", &self.coverage_report)]
                .into_iter()
                .filter_map(|(key, path)| path.as_ref().map(|path| format!("{key}: {path}")))
                .collect();
        if !reports.is_empty() {
            lines.push(format!("reports: {{ {} }}", reports.join(", ")));
        }
        if self.coverage_report.is_some() {
            lines.push("gates: [\"coverage >= 80\"]".into());
        }
        lines.push("environments: { prod: { listen: \"127.0.0.1:8080\" } }".into());
        Ok(lines.join("\n") + "\n")
    }
}

fn plain_files(root: &Path) -> Result<Vec<String>, Failure> {
    let entries = files::walk(root, ENTRIES_MAX)?;
    let own = |path: &String| {
        let inside = format!("/{path}");
        !FOREIGN.iter().any(|folder| inside.contains(&format!("/{folder}")))
    };
    let plain = entries.into_iter().filter(|entry| entry.kind == Kind::File);
    Ok(plain.map(|entry| entry.relative).filter(own).collect())
}

/// A folder's name as an application's: lower case, other characters as `-`.
fn name_of(folder: &str) -> String {
    let name: String = folder
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' })
        .take(63)
        .collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "app".into() } else { name.to_owned() }
}

fn see_workflows(root: &Path, seen: &mut Recognised) -> Result<(), Failure> {
    for path in workflows::files(root)? {
        let workflow = match workflows::read(root, &path) {
            Ok(workflow) => workflow,
            Err(failure) => {
                seen.missed.push(format!("{path}: {}", failure.sentence()));
                continue;
            }
        };
        if workflow.on.event("push").is_none() {
            seen.missed.push(format!("{path}: it does not run on a push"));
            continue;
        }
        if let Some(first) = bowline_workflow::unsupported(&workflow).first() {
            seen.missed.push(format!("{path}: {}", first.message));
            continue;
        }
        seen.found.push(format!("{path}: a workflow of {} jobs", workflow.jobs.len()));
        see_reports(&workflow, seen);
        seen.workflows.push(path);
    }
    Ok(())
}

/// Report files by the flags of the scripts that write them.
fn see_reports(workflow: &Workflow, seen: &mut Recognised) {
    for script in workflow.jobs.iter().flat_map(scripts) {
        let words: Vec<&str> = script.split_whitespace().collect();
        for (index, word) in words.iter().enumerate() {
            let profile = word
                .strip_prefix("-coverprofile=")
                .or_else(|| word.strip_prefix("--coverprofile="))
                .or_else(|| {
                    let flag = matches!(*word, "-coverprofile" | "--coverprofile");
                    flag.then(|| words.get(index + 1).copied()).flatten()
                });
            if let Some(path) = profile.filter(|path| plain(path)) {
                seen.found.push(format!("{path}: the cover profile of `go test`"));
                seen.coverage_report = Some(path.to_owned());
            }
            let json = matches!(*word, "-json" | "--json") && script.contains("go test");
            let target =
                words.iter().position(|word| *word == ">").and_then(|at| words.get(at + 1));
            if let (true, Some(path)) = (json, target.filter(|path| plain(path))) {
                seen.found.push(format!("{path}: the test report of `go test -json`"));
                seen.tests_report = Some((*path).to_owned());
            }
        }
    }
}

/// The lines of a job's scripts, as far as they are plain text.
fn scripts(job: &Job) -> Vec<String> {
    let lines = job.steps.iter().filter_map(|step| match &step.kind {
        StepKind::Run(run) => Some(literal(&run.script)),
        StepKind::Uses(_) | StepKind::Background(_) => None,
    });
    lines.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// The plain parts of a template.
fn literal(template: &Template) -> String {
    match &template.content {
        Content::Literal(Value::String(text)) => text.to_string(),
        Content::Literal(_) => String::new(),
        Content::Expression(_) => String::new(),
        Content::Parts(parts) => parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.as_str(),
                Part::Expression(_) => "$",
            })
            .collect(),
    }
}

fn plain(path: &str) -> bool {
    !path.starts_with('/') && !path.contains(['$', '"', '\'', '`']) && !path.contains("..")
}

fn see_dockerfile(paths: &[String], seen: &mut Recognised) {
    let named = |path: &&String| path.rsplit('/').next() == Some("Dockerfile");
    let mut candidates: Vec<&String> = paths.iter().filter(named).collect();
    candidates.sort_by_key(|path| path.matches('/').count());
    match candidates.first() {
        Some(path) => {
            seen.found.push(format!("{path}: the image"));
            seen.dockerfile = Some((*path).clone());
            for other in &candidates[1..] {
                seen.missed.push(format!("{other}: only one image is released"));
            }
        }
        None => seen.missed.push("no `Dockerfile`".into()),
    }
}

fn see_manifests(root: &Path, paths: &[String], seen: &mut Recognised) -> Result<(), Failure> {
    let yaml = paths.iter().filter(|path| bowline_manifest::is_manifest_file(path));
    for path in yaml {
        let bytes = files::read_beneath(root, path, MANIFEST_BYTES_MAX)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Ok(resources) = bowline_manifest::read(&[File { path: path.clone(), text }]) else {
            continue;
        };
        let workload = |r: &&Resource| matches!(r.kind.as_str(), "Rollout" | "Deployment");
        let Some(workload) = resources.iter().find(workload) else { continue };
        let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
        if seen.deploy_path.is_some() {
            seen.missed.push(format!("{path}: only one folder of manifests is released"));
            continue;
        }
        seen.found.push(format!("{path}: {}", workload.title()));
        seen.deploy_path = Some(folder.to_owned());
        let image = workload.value.pointer("/spec/template/spec/containers/0/image");
        let image = image.and_then(|image| image.as_str());
        seen.image = image.map(|image| bowline_manifest::image_name(image).to_owned());
    }
    if seen.deploy_path.is_none() {
        seen.missed.push("no folder with a Rollout or a Deployment".into());
    }
    Ok(())
}
