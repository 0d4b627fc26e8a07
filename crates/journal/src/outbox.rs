//! The outbox: effects that were decided on, and whether they were performed.

use crate::{
    Epoch, Error, Journal,
    append::{Entry, body_of, checked, signed, unsigned},
};
use bowline_model::{Effect, Event, NewEvent};
use rusqlite::{OptionalExtension as _, Transaction};

impl Journal {
    /// The effects that were not performed yet, in the order in which they were decided on.
    /// After a restart all of them are performed (again); their keys make that harmless.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn pending(&self) -> Result<Vec<Effect>, Error> {
        let connection = self.lock();
        let failed = |source| self.failed(source);
        let sql = "SELECT kind, key, body, called_by_event FROM effect
            WHERE done_at_event IS NULL ORDER BY sequence";
        let mut statement = connection.prepare_cached(sql).map_err(failed)?;
        let mut rows = statement.query([]).map_err(failed)?;
        let mut effects = Vec::new();
        while let Some(row) = rows.next().map_err(failed)? {
            let text = |index| row.get::<_, String>(index).map_err(failed);
            let called_by: i64 = row.get(3).map_err(failed)?;
            let body = body_of(&text(2)?, unsigned(called_by))?;
            effects.push(Effect { kind: text(0)?, key: text(1)?, body });
        }
        Ok(effects)
    }

    /// Marks an effect as performed and appends the events of its result, in one transaction.
    ///
    /// # Errors
    /// [`Error::Fenced`], [`Error::NoSuchEffect`], [`Error::EffectDone`], [`Error::Refused`],
    /// and those of every write.
    pub fn effect_done(
        &self,
        epoch: &Epoch,
        key: &str,
        events: &[NewEvent],
    ) -> Result<Vec<Event>, Error> {
        let entries = checked(events.iter().map(|e| (&*e.kind, &*e.key, &e.body)))?;
        let kind = format!("{}.done", self.kind_of(key)?);
        self.around(&kind, key, |transaction| {
            self.fence(transaction, epoch)?;
            let done = "SELECT done_at_event FROM effect WHERE key = ?1";
            let done: Option<i64> = transaction
                .query_row(done, [key], |row| row.get(0))
                .map_err(|source| self.failed(source))?;
            if let Some(done_at) = done {
                let (key, done_at) = (key.to_owned(), unsigned(done_at));
                return Err(Error::EffectDone { key, done_at });
            }
            let (written, head) = self.insert(transaction, &entries)?;
            let mark = "UPDATE effect SET done_at_event = ?1 WHERE key = ?2";
            transaction.execute(mark, (signed(head), key)).map_err(|source| self.failed(source))?;
            Ok(written)
        })
    }

    fn kind_of(&self, key: &str) -> Result<String, Error> {
        let sql = "SELECT kind FROM effect WHERE key = ?1";
        let found = self.lock().query_row(sql, [key], |row| row.get(0)).optional();
        let found = found.map_err(|source| self.failed(source))?;
        found.ok_or_else(|| Error::NoSuchEffect(key.to_owned()))
    }
}

/// Writes an effect, or finds the same one there already.
pub(crate) fn insert(
    journal: &Journal,
    transaction: &Transaction<'_>,
    effect: &Entry<'_>,
    head: u64,
) -> Result<(), Error> {
    let failed = |source| journal.failed(source);
    let sql = "SELECT kind, body FROM effect WHERE key = ?1";
    let there: Option<(String, String)> = transaction
        .query_row(sql, [effect.key], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
        .map_err(failed)?;
    let Some((kind, body)) = there else {
        let sql = "INSERT INTO effect(key, kind, body, called_by_event) VALUES(?1,?2,?3,?4)";
        let row = (effect.key, effect.kind, &effect.body, signed(head));
        transaction.execute(sql, row).map_err(failed)?;
        return Ok(());
    };
    // As values: the order of an object's keys does not matter.
    let same = kind == effect.kind && body_of(&body, head)? == body_of(&effect.body, head)?;
    if same { Ok(()) } else { Err(Error::EffectConflict(effect.key.to_owned())) }
}
