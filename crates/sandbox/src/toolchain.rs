//! Toolchains that are installed on the host: Go and Node.
#![expect(clippy::disallowed_methods, reason = "reads the version file of a Go installation")]

mod go_mounts;
pub mod go_version;

use crate::limits::{VERSION_OUTPUT_BYTES_MAX, VERSION_SECONDS_MAX};
use crate::tool::{Tool, run};
use crate::{Error, Exit};
use go_version::GoVersion;
use std::cmp::Ordering;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// An installed Go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoToolchain {
    /// GOROOT: `bin/go` lies in it.
    pub root: PathBuf,
    /// Such as `go1.26.8`.
    pub version: String,
}

/// An installed Node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeToolchain {
    /// `bin/node` lies in it.
    pub root: PathBuf,
    /// Such as `v18.20.8`.
    pub version: String,
}

/// The newest Go of those found. `search` holds GOROOTs, or folders with a `go` program
/// (entries of PATH); what is not there is passed over.
///
/// # Errors
/// A `go` program that cannot be asked for its version.
pub fn find_go(search: &[PathBuf]) -> Result<Option<GoToolchain>, Error> {
    let mut newest: Option<GoToolchain> = None;
    for root in roots(search, "go") {
        let Some(version) = go_version_of(&root)? else { continue };
        let newer = |old: &GoToolchain| compare_go(&old.version, &version) == Some(Ordering::Less);
        if newest.as_ref().is_none_or(newer) {
            newest = Some(GoToolchain { root, version });
        }
    }
    Ok(newest)
}

/// Every Node that is found. `search` holds roots with `bin/node`, or folders with a `node`
/// program.
///
/// # Errors
/// A `node` program that cannot be asked for its version.
pub fn find_node(search: &[PathBuf]) -> Result<Vec<NodeToolchain>, Error> {
    let mut found = Vec::new();
    for root in roots(search, "node") {
        let version = ask(&root.join("bin/node"), &["--version"])?;
        let is_version = version.strip_prefix('v').is_some_and(|v| v.starts_with(numeric));
        if is_version {
            found.push(NodeToolchain { root, version });
        }
    }
    Ok(found)
}

/// Orders two Go versions as Go itself does: `1.9` < `1.22rc1` < `1.22.0`; the word `go` before
/// them does not matter. `None` where one is not a Go version.
#[must_use]
pub fn compare_go(left: &str, right: &str) -> Option<Ordering> {
    Some(GoVersion::parse(left)?.cmp(&GoVersion::parse(right)?))
}

fn numeric(character: char) -> bool {
    character.is_ascii_digit()
}

/// Real roots, without doubles, in the order of searching.
fn roots(search: &[PathBuf], program: &str) -> Vec<PathBuf> {
    let mut roots: Vec<PathBuf> = Vec::new();
    for folder in search {
        let candidates = [folder.join("bin").join(program), folder.join(program)];
        for candidate in candidates.iter().filter(|path| path.is_file()) {
            // Distributions link `/usr/bin/go` to `/usr/lib/go-1.19/bin/go`.
            let Ok(real) = std::fs::canonicalize(candidate) else { continue };
            let is_bin = real.parent().is_some_and(|bin| bin.ends_with("bin"));
            let Some(root) = real.ancestors().nth(2).filter(|_| is_bin) else { continue };
            if !roots.iter().any(|known| known == root) {
                roots.push(root.to_owned());
            }
        }
    }
    roots
}

/// From the file `VERSION`, else from the program itself.
fn go_version_of(root: &Path) -> Result<Option<String>, Error> {
    let file = std::fs::read_to_string(root.join("VERSION")).unwrap_or_default();
    let from_file = file.lines().next().unwrap_or_default().trim().to_owned();
    if GoVersion::parse(&from_file).is_some() {
        return Ok(Some(from_file));
    }
    let program = root.join("bin/go");
    let said = ask(&program, &["env", "GOVERSION"])?;
    Ok(GoVersion::parse(&said).is_some().then_some(said))
}

/// The registry that the `npm` of these folders is set to; `None` when there is no npm, or it
/// names none.
#[must_use]
pub fn npm_registry(search: &[PathBuf]) -> Option<String> {
    let npm = search.iter().map(|folder| folder.join("npm")).find(|path| path.exists())?;
    let folders: Vec<String> = search.iter().map(|folder| folder.display().to_string()).collect();
    // npm is a script of node's, so both are looked for where the caller looks.
    let said = run(&Tool {
        program: npm,
        arguments: ["config", "get", "registry"].map(str::to_owned).to_vec(),
        directory: "/".into(),
        environment: vec![
            ("HOME".into(), "/nonexistent".into()),
            ("PATH".into(), folders.join(":")),
        ],
        input: Vec::new(),
        timeout: Duration::from_secs(VERSION_SECONDS_MAX),
        output_bytes_max: VERSION_OUTPUT_BYTES_MAX,
    });
    let said = String::from_utf8_lossy(&said.ok()?.stdout).trim().to_owned();
    said.starts_with("http").then_some(said)
}

fn ask(program: &Path, arguments: &[&str]) -> Result<String, Error> {
    let output = run(&Tool {
        program: program.to_owned(),
        arguments: arguments.iter().map(|word| (*word).to_owned()).collect(),
        directory: "/".into(),
        // `go` refuses to run without a folder for its cache; it writes nothing here.
        environment: vec![
            ("HOME".into(), "/nonexistent".into()),
            ("GOTOOLCHAIN".into(), "local".into()),
            ("GOENV".into(), "off".into()),
        ],
        input: Vec::new(),
        timeout: Duration::from_secs(VERSION_SECONDS_MAX),
        output_bytes_max: VERSION_OUTPUT_BYTES_MAX,
    })?;
    match output.exit {
        Exit::Code(0) => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
        Exit::Code(_) | Exit::Signal(_) => Err(Error::Program {
            program: program.display().to_string(),
            source: std::io::Error::other(format!("its version cannot be read: {}", output.exit)),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::{find_go, find_node, roots};
    use std::path::PathBuf;

    #[test]
    fn folders_without_a_toolchain_are_passed_over() {
        let nowhere = [PathBuf::from("/nonexistent"), PathBuf::from("/etc")];
        assert_eq!(find_go(&nowhere).unwrap(), None);
        assert_eq!(find_node(&nowhere).unwrap(), []);
    }

    #[test]
    fn a_root_is_found_by_itself_and_through_its_program() {
        let shell = std::fs::canonicalize("/bin/sh").unwrap();
        let root = shell.ancestors().nth(2).unwrap().to_owned();
        let name = shell.file_name().unwrap().to_str().unwrap();
        let search = [root.clone(), root.join("bin")];
        assert_eq!(roots(&search, name), [root]);
    }
}
