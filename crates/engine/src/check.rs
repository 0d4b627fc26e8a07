//! `check`: every file that a release reads, validated without running anything. One mistake
//! never hides another.

mod objects;

use crate::config::{self, Config};
use crate::failure::Failure;
use crate::lane::read_policy;
use crate::repository_file;
use crate::workflows;
use bowline_diag::{Diagnostic, nearest};
use bowline_host::files;
use std::path::Path;

/// The Dockerfile where `bowline.yaml` names none.
const DOCKERFILE: &str = "Dockerfile";

/// What a check depends on besides the files.
pub struct Setting {
    /// The installed Go, as it names itself (`go1.26.8`).
    pub go_version: Option<String>,
    /// A cluster without anything in it, where the objects are tried.
    pub rehearsal: kube::Client,
    /// Whether workflows that a release does not run are checked too.
    pub all_workflows: bool,
}

/// What is checked.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The repository's root, or a copy of its files.
    pub root: &'a Path,
    /// The folder that the verb was typed in, relative to the root; its application is meant.
    pub folder: &'a str,
    /// The repository's name.
    pub name: &'a str,
}

/// What was checked.
#[derive(Debug, Clone, Default)]
pub struct Checked {
    /// Every file that was read.
    pub files: Vec<String>,
    /// Every mistake.
    pub mistakes: Vec<Diagnostic>,
    /// What a release does not use, a line each.
    pub notes: Vec<String>,
    /// Whether there is a `bowline.yaml`.
    pub configured: bool,
}

/// Checks the files of an application.
///
/// # Errors
/// A folder that cannot be read.
pub async fn check(place: &Place<'_>, setting: &Setting) -> Result<Checked, Failure> {
    let root = place.root;
    let mut checked = Checked::default();
    let config = match config::find(root, place.folder, place.name) {
        Ok(Some((place, text))) => {
            checked.files.push(place.file());
            checked.configured = true;
            let (config, mistakes) = config::read_as_far(&text, &place);
            checked.mistakes.extend(mistakes);
            config
        }
        Ok(None) => None,
        Err(failure) => {
            checked.configured = true;
            checked.mistakes.extend(failure.diagnostics);
            None
        }
    };
    check_workflows(root, config.as_ref(), setting.all_workflows, &mut checked)?;
    let dockerfile = config.as_ref().map_or(DOCKERFILE, |config| &config.dockerfile).to_owned();
    check_dockerfile(root, &dockerfile, config.is_some(), setting, &mut checked)?;
    if let Some(config) = &config {
        if let Err(failure) = read_policy(config) {
            checked.mistakes.extend(failure.diagnostics);
        }
        objects::check(root, config, setting, &mut checked).await?;
    }
    Ok(checked)
}

/// Mistakes in any workflow; what is not carried out yet only in those that a release runs.
fn check_workflows(
    root: &Path,
    config: Option<&Config>,
    all: bool,
    checked: &mut Checked,
) -> Result<(), Failure> {
    let there = workflows::files(root)?;
    let listed = |path: &str| config.is_none_or(|c| c.workflows.iter().any(|w| w.text == path));
    for path in there.iter().filter(|path| all || listed(path)) {
        checked.files.push(path.clone());
        let workflow = match workflows::read(root, path) {
            Ok(workflow) => workflow,
            Err(failure) => {
                checked.mistakes.extend(failure.diagnostics);
                continue;
            }
        };
        let unsupported = bowline_workflow::unsupported(&workflow);
        if listed(path) {
            checked.mistakes.extend(unsupported);
        } else if let Some(first) = unsupported.first() {
            checked.notes.push(format!("{path} is not released: {}", first.message));
        }
    }
    let file = config.map_or(config::FILE, |config| &config.file);
    for placed in config.iter().flat_map(|config| &config.workflows) {
        if !files::exists(root.join(&placed.text)) {
            let help = match nearest(&placed.text, there.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("correct `workflows` in `{file}`"),
            };
            let text = config.map_or("", |config| &config.text);
            let (line, column) = (placed.line, placed.column);
            checked.mistakes.push(
                Diagnostic::error("BOW1017", format!("there is no workflow `{}`", placed.text))
                    .at(file, line, column, placed.text.chars().count(), "")
                    .source(file, text)
                    .help(help),
            );
        }
    }
    Ok(())
}

fn check_dockerfile(
    root: &Path,
    path: &str,
    needed: bool,
    setting: &Setting,
    checked: &mut Checked,
) -> Result<(), Failure> {
    let bytes = match repository_file::bytes(root, path) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => {
            if needed {
                let message = format!("there is no `{path}`");
                let help = format!("add one, or name it: `dockerfile: PATH` in `{}`", config::FILE);
                checked.mistakes.push(Diagnostic::error("BOW1015", message).help(help));
            }
            return Ok(());
        }
        Err(failure) => {
            checked.mistakes.extend(failure.diagnostics);
            return Ok(());
        }
    };
    checked.files.push(path.to_owned());
    let text = String::from_utf8_lossy(&bytes);
    if let Err(mistakes) = bowline_image::check(path, &text, setting.go_version.as_deref()) {
        checked.mistakes.extend(mistakes);
    }
    Ok(())
}
