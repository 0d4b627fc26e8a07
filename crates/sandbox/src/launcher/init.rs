//! Process 1 of a sandbox that stays: starts programs, reaps what dies, passes signals on.
//!
//! One loop, no thread, no signal handler: each program has a process descriptor that wakes the
//! loop when it ends; orphans, which have none, are looked for every [`REAP_MS`] while there
//! are any children at all.

use super::Outcome;
use super::resolve::resolve;
use crate::Exit;
use crate::limits::REAP_MS;
use crate::spec::Program;
use crate::wire::{self, Failure, Order, Report, Step};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, WaitStatus, kill_process_group, pidfd_open,
    wait as wait_any,
};
use rustix::time::Timespec;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

/// A program that was started and has not ended.
struct Running {
    process: Pid,
    ended: OwnedFd,
    /// `None` when nobody waits for it any more.
    owner: Option<UnixStream>,
}

/// Until nobody can give orders any more; then process 1 ends, and with it everything.
pub(super) fn serve(orders: &UnixStream) {
    let mut running: Vec<Running> = Vec::new();
    loop {
        let children = reap(&mut running);
        let Ok(woken) = wait(orders, &running, children) else { return };
        if woken.orders {
            match wire::receive::<wire::Command>(orders) {
                Ok(Some((wire::Command::Start(program), descriptors))) => {
                    running.extend(begin(&program, descriptors));
                }
                Ok(Some((wire::Command::KillAll, _))) => kill_all(),
                Ok(None) | Err(_) => return,
            }
        }
        for index in woken.owners {
            if let Some(one) = running.get_mut(index) {
                obey(one);
            }
        }
    }
}

struct Woken {
    orders: bool,
    /// Indices of programs whose owner has said something.
    owners: Vec<usize>,
}

fn wait(orders: &UnixStream, running: &[Running], children: bool) -> Result<Woken, Errno> {
    let mut watched = vec![PollFd::new(orders, PollFlags::IN)];
    let mut whose = vec![None];
    for (index, one) in running.iter().enumerate() {
        watched.push(PollFd::new(&one.ended, PollFlags::IN));
        whose.push(None);
        if let Some(owner) = &one.owner {
            watched.push(PollFd::new(owner, PollFlags::IN));
            whose.push(Some(index));
        }
    }
    let pause = Timespec { tv_sec: 0, tv_nsec: REAP_MS as i64 * 1_000_000 };
    match poll(&mut watched, children.then_some(&pause)) {
        Ok(_) | Err(Errno::INTR) => {}
        Err(errno) => return Err(errno),
    }
    let ready = |poll: &PollFd<'_>| !poll.revents().is_empty();
    let owners = watched.iter().zip(&whose).filter(|(poll, _)| ready(poll));
    Ok(Woken { orders: ready(&watched[0]), owners: owners.filter_map(|(_, who)| *who).collect() })
}

/// One call that nothing can outrun, not even a program that forks without end: -1 means every
/// process that this one sees, but for itself.
fn kill_all() {
    // It fails when there is none.
    let _ = kill_process_group(Pid::INIT, Signal::KILL);
}

/// Takes away everything that has ended and tells the owners; whether children are left.
fn reap(running: &mut Vec<Running>) -> bool {
    loop {
        match wait_any(WaitOptions::NOHANG) {
            Ok(Some((process, status))) => {
                let found = running.iter().position(|one| one.process == process);
                let Some((index, exit)) = found.zip(exit_of(status)) else { continue };
                let one = running.swap_remove(index);
                if let Some(owner) = one.owner {
                    // An owner that is gone does not want to know.
                    let _ = wire::send(&owner, &Report::Exited(exit), &[]);
                }
            }
            Ok(None) => return true,
            Err(Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}

/// How a process ended; `None` when it was only stopped.
pub(super) fn exit_of(status: WaitStatus) -> Option<Exit> {
    let code = status.exit_status().map(Exit::Code);
    code.or_else(|| status.terminating_signal().map(Exit::Signal))
}

/// Starts a program and tells its owner. Descriptors: owner, standard output, standard error.
fn begin(program: &Program, descriptors: Vec<OwnedFd>) -> Option<Running> {
    let [owner, stdout, stderr]: [OwnedFd; 3] = descriptors.try_into().ok()?;
    let owner = UnixStream::from(owner);
    let started = spawn(program, stdout, stderr);
    match started {
        Ok((process, ended)) => {
            let number = process.as_raw_nonzero().get();
            let report = Report::Started { process: number, unset: Vec::new() };
            // If the owner is gone its socket says so in the next round.
            let _ = wire::send(&owner, &report, &[ended.as_fd()]);
            Some(Running { process, ended, owner: Some(owner) })
        }
        Err(failure) => {
            let _ = wire::send(&owner, &Report::Failed(failure), &[]);
            None
        }
    }
}

/// In a process group of its own, so that signals can reach all of it.
fn spawn(program: &Program, stdout: OwnedFd, stderr: OwnedFd) -> Outcome<(Pid, OwnedFd)> {
    let mut command = command(program, stdout, stderr)?;
    let child = command.process_group(0).spawn().map_err(|e| refused(program, &e))?;
    let gone = || Failure::new(Step::Fork, "process", Errno::SRCH);
    let process = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or_else(gone)?;
    let ended = pidfd_open(process, PidfdFlags::empty())
        .map_err(|errno| Failure::new(Step::Fork, "process descriptor", errno))?;
    Ok((process, ended))
}

/// Only returns when it could not.
pub(super) fn become_program(program: &Program, stdout: OwnedFd, stderr: OwnedFd) -> Failure {
    match command(program, stdout, stderr) {
        Ok(mut command) => refused(program, &command.exec()),
        Err(failure) => failure,
    }
}

fn command(program: &Program, stdout: OwnedFd, stderr: OwnedFd) -> Outcome<Command> {
    let found = resolve(program)?;
    let mut command = Command::new(found);
    if let Some(name) = program.arguments.first() {
        command.arg0(name);
    }
    command
        .args(program.arguments.iter().skip(1))
        .env_clear()
        .envs(program.environment.iter().map(|(name, value)| (name, value)))
        .current_dir(&program.directory)
        .stdin(Stdio::null())
        .stdout(Stdio::from(stdout))
        .stderr(Stdio::from(stderr));
    Ok(command)
}

fn refused(program: &Program, error: &std::io::Error) -> Failure {
    let name = program.arguments.first().map_or("", String::as_str);
    Failure::io(Step::Program, name, error)
}

fn obey(one: &mut Running) {
    let Some(owner) = &one.owner else { return };
    let signal = match wire::receive::<Order>(owner) {
        Ok(Some((Order::Signal(number), _))) => Signal::from_named_raw(number),
        Ok(Some((Order::KillTree, _))) => Some(Signal::KILL),
        Ok(None) | Err(_) => {
            one.owner = None;
            Some(Signal::KILL)
        }
    };
    if let Some(signal) = signal {
        // It fails when the group has ended.
        let _ = kill_process_group(one.process, signal);
    }
}
