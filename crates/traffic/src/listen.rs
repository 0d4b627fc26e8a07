//! Listening sockets and users' connections.

use crate::{Error, edge::Edge, held::Holder, limits::BACKLOG_MAX, log, proxy};
use bowline_host::task::{self, Task};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{
    collections::BTreeMap, convert::Infallible, io, net::SocketAddr, path::PathBuf, pin::pin,
    sync::Arc, time::Duration,
};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
};

/// Pause after a failed accept (no descriptor left, say), so that it does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// All listening sockets of one edge.
#[derive(Debug)]
pub(crate) struct Listeners {
    holder: Option<Holder>,
    open: BTreeMap<SocketAddr, Open>,
    /// Addresses that could not be had when a saved table was taken up again.
    pub(crate) missing: BTreeMap<SocketAddr, String>,
}

#[derive(Debug)]
struct Open {
    stop: watch::Sender<Stop>,
    connections: Arc<Semaphore>,
    accepting: Task<()>,
}

/// What a listener is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    No,
    /// Answer what waits in the backlog, then close.
    Close,
    /// Leave the backlog to the next process that has the socket.
    HandOver,
}

impl Listeners {
    /// Sockets come from the shim at `shim_socket`, or are made here.
    pub(crate) fn new(shim_socket: Option<PathBuf>) -> Self {
        let holder = shim_socket.map(Holder::new);
        Self { holder, open: BTreeMap::new(), missing: BTreeMap::new() }
    }

    /// Opens those of `addresses` that are not open. All or none.
    pub(crate) async fn open_missing(
        &self,
        addresses: impl Iterator<Item = &SocketAddr>,
    ) -> Result<Vec<(SocketAddr, TcpListener)>, Error> {
        let mut opened = Vec::new();
        for address in addresses.filter(|address| !self.open.contains_key(address)) {
            match self.open_one(*address).await {
                Ok(listener) => opened.push((*address, listener)),
                Err(error) => {
                    for (address, _listener) in &opened {
                        self.release(*address).await;
                    }
                    return Err(error);
                }
            }
        }
        Ok(opened)
    }

    pub(crate) async fn open_one(&self, address: SocketAddr) -> Result<TcpListener, Error> {
        if let Some(holder) = &self.holder {
            match holder.listen(address).await {
                Ok(listener) => return Ok(listener),
                Err(error) if !error.is_unreachable() => return Err(error),
                // Without its shim the edge serves on by itself.
                Err(error) => log::line("edge", &error.to_string()),
            }
        }
        bind(address).map_err(|error| Error::bind(address, &error))
    }

    /// Takes users' connections from an opened socket.
    pub(crate) fn start(&mut self, edge: &Arc<Edge>, listen: SocketAddr, listener: TcpListener) {
        let (stop, stopped) = watch::channel(Stop::No);
        let connections = Arc::new(Semaphore::new(edge.limits.connections_max));
        let accepting = Accepting {
            edge: Arc::clone(edge),
            listen,
            connections: Arc::clone(&connections),
            stopped,
        };
        let accepting = task::spawn("listener", accepting.run(listener));
        self.missing.remove(&listen);
        self.open.insert(listen, Open { stop, connections, accepting });
    }

    /// Closes every socket whose address is not among `wanted`.
    pub(crate) async fn keep_only(&mut self, wanted: impl Fn(&SocketAddr) -> bool) {
        self.missing.retain(|address, _| wanted(address));
        let closing: Vec<SocketAddr> =
            self.open.keys().filter(|address| !wanted(address)).copied().collect();
        for address in closing {
            if let Some(open) = self.open.remove(&address) {
                open.stop.send_replace(Stop::Close);
                // Only when its socket is closed may a later table have the address again.
                let _ended = open.accepting.await;
                self.release(address).await;
            }
        }
    }

    /// Stops taking connections and waits until those that are open have ended.
    pub(crate) async fn finish(&mut self, limits: &crate::Limits) {
        let stop = if self.holder.is_some() { Stop::HandOver } else { Stop::Close };
        for open in self.open.values() {
            open.stop.send_replace(stop);
        }
        let all = u32::try_from(limits.connections_max).unwrap_or(u32::MAX);
        let ended = async {
            for open in std::mem::take(&mut self.open).into_values() {
                let _ended = open.accepting.await;
                let _closed = open.connections.acquire_many(all).await;
            }
        };
        let _too_slow = tokio::time::timeout(limits.drain_max, ended).await;
    }

    async fn release(&self, address: SocketAddr) {
        if let Some(holder) = &self.holder
            && let Err(error) = holder.release(address).await
        {
            log::line("edge", &error.to_string());
        }
    }
}

/// A listening socket, made here.
pub(crate) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A socket of an earlier process that is only in TIME_WAIT is no reason to refuse.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG_MAX)
}

/// One listening socket's loop.
struct Accepting {
    edge: Arc<Edge>,
    listen: SocketAddr,
    connections: Arc<Semaphore>,
    stopped: watch::Receiver<Stop>,
}

impl Accepting {
    async fn run(mut self, listener: TcpListener) {
        loop {
            let connections = Arc::clone(&self.connections);
            let next = async {
                let permit = connections.acquire_owned().await;
                (listener.accept().await, permit)
            };
            let mut stopped = self.stopped.clone();
            let (accepted, permit) = tokio::select! {
                biased;
                _stop = stopped.wait_for(|stop| *stop != Stop::No) => break,
                next = next => next,
            };
            // The semaphore is never closed.
            let Ok(permit) = permit else { break };
            self.take(accepted, permit).await;
        }
        while *self.stopped.borrow_and_update() == Stop::Close
            && let Ok(accepted) = tokio::time::timeout(Duration::ZERO, listener.accept()).await
            && let Ok(permit) = Arc::clone(&self.connections).try_acquire_owned()
        {
            self.take(accepted, permit).await;
        }
    }

    async fn take(
        &self,
        accepted: io::Result<(TcpStream, SocketAddr)>,
        permit: OwnedSemaphorePermit,
    ) {
        match accepted {
            Ok((stream, peer)) => {
                let edge = Arc::clone(&self.edge);
                let connection = serve(edge, stream, peer, self.listen, self.stopped.clone());
                drop(task::spawn("connection", async move {
                    connection.await;
                    drop(permit);
                }));
            }
            Err(error) => {
                log::line("edge", &format!("a connection was not accepted: {error}"));
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Serves one user's connection until it ends, or until the listener stops and the request
/// that runs has ended.
async fn serve(
    edge: Arc<Edge>,
    stream: TcpStream,
    peer: SocketAddr,
    listen: SocketAddr,
    mut stopped: watch::Receiver<Stop>,
) {
    if stream.set_nodelay(true).is_err() {
        // The connection is gone already.
        return;
    }
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(edge.limits.header_read_max)
        .max_header_size(edge.limits.header_bytes_max);
    let service = service_fn(move |request| {
        let edge = Arc::clone(&edge);
        async move { Ok::<_, Infallible>(proxy::answer(edge, request, peer, listen).await) }
    });
    let connection = builder.serve_connection(TokioIo::new(stream), service).with_upgrades();
    let mut connection = pin!(connection);
    tokio::select! {
        biased;
        // Its errors (a client that went away, a head that is no HTTP) have no other reader.
        _ended = connection.as_mut() => return,
        _stop = stopped.wait_for(|stop| *stop != Stop::No) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ended = connection.await;
}
