//! Single files and folders.

use super::{Error, Kind, Modified, error::At as _, metadata::metadata_if_there};
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

/// The content of a file of at most `bytes_max` bytes.
///
/// # Errors
/// [`Error`]; a longer file is one too, and no more than the limit is read.
pub fn read(path: impl AsRef<Path>, bytes_max: u64) -> Result<Vec<u8>, Error> {
    let path = path.as_ref();
    read_open(open_read(path)?, path, bytes_max)
}

pub(crate) fn read_open(file: File, path: &Path, bytes_max: u64) -> Result<Vec<u8>, Error> {
    let mut content = Vec::new();
    file.take(bytes_max.saturating_add(1)).read_to_end(&mut content).at(path, "read")?;
    if content.len() as u64 > bytes_max {
        let message = format!("the file is longer than the limit of {bytes_max} bytes");
        return Err(Error::other(path, "read", message));
    }
    Ok(content)
}

/// The content of a UTF-8 file of at most `bytes_max` bytes.
///
/// # Errors
/// [`Error`]; a longer file or one that is not UTF-8 is one too.
pub fn read_text(path: impl AsRef<Path>, bytes_max: u64) -> Result<String, Error> {
    let path = path.as_ref();
    String::from_utf8(read(path, bytes_max)?).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        Error::other(path, "read", format!("the file is not UTF-8 at byte {valid}"))
    })
}

/// Writes a file in place without fsync: for what can be made again. A power cut may leave it
/// empty or partial; use [`super::write_atomic`] for what must survive.
///
/// # Errors
/// [`Error`].
pub fn write(path: impl AsRef<Path>, content: &[u8]) -> Result<(), Error> {
    let path = path.as_ref();
    fs::write(path, content).at(path, "write")
}

/// Opens a file for reading; symbolic links are followed. For paths of our own only: see
/// [`super::open_beneath`] for a path that somebody else chose.
///
/// # Errors
/// [`Error`].
pub fn open_read(path: impl AsRef<Path>) -> Result<File, Error> {
    let path = path.as_ref();
    File::open(path).at(path, "open")
}

/// Creates a file, or empties it, for writing.
///
/// # Errors
/// [`Error`].
pub fn create(path: impl AsRef<Path>) -> Result<File, Error> {
    let path = path.as_ref();
    File::create(path).at(path, "create")
}

/// Opens a file whose writes all go to its end; creates it when it is not there.
///
/// # Errors
/// [`Error`].
pub fn append(path: impl AsRef<Path>) -> Result<File, Error> {
    let path = path.as_ref();
    OpenOptions::new().append(true).create(true).open(path).at(path, "open")
}

/// Cuts a file to `bytes`, or lengthens it with zeros.
///
/// # Errors
/// [`Error`].
pub fn truncate(path: impl AsRef<Path>, bytes: u64) -> Result<(), Error> {
    let path = path.as_ref();
    let file = OpenOptions::new().write(true).open(path).at(path, "open")?;
    file.set_len(bytes).at(path, "cut")
}

/// Makes a folder and its parents; fine when they are there.
///
/// # Errors
/// [`Error`].
pub fn create_dirs(path: impl AsRef<Path>) -> Result<(), Error> {
    let path = path.as_ref();
    fs::create_dir_all(path).at(path, "create the folder")
}

/// Makes a folder that only this user may enter (mode 0700), and its parents; fine when it is
/// there, whatever its mode.
///
/// # Errors
/// [`Error`].
pub fn create_private_dir(path: impl AsRef<Path>) -> Result<(), Error> {
    let path = path.as_ref();
    let action = "create the folder";
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).at(path, action)
}

/// Removes a file or symbolic link; fine when it is not there.
///
/// # Errors
/// [`Error`].
pub fn remove_file(path: impl AsRef<Path>) -> Result<(), Error> {
    let path = path.as_ref();
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result.at(path, "remove"),
    }
}

/// Removes an empty folder; fine when it is not there.
///
/// # Errors
/// [`Error`].
pub fn remove_dir(path: impl AsRef<Path>) -> Result<(), Error> {
    let path = path.as_ref();
    match fs::remove_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result.at(path, "remove the folder"),
    }
}

/// Moves `from` to `to` on one file system; replaces a file, or an empty folder by a folder.
///
/// # Errors
/// [`Error`], which names `to`.
pub fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<(), Error> {
    let to = to.as_ref();
    fs::rename(from, to).at(to, "rename to")
}

/// Gives the file `from` a second name `to`, which must not be there.
///
/// # Errors
/// [`Error`], which names `to`.
pub fn hard_link(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<(), Error> {
    let to = to.as_ref();
    fs::hard_link(from, to).at(to, "link")
}

/// Makes the symbolic link `link`, which must not be there, with the text `target`.
///
/// # Errors
/// [`Error`].
pub fn symlink(target: impl AsRef<Path>, link: impl AsRef<Path>) -> Result<(), Error> {
    let link = link.as_ref();
    std::os::unix::fs::symlink(target, link).at(link, "create the symbolic link")
}

/// The whole path of what `path` leads to, without links.
///
/// # Errors
/// [`Error`].
pub fn canonical(path: impl AsRef<Path>) -> Result<PathBuf, Error> {
    let path = path.as_ref();
    fs::canonicalize(path).at(path, "find")
}

/// The text of a symbolic link.
///
/// # Errors
/// [`Error`].
pub fn read_link(path: impl AsRef<Path>) -> Result<PathBuf, Error> {
    let path = path.as_ref();
    fs::read_link(path).at(path, "read the symbolic link")
}

/// Sets the permission bits (`0o7777`) of what `path` leads to.
///
/// # Errors
/// [`Error`].
pub fn set_mode(path: impl AsRef<Path>, mode: u32) -> Result<(), Error> {
    let path = path.as_ref();
    let permissions = fs::Permissions::from_mode(mode & 0o7777);
    fs::set_permissions(path, permissions).at(path, "set the mode of")
}

/// Sets access and modification time of `path` itself; a symbolic link is not followed.
///
/// # Errors
/// [`Error`].
pub fn set_modified(path: impl AsRef<Path>, modified: Modified) -> Result<(), Error> {
    let path = path.as_ref();
    rustix::fs::utimensat(CWD, path, &timestamps(modified), AtFlags::SYMLINK_NOFOLLOW)
        .at(path, "set the time of")
}

pub(crate) fn timestamps(modified: Modified) -> Timestamps {
    let time = Timespec { tv_sec: modified.seconds, tv_nsec: i64::from(modified.nanoseconds) };
    Timestamps { last_access: time, last_modification: time }
}

/// Whether this process is root where it stands: whether it may set any owner. Also true in a
/// user namespace whose root it is.
#[must_use]
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Bytes that this user may still write on the file system of `path`.
///
/// # Errors
/// [`Error`].
pub fn disk_free(path: impl AsRef<Path>) -> Result<u64, Error> {
    let path = path.as_ref();
    let found = rustix::fs::statvfs(path).at(path, "ask for the free room at")?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// Copies the bytes of one file; mode and times are the caller's business.
pub(crate) fn copy_bytes(from: &Path, to: &Path) -> Result<(), Error> {
    if metadata_if_there(to)?.is_some_and(|found| found.kind != Kind::File) {
        return Err(Error::other(to, "write", "something that is not a file is in the way"));
    }
    let mut source = open_read(from)?;
    let mut target = create(to)?;
    io::copy(&mut source, &mut target).at(to, "write")?;
    target.flush().at(to, "write")
}
