//! The conductor: the one process that may append to the journal, and the watchers it tells.

use crate::failure::Failure;
use crate::kinds;
use crate::notice::{Notice, Watcher};
use crate::release::{self, Release};
use crate::rollout::{self, History};
use bowline_diag::Diagnostic;
use bowline_host::directories::Directories;
use bowline_host::files::{self, Lock, TryLock};
use bowline_journal::{Durability, Epoch, Journal, When};
use bowline_model::{Effect, Event, NewEvent};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// The event that says that an effect was overtaken by a later one before it was carried out.
pub(crate) const SUPERSEDED: &str = "engine.effect_superseded";

/// The process that conducts. While it lives no other conducts on the same state folder.
pub struct Conductor {
    /// The one source of truth.
    pub journal: Journal,
    /// Where state lies.
    pub directories: Directories,
    epoch: Epoch,
    watcher: Arc<dyn Watcher>,
    /// Rollouts by key, as far as they were folded: the journal is read once.
    folds: Mutex<BTreeMap<String, Folded<History>>>,
    /// The same of all releases.
    releases: Mutex<Folded<Vec<Release>>>,
    _lock: Lock,
}

/// A fold and the number of the first event that is not in it.
#[derive(Default)]
struct Folded<T> {
    fold: T,
    next: u64,
}

impl Conductor {
    /// Becomes the conductor.
    ///
    /// # Errors
    /// Another conductor lives (its process id is named), or the journal cannot be opened, is
    /// damaged, or holds events that this version does not know.
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
        // On half of what happened nothing is decided.
        journal.check()?;
        journal.refuse_unknown_kinds(&kinds::known())?;
        let epoch = journal.acquire(&format!("process {}", std::process::id()))?;
        let directories = directories.clone();
        let (folds, releases) = (Mutex::default(), Mutex::default());
        Ok(Self { journal, directories, epoch, watcher, folds, releases, _lock: lock })
    }

    /// Appends events and the effects that they call for, in one transaction.
    ///
    /// # Errors
    /// The journal cannot be written, or a newer conductor took over: then nothing is done.
    pub fn append(&self, events: &[NewEvent], effects: &[Effect]) -> Result<Vec<Event>, Failure> {
        if let Some(event) = events.iter().find(|event| !kinds::is_known(&event.kind)) {
            // The next process would refuse to read it.
            return Err(Failure::bug(format!("`{}` does not stand in `kinds.rs`", event.kind)));
        }
        Ok(self.journal.append(&self.epoch, events, effects)?)
    }

    /// Refuses to go on after another conductor has taken over.
    ///
    /// # Errors
    /// It has, or the journal cannot be read.
    pub fn check_epoch(&self) -> Result<(), Failure> {
        Ok(self.journal.check_epoch(&self.epoch)?)
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

    /// The history of the rollout `key`. Only what was appended since the last call is read.
    ///
    /// # Errors
    /// The journal cannot be read, or holds what this version does not know.
    pub(crate) fn history(&self, key: &str) -> Result<History, Failure> {
        let mut folds = self.folds.lock().unwrap_or_else(PoisonError::into_inner);
        let before = folds.remove(key);
        let mut folded = before.unwrap_or_else(|| Folded { fold: History::new(key), next: 0 });
        let mut entries = self.journal.events_of_from("rollout.", key, folded.next)?;
        entries.extend(self.journal.events_of_from(rollout::REMOVED, key, folded.next)?);
        entries.sort_by_key(|entry| entry.n);
        for entry in &entries {
            folded.fold.take_in(entry)?;
            folded.next = entry.n + 1;
        }
        let history = folded.fold.clone();
        folds.insert(key.to_owned(), folded);
        Ok(history)
    }

    /// All releases, oldest first. Only what was appended since the last call is read.
    ///
    /// # Errors
    /// The journal cannot be read, or holds what this version does not know.
    pub fn releases(&self) -> Result<Vec<Release>, Failure> {
        let mut folded = self.releases.lock().unwrap_or_else(PoisonError::into_inner);
        let mut before = std::mem::take(&mut *folded);
        fold_further(&self.journal, &mut before)?;
        *folded = before;
        Ok(folded.fold.clone())
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
    let mut folded = Folded::default();
    fold_further(journal, &mut folded)?;
    Ok(folded.fold)
}

fn fold_further(journal: &Journal, folded: &mut Folded<Vec<Release>>) -> Result<(), Failure> {
    let mut events = Vec::new();
    for prefix in release::kind::PREFIXES {
        events.extend(journal.events_by_kind_from(prefix, folded.next)?);
    }
    events.sort_by_key(|event| event.n);
    fold_events(&events, folded)
}

/// All releases of these events, oldest first.
///
/// # Errors
/// They hold what this version does not know.
pub fn releases_of(events: &[Event]) -> Result<Vec<Release>, Failure> {
    let mut folded = Folded::default();
    fold_events(events, &mut folded)?;
    Ok(folded.fold)
}

fn fold_events(events: &[Event], folded: &mut Folded<Vec<Release>>) -> Result<(), Failure> {
    let unread = |message: String| {
        let message = format!("the journal holds an unreadable entry: {message}");
        let help = "use the version of `bowline` that wrote this journal";
        Failure::usage(Diagnostic::error("BOW1004", message).help(help))
    };
    release::fold_onto(&mut folded.fold, events).map_err(unread)?;
    folded.next = events.last().map_or(folded.next, |event| event.n + 1);
    Ok(())
}
