//! Listening sockets that the edge's shim holds: the edge's side and the wire between them.
//!
//! The edge connects to the shim's Unix socket (in the user's private runtime folder) and asks
//! one question a connection, a line: `listen <address>`, `close <address>` or `control`. The
//! answer is the byte `0`, for `listen` and `control` with the descriptor, or the byte `1` and
//! the number of the machine's error. The shim keeps a duplicate, so the socket and all who
//! wait in its backlog outlive the edge.

use crate::{Error, limits::CONTROL_MS_MAX};
use bowline_host::task;
use bowline_sandbox::descriptors;
use std::{
    io::{self, Write},
    net::SocketAddr,
    os::{fd::OwnedFd, unix::net::UnixStream},
    path::{Path, PathBuf},
    time::Duration,
};

/// The first byte of an answer.
pub(crate) const DONE: u8 = b'0';
/// The first byte of a refusal.
pub(crate) const REFUSED: u8 = b'1';
/// A question is a short line.
pub(crate) const QUESTION_BYTES_MAX: usize = 128;
const ANSWER_BYTES_MAX: usize = 32;

/// The shim as the edge sees it.
#[derive(Clone, Debug)]
pub(crate) struct Holder {
    socket: PathBuf,
}

/// An answer: a descriptor, nothing, or the machine's error.
type Answer = Result<Option<OwnedFd>, io::Error>;

impl Holder {
    pub(crate) fn new(socket: PathBuf) -> Self {
        Self { socket }
    }

    /// The listening socket for an address; the shim makes it when it has none.
    pub(crate) async fn listen(
        &self,
        address: SocketAddr,
    ) -> Result<tokio::net::TcpListener, Error> {
        let descriptor = match self.ask(format!("listen {address}\n")).await? {
            Ok(Some(descriptor)) => descriptor,
            Ok(None) => return Err(self.unreachable("it gave no listener")),
            Err(error) => return Err(Error::bind(address, &error)),
        };
        let listener = std::net::TcpListener::from(descriptor);
        let listener = listener
            .set_nonblocking(true)
            .and_then(|()| tokio::net::TcpListener::from_std(listener));
        listener.map_err(|error| Error::bind(address, &error))
    }

    /// The control socket's listener.
    pub(crate) async fn control(&self) -> Result<tokio::net::UnixListener, Error> {
        let descriptor = match self.ask("control\n".to_owned()).await? {
            Ok(Some(descriptor)) => descriptor,
            Ok(None) => return Err(self.unreachable("it gave no listener")),
            Err(error) => return Err(self.unreachable(error)),
        };
        let listener = std::os::unix::net::UnixListener::from(descriptor);
        let listener = listener
            .set_nonblocking(true)
            .and_then(|()| tokio::net::UnixListener::from_std(listener));
        listener.map_err(|error| self.unreachable(error))
    }

    /// The shim need not hold this address any longer.
    pub(crate) async fn release(&self, address: SocketAddr) -> Result<(), Error> {
        match self.ask(format!("close {address}\n")).await? {
            Ok(_) => Ok(()),
            Err(error) => Err(self.unreachable(error)),
        }
    }

    async fn ask(&self, question: String) -> Result<Answer, Error> {
        let socket = self.socket.clone();
        let asked = task::blocking("ask-shim", move || ask(&socket, &question)).await;
        let asked = asked.map_err(|error| self.unreachable(error))?;
        asked.map_err(|error| self.unreachable(error))
    }

    fn unreachable(&self, reason: impl std::fmt::Display) -> Error {
        Error::Unreachable { socket: self.socket.clone(), reason: reason.to_string() }
    }
}

fn ask(socket: &Path, question: &str) -> io::Result<Answer> {
    let mut stream = UnixStream::connect(socket)?;
    let limit = Some(Duration::from_millis(CONTROL_MS_MAX));
    stream.set_read_timeout(limit)?;
    stream.set_write_timeout(limit)?;
    stream.write_all(question.as_bytes())?;
    let mut answer = [0; ANSWER_BYTES_MAX];
    let (count, descriptors) =
        descriptors::receive(&stream, &mut answer).map_err(io::Error::other)?;
    match answer[..count].split_first() {
        Some((&DONE, _)) => Ok(Ok(descriptors.into_iter().next())),
        Some((&REFUSED, number)) => {
            let number = std::str::from_utf8(number).ok().and_then(|text| text.parse().ok());
            let error = number.map(io::Error::from_raw_os_error);
            Ok(Err(error.unwrap_or_else(|| io::Error::other("the shim refused"))))
        }
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "the shim's answer is cut off")),
    }
}
