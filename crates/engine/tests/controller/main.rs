//! The controller of a rollout against an API and a router that fail: what a cluster or an edge
//! that is away for a moment may do to a canary, and what it may not.

mod fake;

use bowline_engine::conductor::Conductor;
use bowline_engine::notice::Nobody;
use bowline_engine::rollout::{self, ABORT, End, Job, PROMOTE, request_event};
use bowline_host::directories::Directories;
use bowline_host::task;
use bowline_journal::{Durability, Journal};
use bowline_rollout::{Plan, Policy, Version, spec, template};
use fake::{Cluster, cluster};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

const KEY: &str = "prod/shop";

struct Scene {
    folder: TempDir,
    cluster: Arc<Cluster>,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self { folder, cluster: Arc::new(Cluster::default()) }
    }

    fn directories(&self) -> Directories {
        Directories::below(self.folder.path())
    }

    /// A conductor of its own, as a newly started process has one.
    fn conductor(&self) -> Conductor {
        Conductor::begin(&self.directories(), Arc::new(Nobody)).expect("nobody else conducts")
    }

    /// Brings `image` out from the first step on; the end.
    async fn carry_out(&self, image: &str) -> End {
        let conductor = self.conductor();
        let job = job(image);
        let target = cluster(&self.cluster);
        rollout::carry_out(&conductor, &target, &job).await.expect("it is borne").end
    }

    /// The same beside the test.
    fn begin(self: &Arc<Self>, image: &'static str) -> task::Task<End> {
        let scene = Arc::clone(self);
        task::spawn("rollout", async move { scene.carry_out(image).await })
    }

    fn journal(&self) -> Journal {
        Journal::open(self.directories().journal(), Durability::Normal).expect("it opens")
    }

    fn ask(&self, kind: &str) {
        let request = request_event(kind, KEY, "test", "because", false);
        self.journal().request(request).expect("it is written");
    }
}

/// A Rollout of one pod whose canary waits at half of the traffic until somebody promotes.
fn job(image: &str) -> Job {
    let document = json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": "shop", "namespace": "prod"},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": "shop"}},
            "template": {
                "metadata": {"labels": {"app": "shop"}},
                "spec": {"containers": [{"name": "shop", "image": image}]},
            },
            "strategy": {"canary": {"steps": [{"setWeight": 50}, {"pause": {}}]}},
        },
    });
    let spec = spec::read(&document).expect("a rollout");
    let mut plan = Plan::new(&spec, &Policy::default());
    plan.scale_down_delay_ms = 0;
    plan.abort_scale_down_delay_ms = Some(0);
    let version = Version {
        hash: template::hash(&spec.template),
        release: image.to_owned(),
        images: BTreeSet::from([format!("sha256:{}", image.repeat(64))]),
        template_digest: template::digest(&spec.template).to_string(),
    };
    Job {
        key: KEY.into(),
        namespace: "prod".into(),
        service: "shop".into(),
        listen: "127.0.0.1:1".parse().expect("an address"),
        spec,
        version: Some(version),
        plan,
        overriding: false,
        once: true,
    }
}

/// Waits for a fact; a test that waits in vain is ended by its runner.
async fn until(mut fact: impl FnMut() -> bool) {
    while !fact() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A scene whose first version runs and whose second waits at half of the traffic.
async fn in_canary() -> (Arc<Scene>, task::Task<End>) {
    let scene = Arc::new(Scene::new());
    assert!(matches!(scene.carry_out("a").await, End::Promoted(_)));
    let running = scene.begin("b");
    let journal = scene.journal();
    until(|| journal.last("rollout.pause_started", KEY).is_ok_and(|last| last.is_some())).await;
    assert_eq!(scene.cluster.weight(), Some(50));
    (scene, running)
}

#[tokio::test]
async fn an_abort_brings_the_traffic_back_while_the_api_is_away() {
    let (scene, running) = in_canary().await;
    scene.cluster.set_api_down(true);
    scene.ask(ABORT);
    until(|| scene.cluster.weight() == Some(0)).await;
    assert_eq!(scene.cluster.canary(), None);
    scene.cluster.set_api_down(false);
    let end = running.await.expect("it ends");
    assert!(matches!(end, End::Aborted(_)), "{end:?}");
    let pending = scene.journal().pending().expect("readable");
    assert!(pending.is_empty(), "{pending:?}");
}

#[tokio::test]
async fn an_api_and_a_router_that_are_away_for_a_moment_end_nothing() {
    let (scene, running) = in_canary().await;
    scene.cluster.set_api_down(true);
    scene.cluster.set_router_down(true);
    scene.ask(PROMOTE);
    until(|| scene.cluster.refused() > 5).await;
    scene.cluster.set_api_down(false);
    scene.cluster.set_router_down(false);
    let end = running.await.expect("it ends");
    assert!(matches!(end, End::Promoted(_)), "{end:?}");
    assert_eq!((scene.cluster.weight(), scene.cluster.canary()), (Some(0), None));
    assert_eq!(scene.cluster.replicas(), [("b", 1)].map(|(v, n)| (v.to_owned(), n)));
}

#[tokio::test]
async fn no_pod_goes_before_the_traffic_has_left_it() {
    let (scene, running) = in_canary().await;
    scene.cluster.set_router_down(true);
    scene.ask(ABORT);
    until(|| scene.cluster.refused() > 5).await;
    let both = [("a", 1), ("b", 1)].map(|(version, pods)| (version.to_owned(), pods));
    assert_eq!(scene.cluster.replicas(), both, "the edge still sends requests to both");
    scene.cluster.set_router_down(false);
    assert!(matches!(running.await.expect("it ends"), End::Aborted(_)));
    assert_eq!(scene.cluster.replicas(), [("a".to_owned(), 1)]);
}

#[tokio::test]
async fn a_pause_does_not_run_on_while_nobody_conducts() {
    let scene = Scene::new();
    scene.carry_out("a").await;
    let events = scene.journal().events_of("rollout.", KEY).expect("readable").len();
    // Another conductor: its clock starts anew, so nothing counts as time that was watched.
    scene.carry_out("a").await;
    let entries = scene.journal().events_of("rollout.", KEY).expect("readable");
    let new: Vec<&str> = entries[events..].iter().map(|entry| &*entry.kind).collect();
    assert_eq!(new, ["rollout.clock_restarted"]);
}
