//! `actions/download-artifact`: brings artifacts of this run into the workspace.
//!
//! Absent on purpose: artifacts of other runs and repositories.

use super::{BuiltIn, Call, Outcome, Rule, input};
use crate::glob::{PathKind, Patterns};
use crate::job::JobRun;
use crate::limits::WALK_ENTRIES_MAX;
use crate::problem::Problem;
use bowline_host::files::{self, Error, Kind, Root};
use std::io;
use std::path::Path;

/// The action's row.
pub const ACTION: BuiltIn = BuiltIn {
    repository: "actions/download-artifact",
    inputs: &[
        input("name", Rule::Any),
        input("path", Rule::Any),
        input("pattern", Rule::Any),
        input("merge-multiple", Rule::Boolean),
    ],
    run,
};

fn run(job: &mut JobRun<'_>, call: &Call) -> Result<Outcome, Problem> {
    let artifacts = job.artifacts();
    let names = match (call.get("name"), call.get("pattern")) {
        (Some(name), _) => {
            let missing = || {
                let message =
                    format!("artifact `{name}` was not uploaded by a job before this one");
                call.bad("name", message).help("let the job `need` the one that uploads it")
            };
            artifacts.get(name).map(|_| vec![name.to_owned()]).ok_or_else(missing)?
        }
        (None, pattern) => matching(artifacts.names()?, pattern, call)?,
    };
    let workspace = job.workspace().to_owned();
    let target = match call.get("path") {
        Some(path) if path.starts_with('/') => path.to_owned(),
        Some(path) => format!("{workspace}/{}", path.trim_start_matches("./")),
        None => workspace,
    };
    let flat = call.get("name").is_some() || call.is("merge-multiple", false);
    let root = job.root()?;
    for name in &names {
        let place = if flat { target.clone() } else { format!("{target}/{name}") };
        // A name from the list may have been replaced meanwhile, never half.
        let Some(folder) = artifacts.get(name) else { continue };
        let count = copy(&folder, &root, place.trim_start_matches('/'))?;
        job.say(call.step, &format!("artifact `{name}`: {count} files in {place}"));
    }
    if names.is_empty() {
        job.say(call.step, "no artifact matches");
    }
    Ok(Outcome { outputs: vec![("download-path".to_owned(), target)], post: None })
}

fn matching(
    names: Vec<String>,
    pattern: Option<&str>,
    call: &Call,
) -> Result<Vec<String>, Problem> {
    let Some(pattern) = pattern else { return Ok(names) };
    let patterns = Patterns::read(pattern, "", "", false)
        .map_err(|error| call.bad("pattern", error.to_string()))?;
    let fits = |name: &String| patterns.matches(&format!("/{name}"), PathKind::File);
    Ok(names.into_iter().filter(fits).collect())
}

/// Copies every file below `from` into the folder `to` of the box; what is there is replaced.
fn copy(from: &Path, root: &Root, to: &str) -> Result<usize, Error> {
    root.create_dirs(to)?;
    let mut count = 0;
    for entry in files::walk(from, WALK_ENTRIES_MAX)? {
        let target = format!("{to}/{}", entry.relative);
        match entry.kind {
            Kind::Dir => root.create_dirs(&target)?,
            Kind::File => {
                root.remove(&target)?;
                let mut source = files::open_read(from.join(&entry.relative))?;
                let mut file = root.create_new(&target, 0o644)?;
                io::copy(&mut source, &mut file).map_err(|source| Error {
                    path: target.into(),
                    action: "write",
                    source,
                })?;
                count += 1;
            }
            Kind::Symlink | Kind::Other => {}
        }
    }
    Ok(count)
}
