//! `hashFiles(…)`: SHA-256 over the digests of the matched files.
//!
//! Source: runner ADR 0279 and `src/Misc/expressionFunc/hashFiles`; order of `@actions/glob`.
//! Only regular files under the workspace count; no match gives an empty text.

use crate::find::{self, FindError, Options};
use crate::glob::{PathKind, PatternError, Patterns};
use bowline_host::files::{self, Root};
use sha2::{Digest as _, Sha256};
use std::io::Read as _;

/// Why there is no hash.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// A pattern.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// Looking for files.
    #[error(transparent)]
    Find(#[from] FindError),
    /// Reading one.
    #[error(transparent)]
    Files(#[from] files::Error),
    /// Reading on.
    #[error("`{path}` cannot be read: {source}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// An option that there is not.
    #[error("option `{0}` does not exist, only `--follow-symbolic-links`")]
    Option(String),
}

/// The hash of the files that `arguments` match, 64 hexadecimal digits, or an empty text.
///
/// `workspace` and `home` are absolute paths inside `root`.
///
/// # Errors
/// A bad pattern, a file that cannot be read, a limit.
pub fn hash_files(
    root: &Root,
    workspace: &str,
    home: &str,
    arguments: &[String],
) -> Result<String, HashError> {
    let (options, patterns) = match arguments.split_first() {
        Some((first, rest)) if first.eq_ignore_ascii_case("--follow-symbolic-links") => {
            (Options { follow_links: true, ..Options::default() }, rest)
        }
        Some((first, _)) if first.starts_with("--") => {
            return Err(HashError::Option(first.clone()));
        }
        _ => (Options::default(), arguments),
    };
    let patterns = Patterns::read(&patterns.join("\n"), workspace, home, true)?;
    let mut all = Sha256::new();
    let mut any = false;
    let inside = format!("{workspace}/");
    for found in find::find(root, &patterns, options)? {
        if found.kind == PathKind::Directory || !found.path.starts_with(&inside) {
            continue;
        }
        all.update(digest(root, &found.path, found.link)?);
        any = true;
    }
    Ok(if any { hex(&all.finalize()) } else { String::new() })
}

fn digest(root: &Root, path: &str, link: bool) -> Result<[u8; 32], HashError> {
    let relative = path.trim_start_matches('/');
    let mut file =
        if link { files::open_beneath(root.path(), relative)? } else { root.open_read(relative)? };
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = file.read(&mut buffer);
        let count = read.map_err(|source| HashError::Read { path: path.to_owned(), source })?;
        if count == 0 {
            return Ok(hash.finalize().into());
        }
        hash.update(&buffer[..count]);
    }
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_over_the_binary_digests_in_order() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in [("w/a.txt", "a"), ("w/b/c", "c"), ("w/other", "x"), ("out", "o")] {
            let path = folder.path().join(name);
            files::create_dirs(path.parent().expect("it has a parent")).expect("a folder");
            files::write(&path, text.as_bytes()).expect("a file");
        }
        let root = Root::open(folder.path()).expect("it is a folder");
        let of = |patterns: &[&str]| {
            let patterns: Vec<String> = patterns.iter().map(|it| (*it).to_owned()).collect();
            hash_files(&root, "/w", "/home", &patterns)
        };
        let mut expected = Sha256::new();
        expected.update(Sha256::digest(b"a"));
        expected.update(Sha256::digest(b"c"));
        let expected = hex(&expected.finalize());
        assert_eq!(of(&["a.txt", "b/**"]).expect("it has a hash"), expected);
        assert_eq!(of(&["nothing/**"]).expect("it has a hash"), "");
        assert_eq!(of(&["/out"]).expect("outside does not count"), "");
        assert!(of(&["--bad", "a.txt"]).is_err());
        assert!(of(&["../x"]).is_err());
    }
}
