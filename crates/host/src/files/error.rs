//! The error of every file action.

use std::{
    io,
    path::{Path, PathBuf},
};

/// An action on a path that the operating system refused.
#[derive(Debug, thiserror::Error)]
#[error("could not {action} `{path}`: {source}", path = path.display())]
pub struct Error {
    /// The path that it is about.
    pub path: PathBuf,
    /// What was tried, as a verb phrase: `read`, `create the folder`, …
    pub action: &'static str,
    /// What the system said.
    pub source: io::Error,
}

impl Error {
    pub(crate) fn new(path: &Path, action: &'static str, source: impl Into<io::Error>) -> Self {
        Self { path: path.to_owned(), action, source: source.into() }
    }

    /// An error with words of our own instead of the system's.
    pub(crate) fn other(path: &Path, action: &'static str, message: impl Into<String>) -> Self {
        let source = io::Error::new(io::ErrorKind::InvalidData, message.into());
        Self { path: path.to_owned(), action, source }
    }

    /// The path does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.source.kind() == io::ErrorKind::NotFound
    }

    /// The path exists already.
    #[must_use]
    pub fn is_already_there(&self) -> bool {
        self.source.kind() == io::ErrorKind::AlreadyExists
    }

    /// The file system or the user's quota is full (`ENOSPC`, `EDQUOT`).
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        use io::ErrorKind::{QuotaExceeded, StorageFull};
        matches!(self.source.kind(), StorageFull | QuotaExceeded)
    }

    /// This user may not do it.
    #[must_use]
    pub fn is_permission_denied(&self) -> bool {
        self.source.kind() == io::ErrorKind::PermissionDenied
    }

    /// The kernel refused to leave a root (`EXDEV` of `openat2`).
    #[must_use]
    pub fn is_outside_root(&self) -> bool {
        self.source.kind() == io::ErrorKind::CrossesDevices
    }

    /// Action and path, for a sentence.
    #[must_use]
    pub fn what(&self) -> String {
        format!("{} `{}`", self.action, self.path.display())
    }
}

/// Adds path and action to a result of the standard library or of rustix.
pub(crate) trait At<T> {
    fn at(self, path: &Path, action: &'static str) -> Result<T, Error>;
}

impl<T, E: Into<io::Error>> At<T> for Result<T, E> {
    fn at(self, path: &Path, action: &'static str) -> Result<T, Error> {
        self.map_err(|error| Error::new(path, action, error))
    }
}

#[cfg(test)]
mod tests {
    use super::Error;
    use std::{io, path::Path};

    #[test]
    fn a_full_disk_is_told_apart_from_other_errors() {
        for (errno, full) in [(28, true), (122, true), (2, false), (5, false)] {
            let source = io::Error::from_raw_os_error(errno);
            assert_eq!(Error::new(Path::new("/x"), "write", source).is_disk_full(), full);
        }
    }

    #[test]
    fn the_sentence_names_path_and_action() {
        let error = Error::new(Path::new("/x"), "write", io::Error::from_raw_os_error(2));
        assert_eq!(
            error.to_string(),
            "could not write `/x`: No such file or directory (os error 2)"
        );
        assert!(error.is_not_found());
    }
}
