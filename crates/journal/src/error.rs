//! What can go wrong with the journal.

use crate::limits::ROOM_BYTES_MIN;
use bowline_host::files;
use rusqlite::ErrorCode;
use std::path::{Path, PathBuf};

/// Why the journal did not do what was asked. Nothing was written then.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A newer conductor has taken over; this one must stop.
    #[error("epoch {mine} is over: `{holder}` took over with epoch {current}")]
    Fenced {
        /// The epoch of the caller.
        mine: u64,
        /// The newest epoch.
        current: u64,
        /// Who took it.
        holder: String,
    },
    /// The database was written by a newer version.
    #[error("the journal has schema {found}; this version of bowline knows up to {known}")]
    NewerSchema {
        /// Its schema number.
        found: i64,
        /// The newest schema number that this version reads.
        known: i64,
        /// The version of Bowline that wrote that schema, as far as the journal says so.
        writer: Option<String>,
    },
    /// Pages of the database are damaged, and no single entry is known to be the first.
    #[error("the journal `{}` is damaged: {reason}", path.display())]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        reason: String,
    },
    /// The file is there and has no content: that is never how a journal begins.
    #[error("the journal `{}` is empty; a new one never is", .0.display())]
    Empty(PathBuf),
    /// The journal holds a kind of event that this version does not know.
    #[error("entry {n} of the journal, `{kind}`, is not known to this version")]
    UnknownKind {
        /// The first such entry.
        n: u64,
        /// Its kind.
        kind: String,
    },
    /// The file is some other database, or no database.
    #[error("`{}` is not a journal of bowline", .0.display())]
    NotAJournal(PathBuf),
    /// An entry is not the one that was written.
    #[error("the journal is broken at entry {n}: {reason}")]
    Broken {
        /// The first broken entry.
        n: u64,
        /// What does not fit.
        reason: String,
    },
    /// No room left on the disk.
    #[error("no room left to write the journal `{}`", .0.display())]
    DiskFull(PathBuf),
    /// Another process wrote for longer than [`crate::limits::BUSY_MS_MAX`].
    #[error("another process keeps the journal `{}` busy", .0.display())]
    Busy(PathBuf),
    /// An effect with this key exists and says something else.
    #[error("effect `{0}` exists already and calls for something else")]
    EffectConflict(String),
    /// No effect has this key.
    #[error("the journal has no effect `{0}`")]
    NoSuchEffect(String),
    /// The effect was marked as performed before.
    #[error("effect `{key}` was performed already, before event {done_at}")]
    EffectDone {
        /// The effect.
        key: String,
        /// Where it was marked.
        done_at: u64,
    },
    /// Something about an entry that no caller may write.
    #[error("event or effect `{kind}` cannot be written: {reason}")]
    Refused {
        /// The kind, cut where it is too long.
        kind: String,
        /// Why.
        reason: String,
    },
    /// The database refused for another reason.
    #[error("the journal `{}` failed: {source}", path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The journal's folder could not be made.
    #[error(transparent)]
    Files(#[from] bowline_host::files::Error),
}

impl Error {
    /// The disk is full.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::DiskFull(_) => true,
            Self::Files(error) => error.is_disk_full(),
            _ => false,
        }
    }

    /// Another conductor took over.
    #[must_use]
    pub fn is_fenced(&self) -> bool {
        matches!(self, Self::Fenced { .. })
    }

    /// Sorts SQLite's errors into ours.
    pub(crate) fn database(path: &Path, source: rusqlite::Error) -> Self {
        match source.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull(path.to_owned()),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Self::Busy(path.to_owned())
            }
            Some(ErrorCode::NotADatabase) => Self::NotAJournal(path.to_owned()),
            Some(ErrorCode::DatabaseCorrupt) => {
                Self::Damaged { path: path.to_owned(), reason: source.to_string() }
            }
            // The memory that processes share is a file too, and its room is not asked for by
            // SQLite's own word for a full disk.
            Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) if is_full(path) => {
                Self::DiskFull(path.to_owned())
            }
            _ => Self::Database { path: path.to_owned(), source },
        }
    }
}

/// Whether the file system of `path` has no room for a page or two.
fn is_full(path: &Path) -> bool {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let free = files::disk_free(folder.unwrap_or(Path::new(".")));
    free.is_ok_and(|free| free < ROOM_BYTES_MIN)
}
