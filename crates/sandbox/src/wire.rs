//! What Bowline and its launcher say to each other: a length, then JSON, over a Unix stream.

use crate::limits::MESSAGE_BYTES_MAX;
use crate::spec::{Program, Spec, Unset};
use crate::{Error, Exit, descriptors};
use rustix::io::Errno;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

/// The first message to a launcher: what it is to be.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Request {
    /// One program as process 1. Descriptors: standard output, standard error.
    Start {
        /// The sandbox.
        spec: Spec,
        /// The program.
        program: Program,
    },
    /// An init as process 1 that starts programs on demand. Descriptor: its socket.
    Open {
        /// The sandbox.
        spec: Spec,
    },
    /// A holder of a network namespace.
    Hold,
    /// Try what this machine permits.
    Probe(Trial),
}

/// One thing that is tried in a process of its own.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Trial {
    /// A user namespace, whoever asks.
    User,
    /// The namespaces of a sandbox, and a loopback interface that is up.
    Namespaces,
    /// An overlay in this empty folder, on the file system where overlays will lie.
    Overlay(PathBuf),
}

/// To a holder of a network namespace.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Holding {
    /// This many unconnected TCP sockets.
    Sockets(usize),
    /// Start this launcher in the namespace. Descriptor: its control socket.
    Launch {
        /// Its path.
        program: PathBuf,
        /// Its arguments.
        arguments: Vec<String>,
    },
}

/// To the init of a sandbox.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Command {
    /// Start this. Descriptors: its owner's socket, standard output, standard error.
    Start(Program),
    /// Kill everything but the init.
    KillAll,
}

/// To the monitor of a sandbox, or to its init about one program.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    /// This signal, to process 1 or to the program's process group.
    Signal(i32),
    /// Kill everything at once.
    KillTree,
}

/// What comes back.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Report {
    /// It runs. The number is as its sender sees it; a descriptor of the process may come along.
    Started {
        /// The process.
        process: i32,
        /// Limits that could not be set.
        unset: Vec<Unset>,
    },
    /// It could not be started.
    Failed(Failure),
    /// It has ended.
    Exited(Exit),
    /// Done; descriptors may come along.
    Done,
}

/// Which step failed, about what, and the system's number for why.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Failure {
    /// The step.
    pub step: Step,
    /// The path or name.
    pub subject: String,
    /// The error number.
    pub errno: i32,
}

impl Failure {
    pub(crate) fn new(step: Step, subject: impl fmt::Display, errno: Errno) -> Self {
        Self { step, subject: subject.to_string(), errno: errno.raw_os_error() }
    }

    pub(crate) fn io(step: Step, subject: impl fmt::Display, error: &io::Error) -> Self {
        let errno = error.raw_os_error().unwrap_or(Errno::IO.raw_os_error());
        Self { step, subject: subject.to_string(), errno }
    }
}

/// A step of making a sandbox or of starting a program in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// User, pid, ipc, uts, net and mount namespace.
    Namespace,
    /// The ids of a user namespace.
    IdMap,
    /// The loopback interface.
    Loopback,
    /// Process 1.
    Fork,
    /// The root itself.
    Root,
    /// An overlay.
    Overlay,
    /// A folder or file of the host.
    Bind,
    /// The place where something is mounted.
    Target,
    /// Memory file systems.
    Tmpfs,
    /// `/proc`.
    Proc,
    /// `/dev`.
    Device,
    /// Read-only, or hidden.
    Mask,
    /// The host name.
    Hostname,
    /// A limit.
    Limit,
    /// Ids and capabilities.
    Identity,
    /// The filter of system calls.
    Filter,
    /// The folder to start in.
    Directory,
    /// The program itself.
    Program,
    /// The conversation with the launcher.
    Message,
}

impl Step {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Namespace => "make the namespace",
            Self::IdMap => "map the ids",
            Self::Loopback => "raise the loopback interface",
            Self::Fork => "start its first process",
            Self::Root => "change to its root",
            Self::Overlay => "mount the overlay",
            Self::Bind => "show the host's",
            Self::Target => "make the mount target",
            Self::Tmpfs => "mount memory at",
            Self::Proc => "mount",
            Self::Device => "make the device",
            Self::Mask => "protect",
            Self::Hostname => "take the host name",
            Self::Limit => "set the limit",
            Self::Identity => "become",
            Self::Filter => "filter the system calls of",
            Self::Directory => "enter the folder",
            Self::Program => "start",
            Self::Message => "understand the message",
        }
    }

    /// Steps that a kernel setting can forbid.
    pub(crate) fn is_isolation(self) -> bool {
        matches!(
            self,
            Self::Namespace | Self::IdMap | Self::Root | Self::Overlay | Self::Proc | Self::Tmpfs
        )
    }

    pub(crate) fn remedy(self, errno: Option<i32>) -> Option<&'static str> {
        let errno = errno.map(Errno::from_raw_os_error);
        match (self, errno) {
            (Self::Namespace, Some(Errno::NOSPC)) => {
                Some("raise `sysctl user.max_user_namespaces` and its siblings")
            }
            (Self::Namespace | Self::IdMap, _) => Some(
                "run `bowline doctor`: user namespaces must be allowed for users, or run as root",
            ),
            (Self::Overlay, Some(Errno::INVAL)) => Some(
                "put `BOWLINE_STATE` on a disk or in memory: an overlay cannot lie on an overlay",
            ),
            (Self::Overlay, Some(Errno::NODEV)) => {
                Some("load the kernel module: `modprobe overlay`")
            }
            (Self::Proc, _) => {
                Some("inside a container, start that container with `systempaths=unconfined`")
            }
            (Self::Target, Some(Errno::ROFS)) => {
                Some("choose a target outside `/usr` and `/etc`, such as beneath `/opt` or `/home`")
            }
            (Self::Filter, _) => Some("use a kernel with `CONFIG_SECCOMP_FILTER`"),
            (Self::Bind, Some(Errno::NOENT)) => Some("make that folder first"),
            _ => None,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

/// Length and JSON, in one piece.
fn framed(message: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; 4];
    serde_json::to_writer(&mut bytes, message).map_err(io::Error::other)?;
    let length = bytes.len() - 4;
    if length > MESSAGE_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the message is too long"));
    }
    let length = u32::try_from(length).map_err(io::Error::other)?;
    bytes[..4].copy_from_slice(&length.to_le_bytes());
    Ok(bytes)
}

/// Sends one message and descriptors.
pub(crate) fn send(
    socket: &UnixStream,
    message: &impl Serialize,
    with: &[BorrowedFd<'_>],
) -> Result<(), Error> {
    let bytes = framed(message).map_err(|e| Error::system("write a message", e))?;
    descriptors::send(socket.as_fd(), &bytes, with)
}

/// Writes one message to a pipe.
pub(crate) fn write(mut to: impl Write, message: &impl Serialize) -> io::Result<()> {
    to.write_all(&framed(message)?)
}

/// Reads one message and its descriptors; `None` when the other side has closed.
pub(crate) fn receive<M: DeserializeOwned>(
    socket: &UnixStream,
) -> Result<Option<(M, Vec<OwnedFd>)>, Error> {
    let mut length = [0_u8; 4];
    let (count, received) = descriptors::receive(socket.as_fd(), &mut length)?;
    if count == 0 {
        return Ok(None);
    }
    let failed = |e| Error::system("read a message of another process", e);
    let mut socket = socket;
    socket.read_exact(&mut length[count..]).map_err(failed)?;
    let message = body(socket, length).map_err(failed)?;
    Ok(Some((message, received)))
}

/// Reads one message from a pipe; `None` at its end.
pub(crate) fn read<M: DeserializeOwned>(mut from: impl Read) -> io::Result<Option<M>> {
    let mut length = [0_u8; 4];
    if from.read(&mut length[..1])? == 0 {
        return Ok(None);
    }
    from.read_exact(&mut length[1..])?;
    body(from, length).map(Some)
}

fn body<M: DeserializeOwned>(mut from: impl Read, length: [u8; 4]) -> io::Result<M> {
    let length = u32::from_le_bytes(length) as usize;
    if length > MESSAGE_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the message is too long"));
    }
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes)?;
    serde_json::from_slice(&bytes).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))
}

#[cfg(test)]
mod tests {
    use super::{Order, Report, read, receive, send, write};
    use crate::Exit;
    use std::os::unix::net::UnixStream;

    #[test]
    fn messages_arrive_one_by_one() {
        let (left, right) = UnixStream::pair().unwrap();
        send(&left, &Order::Signal(15), &[]).unwrap();
        send(&left, &Order::KillTree, &[]).unwrap();
        drop(left);
        assert!(matches!(receive(&right).unwrap(), Some((Order::Signal(15), _))));
        assert!(matches!(receive(&right).unwrap(), Some((Order::KillTree, _))));
        assert!(receive::<Order>(&right).unwrap().is_none());
    }

    #[test]
    fn a_message_longer_than_the_limit_is_refused_before_it_is_read() {
        let bytes = u32::MAX.to_le_bytes();
        assert!(read::<Order>(&bytes[..]).is_err());
        let mut pipe = Vec::new();
        write(&mut pipe, &Report::Exited(Exit::Code(3))).unwrap();
        let back = read::<Report>(&pipe[..]).unwrap();
        assert!(matches!(back, Some(Report::Exited(Exit::Code(3)))), "{back:?}");
        assert!(read::<Report>(&pipe[..5]).is_err(), "cut off in the middle");
    }
}
