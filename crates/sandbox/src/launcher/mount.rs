//! Mounting, one system call's worth a function.
//!
//! Everything that comes from the host is first cloned into a mount that is attached nowhere
//! ([`Tree`]), while paths still mean the host's, and attached later, when `/` is the sandbox's
//! own root. So no link inside an image can lead a target out of it, and no target can hide a
//! source.

use super::Outcome;
use crate::limits::OVERLAY_OPTIONS_BYTES_MAX;
use crate::spec::Spec;
use crate::wire::{Failure, Step};
use rustix::fs::{CWD, FileType, StatVfsMountFlags, fstat, statvfs};
use rustix::io::Errno;
use rustix::mount::{
    MountFlags, MoveMountFlags, OpenTreeFlags, UnmountFlags, mount, mount_bind, mount_remount,
    move_mount, open_tree, unmount,
};
use std::ffi::{CString, OsString};
use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// A mount that is attached nowhere yet.
pub(super) struct Tree {
    mount: OwnedFd,
    pub(super) is_directory: bool,
    /// Where further mounts lie in it, relative to it.
    beneath: Vec<PathBuf>,
}

impl Tree {
    /// A folder or file of the host with what is mounted beneath it.
    pub(super) fn of_host(source: &Path, table: &[PathBuf]) -> Outcome<Self> {
        let real =
            fs::canonicalize(source).map_err(|e| Failure::io(Step::Bind, source.display(), &e))?;
        let beneath = table.iter().filter_map(|point| point.strip_prefix(&real).ok());
        let beneath = beneath.filter(|rest| !rest.as_os_str().is_empty());
        let beneath = beneath.map(Path::to_owned).collect();
        Self::open(&real, Step::Bind, beneath)
    }

    fn open(path: &Path, step: Step, beneath: Vec<PathBuf>) -> Outcome<Self> {
        let failed = |errno| Failure::new(step, path.display(), errno);
        let flags = OpenTreeFlags::OPEN_TREE_CLONE
            | OpenTreeFlags::OPEN_TREE_CLOEXEC
            | OpenTreeFlags::AT_RECURSIVE;
        let mount = open_tree(CWD, path, flags).map_err(failed)?;
        let stat = fstat(&mount).map_err(failed)?;
        let is_directory = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
        Ok(Self { mount, is_directory, beneath })
    }

    /// An overlay, made at `staging` and taken off again.
    pub(super) fn of_overlay(staging: &Path, layers: &Layers<'_>, confined: bool) -> Outcome<Self> {
        overlay(staging, layers, confined)?;
        let tree = Self::open(staging, Step::Overlay, Vec::new());
        unmount(staging, UnmountFlags::DETACH)
            .map_err(|errno| Failure::new(Step::Overlay, staging.display(), errno))?;
        tree
    }

    /// Puts it at `target`, which exists.
    pub(super) fn attach(&self, target: &Path, read_only: bool) -> Outcome<()> {
        let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_SYMLINKS;
        move_mount(&self.mount, "", CWD, target, flags)
            .map_err(|errno| Failure::new(Step::Target, target.display(), errno))?;
        if !read_only {
            return Ok(());
        }
        make_read_only(target)?;
        for rest in &self.beneath {
            match make_read_only(&target.join(rest)) {
                // It is hidden by a later mount, or out of reach for the programs, too.
                Err(failure) if is_out_of_reach(&failure) => {}
                other => other?,
            }
        }
        Ok(())
    }
}

fn is_out_of_reach(failure: &Failure) -> bool {
    let errno = Errno::from_raw_os_error(failure.errno);
    matches!(errno, Errno::ACCESS | Errno::NOENT | Errno::INVAL | Errno::NOTDIR)
}

/// The folders of an overlay.
pub(super) struct Layers<'a> {
    /// The topmost first.
    pub(super) lower: &'a [PathBuf],
    pub(super) upper: &'a Path,
    pub(super) work: &'a Path,
}

/// Mounts an overlay. Renames of lower folders fail with `EXDEV` as in every container, and
/// the upper folder holds plain files only: no attribute refers to the lower ones' inodes.
pub(super) fn overlay(target: &Path, layers: &Layers<'_>, confined: bool) -> Outcome<()> {
    let subject = layers.upper.display();
    for folder in layers.lower.iter().map(PathBuf::as_path).chain([layers.upper, layers.work]) {
        // The kernel's own error does not say which one.
        let metadata = fs::metadata(folder);
        metadata.map_err(|e| Failure::io(Step::Overlay, folder.display(), &e))?;
    }
    let mut options = b"lowerdir=".to_vec();
    for (index, lower) in layers.lower.iter().enumerate() {
        if index > 0 {
            options.push(b':');
        }
        escape(lower, &mut options);
    }
    options.extend_from_slice(b",upperdir=");
    escape(layers.upper, &mut options);
    options.extend_from_slice(b",workdir=");
    escape(layers.work, &mut options);
    options.extend_from_slice(if confined {
        b",userxattr,volatile".as_slice()
    } else {
        b",index=off,metacopy=off,redirect_dir=off,volatile".as_slice()
    });
    forget_volatile(layers.work)?;
    if options.len() > OVERLAY_OPTIONS_BYTES_MAX {
        let layers = layers.lower.len();
        return Err(Failure::new(Step::Overlay, format!("{layers} layers"), Errno::NAMETOOLONG));
    }
    let options =
        CString::new(options).map_err(|_| Failure::new(Step::Overlay, &subject, Errno::INVAL))?;
    mount("overlay", target, "overlay", MountFlags::NODEV, options.as_c_str())
        .map_err(|errno| Failure::new(Step::Overlay, subject, errno))
}

/// An overlay is `volatile`: without, taking it down writes the whole disk below it out and holds
/// the end of the sandbox for as long. The kernel leaves a mark, so that the folders are not
/// taken again after a power cut; whoever keeps an upper folder writes it out by itself.
fn forget_volatile(work: &Path) -> Outcome<()> {
    let mark = work.join("work/incompat");
    match fs::remove_dir_all(&mark) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::io(Step::Overlay, mark.display(), &error))
        }
        _ => Ok(()),
    }
}

/// `,` parts options, `:` parts layers, `\` escapes both and itself.
fn escape(path: &Path, into: &mut Vec<u8>) {
    for byte in path.as_os_str().as_bytes() {
        if matches!(byte, b'\\' | b',' | b':') {
            into.push(b'\\');
        }
        into.push(*byte);
    }
}

/// Memory at `target`, which exists.
pub(super) fn tmpfs(target: &Path, mode: u32, bytes_max: Option<u64>) -> Outcome<()> {
    let size = bytes_max.map_or(String::new(), |bytes| format!(",size={bytes}"));
    let options = CString::new(format!("mode={mode:o}{size}")).unwrap_or_default();
    let flags = MountFlags::NOSUID | MountFlags::NODEV;
    mount("tmpfs", target, "tmpfs", flags, options.as_c_str())
        .map_err(|errno| Failure::new(Step::Tmpfs, target.display(), errno))
}

/// Makes one mount read-only, keeping its other flags: in a user namespace those that the host
/// has set may not be dropped.
pub(super) fn make_read_only(target: &Path) -> Outcome<()> {
    let failed = |errno| Failure::new(Step::Mask, target.display(), errno);
    let now = statvfs(target).map_err(failed)?.f_flag;
    let mut flags = MountFlags::BIND | MountFlags::RDONLY;
    for (has, flag) in [
        (StatVfsMountFlags::NOSUID, MountFlags::NOSUID),
        (StatVfsMountFlags::NODEV, MountFlags::NODEV),
        (StatVfsMountFlags::NOEXEC, MountFlags::NOEXEC),
        (StatVfsMountFlags::NOATIME, MountFlags::NOATIME),
        (StatVfsMountFlags::NODIRATIME, MountFlags::NODIRATIME),
        (StatVfsMountFlags::RELATIME, MountFlags::RELATIME),
    ] {
        if now.contains(has) {
            flags |= flag;
        }
    }
    mount_remount(target, flags, "").map_err(failed)
}

/// A file or folder of the sandbox shown at another place of it.
pub(super) fn bind(source: &Path, target: &Path) -> Outcome<()> {
    mount_bind(source, target).map_err(|errno| Failure::new(Step::Mask, target.display(), errno))
}

/// Hides a file or folder: it is empty.
pub(super) fn hide(path: &Path, is_directory: bool) -> Outcome<()> {
    if is_directory {
        tmpfs(path, 0o555, Some(4_096))?;
        make_read_only(path)
    } else {
        bind(Path::new("/dev/null"), path)
    }
}

/// Where something is mounted on the host, from `/proc/self/mountinfo`.
pub(super) fn table() -> Outcome<Vec<PathBuf>> {
    let path = "/proc/self/mountinfo";
    let text = fs::read(path).map_err(|e| Failure::io(Step::Proc, path, &e))?;
    Ok(points(&text))
}

fn points(table: &[u8]) -> Vec<PathBuf> {
    let lines = table.split(|byte| *byte == b'\n');
    let fields = lines.filter_map(|line| line.split(|byte| *byte == b' ').nth(4));
    fields.map(|field| PathBuf::from(OsString::from_vec(unescape(field)))).collect()
}

/// `\040` and its like are how the kernel writes blanks, tabs, newlines and `\`.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, tail)) = rest.split_first() {
        let digits = tail.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        let octal = digits.and_then(|digits| u8::from_str_radix(digits, 8).ok());
        match (first, octal) {
            (b'\\', Some(byte)) => {
                out.push(byte);
                rest = &tail[3..];
            }
            _ => {
                out.push(*first);
                rest = tail;
            }
        }
    }
    out
}

/// What container engines hide of `/proc`, and what they make read-only.
const PROC_HIDDEN: &[&str] = &[
    "/proc/acpi",
    "/proc/asound",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
];
const PROC_READ_ONLY: &[&str] =
    &["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/// The machine's own settings lie in `/proc`, and root's file permissions are all that guards
/// them. In a user namespace they are out of reach anyway, and masks would forbid sandboxes
/// inside this one; there only the number of processes needs guarding.
pub(super) fn protect_proc(confined: bool, spec: &Spec) -> Outcome<()> {
    let (hidden, read_only) = match (confined, spec.limits.processes_max) {
        (false, _) => (PROC_HIDDEN, PROC_READ_ONLY),
        (true, Some(_)) => (&[][..], &["/proc/sys"][..]),
        (true, None) => (&[][..], &[][..]),
    };
    for path in hidden.iter().map(Path::new) {
        if let Ok(metadata) = fs::symlink_metadata(path) {
            hide(path, metadata.is_dir())?;
        }
    }
    for path in read_only.iter().map(Path::new) {
        if fs::symlink_metadata(path).is_ok() {
            bind(path, path)?;
            make_read_only(path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{escape, points};
    use std::path::{Path, PathBuf};

    #[test]
    fn mount_points_with_blanks_are_read_as_written() {
        let table = b"36 35 98:0 /mnt1 /mnt/a\\040b rw - ext3 /dev/root rw\n\
            37 35 98:0 / /usr rw - ext3 /dev/root rw\n";
        assert_eq!(points(table), [PathBuf::from("/mnt/a b"), PathBuf::from("/usr")]);
    }

    #[test]
    fn overlay_paths_may_hold_commas_and_colons() {
        let mut options = Vec::new();
        escape(Path::new("/a,b:c\\d"), &mut options);
        assert_eq!(options, b"/a\\,b\\:c\\\\d");
    }
}
