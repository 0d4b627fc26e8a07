//! Writing events, with the effects that they call for.

use crate::{
    Epoch, Error, Journal, When, chain,
    limits::{BATCH_ENTRIES_MAX, BODY_BYTES_MAX, KEY_BYTES_MAX, KIND_BYTES_MAX},
    outbox,
};
use bowline_host::clock;
use bowline_model::{Effect, Event, NewEvent};
use rusqlite::{OptionalExtension as _, Transaction};
use serde_json::Value;

impl Journal {
    /// Appends `events` and the `effects` that they call for in one transaction. When this
    /// returns they are durable. An effect whose key is there with the same content is left as
    /// it is, so that a decision can be made twice.
    ///
    /// The returned events are what a later reader gets, to the last digit.
    ///
    /// # Errors
    /// [`Error::Fenced`], [`Error::EffectConflict`], [`Error::Refused`], and those of every
    /// write: [`Error::DiskFull`], [`Error::Busy`], [`Error::Database`].
    pub fn append(
        &self,
        epoch: &Epoch,
        events: &[NewEvent],
        effects: &[Effect],
    ) -> Result<Vec<Event>, Error> {
        let first_event = events.first().map(|event| (event.kind.as_str(), event.key.as_str()));
        let first_effect =
            effects.first().map(|effect| (effect.kind.as_str(), effect.key.as_str()));
        let Some((kind, key)) = first_event.or(first_effect) else {
            return self.write(|transaction| self.fence(transaction, epoch)).map(|()| Vec::new());
        };
        let events = checked(events.iter().map(|e| (&*e.kind, &*e.key, &e.body)))?;
        let effects = checked(effects.iter().map(|e| (&*e.kind, &*e.key, &e.body)))?;
        self.around(kind, key, |transaction| {
            self.fence(transaction, epoch)?;
            let (written, head) = self.insert(transaction, &events)?;
            for effect in &effects {
                outbox::insert(self, transaction, effect, head)?;
            }
            Ok(written)
        })
    }

    /// Appends a request from somebody who is not the conductor (a second terminal). It needs
    /// no epoch, and its kind must begin with `request.`; the conductor follows it.
    ///
    /// # Errors
    /// [`Error::Refused`] for any other kind, and those of every write.
    pub fn request(&self, event: NewEvent) -> Result<Event, Error> {
        if !event.kind.starts_with("request.") {
            let reason = "without an epoch only kinds that begin with `request.` are taken";
            return Err(Error::Refused { kind: event.kind, reason: reason.to_owned() });
        }
        let entries = checked(std::iter::once((&*event.kind, &*event.key, &event.body)))?;
        let written = self.around(&event.kind, &event.key, |transaction| {
            self.insert(transaction, &entries).map(|(written, _)| written)
        })?;
        written.into_iter().next().ok_or_else(|| Error::Refused {
            kind: event.kind,
            reason: "it was written and is not there".to_owned(),
        })
    }

    /// A write with the crash points on both sides.
    pub(crate) fn around<T>(
        &self,
        kind: &str,
        key: &str,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.crash_point(kind, key, When::Before);
        let value = self.write(work)?;
        self.crash_point(kind, key, When::After);
        Ok(value)
    }

    /// Inserts entries at the end of the chain; returns them and the last event's number.
    pub(crate) fn insert(
        &self,
        transaction: &Transaction<'_>,
        entries: &[Entry<'_>],
    ) -> Result<(Vec<Event>, u64), Error> {
        let failed = |source| self.failed(source);
        let last = "SELECT n, hash FROM event ORDER BY n DESC LIMIT 1";
        let last: Option<(i64, Vec<u8>)> = transaction
            .query_row(last, [], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()
            .map_err(failed)?;
        let (mut n, mut hash) = last.unwrap_or((0, chain::START.to_vec()));
        let sql = "INSERT INTO event(n, at, kind, key, body, hash) VALUES(?1,?2,?3,?4,?5,?6)";
        let mut statement = transaction.prepare_cached(sql).map_err(failed)?;
        let mut written = Vec::with_capacity(entries.len());
        for entry in entries {
            n += 1;
            let at = clock::now();
            hash = chain::link(n, at.0, entry.kind, entry.key, &entry.body, &hash).to_vec();
            let row = (n, at.0, entry.kind, entry.key, &entry.body, &hash);
            statement.execute(row).map_err(failed)?;
            let body = body_of(&entry.body, unsigned(n))?;
            let (kind, key) = (entry.kind.to_owned(), entry.key.to_owned());
            written.push(Event { n: unsigned(n), at, kind, key, body });
        }
        Ok((written, unsigned(n)))
    }
}

/// An event or effect that may be written.
pub(crate) struct Entry<'a> {
    pub kind: &'a str,
    pub key: &'a str,
    /// The body as JSON text.
    pub body: String,
}

/// Checks kinds, keys and sizes before anything is written.
pub(crate) fn checked<'a>(
    entries: impl ExactSizeIterator<Item = (&'a str, &'a str, &'a Value)>,
) -> Result<Vec<Entry<'a>>, Error> {
    let count = entries.len();
    entries
        .map(|(kind, key, body)| {
            let body = body.to_string();
            let reason = if count > BATCH_ENTRIES_MAX {
                format!("{count} entries at once, more than the limit of {BATCH_ENTRIES_MAX}")
            } else if !is_kind(kind) {
                "the kind is not `<stage>.<words_with_underscores>`".to_owned()
            } else if key.is_empty() || key.len() > KEY_BYTES_MAX {
                format!("the key has {} bytes; 1 to {KEY_BYTES_MAX} are taken", key.len())
            } else if body.len() > BODY_BYTES_MAX {
                let bytes = body.len();
                format!("the body has {bytes} bytes, more than the limit of {BODY_BYTES_MAX}")
            } else {
                return Ok(Entry { kind, key, body });
            };
            Err(Error::Refused { kind: kind.chars().take(KIND_BYTES_MAX).collect(), reason })
        })
        .collect()
}

fn is_kind(kind: &str) -> bool {
    let word = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|b| b.is_ascii_lowercase() || b"_0123456789".contains(&b))
    };
    let mut words = kind.split('.');
    let two = words.next().is_some_and(word) && words.next().is_some_and(word);
    two && words.all(word) && kind.len() <= KIND_BYTES_MAX
}

/// The body as later readers get it.
pub(crate) fn body_of(text: &str, n: u64) -> Result<Value, Error> {
    serde_json::from_str(text)
        .map_err(|error| Error::Broken { n, reason: format!("its body is not JSON: {error}") })
}

/// SQLite's integers are signed; ours count from 0 or 1.
pub(crate) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// The other way round; a number past SQLite's range reads as its end.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
