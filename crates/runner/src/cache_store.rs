//! Entries of the `cache` action on the host, by repository, ref and key.
//!
//! `<root>/<scope>/<version and key>/{entry.json, archive.tar}`; an entry appears whole and
//! never changes. The newest entry wins where several begin with a restore key.

use crate::hashfiles::hex;
use bowline_host::{
    clock,
    files::{self, Error},
    random,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The size of what describes an entry.
const ENTRY_BYTES_MAX: u64 = 64 << 10;

/// Which entries a job reads and writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Its own: read first, and the only one written.
    pub own: String,
    /// Read after its own; usually the default branch.
    pub also: Vec<String>,
}

impl Scope {
    /// The scope of `reference` in `repository`; `tier` keeps strangers' entries apart.
    #[must_use]
    pub fn new(repository: &str, tier: &str, reference: &str, default: Option<&str>) -> Self {
        let name = |tier: &str, reference: &str| {
            let text = format!("{repository}\0{tier}\0{reference}");
            hex(&Sha256::digest(text.as_bytes())[..16])
        };
        let own = name(tier, reference);
        // A stranger may read what the default branch saved, never the other way round.
        let also = default.map(|default| name("trusted", default));
        Self { also: also.into_iter().filter(|scope| *scope != own).collect(), own }
    }
}

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its key.
    pub key: String,
    /// The hash of its paths: other paths, other entry.
    pub version: String,
    /// When it was saved, in milliseconds since 1970.
    pub saved_at: i64,
    /// SHA-256 of its archive, 64 hexadecimal digits.
    pub digest: String,
    /// Its folder.
    #[serde(skip)]
    folder: PathBuf,
}

/// The entries on this machine.
#[derive(Clone, Debug)]
pub struct CacheStore {
    root: PathBuf,
}

impl CacheStore {
    /// Entries below `root`.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// The entry of `key`, else the newest whose key begins with one of `restore`, in order;
    /// first in the own scope, then in the others.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn find(
        &self,
        scope: &Scope,
        version: &str,
        key: &str,
        restore: &[&str],
    ) -> Result<Option<Entry>, Error> {
        for scope in std::iter::once(&scope.own).chain(&scope.also) {
            let mut entries = self.entries(scope)?;
            entries.retain(|entry| entry.version == version);
            entries.sort_by_key(|entry| std::cmp::Reverse(entry.saved_at));
            let exact = entries.iter().find(|entry| entry.key == key);
            let prefixes = std::iter::once(&key).chain(restore);
            let begins = || {
                let mut found = prefixes
                    .filter_map(|prefix| entries.iter().find(|it| it.key.starts_with(prefix)));
                found.next()
            };
            if let Some(entry) = exact.or_else(begins) {
                return Ok(Some(entry.clone()));
            }
        }
        Ok(None)
    }

    /// Copies the archive of an entry to `to`, when it still is what was saved.
    ///
    /// # Errors
    /// The disk, or another digest: the entry was damaged and is taken away.
    pub fn open(&self, entry: &Entry, to: &Path) -> Result<(), Error> {
        let archive = entry.folder.join("archive.tar");
        if digest(&archive)? != entry.digest {
            files::remove_tree(&entry.folder)?;
            let source = std::io::Error::other("the cache entry was damaged and is taken away");
            return Err(Error { path: archive, action: "use", source });
        }
        copy(&archive, to)
    }

    /// Saves an archive under a key; `false` when the key is there already.
    ///
    /// # Errors
    /// The disk.
    pub fn save(
        &self,
        scope: &Scope,
        version: &str,
        key: &str,
        archive: &mut impl std::io::Read,
    ) -> Result<bool, Error> {
        let folder = self.root.join(&scope.own);
        let name = hex(&Sha256::digest(format!("{version}\0{key}").as_bytes())[..16]);
        let place = folder.join(name);
        if files::exists(&place) {
            return Ok(false);
        }
        let staging = folder.join(format!(".{}", random::hex(8)));
        files::create_dirs(&staging)?;
        let stored = staging.join("archive.tar");
        copy_from(archive, &stored)?;
        let entry = Entry {
            key: key.to_owned(),
            version: version.to_owned(),
            saved_at: clock::now().0,
            digest: digest(&stored)?,
            folder: PathBuf::new(),
        };
        let text = serde_json::to_vec(&entry).map_err(|error| Error {
            path: staging.join("entry.json"),
            action: "write",
            source: std::io::Error::other(error),
        })?;
        files::write(staging.join("entry.json"), &text)?;
        match files::rename(&staging, &place) {
            Ok(()) => Ok(true),
            // Another job was quicker: a folder that is not empty cannot be replaced.
            Err(_) if files::exists(&place) => files::remove_tree(&staging).map(|()| false),
            Err(error) => Err(error),
        }
    }

    /// Every entry that can be read; a half-written one has no name yet.
    fn entries(&self, scope: &str) -> Result<Vec<Entry>, Error> {
        let folder = self.root.join(scope);
        if !files::is_dir(&folder) {
            return Ok(Vec::new());
        }
        let mut entries = Vec::new();
        for found in files::list(&folder)? {
            if found.name.starts_with('.') {
                continue;
            }
            let folder = folder.join(&found.name);
            let text = files::read(folder.join("entry.json"), ENTRY_BYTES_MAX)?;
            // An entry that cannot be read is no entry: the cache is missed, not wrong.
            if let Ok(entry) = serde_json::from_slice::<Entry>(&text) {
                entries.push(Entry { folder, ..entry });
            }
        }
        Ok(entries)
    }
}

fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    copy_from(&mut files::open_read(from)?, to)
}

fn copy_from(source: &mut impl std::io::Read, to: &Path) -> Result<(), Error> {
    let mut target = files::create(to)?;
    let failed = |source| Error { path: to.to_owned(), action: "write", source };
    std::io::copy(source, &mut target).map(|_| ()).map_err(failed)
}

fn digest(path: &Path) -> Result<String, Error> {
    let mut file = files::open_read(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let failed = |source| Error { path: path.to_owned(), action: "read", source };
        let count = file.read(&mut buffer).map_err(failed)?;
        if count == 0 {
            return Ok(hex(&hash.finalize()));
        }
        hash.update(&buffer[..count]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_exactly_then_by_prefix_in_the_right_scopes() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = CacheStore::new(&folder.path().join("actions"));
        let archive = || &b"packed"[..];
        let main = Scope::new("acme/app", "trusted", "refs/heads/main", Some("refs/heads/main"));
        let topic = Scope::new("acme/app", "trusted", "refs/heads/x", Some("refs/heads/main"));
        let fork = Scope::new("acme/app", "fork", "refs/heads/main", Some("refs/heads/main"));
        let find = |scope: &Scope, key: &str, restore: &[&str]| {
            let found = store.find(scope, "v", key, restore).expect("it can be read");
            found.map(|entry| entry.key)
        };
        assert!(store.save(&main, "v", "go-1", &mut archive()).expect("it is saved"));
        assert!(!store.save(&main, "v", "go-1", &mut archive()).expect("it is there"));
        assert!(store.save(&topic, "v", "go-2", &mut archive()).expect("it is saved"));
        assert!(store.save(&fork, "v", "evil", &mut archive()).expect("it is saved"));
        assert_eq!(find(&main, "go-1", &[]), Some("go-1".into()));
        assert_eq!(find(&topic, "go-1", &[]), Some("go-1".into()));
        assert_eq!(find(&main, "go-2", &["go-"]), Some("go-1".into()));
        assert_eq!(find(&topic, "go-3", &["x", "go-"]), Some("go-2".into()));
        assert_eq!(find(&main, "evil", &[]), None);
        assert_eq!(find(&fork, "go-1", &[]), Some("go-1".into()));
        assert_eq!(store.find(&main, "other paths", "go-1", &[]).expect("it can be read"), None);
    }

    #[test]
    fn a_damaged_entry_is_not_used() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = CacheStore::new(folder.path());
        let scope = Scope::new("acme/app", "trusted", "refs/heads/main", None);
        assert!(store.save(&scope, "v", "k", &mut &b"packed"[..]).expect("it is saved"));
        let entry =
            store.find(&scope, "v", "k", &[]).expect("it can be read").expect("it is there");
        let to = folder.path().join("b.tar");
        store.open(&entry, &to).expect("it is whole");
        files::write(entry.folder.join("archive.tar"), b"other").expect("a file");
        assert!(store.open(&entry, &to).is_err());
        assert_eq!(store.find(&scope, "v", "k", &[]).expect("it can be read"), None);
    }
}
