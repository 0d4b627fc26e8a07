//! The ReplicaSet controller: as many pods as wanted, made, replaced and taken away.

use crate::limits::REPLICAS_MAX;
use bowline_host::{
    random,
    task::{self, Task},
};
use futures::StreamExt as _;
use k8s_openapi::api::{apps::v1::ReplicaSet, core::v1::Pod};
use kube::{
    Api, Client, ResourceExt as _,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams, Preconditions},
    runtime::{
        controller::{Action, Controller},
        watcher,
    },
};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

/// How soon a failed round is tried again.
const RETRY: Duration = Duration::from_millis(500);

/// Starts the controller; dropping the task stops it.
pub fn start(client: Client) -> Task<()> {
    let sets: Api<ReplicaSet> = Api::all(client.clone());
    let pods: Api<Pod> = Api::all(client.clone());
    let any = watcher::Config::default;
    let rounds = Controller::new(sets, any()).owns(pods, any()).run(
        reconcile,
        |_, _, _| Action::requeue(RETRY),
        Arc::new(client),
    );
    // A failed round is tried again; there is nobody to tell but the next round.
    task::spawn("replica sets", rounds.for_each(|_| async {})).abort_on_drop()
}

async fn reconcile(set: Arc<ReplicaSet>, client: Arc<Client>) -> Result<Action, kube::Error> {
    let namespace = set.namespace().unwrap_or_default();
    let sets: Api<ReplicaSet> = Api::namespaced(Client::clone(&client), &namespace);
    let pods: Api<Pod> = Api::namespaced(Client::clone(&client), &namespace);
    // The newest, not the one that the watch told of: pods are counted exactly once.
    let Some(set) = sets.get_opt(&set.name_any()).await? else {
        return Ok(Action::await_change());
    };
    let uid = set.uid().unwrap_or_default();
    let all = pods.list(&ListParams::default()).await?.items;
    let owned: Vec<Pod> = all
        .into_iter()
        .filter(|pod| pod.owner_references().iter().any(|owner| owner.uid == uid))
        .collect();
    let (failed, living): (Vec<Pod>, Vec<Pod>) = owned
        .into_iter()
        .filter(|pod| pod.metadata.deletion_timestamp.is_none())
        .partition(|pod| matches!(phase(pod), "Failed" | "Succeeded"));
    if set.metadata.deletion_timestamp.is_none() {
        for pod in &failed {
            delete(&pods, pod).await?;
        }
        let wanted = i64::from(set.spec.replicas.unwrap_or(1)).clamp(0, REPLICAS_MAX);
        let wanted = usize::try_from(wanted).unwrap_or(0);
        for _ in living.len()..wanted {
            pods.create(&PostParams::default(), &new_pod(&set)).await?;
        }
        for pod in surplus(&living, wanted) {
            delete(&pods, pod).await?;
        }
    }
    write_status(&sets, &set, &living).await?;
    Ok(Action::await_change())
}

fn phase(pod: &Pod) -> &str {
    pod.status.as_ref().and_then(|status| status.phase.as_deref()).unwrap_or("Pending")
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
    conditions.into_iter().flatten().any(|c| c.type_ == "Ready" && c.status == "True")
}

/// The pods to take away: those that are not ready first, then the youngest.
fn surplus(living: &[Pod], wanted: usize) -> Vec<&Pod> {
    let mut order: Vec<&Pod> = living.iter().collect();
    let age = |pod: &Pod| (pod.creation_timestamp(), pod.name_any());
    order.sort_by(|a, b| is_ready(b).cmp(&is_ready(a)).then_with(|| age(a).cmp(&age(b))));
    order.split_off(wanted.min(order.len()))
}

fn new_pod(set: &ReplicaSet) -> Pod {
    let name = set.name_any();
    let template: Value = serde_json::to_value(&set.spec.template).unwrap_or_default();
    let metadata = &template["metadata"];
    let prefix: String = name.chars().take(240).collect();
    let pod = json!({
        "metadata": {
            "name": format!("{prefix}-{}", &random::hex(3)[..5]),
            "labels": metadata["labels"],
            "annotations": metadata["annotations"],
            "ownerReferences": [{
                "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": name,
                "uid": set.uid().unwrap_or_default(),
                "controller": true, "blockOwnerDeletion": true,
            }],
        },
        "spec": template["spec"],
    });
    serde_json::from_value(pod).expect("a template of pods makes pods")
}

async fn delete(pods: &Api<Pod>, pod: &Pod) -> Result<(), kube::Error> {
    let preconditions = Some(Preconditions { uid: pod.uid(), resource_version: None });
    let parameters = DeleteParams { preconditions, ..DeleteParams::default() };
    match pods.delete(&pod.name_any(), &parameters).await {
        // Gone already, or another pod of this name.
        Err(kube::Error::Api(status)) if matches!(status.code, 404 | 409) => Ok(()),
        result => result.map(drop),
    }
}

async fn write_status(
    sets: &Api<ReplicaSet>,
    set: &ReplicaSet,
    living: &[Pod],
) -> Result<(), kube::Error> {
    let ready = living.iter().filter(|pod| is_ready(pod)).count();
    let status = json!({
        "replicas": living.len(),
        "fullyLabeledReplicas": living.len(),
        "readyReplicas": ready,
        "availableReplicas": ready,
        "observedGeneration": set.metadata.generation,
    });
    let patch = Patch::Merge(json!({"status": status}));
    match sets.patch_status(&set.name_any(), &PatchParams::default(), &patch).await {
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        result => result.map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::{Pod, surplus};
    use kube::ResourceExt as _;
    use serde_json::json;

    #[test]
    fn pods_that_are_not_ready_go_first_then_the_youngest() {
        let pod = |name: &str, minute: u32, ready: &str| -> Pod {
            serde_json::from_value(json!({
                "metadata": {
                    "name": name, "creationTimestamp": format!("2026-01-01T00:{minute:02}:00Z"),
                },
                "spec": {"containers": []},
                "status": {"conditions": [{"type": "Ready", "status": ready}]},
            }))
            .expect("a pod")
        };
        let living = [pod("old", 1, "True"), pod("new", 3, "True"), pod("sick", 2, "False")];
        for (wanted, expected) in [
            (3, vec![]),
            (2, vec!["sick"]),
            (1, vec!["new", "sick"]),
            (0, vec!["old", "new", "sick"]),
        ] {
            let names: Vec<String> =
                surplus(&living, wanted).iter().map(|pod| pod.name_any()).collect();
            assert_eq!(names, expected, "{wanted}");
        }
    }
}
