//! The plan: what each stage does, with every word expanded and every name resolved, before
//! anything runs. All problems of a Dockerfile are found here.
//!
//! Absent on purpose: files and processes. A plan depends on the text and the request only.

mod command;
mod copy;
mod golang;
mod health;
mod problems;
mod scope;
mod settings;
mod stage;
mod stages;

use crate::{
    dockerfile::{Dockerfile, Heredoc, Place},
    words::{Quotes, Scope, WordError, Words},
};
use bowline_diag::Diagnostic;
use bowline_oci::ContainerConfig;
use problems::Problems;
use std::collections::BTreeMap;

pub(crate) use golang::{BUILD_CACHE, GO_ROOT, MODULE_CACHE};

/// What a plan depends on besides the Dockerfile's text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub(crate) build_args: BTreeMap<String, String>,
    pub(crate) target: Option<String>,
    /// The installed Go, as it names itself (`go1.26.8`).
    pub(crate) go_version: Option<String>,
    /// As Go names it: `amd64`.
    pub(crate) architecture: String,
}

/// What a build does.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The stages that the target needs, in the order of the file; the target is the last.
    pub(crate) stages: Vec<StagePlan>,
    pub(crate) notes: Vec<String>,
}

/// What a stage starts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    /// Nothing.
    Scratch,
    /// An earlier stage, by its number in the file.
    Stage(usize),
    /// This machine's Go toolchain in place of a `golang` image.
    Golang,
}

#[derive(Clone, Debug)]
pub(crate) struct StagePlan {
    /// Its number in the file, from 0.
    pub(crate) index: usize,
    pub(crate) base: Base,
    pub(crate) steps: Vec<StepPlan>,
    /// How the image of this stage would be run.
    pub(crate) config: ContainerConfig,
    pub(crate) author: Option<String>,
}

/// One instruction.
#[derive(Clone, Debug)]
pub(crate) struct StepPlan {
    pub(crate) place: Place,
    /// In one line.
    pub(crate) text: String,
    pub(crate) action: Action,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Run(Run),
    Copy(Copy),
    /// The folder is made when it is not there.
    Workdir(String),
    /// Changes how the image is run, not its files.
    Config,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// Program and arguments.
    pub(crate) arguments: Vec<String>,
    /// The stage's own variables; those of the toolchain and the machine come below them.
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) directory: String,
    /// A heredoc that is a program of its own: laid at [`SCRIPT`] and started.
    pub(crate) script: Option<String>,
    /// `--network=none`.
    pub(crate) offline: bool,
}

/// Where the body of a heredoc that begins with `#!` lies while it runs.
pub(crate) const SCRIPT: &str = "/run/bowline/heredoc";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Copy {
    /// Another stage of the plan, by its number in the file; else the context.
    pub(crate) from: Option<usize>,
    /// As they were written, expanded, with where each stands.
    pub(crate) sources: Vec<(String, Place)>,
    /// Files given in the Dockerfile itself: name and content.
    pub(crate) inline: Vec<(String, String)>,
    /// Absolute; ends in `/` when it must be a folder.
    pub(crate) destination: String,
    pub(crate) owner: Option<(u32, u32)>,
    pub(crate) mode: Option<u32>,
    /// `--link`: symbolic links at the destination are replaced, not followed.
    pub(crate) link: bool,
}

/// The plan of a Dockerfile.
pub(crate) fn plan(
    file: &str,
    text: &str,
    dockerfile: &Dockerfile,
    facts: &Facts,
) -> Result<Plan, Vec<Diagnostic>> {
    let mut problems = Problems::new(file, text);
    problems.directives(&dockerfile.directives);
    let words = Words::new(dockerfile.directives.escape);
    let stages = stages::split(dockerfile, words, facts, &mut problems);
    let mut plans: Vec<StagePlan> = Vec::new();
    let mut notes = Vec::new();
    if let Some(stages) = &stages {
        stages.check(facts, &mut problems);
        for stage in stages.needed() {
            let inherited = match stage.base {
                Base::Stage(index) => plans.iter().find(|plan| plan.index == index).cloned(),
                Base::Scratch | Base::Golang => None,
            };
            plans.push(stage::plan(stages, stage, inherited, facts, &mut problems));
        }
        notes.extend(stages.unused_build_args(facts));
    }
    notes.extend(problems.take_notes());
    problems.finish()?;
    Ok(Plan { stages: plans, notes })
}

/// The file that a heredoc of COPY makes, expanded unless its word was quoted.
fn heredoc_file(
    heredoc: &Heredoc,
    words: Words,
    scope: &Scope,
) -> Result<(String, String), WordError> {
    let content = heredoc.content();
    let bodies = Words { quotes: Quotes::Plain, ..words };
    let content = if heredoc.expands { bodies.expand(&content, scope)? } else { content };
    Ok((heredoc.name.clone(), content))
}

#[cfg(test)]
mod tests;
