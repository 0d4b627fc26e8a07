//! The API itself, as clients of Kubernetes use it.

use bowline_local::Cluster;
use futures::{StreamExt as _, TryStreamExt as _};
use k8s_openapi::api::{
    apps::v1::ReplicaSet,
    core::v1::{ConfigMap, Namespace, Pod, Secret},
};
use kube::{
    Api, Client, ResourceExt as _,
    api::{
        ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams,
        PropagationPolicy, WatchEvent, WatchParams,
    },
    runtime::{WatchStreamExt as _, reflector, watcher},
};
use serde_json::{Value, json};

fn client() -> Client {
    Cluster::in_memory().expect("a cluster in memory").client("default")
}

fn typed<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("a well-formed object")
}

fn config_map(name: &str, value: &str) -> ConfigMap {
    typed(json!({"metadata": {"name": name, "labels": {"v": value}}, "data": {"key": value}}))
}

fn image() -> String {
    format!("shop@sha256:{}", "0".repeat(64))
}

fn pod(name: &str) -> Pod {
    typed(json!({
        "metadata": {"name": name, "labels": {"app": "web"}},
        "spec": {"containers": [{"name": "web", "image": image()}]},
    }))
}

fn replica_set(name: &str) -> Value {
    json!({
        "metadata": {"name": name},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": image()}]},
            },
        },
    })
}

/// The code and reason of a refusal.
fn refusal<T: std::fmt::Debug>(result: Result<T, kube::Error>) -> (u16, String) {
    match result {
        Err(kube::Error::Api(status)) => (status.code, status.reason.clone()),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

fn refused(code: u16, reason: &str) -> (u16, String) {
    (code, reason.to_owned())
}

#[tokio::test]
async fn an_object_is_created_read_changed_and_deleted() {
    let api: Api<ConfigMap> = Api::default_namespaced(client());
    let made = api.create(&PostParams::default(), &config_map("a", "1")).await.unwrap();
    assert!(made.uid().is_some() && made.creation_timestamp().is_some());
    assert_eq!(made.namespace().as_deref(), Some("default"));
    let again = api.create(&PostParams::default(), &config_map("a", "1")).await;
    assert_eq!(refusal(again), refused(409, "AlreadyExists"));

    let mut next = made.clone();
    next.data = Some([("key".to_owned(), "2".to_owned())].into());
    let changed = api.replace("a", &PostParams::default(), &next).await.unwrap();
    assert_ne!(changed.resource_version(), made.resource_version());
    assert_eq!(changed.uid(), made.uid());
    next.data = Some([("key".to_owned(), "3".to_owned())].into());
    let stale = api.replace("a", &PostParams::default(), &next).await;
    assert_eq!(refusal(stale), refused(409, "Conflict"));
    let same = api.replace("a", &PostParams::default(), &changed).await.unwrap();
    assert_eq!(same.resource_version(), changed.resource_version(), "no change, no version");

    assert_eq!(api.get("a").await.unwrap().data, changed.data);
    assert!(api.delete("a", &DeleteParams::default()).await.unwrap().is_right());
    assert_eq!(refusal(api.get("a").await), refused(404, "NotFound"));
}

#[tokio::test]
async fn objects_need_a_living_namespace() {
    let client = client();
    let shop: Api<ConfigMap> = Api::namespaced(client.clone(), "shop");
    let missing = shop.create(&PostParams::default(), &config_map("a", "1")).await;
    assert_eq!(refusal(missing), refused(404, "NotFound"));
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let namespace: Namespace = typed(json!({"metadata": {"name": "shop"}}));
    namespaces.create(&PostParams::default(), &namespace).await.unwrap();
    shop.create(&PostParams::default(), &config_map("a", "1")).await.unwrap();
    namespaces.delete("shop", &DeleteParams::default()).await.unwrap();
    assert_eq!(refusal(namespaces.get("shop").await), refused(404, "NotFound"));
    let all: Api<ConfigMap> = Api::all(client.clone());
    assert!(all.list(&ListParams::default()).await.unwrap().items.is_empty());
    let guarded = namespaces.delete("default", &DeleteParams::default()).await;
    assert_eq!(refusal(guarded), refused(403, "Forbidden"));
}

#[tokio::test]
async fn a_namespace_waits_for_the_finalizers_inside_it() {
    let client = client();
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let namespace: Namespace = typed(json!({"metadata": {"name": "shop"}}));
    namespaces.create(&PostParams::default(), &namespace).await.unwrap();
    let shop: Api<ConfigMap> = Api::namespaced(client, "shop");
    let mut held = config_map("held", "1");
    held.metadata.finalizers = Some(vec!["example.org/hold".to_owned()]);
    shop.create(&PostParams::default(), &held).await.unwrap();
    namespaces.delete("shop", &DeleteParams::default()).await.unwrap();
    let waiting = namespaces.get("shop").await.unwrap();
    assert_eq!(waiting.status.unwrap().phase.as_deref(), Some("Terminating"));
    let late = shop.create(&PostParams::default(), &config_map("late", "1")).await;
    assert_eq!(refusal(late), refused(403, "Forbidden"));
    let free = json!({"metadata": {"finalizers": []}});
    shop.patch("held", &PatchParams::default(), &Patch::Merge(free)).await.unwrap();
    assert_eq!(refusal(namespaces.get("shop").await), refused(404, "NotFound"));
}

#[tokio::test]
async fn lists_are_selected_by_labels_and_fields() {
    let client = client();
    let api: Api<ConfigMap> = Api::default_namespaced(client.clone());
    for (name, value) in [("a", "1"), ("b", "1"), ("c", "2")] {
        api.create(&PostParams::default(), &config_map(name, value)).await.unwrap();
    }
    for (parameters, expected) in [
        (ListParams::default(), vec!["a", "b", "c"]),
        (ListParams::default().labels("v=1"), vec!["a", "b"]),
        (ListParams::default().labels("v in (2,3)"), vec!["c"]),
        (ListParams::default().labels("v=1").fields("metadata.name!=a"), vec!["b"]),
    ] {
        let found = api.list(&parameters).await.unwrap();
        let names: Vec<String> = found.iter().map(|o| o.name_any()).collect();
        assert_eq!(names, expected, "{parameters:?}");
    }
    let wrong = api.list(&ListParams::default().fields("data.key=1")).await;
    assert_eq!(refusal(wrong), refused(400, "BadRequest"));
    let pods: Api<Pod> = Api::default_namespaced(client);
    pods.create(&PostParams::default(), &pod("p")).await.unwrap();
    let pending = pods.list(&ListParams::default().fields("status.phase=Pending")).await.unwrap();
    assert_eq!(pending.items.len(), 1);
}

#[tokio::test]
async fn status_and_spec_are_written_apart() {
    let api: Api<ReplicaSet> = Api::default_namespaced(client());
    let set: ReplicaSet = typed(replica_set("web"));
    let made = api.create(&PostParams::default(), &set).await.unwrap();
    assert_eq!(made.metadata.generation, Some(1));
    let both = json!({"spec": {"replicas": 3}, "status": {"replicas": 7}});
    let patched = api.patch("web", &PatchParams::default(), &Patch::Merge(&both)).await.unwrap();
    assert_eq!(patched.spec.replicas, Some(3));
    assert_eq!(patched.metadata.generation, Some(2));
    assert!(patched.status.is_none(), "the main object does not write the status");
    let both = json!({"spec": {"replicas": 9}, "status": {"replicas": 3}});
    let patched =
        api.patch_status("web", &PatchParams::default(), &Patch::Merge(&both)).await.unwrap();
    assert_eq!(patched.spec.replicas, Some(3));
    assert_eq!(patched.status.as_ref().unwrap().replicas, 3);
    assert_eq!(patched.metadata.generation, Some(2), "a status is no new generation");
}

#[tokio::test]
async fn a_json_patch_is_applied_whole_or_not_at_all() {
    let api: Api<ConfigMap> = Api::default_namespaced(client());
    api.create(&PostParams::default(), &config_map("a", "1")).await.unwrap();
    let patch = Patch::Json::<()>(typed(json!([
        {"op": "test", "path": "/data/key", "value": "1"},
        {"op": "replace", "path": "/data/key", "value": "2"},
    ])));
    let patched = api.patch("a", &PatchParams::default(), &patch).await.unwrap();
    assert_eq!(patched.data.unwrap()["key"], "2");
    let failed = api.patch("a", &PatchParams::default(), &patch).await;
    assert_eq!(refusal(failed), refused(422, "Invalid"));
    let strategic = api.patch("a", &PatchParams::default(), &Patch::Strategic(json!({}))).await;
    assert_eq!(refusal(strategic), refused(415, "UnsupportedMediaType"));
}

#[tokio::test]
async fn an_apply_creates_merges_gives_up_and_conflicts() {
    let api: Api<ConfigMap> = Api::default_namespaced(client());
    let apply = |manager: &'static str, data: Value, force: bool| {
        let api = api.clone();
        let body = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data,
        });
        let mut parameters = PatchParams::apply(manager);
        parameters.force = force;
        async move { api.patch("a", &parameters, &Patch::Apply(body)).await }
    };
    let made = apply("one", json!({"x": "1", "y": "1"}), false).await.unwrap();
    assert_eq!(made.managed_fields()[0].manager.as_deref(), Some("one"));
    let added = apply("two", json!({"z": "1"}), false).await.unwrap();
    assert_eq!(added.data.unwrap().len(), 3);
    let gave_up = apply("one", json!({"x": "2"}), false).await.unwrap();
    let data = gave_up.data.unwrap();
    assert_eq!((data.get("x").map(String::as_str), data.get("y")), (Some("2"), None));
    let conflict = apply("one", json!({"x": "2", "z": "2"}), false).await;
    match conflict {
        Err(kube::Error::Api(status)) => {
            let causes = &status.details.as_ref().unwrap().causes;
            assert_eq!((status.code, causes[0].field.as_str()), (409, ".data.z"));
        }
        other => panic!("expected a conflict, got {other:?}"),
    }
    let forced = apply("one", json!({"x": "2", "z": "2"}), true).await.unwrap();
    assert_eq!(forced.data.unwrap()["z"], "2");
    let lost = apply("two", json!({}), false).await.unwrap();
    assert_eq!(lost.data.unwrap()["z"], "2", "what was taken over is not given up");
}

#[tokio::test]
async fn what_cannot_be_honoured_is_422_with_the_field() {
    let api: Api<Pod> = Api::default_namespaced(client());
    let mut bad = pod("bad");
    bad.spec.as_mut().unwrap().host_network = Some(true);
    match api.create(&PostParams::default(), &bad).await {
        Err(kube::Error::Api(status)) => {
            let details = status.details.as_ref().unwrap();
            assert_eq!((status.code, status.reason.as_str()), (422, "Invalid"));
            assert_eq!((details.kind.as_str(), details.name.as_str()), ("pods", "bad"));
            assert_eq!(details.causes[0].field, "spec.hostNetwork");
        }
        other => panic!("expected a refusal, got {other:?}"),
    }
    let mut made = api.create(&PostParams::default(), &pod("p")).await.unwrap();
    made.spec.as_mut().unwrap().containers[0].args = Some(vec!["x".to_owned()]);
    let changed = api.replace("p", &PostParams::default(), &made).await;
    assert_eq!(refusal(changed), refused(422, "Invalid"));
}

#[tokio::test]
async fn a_patch_cannot_bring_in_what_a_create_refuses() {
    let api: Api<ReplicaSet> = Api::default_namespaced(client());
    api.create(&PostParams::default(), &typed(replica_set("web"))).await.unwrap();
    let mut template = replica_set("web")["spec"]["template"].clone();
    template["spec"]["volumes"] = json!([{"name": "v", "hostPath": {"path": "/"}}]);
    let patch = json!({"spec": {"template": template}});
    let merged = api.patch("web", &PatchParams::default(), &Patch::Merge(patch)).await;
    assert_eq!(refusal(merged), refused(422, "Invalid"));
}

#[tokio::test]
async fn an_unserved_kind_is_a_404_that_says_what_is_served() {
    let resource = ApiResource {
        group: "batch".to_owned(),
        version: "v1".to_owned(),
        api_version: "batch/v1".to_owned(),
        kind: "Job".to_owned(),
        plural: "jobs".to_owned(),
    };
    let api: Api<DynamicObject> = Api::default_namespaced_with(client(), &resource);
    match api.list(&ListParams::default()).await {
        Err(kube::Error::Api(status)) => {
            assert_eq!(status.code, 404);
            assert!(status.message.contains("argoproj.io/v1alpha1 Rollout"), "{}", status.message);
        }
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[tokio::test]
async fn a_rollout_is_stored_with_its_status_apart() {
    let resource = ApiResource {
        group: "argoproj.io".to_owned(),
        version: "v1alpha1".to_owned(),
        api_version: "argoproj.io/v1alpha1".to_owned(),
        kind: "Rollout".to_owned(),
        plural: "rollouts".to_owned(),
    };
    let api: Api<DynamicObject> = Api::default_namespaced_with(client(), &resource);
    let mut object = replica_set("web");
    object["spec"]["strategy"] = json!({"canary": {"steps": [{"setWeight": 20}]}});
    let made: DynamicObject = typed(object);
    api.create(&PostParams::default(), &made).await.unwrap();
    let status = json!({"status": {"phase": "Paused", "pauseConditions": [{"reason": "x"}]}});
    api.patch_status("web", &PatchParams::default(), &Patch::Merge(status)).await.unwrap();
    let promoted = json!({"status": {"pauseConditions": null}});
    let found =
        api.patch_status("web", &PatchParams::default(), &Patch::Merge(promoted)).await.unwrap();
    assert_eq!(found.data["status"], json!({"phase": "Paused"}));
    assert_eq!(found.data["spec"]["strategy"]["canary"]["steps"][0]["setWeight"], 20);
}

#[tokio::test]
async fn owned_objects_go_with_their_owner() {
    let client = client();
    let sets: Api<ReplicaSet> = Api::default_namespaced(client.clone());
    let pods: Api<Pod> = Api::default_namespaced(client);
    for (policy, left) in [
        (PropagationPolicy::Background, 0),
        (PropagationPolicy::Foreground, 0),
        (PropagationPolicy::Orphan, 1),
    ] {
        let owner = sets.create(&PostParams::default(), &typed(replica_set("web"))).await.unwrap();
        let mut owned = pod("owned");
        owned.metadata.owner_references = Some(vec![typed(json!({
            "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": owner.uid(),
        }))]);
        pods.create(&PostParams::default(), &owned).await.unwrap();
        let parameters =
            DeleteParams { propagation_policy: Some(policy.clone()), ..DeleteParams::default() };
        sets.delete("web", &parameters).await.unwrap();
        assert!(sets.get_opt("web").await.unwrap().is_none(), "{policy:?}");
        let found = pods.list(&ListParams::default()).await.unwrap().items;
        assert_eq!(found.len(), left, "{policy:?}");
        assert!(found.iter().all(|pod| pod.owner_references().is_empty()), "{policy:?}");
    }
    let mut late = pod("late");
    late.metadata.owner_references = Some(vec![typed(json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "gone",
    }))]);
    pods.create(&PostParams::default(), &late).await.unwrap();
    assert!(pods.get_opt("late").await.unwrap().is_none(), "its owner was gone before");
}

#[tokio::test]
async fn a_claimed_pod_is_deleted_with_grace() {
    let api: Api<Pod> = Api::default_namespaced(client());
    api.create(&PostParams::default(), &pod("p")).await.unwrap();
    let claimed = json!({"status": {"startTime": "2026-01-01T00:00:00Z"}});
    api.patch_status("p", &PatchParams::default(), &Patch::Merge(claimed)).await.unwrap();
    let deleted = api.delete("p", &DeleteParams::default()).await.unwrap();
    let metadata = deleted.left().expect("still there").metadata;
    assert!(metadata.deletion_timestamp.is_some());
    assert_eq!(metadata.deletion_grace_period_seconds, Some(30));
    let now = DeleteParams { grace_period_seconds: Some(0), ..DeleteParams::default() };
    assert!(api.delete("p", &now).await.unwrap().is_right());
}

#[tokio::test]
async fn string_data_of_a_secret_becomes_data() {
    let api: Api<Secret> = Api::default_namespaced(client());
    let secret: Secret = typed(json!({
        "metadata": {"name": "s"}, "stringData": {"a": "text"}, "data": {"b": "dmFsdWU="},
    }));
    let made = api.create(&PostParams::default(), &secret).await.unwrap();
    let data = made.data.unwrap();
    assert!(made.string_data.is_none());
    assert_eq!((data["a"].0.as_slice(), data["b"].0.as_slice()), (&b"text"[..], &b"value"[..]));
}

#[tokio::test]
async fn a_dry_run_leaves_nothing() {
    let api: Api<ConfigMap> = Api::default_namespaced(client());
    let dry = PostParams { dry_run: true, ..PostParams::default() };
    assert_eq!(api.create(&dry, &config_map("a", "1")).await.unwrap().name_any(), "a");
    assert!(api.get_opt("a").await.unwrap().is_none());
}

#[tokio::test]
async fn a_watch_tells_additions_changes_and_removals() {
    let api: Api<ConfigMap> = Api::default_namespaced(client());
    let version = api.list(&ListParams::default()).await.unwrap().metadata.resource_version;
    let parameters = WatchParams::default().labels("v=1");
    let mut events = api.watch(&parameters, &version.unwrap()).await.unwrap().boxed();
    api.create(&PostParams::default(), &config_map("other", "2")).await.unwrap();
    api.create(&PostParams::default(), &config_map("a", "1")).await.unwrap();
    let patch = json!({"data": {"key": "2"}});
    api.patch("a", &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
    let unlabel = json!({"metadata": {"labels": {"v": "2"}}});
    api.patch("a", &PatchParams::default(), &Patch::Merge(unlabel)).await.unwrap();
    let mut told = Vec::new();
    while told.len() < 3 {
        match events.try_next().await.unwrap().expect("the watch goes on") {
            WatchEvent::Added(object) => told.push(format!("added {}", object.name_any())),
            WatchEvent::Modified(object) => told.push(format!("modified {}", object.name_any())),
            WatchEvent::Deleted(object) => told.push(format!("deleted {}", object.name_any())),
            WatchEvent::Bookmark(_) => {}
            WatchEvent::Error(error) => panic!("{error}"),
        }
    }
    assert_eq!(told, ["added a", "modified a", "deleted a"]);
}

#[tokio::test]
async fn a_watch_from_outside_the_window_is_told_410() {
    let api: Api<ConfigMap> = Api::default_namespaced(client());
    let mut events = api.watch(&WatchParams::default(), "1000000").await.unwrap().boxed();
    match events.try_next().await.unwrap() {
        Some(WatchEvent::Error(error)) => assert_eq!(error.code, 410),
        other => panic!("expected 410, got {other:?}"),
    }
    assert!(events.try_next().await.unwrap().is_none(), "and it ends");
}

#[tokio::test]
async fn reflectors_follow_with_both_list_strategies() {
    for streaming in [false, true] {
        let api: Api<ConfigMap> = Api::default_namespaced(client());
        api.create(&PostParams::default(), &config_map("before", "1")).await.unwrap();
        let config = match streaming {
            true => watcher::Config::default().streaming_lists(),
            false => watcher::Config::default(),
        };
        let (store, writer) = reflector::store();
        let mut stream = reflector(writer, watcher(api.clone(), config)).applied_objects().boxed();
        assert_eq!(stream.try_next().await.unwrap().unwrap().name_any(), "before");
        api.create(&PostParams::default(), &config_map("after", "1")).await.unwrap();
        assert_eq!(stream.try_next().await.unwrap().unwrap().name_any(), "after");
        assert_eq!(store.state().len(), 2, "streaming lists: {streaming}");
    }
}

#[tokio::test]
async fn discovery_finds_the_served_kinds() {
    let discovery = kube::Discovery::new(client()).run().await.unwrap();
    let mut kinds = Vec::new();
    for group in discovery.groups() {
        kinds.extend(group.recommended_resources().into_iter().map(|(resource, _)| resource.kind));
    }
    for kind in ["Pod", "Service", "ReplicaSet", "Deployment", "Rollout"] {
        assert!(kinds.iter().any(|found| found == kind), "{kind} is not in {kinds:?}");
    }
}

#[tokio::test]
async fn objects_and_versions_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cluster.db");
    let version = {
        let api: Api<ConfigMap> =
            Api::default_namespaced(Cluster::open(&path).unwrap().client("default"));
        api.create(&PostParams::default(), &config_map("a", "1")).await.unwrap();
        api.get("a").await.unwrap().resource_version()
    };
    let api: Api<ConfigMap> =
        Api::default_namespaced(Cluster::open(&path).unwrap().client("default"));
    assert_eq!(api.get("a").await.unwrap().resource_version(), version);
    let next = api.create(&PostParams::default(), &config_map("b", "1")).await.unwrap();
    let number = |version: Option<String>| version.unwrap().parse::<u64>().unwrap();
    assert!(number(next.resource_version()) > number(version), "the counter goes on");
}
