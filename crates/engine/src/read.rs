//! Reading without conducting: `ls`, `why` and `trace` in a second terminal.
//!
//! A journal that is damaged, or that holds what this version does not know, is read up to the
//! entry before; [`Reader::trouble`] says so. Nothing is ever skipped.

use crate::conductor;
use crate::failure::Failure;
use crate::house::House;
use crate::kinds;
use crate::release::Release;
use bowline_host::directories::Directories;
use bowline_journal::{Durability, Error, Journal};
use bowline_model::{Event, NewEvent};
use bowline_record::Index;

/// A journal that is only read, or asked something of.
pub struct Reader {
    directories: Directories,
    source: Source,
    trouble: Option<Failure>,
}

/// Where events come from.
enum Source {
    /// There is no journal yet.
    Nothing,
    /// A journal that is whole.
    Journal(Journal),
    /// What is sound of one that is not.
    Sound(Vec<Event>),
}

impl Reader {
    /// Opens the journal of the state folder. It is neither made nor changed.
    ///
    /// # Errors
    /// It cannot be opened, or a newer version wrote it.
    pub fn open(house: &House) -> Result<Self, Failure> {
        let directories = house.directories.clone();
        let Some(journal) = Journal::open_to_read(directories.journal())? else {
            return Ok(Self { directories, source: Source::Nothing, trouble: None });
        };
        let known = kinds::known();
        let checked = journal.check().and_then(|_| journal.refuse_unknown_kinds(&known));
        let sound = match &checked {
            Ok(()) => {
                return Ok(Self { directories, source: Source::Journal(journal), trouble: None });
            }
            Err(Error::Broken { n, .. } | Error::UnknownKind { n, .. }) => n.saturating_sub(1),
            // The chain is whole, so every entry is; what finds them by their kind is not.
            Err(Error::Damaged { .. }) => u64::MAX,
            Err(_) => 0,
        };
        let trouble = checked.err().map(Failure::from);
        let events = match usize::try_from(sound).unwrap_or(usize::MAX) {
            0 => Vec::new(),
            limit => journal.events(1, limit)?,
        };
        Ok(Self { directories, source: Source::Sound(events), trouble })
    }

    /// Why not all of the journal can be read, if that is so: what is shown ends before it.
    #[must_use]
    pub fn trouble(&self) -> Option<&Failure> {
        self.trouble.as_ref()
    }

    /// All releases, oldest first.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn releases(&self) -> Result<Vec<Release>, Failure> {
        match &self.source {
            Source::Nothing => Ok(Vec::new()),
            Source::Journal(journal) => conductor::releases(journal),
            Source::Sound(events) => conductor::releases_of(events),
        }
    }

    /// What was built and where it runs.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn index(&self) -> Result<Index, Failure> {
        Ok(Index::fold(&self.events_by_kind("record.")?)?)
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
        match &self.source {
            Source::Journal(journal) => Ok(journal.events_of_from(prefix, key, from)?),
            _ => Ok(self.sound(|event| {
                event.kind.starts_with(prefix) && event.key == key && event.n >= from
            })),
        }
    }

    /// The events of one stage about anything.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn events_by_kind(&self, prefix: &str) -> Result<Vec<Event>, Failure> {
        match &self.source {
            Source::Journal(journal) => Ok(journal.events_by_kind(prefix)?),
            _ => Ok(self.sound(|event| event.kind.starts_with(prefix))),
        }
    }

    fn sound(&self, wanted: impl Fn(&Event) -> bool) -> Vec<Event> {
        let Source::Sound(events) = &self.source else { return Vec::new() };
        events.iter().filter(|event| wanted(event)).cloned().collect()
    }

    /// Asks the living conductor for something.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn request(&self, request: NewEvent) -> Result<Event, Failure> {
        if let Some(trouble) = &self.trouble {
            return Err(trouble.clone());
        }
        let journal = Journal::open(self.directories.journal(), Durability::Full)?;
        Ok(journal.request(request)?)
    }
}
