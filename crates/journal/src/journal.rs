//! Opening the database.

use crate::{Error, crash_point::SharedHook, limits::BUSY_MS_MAX, schema};
use bowline_host::{files, random};
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};
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
    /// folder, when it is not there. One of an older schema is brought to this one.
    ///
    /// # Errors
    /// [`Error::NewerSchema`], [`Error::NotAJournal`], [`Error::Empty`], [`Error::Broken`],
    /// [`Error::Damaged`], [`Error::Busy`], [`Error::DiskFull`], [`Error::Database`],
    /// [`Error::Files`].
    pub fn open(path: impl AsRef<Path>, durability: Durability) -> Result<Self, Error> {
        let path = path.as_ref().to_owned();
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            files::create_private_dir(folder)?;
        }
        // Turning on WAL does not wait for another process that does the same.
        let _lock = files::lock_exclusive(path.with_extension("lock"))?;
        if files::exists(&path) {
            refuse_empty(&path)?
        } else {
            make(&path)?
        }
        let failed = |source| Error::database(&path, source);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(&path, flags).map_err(failed)?;
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
        Ok(Self::of(path, connection))
    }

    /// Opens the journal at `path` for reading only: nothing of it is made, changed or brought
    /// to another schema, and every write is refused. `None` where there is no journal.
    ///
    /// # Errors
    /// [`Error::NewerSchema`], [`Error::NotAJournal`], [`Error::Empty`], [`Error::Damaged`],
    /// [`Error::Database`], [`Error::Files`].
    pub fn open_to_read(path: impl AsRef<Path>) -> Result<Option<Self>, Error> {
        let path = path.as_ref().to_owned();
        if !files::exists(&path) {
            return Ok(None);
        }
        refuse_empty(&path)?;
        let failed = |source| Error::database(&path, source);
        let mut connection = read_only(&path, false).map_err(failed)?;
        // A file system that was mounted read-only has no place for the memory that readers
        // share with a writer; there can be no writer then.
        if let Err(error) = probe(&connection)
            && matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied)
            )
            && !has_log(&path)
        {
            connection = read_only(&path, true).map_err(failed)?;
        }
        schema::check(&connection, &path)?;
        Ok(Some(Self::of(path, connection)))
    }

    fn of(path: PathBuf, connection: Connection) -> Self {
        let (connection, hook) = (Mutex::new(connection), Mutex::new(None));
        Self { path, connection, hook, appended: Condvar::new() }
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

/// A journal gets its name when its tables are in it: an empty file of that name is never one
/// that was just begun, but one that has lost its content.
fn make(path: &Path) -> Result<(), Error> {
    let aside = path.with_extension("db.new");
    let failed = |source| Error::database(&aside, source);
    files::remove_file(&aside)?;
    let mut connection = Connection::open(&aside).map_err(failed)?;
    schema::prepare(&mut connection, &aside)?;
    connection.close().map_err(|(_, source)| failed(source))?;
    // A log that an older journal of this name left behind is not of this one. What is in it
    // may be wanted by whoever looks into the older one.
    let log = path.with_extension("db-wal");
    if files::exists(&log) {
        files::rename(&log, path.with_extension(format!("db-wal.{}", random::hex(4))))?;
    }
    files::remove_file(path.with_extension("db-shm"))?;
    files::rename(&aside, path)?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        files::sync_dir(folder)?;
    }
    Ok(())
}

fn refuse_empty(path: &Path) -> Result<(), Error> {
    let empty = files::metadata(path)?.size == 0;
    if empty { Err(Error::Empty(path.to_owned())) } else { Ok(()) }
}

/// Whether a write-ahead log with something in it lies beside the database.
fn has_log(path: &Path) -> bool {
    let log = files::metadata(path.with_extension("db-wal"));
    log.is_ok_and(|log| log.size > 0)
}

fn read_only(path: &Path, immutable: bool) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = if immutable {
        let plain = path.display().to_string();
        let plain = plain.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
        let uri = format!("file:{plain}?immutable=1");
        Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)?
    } else {
        Connection::open_with_flags(path, flags)?
    };
    connection.busy_timeout(Duration::from_millis(BUSY_MS_MAX))?;
    Ok(connection)
}

fn probe(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))
}
