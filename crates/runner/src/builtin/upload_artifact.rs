//! `actions/upload-artifact`: gathers files of the workspace under a name.
//!
//! Source: the action's own documentation, version 4. The names inside are relative to the
//! folder that all search paths share.
//! Absent on purpose: compression, expiry (there is none; `retention-days` is noted).

use super::{BuiltIn, Call, Outcome, Rule, input};
use crate::artifact;
use crate::codes;
use crate::find::{self, Match, Options};
use crate::glob::{PathKind, Patterns};
use crate::job::JobRun;
use crate::layout;
use crate::problem::Problem;
use bowline_host::files::{self, Root, open_beneath};

/// The action's row.
pub const ACTION: BuiltIn = BuiltIn {
    repository: "actions/upload-artifact",
    inputs: &[
        input("name", Rule::Any),
        input("path", Rule::Any),
        input("if-no-files-found", Rule::Only(&["warn", "error", "ignore"])),
        input("retention-days", Rule::Any),
        // Nothing is compressed, so no level makes a difference.
        input("compression-level", Rule::Any),
        input("overwrite", Rule::Boolean),
        input("include-hidden-files", Rule::Boolean),
    ],
    run,
};

fn run(job: &mut JobRun<'_>, call: &Call) -> Result<Outcome, Problem> {
    let name = call.get("name").unwrap_or("artifact").to_owned();
    if let Some(reason) = artifact::bad_name(&name) {
        return Err(call.bad("name", reason));
    }
    let path = call.need("path")?;
    let workspace = job.workspace().to_owned();
    let patterns = Patterns::read(path, &workspace, layout::HOME, true)
        .map_err(|error| call.bad("path", error.to_string()))?;
    let root = job.root()?;
    let skip_hidden = !call.is("include-hidden-files", false);
    let options = Options { follow_links: true, skip_hidden };
    let found = find::find(&root, &patterns, options)
        .map_err(|error| call.bad("path", error.to_string()))?;
    let files: Vec<Match> = found.into_iter().filter(|it| it.kind == PathKind::File).collect();
    if files.is_empty() {
        return nothing_found(job, call, path);
    }
    if let Some(days) = call.get("retention-days") {
        job.say(call.step, &format!("kept until the run is removed, not {days} days"));
    }
    let base = base_of(&patterns.starts(), &files);
    let id = store(job, call, &root, &name, &base, &files)?;
    Ok(Outcome { outputs: vec![("artifact-id".to_owned(), id.to_string())], post: None })
}

fn nothing_found(job: &mut JobRun<'_>, call: &Call, path: &str) -> Result<Outcome, Problem> {
    let message = format!("no files were found for `{}`", path.replace('\n', " "));
    match call.get("if-no-files-found").unwrap_or("warn") {
        "error" => return Err(call.bad("path", message)),
        "ignore" => job.say(call.step, &message),
        _ => job.warn(call.step, &message),
    }
    Ok(Outcome::default())
}

fn store(
    job: &mut JobRun<'_>,
    call: &Call,
    root: &Root,
    name: &str,
    base: &str,
    matches: &[Match],
) -> Result<u64, Problem> {
    let artifacts = job.artifacts();
    let mut staging = artifacts.stage()?;
    for found in matches {
        let relative = found.path.trim_start_matches('/');
        let opened =
            if found.link { open_beneath(root.path(), relative) } else { root.open_read(relative) };
        let inside = found.path.strip_prefix(base).unwrap_or(&found.path).trim_start_matches('/');
        // Like the original: a link that leads nowhere is left out.
        if found.link && opened.as_ref().is_err_and(files::Error::is_not_found) {
            job.warn(call.step, &format!("`{}` leads nowhere and is left out", found.path));
            continue;
        }
        let added = opened.and_then(|mut file| staging.add(inside, &mut file));
        if let Err(error) = added {
            artifacts.discard(&staging)?;
            let message = format!("`{}` cannot be added: {}", found.path, error.source);
            return Err(Problem::new(codes::FILES, message).or_at(call.span));
        }
    }
    let published = artifacts.publish(&staging, name, call.is("overwrite", false))?;
    let (count, bytes) = staging.size();
    let id = published.ok_or_else(|| {
        call.bad("name", format!("artifact `{name}` is there already in this run"))
            .help("give each artifact its own name, or set `overwrite: true`")
    })?;
    job.say(call.step, &format!("artifact `{name}`: {count} files, {bytes} bytes"));
    Ok(id)
}

/// The folder that names inside the artifact are relative to: what all search paths share, or
/// the folder of the only file that was named itself.
fn base_of(starts: &[String], files: &[Match]) -> String {
    let [first, rest @ ..] = starts else { return String::new() };
    let single_file = rest.is_empty() && files.len() == 1 && files[0].path == *first;
    if single_file {
        return first.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned());
    }
    if rest.is_empty() {
        return first.clone();
    }
    let mut shared: Vec<&str> = first.split('/').collect();
    for start in rest {
        let parts: Vec<&str> = start.split('/').collect();
        let equal = shared.iter().zip(&parts).take_while(|(left, right)| left == right).count();
        shared.truncate(equal);
    }
    // A named file itself cannot be the folder.
    let base = shared.join("/");
    let is_file = files.iter().any(|file| file.path == base);
    if is_file { base.rsplit_once('/').map_or(base.clone(), |(it, _)| it.to_owned()) } else { base }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_relative_to_what_all_search_paths_share() {
        let file = |path: &str| Match {
            path: path.to_owned(),
            kind: PathKind::File,
            size: 0,
            link: false,
        };
        for (starts, files, expected) in [
            (vec!["/w/out/a"], vec!["/w/out/a"], "/w/out"),
            (vec!["/w/out"], vec!["/w/out/a", "/w/out/b"], "/w/out"),
            (vec!["/w/out"], vec!["/w/out/a"], "/w/out"),
            (vec!["/w/a", "/w/b/c"], vec!["/w/a", "/w/b/c/x"], "/w"),
            (vec!["/w/b/c", "/w/b/d"], vec!["/w/b/c/x"], "/w/b"),
        ] {
            let starts: Vec<String> = starts.into_iter().map(str::to_owned).collect();
            let files: Vec<Match> = files.into_iter().map(file).collect();
            assert_eq!(base_of(&starts, &files), expected, "{starts:?}");
        }
    }
}
