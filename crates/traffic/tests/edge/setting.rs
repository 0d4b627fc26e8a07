//! An edge for one test: addresses of its own, tables in few words, counts by version.

use bowline_traffic::{
    Address, Client, Generation, Instance, Limits, Options, Rollout, Route, Running, SecondCounts,
    Table, Version, start,
};
use std::{
    future::Future,
    net::{Ipv4Addr, SocketAddr},
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    time::Duration,
};
use tempfile::TempDir;

/// A loopback address that no other test uses: connections to it never come from it, so no
/// client's port can be in the way.
pub fn address() -> SocketAddr {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let next = NEXT.fetch_add(1, Relaxed);
    let process = std::process::id() % 100 + 100;
    let [_, _, high, low] = next.to_be_bytes();
    SocketAddr::from((Ipv4Addr::new(127, process as u8, high, low), 18_080))
}

/// Waits until a condition holds; panics when it never does.
pub async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    for _look in 0..4_000 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("never: {what}");
}

/// `("hash", weight, [(instance, address)])`.
pub type Versions<'a> = &'a [(&'a str, u32, Vec<(&'a str, SocketAddr)>)];

/// A table with one route, whose stable version is the first one.
pub fn table(counter: u64, listen: SocketAddr, versions: Versions<'_>) -> Table {
    let versions: Vec<Version> = versions
        .iter()
        .map(|(hash, weight, instances)| Version {
            hash: (*hash).to_owned(),
            weight: *weight,
            instances: instances
                .iter()
                .map(|(id, address)| Instance {
                    id: (*id).to_owned(),
                    address: Address::Tcp(*address),
                })
                .collect(),
        })
        .collect();
    let stable = versions.first().map_or("none".to_owned(), |version| version.hash.clone());
    let route = Route { name: "shop".to_owned(), listen, stable, versions, rollout: None };
    Table { generation: Generation { epoch: 1, counter }, routes: vec![route] }
}

/// The same with a dead man's switch for `canary`.
pub fn with_deadline(mut table: Table, canary: &str, deadline_ms: u64) -> Table {
    table.routes[0].rollout = Some(Rollout { canary: canary.to_owned(), deadline_ms });
    table
}

/// An edge in this process.
pub struct Setting {
    pub folder: TempDir,
    pub listen: SocketAddr,
    pub client: Client,
    pub running: Option<Running>,
}

/// Short waits, so that a test reaches them.
pub fn limits() -> Limits {
    Limits { down_min: Duration::from_millis(20), ..Limits::default() }
}

pub fn options(folder: &TempDir) -> Options {
    let control = folder.path().join("edge.sock");
    Options { seed: Some(7), limits: limits(), ..Options::new(folder.path(), &control) }
}

impl Setting {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let mut options = options(&folder);
        change(&mut options);
        let client = Client::new(&options.control_socket);
        let running = start(options).await.expect("the edge starts");
        Self { folder, listen: address(), client, running: Some(running) }
    }

    pub async fn put(&self, counter: u64, versions: Versions<'_>) {
        let table = table(counter, self.listen, versions);
        let accepted = self.client.put_table(&table).await.expect("the table is taken");
        assert_eq!((accepted.generation, accepted.not_kept), (table.generation, None));
    }

    /// All seconds of a version added up.
    pub async fn counts(&self, hash: &str) -> SecondCounts {
        let counters = self.client.counters(0).await.expect("counters");
        let mut sum = SecondCounts::default();
        let routes = counters.routes.iter().filter(|route| route.route == "shop");
        let versions = routes.flat_map(|route| &route.versions).filter(|v| v.hash == hash);
        for counts in versions.flat_map(|version| &version.seconds) {
            sum.requests += counts.requests;
            sum.open += counts.open;
            sum.failed += counts.failed;
            sum.bad += counts.bad;
            sum.resets += counts.resets;
            sum.timeouts += counts.timeouts;
            sum.unavailable += counts.unavailable;
            sum.left += counts.left;
            sum.latency.merge(&counts.latency);
        }
        sum
    }
}
