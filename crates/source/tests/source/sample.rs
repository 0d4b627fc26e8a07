//! A repository to test with.

use bowline_source::{Author, Git, GitRef, Repository};
use bowline_store::Store;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use tempfile::TempDir;

/// 2025-11-24T21:37:47Z.
pub(crate) const TIME: i64 = 1_764_020_267;

pub(crate) struct Sample {
    pub(crate) folder: TempDir,
    pub(crate) repository: Repository,
    pub(crate) store: Store,
}

/// `None` where there is no `git`.
pub(crate) fn git() -> Option<Git> {
    let found = Git::find("/usr/local/bin:/usr/bin:/bin");
    if found.is_err() {
        eprintln!("SKIPPED: git is not installed");
    }
    found.ok()
}

pub(crate) fn author() -> Author {
    Author { name: "Ada".into(), email: "ada@example.test".into() }
}

pub(crate) fn name(text: &str) -> GitRef {
    text.parse().expect("a name")
}

impl Sample {
    pub(crate) fn new() -> Option<Self> {
        let git = git()?;
        let folder = tempfile::tempdir().expect("a folder");
        let repository = git.init(folder.path().join("shop")).expect("a repository");
        let store = Store::open(folder.path().join("store")).expect("a store");
        Some(Self { folder, repository, store })
    }

    pub(crate) fn root(&self) -> &Path {
        self.repository.root()
    }

    pub(crate) fn write(&self, path: &str, content: &str) -> PathBuf {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(&path, content).expect("a file");
        path
    }

    pub(crate) fn commit(&self, message: &str) -> String {
        self.repository.commit_all(&author(), TIME, message).expect("a commit")
    }

    /// The plain `git`, as a user calls it.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        run_git(self.root(), arguments)
    }
}

pub(crate) fn run_git(directory: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(directory)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_AUTHOR_NAME", "Ada")
        .env("GIT_AUTHOR_EMAIL", "ada@example.test")
        .env("GIT_COMMITTER_NAME", "Ada")
        .env("GIT_COMMITTER_EMAIL", "ada@example.test")
        .output()
        .expect("git runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "git {arguments:?}: {said}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
