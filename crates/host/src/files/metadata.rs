//! What is known about a path without opening it.

use super::{Error, error::At as _};
use std::{
    fs, io,
    os::unix::fs::{FileTypeExt as _, MetadataExt as _},
    path::Path,
};

/// What a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Dir,
    /// A symbolic link; its target is not looked at.
    Symlink,
    /// A device, a socket, a named pipe.
    Other,
}

/// A modification time with full resolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Modified {
    /// Whole seconds since 1970, negative before.
    pub seconds: i64,
    /// The rest, below 1,000,000,000.
    pub nanoseconds: u32,
}

impl Modified {
    /// A whole second since 1970.
    #[must_use]
    pub fn from_seconds(seconds: i64) -> Self {
        Self { seconds, nanoseconds: 0 }
    }
}

/// Facts about one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// What it is.
    pub kind: Kind,
    /// Permission bits with setuid, setgid and sticky: `0o7777`.
    pub mode: u32,
    /// Bytes; of a symbolic link the length of its target.
    pub size: u64,
    /// When the content last changed.
    pub modified: Modified,
    /// When content or metadata last changed.
    pub changed: Modified,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Inode number.
    pub inode: u64,
    /// Device number of the file system.
    pub device: u64,
    /// How many names it has.
    pub links: u64,
}

impl From<&fs::Metadata> for Metadata {
    fn from(from: &fs::Metadata) -> Self {
        let time = |seconds, nanoseconds| Modified {
            seconds,
            nanoseconds: u32::try_from(nanoseconds).unwrap_or(0),
        };
        Self {
            kind: from.file_type().into(),
            mode: from.mode() & 0o7777,
            size: from.size(),
            modified: time(from.mtime(), from.mtime_nsec()),
            changed: time(from.ctime(), from.ctime_nsec()),
            uid: from.uid(),
            gid: from.gid(),
            inode: from.ino(),
            device: from.dev(),
            links: from.nlink(),
        }
    }
}

impl From<fs::FileType> for Kind {
    fn from(from: fs::FileType) -> Self {
        debug_assert!(!(from.is_file() && from.is_socket()), "one path is one kind");
        if from.is_file() {
            Self::File
        } else if from.is_dir() {
            Self::Dir
        } else if from.is_symlink() {
            Self::Symlink
        } else {
            Self::Other
        }
    }
}

/// Facts about `path` itself; a symbolic link is not followed.
///
/// # Errors
/// [`Error`], also when it does not exist (`is_not_found`).
pub fn metadata(path: impl AsRef<Path>) -> Result<Metadata, Error> {
    let path = path.as_ref();
    fs::symlink_metadata(path).at(path, "look at").map(|found| Metadata::from(&found))
}

/// Facts about what `path` leads to; symbolic links are followed.
///
/// # Errors
/// [`Error`], also when it does not exist (`is_not_found`).
pub fn metadata_followed(path: impl AsRef<Path>) -> Result<Metadata, Error> {
    let path = path.as_ref();
    fs::metadata(path).at(path, "look at").map(|found| Metadata::from(&found))
}

/// Whether something is there, a dangling symbolic link included. A path that cannot be looked
/// at (a parent without permission) counts as absent; use [`metadata`] where that matters.
#[must_use]
pub fn exists(path: impl AsRef<Path>) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Whether `path` is a folder, or a symbolic link that leads to one.
#[must_use]
pub fn is_dir(path: impl AsRef<Path>) -> bool {
    matches!(fs::metadata(path), Ok(found) if found.is_dir())
}

/// `None` when the path does not exist, an error for every other reason.
pub(crate) fn metadata_if_there(path: &Path) -> Result<Option<Metadata>, Error> {
    match fs::symlink_metadata(path) {
        Ok(found) => Ok(Some(Metadata::from(&found))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::new(path, "look at", error)),
    }
}
