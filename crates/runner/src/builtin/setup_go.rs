//! `actions/setup-go`: an installed version that is equal or newer is used, and said so.
//!
//! Source: ruling 11. Build and module caches are always there, so `cache` has nothing to do.
//! Absent on purpose: downloading a toolchain.

use super::{BuiltIn, Call, Outcome, Rule, input};
use crate::codes;
use crate::job::JobRun;
use crate::problem::Problem;
use bowline_sandbox::toolchain;
use std::cmp::Ordering;

/// The action's row.
pub const ACTION: BuiltIn = BuiltIn {
    repository: "actions/setup-go",
    inputs: &[
        input("go-version", Rule::Any),
        input("go-version-file", Rule::Any),
        input("check-latest", Rule::Only(&["false"])),
        input("cache", Rule::Boolean),
        input("cache-dependency-path", Rule::Any),
        // For a forge that counts downloads; none is asked.
        input("token", Rule::Any),
    ],
    run,
};

fn run(job: &mut JobRun<'_>, call: &Call) -> Result<Outcome, Problem> {
    let (input, asked) = match (call.get("go-version"), call.get("go-version-file")) {
        (Some(version), _) => ("go-version", version.to_owned()),
        (None, Some(file)) => ("go-version-file", from_file(job, call, file)?),
        (None, None) => ("go-version", String::new()),
    };
    let missing = || {
        let message = format!("Go {asked} is asked for and no Go is installed");
        Problem::new(codes::TOOLCHAIN, message)
            .or_at(call.bad(input, "").span.unwrap_or(call.span))
            .help("install Go and put its `bin` folder into PATH")
    };
    let installed = job.go_version().map(str::to_owned).ok_or_else(missing)?;
    if let Some(least) = least(&asked).map_err(|message| call.bad(input, message))? {
        let order = toolchain::compare_go(&installed, &least)
            .ok_or_else(|| call.bad(input, format!("`{asked}` is no Go version")))?;
        if order == Ordering::Less {
            let message = format!("Go {asked} is asked for and {installed} is installed");
            let place = call.bad(input, "").span.unwrap_or(call.span);
            return Err(Problem::new(codes::TOOLCHAIN, message)
                .or_at(place)
                .help(format!("install Go {asked} or a newer one")));
        }
        let same = installed.trim_start_matches("go").starts_with(&least);
        let note = if same { "" } else { ", which is newer than the one asked for" };
        job.say(call.step, &format!("Go: {installed}{note} (asked for: {asked})"));
    } else {
        job.say(call.step, &format!("Go: {installed} (any was asked for)"));
    }
    let version = installed.trim_start_matches("go").to_owned();
    let outputs = vec![
        ("go-version".to_owned(), version),
        ("cache-hit".to_owned(), call.is("cache", true).to_string()),
    ];
    Ok(Outcome { outputs, post: None })
}

/// The least version that satisfies what was asked for; `None` when any does.
fn least(asked: &str) -> Result<Option<String>, String> {
    let text = asked.trim();
    if matches!(text, "" | "stable" | "oldstable" | "latest" | "*") {
        return Ok(None);
    }
    if text.contains('<') || text.contains("||") || text.contains(char::is_whitespace) {
        return Err(format!("version range `{text}` is not honoured: only the least version is"));
    }
    let text = text.trim_start_matches(['^', '~', '>', '=', 'v']).trim_start_matches("go");
    let parts: Vec<&str> =
        text.split('.').take_while(|part| !matches!(*part, "x" | "X" | "*")).collect();
    Ok((!parts.is_empty()).then(|| parts.join(".")))
}

fn from_file(job: &mut JobRun<'_>, call: &Call, file: &str) -> Result<String, Problem> {
    let text = job.workspace_text(file).map_err(|problem| {
        call.bad("go-version-file", format!("`{file}` cannot be read: {}", problem.message))
    })?;
    let found = version_in(file, &text);
    found.ok_or_else(|| call.bad("go-version-file", format!("`{file}` names no Go version")))
}

/// The version that a file names: `toolchain` before `go` of `go.mod` and `go.work`, the
/// `golang` line of `.tool-versions`, or the whole text.
fn version_in(file: &str, text: &str) -> Option<String> {
    let name = file.rsplit('/').next().unwrap_or(file);
    let after = |word: &str| {
        let rest = |line: &str| {
            let line = line.split("//").next().unwrap_or_default();
            let mut words = line.split_whitespace();
            (words.next() == Some(word)).then(|| words.next().map(str::to_owned)).flatten()
        };
        text.lines().find_map(rest)
    };
    match name {
        "go.mod" | "go.work" => after("toolchain")
            .filter(|version| version != "default")
            .or_else(|| after("go"))
            .map(|version| version.trim_start_matches("go").to_owned()),
        ".tool-versions" => after("golang").or_else(|| after("go")),
        _ => {
            let version = text.trim().trim_start_matches('v').to_owned();
            (!version.is_empty() && version.lines().count() == 1).then_some(version)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_version_is_read_from_what_was_asked_for() {
        for (asked, expected) in [
            ("1.22", Some("1.22")),
            ("1.22.x", Some("1.22")),
            ("^1.22.1", Some("1.22.1")),
            (">=1.20", Some("1.20")),
            ("go1.23rc1", Some("1.23rc1")),
            ("stable", None),
            ("", None),
            ("x", None),
        ] {
            assert_eq!(least(asked), Ok(expected.map(str::to_owned)), "{asked}");
        }
        assert!(least(">=1.20 <1.22").is_err());
    }

    #[test]
    fn files_name_versions_in_their_own_way() {
        for (file, text, expected) in [
            ("go.mod", "module m\n\ngo 1.22 // x\n", Some("1.22")),
            ("svc/go.mod", "module m\ngo 1.22\ntoolchain go1.23.1\n", Some("1.23.1")),
            ("go.mod", "module m\n", None),
            (".tool-versions", "node 20\ngolang 1.21.5\n", Some("1.21.5")),
            (".go-version", "1.20\n", Some("1.20")),
        ] {
            assert_eq!(version_in(file, text), expected.map(str::to_owned), "{file}");
        }
    }
}
