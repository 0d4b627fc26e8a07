//! `actions/setup-node`: the exact major version from PATH or the tool cache, else from npm's
//! own packages.
//!
//! Source: ruling 11. npm's cache is always there, so `cache: npm` has nothing to do.
//! Absent on purpose: yarn and pnpm, registries with credentials.

use super::{BuiltIn, Call, Outcome, Rule, input};
use crate::job::JobRun;
use crate::layout;
use crate::node_toolchain::{self, Source};
use crate::problem::Problem;
use bowline_sandbox::toolchain;

/// The action's row.
pub const ACTION: BuiltIn = BuiltIn {
    repository: "actions/setup-node",
    inputs: &[
        input("node-version", Rule::Any),
        input("node-version-file", Rule::Any),
        input("cache", Rule::Only(&["npm"])),
        input("cache-dependency-path", Rule::Any),
        input("package-manager-cache", Rule::Boolean),
        // For a forge that counts downloads; none is asked.
        input("token", Rule::Any),
        input("check-latest", Rule::Only(&["false"])),
    ],
    run,
};

/// Folders of the host that a job sees at the same path.
const SEEN_INSIDE: [&str; 4] = ["/usr", "/opt", "/nix", "/bin"];

fn run(job: &mut JobRun<'_>, call: &Call) -> Result<Outcome, Problem> {
    let (input, asked) = match (call.get("node-version"), call.get("node-version-file")) {
        (Some(version), _) => ("node-version", version.to_owned()),
        (None, Some(file)) => ("node-version-file", from_file(job, call, file)?),
        (None, None) => return any(job, call),
    };
    let major = major(&asked).map_err(|message| call.bad(input, message))?;
    let (version, folder, origin) = match in_path(job, Some(major))? {
        Some((version, folder)) => (version, folder, "PATH"),
        None => cached_or_brought(job, major)
            .map_err(|problem| problem.or_at(call.bad(input, "").span.unwrap_or(call.span)))?,
    };
    job.add_path(&folder);
    job.say(call.step, &format!("Node: {version} from {origin} (asked for: {asked})"));
    Ok(outcome(version))
}

fn outcome(version: String) -> Outcome {
    let outputs =
        vec![("node-version".to_owned(), version), ("cache-hit".to_owned(), "true".to_owned())];
    Outcome { outputs, post: None }
}

/// No version was asked for: what is in PATH.
fn any(job: &mut JobRun<'_>, call: &Call) -> Result<Outcome, Problem> {
    let (version, folder) = in_path(job, None)?.ok_or_else(|| {
        let message = "no Node version is asked for and none is installed";
        call.bad("node-version", message).help("say which one: `node-version: 20`")
    })?;
    job.add_path(&folder);
    job.say(call.step, &format!("Node: {version} from PATH (any was asked for)"));
    Ok(outcome(version))
}

/// The version and `bin` folder inside of an installed Node of this major version.
fn in_path(job: &JobRun<'_>, major: Option<u64>) -> Result<Option<(String, String)>, Problem> {
    let found = toolchain::find_node(&job.shared.request.node_search);
    for node in found.map_err(crate::job::boxed)? {
        let seen = SEEN_INSIDE.iter().any(|folder| node.root.starts_with(folder));
        let version = node_toolchain::version(&node.version);
        let fits = version.is_some_and(|it| major.is_none_or(|major| it.0 == major));
        if seen && fits {
            let folder = node.root.join("bin").display().to_string();
            return Ok(Some((node.version, folder)));
        }
    }
    Ok(None)
}

fn cached_or_brought(
    job: &mut JobRun<'_>,
    major: u64,
) -> Result<(String, String, &'static str), Problem> {
    let request = &job.shared.request;
    let (version, relative, origin) = match node_toolchain::in_cache(&request.tools, major)? {
        Some((version, relative)) => (version, relative, "the tool cache"),
        None => {
            let given = request.npm_registry.clone();
            let registry = given.or_else(|| toolchain::npm_registry(&request.node_search));
            let registry = registry.ok_or_else(node_toolchain::no_registry)?;
            let source = Source {
                http: &request.http,
                registry: &registry,
                tools: &request.tools,
                launcher: &request.launcher,
                runtime: &job.shared.runtime,
            };
            let (version, relative) = node_toolchain::bring(&source, major)?;
            (version, relative, "npm's package")
        }
    };
    let text = format!("v{}.{}.{}", version.0, version.1, version.2);
    Ok((text, format!("{}/{relative}/bin", layout::TOOL_CACHE), origin))
}

/// The major version that was asked for.
fn major(asked: &str) -> Result<u64, String> {
    let text = asked.trim().trim_start_matches(['v', '^', '~', '=']);
    let named = match text.to_ascii_lowercase().as_str() {
        "lts/hydrogen" => Some(18),
        "lts/iron" => Some(20),
        "lts/jod" => Some(22),
        "lts/krypton" => Some(24),
        _ => None,
    };
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    let rest = &text[digits.len()..];
    let plain = rest.is_empty()
        || rest.starts_with('.')
            && rest.chars().all(|it| it.is_ascii_digit() || ".xX*".contains(it));
    match (named, digits.parse::<u64>()) {
        (Some(major), _) => Ok(major),
        (None, Ok(major)) if plain => Ok(major),
        _ => Err(format!("`{asked}` is not honoured: the major version has to be named")),
    }
}

fn from_file(job: &mut JobRun<'_>, call: &Call, file: &str) -> Result<String, Problem> {
    let text = job.workspace_text(file).map_err(|problem| {
        call.bad("node-version-file", format!("`{file}` cannot be read: {}", problem.message))
    })?;
    let name = file.rsplit('/').next().unwrap_or(file);
    let found = match name {
        "package.json" => {
            let json: Option<serde_json::Value> = serde_json::from_str(&text).ok();
            let pointer = |path: &str| json.as_ref()?.pointer(path)?.as_str().map(str::to_owned);
            pointer("/volta/node").or_else(|| pointer("/engines/node"))
        }
        ".tool-versions" => text.lines().find_map(|line| {
            let mut words = line.split_whitespace();
            let is_node = matches!(words.next(), Some("node" | "nodejs"));
            is_node.then(|| words.next().map(str::to_owned)).flatten()
        }),
        _ => text.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned),
    };
    found.ok_or_else(|| call.bad("node-version-file", format!("`{file}` names no Node version")))
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn the_major_version_is_read_from_what_was_asked_for() {
        for (asked, expected) in [
            ("18", Some(18)),
            ("18.x", Some(18)),
            ("v20.11.0", Some(20)),
            ("^22", Some(22)),
            ("lts/Jod", Some(22)),
            ("lts/*", None),
            ("node", None),
            (">=18", None),
            ("18 || 20", None),
        ] {
            assert_eq!(major(asked).ok(), expected, "{asked}");
        }
    }
}
