//! Pods as real processes, with a real edge before them.

use crate::stage::{Stage, get, labels, ready, service};
use bowline_local::router::{ServiceKey, Weights};
use bowline_traffic::Generation;
use futures::{StreamExt as _, TryStreamExt as _};
use k8s_openapi::api::{
    apps::v1::ReplicaSet,
    core::v1::{ConfigMap, Event, Pod, Secret, Service},
};
use kube::{
    Api,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams},
    runtime::{WatchStreamExt as _, watcher},
};
use serde_json::{Value, json};

fn typed<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("a well-formed object")
}

async fn create<K>(api: Api<K>, value: Value) -> K
where
    K: kube::Resource + Clone + serde::Serialize + serde::de::DeserializeOwned + std::fmt::Debug,
{
    api.create(&PostParams::default(), &typed(value)).await.expect("created")
}

fn web_service() -> Value {
    json!({
        "metadata": {"name": "web"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": "http"}]},
    })
}

fn set(stage: &Stage, name: &str, hash: &str, replicas: u32, container: Value) -> Value {
    json!({
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"rollouts-pod-template-hash": hash}},
            "template": {"metadata": {"labels": labels(hash)}, "spec": stage.spec(container)},
        },
    })
}

/// Waits, by watching, until the set has so many ready pods and no others.
async fn until_ready(stage: &Stage, name: &str, replicas: i32) {
    let api: Api<ReplicaSet> = stage.api();
    let config = watcher::Config::default().fields(&format!("metadata.name={name}"));
    let mut changes = watcher(api, config).applied_objects().boxed();
    let waited = tokio::time::timeout(std::time::Duration::from_secs(60), async {
        while let Some(set) = changes.try_next().await.expect("the watch goes on") {
            let status = set.status.unwrap_or_default();
            if status.ready_replicas.unwrap_or(0) == replicas && status.replicas == replicas {
                return;
            }
        }
    });
    assert!(waited.await.is_ok(), "{name} has not {replicas} ready pods");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pod_becomes_ready_answers_and_leaves_nothing() {
    let Some(stage) = Stage::open().await else { return };
    create(stage.api::<Service>(), web_service()).await;
    let pod = stage.pod("a", "h1", json!({"env": [{"name": "VERSION", "value": "one"}]}));
    stage.pods().create(&PostParams::default(), &pod).await.unwrap();
    let running = stage.until("a", "ready", ready).await;
    assert_eq!(running["status"]["phase"], "Running");
    assert_eq!(running["status"]["containerStatuses"][0]["started"], true);
    stage.local.router().settle().await.unwrap();
    assert_eq!(stage.get("/").await, (200, "one".to_owned()));
    assert_eq!(stage.get("/who").await.1, "0 0 a");
    assert!(stage.get("/env").await.1.contains("FROM_IMAGE=yes\n"));
    assert_eq!(stage.local.logs("default", "a", 10).unwrap(), ["listening"]);
    let rows = stage.local.ls();
    assert_eq!(
        (rows[0].phase.as_str(), rows[0].ready, rows[0].hash.as_str()),
        ("Running", true, "h1")
    );

    let uid = stage.uid("a").await;
    let shim = stage.shim(&uid);
    let start = bowline_sandbox::process::start_time(shim).expect("it lives");
    stage.pods().delete("a", &DeleteParams::default()).await.unwrap();
    stage.until_gone("a").await;
    assert!(!bowline_sandbox::process::is_alive(shim, start));
    assert!(!stage.pod_folder(&uid).exists());
    assert_eq!(stage.get("/").await.0, 503);
    stage.local.down().await.unwrap();
    assert!(tokio::net::TcpStream::connect(stage.listen).await.is_err(), "the edge is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn config_maps_and_secrets_reach_environment_and_files() {
    let Some(stage) = Stage::open().await else { return };
    create(stage.api::<Service>(), web_service()).await;
    let pod = json!({
        "env": [
            {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "s", "key": "password"}}},
            {"name": "URL", "value": "db:$(PASSWORD)@$(C_host)"},
        ],
        "envFrom": [{"configMapRef": {"name": "c"}, "prefix": "C_"}],
        "volumeMounts": [
            {"name": "config", "mountPath": "/etc/config"},
            {"name": "scratch", "mountPath": "/scratch"},
        ],
        "securityContext": {"runAsUser": 1000, "runAsGroup": 1000},
    });
    let mut pod = stage.pod("a", "h1", pod);
    pod.spec.as_mut().unwrap().volumes = Some(typed(json!([
        {"name": "config", "configMap": {"name": "c"}},
        {"name": "scratch", "emptyDir": {}},
    ])));
    stage.pods().create(&PostParams::default(), &pod).await.unwrap();
    let missing = |pod: &Value| {
        let waiting = &pod["status"]["containerStatuses"][0]["state"]["waiting"];
        waiting["reason"] == "CreateContainerConfigError"
            && waiting["message"].as_str().is_some_and(|m| m.contains("does not exist"))
    };
    stage.until("a", "waiting for its ConfigMap", missing).await;
    create(stage.api::<ConfigMap>(), json!({"metadata": {"name": "c"}, "data": {"host": "h"}}))
        .await;
    create(
        stage.api::<Secret>(),
        json!({"metadata": {"name": "s"}, "stringData": {"password": "geheim"}}),
    )
    .await;
    stage.until("a", "ready", ready).await;
    stage.local.router().settle().await.unwrap();
    let environment = stage.get("/env").await.1;
    assert!(environment.contains("URL=db:geheim@h\n"), "{environment}");
    assert_eq!(stage.get("/file?path=/etc/config/host").await, (200, "h".to_owned()));
    assert_eq!(stage.get("/who").await.1, "1000 1000 a");
    assert_eq!(
        stage.get("/file?path=/etc/shadow").await.0,
        404,
        "the machine's files are not there"
    );
    let spec = stage.pod_folder(&stage.uid("a").await).join("spec.json");
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(spec).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "secrets are in it");
    stage.local.down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_is_counted_explained_and_backed_off() {
    let Some(stage) = Stage::open().await else { return };
    let pod = stage.pod("bad", "h1", json!({"env": [{"name": "CRASH", "value": "no database"}]}));
    stage.pods().create(&PostParams::default(), &pod).await.unwrap();
    let twice = |pod: &Value| {
        let status = &pod["status"]["containerStatuses"][0];
        status["restartCount"] == 1 && status["state"]["waiting"]["reason"] == "CrashLoopBackOff"
    };
    let crashed = stage.until("bad", "crash-looping", twice).await;
    let last = &crashed["status"]["containerStatuses"][0]["lastState"]["terminated"];
    assert_eq!(last["exitCode"], 3);
    assert_eq!(last["message"], "starting\npanic: no database");
    assert!(!ready(&crashed));
    let events: Api<Event> = stage.api();
    let back_off = ListParams::default().fields("involvedObject.name=bad,reason=BackOff");
    assert!(!events.list(&back_off).await.unwrap().items.is_empty());
    stage.pods().delete("bad", &DeleteParams::default()).await.unwrap();
    stage.until_gone("bad").await;
    stage.local.down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_readiness_takes_the_pod_out_and_back() {
    let Some(stage) = Stage::open().await else { return };
    create(stage.api::<Service>(), web_service()).await;
    let probe = json!({
        "httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 1, "failureThreshold": 1,
    });
    let pod = stage.pod("a", "h1", json!({"readinessProbe": probe}));
    stage.pods().create(&PostParams::default(), &pod).await.unwrap();
    stage.until("a", "ready", ready).await;
    stage.local.router().settle().await.unwrap();
    assert_eq!(stage.get("/break").await.0, 200);
    let broken = stage.until("a", "unready", |pod| !ready(pod)).await;
    let condition = &broken["status"]["conditions"][3];
    assert!(condition["message"].as_str().unwrap().contains("HTTP status 503"), "{condition}");
    stage.local.router().settle().await.unwrap();
    assert_eq!(stage.get("/").await.0, 503);
    stage.local.down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_liveness_restarts_the_container() {
    let Some(stage) = Stage::open().await else { return };
    create(stage.api::<Service>(), web_service()).await;
    let probe = json!({
        "httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 1, "failureThreshold": 1,
    });
    let readiness = json!({"tcpSocket": {"port": "http"}});
    let container = json!({"livenessProbe": probe, "readinessProbe": readiness});
    let pod = stage.pod("a", "h1", container);
    stage.pods().create(&PostParams::default(), &pod).await.unwrap();
    stage.until("a", "ready", ready).await;
    stage.local.router().settle().await.unwrap();
    assert_eq!(stage.get("/break").await.0, 200);
    let restarted =
        |pod: &Value| pod["status"]["containerStatuses"][0]["restartCount"] == 1 && ready(pod);
    let again = stage.until("a", "restarted and ready", restarted).await;
    let last = &again["status"]["containerStatuses"][0]["lastState"]["terminated"];
    let message = last["message"].as_str().unwrap();
    assert!(message.starts_with("liveness probe failed: GET /ready: HTTP status 503"), "{message}");
    assert!(message.ends_with("told to stop"), "SIGTERM came first: {message}");
    stage.local.down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_set_scales_replaces_and_is_collected() {
    let Some(stage) = Stage::open().await else { return };
    create(stage.api::<Service>(), web_service()).await;
    let sets: Api<ReplicaSet> = stage.api();
    create(sets.clone(), set(&stage, "web-h1", "h1", 2, json!({}))).await;
    until_ready(&stage, "web-h1", 2).await;
    let scale = |replicas: u32| Patch::Merge(json!({"spec": {"replicas": replicas}}));
    sets.patch("web-h1", &PatchParams::default(), &scale(3)).await.unwrap();
    until_ready(&stage, "web-h1", 3).await;
    let victim = stage.local.ls()[0].name.clone();
    stage.pods().delete(&victim, &DeleteParams::default()).await.unwrap();
    stage.until_gone(&victim).await;
    until_ready(&stage, "web-h1", 3).await;
    assert!(stage.local.ls().iter().all(|row| row.name != victim));
    sets.patch("web-h1", &PatchParams::default(), &scale(1)).await.unwrap();
    until_ready(&stage, "web-h1", 1).await;
    sets.delete("web-h1", &DeleteParams::default()).await.unwrap();
    for row in stage.local.ls() {
        stage.until_gone(&row.name).await;
    }
    assert!(stage.local.ls().is_empty());
    stage.local.down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn weights_hold_exactly_and_an_older_generation_is_refused() {
    let Some(stage) = Stage::open().await else { return };
    create(stage.api::<Service>(), web_service()).await;
    let sets: Api<ReplicaSet> = stage.api();
    for (name, hash) in [("web-h1", "h1"), ("web-h2", "h2")] {
        let container = json!({"env": [{"name": "VERSION", "value": hash}]});
        create(sets.clone(), set(&stage, name, hash, 1, container)).await;
    }
    until_ready(&stage, "web-h1", 1).await;
    until_ready(&stage, "web-h2", 1).await;
    let router = stage.local.router();
    let weights = |canary: Option<&str>, canary_weight: u32| Weights {
        stable_hash: "h1".to_owned(),
        canary_hash: canary.map(str::to_owned),
        canary_weight,
        deadline_ms: canary.map(|_| 60_000),
    };
    let generation = |counter: u64| Generation { epoch: 1, counter };
    for (counter, weight) in [(1, 0), (2, 20), (3, 100), (4, 0)] {
        let wanted = weights(Some("h2"), weight);
        router.set_weights(&service(), wanted, generation(counter)).await.unwrap();
        let mut canary = 0;
        for _ in 0..100 {
            let (code, body) = stage.get("/").await;
            assert_eq!(code, 200);
            canary += u32::from(body == "h2");
        }
        assert_eq!(canary, weight, "of 100 requests");
    }
    let stale = router.set_weights(&service(), weights(Some("h2"), 50), generation(3)).await;
    assert!(matches!(stale, Err(bowline_local::Error::StaleGeneration { .. })), "{stale:?}");
    let kept = router.weights(&service()).await.unwrap();
    assert_eq!(kept, Some((weights(Some("h2"), 0), generation(4))));
    stage.local.down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_conductor_adopts_pods_edge_and_weights() {
    let Some(stage) = Stage::open().await else { return };
    create(stage.api::<Service>(), web_service()).await;
    let pod = stage.pod("a", "h1", json!({"env": [{"name": "VERSION", "value": "one"}]}));
    stage.pods().create(&PostParams::default(), &pod).await.unwrap();
    stage.until("a", "ready", ready).await;
    let wanted = Weights {
        stable_hash: "h1".to_owned(),
        canary_hash: None,
        canary_weight: 0,
        deadline_ms: None,
    };
    let router = stage.local.router();
    let first = Generation { epoch: 1, counter: 1 };
    router.set_weights(&service(), wanted.clone(), first).await.unwrap();
    let uid = stage.uid("a").await;
    let shim = stage.shim(&uid);
    let stage = stage.restart().await;
    let adopted = stage.until("a", "ready", ready).await;
    assert_eq!(adopted["status"]["containerStatuses"][0]["restartCount"], 0);
    assert_eq!(stage.shim(&uid), shim, "the same process");
    assert_eq!(stage.get("/").await, (200, "one".to_owned()));
    let kept = stage.local.router().weights(&service()).await.unwrap();
    assert_eq!(kept, Some((wanted, first)));
    stage.local.down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_shim_is_replaced_and_counted() {
    let Some(stage) = Stage::open().await else { return };
    let pod = stage.pod("a", "h1", json!({}));
    stage.pods().create(&PostParams::default(), &pod).await.unwrap();
    stage.until("a", "ready", ready).await;
    let uid = stage.uid("a").await;
    let before = stage.shim(&uid);
    bowline_sandbox::process::kill(before, bowline_sandbox::Signal::KILL).unwrap();
    let restarted =
        |pod: &Value| ready(pod) && pod["status"]["containerStatuses"][0]["restartCount"] == 1;
    stage.until("a", "ready again", restarted).await;
    assert_ne!(stage.shim(&uid), before);
    stage.local.down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_in_flight_ends_before_its_pod_does() {
    let Some(stage) = Stage::open().await else { return };
    create(stage.api::<Service>(), web_service()).await;
    let pod = stage.pod("a", "h1", json!({}));
    stage.pods().create(&PostParams::default(), &pod).await.unwrap();
    stage.until("a", "ready", ready).await;
    stage.local.router().settle().await.unwrap();
    let listen = stage.listen;
    let slow = tokio::spawn(async move { get(listen, "/slow").await });
    let edge = stage.local.router();
    let uid = stage.uid("a").await;
    while edge.edge().in_flight(&uid).await.unwrap().in_flight == 0 {
        tokio::task::yield_now().await;
    }
    stage.pods().delete("a", &DeleteParams::default()).await.unwrap();
    assert_eq!(slow.await.unwrap(), (200, "slow".to_owned()));
    stage.until_gone("a").await;
    stage.local.down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn down_ends_every_process_and_up_brings_them_back() {
    let Some(stage) = Stage::open().await else { return };
    create(stage.api::<Service>(), web_service()).await;
    create(stage.api::<ReplicaSet>(), set(&stage, "web-h1", "h1", 2, json!({}))).await;
    until_ready(&stage, "web-h1", 2).await;
    let folders: Vec<_> = std::fs::read_dir(stage.local.directories().pods()).unwrap().collect();
    assert_eq!(folders.len(), 2);
    stage.local.down().await.unwrap();
    assert_eq!(std::fs::read_dir(stage.local.directories().pods()).unwrap().count(), 0);
    assert!(!stage.local.directories().runtime.join("p").exists());
    assert!(stage.local.ls().iter().all(|row| !row.ready));
    stage.local.up().await.unwrap();
    until_ready(&stage, "web-h1", 2).await;
    stage.local.router().settle().await.unwrap();
    assert_eq!(stage.get("/").await.0, 200);
    stage.local.down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_conductor_is_refused() {
    let Some(stage) = Stage::open().await else { return };
    let pods: Vec<Pod> = stage.pods().list(&ListParams::default()).await.unwrap().items;
    assert!(pods.is_empty());
    let stage = stage.restart().await;
    let held = stage.second().await;
    assert!(matches!(held, Err(bowline_local::Error::Held { .. })), "{held:?}");
    let pod = stage.pod("a", "h1", json!({}));
    stage.pods().create(&PostParams::default(), &pod).await.unwrap();
    stage.until("a", "ready", ready).await;
    let directories = stage.local.directories();
    let rows = bowline_local::look::pods(directories).unwrap();
    assert_eq!((rows.len(), rows[0].ready), (1, true), "looking is free");
    let lines = bowline_local::look::logs(directories, "default", "a", 5).unwrap();
    assert_eq!(lines, ["listening"]);
    stage.local.down().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_is_refused_and_blocks_nothing_else() {
    let Some(stage) = Stage::open().await else { return };
    create(stage.api::<Service>(), web_service()).await;
    let mut other = web_service();
    other["metadata"]["name"] = json!("other");
    create(stage.api::<Service>(), other).await;
    let holder = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let router = stage.local.router();
    let taken = ServiceKey::new("default", "other");
    let refused = router.set_listen(&taken, Some(holder.local_addr().unwrap())).await;
    assert!(refused.unwrap_err().to_string().contains("taken by"));
    let pod = stage.pod("a", "h1", json!({}));
    stage.pods().create(&PostParams::default(), &pod).await.unwrap();
    stage.until("a", "ready", ready).await;
    router.settle().await.unwrap();
    assert_eq!(stage.get("/").await.0, 200);
    stage.local.down().await.unwrap();
}

/// How long a pod takes from its object to its readiness; run by hand, nothing is asserted.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn measure_object_to_ready() {
    let Some(stage) = Stage::open().await else { return };
    create(stage.api::<Service>(), web_service()).await;
    let mut times = Vec::new();
    for number in 0..20 {
        let name = format!("p{number}");
        let watch = bowline_host::clock::Stopwatch::start();
        let pod = stage.pod(&name, "h1", json!({}));
        stage.pods().create(&PostParams::default(), &pod).await.unwrap();
        stage.until(&name, "ready", ready).await;
        times.push(watch.elapsed().as_secs_f64() * 1000.0);
        let watch = bowline_host::clock::Stopwatch::start();
        stage.local.router().settle().await.unwrap();
        stage.get("/").await;
        println!(
            "ready after {:.1} ms, first answer {:.1} ms later",
            times[number],
            watch.elapsed().as_secs_f64() * 1000.0
        );
        stage.pods().delete(&name, &DeleteParams::default()).await.unwrap();
        stage.until_gone(&name).await;
    }
    times.sort_by(f64::total_cmp);
    println!("object to ready: median {:.1} ms, worst {:.1} ms", times[10], times[19]);
    stage.local.down().await.unwrap();
}
