//! Writes that are either there in full or not at all, also after a power cut.

use super::{Error, error::At as _};
use crate::{
    crash::{self, When},
    random,
};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

/// Replaces the file at `path` by `content`: temporary file beside it, fsync, rename, fsync of
/// the folder. Readers see the old content or the new one. New files get mode 0644 less the
/// umask.
///
/// # Errors
/// [`Error`]; the old content is then still there and the temporary file is gone.
pub fn write_atomic(path: impl AsRef<Path>, content: &[u8]) -> Result<(), Error> {
    write_atomic_mode(path, content, 0o644)
}

/// As [`write_atomic`], with the permission bits of the new file (less the umask): 0600 for
/// what only this user may read.
///
/// # Errors
/// As [`write_atomic`].
pub fn write_atomic_mode(path: impl AsRef<Path>, content: &[u8], mode: u32) -> Result<(), Error> {
    let path = path.as_ref();
    let mut file = AtomicFile::create(folder_of(path), mode)?;
    file.write_all(content).at(path, "write")?;
    file.commit(path)
}

/// A file that is written beside its place and gets its name at the end, when its content is
/// durable. Dropped before [`AtomicFile::commit`], it leaves nothing behind.
#[derive(Debug)]
pub struct AtomicFile {
    file: File,
    /// `None` once it has its name.
    temporary: Option<PathBuf>,
}

impl AtomicFile {
    /// Starts a file in `folder`, which must be on the file system of its later name; `mode`
    /// are its permission bits (less the umask).
    ///
    /// # Errors
    /// [`Error`].
    pub fn create(folder: impl AsRef<Path>, mode: u32) -> Result<Self, Error> {
        let path = folder.as_ref().join(format!(".{}.tmp", random::hex(12)));
        let mut options = OpenOptions::new();
        // Readable, so that what was written can be checked before it gets its name.
        let options = options.read(true).write(true).create_new(true).mode(mode);
        let file = options.open(&path).at(&path, "create")?;
        Ok(Self { file, temporary: Some(path) })
    }

    /// Makes the content durable, gives it the name `path` and makes the name durable.
    ///
    /// # Errors
    /// [`Error`]; what was at `path` is then still there.
    pub fn commit(mut self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        let name = named(path);
        crash::point("file.write", &name, When::Before);
        self.file.sync_all().at(path, "make durable")?;
        if let Some(temporary) = &self.temporary {
            fs::rename(temporary, path).at(path, "rename to")?;
        }
        self.temporary = None;
        sync_dir(folder_of(path))?;
        crash::point("file.write", &name, When::After);
        Ok(())
    }

    /// Where it lies until it has its name; for error messages.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.temporary.as_deref().unwrap_or(Path::new(""))
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // Nobody can be told, and a left-over file of this name is never read.
            let _ = fs::remove_file(temporary);
        }
    }
}

/// Makes the names in a folder durable.
///
/// # Errors
/// [`Error`].
pub fn sync_dir(path: impl AsRef<Path>) -> Result<(), Error> {
    let path = path.as_ref();
    let folder = File::open(path).at(path, "open the folder")?;
    folder.sync_all().at(path, "make durable")
}

/// A file's folder and name, for a crash point.
fn named(path: &Path) -> String {
    if !crash::is_watched() {
        return String::new();
    }
    let last = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    format!("{}/{}", last(folder_of(path)).unwrap_or_default(), last(path).unwrap_or_default())
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::write_atomic;

    #[test]
    fn the_new_content_replaces_the_old_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x".repeat(255));
        write_atomic(&path, b"one").unwrap();
        write_atomic(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_failed_write_leaves_the_old_content_and_no_temporary_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("occupied");
        std::fs::create_dir_all(path.join("full")).unwrap();
        let error = write_atomic(&path, b"x").unwrap_err();
        assert!(error.to_string().contains("occupied"), "{error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
