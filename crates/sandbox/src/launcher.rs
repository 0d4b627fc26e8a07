//! The other side: this binary again, in one thread, making a sandbox out of itself.
//!
//! ```text
//! Bowline ──socket──▶ monitor ──fork──▶ process 1 of the sandbox
//!                     namespaces, ids   mounts, root, limits, identity, then either
//!                     watches both      the program itself, or an init that takes orders
//! ```
//! The monitor stays outside with the host's files. It ends when process 1 ends, and kills it
//! when Bowline's end of the socket closes. Process 1 is killed by the kernel when the monitor
//! dies (`PDEATHSIG`; the monitor has one thread, so the signal's trap does not bite). So the
//! sandbox ends whichever of the three dies.
//!
//! Absent on purpose: threads, an async runtime, the environment, the command line beyond the
//! hidden verb. What to do arrives on standard input, a socket.
#![expect(
    clippy::disallowed_methods,
    reason = "mounts, `/proc` and starting programs are what this crate is for"
)]

mod device;
mod holder;
mod identity;
mod init;
mod layout;
mod loopback;
mod monitor;
mod mount;
mod namespace;
mod prepared;
mod probe;
mod resolve;
mod root;
mod seccomp;

use crate::wire::{self, Failure, Report, Request, Step};
use rustix::io::Errno;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

/// What every step of the launcher returns.
type Outcome<T> = Result<T, Failure>;

/// The hidden verb of the binary. It must be called before any thread is started.
///
/// It never returns: it ends with the sandbox.
#[expect(
    clippy::exit,
    reason = "the launcher is a process of its own; there is nobody to return to"
)]
pub fn init_main() -> ! {
    let Some(control) = take_control() else {
        // Somebody typed the hidden verb.
        std::process::exit(i32::from(bowline_diag::exit::USAGE))
    };
    let code = match serve(&control) {
        Ok(()) => 0,
        Err(failure) => {
            // If nobody listens there is nobody to tell.
            let _ = wire::send(&control, &Report::Failed(failure), &[]);
            1
        }
    };
    std::process::exit(code)
}

fn serve(control: &UnixStream) -> Outcome<()> {
    one_thread()?;
    let no_proc = |_| Failure::new(Step::Proc, "/proc/self/fd", Errno::NOENT);
    crate::descriptors::keep_to_this_process().map_err(no_proc)?;
    let message = |_| Failure::new(Step::Message, "request", Errno::PROTO);
    let Some((request, mut descriptors)) = wire::receive::<Request>(control).map_err(message)?
    else {
        return Ok(());
    };
    match request {
        Request::Start { spec, program } => {
            let (Some(stderr), Some(stdout)) = (descriptors.pop(), descriptors.pop()) else {
                return Err(Failure::new(Step::Message, "output", Errno::BADF));
            };
            let first = monitor::First::Program { program, stdout, stderr };
            monitor::run(control, &spec, first)
        }
        Request::Open { spec } => {
            let Some(orders) = descriptors.pop() else {
                return Err(Failure::new(Step::Message, "orders", Errno::BADF));
            };
            monitor::run(control, &spec, monitor::First::Init { orders: orders.into() })
        }
        Request::Hold => holder::run(control),
        Request::Probe(trial) => {
            probe::run(&trial)?;
            wire::send(control, &Report::Done, &[]).map_err(message)
        }
    }
}

/// Standard input if it is a socket; `/dev/null` takes its place.
fn take_control() -> Option<UnixStream> {
    let stdin = std::io::stdin();
    rustix::net::sockopt::socket_type(&stdin).ok()?;
    let control: OwnedFd = stdin.as_fd().try_clone_to_owned().ok()?;
    let null = crate::running::null().ok()?;
    rustix::stdio::dup2_stdin(&null).ok()?;
    Some(control.into())
}

/// `unshare` and `fork` need it; a second thread would be a bug of Bowline.
fn one_thread() -> Outcome<()> {
    let threads = std::fs::read_dir("/proc/self/task")
        .map_err(|e| Failure::io(Step::Proc, "/proc (is it mounted?)", &e))?
        .count();
    if threads == 1 {
        Ok(())
    } else {
        Err(Failure::new(Step::Fork, format!("{threads} threads"), Errno::INVAL))
    }
}

/// Whether the running kernel is this one or a later one.
pub(crate) use prepared::kernel_is_at_least;
