//! One conductor at a time: a number that only grows.

use crate::{
    Error, Journal,
    append::{signed, unsigned},
    limits::EPOCH_FILE_BYTES_MAX,
};
use bowline_host::{clock, files};
use rusqlite::{Connection, OptionalExtension as _};
use std::path::PathBuf;

/// The right to append, until somebody acquires a newer one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epoch {
    number: u64,
    holder: String,
}

impl Epoch {
    /// Its number, from 1. It travels with effects to the edge, which refuses an older one.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Who acquired it.
    #[must_use]
    pub fn holder(&self) -> &str {
        &self.holder
    }
}

impl Journal {
    /// Takes over: appends under all older epochs fail with [`Error::Fenced`] from now on.
    /// `holder` says who it is, for people: `release v1.4.2 (process 123)`.
    ///
    /// # Errors
    /// Those of every write, [`Error::Files`].
    pub fn acquire(&self, holder: &str) -> Result<Epoch, Error> {
        let floor = self.floor()?;
        let number = self.around("journal.epoch", "conductor", |transaction| {
            let sql = "INSERT INTO epoch(number, holder, at)
                SELECT max(coalesce(max(number), 0), ?3) + 1, ?1, ?2 FROM epoch
                RETURNING number";
            transaction
                .query_row(sql, (holder, clock::now().0, signed(floor)), |row| row.get(0))
                .map_err(|source| self.failed(source))
        })?;
        let written = unsigned(number);
        files::write_atomic_mode(self.epoch_file(), written.to_string().as_bytes(), 0o600)?;
        Ok(Epoch { number: unsigned(number), holder: holder.to_owned() })
    }

    /// Refuses an epoch that is over.
    ///
    /// # Errors
    /// [`Error::Fenced`], [`Error::Database`].
    pub fn check_epoch(&self, epoch: &Epoch) -> Result<(), Error> {
        self.fence(&self.lock(), epoch)
    }

    /// The newest epoch of an earlier journal of this folder. What runs knows its number, and
    /// would take the first conductors of a new journal for older ones.
    fn floor(&self) -> Result<u64, Error> {
        match files::read_text(self.epoch_file(), EPOCH_FILE_BYTES_MAX) {
            // One that is unreadable is worth no more than none: the number in it is a spare.
            Ok(text) => Ok(text.trim().parse().unwrap_or(0)),
            Err(error) if error.is_not_found() => Ok(0),
            Err(error) => Err(error.into()),
        }
    }

    fn epoch_file(&self) -> PathBuf {
        self.path.with_extension("epoch")
    }

    /// Number and holder of the newest epoch; `None` before the first.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn current_epoch(&self) -> Result<Option<(u64, String)>, Error> {
        newest(&self.lock()).map_err(|source| self.failed(source))
    }

    pub(crate) fn fence(&self, connection: &Connection, epoch: &Epoch) -> Result<(), Error> {
        match newest(connection).map_err(|source| self.failed(source))? {
            Some((current, _)) if current == epoch.number => Ok(()),
            newer => {
                let (current, holder) = newer.unwrap_or_default();
                Err(Error::Fenced { mine: epoch.number, current, holder })
            }
        }
    }
}

fn newest(connection: &Connection) -> rusqlite::Result<Option<(u64, String)>> {
    let sql = "SELECT number, holder FROM epoch ORDER BY number DESC LIMIT 1";
    let read = |row: &rusqlite::Row<'_>| Ok((unsigned(row.get(0)?), row.get(1)?));
    connection.prepare_cached(sql)?.query_row([], read).optional()
}
