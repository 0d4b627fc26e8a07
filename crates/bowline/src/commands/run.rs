//! `bowline run`: a workflow on this machine, with the work tree as it is.

use crate::context::Context;
use crate::flags::RunArguments;
use crate::{env_vars, printer};
use bowline_diag::{Diagnostic, exit};
use bowline_engine::Failure;
use bowline_engine::workflows::{self, Ran, Setting};
use bowline_host::{clock, files};
use bowline_model::Revision;
use bowline_runner::{CancelToken, Conclusion, RunReport};
use bowline_source::{Checkout, Git, GitRef, Repository};
use bowline_store::Store;
use bowline_workflow::filter::{self, Decision};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Runs the workflows that the event triggers; exit 1 when one fails.
pub async fn run(context: &Context, arguments: &RunArguments) -> Result<u8, Failure> {
    if arguments.event != "push" {
        let message = format!("the event `{}` is not carried out yet", arguments.event);
        let help = "leave it out: the event is `push`";
        return Err(Failure::usage(Diagnostic::error("BOW1805", message).help(help)));
    }
    context.house.ensure_room()?;
    context.house.ensure_sandbox()?;
    let store = Store::open(context.house.directories.store())?;
    // Whoever prunes waits until this run is over.
    let _guest = store.guest()?;
    let repository = Git::find(&context.house.search_text())?.open(&context.folder)?;
    let revision = repository.revision(&GitRef::head())?;
    let checkout = checkout(&repository, &revision, &store)?;
    for note in &checkout.notes {
        printer::talk(&format!("! {}", bowline_diag::inert(note)));
    }
    let chosen = chosen(context, arguments, &repository, &checkout.tree)?;
    let watcher = context.watcher();
    let secrets = secrets(&arguments.secrets)?;
    let cancel = CancelToken::new();
    let event = workflows::push_event(&revision);
    let mut ran: Vec<Ran> = Vec::new();
    for file in chosen {
        let workflow = workflows::read_supported(&checkout.tree, &file)?;
        if let Decision::Skips { reason, .. } = filter::matches(&workflow.on, &event) {
            printer::talk(&format!("skipped {file}: {reason}"));
            continue;
        }
        // Milliseconds are unique here: one run follows the other.
        let run_id = u64::try_from(clock::now().0).unwrap_or_default();
        let setting = Setting {
            house: &context.house,
            revision: &revision,
            tree: &checkout.tree,
            git_dir: &checkout.git_dir,
            secrets: secrets.clone(),
            job: arguments.job.clone(),
            folder: format!("run-{run_id}"),
            run_id,
            run_number: 1,
            event: event.clone(),
            cancel: cancel.clone(),
            watcher: Arc::clone(&watcher),
            // A run by hand is looked at: its output is what was asked for.
            verbose: true,
        };
        let report = tokio::select! {
            report = workflows::run(workflow, setting) => report?,
            () = interrupt(cancel.clone()) => return Ok(exit::INTERRUPTED),
        };
        ran.push(Ran { file, report, tests_report: None });
    }
    finish(context, &ran, &cancel)
}

fn finish(context: &Context, ran: &[Ran], cancel: &CancelToken) -> Result<u8, Failure> {
    if context.json() {
        let items: Vec<Value> = ran.iter().map(|ran| as_json(&ran.file, &ran.report)).collect();
        printer::data(&json!({"items": items, "next": null}).to_string());
    } else {
        for ran in ran {
            printer::data(&format!("{} {}", ran.file, ran.report.conclusion.word()));
        }
    }
    if cancel.is_cancelled() {
        return Ok(exit::INTERRUPTED);
    }
    let bad = ran.iter().filter(|ran| ran.report.conclusion != Conclusion::Success);
    let failures: Vec<Failure> = bad.map(workflows::failure_of).collect();
    // What the machine lacks comes before what the code lacks.
    let Some(exit_code) = failures.iter().map(|failure| failure.exit_code).max() else {
        return Ok(exit::OK);
    };
    let mut diagnostics: Vec<_> = failures.into_iter().flat_map(|f| f.diagnostics).collect();
    // The output was shown as it came.
    diagnostics.iter_mut().for_each(|diagnostic| diagnostic.notes.clear());
    Err(Failure { diagnostics, exit_code })
}

fn as_json(file: &str, report: &RunReport) -> Value {
    let job = |job: &bowline_runner::JobReport| {
        json!({
            "id": job.id,
            "name": job.name,
            "conclusion": job.conclusion.word(),
            "seconds": job.seconds,
            "outputs": job.outputs.iter().cloned().collect::<BTreeMap<_, _>>(),
        })
    };
    json!({
        "workflow": file,
        "conclusion": report.conclusion.word(),
        "seconds": report.seconds,
        "jobs": report.jobs.iter().map(job).collect::<Vec<_>>(),
    })
}

/// The commit's files, or a copy of the work tree when it differs.
fn checkout(
    repository: &Repository,
    revision: &Revision,
    store: &Store,
) -> Result<Checkout, Failure> {
    if revision.dirty {
        Ok(repository.worktree(store)?)
    } else {
        Ok(repository.checkout(revision, store)?)
    }
}

/// The workflow that was named, or all of them.
fn chosen(
    context: &Context,
    arguments: &RunArguments,
    repository: &Repository,
    tree: &Path,
) -> Result<Vec<String>, Failure> {
    if let Some(file) = &arguments.workflow {
        let root = repository.root();
        let absolute: PathBuf = context.folder.join(file);
        let relative = absolute.strip_prefix(root).unwrap_or(file);
        let relative = relative.to_string_lossy().into_owned();
        let in_folder = format!(".github/workflows/{relative}");
        // A bare file name means the one in the folder of workflows.
        let bare = !relative.contains('/') && !files::exists(tree.join(&relative));
        if bare && files::exists(tree.join(&in_folder)) {
            return Ok(vec![in_folder]);
        }
        return Ok(vec![relative]);
    }
    let all = workflows::files(tree)?;
    if all.is_empty() {
        let message = "there is no workflow in `.github/workflows`";
        let help = "add one, or name a file: `bowline run -W FILE`";
        return Err(Failure::usage(Diagnostic::error("BOW1805", message).help(help)));
    }
    Ok(all)
}

/// `NAME=VALUE` pairs, or names whose values the environment has. No value appears in a message.
pub fn secrets(given: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let mut secrets = BTreeMap::new();
    for (index, text) in given.iter().enumerate() {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, value.to_owned()),
            None if is_name(text) => match env_vars::named(text) {
                Some(value) => (text.as_str(), value),
                None => {
                    let message = format!("secret `{text}` has no value, and no variable has it");
                    let help = format!("write `-s {text}=VALUE`, or set the variable `{text}`");
                    return Err(Failure::usage(Diagnostic::error("BOW1805", message).help(help)));
                }
            },
            None => ("", String::new()),
        };
        if !is_name(name) {
            // Not shown: it may be the value itself.
            let message = format!("secret {} is not of the form `NAME=VALUE`", index + 1);
            let help = "a name has letters, digits and `_`, and begins with no digit";
            return Err(Failure::usage(Diagnostic::error("BOW1805", message).help(help)));
        }
        secrets.insert(name.to_owned(), value);
    }
    Ok(secrets)
}

/// What GitHub takes as the name of a secret.
fn is_name(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.starts_with(|c: char| word(c) && !c.is_ascii_digit()) && text.chars().all(word)
}

/// The first Ctrl-C ends the jobs as GitHub does; the second returns, to leave at once.
async fn interrupt(cancel: CancelToken) {
    if tokio::signal::ctrl_c().await.is_err() {
        // No signal can come, so this must never end the run.
        return std::future::pending().await;
    }
    printer::talk("interrupted: ending the jobs; Ctrl-C again leaves at once");
    cancel.cancel();
    tokio::signal::ctrl_c().await.ok();
}
