//! The ports to what a release is released to: the Kubernetes API and the router of traffic.
//!
//! The command line injects them, so that a real cluster is the same path as the local one.

use crate::failure::Failure;
use bowline_diag::Diagnostic;
use futures::future::BoxFuture;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Makes an empty cluster.
pub type Rehearse = Box<dyn Fn() -> Result<kube::Client, Failure> + Send + Sync>;

/// Where releases go.
pub struct Target {
    /// The Kubernetes API: the one-machine cluster in process, or a real one.
    pub client: kube::Client,
    /// Makes a cluster of the same kind without anything in it, where the objects of one commit
    /// are tried before its release begins.
    pub rehearse: Rehearse,
    /// The traffic.
    pub router: Box<dyn Router>,
    /// What pods wrote.
    pub logs: Box<dyn PodLogs>,
}

/// What the engine needs to know of what pods wrote.
pub trait PodLogs: Send + Sync {
    /// The last lines of a pod's log, at most `lines`; none when there is no log.
    fn last_lines<'a>(
        &'a self,
        namespace: &'a str,
        pod: &'a str,
        lines: usize,
    ) -> BoxFuture<'a, Vec<String>>;
}

/// Who gets how much traffic, absolutely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weights {
    /// The namespace of the Service.
    pub namespace: String,
    /// The Service that users reach.
    pub service: String,
    /// The address at which they reach it.
    pub listen: std::net::SocketAddr,
    /// The pod template hash of the version that traffic falls back to.
    pub stable: String,
    /// The version that is being tried; `None` outside a rollout.
    pub canary: Option<String>,
    /// Percent of the traffic for the canary, 0 to 100.
    pub weight: u32,
    /// Epoch of the conductor, and a counter that grows with each decision.
    pub generation: (u64, u64),
    /// Without a word for so long, traffic goes back to stable. Milliseconds; 0 = no limit.
    pub deadline_ms: u64,
}

/// Requests of one version in one second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Requests {
    /// All that were routed to it.
    pub total: u64,
    /// 5xx answers, resets, time-outs.
    pub failed: u64,
}

/// What the router counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Complete seconds in order, by pod template hash.
    pub seconds: Vec<(u64, BTreeMap<String, Requests>)>,
    /// All requests of the service since the router began to count.
    pub total: Requests,
    /// When the first request went to a version, in milliseconds of the monotonic clock.
    pub first_request_ms: BTreeMap<String, u64>,
}

/// A service that answers its users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serving {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub service: String,
    /// Where its users reach it.
    pub listen: SocketAddr,
    /// The hash of the version that is to stay.
    pub stable: String,
}

/// What the engine needs of a router of traffic.
pub trait Router: Send + Sync {
    /// Sets the weights; returns when the router has taken them.
    fn set_weights(&self, weights: Weights) -> BoxFuture<'_, Result<(), Diagnostic>>;

    /// What serves, whoever brought it there.
    fn serving(&self) -> BoxFuture<'_, Result<Vec<Serving>, Diagnostic>>;

    /// A word from a living conductor.
    fn alive(&self) -> BoxFuture<'_, Result<(), Diagnostic>>;

    /// Counts of a service from the second `from` on (monotonic clock).
    fn counts<'a>(
        &'a self,
        namespace: &'a str,
        service: &'a str,
        from: u64,
    ) -> BoxFuture<'a, Result<Counts, Diagnostic>>;
}
