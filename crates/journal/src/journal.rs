//! Opening the database.

use crate::{Error, crash_point::SharedHook, limits::BUSY_MS_MAX, schema};
use bowline_host::files;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::{
    path::{Path, PathBuf},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// What survives what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// What was acknowledged survives a power cut: for decisions, publishes, traffic.
    Full,
    /// It survives the end of the process; a power cut may take the last entries, never an
    /// older one, and the chain stays sound. For a local `run`.
    Normal,
}

/// An open journal. May be shared by threads; several processes may open the same file.
pub struct Journal {
    pub(crate) path: PathBuf,
    pub(crate) connection: Mutex<Connection>,
    pub(crate) hook: Mutex<Option<SharedHook>>,
    /// Wakes followers in this process after an append.
    pub(crate) appended: Condvar,
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Journal {
    /// Opens the journal at `path`, which must lie on a local file system; makes it, and its
    /// folder, when it is not there.
    ///
    /// # Errors
    /// [`Error::NewerSchema`], [`Error::NotAJournal`], [`Error::Busy`], [`Error::DiskFull`],
    /// [`Error::Database`], [`Error::Files`].
    pub fn open(path: impl AsRef<Path>, durability: Durability) -> Result<Self, Error> {
        let path = path.as_ref().to_owned();
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            files::create_private_dir(folder)?;
        }
        // Turning on WAL does not wait for another process that does the same.
        let _lock = files::lock_exclusive(path.with_extension("lock"))?;
        let failed = |source| Error::database(&path, source);
        let mut connection = Connection::open(&path).map_err(failed)?;
        connection.busy_timeout(Duration::from_millis(BUSY_MS_MAX)).map_err(failed)?;
        schema::prepare(&mut connection, &path)?;
        let mode: String = connection
            .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))
            .map_err(failed)?;
        if mode != "wal" {
            let source = rusqlite::Error::InvalidParameterName(format!("journal_mode {mode}"));
            return Err(Error::Database { path, source });
        }
        let synchronous = match durability {
            Durability::Full => "FULL",
            Durability::Normal => "NORMAL",
        };
        connection.pragma_update(None, "synchronous", synchronous).map_err(failed)?;
        let (connection, hook) = (Mutex::new(connection), Mutex::new(None));
        Ok(Self { path, connection, hook, appended: Condvar::new() })
    }

    /// The database file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A panic while the lock was held rolled its transaction back, so the database is sound.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` in one write transaction; all of it is durable, or nothing happened.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut connection = self.lock();
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|source| self.failed(source))?;
        let value = work(&transaction)?;
        transaction.commit().map_err(|source| self.failed(source))?;
        self.appended.notify_all();
        Ok(value)
    }

    /// Makes the database refuse to grow, as on a full disk.
    #[doc(hidden)]
    pub fn limit_pages_for_tests(&self) {
        let connection = self.lock();
        let pages = connection.pragma_query_value(None, "page_count", |row| row.get::<_, i64>(0));
        if let Ok(pages) = pages {
            let _ = connection.pragma_update(None, "max_page_count", pages);
        }
    }

    pub(crate) fn failed(&self, source: rusqlite::Error) -> Error {
        Error::database(&self.path, source)
    }
}
