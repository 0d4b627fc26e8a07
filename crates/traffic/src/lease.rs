//! Sockets of a pod: made by its shim inside the pod's network namespace, handed over here.
//!
//! A socket keeps the namespace in which it was made, so the edge reaches a port inside the
//! pod without being in there itself. A batch is made in advance and refilled while requests
//! run; with a spare socket a connection costs no more than on the host's own loopback.

use crate::limits::{LEASE_MS_MAX, LEASE_SOCKETS_MAX};
use bowline_host::task;
use bowline_sandbox::descriptors;
use std::{
    io::{self, Write},
    os::{fd::OwnedFd, unix::net::UnixStream},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

/// Why a pod gave no socket.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LeaseError {
    /// Its shim says that it is not ready.
    #[error("the pod is not ready")]
    NotReady,
    /// Its shim says that its process is gone.
    #[error("the pod is gone")]
    Gone,
    /// Its shim does not answer, or not as it should.
    #[error("the pod's shim does not answer: {0}")]
    Shim(io::Error),
}

/// The spare sockets of one pod.
#[derive(Debug)]
pub(crate) struct Lease {
    shim: PathBuf,
    spare: Mutex<Vec<OwnedFd>>,
    refilling: AtomicBool,
}

impl Lease {
    pub(crate) fn new(shim: &Path) -> Arc<Self> {
        let spare = Mutex::new(Vec::new());
        Arc::new(Self { shim: shim.to_owned(), spare, refilling: AtomicBool::new(false) })
    }

    /// An unconnected TCP socket of the pod.
    pub(crate) async fn take(self: &Arc<Self>) -> Result<OwnedFd, LeaseError> {
        let (socket, left) = {
            let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
            (spare.pop(), spare.len())
        };
        if let Some(socket) = socket {
            if left <= LEASE_SOCKETS_MAX / 2 {
                self.refill();
            }
            return Ok(socket);
        }
        let mut sockets = self.fetch().await?;
        let first = sockets.pop().ok_or_else(|| wrong("it gave no socket"))?;
        self.store(sockets);
        Ok(first)
    }

    /// Forgets the spare sockets: after a failed connection they may belong to a dead pod.
    pub(crate) fn forget(&self) {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn refill(self: &Arc<Self>) {
        if self.refilling.swap(true, Relaxed) {
            return;
        }
        let lease = Arc::clone(self);
        // Whoever finds the store empty fetches for itself and learns the error there.
        drop(task::spawn("pod-sockets", async move {
            if let Ok(sockets) = lease.fetch().await {
                lease.store(sockets);
            }
            lease.refilling.store(false, Relaxed);
        }));
    }

    fn store(&self, sockets: Vec<OwnedFd>) {
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        let room = LEASE_SOCKETS_MAX.saturating_sub(spare.len());
        spare.extend(sockets.into_iter().take(room));
    }

    async fn fetch(&self) -> Result<Vec<OwnedFd>, LeaseError> {
        let shim = self.shim.clone();
        task::blocking("pod-sockets", move || ask(&shim))
            .await
            .map_err(|error| LeaseError::Shim(io::Error::other(error)))?
    }
}

fn wrong(text: &str) -> LeaseError {
    LeaseError::Shim(io::Error::new(io::ErrorKind::InvalidData, text))
}

/// One question to a shim: `sockets <n>` and a newline; a status byte and the sockets back.
fn ask(shim: &Path) -> Result<Vec<OwnedFd>, LeaseError> {
    let mut stream = UnixStream::connect(shim).map_err(LeaseError::Shim)?;
    let limit = Some(Duration::from_millis(LEASE_MS_MAX));
    stream.set_read_timeout(limit).map_err(LeaseError::Shim)?;
    stream.set_write_timeout(limit).map_err(LeaseError::Shim)?;
    let question = format!("sockets {LEASE_SOCKETS_MAX}\n");
    stream.write_all(question.as_bytes()).map_err(LeaseError::Shim)?;
    let mut status = [0; 1];
    let (count, sockets) = descriptors::receive(&stream, &mut status)
        .map_err(|error| LeaseError::Shim(io::Error::other(error)))?;
    match (count, status[0]) {
        (0, _) => Err(wrong("it closed the connection")),
        (_, b'0') if !sockets.is_empty() => Ok(sockets),
        (_, b'0') => Err(wrong("it gave no socket")),
        (_, b'1') => Err(LeaseError::NotReady),
        (_, b'2') => Err(LeaseError::Gone),
        (_, other) => Err(wrong(&format!("status byte {other}"))),
    }
}
