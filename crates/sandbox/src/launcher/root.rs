//! Folders and files in the new root, and the host's tools as a root.

use super::Outcome;
use super::mount::{self, Tree};
use crate::limits::{ETC_ENTRIES_MAX, OPT_ENTRIES_MAX};
use crate::spec::{Identity, Spec};
use crate::wire::{Failure, Step};
use rustix::io::Errno;
use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

/// Makes a folder and what is missing above it; links are followed, inside.
pub(super) fn directory(path: &Path) -> Outcome<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(path)
        .map_err(|e| Failure::io(Step::Target, path.display(), &e))
}

/// Makes an empty file where there is nothing; a link to nothing is followed.
pub(super) fn file(path: &Path) -> Outcome<()> {
    let failed = |e: std::io::Error| Failure::io(Step::Target, path.display(), &e);
    let linked = fs::read_link(path).ok();
    let above = path.parent().unwrap_or(Path::new("/"));
    directory(above)?;
    if let Some(parent) = linked.and_then(|link| above.join(link).parent().map(Path::to_owned)) {
        directory(&parent)?;
    }
    match fs::metadata(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            fs::File::create(path).map(drop).map_err(failed)
        }
        Err(error) => Err(failed(error)),
    }
}

/// Makes the place for a mount. In the host's-tools root, whose folders are all private, new
/// folders belong to whom the programs are.
pub(super) fn target(path: &Path, is_directory: bool, owner: Option<(u32, u32)>) -> Outcome<()> {
    let mut missing: Vec<&Path> = Vec::new();
    if owner.is_some() {
        let above = path.ancestors().skip(usize::from(!is_directory));
        missing = above.take_while(|folder| fs::symlink_metadata(folder).is_err()).collect();
    }
    if is_directory {
        directory(path)?
    } else {
        file(path)?
    }
    for folder in missing {
        own(folder, owner)?;
    }
    Ok(())
}

pub(super) fn own(path: &Path, owner: Option<(u32, u32)>) -> Outcome<()> {
    let Some((uid, gid)) = owner else { return Ok(()) };
    chown(path, Some(uid), Some(gid)).map_err(|e| Failure::io(Step::Target, path.display(), &e))
}

/// To whom private folders belong, where that is not user 0 anyway.
pub(super) fn owner(spec: &Spec, confined: bool) -> Option<(u32, u32)> {
    match spec.identity {
        Identity::Ids { uid, gid } if !confined => Some((uid, gid)),
        Identity::Ids { .. } | Identity::Root => None,
    }
}

/// What the host's-tools root shows.
pub(super) struct HostTools {
    /// Read-only.
    trees: Vec<(PathBuf, Tree)>,
    /// Where they point, where they are.
    links: Vec<(PathBuf, PathBuf)>,
}

const SHOWN: &[&str] =
    &["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/nix"];

/// Private folders and their permissions.
const PRIVATE: &[(&str, u32)] = &[
    ("/home", 0o755),
    ("/mnt", 0o755),
    ("/opt", 0o755),
    ("/root", 0o700),
    ("/run", 0o755),
    ("/run/lock", 0o1777),
    ("/srv", 0o755),
    ("/sys", 0o555),
    ("/tmp", 0o1777),
    ("/var", 0o755),
    ("/var/cache", 0o755),
    ("/var/lib", 0o755),
    ("/var/log", 0o755),
    ("/var/tmp", 0o1777),
];

impl HostTools {
    /// While paths still mean the host's.
    pub(super) fn prepare(table: &[PathBuf]) -> Outcome<Self> {
        let mut tools = Self { trees: Vec::new(), links: Vec::new() };
        for path in SHOWN.iter().map(PathBuf::from) {
            tools.take(path, table)?;
        }
        // Each entry by itself, so that further targets can be made beside them.
        for entry in fs::read_dir("/opt").into_iter().flatten().flatten().take(OPT_ENTRIES_MAX) {
            tools.take(entry.path(), table)?;
        }
        // Often a link into `/run`, which is private inside.
        let resolver = fs::canonicalize("/etc/resolv.conf").ok();
        if let Some(real) = resolver.filter(|real| !real.starts_with("/etc")) {
            let tree = Tree::of_host(&real, table)?;
            tools.trees.push((real, tree));
        }
        Ok(tools)
    }

    fn take(&mut self, path: PathBuf, table: &[PathBuf]) -> Outcome<()> {
        let Ok(metadata) = fs::symlink_metadata(&path) else { return Ok(()) };
        if metadata.is_symlink() {
            let to =
                fs::read_link(&path).map_err(|e| Failure::io(Step::Bind, path.display(), &e))?;
            self.links.push((to, path));
        } else {
            let tree = Tree::of_host(&path, table)?;
            self.trees.push((path, tree));
        }
        Ok(())
    }

    /// In the new, empty root.
    pub(super) fn attach(&self, owner: Option<(u32, u32)>) -> Outcome<()> {
        for (path, mode) in PRIVATE {
            let path = Path::new(path);
            directory(path)?;
            fs::set_permissions(path, fs::Permissions::from_mode(*mode))
                .map_err(|e| Failure::io(Step::Target, path.display(), &e))?;
        }
        own(Path::new("/home"), owner)?;
        link("/run", Path::new("/var/run"))?;
        for (path, tree) in &self.trees {
            target(path, tree.is_directory, None)?;
            tree.attach(path, true)?;
        }
        for (to, path) in &self.links {
            link(to, path)?;
        }
        Ok(())
    }
}

fn link(to: impl AsRef<Path>, path: &Path) -> Outcome<()> {
    symlink(to, path).map_err(|e| Failure::io(Step::Target, path.display(), &e))
}

/// Hides what an ordinary user of the host may not read in `/etc`: password hashes, host keys,
/// private keys. For an ordinary user the kernel does so by itself.
pub(super) fn hide_secrets(etc: &Path) -> Outcome<()> {
    let mut folders = vec![etc.to_owned()];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        let failed = |e: &std::io::Error| Failure::io(Step::Mask, folder.display(), e);
        for entry in fs::read_dir(&folder).map_err(|e| failed(&e))? {
            let entry = entry.map_err(|e| failed(&e))?;
            seen += 1;
            if seen > ETC_ENTRIES_MAX {
                return Err(Failure::new(Step::Mask, etc.display(), Errno::TOOBIG));
            }
            // Most entries are links (certificates, alternatives) and need no second look.
            if entry.file_type().is_ok_and(|kind| kind.is_symlink()) {
                continue;
            }
            let metadata = entry.metadata().map_err(|e| failed(&e))?;
            let mode = metadata.permissions().mode();
            if metadata.is_dir() {
                if mode & 0o005 == 0o005 {
                    folders.push(entry.path());
                } else {
                    mount::hide(&entry.path(), true)?;
                }
            } else if mode & 0o004 == 0 {
                mount::hide(&entry.path(), false)?;
            }
        }
    }
    Ok(())
}
