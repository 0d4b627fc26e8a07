//! One holder at a time: `flock` on a file whose text names the holder.

use super::{Error, error::At as _, plain::read_open};
use crate::limits::LOCK_TEXT_BYTES_MAX;
use rustix::fs::FlockOperation;
use std::{
    fs::{File, OpenOptions},
    io::{Seek as _, Write as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// The kernel's list of held locks.
const LOCKS: &str = "/proc/locks";

/// A lock; released when it is dropped or when its process ends, in whichever way.
#[derive(Debug)]
pub struct Lock {
    // Closing the descriptor releases the lock, so it only has to stay open.
    _file: File,
    path: PathBuf,
}

impl Lock {
    /// The lock file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The answer of [`try_lock`].
#[derive(Debug)]
pub enum TryLock {
    /// The lock is ours.
    Acquired(Lock),
    /// Somebody else has it; the text that they left: their process id in decimal digits.
    /// Empty in the moment between their lock and their writing.
    HeldBy(String),
}

/// Waits until the lock file at `path` is ours. The file is created when it is not there and
/// is never removed: removing a lock file is a race.
///
/// # Errors
/// [`Error`].
pub fn lock_exclusive(path: impl AsRef<Path>) -> Result<Lock, Error> {
    let path = path.as_ref();
    let file = open(path)?;
    loop {
        match rustix::fs::flock(&file, FlockOperation::LockExclusive) {
            Err(rustix::io::Errno::INTR) => {}
            result => {
                result.at(path, "lock")?;
                return signed(file, path);
            }
        }
    }
}

/// Waits until nobody holds the lock file at `path` alone, and keeps everybody from doing so: any
/// number of processes may share it. Its text is left as it is.
///
/// # Errors
/// [`Error`].
pub fn lock_shared(path: impl AsRef<Path>) -> Result<Lock, Error> {
    let path = path.as_ref();
    let file = open(path)?;
    loop {
        match rustix::fs::flock(&file, FlockOperation::LockShared) {
            Err(rustix::io::Errno::INTR) => {}
            result => {
                result.at(path, "lock")?;
                return Ok(Lock { _file: file, path: path.to_owned() });
            }
        }
    }
}

/// Takes the lock at `path` if nobody has it.
///
/// # Errors
/// [`Error`]; a lock that somebody else holds is not one.
pub fn try_lock(path: impl AsRef<Path>) -> Result<TryLock, Error> {
    let path = path.as_ref();
    let file = open(path)?;
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => signed(file, path).map(TryLock::Acquired),
        Err(rustix::io::Errno::WOULDBLOCK) => {
            let text = read_open(file, path, LOCK_TEXT_BYTES_MAX)?;
            Ok(TryLock::HeldBy(String::from_utf8_lossy(&text).trim().to_owned()))
        }
        Err(error) => Err(Error::new(path, "lock", error)),
    }
}

/// Whether somebody holds the lock at `path`: a look that takes nothing, so that it never keeps
/// the one who wants the lock from getting it.
///
/// # Errors
/// [`Error`]; a lock file that is not there is held by nobody.
pub fn is_locked(path: impl AsRef<Path>) -> Result<bool, Error> {
    let path = path.as_ref();
    let inode = match std::fs::metadata(path) {
        Ok(metadata) => metadata.ino(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(Error::new(path, "look at", error)),
    };
    // `1: FLOCK  ADVISORY  WRITE 1234 fe:01:5678 0 EOF`; waiting ones have `->` before the kind.
    let held = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let file = words.get(5).and_then(|file| file.rsplit(':').next());
        words.get(1) == Some(&"FLOCK") && file.and_then(|n| n.parse().ok()) == Some(inode)
    };
    let locks = std::fs::read_to_string(LOCKS).at(Path::new(LOCKS), "read")?;
    Ok(locks.lines().any(held))
}

fn open(path: &Path) -> Result<File, Error> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).open(path).at(path, "open")
}

/// Leaves our process id as the lock's text.
fn signed(mut file: File, path: &Path) -> Result<Lock, Error> {
    file.set_len(0).at(path, "write")?;
    file.rewind().at(path, "write")?;
    writeln!(file, "{}", std::process::id()).at(path, "write")?;
    Ok(Lock { _file: file, path: path.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::{TryLock, is_locked, lock_exclusive, lock_shared, try_lock};

    #[test]
    fn a_held_lock_names_its_holder_and_a_dropped_one_is_free() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let held = lock_exclusive(&path).unwrap();
        let TryLock::HeldBy(pid) = try_lock(&path).unwrap() else { panic!("lock given twice") };
        assert_eq!(pid, std::process::id().to_string());
        assert!(is_locked(&path).unwrap());
        drop(held);
        assert!(!is_locked(&path).unwrap());
        assert!(!is_locked(folder.path().join("none")).unwrap());
        assert!(matches!(try_lock(&path).unwrap(), TryLock::Acquired(_)));
    }
    #[test]
    fn a_shared_lock_is_held_by_many_and_keeps_out_who_wants_it_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let many = [lock_shared(&path).unwrap(), lock_shared(&path).unwrap()];
        assert!(matches!(try_lock(&path).unwrap(), TryLock::HeldBy(_)));
        drop(many);
        assert!(matches!(try_lock(&path).unwrap(), TryLock::Acquired(_)));
    }
}
