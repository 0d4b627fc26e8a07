//! `/dev`: six devices of the host, terminals and shared memory of its own.

use super::mount::{Tree, tmpfs};
use super::{Outcome, root};
use crate::limits::{DEVICE_BYTES_MAX, SHARED_MEMORY_BYTES_MAX};
use crate::wire::{Failure, Step};
use rustix::mount::{MountFlags, mount};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

const DEVICES: &[&str] = &["null", "zero", "full", "random", "urandom", "tty"];
const LINKS: &[(&str, &str)] = &[
    ("/proc/self/fd", "/dev/fd"),
    ("/proc/self/fd/0", "/dev/stdin"),
    ("/proc/self/fd/1", "/dev/stdout"),
    ("/proc/self/fd/2", "/dev/stderr"),
    ("pts/ptmx", "/dev/ptmx"),
];

/// The host's devices, while its paths are still there. Making new ones is forbidden in a user
/// namespace.
pub(super) fn prepare() -> Outcome<Vec<(&'static str, Tree)>> {
    let one = |name: &&'static str| {
        let path = Path::new("/dev").join(name);
        Tree::of_host(&path, &[])
            .map(|tree| (*name, tree))
            .map_err(|failure| Failure { step: Step::Device, ..failure })
    };
    DEVICES.iter().map(one).collect()
}

/// Fills `/dev`.
pub(super) fn attach(devices: &[(&str, Tree)]) -> Outcome<()> {
    let dev = Path::new("/dev");
    root::directory(dev)?;
    tmpfs(dev, 0o755, Some(DEVICE_BYTES_MAX))?;
    for (name, tree) in devices {
        let path = dev.join(name);
        root::file(&path)?;
        tree.attach(&path, false)?;
    }
    for (target, link) in LINKS {
        symlink(target, link).map_err(|e| Failure::io(Step::Device, link, &e))?;
    }
    let (pts, shm) = (dev.join("pts"), dev.join("shm"));
    for folder in [&pts, &shm] {
        fs::create_dir(folder).map_err(|e| Failure::io(Step::Device, folder.display(), &e))?;
    }
    let flags = MountFlags::NOSUID | MountFlags::NOEXEC;
    mount("devpts", &pts, "devpts", flags, c"newinstance,ptmxmode=0666,mode=0620")
        .map_err(|errno| Failure::new(Step::Device, pts.display(), errno))?;
    tmpfs(&shm, 0o1777, Some(SHARED_MEMORY_BYTES_MAX))
}
