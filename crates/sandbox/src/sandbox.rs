//! A sandbox that stays: an init as process 1 reaps what dies and starts programs on demand.
//! CI job steps and `RUN` lines.

use crate::running::{Opened, Output, Process};
use crate::spec::{Launcher, Program, Spec, Unset};
use crate::start::{check, check_program, launch, request_open};
use crate::{Error, wire};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::process::Child;

/// A sandbox in which programs are started one after another or at once. Its end is the end of
/// every process in it: [`Sandbox::close`], dropping it, or the death of this process.
#[derive(Debug)]
pub struct Sandbox {
    orders: UnixStream,
    init: Process,
}

impl Sandbox {
    /// Makes the sandbox; its mounts and network are ready when this returns.
    ///
    /// # Errors
    /// What was refused and by which step; nothing is left behind.
    pub fn open(launcher: &Launcher, spec: &Spec) -> Result<Self, Error> {
        check(spec)?;
        let (control, child) = launch(launcher)?;
        Self::finish(control, Some(child), spec)
    }

    /// The launcher waits at the other end of `control`.
    pub(crate) fn finish(
        control: UnixStream,
        child: Option<Child>,
        spec: &Spec,
    ) -> Result<Self, Error> {
        let (orders, theirs) =
            UnixStream::pair().map_err(|e| Error::system("make a pair of sockets", e))?;
        let init = request_open(control, child, spec, theirs.as_fd())?;
        Ok(Self { orders, init })
    }

    /// Starts a program in it, in a process group of its own. [`Process::signal`] goes to that
    /// whole group; daemons that leave the group end with the sandbox.
    ///
    /// # Errors
    /// [`Error::Program`], [`Error::Directory`]; [`Error::Ended`] when the sandbox is gone.
    pub fn exec(&self, program: &Program, output: Output) -> Result<Process, Error> {
        check_program(program)?;
        let opened = Opened::new(output)?;
        let (control, theirs) =
            UnixStream::pair().map_err(|e| Error::system("make a pair of sockets", e))?;
        let [stdout, stderr] = opened.borrowed();
        let order = wire::Command::Start(program.clone());
        self.order(&order, &[theirs.as_fd(), stdout, stderr])?;
        drop(theirs);
        match Process::started(control, None, opened, "start a program in a sandbox") {
            Err(Error::LauncherEnded { .. }) => Err(Error::Ended),
            other => other,
        }
    }

    /// Kills every program in it at once, daemons too; the sandbox itself stays.
    ///
    /// # Errors
    /// [`Error::Ended`] when the sandbox is gone.
    pub fn kill_all(&self) -> Result<(), Error> {
        self.order(&wire::Command::KillAll, &[])
    }

    fn order(&self, order: &wire::Command, with: &[BorrowedFd<'_>]) -> Result<(), Error> {
        wire::send(&self.orders, order, with).map_err(|error| match error {
            Error::System { .. } => Error::Ended,
            other => other,
        })
    }

    /// How many processes are in it, its init included; 0 where that cannot be seen.
    #[must_use]
    pub fn processes(&self) -> u64 {
        crate::process::count_in(self.id())
    }

    /// The process id of its init on the host; every process of the sandbox descends from it.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.init.id()
    }

    /// Limits that were asked for and that this machine cannot set.
    #[must_use]
    pub fn limits_unset(&self) -> &[Unset] {
        self.init.limits_unset()
    }

    /// Kills every process in it and waits until the kernel has taken away the last, and with
    /// them its mounts and its network.
    ///
    /// # Errors
    /// [`Error::StillRunning`] after two seconds: something hangs in the kernel.
    pub fn close(self) -> Result<(), Error> {
        self.init.end()
    }
}
