//! A commit as a folder in the store: made once, never changed.

use crate::{
    Error, Repository,
    limits::{FILES_MAX, POINTER_BYTES_MAX},
    object::{Entry, Kind},
};
use bowline_host::files::{self, Modified, Root};
use bowline_model::Revision;
use bowline_store::Store;
use std::{io::Write as _, path::Path, path::PathBuf};

/// How a Git LFS pointer begins (Git LFS specification).
const POINTER: &[u8] = b"version https://git-lfs.github.com/spec/v1";

/// The files of a revision, ready to be mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkout {
    /// The files. Shared and read-only by agreement: mount it below an overlay.
    pub tree: PathBuf,
    /// A `.git` folder that holds this one commit, to be mounted into the tree.
    pub git_dir: PathBuf,
    /// What somebody should know: submodules, files that are Git LFS pointers.
    pub notes: Vec<String>,
}

impl Repository {
    /// The files of `revision` and a `.git` of depth 1, both as trees of `store`. Made by the
    /// first call, found by the later ones.
    ///
    /// Contents are those of the object database, executable bits and symbolic links are kept,
    /// every modification time is the commit's. A submodule is an empty folder, as `git clone`
    /// without `--recurse-submodules` leaves it,
    /// and a note. The `.git` has `HEAD` on the revision's branch
    /// (or detached), and the tags that point at the commit.
    ///
    /// # Errors
    /// [`Error::Path`], [`Error::Limit`], and what git or the disk refuse.
    pub fn checkout(&self, revision: &Revision, store: &Store) -> Result<Checkout, Error> {
        let slot = store.tree_dir(&format!("commit-{}", revision.commit))?;
        let tree = slot.make(|folder| self.fill(revision, folder))?;
        let git_dir = self.git_dir(&revision.commit, &revision.reference, store)?;
        let mut notes = submodule_notes(&self.submodules(&revision.tree)?);
        notes.extend(pointers(&tree)?);
        Ok(Checkout { notes, tree, git_dir })
    }

    fn fill(&self, revision: &Revision, folder: &Path) -> Result<(), Error> {
        let (entries, submodules) = self.entries(&revision.tree)?;
        let time = Modified::from_seconds(revision.committed_at);
        let root = Root::open(folder)?;
        // Links last: until then no path can lead anywhere else.
        let (links, plain): (Vec<Entry>, Vec<Entry>) =
            entries.into_iter().partition(|entry| entry.kind == Kind::Symlink);
        for submodule in &submodules {
            root.create_dirs(submodule)?;
        }
        for entries in [plain, links] {
            self.contents(&entries, &mut |entry, content| write(&root, entry, content, time))?;
        }
        set_folder_times(folder, time)
    }
}

fn write(root: &Root, entry: &Entry, content: &[u8], time: Modified) -> Result<(), Error> {
    let path = entry.path.as_str();
    if let Some((folder, _)) = path.rsplit_once('/') {
        root.create_dirs(folder)?;
    }
    match entry.kind {
        Kind::File { executable } => {
            let mode = if executable { 0o755 } else { 0o644 };
            let mut file = root.create_new(path, mode)?;
            let written = file.write_all(content);
            written.map_err(|source| Error::Write { path: path.to_owned(), source })?;
            // The mode of a new file is cut by the umask.
            root.set_mode(path, mode)?;
        }
        Kind::Symlink => {
            let target = std::str::from_utf8(content).ok();
            let target = target.filter(|target| !target.is_empty() && !target.contains('\0'));
            let target = target.ok_or_else(|| Error::Path {
                path: path.to_owned(),
                why: "it is a symbolic link to no possible path",
            })?;
            root.symlink(target, path)?;
        }
    }
    Ok(root.set_modified(path, time)?)
}

/// Folders get the time too, and a mode that does not depend on this process.
pub(crate) fn set_folder_times(folder: &Path, time: Modified) -> Result<(), Error> {
    let folders = files::walk(folder, FILES_MAX * 2)?.into_iter();
    for entry in folders.filter(|entry| entry.kind == files::Kind::Dir) {
        let path = folder.join(&entry.relative);
        files::set_mode(&path, 0o755)?;
        files::set_modified(&path, time)?;
    }
    files::set_mode(folder, 0o755)?;
    Ok(files::set_modified(folder, time)?)
}

/// A note for each submodule.
pub(crate) fn submodule_notes(paths: &[String]) -> Vec<String> {
    let note = |path: &String| {
        format!("`{path}` is a submodule: its files are not fetched, the folder is empty")
    };
    paths.iter().map(note).collect()
}

/// Notes about files that are pointers to content that git does not have.
pub(crate) fn pointers(tree: &Path) -> Result<Vec<String>, Error> {
    let limit = POINTER_BYTES_MAX as u64;
    let mut notes = Vec::new();
    for entry in files::walk(tree, FILES_MAX * 2)? {
        let possible = entry.kind == files::Kind::File && (100..=limit).contains(&entry.size);
        if possible && files::read(tree.join(&entry.relative), limit)?.starts_with(POINTER) {
            let path = entry.relative;
            notes.push(format!("`{path}` is a Git LFS pointer: its content is not fetched"));
        }
    }
    Ok(notes)
}
