//! Lock files: which files of a tree pin dependencies, and the digest of each.

use bowline_model::Digest;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// File names that pin dependencies, by the last part of the path.
const LOCK_FILES: &[&str] = &[
    "go.sum",
    "go.work.sum",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lock",
    "Cargo.lock",
    "poetry.lock",
    "uv.lock",
    "Pipfile.lock",
    "pdm.lock",
    "Gemfile.lock",
    "composer.lock",
    "gradle.lockfile",
    "packages.lock.json",
    "mix.lock",
    "flake.lock",
    "Chart.lock",
    ".terraform.lock.hcl",
    "dependencies.lock",
];

/// Whether the file at `path` (relative, `/` between its parts) pins dependencies.
///
/// ```
/// assert!(bowline_record::is_lock_file("web/package-lock.json"));
/// assert!(!bowline_record::is_lock_file("go.mod"));
/// ```
#[must_use]
pub fn is_lock_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    LOCK_FILES.contains(&name)
}

/// The digests of the lock files among `files` (path and content); other files are left out.
#[must_use]
pub fn lock_digests<'a>(
    files: impl IntoIterator<Item = (&'a str, &'a [u8])>,
) -> BTreeMap<String, Digest> {
    let locks = files.into_iter().filter(|(path, _)| is_lock_file(path));
    locks.map(|(path, content)| (path.to_owned(), digest_of(content))).collect()
}

fn digest_of(content: &[u8]) -> Digest {
    Digest::from_sha256(Sha256::digest(content).into())
}

#[cfg(test)]
mod tests {
    use super::lock_digests;

    #[test]
    fn only_lock_files_are_digested() {
        let files: [(&str, &[u8]); 4] = [
            ("go.mod", b"module x"),
            ("go.sum", b""),
            ("web/yarn.lock", b"a"),
            ("go.sum.txt", b""),
        ];
        let digests = lock_digests(files);
        assert_eq!(digests.keys().collect::<Vec<_>>(), ["go.sum", "web/yarn.lock"]);
        let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(digests["go.sum"].as_str(), empty);
    }
}
