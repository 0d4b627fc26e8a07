//! Trees: folders that are made once by key and never seen half-made.

use crate::{Error, limits::TREE_KEY_BYTES_MAX};
use bowline_host::{crash, files};
use std::path::{Path, PathBuf};

/// The kernel's name for this boot.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// The place of one tree: `trees/<key>`.
///
/// A tree is a cache. Its files are not fsynced, since thousands of them would cost seconds;
/// instead the boot in which it was made is noted beside it, and after a reboot – the only way
/// in which written files can be lost – it is made again.
#[derive(Clone, Debug)]
pub struct TreeSlot {
    path: PathBuf,
    partial: PathBuf,
    mark: PathBuf,
    lock: PathBuf,
}

impl TreeSlot {
    pub(crate) fn new(root: &Path, key: &str) -> Result<Self, Error> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        let valid = !key.is_empty() && !key.starts_with('.') && key.bytes().all(plain);
        if !valid || key.len() > TREE_KEY_BYTES_MAX {
            return Err(Error::Key(key.to_owned()));
        }
        Ok(Self {
            path: root.join("trees").join(key),
            partial: root.join("trees").join(format!(".{key}.partial")),
            mark: root.join("trees").join(format!(".{key}.boot")),
            lock: root.join("locks").join(format!("tree-{key}")),
        })
    }

    /// Where the tree lies, or will lie once [`TreeSlot::make`] has returned.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the tree is there, made in this boot.
    ///
    /// # Errors
    /// [`Error::Files`].
    pub fn is_ready(&self) -> Result<bool, Error> {
        if !files::is_dir(&self.path) {
            return Ok(false);
        }
        match files::read_text(&self.mark, 100) {
            Ok(made_in) => Ok(made_in == boot_id()?),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns the tree's folder; when it is not there, `fill` gets an empty folder to write
    /// into, which then becomes the tree. Only one process fills at a time, the others wait.
    /// When `fill` fails nothing is left. Blocks: use a blocking task in async code.
    ///
    /// # Errors
    /// Those of `fill`, and [`Error::Files`].
    pub fn make<E: From<Error>>(
        &self,
        fill: impl FnOnce(&Path) -> Result<(), E>,
    ) -> Result<PathBuf, E> {
        if self.is_ready()? {
            return Ok(self.path.clone());
        }
        let _lock = files::lock_exclusive(&self.lock).map_err(Error::from)?;
        if self.is_ready()? {
            return Ok(self.path.clone());
        }
        // Left over from a crash, or from before the last reboot.
        self.clear()?;
        files::create_dirs(&self.partial).map_err(Error::from)?;
        if let Err(error) = fill(&self.partial) {
            // The first error is the one to report; what is left is cleared the next time.
            let _ = files::remove_tree(&self.partial);
            return Err(error);
        }
        crash::around("tree.publish", &self.key(), || self.publish())?;
        Ok(self.path.clone())
    }

    /// Removes the tree; fine when it is not there. The caller knows that nobody uses it.
    ///
    /// # Errors
    /// [`Error::Files`].
    pub fn remove(&self) -> Result<(), Error> {
        let _lock = files::lock_exclusive(&self.lock)?;
        self.clear()
    }

    fn key(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    fn clear(&self) -> Result<(), Error> {
        files::remove_file(&self.mark)?;
        files::remove_tree(&self.partial)?;
        files::remove_tree(&self.path)?;
        Ok(())
    }

    fn publish(&self) -> Result<(), Error> {
        files::write(&self.mark, boot_id()?.as_bytes())?;
        // A folder without write permission cannot be renamed by an ordinary user.
        let mode = files::metadata(&self.partial)?.mode;
        files::set_mode(&self.partial, mode | 0o700)?;
        files::rename(&self.partial, &self.path)?;
        Ok(files::set_mode(&self.path, mode)?)
    }
}

fn boot_id() -> Result<String, Error> {
    Ok(files::read_text(BOOT_ID, 100)?)
}
