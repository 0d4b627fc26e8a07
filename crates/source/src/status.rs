//! How the work tree differs from the commit that is checked out.

use crate::{Error, Repository, repository::lossy};

/// What differs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Tracked paths that differ from `HEAD`, staged or not; deleted ones too.
    pub changed: Vec<String>,
    /// Paths that git does not know and does not ignore; a folder of them ends in `/`.
    pub untracked: Vec<String>,
}

impl Status {
    /// Neither changed nor untracked files.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.changed.is_empty() && self.untracked.is_empty()
    }
}

impl Repository {
    /// How the work tree differs from the commit that is checked out.
    ///
    /// # Errors
    /// What `git` refuses.
    pub fn status(&self) -> Result<Status, Error> {
        let mut arguments = vec!["status", "--porcelain=v1", "-z", "--no-renames"];
        arguments.extend(["--untracked-files=normal", "--ignore-submodules=dirty"]);
        let mut status = Status::default();
        for entry in self.paths(&arguments)? {
            // Two letters, a blank, the path.
            let (Some(letters), Some(path)) = (entry.get(..2), entry.get(3..)) else { continue };
            let list = if letters == b"??" { &mut status.untracked } else { &mut status.changed };
            list.push(lossy(path));
        }
        Ok(status)
    }

    /// Whether the work tree differs from the commit that is checked out, files that git does
    /// not know and does not ignore included.
    ///
    /// # Errors
    /// What `git` refuses.
    pub fn is_dirty(&self) -> Result<bool, Error> {
        Ok(!self.status()?.is_clean())
    }
}
