//! One connection to an instance: how it is made, and what is known about its bytes.
#![expect(
    clippy::disallowed_methods,
    reason = "instances are what this crate connects to; their addresses come from the table"
)]

use crate::{
    lease::{Lease, LeaseError},
    limits::Limits,
    request_body::RequestBody,
    table::Address,
};
use bowline_host::task;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use std::{
    future::poll_fn,
    io,
    net::{Ipv4Addr, SocketAddr},
    os::fd::OwnedFd,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpSocket, TcpStream},
    sync::watch,
};

/// How long a connection whose last answer has just ended may need to be ready again.
const READY_MAX: Duration = Duration::from_millis(20);

/// Why there is no connection. Nothing was sent in any case.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    /// Nobody listens, or the way is closed.
    #[error("{0}")]
    Refused(#[from] io::Error),
    /// The limit is over.
    #[error("no connection within {} ms", .0.as_millis())]
    Timeout(Duration),
    /// The pod gave no socket.
    #[error("{0}")]
    Lease(#[from] LeaseError),
    /// The HTTP client refused the connection.
    #[error("{0}")]
    Handshake(hyper::Error),
}

/// Bytes that went over a connection, so that "nothing was sent" and "no byte came back" are
/// facts and not guesses from an error's kind.
#[derive(Debug, Default)]
struct Meter {
    read: AtomicU64,
    written: AtomicU64,
}

/// Both counts at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Metered {
    pub(crate) read: u64,
    pub(crate) written: u64,
}

/// A connection that can carry one request at a time.
#[derive(Debug)]
pub(crate) struct Connection {
    sender: SendRequest<RequestBody>,
    meter: Arc<Meter>,
    /// Whether it carried a request before.
    pub(crate) reused: bool,
    /// Since when it has been idle, in monotonic milliseconds.
    pub(crate) idle_since_ms: u64,
}

impl Connection {
    /// Connects within the limit. The connection ends when `cut` turns true.
    pub(crate) async fn open(
        address: &Address,
        lease: Option<&Arc<Lease>>,
        cut: watch::Receiver<bool>,
        limits: &Limits,
    ) -> Result<Self, ConnectError> {
        let stream = tokio::time::timeout(limits.connect_max, connect(address, lease))
            .await
            .map_err(|_elapsed| ConnectError::Timeout(limits.connect_max))??;
        stream.set_nodelay(true)?;
        let meter = Arc::new(Meter::default());
        let metered = MeteredStream { stream, meter: Arc::clone(&meter) };
        let (sender, connection) = http1::Builder::new()
            .handshake(TokioIo::new(metered))
            .await
            .map_err(ConnectError::Handshake)?;
        drop(task::spawn("upstream", drive(connection, cut)));
        Ok(Self { sender, meter, reused: false, idle_since_ms: 0 })
    }

    /// Whether it can carry a request now.
    pub(crate) async fn is_ready(&mut self) -> bool {
        if self.sender.is_closed() {
            return false;
        }
        let ready = poll_fn(|context| self.sender.poll_ready(context));
        matches!(tokio::time::timeout(READY_MAX, ready).await, Ok(Ok(())))
    }

    /// The bytes so far.
    pub(crate) fn metered(&self) -> Metered {
        Metered { read: self.meter.read.load(Relaxed), written: self.meter.written.load(Relaxed) }
    }

    /// Sends one request; resolves when the head of the answer is there.
    pub(crate) fn send(
        &mut self,
        request: http::Request<RequestBody>,
    ) -> impl Future<Output = hyper::Result<http::Response<hyper::body::Incoming>>> + use<> {
        self.sender.send_request(request)
    }
}

async fn connect(address: &Address, lease: Option<&Arc<Lease>>) -> Result<TcpStream, ConnectError> {
    match (address, lease) {
        (Address::Tcp(address), _) => Ok(TcpStream::connect(address).await?),
        (Address::Pod { port, .. }, Some(lease)) => {
            let socket = pod_socket(lease.take().await?)?;
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, *port));
            let connected = socket.connect(address).await;
            if connected.is_err() {
                lease.forget();
            }
            Ok(connected?)
        }
        (Address::Pod { .. }, None) => {
            Err(ConnectError::Refused(io::Error::other("a pod without a lease")))
        }
    }
}

fn pod_socket(descriptor: OwnedFd) -> io::Result<TcpSocket> {
    let stream = std::net::TcpStream::from(descriptor);
    stream.set_nonblocking(true)?;
    Ok(TcpSocket::from_std_stream(stream))
}

type Driven = http1::Connection<TokioIo<MeteredStream>, RequestBody>;

/// Moves the connection's bytes until it ends or is cut. Its errors reach the request.
async fn drive(connection: Driven, mut cut: watch::Receiver<bool>) {
    tokio::select! {
        biased;
        _ended = connection.with_upgrades() => {}
        _cut = cut.wait_for(|cut| *cut) => {}
    }
}

/// A stream that counts its bytes.
#[derive(Debug)]
struct MeteredStream {
    stream: TcpStream,
    meter: Arc<Meter>,
}

impl AsyncRead for MeteredStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        let count = buffer.filled().len() - before;
        self.meter.read.fetch_add(count as u64, Relaxed);
        polled
    }
}

impl MeteredStream {
    fn count(&self, polled: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(count)) = &polled {
            self.meter.written.fetch_add(*count as u64, Relaxed);
        }
        polled
    }
}

impl AsyncWrite for MeteredStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.count(polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.count(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
