//! A cluster whose pods are ready at once, and a router; either can be away.

use bowline_diag::Diagnostic;
use bowline_engine::Failure;
use bowline_engine::target::{Counts, PodLogs, Router, Serving, Target, Weights};
use bowline_rollout::template::HASH_LABEL;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{Method, Request, Response};
use kube::client::Body;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use tower::service_fn;

/// The state of both.
#[derive(Default)]
pub struct Cluster {
    api_down: AtomicBool,
    router_down: AtomicBool,
    refused: AtomicU64,
    sets: Mutex<BTreeMap<String, Value>>,
    weights: Mutex<Option<Weights>>,
}

impl Cluster {
    pub fn set_api_down(&self, down: bool) {
        self.api_down.store(down, Ordering::SeqCst);
    }

    pub fn set_router_down(&self, down: bool) {
        self.router_down.store(down, Ordering::SeqCst);
    }

    /// How often the router refused to take weights.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::SeqCst)
    }

    pub fn weight(&self) -> Option<u32> {
        self.weights.lock().expect("whole").as_ref().map(|weights| weights.weight)
    }

    pub fn canary(&self) -> Option<String> {
        self.weights.lock().expect("whole").as_ref()?.canary.clone()
    }

    /// Versions by their image, with their pods; those without pods are left out.
    pub fn replicas(&self) -> Vec<(String, u64)> {
        let sets = self.sets.lock().expect("whole");
        let one = |set: &Value| {
            let image = set.pointer("/spec/template/spec/containers/0/image")?.as_str()?;
            Some((image.to_owned(), set["spec"]["replicas"].as_u64()?))
        };
        let mut all: Vec<_> = sets.values().filter_map(one).filter(|(_, n)| *n > 0).collect();
        all.sort();
        all
    }

    fn answer(&self, method: &Method, path: &str, body: &[u8]) -> (u16, Value) {
        if self.api_down.load(Ordering::SeqCst) {
            return failed(503, "ServiceUnavailable");
        }
        let mut sets = self.sets.lock().expect("whole");
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or_default().to_owned();
        match (method.as_str(), path.contains("/replicasets")) {
            ("GET", true) if name == "replicasets" => {
                list("apps/v1", "ReplicaSetList", &sets, Value::clone)
            }
            ("GET", true) => match sets.get(&name) {
                Some(set) => (200, set.clone()),
                None => failed(404, "NotFound"),
            },
            ("POST", true) => {
                let name = body["metadata"]["name"].as_str().unwrap_or_default();
                sets.insert(name.to_owned(), body.clone());
                (201, body)
            }
            ("PATCH", true) => match sets.get_mut(&name) {
                Some(set) => {
                    set["spec"]["replicas"] = body["spec"]["replicas"].clone();
                    (200, set.clone())
                }
                None => failed(404, "NotFound"),
            },
            ("GET", false) if name == "pods" => {
                sets.retain(|_, set| set["spec"]["replicas"] != 0);
                list("v1", "PodList", &sets, pod)
            }
            // The projection of the status: nobody reads it here.
            _ => {
                (200, json!({"apiVersion": "v1", "kind": "Rollout", "metadata": {"name": "shop"}}))
            }
        }
    }
}

fn failed(code: u16, reason: &str) -> (u16, Value) {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": reason, "reason": reason, "code": code,
    });
    (code, status)
}

fn list(
    version: &str,
    kind: &str,
    sets: &BTreeMap<String, Value>,
    item: impl Fn(&Value) -> Value,
) -> (u16, Value) {
    let items: Vec<Value> = sets.values().map(item).collect();
    (200, json!({"apiVersion": version, "kind": kind, "metadata": {}, "items": items}))
}

/// The one pod of a ReplicaSet.
fn pod(set: &Value) -> Value {
    json!({
        "metadata": {
            "name": set["metadata"]["name"],
            "labels": {"app": "shop", HASH_LABEL: set["metadata"]["labels"][HASH_LABEL]},
        },
        "spec": {"containers": []},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    })
}

/// The engine's target of `cluster`.
pub fn cluster(cluster: &Arc<Cluster>) -> Target {
    let api = Arc::clone(cluster);
    let service = service_fn(move |request: Request<Body>| {
        let api = Arc::clone(&api);
        async move {
            let (parts, body) = request.into_parts();
            let bytes = body.collect_bytes().await.unwrap_or_default();
            let (code, value) = api.answer(&parts.method, parts.uri.path(), &bytes);
            let response = Response::builder().status(code);
            let response = response.body(Body::from(value.to_string().into_bytes()));
            Ok::<_, Infallible>(response.expect("a plain answer"))
        }
    });
    let client = kube::Client::new(service, "prod");
    Target {
        // Nothing is rehearsed here: these tests begin behind the preparation.
        rehearse: Box::new(|| Err(Failure::bug("nothing is rehearsed"))),
        client,
        router: Box::new(Fake(Arc::clone(cluster))),
        logs: Box::new(NoLogs),
    }
}

struct Fake(Arc<Cluster>);

impl Router for Fake {
    fn set_weights(&self, weights: Weights) -> BoxFuture<'_, Result<(), Diagnostic>> {
        if self.0.router_down.load(Ordering::SeqCst) {
            self.0.refused.fetch_add(1, Ordering::SeqCst);
            return async { Err(Diagnostic::error("BOW0805", "the edge is away")) }.boxed();
        }
        *self.0.weights.lock().expect("whole") = Some(weights);
        async { Ok(()) }.boxed()
    }

    fn serving(&self) -> BoxFuture<'_, Result<Vec<Serving>, Diagnostic>> {
        async { Ok(Vec::new()) }.boxed()
    }

    fn alive(&self) -> BoxFuture<'_, Result<(), Diagnostic>> {
        async { Ok(()) }.boxed()
    }

    fn counts<'a>(
        &'a self,
        _: &'a str,
        _: &'a str,
        _: u64,
    ) -> BoxFuture<'a, Result<Counts, Diagnostic>> {
        async { Ok(Counts::default()) }.boxed()
    }
}

struct NoLogs;

impl PodLogs for NoLogs {
    fn last_lines<'a>(&'a self, _: &'a str, _: &'a str, _: usize) -> BoxFuture<'a, Vec<String>> {
        async { Vec::new() }.boxed()
    }
}
