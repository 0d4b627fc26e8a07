//! Entering namespaces, and the ids of a user namespace.

use super::Outcome;
use crate::wire::{Failure, Step};
use rustix::process::{getegid, geteuid};
use rustix::thread::{CapabilitySet, UnshareFlags, capabilities, unshare_unsafe};
use std::fs;

/// Whether this process may make the other namespaces without a user namespace.
pub(super) fn is_privileged() -> bool {
    capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::SYS_ADMIN))
}

/// Whether this process is in a user namespace (made here, by a holder, or by a container), so
/// that its rights end at what it made itself.
pub(super) fn in_user_namespace() -> bool {
    let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    map.split_ascii_whitespace().collect::<Vec<_>>() != ["0", "0", "4294967295"]
}

/// Makes `flags`; without the right to, a user namespace first in which it is user 0.
pub(super) fn enter(flags: UnshareFlags) -> Outcome<()> {
    if is_privileged() {
        return leave(flags);
    }
    let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
    leave(flags | UnshareFlags::NEWUSER)?;
    map_ids((0, uid), (0, gid))
}

/// A user namespace in which this process, now user 0, has other ids.
pub(super) fn become_ids(uid: u32, gid: u32) -> Outcome<()> {
    let (outer_uid, outer_gid) = (geteuid().as_raw(), getegid().as_raw());
    leave(UnshareFlags::NEWUSER)?;
    map_ids((uid, outer_uid), (gid, outer_gid))
}

/// One id each: more would need `/etc/subuid` and a set-user-ID program.
fn map_ids(user: (u32, u32), group: (u32, u32)) -> Outcome<()> {
    let write = |name: &str, text: String| {
        let path = format!("/proc/self/{name}");
        fs::write(&path, text).map_err(|e| Failure::io(Step::IdMap, path, &e))
    };
    write("uid_map", format!("{} {} 1\n", user.0, user.1))?;
    write("setgroups", "deny".into())?;
    write("gid_map", format!("{} {} 1\n", group.0, group.1))
}

/// `unshare`.
pub(super) fn leave(flags: UnshareFlags) -> Outcome<()> {
    debug_assert!(!flags.contains(UnshareFlags::FILES));
    // SAFETY: the only danger of `unshare` is `FILES` among threads that share descriptors. It
    // is not asked for, and the launcher has one thread.
    unsafe { unshare_unsafe(flags) }
        .map_err(|errno| Failure::new(Step::Namespace, names(flags), errno))
}

fn names(flags: UnshareFlags) -> String {
    let all = [
        (UnshareFlags::NEWUSER, "user"),
        (UnshareFlags::NEWNS, "mount"),
        (UnshareFlags::NEWPID, "pid"),
        (UnshareFlags::NEWIPC, "ipc"),
        (UnshareFlags::NEWUTS, "uts"),
        (UnshareFlags::NEWNET, "net"),
    ];
    let named: Vec<_> =
        all.iter().filter(|(flag, _)| flags.contains(*flag)).map(|(_, name)| *name).collect();
    named.join(", ")
}
