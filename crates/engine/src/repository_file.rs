//! Reading a file of a repository that somebody else wrote: a limit, no way out of the tree,
//! and every refusal at the file's place.

use crate::failure::Failure;
use bowline_diag::Diagnostic;
use bowline_host::files::{self, Error};
use std::path::Path;

/// The largest file that describes a release (workflow, Dockerfile, `bowline.yaml`, manifest),
/// in bytes. GitHub's limit for a workflow; the same for `check` and for a release.
pub const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// The bytes of `path` below `root`; `None` when it is not there.
///
/// # Errors
/// It is too long, no plain file, or a symbolic link that leaves `root`.
pub fn bytes(root: &Path, path: &str) -> Result<Option<Vec<u8>>, Failure> {
    match files::read_beneath(root, path, FILE_BYTES_MAX) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(refused(path, &error)),
    }
}

/// As [`bytes`], for a file that has to be UTF-8.
///
/// # Errors
/// As [`bytes`]; and the place of the first byte that is not UTF-8.
pub fn text(root: &Path, path: &str) -> Result<Option<String>, Failure> {
    let Some(bytes) = bytes(root, path)? else { return Ok(None) };
    String::from_utf8(bytes).map(Some).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let valid = String::from_utf8_lossy(valid);
        let line = valid.matches('\n').count() + 1;
        let column = valid.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let diagnostic = Diagnostic::error("BOW1601", format!("`{path}` is not UTF-8 text"));
        Failure::usage(diagnostic.at(path, line, column, 1, "").help("save the file as UTF-8"))
    })
}

/// Whether `path` below `root` is a folder that can be reached without leaving `root`.
///
/// # Errors
/// A symbolic link on the way leaves `root`.
pub fn is_folder(root: &Path, path: &str) -> Result<bool, Failure> {
    match files::open_beneath(root, path) {
        Ok(_) => Ok(files::is_dir(root.join(path))),
        Err(error) if error.is_outside_root() => Err(refused(path, &error)),
        Err(_) => Ok(false),
    }
}

fn refused(path: &str, error: &Error) -> Failure {
    let why = if error.is_outside_root() {
        "it is a symbolic link that leaves the repository".to_owned()
    } else {
        error.source.to_string()
    };
    let diagnostic = Diagnostic::error("BOW1601", format!("`{path}` cannot be read"));
    Failure::usage(diagnostic.at(path, 1, 1, 1, "").note(why))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write their own files")]
mod tests {
    use super::{FILE_BYTES_MAX, bytes, is_folder, text};
    use std::{fs, os::unix::fs::symlink};

    #[test]
    fn what_is_no_plain_text_below_the_root_is_refused_at_its_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("repository");
        fs::create_dir_all(root.join("real")).expect("a folder");
        fs::write(folder.path().join("outside"), "x").expect("a file");
        fs::write(root.join("real/file"), "fine").expect("a file");
        fs::write(root.join("latin"), b"fine\nna\xefve").expect("a file");
        fs::write(root.join("long"), vec![b'x'; 2 << 20]).expect("a file");
        symlink("real/file", root.join("inside")).expect("a link");
        symlink("real", root.join("folder")).expect("a link");
        symlink("../outside", root.join("up")).expect("a link");
        symlink(folder.path(), root.join("absolute")).expect("a link");
        assert_eq!(text(&root, "inside").expect("a link").as_deref(), Some("fine"));
        assert_eq!(text(&root, "nowhere").expect("no file"), None);
        assert_eq!(is_folder(&root, "folder").ok(), Some(true));
        assert_eq!(is_folder(&root, "inside").ok(), Some(false));
        assert_eq!(is_folder(&root, "nowhere").ok(), Some(false));
        for (path, line, column) in [
            ("up", 1, 1),
            ("absolute/outside", 1, 1),
            ("real", 1, 1),
            ("long", 1, 1),
            ("latin", 2, 3),
        ] {
            let label = &text(&root, path).expect_err(path).diagnostics[0].labels[0];
            assert_eq!((&*label.file, label.line, label.column), (path, line, column));
        }
        assert!(is_folder(&root, "absolute").is_err());
        assert!(bytes(&root, "latin").is_ok_and(|bytes| bytes.is_some()));
        assert!(FILE_BYTES_MAX < 2 << 20);
    }
}
