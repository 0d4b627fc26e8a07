//! The conductor: the one process that may append to the journal, and the watchers it tells.

use crate::failure::Failure;
use crate::notice::{Notice, Watcher};
use crate::release::{self, Release};
use bowline_diag::Diagnostic;
use bowline_host::directories::Directories;
use bowline_host::files::{self, Lock, TryLock};
use bowline_journal::{Durability, Epoch, Journal};
use bowline_model::{Effect, Event, NewEvent};
use std::sync::Arc;

/// How many events one reading of the journal takes at most.
const EVENTS_MAX: usize = 1_000_000;

/// The process that conducts. While it lives no other conducts on the same state folder.
pub struct Conductor {
    /// The one source of truth.
    pub journal: Journal,
    /// Where state lies.
    pub directories: Directories,
    epoch: Epoch,
    watcher: Arc<dyn Watcher>,
    _lock: Lock,
}

impl Conductor {
    /// Becomes the conductor.
    ///
    /// # Errors
    /// Another conductor lives (its process id is named), or the journal cannot be opened.
    pub fn begin(directories: &Directories, watcher: Arc<dyn Watcher>) -> Result<Self, Failure> {
        directories.create()?;
        let lock = match files::try_lock(directories.state.join("conductor.lock"))? {
            TryLock::Acquired(lock) => lock,
            TryLock::HeldBy(holder) => {
                let message = format!("another `bowline` is at work: process {}", holder.trim());
                return Err(Failure::usage(
                    Diagnostic::error("BOW1003", message)
                        .help("wait for it, or steer it with `bowline rollout abort`"),
                ));
            }
        };
        let journal = Journal::open(directories.journal(), Durability::Full)?;
        let epoch = journal.acquire(&format!("process {}", std::process::id()))?;
        let directories = directories.clone();
        Ok(Self { journal, directories, epoch, watcher, _lock: lock })
    }

    /// Appends events and the effects that they call for, in one transaction.
    ///
    /// # Errors
    /// The journal cannot be written, or a newer conductor took over: then nothing is done.
    pub fn append(&self, events: &[NewEvent], effects: &[Effect]) -> Result<Vec<Event>, Failure> {
        Ok(self.journal.append(&self.epoch, events, effects)?)
    }

    /// Marks an effect as carried out.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn effect_done(&self, key: &str) -> Result<(), Failure> {
        self.journal.effect_done(&self.epoch, key, &[])?;
        Ok(())
    }

    /// The epoch: the first half of the edge's generation.
    #[must_use]
    pub fn epoch_number(&self) -> u64 {
        self.epoch.number()
    }

    /// Tells those who watch.
    pub fn tell(&self, notice: &Notice) {
        self.watcher.notice(notice);
    }

    /// Those who watch, for work on another thread.
    #[must_use]
    pub fn watcher(&self) -> Arc<dyn Watcher> {
        Arc::clone(&self.watcher)
    }

    /// All releases, oldest first.
    ///
    /// # Errors
    /// The journal cannot be read, or holds what this version does not know.
    pub fn releases(&self) -> Result<Vec<Release>, Failure> {
        releases(&self.journal)
    }
}

/// All releases in a journal, oldest first.
///
/// # Errors
/// The journal cannot be read, or holds what this version does not know.
pub fn releases(journal: &Journal) -> Result<Vec<Release>, Failure> {
    let events = journal.events(1, EVENTS_MAX)?;
    release::fold(&events).map_err(|message| {
        Failure::usage(
            Diagnostic::error(
                "BOW1004",
                format!("the journal holds an unreadable entry: {message}"),
            )
            .help("use the version of `bowline` that wrote this journal"),
        )
    })
}
