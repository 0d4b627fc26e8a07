//! Ids, capabilities, `no_new_privs` and the filter of system calls of what runs inside.

use super::{Outcome, namespace, seccomp};
use crate::spec::{Identity, Mode, Spec};
use crate::wire::{Failure, Step};
use rustix::io::Errno;
use rustix::process::{Gid, Uid};
use rustix::thread::{
    CapabilitySet, CapabilitySets, clear_ambient_capability_set,
    remove_capability_from_bounding_set, set_capabilities, set_no_new_privs, set_thread_groups,
    set_thread_res_gid, set_thread_res_uid,
};

/// What container engines leave to root inside, without making devices and writing the audit
/// log: there is no device cgroup here, so a device made would be the host's disk.
const KEPT: CapabilitySet = CapabilitySet::CHOWN
    .union(CapabilitySet::DAC_OVERRIDE)
    .union(CapabilitySet::FOWNER)
    .union(CapabilitySet::FSETID)
    .union(CapabilitySet::KILL)
    .union(CapabilitySet::SETGID)
    .union(CapabilitySet::SETUID)
    .union(CapabilitySet::SETPCAP)
    .union(CapabilitySet::SETFCAP)
    .union(CapabilitySet::NET_BIND_SERVICE)
    .union(CapabilitySet::NET_RAW)
    .union(CapabilitySet::SYS_CHROOT);

/// Becomes who the programs are.
pub(super) fn take(spec: &Spec) -> Outcome<()> {
    let confined = namespace::in_user_namespace();
    if let Identity::Ids { uid, gid } = spec.identity {
        if confined {
            if (uid, gid) != (0, 0) {
                namespace::become_ids(uid, gid)?;
            }
            drop_bounding()?;
        } else {
            drop_bounding()?;
            become_ids(uid, gid)?;
        }
    } else {
        drop_bounding()?;
        if !confined {
            become_ids(0, 0)?;
        }
    }
    if spec.mode == Mode::Sealed || !confined {
        set_no_new_privs(true)
            .map_err(|errno| Failure::new(Step::Identity, "no_new_privs", errno))?;
    }
    // Without `no_new_privs` this is a right that the next line gives up.
    seccomp::install()?;
    capabilities(match spec.identity {
        Identity::Ids { uid, .. } if uid != 0 => CapabilitySet::empty(),
        Identity::Ids { .. } | Identity::Root => KEPT,
    })
}

fn drop_bounding() -> Outcome<()> {
    let failed = |errno| Failure::new(Step::Identity, "less capable", errno);
    for bit in 0..64 {
        let one = CapabilitySet::from_bits_retain(1 << bit);
        if KEPT.contains(one) {
            continue;
        }
        match remove_capability_from_bounding_set(one) {
            Ok(()) => {}
            // The kernel knows no capability with this number, and so none with a higher one.
            Err(Errno::INVAL) => break,
            Err(errno) => return Err(failed(errno)),
        }
    }
    match clear_ambient_capability_set() {
        Ok(()) | Err(Errno::INVAL) => Ok(()),
        Err(errno) => Err(failed(errno)),
    }
}

fn become_ids(uid: u32, gid: u32) -> Outcome<()> {
    let failed = |errno| Failure::new(Step::Identity, format!("user {uid}, group {gid}"), errno);
    let (user, group) = (Uid::from_raw(uid), Gid::from_raw(gid));
    set_thread_groups(&[]).map_err(failed)?;
    set_thread_res_gid(group, group, group).map_err(failed)?;
    set_thread_res_uid(user, user, user).map_err(failed)
}

fn capabilities(kept: CapabilitySet) -> Outcome<()> {
    // A container's root may have less than we would leave.
    let held = rustix::thread::capabilities(None).map_or(kept, |sets| sets.permitted & kept);
    let sets =
        CapabilitySets { effective: held, permitted: held, inheritable: CapabilitySet::empty() };
    set_capabilities(None, sets)
        .map_err(|errno| Failure::new(Step::Identity, "less capable", errno))
}
