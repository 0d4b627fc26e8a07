//! The hash chain: each entry carries a hash over itself and the hash of the one before.
//!
//! It shows every later change, insertion or removal in the middle. It cannot show that the
//! newest entries were cut off or that the whole file was written anew by somebody who knows
//! this code; for that, compare [`Report::head`] with a value kept elsewhere.

use crate::{Error, Journal, append::unsigned};
use rusqlite::{Connection, Row};
use sha2::{Digest as _, Sha256};
use std::path::Path;

/// The hash before the first entry.
pub(crate) const START: [u8; 32] = [0; 32];

/// The hash of an entry. Texts are preceded by their length, so that no two different entries
/// give the same bytes.
pub(crate) fn link(n: i64, at: i64, kind: &str, key: &str, body: &str, before: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(b"bowline journal 1\n");
    hasher.update(n.to_le_bytes());
    hasher.update(at.to_le_bytes());
    for text in [kind, key, body] {
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.update(before);
    hasher.finalize().into()
}

/// A journal whose chain is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// How many events it has.
    pub events: u64,
    /// The hash of the newest event, 64 hexadecimal digits; zeros for an empty journal.
    pub head: String,
}

impl Journal {
    /// Reads the whole chain.
    ///
    /// # Errors
    /// [`Error::Broken`] with the first entry that does not fit, [`Error::Damaged`],
    /// [`Error::Database`].
    pub fn verify(&self) -> Result<Report, Error> {
        verify(&self.lock(), &self.path)
    }

    /// Reads the whole chain, and then everything else in the file: an index that lacks a row
    /// would hide an event whose entry is sound.
    ///
    /// # Errors
    /// Those of [`Journal::verify`].
    pub fn check(&self) -> Result<Report, Error> {
        let connection = self.lock();
        let report = verify(&connection, &self.path)?;
        let sql = "PRAGMA integrity_check(1)";
        let said: String = connection
            .query_row(sql, [], |row| row.get(0))
            .map_err(|source| Error::database(&self.path, source))?;
        if said == "ok" {
            return Ok(report);
        }
        // SQLite names the tree and the page on lines of their own.
        let reason = said.split_whitespace().collect::<Vec<_>>().join(" ");
        Err(Error::Damaged { path: self.path.clone(), reason })
    }
}

/// As [`Journal::verify`], of a connection.
pub(crate) fn verify(connection: &Connection, path: &Path) -> Result<Report, Error> {
    let failed = |source| Error::database(path, source);
    let sql = "SELECT n, at, kind, key, body, hash FROM event ORDER BY n";
    let mut statement = connection.prepare(sql).map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    let (mut count, mut before) = (0, START);
    loop {
        let next = count + 1;
        let entry = match rows.next() {
            Ok(None) => break,
            Ok(Some(row)) => read(row),
            Err(error) => Err(error),
        };
        let (n, hash, expected) = match entry {
            Ok(entry) => entry(&before),
            Err(source) => return Err(unreadable(path, next, source)),
        };
        if n != next {
            let reason = format!("the entry after {count} is missing");
            return Err(Error::Broken { n: unsigned(next), reason });
        }
        if hash != expected {
            let reason = "its content is not what was written".to_owned();
            return Err(Error::Broken { n: unsigned(n), reason });
        }
        (count, before) = (n, expected);
    }
    let pointer = "SELECT max(max(called_by_event), max(coalesce(done_at_event, 0)))
        FROM effect";
    let newest: Option<i64> =
        connection.query_row(pointer, [], |row| row.get(0)).map_err(failed)?;
    if newest.is_some_and(|newest| newest > count) {
        let reason = "an effect names it, and it is not there".to_owned();
        return Err(Error::Broken { n: unsigned(count + 1), reason });
    }
    let head = before.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Report { events: unsigned(count), head })
}

/// Number, stored hash and, once the hash before is known, the hash that it should have.
type Entry = (i64, Vec<u8>, [u8; 32]);

fn read(row: &Row<'_>) -> rusqlite::Result<impl FnOnce(&[u8]) -> Entry> {
    let (n, at, hash): (i64, i64, Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(5)?);
    let (kind, key, body): (String, String, String) = (row.get(2)?, row.get(3)?, row.get(4)?);
    Ok(move |before: &[u8]| (n, hash, link(n, at, &kind, &key, &body, before)))
}

/// An entry that the database cannot give: its page is damaged, or it is no text.
fn unreadable(path: &Path, n: i64, source: rusqlite::Error) -> Error {
    match Error::database(path, source) {
        Error::Damaged { reason, .. } => Error::Broken { n: unsigned(n), reason },
        Error::Database { source, .. } if source.sqlite_error_code().is_none() => {
            Error::Broken { n: unsigned(n), reason: format!("it cannot be read: {source}") }
        }
        other => other,
    }
}
