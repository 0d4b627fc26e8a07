//! The one task that owns the route table: requests and changes in, `PUT /table` out.

use super::{Acknowledged, Request, Router, ServiceKey, Wanted, routes};
use crate::{Options, api::kind::by_name, cluster::Cluster, error::Error};
use bowline_host::{
    crash::{self, When},
    task::{self, Task},
};
use bowline_traffic::{Client, Generation, Route, Table};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, time::Duration};
use tokio::sync::{mpsc, oneshot, watch};

/// The note in the database that holds what is wanted.
const NOTE: &str = "router";
/// How often a table that the edge did not take is put again.
const RETRY: Duration = Duration::from_millis(500);
/// Tries of one put when the edge knows a newer generation.
const TRIES_MAX: usize = 3;

/// What is kept across restarts.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    services: Vec<KeptService>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptService {
    service: ServiceKey,
    wanted: Option<Wanted>,
    listen: Option<SocketAddr>,
}

/// Somebody who waits for the next acknowledged table.
struct Waiting {
    reply: oneshot::Sender<Result<Acknowledged, Error>>,
    /// The address that holds again when the edge refuses the new one: one taken port must
    /// not keep all later tables from the edge.
    undo: Option<(ServiceKey, Option<SocketAddr>)>,
}

struct Owner {
    cluster: Cluster,
    edge: Client,
    runtime: PathBuf,
    requests: mpsc::UnboundedReceiver<Request>,
    changed: watch::Receiver<u64>,
    wanted: BTreeMap<ServiceKey, Wanted>,
    listen: BTreeMap<ServiceKey, SocketAddr>,
    /// What the edge has, as far as is known.
    acknowledged: Option<(Vec<Route>, Acknowledged)>,
    generation: Generation,
    waiting: Vec<Waiting>,
}

/// Starts the task. The addresses of `options` are joined with those that were kept, and win.
///
/// # Errors
/// An unreadable note in the database.
pub(crate) fn start(
    cluster: &Cluster,
    edge: Client,
    runtime: PathBuf,
    options: &Options,
) -> Result<(Router, Task<()>), Error> {
    let kept = match cluster.objects().note(NOTE)? {
        Some(text) => {
            serde_json::from_str(&text).map_err(|e| Error::Corrupt(format!("router: {e}")))?
        }
        None => Kept::default(),
    };
    let (sender, requests) = mpsc::unbounded_channel();
    let mut owner = Owner {
        changed: cluster.objects().subscribe(),
        cluster: cluster.clone(),
        edge: edge.clone(),
        runtime,
        requests,
        wanted: BTreeMap::new(),
        listen: BTreeMap::new(),
        acknowledged: None,
        generation: Generation { epoch: options.epoch, counter: 0 },
        waiting: Vec::new(),
    };
    for KeptService { service, wanted, listen } in kept.services {
        if let Some(wanted) = wanted {
            owner.generation.epoch = owner.generation.epoch.max(wanted.generation.epoch);
            owner.wanted.insert(service.clone(), wanted);
        }
        if let Some(listen) = listen {
            owner.listen.insert(service, listen);
        }
    }
    owner.listen.extend(options.listen.iter().map(|(service, listen)| (service.clone(), *listen)));
    let task = task::spawn("router", owner.run()).abort_on_drop();
    Ok((Router::new(sender, edge), task))
}

impl Owner {
    async fn run(mut self) {
        let mut failed = false;
        loop {
            tokio::select! {
                request = self.requests.recv() => match request {
                    Some(request) => self.take(request),
                    None => return,
                },
                changed = self.changed.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(RETRY), if failed => {}
            }
            // What came in together goes out in one table.
            while let Ok(request) = self.requests.try_recv() {
                self.take(request);
            }
            failed = self.put().await;
        }
    }

    fn take(&mut self, request: Request) {
        match request {
            Request::Weights { service, wanted, reply } => {
                let taken = self.want(&service, wanted);
                self.wait(taken, Waiting { reply, undo: None });
            }
            Request::Listen { service, listen, reply } => {
                let before = self.set_listen(&service, listen);
                let taken = self.keep();
                self.wait(taken, Waiting { reply, undo: Some((service, before)) });
            }
            Request::Settle { again, reply } => {
                if again {
                    self.acknowledged = None;
                }
                self.waiting.push(Waiting { reply, undo: None });
            }
            Request::Serving { reply } => drop(reply.send(self.serving())),
            Request::Read { service, reply } => {
                drop(reply.send(self.wanted.get(&service).cloned()));
            }
        }
    }

    fn serving(&self) -> Vec<(ServiceKey, SocketAddr, String)> {
        let row = |(service, wanted): (&ServiceKey, &Wanted)| {
            let listen = self.listen.get(service)?;
            Some((service.clone(), *listen, wanted.weights.stable_hash.clone()))
        };
        self.wanted.iter().filter_map(row).collect()
    }

    fn wait(&mut self, taken: Result<(), Error>, waiting: Waiting) {
        match taken {
            Ok(()) => self.waiting.push(waiting),
            // Who asked may have gone away.
            Err(error) => drop(waiting.reply.send(Err(error))),
        }
    }

    fn set_listen(
        &mut self,
        service: &ServiceKey,
        listen: Option<SocketAddr>,
    ) -> Option<SocketAddr> {
        match listen {
            Some(listen) => self.listen.insert(service.clone(), listen),
            None => self.listen.remove(service),
        }
    }

    fn want(&mut self, service: &ServiceKey, wanted: Wanted) -> Result<(), Error> {
        let weights = &wanted.weights;
        if weights.canary_weight > 100 || weights.stable_hash.is_empty() {
            let weight = weights.canary_weight;
            return Err(Error::Weights { service: service.to_string(), weight });
        }
        if let Some(known) = self.wanted.get(service)
            && known.generation > wanted.generation
        {
            return Err(Error::StaleGeneration {
                given: wanted.generation.to_string(),
                known: known.generation.to_string(),
            });
        }
        self.generation.epoch = self.generation.epoch.max(wanted.generation.epoch);
        self.wanted.insert(service.clone(), wanted);
        self.keep()
    }

    fn keep(&self) -> Result<(), Error> {
        let mut services: BTreeMap<&ServiceKey, KeptService> = BTreeMap::new();
        let keys = self.wanted.keys().chain(self.listen.keys());
        for service in keys {
            services.insert(
                service,
                KeptService {
                    service: service.clone(),
                    wanted: self.wanted.get(service).cloned(),
                    listen: self.listen.get(service).copied(),
                },
            );
        }
        let kept = Kept { services: services.into_values().collect() };
        let text = serde_json::to_string(&kept).expect("plain fields are written as JSON");
        self.cluster.objects().set_note(NOTE, &text)
    }

    /// Puts the table of now where it differs from what the edge has; answers who waits.
    /// Whether it has to be tried again.
    async fn put(&mut self) -> bool {
        self.changed.mark_unchanged();
        let (_, services) = self.cluster.objects().list(by_name("Service"), "");
        let (_, pods) = self.cluster.objects().list(by_name("Pod"), "");
        let routes = routes::build(&services, &pods, &self.wanted, &self.listen, &self.runtime);
        let known = self.acknowledged.as_ref().filter(|(known, _)| *known == routes);
        let result = match known {
            Some((_, acknowledged)) => Ok(*acknowledged),
            None => self.put_routes(&routes).await,
        };
        match result {
            Ok(acknowledged) => {
                self.acknowledged = Some((routes, acknowledged));
                for waiting in self.waiting.drain(..) {
                    drop(waiting.reply.send(Ok(acknowledged)));
                }
                false
            }
            Err(error) => {
                self.acknowledged = None;
                let message = error.to_string();
                let mut first = Some(error);
                for Waiting { reply, undo } in std::mem::take(&mut self.waiting) {
                    if let Some((service, before)) = undo {
                        self.set_listen(&service, before);
                        // A database that fails now fails the next request aloud.
                        let _ = self.keep();
                    }
                    let error = first.take().unwrap_or_else(|| Error::Edge(message.clone()));
                    drop(reply.send(Err(error)));
                }
                true
            }
        }
    }

    async fn put_routes(&mut self, routes: &[Route]) -> Result<Acknowledged, Error> {
        let mut tried = 0;
        loop {
            self.generation.counter += 1;
            let table = Table { generation: self.generation, routes: routes.to_vec() };
            tried += 1;
            let key = routes.iter().map(shape).collect::<Vec<_>>().join(" ");
            crash::point("edge.table", &key, When::Before);
            let put = self.edge.put_table(&table).await;
            crash::point("edge.table", &key, When::After);
            match put {
                Ok(accepted) => {
                    let (table, at_ms) = (accepted.generation, accepted.at_ms);
                    return Ok(Acknowledged { table, at_ms });
                }
                // This process is new and the edge is not: go on where it stands. A conductor
                // of a newer epoch is never overtaken.
                Err(bowline_traffic::Error::OlderGeneration { current, .. })
                    if current.epoch <= self.generation.epoch && tried < TRIES_MAX =>
                {
                    self.generation.counter = self.generation.counter.max(current.counter);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// A route as a crash point names it: how many versions get requests, and from how many pods.
fn shape(route: &Route) -> String {
    let taking = route.versions.iter().filter(|version| version.weight > 0);
    let pods = taking.clone().map(|version| match version.instances.len() {
        0 => "no pod",
        1 => "one pod",
        _ => "pods",
    });
    let pods: Vec<&str> = pods.collect();
    let leaving = if route.versions.len() > pods.len() { ", one leaves" } else { "" };
    format!("{}: {}{leaving}", route.name, pods.join(" and "))
}
