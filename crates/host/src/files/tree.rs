//! Whole folders.

use super::{
    Error, Kind, Metadata, Modified, create_dirs,
    error::At as _,
    metadata::{metadata, metadata_if_there},
    plain::{copy_bytes, read_link, set_mode, set_modified, symlink},
};
use crate::limits::{COPY_ENTRIES_MAX, WALK_DEPTH_MAX};
use std::{fs, io, path::Path};

/// One name in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name without its folder.
    pub name: String,
    /// What it is; symbolic links are not followed.
    pub kind: Kind,
}

/// One path below the root of a walk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalkEntry {
    /// The path relative to the root, with `/` between names.
    pub relative: String,
    /// What it is; symbolic links are not followed.
    pub kind: Kind,
    /// Permission bits (`0o7777`).
    pub mode: u32,
    /// Bytes.
    pub size: u64,
    /// When the content last changed.
    pub modified: Modified,
    /// All that is known.
    pub metadata: Metadata,
}

/// The names in a folder, sorted by bytes. What goes while it is read is left out.
///
/// # Errors
/// [`Error`]; a name that is not UTF-8 is one too.
pub fn list(path: impl AsRef<Path>) -> Result<Vec<Entry>, Error> {
    let path = path.as_ref();
    let mut entries = Vec::new();
    for entry in fs::read_dir(path).at(path, "list")? {
        let entry = entry.at(path, "list")?;
        let kind = match entry.file_type() {
            Ok(kind) => kind.into(),
            // It went while the folder was read, as processes do in `/proc`: it is not there.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error).at(&entry.path(), "look at"),
        };
        let name = entry
            .file_name()
            .into_string()
            .map_err(|name| Error::other(&path.join(name), "list", "the name is not UTF-8"))?;
        entries.push(Entry { name, kind });
    }
    entries.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(entries)
}

/// Everything below `root`, a folder before what it holds, siblings sorted by bytes. Symbolic
/// links are listed and not followed. The root itself is not listed.
///
/// # Errors
/// [`Error`]; more than `entries_max` entries or folders deeper than
/// [`WALK_DEPTH_MAX`] are errors too.
pub fn walk(root: impl AsRef<Path>, entries_max: usize) -> Result<Vec<WalkEntry>, Error> {
    let root = root.as_ref();
    let mut found = Vec::new();
    // The folders that we are in, outermost first: what is left to visit, and their paths.
    let mut lists = vec![list(root)?.into_iter()];
    let mut prefixes = vec![String::new()];
    while let (Some(siblings), Some(prefix)) = (lists.last_mut(), prefixes.last()) {
        let Some(entry) = siblings.next() else {
            lists.pop();
            prefixes.pop();
            continue;
        };
        if found.len() >= entries_max {
            let message = format!("more than {entries_max} entries");
            return Err(Error::other(root, "walk through", message));
        }
        let relative =
            if prefix.is_empty() { entry.name } else { format!("{prefix}/{}", entry.name) };
        let path = root.join(&relative);
        let metadata = metadata(&path)?;
        if metadata.kind == Kind::Dir {
            if lists.len() >= WALK_DEPTH_MAX {
                let message = format!("folders are nested more than {WALK_DEPTH_MAX} deep");
                return Err(Error::other(&path, "walk through", message));
            }
            lists.push(list(&path)?.into_iter());
            prefixes.push(relative.clone());
        }
        found.push(WalkEntry {
            relative,
            kind: metadata.kind,
            mode: metadata.mode,
            size: metadata.size,
            modified: metadata.modified,
            metadata,
        });
    }
    Ok(found)
}

/// Removes a file, a symbolic link, or a folder with all that it holds; fine when it is not
/// there. Folders without write permission (Go's module cache) are made writable first.
///
/// # Errors
/// [`Error`].
pub fn remove_tree(path: impl AsRef<Path>) -> Result<(), Error> {
    let path = path.as_ref();
    match metadata_if_there(path)?.map(|found| found.kind) {
        None => Ok(()),
        Some(Kind::Dir) => remove_folder(path),
        Some(Kind::File | Kind::Symlink | Kind::Other) => super::remove_file(path),
    }
}

fn remove_folder(path: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            make_removable(path)?;
            fs::remove_dir_all(path).at(path, "remove the folder")
        }
        Err(error) => Err(Error::new(path, "remove the folder", error)),
    }
}

/// Gives the owner all permissions on a folder and the folders below it.
fn make_removable(path: &Path) -> Result<(), Error> {
    let mut waiting = vec![path.to_owned()];
    while let Some(folder) = waiting.pop() {
        set_mode(&folder, 0o700)?;
        for entry in fs::read_dir(&folder).at(&folder, "list")? {
            let entry = entry.at(&folder, "list")?;
            if entry.file_type().at(&entry.path(), "look at")?.is_dir() {
                waiting.push(entry.path());
            }
        }
    }
    Ok(())
}

/// Copies a folder: files, folders, symbolic links as they are, with mode and modification
/// time. Owners are those of this user; hard links become files of their own.
///
/// # Errors
/// [`Error`]; a device, socket or pipe is one too, and so is a file in the way.
pub fn copy_tree(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<(), Error> {
    let (from, to) = (from.as_ref(), to.as_ref());
    let entries = walk(from, COPY_ENTRIES_MAX)?;
    create_dirs(to)?;
    for entry in &entries {
        let (source, target) = (from.join(&entry.relative), to.join(&entry.relative));
        match entry.kind {
            Kind::Dir => create_dirs(&target)?,
            Kind::File => {
                copy_bytes(&source, &target)?;
                set_mode(&target, entry.mode)?;
                set_modified(&target, entry.modified)?;
            }
            Kind::Symlink => {
                symlink(read_link(&source)?, &target)?;
                set_modified(&target, entry.modified)?;
            }
            Kind::Other => {
                let message = "it is neither file, folder nor symbolic link";
                return Err(Error::other(&source, "copy", message));
            }
        }
    }
    // Folders last and from the inside out: writing into them changes their time.
    for entry in entries.iter().rev().filter(|entry| entry.kind == Kind::Dir) {
        let target = to.join(&entry.relative);
        set_mode(&target, entry.mode)?;
        set_modified(&target, entry.modified)?;
    }
    let root = metadata(from)?;
    set_mode(to, root.mode)?;
    set_modified(to, root.modified)
}

#[cfg(test)]
mod tests {
    use super::{copy_tree, list, remove_tree, walk};
    use crate::files::{Kind, Modified, set_mode, set_modified};
    use std::{
        fs,
        path::Path,
        sync::atomic::{AtomicBool, Ordering},
    };

    fn sample(root: &Path) {
        fs::create_dir_all(root.join("a/deep")).unwrap();
        fs::write(root.join("a/deep/file"), "content").unwrap();
        fs::write(root.join("a-b"), "").unwrap();
        std::os::unix::fs::symlink("/nowhere", root.join("link")).unwrap();
        set_mode(root.join("a/deep/file"), 0o755).unwrap();
        set_modified(root.join("a/deep/file"), Modified::from_seconds(1000)).unwrap();
        set_modified(root.join("a/deep"), Modified::from_seconds(2000)).unwrap();
        set_modified(root.join("link"), Modified::from_seconds(3000)).unwrap();
    }

    #[test]
    fn what_goes_while_a_folder_is_read_is_no_error() {
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while !stop.load(Ordering::Relaxed) {
                        drop(std::thread::spawn(|| {}).join());
                    }
                });
            }
            let lists = (0..20_000).map(|_| list("/proc/self/task"));
            let failed: Vec<_> = lists.filter_map(Result::err).collect();
            stop.store(true, Ordering::Relaxed);
            assert!(failed.is_empty(), "{} failed: {:?}", failed.len(), failed.first());
        });
    }

    #[test]
    fn a_copy_has_the_same_entries_modes_and_times() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::create_dir(&from).unwrap();
        sample(&from);
        copy_tree(&from, &to).unwrap();
        let facts = |root: &Path| -> Vec<_> {
            let entries = walk(root, 100).unwrap().into_iter();
            entries.map(|e| (e.relative, e.kind, e.mode, e.size, e.modified)).collect()
        };
        assert_eq!(facts(&from), facts(&to));
        let names: Vec<_> = facts(&to).into_iter().map(|fact| (fact.0, fact.1)).collect();
        let expected = [
            ("a", Kind::Dir),
            ("a/deep", Kind::Dir),
            ("a/deep/file", Kind::File),
            ("a-b", Kind::File),
            ("link", Kind::Symlink),
        ];
        assert_eq!(names, expected.map(|(name, kind)| (name.to_owned(), kind)));
    }

    #[test]
    fn a_walk_stops_at_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        sample(folder.path());
        let error = walk(folder.path(), 4).unwrap_err();
        assert!(error.to_string().contains("more than 4 entries"), "{error}");
        assert_eq!(walk(folder.path(), 5).unwrap().len(), 5);
    }

    #[test]
    fn read_only_folders_are_removed_too() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("tree");
        fs::create_dir(&root).unwrap();
        sample(&root);
        set_mode(root.join("a/deep"), 0o555).unwrap();
        set_mode(root.join("a"), 0o000).unwrap();
        remove_tree(&root).unwrap();
        assert!(!root.exists());
        remove_tree(&root).unwrap();
    }
}
