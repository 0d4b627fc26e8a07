//! Looks for files by patterns in the root of a box, in the order of `@actions/glob`.
//!
//! Source: npm `@actions/glob` 0.7: folders before what is in them, names in byte order.
//! Absent on purpose: leaving the root; the kernel resolves every path inside it.

use crate::glob::{PathKind, Patterns};
use crate::limits::{WALK_DEPTH_MAX, WALK_ENTRIES_MAX};
use bowline_host::files::{self, Kind, Root};

/// What is looked for besides the patterns.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Whether symbolic links to folders are entered.
    pub follow_links: bool,
    /// Whether names that begin with a dot are left out.
    pub skip_hidden: bool,
}

/// A match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// The absolute path inside the root.
    pub path: String,
    /// A folder, or anything that can be read as a file.
    pub kind: PathKind,
    /// Bytes of a regular file; 0 for others.
    pub size: u64,
    /// Whether it is a symbolic link.
    pub link: bool,
}

/// Why looking ended.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// A folder cannot be read.
    #[error(transparent)]
    Files(#[from] files::Error),
    /// More than the limit.
    #[error("more than {WALK_ENTRIES_MAX} files and folders would have to be looked at")]
    TooMany,
    /// Deeper than the limit.
    #[error("`{0}` lies deeper than {WALK_DEPTH_MAX} folders")]
    TooDeep(String),
}

/// Everything in `root` that `patterns` match, files, links and folders.
///
/// # Errors
/// A folder that cannot be read, a limit.
pub fn find(root: &Root, patterns: &Patterns, options: Options) -> Result<Vec<Match>, FindError> {
    let mut found = Vec::new();
    let mut seen = 0;
    for start in patterns.starts() {
        let mut stack = vec![(start, 0)];
        while let Some((path, depth)) = stack.pop() {
            seen += 1;
            if seen > WALK_ENTRIES_MAX {
                return Err(FindError::TooMany);
            }
            if depth > WALK_DEPTH_MAX {
                return Err(FindError::TooDeep(path));
            }
            let children = look(root, patterns, options, &path, &mut found)?;
            let base = path.trim_end_matches('/');
            let below = children.into_iter().rev();
            stack.extend(below.map(|name| (format!("{base}/{name}"), depth + 1)));
        }
    }
    Ok(found)
}

/// Looks at one path; the names below it when it is a folder worth entering.
fn look(
    root: &Root,
    patterns: &Patterns,
    options: Options,
    path: &str,
    found: &mut Vec<Match>,
) -> Result<Vec<String>, FindError> {
    let name = path.rsplit('/').next().unwrap_or_default();
    if options.skip_hidden && name.starts_with('.') {
        return Ok(Vec::new());
    }
    let relative = path.trim_start_matches('/');
    let (kind, size) = if relative.is_empty() {
        (Kind::Dir, 0)
    } else {
        match root.metadata(relative)? {
            Some(metadata) => (metadata.kind, metadata.size),
            None => return Ok(Vec::new()),
        }
    };
    let linked =
        (kind == Kind::Symlink && options.follow_links).then(|| root.list(relative).ok()).flatten();
    let kind_of_path =
        if kind == Kind::Dir || linked.is_some() { PathKind::Directory } else { PathKind::File };
    if matches!(kind, Kind::Other) {
        return Ok(Vec::new());
    }
    if patterns.matches(path, kind_of_path) {
        let size = if kind == Kind::File { size } else { 0 };
        let link = kind == Kind::Symlink;
        found.push(Match { path: path.to_owned(), kind: kind_of_path, size, link });
    }
    match (kind_of_path, linked) {
        (PathKind::File, _) => Ok(Vec::new()),
        (PathKind::Directory, _) if !patterns.may_match_below(path) => Ok(Vec::new()),
        (PathKind::Directory, Some(names)) => Ok(names),
        (PathKind::Directory, None) => Ok(root.list(relative)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> (tempfile::TempDir, Root) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in [("w/b/two", "2"), ("w/b/c/one", "1"), ("w/a.txt", "a"), ("w/.h", "h")]
        {
            let path = folder.path().join(name);
            files::create_dirs(path.parent().expect("it has a parent")).expect("a folder");
            files::write(&path, text.as_bytes()).expect("a file");
        }
        files::symlink("/w/b", folder.path().join("w/link")).expect("a link");
        let root = Root::open(folder.path()).expect("it is a folder");
        (folder, root)
    }

    fn check(patterns: &str, options: Options, expected: &[&str]) {
        let (_folder, root) = tree();
        let patterns = Patterns::read(patterns, "/w", "/h", true).expect("it is readable");
        let found = find(&root, &patterns, options).expect("it can be read");
        let paths: Vec<&str> = found.iter().map(|found| found.path.as_str()).collect();
        assert_eq!(paths, expected);
    }

    #[test]
    fn files_come_in_the_order_of_the_glob_package() {
        let usual = Options::default();
        check("b/**\na.txt", usual, &["/w/b", "/w/b/c", "/w/b/c/one", "/w/b/two", "/w/a.txt"]);
        check("**/two", usual, &["/w/b/two"]);
        check("nothing/**", usual, &[]);
        check("link", usual, &["/w/link"]);
        let following = Options { follow_links: true, ..usual };
        check("link/two", following, &["/w/link/two"]);
        check(
            "*",
            Options { skip_hidden: true, ..usual },
            &["/w/a.txt", "/w/b", "/w/b/c", "/w/b/c/one", "/w/b/two", "/w/link"],
        );
    }
}
