//! `actions/cache`: folders that come back in a later run under the same key.
//!
//! Entries are scoped by repository and ref: a ref reads its own and the default branch's,
//! and writes only its own. Files are packed and unpacked inside the box, so that an entry
//! can never write outside of it; the digest is checked before it is used.
//!
//! Source: the action's own documentation, version 4.
//! Absent on purpose: the cache service for actions that run in `node`.

use super::{BuiltIn, Call, Outcome, Post, Rule, input};
use crate::cache_store::Scope;
use crate::find::{self, Options};
use crate::glob::Patterns;
use crate::hashfiles::hex;
use crate::job::JobRun;
use crate::layout;
use crate::problem::Problem;
use bowline_host::random;
use bowline_yaml::Span;
use sha2::{Digest as _, Sha256};

/// The action's row.
pub const ACTION: BuiltIn = BuiltIn {
    repository: "actions/cache",
    inputs: &[
        input("path", Rule::Any),
        input("key", Rule::Any),
        input("restore-keys", Rule::Any),
        input("fail-on-cache-miss", Rule::Boolean),
        input("lookup-only", Rule::Boolean),
        input("enableCrossOsArchive", Rule::Only(&["false"])),
    ],
    run,
};

/// A longer key is refused, as on GitHub.
const KEY_CHARACTERS_MAX: usize = 512;

/// What is to be saved when the job ends.
#[derive(Clone, Debug)]
pub struct Save {
    step: usize,
    span: Span,
    scope: Scope,
    key: String,
    version: String,
    paths: String,
}

fn run(job: &mut JobRun<'_>, call: &Call) -> Result<Outcome, Problem> {
    let (paths, key) = (call.need("path")?.to_owned(), call.need("key")?.to_owned());
    if key.chars().count() > KEY_CHARACTERS_MAX || key.contains(',') {
        let message = format!("the key has a comma or more than {KEY_CHARACTERS_MAX} characters");
        return Err(call.bad("key", message));
    }
    let listed: Vec<&str> = paths.lines().map(str::trim).filter(|it| !it.is_empty()).collect();
    let version = hex(&Sha256::digest(listed.join("\n").as_bytes()));
    let restore: Vec<&str> = call.get("restore-keys").unwrap_or_default().lines().collect();
    let restore: Vec<&str> =
        restore.into_iter().map(str::trim).filter(|it| !it.is_empty()).collect();
    let scope = job.cache_scope();
    let found = job.caches().find(&scope, &version, &key, &restore)?;
    let exact = found.as_ref().is_some_and(|entry| entry.key == key);
    let mut outputs = vec![("cache-primary-key".to_owned(), key.clone())];
    match &found {
        Some(entry) => {
            if !call.is("lookup-only", false) {
                let archive = format!("{}.tar", random::hex(8));
                job.caches().open(entry, &job.commands_file(&archive))?;
                unpack(job, call, &archive)?;
            }
            job.say(call.step, &format!("cache `{}` was found", entry.key));
            outputs.push(("cache-hit".to_owned(), exact.to_string()));
            outputs.push(("cache-matched-key".to_owned(), entry.key.clone()));
        }
        None if call.is("fail-on-cache-miss", false) => {
            return Err(call.bad("key", format!("cache `{key}` was not found")));
        }
        None => {
            job.say(call.step, &format!("cache `{key}` was not found"));
            outputs.push(("cache-hit".to_owned(), String::new()));
        }
    }
    let (step, span) = (call.step, call.span);
    let save = Save { step, span, scope, key, version, paths };
    let post = (!exact && !call.is("lookup-only", false)).then_some(Post::SaveCache(save));
    Ok(Outcome { outputs, post })
}

/// Saves a cache at the end of a job that succeeded.
///
/// # Errors
/// The files cannot be packed or stored.
pub fn save(job: &mut JobRun<'_>, save: &Save) -> Result<(), Problem> {
    let patterns = Patterns::read(&save.paths, job.workspace(), layout::HOME, false);
    let patterns =
        patterns.map_err(|error| Problem::new(crate::codes::BAD_INPUT, error.to_string()))?;
    let found = find::find(&job.root()?, &patterns, Options::default());
    let found = found.map_err(|error| Problem::new(crate::codes::FILES, error.to_string()))?;
    // What lies in a folder that is taken whole comes with it.
    let mut taken: Vec<String> = Vec::new();
    for path in found.into_iter().map(|found| found.path) {
        if !taken.iter().any(|above| path.starts_with(&format!("{above}/"))) {
            taken.push(path);
        }
    }
    if taken.is_empty() {
        let message = format!("cache `{}` is not saved: its paths hold nothing", save.key);
        job.warn(save.step, &message);
        return Ok(());
    }
    let name = random::hex(8);
    let (archive, list) = (format!("{name}.tar"), format!("{name}.list"));
    let names: Vec<String> =
        taken.iter().map(|path| path.trim_start_matches('/').to_owned()).collect();
    job.write_command_file(&list, names.join("\0").as_bytes())?;
    let arguments = [
        "tar",
        "--create",
        "--file",
        &format!("{}/{archive}", layout::COMMANDS),
        "--directory",
        "/",
        "--null",
        "--verbatim-files-from",
        "--files-from",
        &format!("{}/{list}", layout::COMMANDS),
    ]
    .map(str::to_owned);
    job.run_tool(save.step, &arguments).map_err(|problem| problem.or_at(save.span))?;
    // Through the root: a step could have put a link in its place.
    let mut packed = job.open_command_file(&archive)?;
    let saved = job.caches().save(&save.scope, &save.version, &save.key, &mut packed)?;
    job.say(
        save.step,
        &match saved {
            true => format!("cache `{}` is saved", save.key),
            false => format!("cache `{}` was saved by another job meanwhile", save.key),
        },
    );
    Ok(())
}

fn unpack(job: &mut JobRun<'_>, call: &Call, archive: &str) -> Result<(), Problem> {
    let path = format!("{}/{archive}", layout::COMMANDS);
    let arguments = ["tar", "--extract", "--file", &path, "--directory", "/"].map(str::to_owned);
    job.run_tool(call.step, &arguments).map_err(|problem| problem.or_at(call.span))
}
