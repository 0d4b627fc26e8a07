//! Services to the edge's route table: ready pods joined with the weights that the engine
//! wants, put as one absolute table each time either changes.
//!
//! Absent on purpose: decisions about weights, and the word that keeps the edge's dead man's
//! switch up by itself: the engine gives it, because it is the engine whose death matters.

mod routes;
mod task;

pub(crate) use routes::{hash_of, is_ready, socket_of};
pub(crate) use task::start;

use crate::error::Error;
use bowline_traffic::{Client, Counters, Generation, TableState};
use serde::{Deserialize, Serialize};
use std::{fmt, net::SocketAddr, time::Duration};
use tokio::sync::{mpsc, oneshot};

/// A Service by namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ServiceKey {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl ServiceKey {
    /// The service `name` of `namespace`.
    #[must_use]
    pub fn new(namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.to_owned(), name: name.to_owned() }
    }

    /// The name of its route, in the edge's table and counters.
    #[must_use]
    pub fn route(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// How a service's requests are split. Absolute, never a delta.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weights {
    /// The pod template hash of the stable version.
    pub stable_hash: String,
    /// That of the version under trial; `None` outside a rollout.
    pub canary_hash: Option<String>,
    /// Requests out of 100 that go to the canary.
    pub canary_weight: u32,
    /// The dead man's deadline while a canary is there, in milliseconds; `None`: no deadline.
    pub deadline_ms: Option<u64>,
}

/// What is wanted for one service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    pub(crate) weights: Weights,
    pub(crate) generation: Generation,
}

/// The edge has taken a table with the weights in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    /// The table's generation.
    pub table: Generation,
    /// When it came into force, in milliseconds of the monotonic clock since boot.
    pub at_ms: u64,
}

/// A request to the task that owns the table.
pub(crate) enum Request {
    Weights {
        service: ServiceKey,
        wanted: Wanted,
        reply: oneshot::Sender<Result<Acknowledged, Error>>,
    },
    Listen {
        service: ServiceKey,
        listen: Option<SocketAddr>,
        reply: oneshot::Sender<Result<Acknowledged, Error>>,
    },
    /// A table that reflects all objects of now is in force. `again`: it is put even when the
    /// edge is thought to have it, because the edge may be another one.
    Settle { again: bool, reply: oneshot::Sender<Result<Acknowledged, Error>> },
    /// What is wanted for every service that has an address.
    Serving { reply: oneshot::Sender<Vec<(ServiceKey, SocketAddr, String)>> },
    /// What is wanted for a service.
    Read { service: ServiceKey, reply: oneshot::Sender<Option<Wanted>> },
}

/// The way to the edge. Cheap to clone; all clones speak to one task.
#[derive(Clone, Debug)]
pub struct Router {
    requests: mpsc::UnboundedSender<Request>,
    edge: Client,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Request")
    }
}

impl Router {
    pub(crate) fn new(requests: mpsc::UnboundedSender<Request>, edge: Client) -> Self {
        Self { requests, edge }
    }

    /// Sets the weights of a service; returns when the edge follows them. They are kept: the
    /// same weights hold when pods come and go, and after a restart.
    ///
    /// `generation` is the caller's: fencing epoch, then a counter. An older one than was set
    /// before for this service is refused; the same one again sets the same weights again.
    ///
    /// # Errors
    /// [`Error::StaleGeneration`], [`Error::Weights`], or why the edge did not take the table;
    /// in that case the weights are kept all the same and put as soon as the edge takes them.
    pub async fn set_weights(
        &self,
        service: &ServiceKey,
        weights: Weights,
        generation: Generation,
    ) -> Result<Acknowledged, Error> {
        let service = service.clone();
        let wanted = Wanted { weights, generation };
        self.ask(|reply| Request::Weights { service, wanted, reply }).await?
    }

    /// The weights that are wanted for a service, with their generation.
    ///
    /// # Errors
    /// [`Error::Stopped`].
    pub async fn weights(
        &self,
        service: &ServiceKey,
    ) -> Result<Option<(Weights, Generation)>, Error> {
        let service = service.clone();
        let wanted = self.ask(|reply| Request::Read { service, reply }).await?;
        Ok(wanted.map(|wanted| (wanted.weights, wanted.generation)))
    }

    /// Every service that has an address and weights: with the address and the hash of the
    /// version that is to stay.
    ///
    /// # Errors
    /// [`Error::Stopped`].
    pub async fn serving(&self) -> Result<Vec<(ServiceKey, SocketAddr, String)>, Error> {
        self.ask(|reply| Request::Serving { reply }).await
    }

    /// Gives a service its address on this machine, or (`None`) takes it away; returns when
    /// the edge listens there. When the edge cannot, the address before holds again.
    ///
    /// # Errors
    /// A taken port is [`Error::Traffic`] and names who has it.
    pub async fn set_listen(
        &self,
        service: &ServiceKey,
        listen: Option<SocketAddr>,
    ) -> Result<Acknowledged, Error> {
        let service = service.clone();
        self.ask(|reply| Request::Listen { service, listen, reply }).await?
    }

    /// Returns when the edge has a table that reflects all pods and services of now.
    ///
    /// # Errors
    /// Why the edge did not take it.
    pub async fn settle(&self) -> Result<Acknowledged, Error> {
        self.ask(|reply| Request::Settle { again: false, reply }).await?
    }

    /// As [`Router::settle`], for an edge that may know nothing yet.
    pub(crate) async fn settle_again(&self) -> Result<Acknowledged, Error> {
        self.ask(|reply| Request::Settle { again: true, reply }).await?
    }

    /// Word from the conductor: keeps the edge from going back to stable.
    ///
    /// # Errors
    /// When the edge does not answer.
    pub async fn alive(&self) -> Result<(), Error> {
        self.edge.alive().await?;
        Ok(())
    }

    /// The counts from a second on; the route of a service is [`ServiceKey::route`].
    ///
    /// # Errors
    /// When the edge does not answer.
    pub async fn counters(&self, from: u64) -> Result<Counters, Error> {
        Ok(self.edge.counters(from).await?)
    }

    /// The table in force.
    ///
    /// # Errors
    /// When the edge does not answer.
    pub async fn table(&self) -> Result<TableState, Error> {
        Ok(self.edge.table().await?)
    }

    /// The edge's control client.
    #[must_use]
    pub fn edge(&self) -> &Client {
        &self.edge
    }

    /// Takes a leaving pod out of the traffic: returns when the edge sends it nothing more and
    /// the requests that it is serving have ended, or after `limit`. Whether they have ended.
    pub(crate) async fn drain(&self, uid: &str, limit: Duration) -> bool {
        let drained = async {
            while self.settle().await.is_err() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            loop {
                match self.edge.in_flight(uid).await {
                    Ok(found) if !found.in_table && found.in_flight == 0 => return,
                    // An edge that is gone serves nothing; it comes back with a table of now.
                    Ok(_) | Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                }
            }
        };
        tokio::time::timeout(limit, drained).await.is_ok()
    }

    async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<T>) -> Request,
    ) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        self.requests.send(request(reply)).map_err(|_| Error::Stopped)?;
        answer.await.map_err(|_| Error::Stopped)
    }
}
