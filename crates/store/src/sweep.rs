//! What lies in the store, and taking it away again. Which of it is still needed is not known
//! here: who removes something has made sure that nobody reads it.

use crate::{Error, Store};
use bowline_host::files::{self, Lock, TryLock};
use bowline_model::Digest;
use std::path::PathBuf;

/// Shared by everybody who works with trees, held alone by who removes some.
const GUESTS: &str = "locks/guests";

/// A blob of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its name.
    pub digest: Digest,
    /// Its size in bytes.
    pub bytes: u64,
}

/// A tree of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundTree {
    /// Its key.
    pub key: String,
    /// When it was made, in seconds since 1970.
    pub made_at: i64,
}

impl Store {
    /// A guest reads and makes trees and may not be disturbed; waits while somebody clears up.
    /// The conductor needs no such lock: it is the one who clears up.
    ///
    /// # Errors
    /// [`Error::Files`].
    pub fn guest(&self) -> Result<Lock, Error> {
        Ok(files::lock_shared(self.root().join(GUESTS))?)
    }

    /// The store without guests, for as long as the lock is held; `None` when there are some.
    ///
    /// # Errors
    /// [`Error::Files`].
    pub fn alone(&self) -> Result<Option<Lock>, Error> {
        match files::try_lock(self.root().join(GUESTS))? {
            TryLock::Acquired(lock) => Ok(Some(lock)),
            TryLock::HeldBy(_) => Ok(None),
        }
    }

    /// Every blob, sorted by digest.
    ///
    /// # Errors
    /// [`Error::Files`].
    pub fn found_blobs(&self) -> Result<Vec<Found>, Error> {
        let mut found = Vec::new();
        for entry in files::list(self.blobs())? {
            let Ok(digest) = format!("sha256:{}", entry.name).parse::<Digest>() else { continue };
            let bytes = files::metadata(self.path(&digest))?.size;
            found.push(Found { digest, bytes });
        }
        Ok(found)
    }

    /// Every finished tree, sorted by key.
    ///
    /// # Errors
    /// [`Error::Files`].
    pub fn found_trees(&self) -> Result<Vec<FoundTree>, Error> {
        let folder = self.root().join("trees");
        let mut found = Vec::new();
        for entry in files::list(&folder)? {
            if entry.name.starts_with('.') {
                continue;
            }
            let mark = folder.join(format!(".{}.boot", entry.name));
            // Without a mark it will be made again: as good as never made.
            let made_at = match files::metadata(mark) {
                Ok(mark) => mark.modified.seconds,
                Err(error) if error.is_not_found() => 0,
                Err(error) => return Err(error.into()),
            };
            found.push(FoundTree { key: entry.name, made_at });
        }
        Ok(found)
    }

    /// What a crash has left: blobs without a name, half-made trees, locks and marks of trees
    /// that are gone. True only while nobody else is in the store.
    ///
    /// # Errors
    /// [`Error::Files`].
    pub fn leftovers(&self) -> Result<Vec<PathBuf>, Error> {
        let (blobs, trees) = (self.blobs(), self.root().join("trees"));
        let locks = self.root().join("locks");
        let is_gone = |key: &str| !files::exists(trees.join(key));
        // Whoever makes a tree holds its lock.
        let is_being_made = |key: &str| -> Result<bool, Error> {
            let lock = locks.join(format!("tree-{key}"));
            let held = || files::try_lock(&lock).map(|lock| matches!(lock, TryLock::HeldBy(_)));
            Ok(files::exists(&lock) && held()?)
        };
        let mut found = Vec::new();
        for entry in files::list(&blobs)? {
            if entry.name.starts_with('.') {
                found.push(blobs.join(entry.name));
            }
        }
        for entry in files::list(&trees)? {
            let Some(hidden) = entry.name.strip_prefix('.') else { continue };
            let mark = hidden.strip_suffix(".boot").filter(|key| is_gone(key));
            let Some(key) = hidden.strip_suffix(".partial").or(mark) else { continue };
            if !is_being_made(key)? {
                found.push(trees.join(&entry.name));
            }
        }
        for entry in files::list(&locks)? {
            let key = entry.name.strip_prefix("tree-").filter(|key| is_gone(key));
            if let Some(key) = key
                && !is_being_made(key)?
            {
                found.push(locks.join(&entry.name));
            }
        }
        Ok(found)
    }

    /// Damaged blobs that were set aside, for whoever looks for the cause.
    ///
    /// # Errors
    /// [`Error::Files`].
    pub fn set_aside_blobs(&self) -> Result<Vec<PathBuf>, Error> {
        let folder = self.root().join("corrupt");
        if !files::is_dir(&folder) {
            return Ok(Vec::new());
        }
        Ok(files::list(&folder)?.into_iter().map(|entry| folder.join(entry.name)).collect())
    }

    /// Removes a tree with its lock; fine when it is not there. Only for who is alone in the
    /// store: a lock that somebody waits for must never go.
    ///
    /// # Errors
    /// [`Error::Key`], [`Error::Files`].
    pub fn remove_tree(&self, key: &str) -> Result<(), Error> {
        self.tree_dir(key)?.remove()?;
        Ok(files::remove_file(self.root().join("locks").join(format!("tree-{key}")))?)
    }

    /// Removes a blob; fine when it is not there.
    ///
    /// # Errors
    /// [`Error::Files`].
    pub fn remove_blob(&self, digest: &Digest) -> Result<(), Error> {
        Ok(files::remove_file(self.path(digest))?)
    }
}
