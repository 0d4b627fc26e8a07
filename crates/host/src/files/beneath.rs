//! Paths that somebody else chose, resolved by the kernel inside a root (`openat2`).

use super::{Error, Kind, Metadata, Modified, error::At as _, plain};
use rustix::{
    fd::{AsFd as _, OwnedFd},
    fs::{AtFlags, CWD, Mode, OFlags, ResolveFlags},
};
use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

/// Opens the regular file or folder `relative` below `root` for reading. Symbolic links that
/// stay below the root are followed; one that leaves it, an absolute path, `..` above the root
/// and the kernel's magic links (`/proc/self/fd/…`) are refused.
///
/// # Errors
/// [`Error`]; `is_outside_root()` when the path leads out. A device, socket or pipe is an
/// error too.
pub fn open_beneath(root: &Path, relative: &str) -> Result<File, Error> {
    let shown = root.join(relative.trim_start_matches('/'));
    if relative.is_empty() || relative.starts_with('/') {
        return Err(Error::new(&shown, "open", io::Error::from(io::ErrorKind::CrossesDevices)));
    }
    let folder = open_folder(root)?;
    // Non-blocking, because opening a named pipe would else wait for a writer.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    let file = File::from(open_at(&folder, relative, flags, Mode::empty(), resolve, &shown)?);
    let kind = Metadata::from(&file.metadata().at(&shown, "look at")?).kind;
    match kind {
        Kind::File | Kind::Dir => Ok(file),
        Kind::Symlink | Kind::Other => {
            Err(Error::other(&shown, "open", "it is neither a file nor a folder"))
        }
    }
}

/// The content of the file `relative` below `root`, of at most `bytes_max` bytes.
///
/// # Errors
/// As [`open_beneath`]; a longer file is an error too.
pub fn read_beneath(root: &Path, relative: &str, bytes_max: u64) -> Result<Vec<u8>, Error> {
    let file = open_beneath(root, relative)?;
    plain::read_open(file, &root.join(relative), bytes_max)
}

/// A folder that stands for the whole file system: absolute symbolic links and `..` are
/// resolved *inside* it (`RESOLVE_IN_ROOT`), as a program that lives in it would see them.
/// For unpacking images and writing into a workspace.
#[derive(Debug)]
pub struct Root {
    folder: OwnedFd,
    path: PathBuf,
}

impl Root {
    /// Opens an existing folder as a root.
    ///
    /// # Errors
    /// [`Error`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        Ok(Self { folder: open_folder(path)?, path: path.to_owned() })
    }

    /// The folder's own path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Facts about `relative` itself; a symbolic link at its end is not followed. `None` when
    /// it is not there.
    ///
    /// # Errors
    /// [`Error`].
    pub fn metadata(&self, relative: &str) -> Result<Option<Metadata>, Error> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match self.open_inside(relative, flags, 0) {
            Ok(file) => {
                let found = File::from(file).metadata().at(&self.shown(relative), "look at")?;
                Ok(Some(Metadata::from(&found)))
            }
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Opens a file for reading; the last name must not be a symbolic link.
    ///
    /// # Errors
    /// [`Error`].
    pub fn open_read(&self, relative: &str) -> Result<File, Error> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        self.open_inside(relative, flags, 0).map(File::from)
    }

    /// Creates a file that must not be there, open for writing.
    ///
    /// # Errors
    /// [`Error`].
    pub fn create_new(&self, relative: &str, mode: u32) -> Result<File, Error> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        self.open_inside(relative, flags, mode).map(File::from)
    }

    /// Creates a file that must not be there, for content that comes in pieces; only this user
    /// may read it until [`NewFile::finish`].
    ///
    /// # Errors
    /// [`Error`].
    pub fn new_file(&self, relative: &str) -> Result<NewFile, Error> {
        let file = self.create_new(relative, 0o600)?;
        Ok(NewFile { file, path: self.shown(relative) })
    }

    /// Makes the folder `relative` and its parents; those that are there stay as they are, and
    /// symbolic links to folders inside the root count as folders.
    ///
    /// # Errors
    /// [`Error`]; something that is not a folder in the way is one too.
    pub fn create_dirs(&self, relative: &str) -> Result<(), Error> {
        let mut made = String::new();
        for name in relative.split('/').filter(|name| !name.is_empty() && *name != ".") {
            if !made.is_empty() {
                made.push('/');
            }
            made.push_str(name);
            let (parent, last) = self.parent(&made)?;
            match rustix::fs::mkdirat(&parent, last, Mode::from_raw_mode(0o755)) {
                Ok(()) => {}
                // Follows a symbolic link inside the root: `lib` may be one to `usr/lib`.
                Err(rustix::io::Errno::EXIST) => {
                    self.open_inside(&made, OFlags::PATH | OFlags::DIRECTORY, 0)?;
                }
                Err(error) => {
                    return Err(Error::new(&self.shown(&made), "create the folder", error));
                }
            }
        }
        Ok(())
    }

    /// Makes the symbolic link `relative`, which must not be there, with the text `target`.
    /// The text may say anything: it is resolved inside the root.
    ///
    /// # Errors
    /// [`Error`].
    pub fn symlink(&self, target: &str, relative: &str) -> Result<(), Error> {
        let (parent, last) = self.parent(relative)?;
        let action = "create the symbolic link";
        rustix::fs::symlinkat(target, &parent, last).at(&self.shown(relative), action)
    }

    /// Gives the file `existing` a second name `relative`, which must not be there. Neither
    /// last name is followed when it is a symbolic link.
    ///
    /// # Errors
    /// [`Error`].
    pub fn hard_link(&self, existing: &str, relative: &str) -> Result<(), Error> {
        let (from, from_last) = self.parent(existing)?;
        let (to, to_last) = self.parent(relative)?;
        rustix::fs::linkat(&from, from_last, &to, to_last, AtFlags::empty())
            .at(&self.shown(relative), "link")
    }

    /// Removes `relative`, with all that it holds when it is a folder; fine when it is not
    /// there. A symbolic link is removed, not what it leads to.
    ///
    /// # Errors
    /// [`Error`].
    pub fn remove(&self, relative: &str) -> Result<(), Error> {
        let (parent, last) = match self.parent(relative) {
            Ok(found) => found,
            Err(error) if error.is_not_found() => return Ok(()),
            Err(error) => return Err(error),
        };
        remove_at(&parent, last, &self.shown(relative), 0)
    }

    /// The names in the folder `relative` (empty: the root itself), sorted by bytes.
    ///
    /// # Errors
    /// [`Error`]; a name that is not UTF-8 is one too.
    pub fn list(&self, relative: &str) -> Result<Vec<String>, Error> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let relative = if relative.is_empty() { "." } else { relative };
        let folder = self.open_inside(relative, flags, 0)?;
        names(&folder, &self.shown(relative))
    }

    /// Sets permission bits of a file or folder; a symbolic link at the end is refused.
    ///
    /// # Errors
    /// [`Error`].
    pub fn set_mode(&self, relative: &str, mode: u32) -> Result<(), Error> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = self.open_inside(relative, flags, 0)?;
        rustix::fs::fchmod(&file, Mode::from_raw_mode(mode & 0o7777))
            .at(&self.shown(relative), "set the mode of")
    }

    /// Sets the owner of `relative` itself; needs privileges.
    ///
    /// # Errors
    /// [`Error`].
    pub fn set_owner(&self, relative: &str, uid: u32, gid: u32) -> Result<(), Error> {
        let (parent, last) = self.parent(relative)?;
        let (user, group) = (rustix::fs::Uid::from_raw(uid), rustix::fs::Gid::from_raw(gid));
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        rustix::fs::chownat(&parent, last, Some(user), Some(group), flags)
            .at(&self.shown(relative), "set the owner of")
    }

    /// Sets the times of `relative` itself; a symbolic link is not followed.
    ///
    /// # Errors
    /// [`Error`].
    pub fn set_modified(&self, relative: &str, modified: Modified) -> Result<(), Error> {
        let (parent, last) = self.parent(relative)?;
        let times = plain::timestamps(modified);
        rustix::fs::utimensat(&parent, last, &times, AtFlags::SYMLINK_NOFOLLOW)
            .at(&self.shown(relative), "set the time of")
    }

    fn shown(&self, relative: &str) -> PathBuf {
        self.path.join(relative.trim_start_matches('/'))
    }

    fn open_inside(&self, relative: &str, flags: OFlags, mode: u32) -> Result<OwnedFd, Error> {
        let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        let mode = Mode::from_raw_mode(mode & 0o7777);
        open_at(&self.folder, relative, flags, mode, resolve, &self.shown(relative))
    }

    /// The folder that holds the last name of `relative`, resolved inside the root.
    fn parent<'a>(&self, relative: &'a str) -> Result<(OwnedFd, &'a str), Error> {
        let relative = relative.trim_end_matches('/');
        let (parent, last) = relative.rsplit_once('/').unwrap_or((".", relative));
        if matches!(last, "" | "." | "..") {
            let message = "the path has no last name";
            return Err(Error::other(&self.shown(relative), "use", message));
        }
        let parent = if parent.is_empty() { "." } else { parent };
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok((self.open_inside(parent, flags, 0)?, last))
    }
}

/// A file below a root that is being written.
#[derive(Debug)]
pub struct NewFile {
    file: File,
    path: PathBuf,
}

impl NewFile {
    /// Adds the next piece of content.
    ///
    /// # Errors
    /// [`Error`].
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        io::Write::write_all(&mut self.file, bytes).at(&self.path, "write")
    }

    /// Sets owner (where one is given; needs privileges), permission bits and time.
    ///
    /// # Errors
    /// [`Error`].
    pub fn finish(
        self,
        owner: Option<(u32, u32)>,
        mode: u32,
        modified: Modified,
    ) -> Result<(), Error> {
        let Self { file, path } = self;
        if let Some((uid, gid)) = owner {
            let user = Some(rustix::fs::Uid::from_raw(uid));
            let group = Some(rustix::fs::Gid::from_raw(gid));
            rustix::fs::fchown(&file, user, group).at(&path, "set the owner of")?;
        }
        // After the owner: changing that clears setuid and setgid.
        rustix::fs::fchmod(&file, Mode::from_raw_mode(mode & 0o7777))
            .at(&path, "set the mode of")?;
        rustix::fs::futimens(&file, &plain::timestamps(modified)).at(&path, "set the time of")
    }
}

fn open_folder(path: &Path) -> Result<OwnedFd, Error> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::openat(CWD, path, flags, Mode::empty()).at(path, "open the folder")
}

fn open_at(
    folder: &OwnedFd,
    relative: &str,
    flags: OFlags,
    mode: Mode,
    resolve: ResolveFlags,
    shown: &Path,
) -> Result<OwnedFd, Error> {
    // The kernel answers EAGAIN when a rename raced with the resolution, and asks to retry.
    for _ in 0..128 {
        match rustix::fs::openat2(folder, relative, flags, mode, resolve) {
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
            result => return result.at(shown, "open"),
        }
    }
    Err(Error::other(shown, "open", "its folders are being renamed all the time"))
}

fn names(folder: &OwnedFd, shown: &Path) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    for entry in rustix::fs::Dir::read_from(folder).at(shown, "list")? {
        let entry = entry.at(shown, "list")?;
        let name = entry
            .file_name()
            .to_str()
            .map_err(|_| Error::other(shown, "list", "a name in it is not UTF-8"))?;
        if name != "." && name != ".." {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

fn remove_at(parent: &OwnedFd, last: &str, shown: &Path, depth: usize) -> Result<(), Error> {
    use rustix::io::Errno;
    match rustix::fs::unlinkat(parent, last, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        Err(Errno::ISDIR | Errno::PERM) => {}
        Err(error) => return Err(Error::new(shown, "remove", error)),
    }
    if depth > crate::limits::WALK_DEPTH_MAX {
        return Err(Error::other(shown, "remove", "folders are nested too deep"));
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = rustix::fs::openat(parent.as_fd(), last, flags, Mode::empty())
        .at(shown, "open the folder")?;
    for name in names(&folder, shown)? {
        remove_at(&folder, &name, &shown.join(&name), depth + 1)?;
    }
    rustix::fs::unlinkat(parent, last, AtFlags::REMOVEDIR).at(shown, "remove the folder")
}

#[cfg(test)]
mod tests {
    use super::{Root, open_beneath, read_beneath};
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_path_beneath_is_read_and_one_that_leads_out_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        fs::create_dir_all(root.join("dir")).unwrap();
        fs::write(folder.path().join("secret"), "secret").unwrap();
        fs::write(root.join("dir/file"), "content").unwrap();
        symlink("dir/file", root.join("inside")).unwrap();
        symlink("../secret", root.join("up")).unwrap();
        symlink("/etc/passwd", root.join("absolute")).unwrap();
        symlink("/proc/self/root/etc", root.join("magic")).unwrap();
        for good in ["dir/file", "inside", "dir/../inside", "./dir/file"] {
            assert_eq!(read_beneath(&root, good, 100).unwrap(), b"content", "{good}");
        }
        let bad =
            ["../secret", "up", "absolute", "magic/passwd", "/etc/passwd", "", "dir/../../secret"];
        for path in bad {
            let error = open_beneath(&root, path).unwrap_err();
            assert!(error.is_outside_root(), "{path}: {error}");
        }
    }

    #[test]
    fn a_pipe_is_refused_without_waiting() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &path,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o600),
            0,
        )
        .unwrap();
        let error = open_beneath(folder.path(), "pipe").unwrap_err();
        assert!(error.to_string().contains("neither a file nor a folder"), "{error}");
    }

    #[test]
    fn links_are_resolved_inside_the_root_and_written_through_only_there() {
        let folder = tempfile::tempdir().unwrap();
        let outside = folder.path().join("outside");
        fs::create_dir(&outside).unwrap();
        fs::create_dir(folder.path().join("root")).unwrap();
        let root = Root::open(folder.path().join("root")).unwrap();
        root.create_dirs("usr/lib").unwrap();
        root.symlink("usr/lib", "lib").unwrap();
        root.symlink(outside.to_str().unwrap(), "evil").unwrap();
        root.symlink("../../../outside", "up").unwrap();
        root.create_new("lib/a", 0o644).unwrap();
        assert!(root.path().join("usr/lib/a").exists());
        assert!(root.create_new("evil/x", 0o644).unwrap_err().is_not_found());
        assert!(root.create_new("up/x", 0o644).unwrap_err().is_not_found());
        assert!(root.create_dirs("up/x").is_err(), "a dangling link is in the way");
        root.create_dirs("/outside").unwrap();
        root.create_new("up/x", 0o644).unwrap();
        assert!(root.path().join("outside/x").exists());
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 0, "nothing left the root");
        root.hard_link("lib/a", "b").unwrap();
        root.remove("evil").unwrap();
        root.remove("usr").unwrap();
        root.remove("usr").unwrap();
        assert_eq!(root.list("").unwrap(), ["b", "lib", "outside", "up"]);
    }
}
