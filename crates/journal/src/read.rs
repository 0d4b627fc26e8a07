//! Reading events.

use crate::{
    Error, Journal,
    append::{body_of, signed, unsigned},
};
use bowline_model::{Event, Timestamp};
use rusqlite::{Connection, Params, Row};

const COLUMNS: &str = "SELECT n, at, kind, key, body FROM event";

impl Journal {
    /// At most `limit` events from number `from` on, in order.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::Broken`].
    pub fn events(&self, from: u64, limit: usize) -> Result<Vec<Event>, Error> {
        let sql = format!("{COLUMNS} WHERE n >= ?1 ORDER BY n LIMIT ?2");
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.select(&self.lock(), &sql, (signed(from), limit))
    }

    /// All events of `key` whose kind begins with `prefix` (`rollout.`, or a whole kind), in
    /// order.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::Broken`].
    pub fn events_of(&self, prefix: &str, key: &str) -> Result<Vec<Event>, Error> {
        let sql = format!("{COLUMNS} WHERE key = ?1 AND substr(kind, 1, ?2) = ?3 ORDER BY n");
        self.select(&self.lock(), &sql, (key, length(prefix), prefix))
    }

    /// All events of every key whose kind begins with `prefix`, in order.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::Broken`].
    pub fn events_by_kind(&self, prefix: &str) -> Result<Vec<Event>, Error> {
        // `{` sorts behind all characters of a kind, so the index finds the range.
        let sql = format!("{COLUMNS} WHERE kind >= ?1 AND kind < ?1 || '{{' ORDER BY n");
        self.select(&self.lock(), &sql, [prefix])
    }

    /// As [`Journal::events_by_kind`], from event number `from` on.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::Broken`].
    pub fn events_by_kind_from(&self, prefix: &str, from: u64) -> Result<Vec<Event>, Error> {
        let sql =
            format!("{COLUMNS} WHERE kind >= ?1 AND kind < ?1 || '{{' AND n >= ?2 ORDER BY n");
        self.select(&self.lock(), &sql, (prefix, signed(from)))
    }

    /// As [`Journal::events_of`], from event number `from` on: what a fold has not seen yet.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::Broken`].
    pub fn events_of_from(&self, prefix: &str, key: &str, from: u64) -> Result<Vec<Event>, Error> {
        let sql =
            format!("{COLUMNS} WHERE key = ?1 AND n >= ?4 AND substr(kind, 1, ?2) = ?3 ORDER BY n");
        self.select(&self.lock(), &sql, (key, length(prefix), prefix, signed(from)))
    }

    /// The keys of all events of exactly this kind, sorted, each once.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn keys_of(&self, kind: &str) -> Result<Vec<String>, Error> {
        let connection = self.lock();
        let sql = "SELECT DISTINCT key FROM event WHERE kind = ?1 ORDER BY key";
        let keys = connection.prepare_cached(sql).and_then(|mut statement| {
            statement.query_map([kind], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()
        });
        keys.map_err(|source| self.failed(source))
    }

    /// The newest event with exactly this kind and key.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::Broken`].
    pub fn last(&self, kind: &str, key: &str) -> Result<Option<Event>, Error> {
        let sql = format!("{COLUMNS} WHERE key = ?1 AND kind = ?2 ORDER BY n DESC LIMIT 1");
        Ok(self.select(&self.lock(), &sql, [key, kind])?.pop())
    }

    /// The number of the newest event; 0 when there is none.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn head(&self) -> Result<u64, Error> {
        self.head_of(&self.lock())
    }

    /// Every kind that the journal holds, each with the number of its first event.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn kinds(&self) -> Result<Vec<(String, u64)>, Error> {
        let connection = self.lock();
        let failed = |source| self.failed(source);
        // One step a kind through the index, however many events there are.
        let sql = "WITH RECURSIVE known(kind) AS (
                SELECT min(kind) FROM event
                UNION ALL
                SELECT (SELECT min(kind) FROM event WHERE kind > known.kind) FROM known
                WHERE known.kind IS NOT NULL
            )
            SELECT kind, (SELECT min(n) FROM event WHERE event.kind = known.kind)
            FROM known WHERE kind IS NOT NULL";
        let mut statement = connection.prepare_cached(sql).map_err(failed)?;
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1).map(unsigned)?));
        let rows = statement.query_map([], read).map_err(failed)?;
        rows.collect::<rusqlite::Result<_>>().map_err(failed)
    }

    /// Refuses a journal with an event of another kind than `known` says, and names the first:
    /// who skipped it would decide on half of what happened.
    ///
    /// # Errors
    /// [`Error::UnknownKind`], [`Error::Database`].
    pub fn refuse_unknown_kinds(&self, known: &[&str]) -> Result<(), Error> {
        let unknown = self.kinds()?.into_iter().filter(|(kind, _)| !known.contains(&&**kind));
        match unknown.min_by_key(|(_, n)| *n) {
            Some((kind, n)) => Err(Error::UnknownKind { n, kind }),
            None => Ok(()),
        }
    }

    pub(crate) fn head_of(&self, connection: &Connection) -> Result<u64, Error> {
        let sql = "SELECT coalesce(max(n), 0) FROM event";
        let read = |row: &Row<'_>| row.get(0).map(unsigned);
        let found = connection.prepare_cached(sql).and_then(|mut s| s.query_row([], read));
        found.map_err(|source| self.failed(source))
    }

    pub(crate) fn events_after(
        &self,
        connection: &Connection,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Event>, Error> {
        let sql = format!("{COLUMNS} WHERE n > ?1 ORDER BY n LIMIT ?2");
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.select(connection, &sql, (signed(after), limit))
    }

    fn select(
        &self,
        connection: &Connection,
        sql: &str,
        parameters: impl Params,
    ) -> Result<Vec<Event>, Error> {
        let failed = |source| self.failed(source);
        let mut statement = connection.prepare_cached(sql).map_err(failed)?;
        let mut rows = statement.query(parameters).map_err(failed)?;
        let mut events = Vec::new();
        while let Some(row) = rows.next().map_err(failed)? {
            let text = |index| row.get::<_, String>(index).map_err(failed);
            let n = unsigned(row.get(0).map_err(failed)?);
            let at = Timestamp(row.get(1).map_err(failed)?);
            events.push(Event {
                n,
                at,
                kind: text(2)?,
                key: text(3)?,
                body: body_of(&text(4)?, n)?,
            });
        }
        Ok(events)
    }
}

/// SQLite's `substr` counts characters.
fn length(text: &str) -> i64 {
    i64::try_from(text.chars().count()).unwrap_or(i64::MAX)
}
