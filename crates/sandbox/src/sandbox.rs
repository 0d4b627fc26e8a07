//! A sandbox that stays: an init as process 1 reaps what dies and starts programs on demand.
//! CI job steps and `RUN` lines.

use crate::running::{Opened, Output, Process};
use crate::spec::{Launcher, Program, Spec, Unset};
use crate::start::{check, check_program, launch, request_open};
use crate::{Error, wire};
use std::os::fd::AsFd;
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
        wire::send(&self.orders, program, &[theirs.as_fd(), stdout, stderr]).map_err(|error| {
            match error {
                Error::System { .. } => Error::Ended,
                other => other,
            }
        })?;
        drop(theirs);
        match Process::started(control, None, opened, "start a program in a sandbox") {
            Err(Error::LauncherEnded { .. }) => Err(Error::Ended),
            other => other,
        }
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
