//! A table in force: immutable, shared, swapped as a whole by one pointer.

use crate::{
    instance::{Flight, Instance},
    ledger::{Ledger, RouteBook, Series},
    limits::Limits,
    split::Split,
    table::{self, Table},
};
use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
};

/// All routes in force.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    /// `None` before the first table.
    pub(crate) table: Option<Table>,
    routes: HashMap<SocketAddr, Arc<LiveRoute>>,
}

/// One route in force.
#[derive(Debug)]
pub(crate) struct LiveRoute {
    pub(crate) name: String,
    versions: Vec<LiveVersion>,
    /// The place of the stable version in `versions`.
    stable: usize,
    split: Arc<Split>,
    /// Milliseconds without a word after which all goes to stable.
    deadline_ms: Option<u64>,
    fell_back: AtomicBool,
    pub(crate) book: Arc<RouteBook>,
}

/// One version in force.
#[derive(Debug)]
pub(crate) struct LiveVersion {
    pub(crate) hash: String,
    instances: Vec<Arc<Instance>>,
    pub(crate) series: Arc<Series>,
    turn: AtomicUsize,
}

/// What a version has for a request.
#[derive(Debug)]
pub(crate) enum Pick {
    /// An instance that serves it.
    Instance(Flight),
    /// The instance has just left the table: look at the newer one.
    Left,
    /// No instance.
    Nothing,
}

impl Snapshot {
    /// The snapshot of `table` that follows `before`: instances and blocks that both have go
    /// on, everything else is new. `fell_back` names routes that are back at stable already.
    pub(crate) fn build(
        table: Table,
        before: &Self,
        ledger: &Ledger,
        limits: &Arc<Limits>,
        seed: u64,
        fell_back: &[String],
    ) -> Self {
        let known: HashMap<&str, &Arc<Instance>> =
            before.instances().map(|instance| (instance.id.as_str(), instance)).collect();
        let instance = |wanted: &table::Instance| match known.get(wanted.id.as_str()) {
            Some(known) if known.is(wanted) => Arc::clone(known),
            _ => Instance::new(wanted, limits),
        };
        let mut routes = HashMap::with_capacity(table.routes.len());
        for route in &table.routes {
            let book = ledger.route(&route.name);
            let versions: Vec<LiveVersion> = route
                .versions
                .iter()
                .map(|version| LiveVersion {
                    hash: version.hash.clone(),
                    instances: version.instances.iter().map(instance).collect(),
                    series: book.version(&version.hash),
                    turn: AtomicUsize::new(0),
                })
                .collect();
            let weights: Vec<(String, u32)> =
                route.versions.iter().map(|v| (v.hash.clone(), v.weight)).collect();
            let split = before.split(&route.name, &weights).unwrap_or_else(|| {
                Arc::new(Split::new(weights, seed ^ table.generation.counter.rotate_left(32)))
            });
            let live = LiveRoute {
                name: route.name.clone(),
                stable: versions.iter().position(|v| v.hash == route.stable).unwrap_or(0),
                versions,
                split,
                deadline_ms: route.rollout.as_ref().map(|rollout| rollout.deadline_ms),
                fell_back: AtomicBool::new(fell_back.contains(&route.name)),
                book,
            };
            routes.insert(route.listen, Arc::new(live));
        }
        Self { table: Some(table), routes }
    }

    fn split(&self, route: &str, weights: &[(String, u32)]) -> Option<Arc<Split>> {
        let route = self.routes.values().find(|live| live.name == route)?;
        route.split.is_for(weights).then(|| Arc::clone(&route.split))
    }

    pub(crate) fn route(&self, listen: &SocketAddr) -> Option<&Arc<LiveRoute>> {
        self.routes.get(listen)
    }

    pub(crate) fn routes(&self) -> impl Iterator<Item = &Arc<LiveRoute>> {
        self.routes.values()
    }

    pub(crate) fn listens(&self) -> impl Iterator<Item = &SocketAddr> {
        self.routes.keys()
    }

    pub(crate) fn instances(&self) -> impl Iterator<Item = &Arc<Instance>> {
        self.routes
            .values()
            .flat_map(|route| &route.versions)
            .flat_map(|version| &version.instances)
    }

    /// The names of the routes that fell back, in order.
    pub(crate) fn fell_back(&self) -> Vec<String> {
        let routes = self.routes.values().filter(|route| route.fell_back.load(Relaxed));
        let mut names: Vec<String> = routes.map(|route| route.name.clone()).collect();
        names.sort();
        names
    }
}

impl LiveRoute {
    /// The version that the weights give the next request; `None`: the route has none.
    pub(crate) fn choose(&self, now_ms: u64, last_word_ms: u64) -> Option<&LiveVersion> {
        let stable = self.stable()?;
        self.look_at_the_clock(now_ms, last_word_ms);
        if self.fell_back.load(Relaxed) {
            return Some(stable);
        }
        self.versions.get(self.split.next()).or(Some(stable))
    }

    /// The dead man's switch. It falls once and stays: only a newer table lifts it.
    pub(crate) fn look_at_the_clock(&self, now_ms: u64, last_word_ms: u64) {
        if let Some(deadline) = self.deadline_ms
            && now_ms.saturating_sub(last_word_ms) > deadline
        {
            self.fell_back.store(true, Relaxed);
        }
    }

    pub(crate) fn stable(&self) -> Option<&LiveVersion> {
        self.versions.get(self.stable)
    }

    pub(crate) fn version(&self, hash: &str) -> Option<&LiveVersion> {
        self.versions.iter().find(|version| version.hash == hash)
    }
}

impl LiveVersion {
    /// Whether any instance is up.
    pub(crate) fn has_any(&self) -> bool {
        self.instances.iter().any(|instance| instance.is_up())
    }

    /// The instance with the fewest requests, in turn among equals, none of `tried`. With
    /// `even_down` also one that is marked down: better tried than refused.
    pub(crate) fn pick(&self, tried: &[Arc<Instance>], even_down: bool) -> Pick {
        let count = self.instances.len();
        let start = self.turn.fetch_add(1, Relaxed);
        let free = |instance: &&Arc<Instance>| !tried.iter().any(|t| Arc::ptr_eq(t, instance));
        let all = (0..count).map(|n| &self.instances[start.wrapping_add(n) % count]).filter(free);
        let up = all.clone().filter(|instance| instance.is_up());
        let chosen = up.min_by_key(|instance| instance.in_flight());
        let last = || if even_down { all.clone().next() } else { None };
        match chosen.or_else(last) {
            None => Pick::Nothing,
            Some(instance) => instance.begin().map_or(Pick::Left, Pick::Instance),
        }
    }
}
