//! The hash chain: each entry carries a hash over itself and the hash of the one before.
//!
//! It shows every later change, insertion or removal in the middle. It cannot show that the
//! newest entries were cut off or that the whole file was written anew by somebody who knows
//! this code; for that, compare [`Report::head`] with a value kept elsewhere.

use crate::{
    Error, Journal,
    append::{signed, unsigned},
};
use sha2::{Digest as _, Sha256};

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
    /// [`Error::Broken`] with the first entry that does not fit, [`Error::Database`].
    pub fn verify(&self) -> Result<Report, Error> {
        let connection = self.lock();
        let failed = |source| self.failed(source);
        let sql = "SELECT n, at, kind, key, body, hash FROM event ORDER BY n";
        let mut statement = connection.prepare(sql).map_err(failed)?;
        let mut rows = statement.query([]).map_err(failed)?;
        let (mut count, mut before) = (0, START);
        while let Some(row) = rows.next().map_err(failed)? {
            let text = |index| row.get::<_, String>(index).map_err(failed);
            let n: i64 = row.get(0).map_err(failed)?;
            if n != count + 1 {
                let reason = format!("the entry after {count} is missing");
                return Err(Error::Broken { n: unsigned(count + 1), reason });
            }
            let at: i64 = row.get(1).map_err(failed)?;
            let hash: Vec<u8> = row.get(5).map_err(failed)?;
            let expected = link(n, at, &text(2)?, &text(3)?, &text(4)?, &before);
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
        debug_assert!(signed(unsigned(count)) == count, "counts are not negative");
        Ok(Report { events: unsigned(count), head })
    }
}
