//! A pod's network: a namespace of its own, in which sockets are made and programs are started.
//!
//! A small process holds it (the launcher again), on every kind of user: a thread of Bowline
//! itself could only do so as root, since a user namespace must be entered before there are
//! threads. Whatever holds the socket to it owns it; when that is gone, so is the holder.
//!
//! Absent on purpose: veth pairs, NAT, addresses. Inside is the loopback interface; who wants
//! to talk to the pod connects a socket that was made inside.

use crate::limits::{DESCRIPTORS_MAX, READY_MS_MAX};
use crate::running::{Opened, Output, Process, readable, reap};
use crate::spec::{Launcher, Network, Program, Spec};
use crate::start::{check, check_program, launch, request_start};
use crate::wire::{self, Holding, Report, Request};
use crate::{Error, Sandbox};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::Child;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A network namespace with its loopback interface up.
#[derive(Debug)]
pub struct Namespace {
    /// One question and one answer at a time.
    holder: Mutex<UnixStream>,
    child: Option<Child>,
}

impl Namespace {
    /// Makes one.
    ///
    /// # Errors
    /// What the kernel refuses.
    pub fn create(launcher: &Launcher) -> Result<Self, Error> {
        let (holder, child) = launch(launcher)?;
        let namespace = Self { holder: Mutex::new(holder), child: Some(child) };
        namespace.ask(&Request::Hold, &[])?;
        Ok(namespace)
    }

    /// One unconnected TCP socket (IPv4) made inside; connect it to `127.0.0.1:<port>`, from
    /// any process. It keeps its namespace.
    ///
    /// # Errors
    /// [`Error::Ended`] when the holder is gone; no descriptor left.
    pub fn socket(&self) -> Result<OwnedFd, Error> {
        self.sockets(1)?.pop().ok_or(Error::Ended)
    }

    /// 1 to 64 such sockets at once.
    ///
    /// # Errors
    /// [`Error::DescriptorCount`], else as [`Namespace::socket`].
    pub fn sockets(&self, count: usize) -> Result<Vec<OwnedFd>, Error> {
        if !(1..=DESCRIPTORS_MAX).contains(&count) {
            return Err(Error::DescriptorCount { count });
        }
        let sockets = self.ask(&Holding::Sockets(count), &[])?;
        if sockets.len() == count { Ok(sockets) } else { Err(Error::Ended) }
    }

    /// Starts one program as process 1 of its own namespaces in this network, whatever
    /// `spec.network` says.
    ///
    /// # Errors
    /// As [`crate::start`].
    pub fn start(
        &self,
        launcher: &Launcher,
        spec: &Spec,
        program: &Program,
        output: Output,
    ) -> Result<Process, Error> {
        check(spec)?;
        check_program(program)?;
        let opened = Opened::new(output)?;
        let spec = Spec { network: Network::Inherit, ..spec.clone() };
        request_start(self.launch(launcher)?, None, &spec, program, opened)
    }

    /// Opens a sandbox in this network, whatever `spec.network` says.
    ///
    /// # Errors
    /// As [`Sandbox::open`].
    pub fn open(&self, launcher: &Launcher, spec: &Spec) -> Result<Sandbox, Error> {
        check(spec)?;
        let spec = Spec { network: Network::Inherit, ..spec.clone() };
        Sandbox::finish(self.launch(launcher)?, None, &spec)
    }

    /// The holder starts the launcher, so that it inherits the namespace.
    fn launch(&self, launcher: &Launcher) -> Result<UnixStream, Error> {
        let (ours, theirs) =
            UnixStream::pair().map_err(|e| Error::system("make a pair of sockets", e))?;
        let program = launcher.program.clone();
        let arguments = launcher.arguments.clone();
        self.ask(&Holding::Launch { program, arguments }, &[theirs.as_fd()])?;
        Ok(ours)
    }

    fn ask(
        &self,
        question: &impl serde::Serialize,
        with: &[BorrowedFd<'_>],
    ) -> Result<Vec<OwnedFd>, Error> {
        let holder = self.holder.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = Duration::from_millis(READY_MS_MAX);
        wire::send(&holder, question, with).map_err(|_| Error::Ended)?;
        if !readable(&*holder, Some(limit))? {
            return Err(Error::NotReady { limit });
        }
        match wire::receive::<Report>(&holder)? {
            Some((Report::Done, descriptors)) => Ok(descriptors),
            Some((Report::Failed(failure), _)) => Err(Error::from_failure(failure)),
            Some(_) | None => Err(Error::Ended),
        }
    }

    /// Ends the holder. Programs in the namespace go on until their [`Process`] is dropped.
    ///
    /// # Errors
    /// None at present.
    pub fn close(self) -> Result<(), Error> {
        drop(self);
        Ok(())
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let holder = self.holder.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = holder.shutdown(std::net::Shutdown::Both);
        reap(self.child.take());
    }
}
