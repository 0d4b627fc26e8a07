//! One instance as the edge knows it: its idle connections, its requests, whether it is up.
//!
//! An instance lives as long as a table names it, and then until its last request has ended.
//! The pod runtime stops a pod when its instance has left the table and serves nothing more,
//! so the count of requests and the mark "leaving" must never miss each other: a request
//! counts itself first and looks at the mark then; who leaves sets the mark first and looks
//! at the count then. All four are sequentially consistent.

use crate::{
    lease::Lease,
    ledger::milliseconds,
    limits::Limits,
    table::{self, Address},
    upstream::{ConnectError, Connection},
};
use bowline_host::{clock, task};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio::sync::watch;

/// A request that must not be sent twice takes only a connection that was idle shorter than
/// this: servers close idle connections, seldom ones that were just used.
const UNREPEATABLE_IDLE_MAX: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) id: String,
    address: Address,
    limits: Arc<Limits>,
    in_flight: AtomicU64,
    leaving: AtomicBool,
    down: AtomicBool,
    idle: Mutex<Vec<Connection>>,
    /// Turns true when the time to drain is over.
    cut: watch::Sender<bool>,
    lease: Option<Arc<Lease>>,
}

/// A request that an instance is serving; counts as long as it lives.
#[derive(Debug)]
pub(crate) struct Flight(Arc<Instance>);

impl Flight {
    pub(crate) fn instance(&self) -> &Arc<Instance> {
        &self.0
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, SeqCst);
    }
}

impl Instance {
    pub(crate) fn new(instance: &table::Instance, limits: &Arc<Limits>) -> Arc<Self> {
        let lease = match &instance.address {
            Address::Pod { socket, .. } => Some(Lease::new(socket)),
            Address::Tcp(_) => None,
        };
        Arc::new(Self {
            id: instance.id.clone(),
            address: instance.address.clone(),
            limits: Arc::clone(limits),
            in_flight: AtomicU64::new(0),
            leaving: AtomicBool::new(false),
            down: AtomicBool::new(false),
            idle: Mutex::default(),
            cut: watch::Sender::new(false),
            lease,
        })
    }

    /// Whether this is the same process as the table's.
    pub(crate) fn is(&self, instance: &table::Instance) -> bool {
        self.id == instance.id && self.address == instance.address
    }

    pub(crate) fn in_flight(&self) -> u64 {
        self.in_flight.load(SeqCst)
    }

    pub(crate) fn is_up(&self) -> bool {
        !self.down.load(SeqCst)
    }

    /// Starts a request; `None` when the instance has left the table.
    pub(crate) fn begin(self: &Arc<Self>) -> Option<Flight> {
        self.in_flight.fetch_add(1, SeqCst);
        let flight = Flight(Arc::clone(self));
        (!self.leaving.load(SeqCst)).then_some(flight)
    }

    /// The table names it no more: no new request, no idle connection; what runs goes on
    /// until the limit.
    pub(crate) fn leave(self: &Arc<Self>) {
        self.leaving.store(true, SeqCst);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
        if self.in_flight() == 0 {
            return;
        }
        let instance = Arc::downgrade(self);
        let limit = self.limits.drain_max;
        drop(task::spawn("drain", async move {
            tokio::time::sleep(limit).await;
            if let Some(instance) = instance.upgrade() {
                instance.cut.send_replace(true);
            }
        }));
    }

    /// Whether its time to drain is over.
    pub(crate) fn is_cut(&self) -> bool {
        *self.cut.borrow()
    }

    /// Tells when its time to drain is over.
    pub(crate) fn cut(&self) -> watch::Receiver<bool> {
        self.cut.subscribe()
    }

    /// An idle connection, if there is one that still stands.
    pub(crate) async fn idle_connection(&self, repeatable: bool) -> Option<Connection> {
        let limit = if repeatable { self.limits.idle_max } else { UNREPEATABLE_IDLE_MAX };
        loop {
            // The youngest first: the others may grow old and be closed.
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            let age = milliseconds(clock::monotonic()).saturating_sub(idle.idle_since_ms);
            if Duration::from_millis(age) <= limit && idle.is_ready().await {
                return Some(idle);
            }
        }
    }

    /// A new connection.
    pub(crate) async fn connect(&self) -> Result<Connection, ConnectError> {
        Connection::open(&self.address, self.lease.as_ref(), self.cut(), &self.limits).await
    }

    /// Takes a connection back whose answer has ended.
    pub(crate) fn give_back(&self, mut connection: Connection, now: Duration) {
        connection.reused = true;
        connection.idle_since_ms = milliseconds(now);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.leaving.load(SeqCst) && idle.len() < self.limits.idle_connections_max {
            idle.push(connection);
        }
    }

    /// Closes connections that were idle for too long.
    pub(crate) fn close_old(&self, now: Duration) {
        let limit = milliseconds(now.saturating_sub(self.limits.idle_max));
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|connection| connection.idle_since_ms >= limit);
    }

    /// It did not take a connection: no requests for it until it does again. Looks again by
    /// itself, after longer and longer pauses, so that no user's request has to try.
    pub(crate) fn mark_down(self: &Arc<Self>) {
        if self.down.swap(true, SeqCst) {
            return;
        }
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let instance = Arc::downgrade(self);
        let mut pause = self.limits.down_min;
        drop(task::spawn("look-again", async move {
            loop {
                tokio::time::sleep(pause).await;
                let Some(instance) = instance.upgrade() else { return };
                if instance.leaving.load(SeqCst) {
                    return;
                }
                if let Ok(connection) = instance.connect().await {
                    instance.down.store(false, SeqCst);
                    instance.give_back(connection, clock::monotonic());
                    return;
                }
                pause = (pause * 2).min(instance.limits.down_max);
            }
        }));
    }
}
