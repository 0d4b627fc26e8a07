//! The conductor: the one process that may append to the journal, and the watchers it tells.

use crate::failure::Failure;
use crate::notice::{Notice, Watcher};
use crate::release::{self, Release};
use bowline_diag::Diagnostic;
use bowline_host::directories::Directories;
use bowline_host::files::{self, Lock, TryLock};
use bowline_journal::{Durability, Epoch, Journal, When};
use bowline_model::{Effect, Event, NewEvent};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;

/// The event that says that an effect was overtaken by a later one before it was carried out.
const SUPERSEDED: &str = "engine.effect_superseded";

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
        let lock = match files::try_lock(lock_file(directories))? {
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

    /// Marks an effect as carried out. One that is marked already stays as it is: a process
    /// that resumes cannot know whether the one before got so far.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn effect_done(&self, key: &str) -> Result<(), Failure> {
        self.mark_done(key, &[])
    }

    /// Marks an effect as settled without being carried out, because a later absolute effect
    /// stands above it. The journal says so: a mark alone would read as if it had been done.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn effect_superseded(&self, key: &str) -> Result<(), Failure> {
        self.mark_done(key, &[NewEvent::new(SUPERSEDED, key, json!({}))])
    }

    fn mark_done(&self, key: &str, events: &[NewEvent]) -> Result<(), Failure> {
        match self.journal.effect_done(&self.epoch, key, events) {
            Ok(_) | Err(bowline_journal::Error::EffectDone { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Effects that were decided on and not reported as done, whose keys begin with `prefix`.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn pending(&self, prefix: &str) -> Result<Vec<Effect>, Failure> {
        let all = self.journal.pending()?;
        Ok(all.into_iter().filter(|effect| effect.key.starts_with(prefix)).collect())
    }

    /// A place at which the crash matrix may end the process: before and after an effect.
    pub fn crash_point(&self, kind: &str, key: &str, when: When) {
        self.journal.crash_point(kind, key, when);
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

/// Whether a process conducts on this state folder.
///
/// # Errors
/// The lock cannot be looked at.
pub fn is_alive(directories: &Directories) -> Result<bool, Failure> {
    Ok(files::is_locked(lock_file(directories))?)
}

fn lock_file(directories: &Directories) -> PathBuf {
    directories.state.join("conductor.lock")
}

/// All releases in a journal, oldest first.
///
/// # Errors
/// The journal cannot be read, or holds what this version does not know.
pub fn releases(journal: &Journal) -> Result<Vec<Release>, Failure> {
    let mut events = Vec::new();
    for prefix in release::kind::PREFIXES {
        events.extend(journal.events_by_kind(prefix)?);
    }
    events.sort_by_key(|event| event.n);
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
