//! Artifacts of a run: named sets of files, each a folder that appears at once and whole.
//!
//! Absent on purpose: the wire protocol for actions that run in `node`.

use bowline_host::{
    files::{self, Error, Root},
    random,
};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// The artifacts of one run.
#[derive(Debug)]
pub struct Artifacts {
    folder: PathBuf,
    next: AtomicU64,
}

/// A set of files that is being gathered.
#[derive(Debug)]
pub struct Staging {
    folder: PathBuf,
    root: Root,
    files: usize,
    bytes: u64,
}

/// Characters that a name may not have, as on GitHub.
const FORBIDDEN: [char; 11] = ['"', ':', '<', '>', '|', '*', '?', '\r', '\n', '\\', '/'];

/// Why a name cannot be used; `None` when it can.
#[must_use]
pub fn bad_name(name: &str) -> Option<String> {
    if name.is_empty() || name.starts_with('.') {
        return Some(format!("artifact name `{name}` is empty or begins with a dot"));
    }
    let found = name.chars().find(|character| FORBIDDEN.contains(character) || *character == '\0');
    found.map(|character| format!("artifact name `{name}` has the character {character:?}"))
}

impl Artifacts {
    /// Artifacts below `folder`, which is made when the first one comes.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder, next: AtomicU64::new(1) }
    }

    /// Where they are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The names in order.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn names(&self) -> Result<Vec<String>, Error> {
        if !files::is_dir(&self.folder) {
            return Ok(Vec::new());
        }
        let entries = files::list(&self.folder)?.into_iter().map(|entry| entry.name);
        Ok(entries.filter(|name| !name.starts_with('.')).collect())
    }

    /// The folder of one artifact, if it is there.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<PathBuf> {
        let path = self.folder.join(name);
        (bad_name(name).is_none() && files::is_dir(&path)).then_some(path)
    }

    /// Begins a set of files.
    ///
    /// # Errors
    /// The disk.
    pub fn stage(&self) -> Result<Staging, Error> {
        let folder = self.folder.join(format!(".{}", random::hex(8)));
        files::create_dirs(&folder)?;
        let root = Root::open(&folder)?;
        Ok(Staging { folder, root, files: 0, bytes: 0 })
    }

    /// Gives a set its name and its number. `Ok(None)`: the name is taken and must stay.
    ///
    /// # Errors
    /// The disk.
    pub fn publish(
        &self,
        staging: &Staging,
        name: &str,
        overwrite: bool,
    ) -> Result<Option<u64>, Error> {
        let place = self.folder.join(name);
        if overwrite {
            files::remove_tree(&place)?;
        }
        if files::exists(&place) {
            files::remove_tree(&staging.folder)?;
            return Ok(None);
        }
        files::rename(&staging.folder, &place)?;
        Ok(Some(self.next.fetch_add(1, Ordering::Relaxed)))
    }

    /// Takes a set away that will not be published.
    ///
    /// # Errors
    /// The disk.
    pub fn discard(&self, staging: &Staging) -> Result<(), Error> {
        files::remove_tree(&staging.folder)
    }
}

impl Staging {
    /// Puts a file into the set. Like GitHub's archive it keeps the content, not the mode.
    ///
    /// # Errors
    /// Reading or the disk.
    pub fn add(&mut self, relative: &str, from: &mut impl io::Read) -> Result<(), Error> {
        let path = self.folder.join(relative);
        if let Some((parent, _)) = relative.rsplit_once('/') {
            self.root.create_dirs(parent)?;
        }
        let mut file = self.root.create_new(relative, 0o644)?;
        let copied =
            io::copy(from, &mut file).map_err(|source| Error { path, action: "write", source })?;
        self.files += 1;
        self.bytes += copied;
        Ok(())
    }

    /// How many files there are, and how many bytes.
    #[must_use]
    pub fn size(&self) -> (usize, u64) {
        (self.files, self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_artifact_appears_whole_and_its_name_is_taken_once() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let artifacts = Artifacts::new(folder.path().join("artifacts"));
        assert!(artifacts.names().expect("it is empty").is_empty());
        let mut staging = artifacts.stage().expect("it begins");
        staging.add("a/b.txt", &mut &b"hello"[..]).expect("it is written");
        assert!(artifacts.names().expect("it can be read").is_empty(), "not yet published");
        assert_eq!(artifacts.publish(&staging, "x", false).expect("it is free"), Some(1));
        assert_eq!(artifacts.names().expect("it can be read"), ["x"]);
        let second = artifacts.stage().expect("it begins");
        assert_eq!(artifacts.publish(&second, "x", false).expect("it is taken"), None);
        let third = artifacts.stage().expect("it begins");
        assert_eq!(artifacts.publish(&third, "x", true).expect("it is replaced"), Some(2));
        let place = artifacts.get("x").expect("it is there");
        assert!(!files::exists(place.join("a/b.txt")));
    }

    #[test]
    fn names_that_could_lead_out_are_refused() {
        for name in ["", "..", ".hidden", "a/b", "../x", "a:b", "a\nb", "a\\b"] {
            assert!(bad_name(name).is_some(), "{name:?}");
        }
        assert_eq!(bad_name("build-1 (linux)"), None);
    }
}
