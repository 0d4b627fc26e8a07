//! `bowline demo`: four commits of the example, through the code that everybody's goes through.

use crate::context::Context;
use crate::demo::example;
use crate::demo::load::Load;
use crate::demo::script::{COMMITS, Commit, edited};
use crate::flags::DemoArguments;
use crate::progress::line;
use crate::target::Connected;
use crate::{printer, summary, target};
use bowline_diag::{Diagnostic, exit};
use bowline_engine::Failure;
use bowline_engine::conductor::Conductor;
use bowline_engine::lane::{self, Ended, Request};
use bowline_host::clock::Stopwatch;
use bowline_host::{clock, files};
use bowline_model::{Outcome, ReleaseSummary};
use bowline_runner::CancelToken;
use bowline_source::{Author, Git};
use serde::Serialize;
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::pin::pin;

/// The demo's environment: never one that a user's repository has by chance.
const ENVIRONMENT: &str = "bowline-demo";

/// The object of `-o json`.
#[derive(Debug, Serialize)]
struct DemoSummary {
    releases: Vec<ReleaseSummary>,
    total_seconds: f64,
}

/// Writes the repository, releases the commits, says what happened.
pub async fn run(context: &Context, arguments: &DemoArguments) -> Result<u8, Failure> {
    let clock = Stopwatch::start();
    context.house.ensure_room()?;
    let conductor = Conductor::begin(&context.house.directories, context.watcher())?;
    let connected = target::connect(context, &conductor).await?;
    let cancel = CancelToken::new();
    let played = {
        let mut leave = pin!(super::release::interrupt(context, cancel.clone()));
        tokio::select! {
            played = play(context, arguments, &conductor, &connected, &cancel) => played,
            () = &mut leave => return Ok(exit::INTERRUPTED),
        }
    };
    if arguments.keep && played.is_ok() && !cancel.is_cancelled() {
        connected.leave_running().await?;
    } else {
        connected.remove_environment(&conductor, ENVIRONMENT).await.or_else(|failure| {
            // What stopped the demo is the news; that it cannot be cleared follows from it.
            if played.is_ok() { Err(failure) } else { Ok(()) }
        })?;
        connected.leave_as_found().await?;
    }
    let (ends, address) = played?;
    report(context, &ends, clock.seconds(), arguments, address)?;
    if cancel.is_cancelled() {
        return Ok(exit::INTERRUPTED);
    }
    let as_scripted = ends.len() == COMMITS.len()
        && ends.iter().all(|(commit, ended, _)| commit.outcome == ended.summary.outcome);
    Ok(if as_scripted { exit::OK } else { exit::YOUR_CODE })
}

type Ends<'c> = Vec<(&'c Commit, Ended, (u64, u64))>;

/// Releases the commits one after another, with users as soon as there is something to use.
async fn play(
    context: &Context,
    arguments: &DemoArguments,
    conductor: &Conductor,
    connected: &Connected,
    cancel: &CancelToken,
) -> Result<(Ends<'static>, SocketAddr), Failure> {
    let folder = match &arguments.folder {
        Some(folder) => context.folder.join(folder),
        None => context.house.directories.state.join("demo/checkout"),
    };
    // An interrupted demo leaves its service behind; this one begins from nothing.
    connected.remove_environment(conductor, ENVIRONMENT).await?;
    let address = free_address()?;
    let mut files = example_files(address);
    let repository = new_repository(context, &folder)?;
    let mut load: Option<Load> = None;
    let mut ends: Ends<'static> = Vec::new();
    for commit in COMMITS {
        if commit.under_load && load.is_none() {
            load = Some(Load::start(address, arguments.rps));
        }
        let changed = changed_files(commit, &files)?;
        write_and_commit(&repository, &folder, &changed, commit.subject)?;
        let before = load.as_ref().map_or((0, 0), Load::counts);
        let request = Request {
            folder: folder.clone(),
            revision: None,
            environment: None,
            override_reason: None,
            secrets: BTreeMap::new(),
            verbose: context.common.verbose,
        };
        let target = &connected.target;
        let ended = lane::release(&context.house, conductor, target, cancel, request).await?;
        let after = load.as_ref().map_or((0, 0), Load::counts);
        if ended.summary.outcome == Outcome::Promoted {
            files = changed;
        }
        if let Some(failure) = &ended.failure {
            context.tell_failure(failure);
        }
        ends.push((commit, ended, (after.0 - before.0, after.1 - before.1)));
        if cancel.is_cancelled() {
            break;
        }
    }
    if let Some(load) = load {
        let seen = load.stop().await;
        settle_counts(&mut ends, seen);
    }
    Ok((ends, address))
}

/// What the users saw is the truth: their counts replace the edge's, and answers that came
/// after the last release was over belong to it.
fn settle_counts(ends: &mut Ends<'_>, seen: (u64, u64)) {
    let counted = ends.iter().fold((0, 0), |sum, (_, _, users)| (sum.0 + users.0, sum.1 + users.1));
    if let Some((_, _, users)) = ends.last_mut() {
        users.0 += seen.0.saturating_sub(counted.0);
        users.1 += seen.1.saturating_sub(counted.1);
    }
    for (_, ended, users) in ends {
        ended.summary.requests = users.0;
        ended.summary.failed_requests = users.1;
    }
}

/// A port that nobody listens on, chosen by the kernel.
fn free_address() -> Result<SocketAddr, Failure> {
    let taken = |error: std::io::Error| {
        Failure::usage(Diagnostic::error("BOW1803", format!("no free port: {error}")))
    };
    let listener = TcpListener::bind("127.0.0.1:0").map_err(taken)?;
    listener.local_addr().map_err(taken)
}

/// The example, with the demo's own address in its `bowline.yaml`.
fn example_files(address: SocketAddr) -> BTreeMap<String, String> {
    example::FILES
        .iter()
        .map(|(path, text)| {
            let text = match *path {
                "bowline.yaml" => text
                    .replace("127.0.0.1:8080", &address.to_string())
                    .replace("{ prod: {", &format!("{{ {ENVIRONMENT}: {{")),
                _ => (*text).to_owned(),
            };
            ((*path).to_owned(), text)
        })
        .collect()
}

fn new_repository(context: &Context, folder: &Path) -> Result<bowline_source::Repository, Failure> {
    let ours = folder.starts_with(&context.house.directories.state);
    if files::exists(folder) && !ours {
        let message = format!("`{}` is there already", folder.display());
        return Err(Failure::usage(
            Diagnostic::error("BOW1804", message).help("name a folder that does not exist yet"),
        ));
    }
    files::remove_tree(folder)?;
    files::create_dirs(folder)?;
    Ok(Git::find(&context.house.search_text())?.init(folder)?)
}

fn changed_files(
    commit: &Commit,
    files: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, Failure> {
    let edit = |(path, text): (&String, &String)| {
        let text = edited(commit, path, text)
            .ok_or_else(|| Failure::bug(format!("an edit of `{path}` does not apply")))?;
        Ok((path.clone(), text))
    };
    let added = commit.new_files.iter().map(|(path, text)| ((*path).into(), (*text).into()));
    files.iter().map(edit).chain(added.map(Ok)).collect()
}

fn write_and_commit(
    repository: &bowline_source::Repository,
    folder: &Path,
    files: &BTreeMap<String, String>,
    subject: &str,
) -> Result<(), Failure> {
    // What only a version had that was taken back is not part of the next commit.
    for (path, _) in COMMITS.iter().flat_map(|commit| commit.new_files) {
        if !files.contains_key(*path) {
            files::remove_file(folder.join(path)).or_else(not_found)?;
        }
    }
    for (path, text) in files {
        let path: PathBuf = folder.join(path);
        if let Some(parent) = path.parent() {
            files::create_dirs(parent)?;
        }
        files::write(&path, text.as_bytes())?;
    }
    let author = Author { name: "Demo".into(), email: "demo@example.com".into() };
    repository.commit_all(&author, clock::now().seconds(), subject)?;
    Ok(())
}

fn not_found(error: files::Error) -> Result<(), files::Error> {
    if error.is_not_found() { Ok(()) } else { Err(error) }
}

fn report(
    context: &Context,
    ends: &Ends<'_>,
    total_seconds: f64,
    arguments: &DemoArguments,
    address: SocketAddr,
) -> Result<(), Failure> {
    if context.json() {
        let releases = ends.iter().map(|(_, ended, _)| ended.summary.clone()).collect();
        let text = serde_json::to_string(&DemoSummary { releases, total_seconds })
            .map_err(|error| Failure::bug(format!("the summary does not serialise: {error}")))?;
        printer::data(&text);
        return Ok(());
    }
    let mut lines = vec![String::new()];
    for (commit, ended, _) in ends {
        lines.extend(rows(commit, ended));
    }
    lines.push(format!("\n  {} in all", line::seconds(total_seconds)));
    let version = ends.iter().find(|(c, _, _)| c.outcome == Outcome::RolledBack);
    let version = version.and_then(|(_, ended, _)| ended.summary.version.clone());
    let version = version.unwrap_or_default();
    if arguments.keep {
        lines.push(format!("  serving at http://{address}/checkout; stop it: bowline down"));
    }
    lines.push(format!("  next  bowline why {version}      bowline trace {version}"));
    lines.push("        in your own repository: bowline init".into());
    printer::data(&lines.join("\n"));
    Ok(())
}

/// One release: how it ended and why, where the time went, what its users saw.
fn rows(commit: &Commit, ended: &Ended) -> Vec<String> {
    let summary = &ended.summary;
    let version = summary.version.as_deref().unwrap_or("–");
    let sign = if commit.outcome == summary.outcome { "✓" } else { "×" };
    let (word, subject) = (summary.outcome.word(), commit.subject);
    let took = line::seconds(summary.seconds);
    let mut rows = vec![format!("  {sign} {version:<14}  {word:<11}  {subject:<33}  {took}")];
    if summary.outcome != Outcome::Promoted {
        rows.push(format!("      {}", summary::cause(&ended.cause, version)));
    }
    rows.push(format!("      {}", summary::stages(&summary.stages)));
    if let Some(mut users) = summary::users(summary) {
        if let Some(back) = summary::back(summary) {
            users.push_str(&format!("; {back}"));
        }
        rows.push(format!("      users: {users}"));
    }
    rows
}
