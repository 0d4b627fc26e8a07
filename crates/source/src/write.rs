//! Writing: what the demo needs to play a developer's part.

use crate::{Error, Git, GitRef, Repository, git::Call};
use bowline_host::files;
use std::path::Path;

/// Who a commit is by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// The name.
    pub name: String,
    /// The e-mail address.
    pub email: String,
}

impl Git {
    /// Makes the folder `path` a repository whose first branch is `main`; without template, so
    /// without hooks.
    ///
    /// # Errors
    /// What git or the disk refuse.
    pub fn init(&self, path: impl AsRef<Path>) -> Result<Repository, Error> {
        let path = path.as_ref();
        files::create_dirs(path)?;
        let arguments = ["init", "--quiet", "--template=", "--initial-branch=main", "."];
        self.run(Call::new(path, &arguments))?;
        self.open(path)
    }
}

impl Repository {
    /// Commits everything that lies in the work tree, by `author`, at `committed_at` (seconds
    /// since 1970). Returns the commit's full id. An empty commit is allowed.
    ///
    /// # Errors
    /// What git or the disk refuse.
    pub fn commit_all(
        &self,
        author: &Author,
        committed_at: i64,
        message: &str,
    ) -> Result<String, Error> {
        self.run(&["add", "--all"])?;
        let arguments =
            ["commit", "--quiet", "--no-verify", "--no-gpg-sign", "--allow-empty", "--file=-"];
        let mut call = self.call(&arguments);
        call.input = message.as_bytes().to_vec();
        let date = format!("{committed_at} +0000");
        for role in ["AUTHOR", "COMMITTER"] {
            call.environment.extend([
                (format!("GIT_{role}_NAME"), author.name.clone()),
                (format!("GIT_{role}_EMAIL"), author.email.clone()),
                (format!("GIT_{role}_DATE"), date.clone()),
            ]);
        }
        self.git.run(call)?;
        self.resolve(&GitRef::head())
    }

    /// Puts a plain tag `name` on the commit that `rev` names.
    ///
    /// # Errors
    /// A tag of this name is there, and what git refuses.
    pub fn tag(&self, name: &GitRef, rev: &GitRef) -> Result<(), Error> {
        let commit = self.resolve(rev)?;
        self.run(&["update-ref", &format!("refs/tags/{name}"), &commit, ""]).map(|_| ())
    }
}
