//! The process between Bowline and process 1.

use super::{Outcome, init, layout, loopback, namespace, prepared};
use crate::Exit;
use crate::spec::{Network, Program, Spec, Unset};
use crate::wire::{self, Failure, Order, Report, Step};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions, kill_process, pidfd_open, waitpid};
use rustix::thread::UnshareFlags;
use std::io::{PipeReader, PipeWriter};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

unsafe extern "C" {
    /// fork(2) of the C library that the standard library is linked with.
    fn fork() -> std::ffi::c_int;
}

/// What process 1 is.
pub(super) enum First {
    /// The program itself.
    Program {
        /// It.
        program: Program,
        /// Its standard output.
        stdout: OwnedFd,
        /// Its standard error.
        stderr: OwnedFd,
    },
    /// An init that starts programs.
    Init {
        /// Where it is told which.
        orders: UnixStream,
    },
}

/// What process 1 says to the monitor, over a pipe that closes when the program starts.
pub(super) type Word = Result<Vec<Unset>, Failure>;

/// Makes the namespaces and process 1, and stays until that has ended.
pub(super) fn run(control: &UnixStream, spec: &Spec, first: First) -> Outcome<()> {
    let mut flags = UnshareFlags::NEWPID | UnshareFlags::NEWIPC | UnshareFlags::NEWUTS;
    if spec.network == Network::Private {
        flags |= UnshareFlags::NEWNET;
    }
    namespace::enter(flags)?;
    if spec.network == Network::Private {
        loopback::raise()?;
    }
    let (said, say) = std::io::pipe().map_err(|e| Failure::io(Step::Fork, "pipe", &e))?;
    // SAFETY: `init_main` has checked that this process has one thread, so the child's copy of
    // memory and of the C library's locks is whole; the child only goes on with its own copy
    // and never returns from `process_one`.
    let forked = unsafe { fork() };
    match forked {
        0 => {
            drop(said);
            process_one(spec, first, say)
        }
        number => {
            let Some(process) = Pid::from_raw(number).filter(|_| number > 0) else {
                let error = std::io::Error::last_os_error();
                return Err(Failure::io(Step::Fork, "process 1", &error));
            };
            drop((say, first));
            watch(control, process, said)
        }
    }
}

/// Never returns: it becomes the program, is the init, or ends.
#[expect(clippy::exit, reason = "process 1 ends here if it cannot become the program")]
fn process_one(spec: &Spec, first: First, say: PipeWriter) -> ! {
    let failure = match prepare(spec, &say) {
        Err(failure) => failure,
        Ok(unset) => {
            let heard = wire::write(&say, &Word::Ok(unset));
            match (heard, first) {
                (Err(error), _) => Failure::io(Step::Fork, "monitor", &error),
                (Ok(()), First::Init { orders }) => {
                    drop(say);
                    init::serve(&orders);
                    std::process::exit(0)
                }
                (Ok(()), First::Program { program, stdout, stderr }) => {
                    init::become_program(&program, stdout, stderr)
                }
            }
        }
    };
    // If the monitor is gone there is nobody to tell.
    let _ = wire::write(&say, &Word::Err(failure));
    std::process::exit(1)
}

/// Everything between the fork and the program.
fn prepare(spec: &Spec, say: &PipeWriter) -> Outcome<Vec<Unset>> {
    prepared::die_with_parent(say)?;
    let _ = rustix::process::setsid();
    layout::build(spec)?;
    let unset = prepared::finish(spec)?;
    // Becoming somebody else has cleared it.
    prepared::die_with_parent(say)?;
    Ok(unset)
}

/// Tells Bowline what process 1 says, then how it ends; meanwhile takes orders.
fn watch(control: &UnixStream, process: Pid, said: PipeReader) -> Outcome<()> {
    let ended = pidfd_open(process, PidfdFlags::empty())
        .map_err(|errno| Failure::new(Step::Fork, "process descriptor", errno))?;
    let report = match hear(said) {
        Ok(unset) => Report::Started { process: process.as_raw_nonzero().get(), unset },
        Err(failure) => {
            kill(process);
            let _ = end_of(process);
            return Err(failure);
        }
    };
    let mut listening = wire::send(control, &report, &[]).is_ok();
    if !listening {
        kill(process);
    }
    loop {
        let mut watched =
            vec![PollFd::new(&ended, PollFlags::IN), PollFd::new(control, PollFlags::IN)];
        watched.truncate(if listening { 2 } else { 1 });
        match poll(&mut watched, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(Failure::new(Step::Fork, "poll", errno)),
        }
        let over = !watched[0].revents().is_empty();
        let word = watched.get(1).is_some_and(|word| !word.revents().is_empty());
        if over {
            let exit = end_of(process)?;
            let _ = wire::send(control, &Report::Exited(exit), &[]);
            return Ok(());
        }
        if word {
            listening = obey(control, process);
        }
    }
}

/// Until process 1 has become the program or has given up.
fn hear(mut said: PipeReader) -> Word {
    let mut word: Word = Err(Failure::new(Step::Fork, "process 1", Errno::CHILD));
    loop {
        match wire::read::<Word>(&mut said) {
            Ok(Some(next)) => word = next,
            Ok(None) => return word,
            Err(error) => return Err(Failure::io(Step::Fork, "process 1", &error)),
        }
    }
}

/// Whether more orders may come.
fn obey(control: &UnixStream, process: Pid) -> bool {
    match wire::receive::<Order>(control) {
        Ok(Some((Order::Signal(number), _))) => {
            if let Some(signal) = Signal::from_named_raw(number) {
                let _ = kill_process(process, signal);
            }
            true
        }
        Ok(Some((Order::KillTree, _))) => {
            kill(process);
            true
        }
        Ok(None) | Err(_) => {
            kill(process);
            false
        }
    }
}

/// With process 1 the kernel kills every process of its pid namespace.
fn kill(process: Pid) {
    // It fails when the process has ended, which is what is wanted.
    let _ = kill_process(process, Signal::KILL);
}

/// Waits; of a pid namespace's process 1 this returns when the last process of it is gone.
fn end_of(process: Pid) -> Outcome<Exit> {
    loop {
        match waitpid(Some(process), WaitOptions::empty()) {
            Ok(Some((_, status))) => {
                if let Some(exit) = init::exit_of(status) {
                    return Ok(exit);
                }
            }
            Ok(None) | Err(Errno::INTR) => {}
            Err(errno) => return Err(Failure::new(Step::Fork, "wait", errno)),
        }
    }
}
