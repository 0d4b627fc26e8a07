//! Long-lived helpers (a pod's shim, the edge): a session of their own, no terminal, and they
//! survive whoever started them.
#![expect(clippy::disallowed_methods, reason = "this crate is the one that starts programs")]

use crate::Error;
use rustix::io::{dup2, fcntl_dupfd_cloexec};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The first number that the copies in between get; targets are below it.
const TARGETS_END: RawFd = 100;

/// One helper to start.
#[derive(Debug)]
pub struct Detached {
    /// Its path.
    pub program: PathBuf,
    /// Without the program's own name.
    pub arguments: Vec<String>,
    /// The whole environment: nothing is inherited.
    pub environment: Vec<(String, String)>,
    /// Where it starts.
    pub directory: PathBuf,
    /// Its standard output and error are added to this file (mode 0600); `None`: `/dev/null`.
    pub log_file: Option<PathBuf>,
    /// Descriptors, each with the number that it shall have there (3 to 99).
    pub inherited: Vec<(OwnedFd, RawFd)>,
}

/// Starts it and returns its process id.
///
/// When it ends before its starter does, it stays as an entry without life until the starter
/// ends, too; [`crate::process::is_alive`] knows that.
///
/// # Errors
/// [`Error::Program`], [`Error::Directory`]; a number that is taken or out of range.
pub fn spawn(detached: Detached) -> Result<u32, Error> {
    let Detached { program, arguments, environment, directory, log_file, inherited } = detached;
    if !directory.is_dir() {
        return Err(Error::Directory { directory, source: std::io::ErrorKind::NotFound.into() });
    }
    crate::descriptors::keep_to_this_process()?;
    let moves = clear_of_targets(inherited)?;
    let reserved = reserve(&moves)?;
    let mut command = Command::new(&program);
    command
        .args(arguments)
        .env_clear()
        .envs(environment)
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(log(log_file.as_ref())?)
        .stderr(log(log_file.as_ref())?);
    // SAFETY: between fork and exec this makes two kinds of system calls, `setsid` and `dup2`,
    // with numbers that were prepared before; it takes no lock and allocates nothing.
    unsafe {
        command.pre_exec(move || {
            rustix::process::setsid()?;
            moves.iter().try_for_each(|(from, target)| put(from, *target))
        });
    }
    let child = command.spawn().map_err(|source| {
        Error::spawning(source, "start a helper", |source| Error::Program {
            program: program.display().to_string(),
            source,
        })
    })?;
    drop(reserved);
    Ok(child.id())
}

/// Occupies the targets here while the child is made: else the standard library might use one
/// of these numbers for the pipe over which the child says whether it could start.
fn reserve(moves: &[(OwnedFd, RawFd)]) -> Result<Vec<OwnedFd>, Error> {
    let failed = |errno| Error::system("reserve a descriptor", errno);
    let one = |(from, target): &(OwnedFd, RawFd)| fcntl_dupfd_cloexec(from, *target);
    moves.iter().map(one).collect::<Result<_, _>>().map_err(failed)
}

/// Copies of the descriptors whose own numbers are no target, so that no move overwrites the
/// source of another.
fn clear_of_targets(inherited: Vec<(OwnedFd, RawFd)>) -> Result<Vec<(OwnedFd, RawFd)>, Error> {
    let mut moves: Vec<(OwnedFd, RawFd)> = Vec::with_capacity(inherited.len());
    for (descriptor, target) in inherited {
        let taken = moves.iter().any(|(_, other)| *other == target);
        if taken || !(3..TARGETS_END).contains(&target) {
            let reason = "it must be from 3 to 99 and used once";
            return Err(Error::Value { what: "descriptor", value: target.to_string(), reason });
        }
        let copy = fcntl_dupfd_cloexec(&descriptor, TARGETS_END)
            .map_err(|errno| Error::system("copy a descriptor", errno))?;
        moves.push((copy, target));
    }
    Ok(moves)
}

/// `dup2`, which also takes away `CLOEXEC`.
fn put(from: &OwnedFd, target: RawFd) -> std::io::Result<()> {
    debug_assert!(from.as_raw_fd() >= TARGETS_END);
    // SAFETY: in the child, right before exec: the number is open (`reserve`), nothing in the
    // child uses it any more, and `forget` leaves it open for the program.
    let mut place = unsafe { OwnedFd::from_raw_fd(target) };
    let done = dup2(from, &mut place);
    std::mem::forget(place);
    Ok(done?)
}

fn log(file: Option<&PathBuf>) -> Result<Stdio, Error> {
    let Some(path) = file else { return Ok(Stdio::null()) };
    std::fs::OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map(Stdio::from)
        .map_err(|source| Error::Setup {
            step: crate::Step::Target,
            subject: path.display().to_string(),
            source,
        })
}
