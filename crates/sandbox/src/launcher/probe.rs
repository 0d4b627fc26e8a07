//! Trying one thing that a sandbox needs; this process ends afterwards, and with it what it made.

use super::{Outcome, layout, loopback, namespace};
use crate::wire::Trial;
use rustix::thread::UnshareFlags;

/// `Ok` when this machine permits it.
pub(super) fn run(trial: &Trial) -> Outcome<()> {
    match trial {
        Trial::User => namespace::become_ids(0, 0),
        Trial::Namespaces => {
            let flags = UnshareFlags::NEWPID
                | UnshareFlags::NEWIPC
                | UnshareFlags::NEWUTS
                | UnshareFlags::NEWNET
                | UnshareFlags::NEWNS;
            namespace::enter(flags)?;
            loopback::raise()
        }
        Trial::Overlay(scratch) => {
            namespace::enter(UnshareFlags::NEWNS)?;
            layout::try_overlay(scratch, namespace::in_user_namespace())
        }
    }
}
