//! Reading without conducting: `ls`, `why` and `trace` in a second terminal.

use crate::conductor;
use crate::failure::Failure;
use crate::house::House;
use crate::release::Release;
use bowline_journal::{Durability, Journal};
use bowline_model::{Event, NewEvent};
use bowline_record::Index;

/// A journal that is only read, or asked something of.
pub struct Reader {
    journal: Journal,
}

impl Reader {
    /// Opens the journal of the state folder.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(house: &House) -> Result<Self, Failure> {
        house.directories.create()?;
        let journal = Journal::open(house.directories.journal(), Durability::Full)?;
        Ok(Self { journal })
    }

    /// All releases, oldest first.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn releases(&self) -> Result<Vec<Release>, Failure> {
        conductor::releases(&self.journal)
    }

    /// What was built and where it runs.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn index(&self) -> Result<Index, Failure> {
        let events = self.journal.events_by_kind("record.")?;
        Ok(Index::fold(&events)?)
    }

    /// The events of one stage about one key, from event number `from` on.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn events_of_from(
        &self,
        prefix: &str,
        key: &str,
        from: u64,
    ) -> Result<Vec<Event>, Failure> {
        Ok(self.journal.events_of_from(prefix, key, from)?)
    }

    /// The events of one stage about anything.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn events_by_kind(&self, prefix: &str) -> Result<Vec<Event>, Failure> {
        Ok(self.journal.events_by_kind(prefix)?)
    }

    /// Asks the living conductor for something.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn request(&self, request: NewEvent) -> Result<Event, Failure> {
        Ok(self.journal.request(request)?)
    }
}
