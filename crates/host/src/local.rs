//! Plain HTTP/1.1 to addresses that Bowline itself handed out: loopback TCP and Unix sockets.
//!
//! The second, named connector beside [`crate::http`]: it needs no policy, because it refuses
//! every address that is not on this machine, and no address of it comes from a user or a
//! repository. For the edge's control socket, probes, `trace URL` and the demo's load.
#![expect(clippy::disallowed_methods, reason = "connections to this machine")]

use crate::{
    clock::Stopwatch,
    limits::LOCAL_BODY_BYTES_MAX,
    response::{BodyError, headers_of, read_body},
    task::{self, Task},
};
use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::{fmt, io, net::SocketAddr, path::PathBuf, time::Duration};

pub use crate::response::Response;

/// An address on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// A loopback address and port.
    Tcp(SocketAddr),
    /// A Unix socket.
    Unix(PathBuf),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => path.display().fmt(f),
        }
    }
}

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is not on this machine.
    #[error("`{0}` is not a loopback address")]
    NotLocal(Address),
    /// Nobody listens there, or the connection could not be made.
    #[error("could not connect to `{address}`: {source}")]
    Connect {
        /// The address.
        address: Address,
        /// What the system said.
        source: io::Error,
    },
    /// It took too long.
    #[error("`{address}` did not answer within {milliseconds} ms")]
    TimedOut {
        /// The address.
        address: Address,
        /// The time that it had.
        milliseconds: u128,
    },
    /// The connection broke, or what came was not HTTP.
    #[error("the exchange with `{address}` broke: {source}")]
    Broken {
        /// The address.
        address: Address,
        /// What went wrong.
        source: hyper::Error,
    },
    /// The body is larger than [`LOCAL_BODY_BYTES_MAX`].
    #[error("the answer of `{0}` is larger than {LOCAL_BODY_BYTES_MAX} bytes")]
    TooLarge(Address),
    /// Method, path or a header is not legal HTTP.
    #[error("`{method} {path}` is not a legal request")]
    Request {
        /// The method.
        method: String,
        /// The path.
        path: String,
    },
}

impl Error {
    /// Nobody listens there: the process is gone or not up yet.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        use io::ErrorKind::{ConnectionRefused, NotFound};
        matches!(self, Self::Connect { source, .. }
            if matches!(source.kind(), ConnectionRefused | NotFound))
    }

    /// It took too long.
    #[must_use]
    pub fn is_timed_out(&self) -> bool {
        matches!(self, Self::TimedOut { .. })
    }
}

/// One request on a connection of its own. `path` begins with `/` and may have a query; a
/// `body` is sent as JSON. `timeout` covers everything. Every status is an answer, not an
/// error.
///
/// # Errors
/// [`Error`].
pub async fn request(
    address: &Address,
    method: &str,
    path: &str,
    body: Option<&[u8]>,
    timeout: Duration,
) -> Result<Response, Error> {
    let watch = Stopwatch::start();
    let mut connection = Connection::open(address, timeout).await?;
    let left = timeout.saturating_sub(watch.elapsed());
    connection.request(method, path, &[("connection", "close")], body, left).await
}

/// A connection that is kept for several requests, one after another.
#[derive(Debug)]
pub struct Connection {
    address: Address,
    sender: http1::SendRequest<Full<Bytes>>,
    // Drives the connection; it ends with this handle.
    _driver: Task<()>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// [`Error::NotLocal`], [`Error::Connect`], [`Error::TimedOut`], [`Error::Broken`].
    pub async fn open(address: &Address, timeout: Duration) -> Result<Self, Error> {
        within(address, timeout, Self::connect(address)).await
    }

    async fn connect(address: &Address) -> Result<Self, Error> {
        let connected = |source| Error::Connect { address: address.clone(), source };
        match address {
            Address::Tcp(to) if !to.ip().to_canonical().is_loopback() => {
                Err(Error::NotLocal(address.clone()))
            }
            Address::Tcp(to) => {
                let stream = tokio::net::TcpStream::connect(to).await.map_err(connected)?;
                // Requests are small and wait for their answer.
                stream.set_nodelay(true).map_err(connected)?;
                Self::handshake(address, stream).await
            }
            Address::Unix(path) => {
                let stream = tokio::net::UnixStream::connect(path).await.map_err(connected)?;
                Self::handshake(address, stream).await
            }
        }
    }

    async fn handshake<S>(address: &Address, stream: S) -> Result<Self, Error>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
    {
        let broken = |source| Error::Broken { address: address.clone(), source };
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
        let driver = task::spawn("host.local", async move {
            // The request in flight reports the same error to its caller.
            let _ = connection.await;
        });
        Ok(Self { address: address.clone(), sender, _driver: driver.abort_on_drop() })
    }

    /// Whether the other side has closed it; the next request would fail.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// One request. After an error the connection is of no further use; a time-out closes it.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn request(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
        timeout: Duration,
    ) -> Result<Response, Error> {
        let request = self.build(method, path, headers, body)?;
        let address = self.address.clone();
        within(&address, timeout, self.exchange(request)).await
    }

    fn build(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<::http::Request<Full<Bytes>>, Error> {
        let illegal = || Error::Request { method: method.to_owned(), path: path.to_owned() };
        if !path.starts_with('/') {
            return Err(illegal());
        }
        let mut request = ::http::Request::builder().method(method).uri(path);
        let given = |name: &str| headers.iter().any(|(found, _)| found.eq_ignore_ascii_case(name));
        if !given("host") {
            let host = match &self.address {
                Address::Tcp(address) => address.to_string(),
                Address::Unix(_) => "localhost".to_owned(),
            };
            request = request.header("host", host);
        }
        if body.is_some() && !given("content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = Full::new(Bytes::copy_from_slice(body.unwrap_or_default()));
        request.body(body).map_err(|_| illegal())
    }

    async fn exchange(&mut self, request: ::http::Request<Full<Bytes>>) -> Result<Response, Error> {
        let broken = |source| Error::Broken { address: self.address.clone(), source };
        self.sender.ready().await.map_err(broken)?;
        let answer = self.sender.send_request(request).await.map_err(broken)?;
        let (head, incoming) = answer.into_parts();
        let mut body = Vec::new();
        let read = read_body(incoming, LOCAL_BODY_BYTES_MAX, |piece| body.extend_from_slice(piece));
        match read.await {
            Ok(()) => {}
            Err(BodyError::TooLarge) => return Err(Error::TooLarge(self.address.clone())),
            Err(BodyError::Broken(source)) => return Err(broken(source)),
        }
        let headers = headers_of(&head.headers);
        Ok(Response { status: head.status.as_u16(), headers, body })
    }
}

async fn within<T>(
    address: &Address,
    timeout: Duration,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    tokio::time::timeout(timeout, work).await.unwrap_or_else(|_elapsed| {
        let milliseconds = timeout.as_millis();
        Err(Error::TimedOut { address: address.clone(), milliseconds })
    })
}
