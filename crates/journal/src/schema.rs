//! Tables, and the schema number that says which version wrote them.
//!
//! A schema only ever adds to the one before: what one version wrote, every later one reads. A
//! new journal takes the same steps as an old one, so both end with the same tables.

use crate::{Error, chain};
use bowline_host::clock;
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior};
use std::path::Path;

/// `BOWL` in ASCII: SQLite's application id of a journal.
const APPLICATION_ID: i64 = 0x424f_574c;

/// The step to each schema number, the first to number 1.
const STEPS: &[&str] = &[include_str!("schema/1.sql"), include_str!("schema/2.sql")];

/// The schema number that this version writes, in SQLite's `user_version`.
pub(crate) const SCHEMA: i64 = STEPS.len() as i64;

/// The first schema with the table `writer`.
const WITH_WRITER: i64 = 2;

/// The version that this crate is released with.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Makes the tables in a new database, or takes an older one to this version's schema in one
/// transaction; refuses a foreign, newer or damaged one and leaves it as it is.
pub(crate) fn prepare(connection: &mut Connection, path: &Path) -> Result<(), Error> {
    let failed = |source| Error::database(path, source);
    let behavior = TransactionBehavior::Immediate;
    let transaction = connection.transaction_with_behavior(behavior).map_err(failed)?;
    let found = match found(&transaction, path)? {
        None => 0,
        Some(schema) if schema == SCHEMA => return Ok(()),
        Some(schema) => {
            // What is damaged is for whoever looks for the cause; it is not written anew.
            chain::verify(&transaction, path)?;
            schema
        }
    };
    migrate(&transaction, found).map_err(failed)?;
    transaction.commit().map_err(failed)
}

/// Checks that this version can read the database. An older schema is read as it is: later ones
/// only add to it.
pub(crate) fn check(connection: &Connection, path: &Path) -> Result<(), Error> {
    match found(connection, path)? {
        Some(_) => Ok(()),
        None => Err(Error::NotAJournal(path.to_owned())),
    }
}

/// The schema number; `None` for a database without anything in it.
fn found(connection: &Connection, path: &Path) -> Result<Option<i64>, Error> {
    let failed = |source| Error::database(path, source);
    let number = |pragma: &str| -> Result<i64, Error> {
        connection.pragma_query_value(None, pragma, |row| row.get(0)).map_err(failed)
    };
    let (id, schema) = (number("application_id")?, number("user_version")?);
    let count = "SELECT count(*) FROM sqlite_schema";
    let tables: i64 = connection.query_row(count, [], |row| row.get(0)).map_err(failed)?;
    if id == 0 && schema == 0 && tables == 0 {
        return Ok(None);
    }
    if id != APPLICATION_ID || schema < 1 {
        return Err(Error::NotAJournal(path.to_owned()));
    }
    if schema > SCHEMA {
        let writer = writer(connection).map_err(failed)?;
        return Err(Error::NewerSchema { found: schema, known: SCHEMA, writer });
    }
    Ok(Some(schema))
}

/// The version that brought the journal to its schema, as far as it says so.
fn writer(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let table = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'writer'";
    let there: i64 = connection.query_row(table, [], |row| row.get(0))?;
    if there == 0 {
        return Ok(None);
    }
    let newest = "SELECT version FROM writer ORDER BY schema DESC LIMIT 1";
    connection.query_row(newest, [], |row| row.get(0)).optional()
}

fn migrate(transaction: &Transaction<'_>, from: i64) -> rusqlite::Result<()> {
    for (number, step) in (1..).zip(STEPS).filter(|(number, _)| *number > from) {
        transaction.execute_batch(step)?;
        if number >= WITH_WRITER {
            let row = "INSERT INTO writer(schema, version, at) VALUES(?1, ?2, ?3)";
            transaction.execute(row, (number, VERSION, clock::now().0))?;
        }
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", SCHEMA)
}
