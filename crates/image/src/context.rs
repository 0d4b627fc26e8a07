//! The build context: the files of a folder that COPY sees.

use crate::{
    Error, codes,
    ignore::Ignore,
    limits::{FILES_MAX, IGNORE_BYTES_MAX},
    tree::{Kind, Node, Tree},
};
use bowline_diag::Diagnostic;
use bowline_host::files;
use bowline_oci::layer::Content;
use std::path::{Path, PathBuf};

/// The context, read once.
#[derive(Debug)]
pub(crate) struct Context {
    root: PathBuf,
    pub(crate) tree: Tree,
    /// The ignore file that was read.
    ignore_file: Option<String>,
}

impl Context {
    /// Reads the names of all files below `root`, without `.git` and without what the ignore
    /// file excludes: `<dockerfile>.dockerignore` where there is one, else `.dockerignore`.
    pub(crate) fn read(root: &Path, dockerfile: &str) -> Result<Self, Error> {
        let names = [format!("{dockerfile}.dockerignore"), ".dockerignore".to_owned()];
        let ignore_file =
            names.into_iter().find(|name| !name.starts_with('/') && files::exists(root.join(name)));
        let ignore = match &ignore_file {
            Some(name) => read_ignore(root, name)?,
            None => Ignore::default(),
        };
        let mut tree = Tree::default();
        let mut folders: Vec<(String, Node)> = Vec::new();
        for entry in files::walk(root, FILES_MAX)? {
            let path = entry.relative;
            if path == ".git" || path.starts_with(".git/") {
                continue;
            }
            folders.retain(|(folder, _)| path.starts_with(&format!("{folder}/")));
            let kind = match entry.kind {
                files::Kind::Dir => Kind::Dir,
                files::Kind::File => Kind::File(Content::File(root.join(&path))),
                files::Kind::Symlink => {
                    let target = files::read_link(root.join(&path))?;
                    Kind::Symlink(target.to_string_lossy().into_owned())
                }
                // A socket or pipe of the moment is not part of anything that is built.
                files::Kind::Other => continue,
            };
            let node = Node { kind, mode: entry.mode, owner: (0, 0) };
            if ignore.ignores(&path) {
                if node.is_dir() {
                    folders.push((path, node));
                }
                continue;
            }
            // A file that `!` takes back brings its folders with it.
            for (folder, node) in folders.drain(..) {
                tree.insert(folder, node);
            }
            tree.insert(path, node);
        }
        Ok(Self { root: root.to_owned(), tree, ignore_file })
    }

    /// The ignore file, when it is the reason why `path` is not seen.
    pub(crate) fn excluded_by(&self, path: &str) -> Option<&str> {
        let plain = crate::tree::names(path).filter(|name| *name != "..").collect::<Vec<_>>();
        let there = files::exists(self.root.join(plain.join("/")));
        self.ignore_file.as_deref().filter(|_| there)
    }
}

fn read_ignore(root: &Path, name: &str) -> Result<Ignore, Error> {
    let bytes = files::read_beneath(root, name, IGNORE_BYTES_MAX as u64)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ignore::parse(&text).map_err(|error| {
        let diagnostic = Diagnostic::error(codes::SYNTAX.id, error.to_string())
            .at(name, error.line, 1, error.pattern.chars().count(), "")
            .source(name, text);
        Error::Refused(vec![diagnostic])
    })
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write their own files")]
mod tests {
    use super::Context;
    use std::fs;

    #[test]
    fn git_and_ignored_files_are_not_seen() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |path: &str, content: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
            fs::write(path, content).expect("a file");
        };
        for path in ["a.go", "docs/a.md", "docs/keep/b.md", ".git/HEAD", "x/.git", "cmd/m.go"] {
            write(path, "1");
        }
        write(".dockerignore", "docs\n!docs/keep\ncmd/*.md\n");
        let seen = |dockerfile: &str| -> Vec<String> {
            let context = Context::read(folder.path(), dockerfile).expect("a context");
            context.tree.iter().map(|(path, _)| path.to_owned()).collect()
        };
        let expected = [
            ".dockerignore",
            "a.go",
            "cmd",
            "cmd/m.go",
            "docs",
            "docs/keep",
            "docs/keep/b.md",
            "x",
            "x/.git",
        ];
        assert_eq!(seen("Dockerfile"), expected);
        let context = Context::read(folder.path(), "Dockerfile").expect("a context");
        assert_eq!(context.excluded_by("docs/a.md"), Some(".dockerignore"));
        assert_eq!(context.excluded_by("nowhere"), None);
        // The one beside the Dockerfile replaces the other.
        write("build/Dockerfile.dockerignore", "**\n!a.go\n");
        assert_eq!(seen("build/Dockerfile"), ["a.go"]);
        write(".dockerignore", "[a\n");
        assert!(Context::read(folder.path(), "Dockerfile").is_err());
    }
}
