//! Where Bowline keeps things: one state folder per user, one short folder for sockets.

use crate::{files, limits::SOCKET_PATH_BYTES_MAX};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// Holds one folder of sockets for each state folder, in `$XDG_RUNTIME_DIR`.
const RUNTIME_PARENT: &str = "bowline";

/// Why no folder could be chosen or used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Neither `BOWLINE_STATE`, `XDG_STATE_HOME` nor `HOME` is set.
    #[error("no state folder: `BOWLINE_STATE`, `XDG_STATE_HOME` and `HOME` are all unset")]
    NoHome,
    /// A variable names a relative folder; two folders of work would then give two states.
    #[error("`{variable}` is `{value}`, which is not an absolute path")]
    NotAbsolute {
        /// The variable.
        variable: &'static str,
        /// Its value.
        value: String,
    },
    /// A folder that must be ours belongs to somebody else, or others may write in it.
    #[error("`{path}` is not a private folder of this user")]
    NotPrivate {
        /// The folder.
        path: String,
    },
    /// The path of a socket is longer than the kernel takes.
    #[error("`{path}` is {length} bytes long; a socket path holds {SOCKET_PATH_BYTES_MAX}")]
    SocketPath {
        /// The path.
        path: String,
        /// Its length in bytes.
        length: usize,
    },
    /// The folder could not be made.
    #[error(transparent)]
    Files(#[from] files::Error),
}

/// The folders of one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directories {
    /// Journal, store, caches, runs: survives a reboot. Mode 0700.
    pub state: PathBuf,
    /// Sockets; short, gone after a reboot. Mode 0700.
    pub runtime: PathBuf,
}

/// Chooses the folders; creates nothing. `vars` looks up an environment variable.
///
/// State: `$BOWLINE_STATE`, else `$XDG_STATE_HOME/bowline`, else `~/.local/state/bowline`.
/// Runtime: `$XDG_RUNTIME_DIR/bowline/<8 hex>`, else `/tmp/bowline-<uid>-<8 hex>`, where the
/// digits are a hash of the state folder's path. Empty variables count as unset
/// (XDG base directory specification 0.8).
///
/// # Errors
/// [`Error::NoHome`], [`Error::NotAbsolute`].
pub fn resolve(vars: &dyn Fn(&str) -> Option<String>) -> Result<Directories, Error> {
    let absolute = |variable: &'static str| match vars(variable).filter(|v| !v.is_empty()) {
        None => Ok(None),
        Some(value) if Path::new(&value).is_absolute() => Ok(Some(PathBuf::from(value))),
        Some(value) => Err(Error::NotAbsolute { variable, value }),
    };
    let state = match absolute("BOWLINE_STATE")? {
        Some(state) => state,
        None => match absolute("XDG_STATE_HOME")? {
            Some(folder) => folder.join("bowline"),
            None => absolute("HOME")?.ok_or(Error::NoHome)?.join(".local/state/bowline"),
        },
    };
    let digits = format!("{:08x}", fnv1a(state.as_os_str().as_encoded_bytes()));
    let runtime = match absolute("XDG_RUNTIME_DIR")? {
        Some(folder) => folder.join(RUNTIME_PARENT).join(digits),
        None => {
            let user = rustix::process::geteuid().as_raw();
            PathBuf::from(format!("/tmp/bowline-{user}-{digits}"))
        }
    };
    Ok(Directories { state, runtime })
}

impl Directories {
    /// The folders below `root`: for tests and for `--state`. Sockets lie in `root/run`.
    #[must_use]
    pub fn below(root: &Path) -> Self {
        Self { state: root.join("state"), runtime: root.join("run") }
    }

    /// Makes the state folder with mode 0700 and checks that it is ours.
    ///
    /// # Errors
    /// [`Error::NotPrivate`], [`Error::Files`].
    pub fn create(&self) -> Result<(), Error> {
        private(&self.state)
    }

    /// Makes the folder of the sockets with mode 0700 and checks that it is ours: `/tmp` is
    /// shared, and a folder that somebody else made there beforehand is refused.
    ///
    /// # Errors
    /// [`Error::NotPrivate`], [`Error::Files`].
    pub fn create_runtime(&self) -> Result<(), Error> {
        private(&self.runtime)
    }

    /// Takes away the folder of the sockets with all that is in it, for when nothing listens
    /// there any more: it lies outside the state folder, where nothing may be left.
    ///
    /// # Errors
    /// [`Error::Files`].
    pub fn remove_runtime(&self) -> Result<(), Error> {
        files::remove_tree(&self.runtime)?;
        // The folder above is Bowline's own under `$XDG_RUNTIME_DIR` only.
        let parent = self.runtime.parent().filter(|parent| parent.ends_with(RUNTIME_PARENT));
        match parent.map_or(Ok(()), files::remove_dir) {
            // Another state folder's sockets are in it.
            Err(error) if error.source.kind() == ErrorKind::DirectoryNotEmpty => Ok(()),
            result => Ok(result?),
        }
    }

    /// The journal's database.
    #[must_use]
    pub fn journal(&self) -> PathBuf {
        self.state.join("journal.db")
    }

    /// The database of the local API objects.
    #[must_use]
    pub fn cluster(&self) -> PathBuf {
        self.state.join("cluster.db")
    }

    /// Blobs and unpacked trees.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.state.join("store")
    }

    /// Caches that may be deleted at any time when nothing runs.
    #[must_use]
    pub fn cache(&self) -> PathBuf {
        self.state.join("cache")
    }

    /// Toolchains that were brought in.
    #[must_use]
    pub fn tools(&self) -> PathBuf {
        self.state.join("tools")
    }

    /// Workspaces and logs of runs.
    #[must_use]
    pub fn runs(&self) -> PathBuf {
        self.state.join("runs")
    }

    /// One folder per pod.
    #[must_use]
    pub fn pods(&self) -> PathBuf {
        self.state.join("pods")
    }

    /// The edge's table, latch and log.
    #[must_use]
    pub fn edge(&self) -> PathBuf {
        self.state.join("edge")
    }

    /// The path of a socket called `name` in the runtime folder.
    ///
    /// # Errors
    /// [`Error::SocketPath`] when it does not fit into `sun_path`.
    pub fn socket(&self, name: &str) -> Result<PathBuf, Error> {
        let path = self.runtime.join(name);
        let length = path.as_os_str().len();
        if length > SOCKET_PATH_BYTES_MAX {
            return Err(Error::SocketPath { path: path.display().to_string(), length });
        }
        Ok(path)
    }
}

/// Makes a folder that only this user may enter, with its parents.
fn private(folder: &Path) -> Result<(), Error> {
    if let Some(parent) = folder.parent() {
        files::create_dirs(parent)?;
    }
    files::create_private_dir(folder)?;
    let metadata = files::metadata(folder)?;
    let ours = metadata.uid == rustix::process::geteuid().as_raw();
    let private = metadata.mode & 0o077 == 0;
    if metadata.kind != files::Kind::Dir || !ours || !private {
        return Err(Error::NotPrivate { path: folder.display().to_string() });
    }
    Ok(())
}

/// FNV-1a, 32 bits: a short stable name, not a protection.
fn fnv1a(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, b| (hash ^ u32::from(*b)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::{Directories, Error, files, fnv1a, resolve};
    use std::os::unix::fs::PermissionsExt as _;

    fn chosen(vars: &[(&str, &str)]) -> Result<(String, String), String> {
        let look_up = |name: &str| {
            vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        resolve(&look_up)
            .map(|d| (d.state.display().to_string(), d.runtime.display().to_string()))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_most_specific_variable_chooses_the_folder() {
        let (state, runtime) = chosen(&[("HOME", "/h"), ("XDG_RUNTIME_DIR", "/run/u")]).unwrap();
        assert_eq!(state, "/h/.local/state/bowline");
        assert_eq!(runtime, format!("/run/u/bowline/{:08x}", fnv1a(state.as_bytes())));
        let (state, _) = chosen(&[("HOME", "/h"), ("XDG_STATE_HOME", "/s")]).unwrap();
        assert_eq!(state, "/s/bowline");
        let (state, runtime) = chosen(&[("BOWLINE_STATE", "/b"), ("HOME", "/h")]).unwrap();
        assert_eq!(state, "/b");
        assert!(runtime.starts_with("/tmp/bowline-"), "{runtime}");
        assert!(chosen(&[("BOWLINE_STATE", ""), ("HOME", "/h")]).is_ok(), "empty is unset");
    }

    #[test]
    fn a_missing_or_relative_home_is_refused() {
        assert!(chosen(&[]).unwrap_err().contains("all unset"));
        let message = chosen(&[("BOWLINE_STATE", "here")]).unwrap_err();
        assert_eq!(message, "`BOWLINE_STATE` is `here`, which is not an absolute path");
    }

    #[test]
    fn folders_are_made_private_and_an_open_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let directories = Directories::below(folder.path());
        directories.create().unwrap();
        directories.create().unwrap();
        assert!(!directories.runtime.exists(), "only who listens needs a place for sockets");
        directories.create_runtime().unwrap();
        let open = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(&directories.runtime, open).unwrap();
        assert!(matches!(directories.create_runtime(), Err(Error::NotPrivate { .. })));
    }

    #[test]
    fn the_folder_of_sockets_goes_and_a_foreign_parent_stays() {
        let folder = tempfile::tempdir().unwrap();
        let of = |name: &str| Directories {
            state: folder.path().join("state"),
            runtime: folder.path().join(name),
        };
        for (name, parent_stays) in [("bowline/0a", false), ("other/0a", true)] {
            let directories = of(name);
            directories.create_runtime().unwrap();
            files::write(directories.socket("edge.sock").unwrap(), b"").unwrap();
            directories.remove_runtime().unwrap();
            directories.remove_runtime().unwrap();
            assert!(!directories.runtime.exists());
            assert_eq!(directories.runtime.parent().unwrap().exists(), parent_stays, "{name}");
        }
        of("bowline/0b").create_runtime().unwrap();
        of("bowline/0c").create_runtime().unwrap();
        of("bowline/0b").remove_runtime().unwrap();
        assert!(of("bowline/0c").runtime.exists());
    }

    #[test]
    fn a_socket_path_that_the_kernel_would_cut_is_refused() {
        let directories = Directories::below("/r".as_ref());
        assert!(directories.socket("edge.sock").is_ok());
        assert!(matches!(directories.socket(&"x".repeat(101)), Err(Error::SocketPath { .. })));
        assert!(directories.socket(&"x".repeat(100)).is_ok(), "107 bytes fit");
    }
}
