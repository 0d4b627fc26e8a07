//! The work tree as it is, for a run before anything is committed.

use crate::{
    Checkout, Error, GitRef, Repository,
    checkout::{pointers, submodule_notes},
    limits::{FILE_BYTES_MAX, FILES_MAX},
    object::checked_path,
};
use bowline_host::files::{self, Kind, Metadata, Root};
use bowline_model::Digest;
use bowline_store::{Hasher, Store};
use std::{io::Write as _, path::Path};

/// A file of the work tree, with the digest of what it holds.
struct Copied {
    path: String,
    metadata: Metadata,
    digest: Digest,
}

impl Repository {
    /// A copy of the work tree: tracked files as they lie there, and files that git neither
    /// knows nor ignores. Modification times are those of the files. The `.git` is that of the
    /// commit that is checked out.
    ///
    /// # Errors
    /// [`Error::NoCommit`], [`Error::Changed`] when a file changes meanwhile, and as
    /// [`Repository::checkout`].
    pub fn worktree(&self, store: &Store) -> Result<Checkout, Error> {
        let head = self.resolve(&GitRef::head())?;
        let reference = self.text(&["rev-parse", "--symbolic-full-name", "HEAD"])?;
        let from = Root::open(self.root())?;
        let mut copied = Vec::new();
        let mut hasher = Hasher::new();
        let (paths, submodules) = self.work_files()?;
        for path in paths {
            let Some(file) = look(&from, &path)? else { continue };
            let facts = format!("{:o} {} ", file.metadata.mode & 0o100, file.digest);
            hasher.update(facts.as_bytes());
            hasher.update(file.path.as_bytes());
            hasher.update(&[0]);
            copied.push(file);
        }
        let key = hasher.finish();
        let slot = store.tree_dir(&format!("work-{}", &key.hex()[..32]))?;
        let tree = slot.make(|folder| copy(&from, &copied, &submodules, folder))?;
        let git_dir = self.git_dir(&head, &reference, store)?;
        let mut notes = submodule_notes(&submodules);
        notes.extend(pointers(&tree)?);
        Ok(Checkout { notes, tree, git_dir })
    }

    /// The files that are copied, and the submodules, which are not.
    fn work_files(&self) -> Result<(Vec<String>, Vec<String>), Error> {
        let listed = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
        let mut paths = self.paths(&listed)?;
        paths.sort();
        paths.dedup();
        if paths.len() > FILES_MAX {
            let what = format!("a work tree of {} files", paths.len());
            return Err(Error::Limit { what, limit: format!("{FILES_MAX} files") });
        }
        // A repository inside this one is listed as a folder.
        let nested = |path: &Vec<u8>| path.last() == Some(&b'/');
        let folders: Vec<String> = paths
            .iter()
            .filter(|path| nested(path))
            .map(|path| String::from_utf8_lossy(path).trim_end_matches('/').to_owned())
            .collect();
        if !folders.is_empty() {
            return Err(Error::Submodule(folders));
        }
        let submodules = self.staged_submodules()?;
        let files = paths.iter().map(|path| checked_path(path));
        let files = files.filter(|path| !matches!(path, Ok(path) if submodules.contains(path)));
        Ok((files.collect::<Result<_, _>>()?, submodules))
    }

    /// The submodules of the index.
    fn staged_submodules(&self) -> Result<Vec<String>, Error> {
        let staged = self.paths(&["ls-files", "-z", "--stage"])?;
        let gitlinks = staged.iter().filter(|line| line.starts_with(b"160000 "));
        let path = |line: &Vec<u8>| {
            let tab = line.iter().position(|byte| *byte == b'\t').unwrap_or(line.len());
            checked_path(line.get(tab + 1..).unwrap_or_default())
        };
        gitlinks.map(path).collect()
    }
}

/// `None` for a tracked file that was deleted.
fn look(from: &Root, path: &str) -> Result<Option<Copied>, Error> {
    let metadata = match from.metadata(path) {
        Ok(Some(metadata)) => metadata,
        Ok(None) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let content = match metadata.kind {
        Kind::Dir => return Err(Error::Submodule(vec![path.to_owned()])),
        Kind::Other => {
            let why = "it is neither a file nor a symbolic link";
            return Err(Error::Path { path: path.to_owned(), why });
        }
        Kind::File | Kind::Symlink => content(from, path, &metadata)?,
    };
    let digest = bowline_store::digest_of(&content);
    Ok(Some(Copied { path: path.to_owned(), metadata, digest }))
}

fn content(from: &Root, path: &str, metadata: &Metadata) -> Result<Vec<u8>, Error> {
    if metadata.kind == Kind::Symlink {
        let target = files::read_link(from.path().join(path))?;
        return Ok(target.to_string_lossy().into_owned().into_bytes());
    }
    if metadata.size > FILE_BYTES_MAX {
        let what = format!("`{path}` of {} bytes", metadata.size);
        return Err(Error::Limit { what, limit: format!("{FILE_BYTES_MAX} bytes a file") });
    }
    Ok(files::read_beneath(from.path(), path, FILE_BYTES_MAX)?)
}

fn copy(from: &Root, copied: &[Copied], submodules: &[String], folder: &Path) -> Result<(), Error> {
    let root = Root::open(folder)?;
    for submodule in submodules {
        root.create_dirs(submodule)?;
    }
    let links = |file: &&Copied| file.metadata.kind == Kind::Symlink;
    let plain = copied.iter().filter(|file| !links(file));
    for file in plain.chain(copied.iter().filter(links)) {
        let path = file.path.as_str();
        let content = content(from, path, &file.metadata)?;
        if bowline_store::digest_of(&content) != file.digest {
            return Err(Error::Changed(path.to_owned()));
        }
        if let Some((parent, _)) = path.rsplit_once('/') {
            root.create_dirs(parent)?;
        }
        if file.metadata.kind == Kind::Symlink {
            root.symlink(&String::from_utf8_lossy(&content), path)?;
        } else {
            let mode = if file.metadata.mode & 0o100 == 0 { 0o644 } else { 0o755 };
            let mut target = root.create_new(path, mode)?;
            let written = target.write_all(&content);
            written.map_err(|source| Error::Write { path: path.to_owned(), source })?;
            root.set_mode(path, mode)?;
        }
        root.set_modified(path, file.metadata.modified)?;
    }
    Ok(())
}
