//! Tables, and the schema number that says which version wrote them.

use crate::Error;
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;

/// `BOWL` in ASCII: SQLite's application id of a journal.
const APPLICATION_ID: i64 = 0x424f_574c;

/// The schema number that this version writes, in SQLite's `user_version`.
pub(crate) const SCHEMA: i64 = 1;

/// An `AUTOINCREMENT`-free integer key is the row number itself; we choose it, so it has no
/// gaps. The triggers guard against a slip in later code; the chain shows every other change.
const TABLES: &str = "
CREATE TABLE event(
  n INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  body TEXT NOT NULL,
  hash BLOB NOT NULL
) STRICT;
CREATE INDEX event_by_key ON event(key, n);
CREATE INDEX event_by_kind ON event(kind, n);
CREATE TABLE effect(
  sequence INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  body TEXT NOT NULL,
  called_by_event INTEGER NOT NULL,
  done_at_event INTEGER
) STRICT;
CREATE INDEX effect_pending ON effect(sequence) WHERE done_at_event IS NULL;
CREATE TABLE epoch(
  number INTEGER PRIMARY KEY,
  holder TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
CREATE TRIGGER event_never_changes BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'events never change'); END;
CREATE TRIGGER event_never_goes BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'events never go'); END;
CREATE TRIGGER effect_never_goes BEFORE DELETE ON effect
BEGIN SELECT RAISE(ABORT, 'effects never go'); END;
";

/// Makes the tables in a new database; refuses a foreign or newer one.
pub(crate) fn prepare(connection: &mut Connection, path: &Path) -> Result<(), Error> {
    let failed = |source| Error::database(path, source);
    let number = |connection: &Connection, pragma: &str| -> Result<i64, Error> {
        connection.pragma_query_value(None, pragma, |row| row.get(0)).map_err(failed)
    };
    let behavior = TransactionBehavior::Immediate;
    let transaction = connection.transaction_with_behavior(behavior).map_err(failed)?;
    let (id, schema) =
        (number(&transaction, "application_id")?, number(&transaction, "user_version")?);
    let count = "SELECT count(*) FROM sqlite_schema";
    let tables: i64 = transaction.query_row(count, [], |row| row.get(0)).map_err(failed)?;
    if id == 0 && schema == 0 && tables == 0 {
        transaction.execute_batch(TABLES).map_err(failed)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(failed)?;
        transaction.pragma_update(None, "user_version", SCHEMA).map_err(failed)?;
        return transaction.commit().map_err(failed);
    }
    if id != APPLICATION_ID || schema < 1 {
        return Err(Error::NotAJournal(path.to_owned()));
    }
    if schema > SCHEMA {
        return Err(Error::NewerSchema { found: schema, known: SCHEMA });
    }
    Ok(())
}
