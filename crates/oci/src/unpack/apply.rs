//! Applying the entries of layers to a root, one layer after another.

use crate::{
    Error,
    limits::NAME_BYTES_MAX,
    tar_read::{Entry, Kind, Source, TarReader},
};
use bowline_host::files::{self, Modified, Root};
use std::collections::{BTreeMap, HashSet};

/// A folder's final facts, set when nothing is written into it any more.
struct FolderFacts {
    owner: Option<(u32, u32)>,
    mode: u32,
    modified: Modified,
}

pub(super) struct Applier {
    root: Root,
    entries_left: u64,
    entries_max: u64,
    /// Whether owners and setuid bits are kept.
    privileged: bool,
    /// Paths that the current layer made or needs: its whiteouts do not touch them.
    made: HashSet<String>,
    folders: BTreeMap<String, FolderFacts>,
    notes: Vec<String>,
}

impl Applier {
    pub(super) fn new(root: Root, entries_max: u64) -> Self {
        Self {
            root,
            entries_left: entries_max,
            entries_max,
            privileged: files::is_root(),
            made: HashSet::new(),
            folders: BTreeMap::new(),
            notes: Vec::new(),
        }
    }

    /// Applies a layer and reads its archive to the end; gives the source back.
    pub(super) fn layer<S: Source>(&mut self, mut archive: TarReader<S>) -> Result<S, Error> {
        self.made.clear();
        while let Some(entry) = archive.next_entry()? {
            self.entries_left = self.entries_left.checked_sub(1).ok_or(Error::TooLarge {
                what: "the image".to_owned(),
                limit: self.entries_max,
                unit: "entries",
            })?;
            self.entry(&entry, &mut archive)?;
        }
        archive.finish()
    }

    /// Sets modes and times of folders, the innermost first; returns what could not be kept.
    pub(super) fn finish(self) -> Result<Vec<String>, Error> {
        for (path, facts) in self.folders.iter().rev() {
            let at = if path.is_empty() { "." } else { path };
            match self.root.metadata(at)? {
                // A later layer may have replaced it.
                Some(found) if found.kind == files::Kind::Dir => {}
                Some(_) | None => continue,
            }
            if let (Some((uid, gid)), false) = (facts.owner, path.is_empty()) {
                self.root.set_owner(path, uid, gid)?;
            }
            self.root.set_mode(at, facts.mode)?;
            if !path.is_empty() {
                self.root.set_modified(path, facts.modified)?;
            }
        }
        Ok(self.notes)
    }

    fn entry<S: Source>(&mut self, entry: &Entry, archive: &mut TarReader<S>) -> Result<(), Error> {
        let path = normal(&entry.path, &entry.path)?;
        if path.is_empty() {
            return self.root_entry(entry);
        }
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        if let Some(hidden) = name.strip_prefix(".wh.") {
            return self.whiteout(entry, folder, hidden);
        }
        self.parents(folder, entry)?;
        match entry.kind {
            Kind::Dir => self.folder(&path, entry)?,
            Kind::File => self.file(&path, entry, archive)?,
            Kind::Symlink => {
                self.clear(&path)?;
                if entry.link.is_empty() {
                    return Err(Error::refused(&entry.path, "a symbolic link without a target"));
                }
                self.root.symlink(&entry.link, &path)?;
                if let Some((uid, gid)) = self.owner(entry) {
                    self.root.set_owner(&path, uid, gid)?;
                }
                self.root.set_modified(&path, Modified::from_seconds(entry.modified))?;
            }
            Kind::HardLink => self.hard_link(&path, entry)?,
            Kind::CharacterDevice | Kind::BlockDevice => {
                return Err(Error::refused(&entry.path, "it is a device node"));
            }
            Kind::Pipe => return Err(Error::refused(&entry.path, "it is a named pipe")),
        }
        for attribute in &entry.attributes {
            self.note(&entry.path, &format!("the attribute `{attribute}` is left out"));
        }
        self.made.insert(path);
        Ok(())
    }

    fn root_entry(&mut self, entry: &Entry) -> Result<(), Error> {
        if entry.kind != Kind::Dir {
            return Err(Error::refused(&entry.path, "it would replace the root itself"));
        }
        let facts = self.facts(entry);
        self.folders.insert(String::new(), facts);
        Ok(())
    }

    /// Makes the folders above an entry where the archive has none, and marks them as needed.
    fn parents(&mut self, folder: &str, entry: &Entry) -> Result<(), Error> {
        if folder.is_empty() {
            return Ok(());
        }
        // What this layer has made may be a symbolic link to nowhere.
        let known = self.made.contains(folder);
        if known && self.root.metadata(&format!("{folder}/.")).is_ok_and(|it| it.is_some()) {
            return Ok(());
        }
        self.root.create_dirs(folder).map_err(|error| {
            if error.is_disk_full() {
                return Error::Files(error);
            }
            Error::refused(&entry.path, format!("its folder cannot be made: {error}"))
        })?;
        for (at, _) in folder.match_indices('/') {
            self.made.insert(folder[..at].to_owned());
        }
        self.made.insert(folder.to_owned());
        Ok(())
    }

    fn folder(&mut self, path: &str, entry: &Entry) -> Result<(), Error> {
        let there = self.root.metadata(path)?;
        if there.is_none_or(|found| found.kind != files::Kind::Dir) {
            self.clear(path)?;
            self.root.create_dirs(path)?;
        }
        let facts = self.facts(entry);
        self.folders.insert(path.to_owned(), facts);
        Ok(())
    }

    fn file<S: Source>(
        &mut self,
        path: &str,
        entry: &Entry,
        archive: &mut TarReader<S>,
    ) -> Result<(), Error> {
        self.clear(path)?;
        let mut file = self.root.new_file(path)?;
        let mut buffer = vec![0; 64 << 10];
        loop {
            match archive.read(&mut buffer)? {
                0 => break,
                count => file.write(&buffer[..count])?,
            }
        }
        let mut mode = entry.mode;
        if !self.privileged && mode & 0o6000 != 0 {
            // The file belongs to this user here; the bit would lend out the wrong rights.
            mode &= 0o1777;
            self.note(&entry.path, "setuid and setgid are left out");
        }
        Ok(file.finish(self.owner(entry), mode, Modified::from_seconds(entry.modified))?)
    }

    fn hard_link(&mut self, path: &str, entry: &Entry) -> Result<(), Error> {
        let existing = normal(&entry.link, &entry.path)?;
        let kind = self.root.metadata(&existing)?.map(|found| found.kind);
        match kind {
            Some(files::Kind::File | files::Kind::Symlink) => {}
            Some(files::Kind::Dir | files::Kind::Other) | None => {
                let reason = format!("it links to `{}`, which is no file", entry.link);
                return Err(Error::refused(&entry.path, reason));
            }
        }
        if existing == path {
            return Err(Error::refused(&entry.path, "it links to itself"));
        }
        self.clear(path)?;
        self.root.hard_link(&existing, path).map_err(|error| {
            Error::refused(&entry.path, format!("the link cannot be made: {error}"))
        })
    }

    /// `.wh.<name>` hides a name of the layers below, `.wh..wh..opq` all of a folder. Neither
    /// touches what this layer itself has made, in whichever order it comes.
    fn whiteout(&mut self, entry: &Entry, folder: &str, hidden: &str) -> Result<(), Error> {
        match hidden {
            "" | "." | ".." => {
                return Err(Error::refused(&entry.path, "it hides no name"));
            }
            ".wh..opq" => {
                if self.is_folder(folder)? {
                    let listed = if folder.is_empty() { "." } else { folder };
                    for name in self.root.list(listed)? {
                        self.hide(&joined(folder, &name))?;
                    }
                }
            }
            _ if hidden.starts_with(".wh.") => {
                self.note(&entry.path, "this bookkeeping of an old storage driver is left out");
            }
            name => self.hide(&joined(folder, name))?,
        }
        Ok(())
    }

    fn is_folder(&self, path: &str) -> Result<bool, Error> {
        if path.is_empty() {
            return Ok(true);
        }
        // A trailing name that is a symbolic link is not a folder: nothing behind it is hidden.
        Ok(self.root.metadata(path)?.is_some_and(|found| found.kind == files::Kind::Dir))
    }

    /// Removes what lower layers have at `path`; keeps what the current layer made.
    fn hide(&mut self, path: &str) -> Result<(), Error> {
        if !self.made.contains(path) {
            self.forget(path);
            return Ok(self.root.remove(path)?);
        }
        if self.is_folder(path)? {
            for name in self.root.list(path)? {
                self.hide(&joined(path, &name))?;
            }
        }
        Ok(())
    }

    /// Removes whatever is at `path`, so that the new entry is made and never written through.
    fn clear(&mut self, path: &str) -> Result<(), Error> {
        self.forget(path);
        Ok(self.root.remove(path)?)
    }

    /// Folders that are gone keep no facts.
    fn forget(&mut self, path: &str) {
        self.folders.remove(path);
        let below = format!("{path}/");
        let range = self.folders.range(below.clone()..);
        let gone: Vec<_> =
            range.map(|(key, _)| key).take_while(|key| key.starts_with(&below)).cloned().collect();
        for key in gone {
            self.folders.remove(&key);
        }
    }

    fn owner(&self, entry: &Entry) -> Option<(u32, u32)> {
        self.privileged.then_some((entry.uid, entry.gid))
    }

    fn facts(&self, entry: &Entry) -> FolderFacts {
        // Without privileges this user must be able to enter and read all folders again.
        let mode = if self.privileged { entry.mode } else { entry.mode | 0o700 };
        let modified = Modified::from_seconds(entry.modified);
        FolderFacts { owner: self.owner(entry), mode, modified }
    }

    fn note(&mut self, path: &str, what: &str) {
        let path: String = path.chars().take(200).flat_map(char::escape_debug).collect();
        self.notes.push(format!("{path}: {what}"));
    }
}

fn joined(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// A path relative to the root without `.` and empty names. `..` is refused, also where it
/// would stay inside: no tool that packs images writes it. A leading slash means the root.
fn normal(path: &str, shown: &str) -> Result<String, Error> {
    let mut names = Vec::new();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => return Err(Error::refused(shown, "its path holds `..`")),
            _ if name.len() > NAME_BYTES_MAX => {
                return Err(Error::refused(shown, "a name in its path is longer than 255 bytes"));
            }
            _ => names.push(name),
        }
    }
    Ok(names.join("/"))
}
