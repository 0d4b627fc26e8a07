//! From services, pods and wanted weights to the edge's routes; pure.

use super::{ServiceKey, Wanted};
use crate::api::selector::Selector;
use bowline_traffic::{Address, Instance, Rollout, Route, Version};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The label that says which pod template a pod was made from; Argo Rollouts' own.
pub const HASH_LABEL: &str = "rollouts-pod-template-hash";
/// The same of a plain Deployment's ReplicaSets.
const PLAIN_HASH_LABEL: &str = "pod-template-hash";
/// The version of pods without such a label, and of a service without pods.
const NO_HASH: &str = "none";
const WEIGHT_SUM: u32 = 100;

/// The path of a pod's socket in the runtime folder. Short: a socket path has 107 bytes.
pub fn socket_of(runtime: &Path, uid: &str) -> PathBuf {
    let short: String = uid.chars().filter(char::is_ascii_hexdigit).take(12).collect();
    runtime.join("p").join(short)
}

/// The hash of a pod's template.
pub fn hash_of(pod: &Value) -> &str {
    let labels = &pod["metadata"]["labels"];
    let label = labels[HASH_LABEL].as_str().or_else(|| labels[PLAIN_HASH_LABEL].as_str());
    label.unwrap_or(NO_HASH)
}

/// Whether a pod may get requests: ready, and not leaving.
pub fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
    let ready = conditions.into_iter().any(|c| c["type"] == "Ready" && c["status"] == "True");
    ready && pod["metadata"]["deletionTimestamp"].is_null()
}

/// The routes of all services that have a listen address.
pub fn build(
    services: &[Arc<Value>],
    pods: &[Arc<Value>],
    wanted: &BTreeMap<ServiceKey, Wanted>,
    listen: &BTreeMap<ServiceKey, SocketAddr>,
    runtime: &Path,
) -> Vec<Route> {
    let mut routes = Vec::new();
    for service in services {
        let text = |field: &str| service["metadata"][field].as_str().unwrap_or_default();
        let key = ServiceKey::new(text("namespace"), text("name"));
        let Some(listen) = listen.get(&key) else { continue };
        let instances = instances(service, pods, runtime);
        routes.push(route(&key, *listen, instances, wanted.get(&key)));
    }
    routes
}

/// The ready pods of a service, by hash.
fn instances(
    service: &Value,
    pods: &[Arc<Value>],
    runtime: &Path,
) -> BTreeMap<String, Vec<Instance>> {
    let mut instances: BTreeMap<String, Vec<Instance>> = BTreeMap::new();
    let labels = json!({"matchLabels": service["spec"]["selector"]});
    let Some(selector) = Selector::of_object(&labels).filter(|s| !s.is_empty()) else {
        return instances;
    };
    for pod in pods {
        let here = pod["metadata"]["namespace"] == service["metadata"]["namespace"]
            && selector.matches_labels(pod["metadata"].get("labels"));
        let uid = pod["metadata"]["uid"].as_str().unwrap_or_default();
        if !here || !is_ready(pod) || uid.is_empty() {
            continue;
        }
        // As in Kubernetes, a pod without the named port is not part of the service.
        let Some(port) = target_port(&service["spec"]["ports"][0], pod) else { continue };
        let address = Address::Pod { socket: socket_of(runtime, uid), port };
        let instance = Instance { id: uid.to_owned(), address };
        instances.entry(hash_of(pod).to_owned()).or_default().push(instance);
    }
    instances
}

fn target_port(port: &Value, pod: &Value) -> Option<u16> {
    let target = if port["targetPort"].is_null() { &port["port"] } else { &port["targetPort"] };
    let number = match target.as_str() {
        Some(name) => {
            let ports = pod["spec"]["containers"][0]["ports"].as_array()?;
            ports.iter().find(|p| p["name"].as_str() == Some(name))?["containerPort"].as_u64()?
        }
        None => target.as_u64()?,
    };
    u16::try_from(number).ok().filter(|number| *number > 0)
}

fn route(
    key: &ServiceKey,
    listen: SocketAddr,
    mut instances: BTreeMap<String, Vec<Instance>>,
    wanted: Option<&Wanted>,
) -> Route {
    let name = key.route();
    let Some(Wanted { weights, .. }) = wanted else {
        return unweighted(name, listen, instances);
    };
    let mut of = |hash: &str| instances.remove(hash).unwrap_or_default();
    let stable = weights.stable_hash.clone();
    let canary = weights.canary_hash.as_ref().filter(|hash| **hash != stable);
    let canary_weight = canary.map_or(0, |_| weights.canary_weight);
    let mut versions = vec![Version {
        hash: stable.clone(),
        weight: WEIGHT_SUM - canary_weight,
        instances: of(&stable),
    }];
    if let Some(hash) = canary {
        versions.push(Version { hash: hash.clone(), weight: canary_weight, instances: of(hash) });
    }
    let rollout = canary
        .zip(weights.deadline_ms)
        .map(|(canary, deadline_ms)| Rollout { canary: canary.clone(), deadline_ms });
    Route { name, listen, stable, versions, rollout }
}

/// Nobody has said anything: as in Kubernetes, each ready pod gets the same share.
fn unweighted(
    name: String,
    listen: SocketAddr,
    instances: BTreeMap<String, Vec<Instance>>,
) -> Route {
    let total: usize = instances.values().map(Vec::len).sum();
    let share = |count: usize| {
        let percent = count * WEIGHT_SUM as usize / total.max(1);
        u32::try_from(percent).unwrap_or(WEIGHT_SUM)
    };
    let mut versions: Vec<Version> = instances
        .into_iter()
        .map(|(hash, instances)| Version { hash, weight: share(instances.len()), instances })
        .collect();
    // The largest comes first, is the stable one and gets what rounding left over.
    versions.sort_by_key(|version| std::cmp::Reverse(version.instances.len()));
    let given: u32 = versions.iter().map(|version| version.weight).sum();
    if let Some(first) = versions.first_mut() {
        first.weight += WEIGHT_SUM - given;
    }
    let stable = versions.first().map_or(NO_HASH, |first| &first.hash).to_owned();
    Route { name, listen, stable, versions, rollout: None }
}

#[cfg(test)]
mod tests {
    use super::{super::Weights, ServiceKey, Wanted, build};
    use bowline_traffic::{Generation, Table};
    use serde_json::{Value, json};
    use std::{collections::BTreeMap, path::Path, sync::Arc};

    fn pod(uid: &str, hash: &str, ready: bool) -> Arc<Value> {
        Arc::new(json!({
            "metadata": {
                "namespace": "shop", "uid": uid,
                "labels": {"app": "web", "rollouts-pod-template-hash": hash},
            },
            "spec": {"containers": [{"ports": [{"name": "http", "containerPort": 8080}]}]},
            "status": {"conditions": [
                {"type": "Ready", "status": if ready { "True" } else { "False" }},
            ]},
        }))
    }

    /// `hash weight instances` of each version, and the rollout's canary.
    fn routed(pods: &[Arc<Value>], weights: Option<Weights>) -> (Vec<String>, Option<String>) {
        let service = Arc::new(json!({
            "metadata": {"namespace": "shop", "name": "web"},
            "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": "http"}]},
        }));
        let key = ServiceKey::new("shop", "web");
        let listen = BTreeMap::from([(key.clone(), "127.0.0.1:8080".parse().unwrap())]);
        let generation = Generation { epoch: 1, counter: 1 };
        let wanted = weights.map(|weights| Wanted { weights, generation });
        let wanted = wanted.into_iter().map(|wanted| (key.clone(), wanted)).collect();
        let routes = build(&[service], pods, &wanted, &listen, Path::new("/run/b"));
        Table { generation, routes: routes.clone() }.check().expect("the edge takes it");
        let [route] = routes.as_slice() else { panic!("one route") };
        let versions = route.versions.iter().map(|version| {
            let instances: Vec<&str> = version.instances.iter().map(|i| i.id.as_str()).collect();
            format!("{} {} {}", version.hash, version.weight, instances.join("+"))
        });
        (versions.collect(), route.rollout.as_ref().map(|rollout| rollout.canary.clone()))
    }

    fn weights(canary: Option<&str>, canary_weight: u32) -> Option<Weights> {
        Some(Weights {
            stable_hash: "s".to_owned(),
            canary_hash: canary.map(str::to_owned),
            canary_weight,
            deadline_ms: Some(5000),
        })
    }

    #[test]
    fn weights_are_joined_with_the_ready_pods() {
        let pods = [pod("1", "s", true), pod("2", "s", false), pod("3", "c", true)];
        let (versions, rollout) = routed(&pods, weights(Some("c"), 20));
        assert_eq!(versions, ["s 80 1", "c 20 3"]);
        assert_eq!(rollout.as_deref(), Some("c"));
        let (versions, rollout) = routed(&pods, weights(None, 20));
        assert_eq!(versions, ["s 100 1"], "without a canary there is nothing to weigh");
        assert_eq!(rollout, None);
        let (versions, _) = routed(&[], weights(Some("c"), 100));
        assert_eq!(versions, ["s 0 ", "c 100 "]);
    }

    #[test]
    fn without_weights_every_ready_pod_has_the_same_share() {
        let pods = [pod("1", "a", true), pod("2", "b", true), pod("3", "b", true)];
        assert_eq!(routed(&pods, None).0, ["b 67 2+3", "a 33 1"]);
        assert_eq!(routed(&[], None).0, Vec::<String>::new());
    }

    #[test]
    fn a_leaving_pod_and_one_of_another_namespace_get_nothing() {
        let mut leaving = Value::clone(&pod("1", "s", true));
        leaving["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        let mut foreign = Value::clone(&pod("2", "s", true));
        foreign["metadata"]["namespace"] = json!("other");
        let mut portless = Value::clone(&pod("3", "s", true));
        portless["spec"] = json!({"containers": [{}]});
        let pods = [Arc::new(leaving), Arc::new(foreign), Arc::new(portless)];
        assert_eq!(routed(&pods, weights(None, 0)).0, ["s 100 "]);
    }
}
