//! One conductor at a time: a number that only grows.

use crate::{Error, Journal, append::unsigned};
use bowline_host::clock;
use rusqlite::{OptionalExtension as _, Transaction};

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
    /// Those of every write.
    pub fn acquire(&self, holder: &str) -> Result<Epoch, Error> {
        let number = self.around("journal.epoch", "conductor", |transaction| {
            let sql = "INSERT INTO epoch(number, holder, at)
                SELECT coalesce(max(number), 0) + 1, ?1, ?2 FROM epoch RETURNING number";
            transaction
                .query_row(sql, (holder, clock::now().0), |row| row.get(0))
                .map_err(|source| self.failed(source))
        })?;
        Ok(Epoch { number: unsigned(number), holder: holder.to_owned() })
    }

    /// Number and holder of the newest epoch; `None` before the first.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn current_epoch(&self) -> Result<Option<(u64, String)>, Error> {
        newest(&self.lock()).map_err(|source| self.failed(source))
    }

    pub(crate) fn fence(&self, transaction: &Transaction<'_>, epoch: &Epoch) -> Result<(), Error> {
        match newest(transaction).map_err(|source| self.failed(source))? {
            Some((current, _)) if current == epoch.number => Ok(()),
            newer => {
                let (current, holder) = newer.unwrap_or_default();
                Err(Error::Fenced { mine: epoch.number, current, holder })
            }
        }
    }
}

fn newest(connection: &rusqlite::Connection) -> rusqlite::Result<Option<(u64, String)>> {
    let sql = "SELECT number, holder FROM epoch ORDER BY number DESC LIMIT 1";
    let read = |row: &rusqlite::Row<'_>| Ok((unsigned(row.get(0)?), row.get(1)?));
    connection.prepare_cached(sql)?.query_row([], read).optional()
}
