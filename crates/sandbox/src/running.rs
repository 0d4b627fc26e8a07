//! A program that runs in a sandbox, seen from outside.
//!
//! On the other end of the socket is the sandbox's monitor (one program as process 1) or its
//! init (one of several). Whoever drops the [`Process`] ends the program: nothing outlives its
//! owner.

use crate::limits::{KILL_MS_MAX, READY_MS_MAX};
use crate::spec::Unset;
use crate::wire::{self, Order, Report};
use crate::{Error, Exit, Signal};
use bowline_host::clock;
use rustix::event::{PollFd, PollFlags, poll};
use std::io::PipeReader;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::Child;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

/// Where a program's output goes. Standard input is always `/dev/null`.
#[derive(Debug)]
pub enum Sink {
    /// `/dev/null`.
    Null,
    /// A pipe; [`Process::take_stdout`] has its other end. Processes that the program left
    /// behind keep it open: read until the program has ended, then what is there.
    Pipe,
    /// A file, or the write end of a pipe that the caller made.
    Descriptor(OwnedFd),
}

/// Where a program's two outputs go.
#[derive(Debug)]
pub struct Output {
    /// Standard output.
    pub stdout: Sink,
    /// Standard error.
    pub stderr: Sink,
}

impl Output {
    /// Both to `/dev/null`.
    #[must_use]
    pub fn null() -> Self {
        Self { stdout: Sink::Null, stderr: Sink::Null }
    }

    /// A pipe each.
    #[must_use]
    pub fn pipes() -> Self {
        Self { stdout: Sink::Pipe, stderr: Sink::Pipe }
    }

    /// Both into one pipe, so that their order stays; it is standard output's.
    ///
    /// # Errors
    /// No descriptor is left.
    pub fn one_pipe() -> Result<(Self, PipeReader), Error> {
        let failed = |e| Error::system("make a pipe", e);
        let (reader, writer) = std::io::pipe().map_err(failed)?;
        let second = writer.try_clone().map_err(failed)?;
        let stdout = Sink::Descriptor(writer.into());
        Ok((Self { stdout, stderr: Sink::Descriptor(second.into()) }, reader))
    }
}

/// The descriptors that the program gets, and the ends that stay here.
pub(crate) struct Opened {
    pub(crate) theirs: [OwnedFd; 2],
    stdout: Option<PipeReader>,
    stderr: Option<PipeReader>,
}

impl Opened {
    pub(crate) fn new(output: Output) -> Result<Self, Error> {
        let (first, stdout) = open(output.stdout)?;
        let (second, stderr) = open(output.stderr)?;
        Ok(Self { theirs: [first, second], stdout, stderr })
    }

    pub(crate) fn borrowed(&self) -> [BorrowedFd<'_>; 2] {
        [self.theirs[0].as_fd(), self.theirs[1].as_fd()]
    }
}

fn open(sink: Sink) -> Result<(OwnedFd, Option<PipeReader>), Error> {
    match sink {
        Sink::Null => Ok((null()?, None)),
        Sink::Descriptor(descriptor) => Ok((descriptor, None)),
        Sink::Pipe => {
            let (reader, writer) = std::io::pipe().map_err(|e| Error::system("make a pipe", e))?;
            Ok((writer.into(), Some(reader)))
        }
    }
}

/// `/dev/null`, to read and to write.
pub(crate) fn null() -> Result<OwnedFd, Error> {
    use rustix::fs::{Mode, OFlags, open};
    open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())
        .map_err(|e| Error::system("open `/dev/null`", e))
}

/// A program that runs. Dropping it kills what it started: for a program that is process 1 the
/// whole tree, for one of several in a [`crate::Sandbox`] its process group.
#[derive(Debug)]
pub struct Process {
    control: UnixStream,
    id: u32,
    /// Of the program, where the kernel gave one: for the case that the monitor is killed.
    pidfd: Option<OwnedFd>,
    /// The monitor, to be reaped; it ends right after the program.
    monitor: Mutex<Option<Child>>,
    exit: Mutex<Option<Exit>>,
    stdout: Option<PipeReader>,
    stderr: Option<PipeReader>,
    unset: Vec<Unset>,
}

impl Process {
    /// Waits until the other side says that the program runs.
    pub(crate) fn started(
        control: UnixStream,
        monitor: Option<Child>,
        opened: Opened,
        action: &'static str,
    ) -> Result<Self, Error> {
        let Opened { theirs, stdout, stderr } = opened;
        drop(theirs);
        let first = await_first(&control, action);
        let (process, unset, mut descriptors) = match first {
            Ok((Report::Started { process, unset }, descriptors)) => (process, unset, descriptors),
            Ok((Report::Failed(failure), _)) => {
                abandon(monitor);
                return Err(Error::from_failure(failure));
            }
            Ok(_) => {
                abandon(monitor);
                return Err(Error::LauncherEnded { action });
            }
            Err(error) => {
                abandon(monitor);
                return Err(error);
            }
        };
        let passed = descriptors.pop();
        let id = match &passed {
            Some(pidfd) => crate::process::id_of(pidfd),
            None => u32::try_from(process).unwrap_or(0),
        };
        let pidfd = passed.or_else(|| crate::process::open(id));
        let (monitor, exit) = (Mutex::new(monitor), Mutex::new(None));
        Ok(Self { control, id, pidfd, monitor, exit, stdout, stderr, unset })
    }

    /// The process id on the host; 0 where the host's `/proc` does not show it.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Standard output, if it was asked for as a pipe and is not taken yet.
    pub fn take_stdout(&mut self) -> Option<PipeReader> {
        self.stdout.take()
    }

    /// Standard error, if it was asked for as a pipe and is not taken yet.
    pub fn take_stderr(&mut self) -> Option<PipeReader> {
        self.stderr.take()
    }

    /// Limits that were asked for and that this machine cannot set.
    #[must_use]
    pub fn limits_unset(&self) -> &[Unset] {
        &self.unset
    }

    /// Waits until the program has ended. May be called again, and from several threads.
    ///
    /// # Errors
    /// [`Error::LauncherEnded`] when its monitor was killed; the program is killed then, too.
    pub fn wait(&self) -> Result<Exit, Error> {
        match self.wait_until(None)? {
            Some(exit) => Ok(exit),
            None => Err(Error::LauncherEnded { action: WATCH }),
        }
    }

    /// Waits at most this long; `None` when the program still runs.
    ///
    /// # Errors
    /// As [`Process::wait`].
    pub fn wait_timeout(&self, timeout: Duration) -> Result<Option<Exit>, Error> {
        self.wait_until(Some(timeout))
    }

    fn wait_until(&self, timeout: Option<Duration>) -> Result<Option<Exit>, Error> {
        let mut exit = lock(&self.exit);
        if exit.is_some() {
            return Ok(*exit);
        }
        if !readable(&self.control, timeout)? {
            return Ok(None);
        }
        match wire::receive::<Report>(&self.control) {
            Ok(Some((Report::Exited(how), _))) => {
                *exit = Some(how);
                reap(lock(&self.monitor).take());
                Ok(Some(how))
            }
            Ok(_) | Err(_) => {
                self.kill_directly();
                Err(Error::LauncherEnded { action: WATCH })
            }
        }
    }

    /// Sends a signal: to process 1 of its own sandbox, or to the program's process group in a
    /// shared one. To a program that has ended it is no error.
    ///
    /// A program that is process 1 and does not handle a signal ignores it (but for `SIGKILL`):
    /// so does the kernel with every container.
    ///
    /// # Errors
    /// [`Error::Value`] for a number that is no signal.
    pub fn signal(&self, signal: Signal) -> Result<(), Error> {
        if rustix::process::Signal::from_named_raw(signal.0).is_none() {
            let reason = "there is no such signal";
            return Err(Error::Value { what: "signal", value: signal.0.to_string(), reason });
        }
        self.order(&Order::Signal(signal.0));
        Ok(())
    }

    /// Kills at once what dropping would kill. [`Process::wait`] then says how it ended.
    ///
    /// # Errors
    /// None at present.
    pub fn kill_tree(&self) -> Result<(), Error> {
        self.order(&Order::KillTree);
        Ok(())
    }

    fn order(&self, order: &Order) {
        // It fails only when the other side is gone, and the program with it.
        if wire::send(&self.control, order, &[]).is_err() && matches!(order, Order::KillTree) {
            self.kill_directly();
        }
    }

    fn kill_directly(&self) {
        if let Some(pidfd) = &self.pidfd {
            // It fails when the process has ended, which is what is wanted.
            let _ = rustix::process::pidfd_send_signal(pidfd, rustix::process::Signal::KILL);
        }
    }

    /// Kills and waits, at most [`KILL_MS_MAX`].
    pub(crate) fn end(&self) -> Result<(), Error> {
        if lock(&self.exit).is_some() {
            return Ok(());
        }
        self.kill_tree()?;
        match self.wait_timeout(Duration::from_millis(KILL_MS_MAX)) {
            // Its monitor was killed before: the program is, too.
            Ok(Some(_)) | Err(_) => Ok(()),
            Ok(None) => Err(Error::StillRunning { process: self.id }),
        }
    }
}

const WATCH: &str = "watch a program";

impl AsFd for Process {
    /// Becomes readable when the program has ended: for an event loop, before
    /// [`Process::wait_timeout`] with zero.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.control.as_fd()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // What hangs in the kernel cannot be ended by anybody, and nobody can be told here.
        if self.end().is_ok() {
            reap(lock(&self.monitor).take());
        }
    }
}

fn await_first(
    control: &UnixStream,
    action: &'static str,
) -> Result<(Report, Vec<OwnedFd>), Error> {
    let limit = Duration::from_millis(READY_MS_MAX);
    if !readable(control, Some(limit))? {
        return Err(Error::NotReady { limit });
    }
    wire::receive(control)?.ok_or(Error::LauncherEnded { action })
}

/// Whether there is something to read before the time is over.
pub(crate) fn readable(socket: impl AsFd, timeout: Option<Duration>) -> Result<bool, Error> {
    let end = timeout.map(|timeout| clock::monotonic() + timeout);
    loop {
        let left = end.map(|end| end.saturating_sub(clock::monotonic()));
        let left = left.and_then(|left| left.try_into().ok());
        let mut watched = [PollFd::new(&socket, PollFlags::IN)];
        match poll(&mut watched, left.as_ref()) {
            Ok(0) => return Ok(false),
            Ok(_) => return Ok(true),
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(Error::system("wait for another process", errno)),
        }
    }
}

/// Ends a launcher that did not do what it should. What it had started dies with it.
pub(crate) fn abandon(launcher: Option<Child>) {
    if let Some(mut launcher) = launcher {
        let _ = launcher.kill();
        let _ = launcher.wait();
    }
}

/// The launcher ends right after its last word, or when its socket is closed.
pub(crate) fn reap(launcher: Option<Child>) {
    if let Some(mut launcher) = launcher {
        let _ = launcher.wait();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is guarded is whole between any two statements, so a panic elsewhere spoils nothing.
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
