//! The process that holds a pod's network namespace, makes sockets in it and starts launchers
//! that inherit it.

use super::{Outcome, loopback, namespace};
use crate::limits::{DESCRIPTORS_MAX, REAP_MS};
use crate::start::spawn_launcher;
use crate::wire::{self, Failure, Holding, Report, Step};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};
use rustix::process::{WaitOptions, wait as wait_any};
use rustix::thread::UnshareFlags;
use rustix::time::Timespec;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

/// Until the owner's end of the socket closes.
pub(super) fn run(control: &UnixStream) -> Outcome<()> {
    namespace::enter(UnshareFlags::NEWNET)?;
    loopback::raise()?;
    let lost = |_| Failure::new(Step::Message, "owner", Errno::PIPE);
    wire::send(control, &Report::Done, &[]).map_err(lost)?;
    loop {
        let children = reap();
        let mut watched = [PollFd::new(control, PollFlags::IN)];
        let pause = Timespec { tv_sec: 0, tv_nsec: REAP_MS as i64 * 1_000_000 };
        match poll(&mut watched, children.then_some(&pause)) {
            Ok(0) | Err(Errno::INTR) => continue,
            Ok(_) => {}
            Err(errno) => return Err(Failure::new(Step::Message, "owner", errno)),
        }
        let Some((question, descriptors)) = wire::receive::<Holding>(control).map_err(lost)? else {
            return Ok(());
        };
        let (report, sockets) = match answer(question, descriptors) {
            Ok(sockets) => (Report::Done, sockets),
            Err(failure) => (Report::Failed(failure), Vec::new()),
        };
        let borrowed: Vec<BorrowedFd<'_>> = sockets.iter().map(AsFd::as_fd).collect();
        wire::send(control, &report, &borrowed).map_err(lost)?;
    }
}

/// Launchers that have ended; whether any is left.
fn reap() -> bool {
    loop {
        match wait_any(WaitOptions::NOHANG) {
            Ok(Some(_)) | Err(Errno::INTR) => {}
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}

fn answer(question: Holding, mut descriptors: Vec<OwnedFd>) -> Outcome<Vec<OwnedFd>> {
    match question {
        Holding::Sockets(count) => {
            let one = |_| {
                socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)
                    .map_err(|errno| Failure::new(Step::Namespace, "socket", errno))
            };
            (0..count.min(DESCRIPTORS_MAX)).map(one).collect()
        }
        Holding::Launch { program, arguments } => {
            let Some(control) = descriptors.pop() else {
                return Err(Failure::new(Step::Message, "control", Errno::BADF));
            };
            match spawn_launcher(&program, &arguments, control) {
                Ok(_) => Ok(Vec::new()),
                Err(
                    crate::Error::Launcher { source, .. } | crate::Error::Exhausted { source, .. },
                ) => Err(Failure::io(Step::Fork, program.display(), &source)),
                Err(_) => Err(Failure::new(Step::Fork, program.display(), Errno::IO)),
            }
        }
    }
}
