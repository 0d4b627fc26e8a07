//! One pod's life on this machine: claim it, start or adopt its shim, mirror its state, and
//! at the end take it out of the traffic, stop it, and let the object go.

use super::{
    image, resolve,
    shim_client::{Shim, Watch},
    status::{self, Notice},
};
use crate::{
    cluster::Cluster,
    limits::{DOWN_MS_MAX, DRAIN_MS_MAX, GRACE_SECONDS_DEFAULT},
    router::{Router, socket_of},
    shim::{spec::PodFile, state::State},
};
use bowline_host::{
    clock,
    crash::{self, When},
    directories::Directories,
    random, task,
};
use bowline_model::Digest;
use bowline_sandbox::Launcher;
use bowline_store::Store;
use k8s_openapi::api::core::v1::{Event, Pod};
use kube::{
    Api, Client,
    api::{DeleteParams, Patch, PatchParams, PostParams, Preconditions},
};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;

/// What all workers share.
pub struct Context {
    /// To the API.
    pub client: Client,
    /// Folders.
    pub directories: Directories,
    /// Makes sandboxes.
    pub sandbox: Launcher,
    /// Starts shims.
    pub shim: Launcher,
    /// Images.
    pub store: Store,
    /// The API itself: it knows whether this process may still act.
    pub cluster: Cluster,
    /// The edge.
    pub router: Router,
}

impl Context {
    /// Whether a newer conductor has taken over, or nobody can tell: then nothing is touched.
    pub fn is_fenced(&self) -> bool {
        self.cluster.objects().check_epoch().is_err()
    }
}

/// How a pod that cannot start is tried again: after 0.5 s, doubled up to this.
const RETRY_MAX: Duration = Duration::from_secs(10);

/// The worker of one pod. `pods` gives the newest object; `None`: it is gone.
pub struct Worker {
    context: Arc<Context>,
    pod: Value,
    pods: watch::Receiver<Option<Arc<Value>>>,
    shim: Shim,
    state: Option<State>,
}

/// Why following a shim ended.
enum Followed {
    /// The pod is to go.
    Deleted,
    /// The shim process is gone.
    ShimGone,
}

impl Worker {
    /// A worker for `pod`.
    pub fn new(
        context: Arc<Context>,
        pod: Value,
        pods: watch::Receiver<Option<Arc<Value>>>,
    ) -> Self {
        let uid = pod["metadata"]["uid"].as_str().unwrap_or_default();
        let folder = context.directories.pods().join(uid);
        let socket = socket_of(&context.directories.runtime, uid);
        Self { shim: Shim::new(folder, socket), context, pod, pods, state: None }
    }

    /// Works until the pod is gone.
    pub async fn run(mut self) {
        let mut wait = Duration::from_millis(500);
        loop {
            if self.context.is_fenced() {
                // The pod belongs to a newer conductor now.
                return;
            }
            if !self.look() {
                return self.stop().await;
            }
            match self.bring_up().await {
                Ok(watch) => {
                    wait = Duration::from_millis(500);
                    match self.follow(watch).await {
                        Followed::Deleted => return self.stop().await,
                        Followed::ShimGone => {}
                    }
                }
                Err((reason, message)) => {
                    self.tell(&[Notice {
                        warning: true,
                        reason: "Failed",
                        message: message.clone(),
                    }])
                    .await;
                    self.write_status(status::waiting(&self.pod, reason, &message, clock::now()))
                        .await;
                    tokio::select! {
                        () = tokio::time::sleep(wait) => {}
                        _ = self.pods.changed() => {}
                    }
                    wait = (wait * 2).min(RETRY_MAX);
                }
            }
        }
    }

    /// Takes the newest object; whether the pod is to run.
    fn look(&mut self) -> bool {
        let newest = self.pods.borrow_and_update().clone();
        match newest {
            Some(pod) => {
                self.pod = Value::clone(&pod);
                self.pod["metadata"]["deletionTimestamp"].is_null()
            }
            None => {
                // Forced away: there is no grace left.
                self.pod["metadata"]["deletionGracePeriodSeconds"] = json!(0);
                false
            }
        }
    }

    /// A living shim to watch: the one that is there, or a new one.
    async fn bring_up(&mut self) -> Result<Watch, (&'static str, String)> {
        self.claim().await;
        if self.shim.holder().is_none() {
            let pod_file = self.resolve().await?;
            let (namespace, ..) = self.names();
            let started = crash::around("pod.start", &namespace, || {
                self.shim.start(&pod_file, &self.context.shim)
            });
            started.map_err(|message| ("CreateContainerError", message))?;
        }
        self.shim.watch().await.map_err(|message| ("RunContainerError", message))
    }

    /// `startTime` says that this runtime has the pod: from now on its deletion has a grace.
    async fn claim(&mut self) {
        if !self.pod["status"]["startTime"].is_null() {
            return;
        }
        let now = clock::now().to_string();
        self.pod["status"]["startTime"] = json!(now);
        let mut status = status::of(&self.pod, &State::new(), clock::now());
        status["startTime"] = json!(now);
        self.write_status(status).await;
        let not_held = resolve::limits_not_held(&self.pod);
        if !not_held.is_empty() {
            let message = format!("limits are not enforced here: {}", not_held.join(", "));
            self.tell(&[Notice { warning: true, reason: "LimitNotEnforced", message }]).await;
        }
    }

    async fn resolve(&self) -> Result<PodFile, (&'static str, String)> {
        const CONFIG: &str = "CreateContainerConfigError";
        let image = self.pod["spec"]["containers"][0]["image"].as_str().unwrap_or_default();
        let digest = image.rsplit_once('@').and_then(|(_, digest)| digest.parse::<Digest>().ok());
        let digest = digest.ok_or(("InvalidImageName", format!("`{image}` has no digest")))?;
        let store = self.context.store.clone();
        let prepared = task::blocking("prepare image", move || image::prepare(&store, &digest));
        let prepared = match prepared.await {
            Ok(prepared) => prepared.map_err(|message| ("ErrImageNeverPull", message))?,
            Err(error) => return Err(("ErrImageNeverPull", error.to_string())),
        };
        let sources = resolve::sources(&self.context.client, &self.pod).await;
        let sources = sources.map_err(|error| (CONFIG, error.to_string()))?;
        let uid = self.pod["metadata"]["uid"].as_str().unwrap_or_default();
        let socket = socket_of(&self.context.directories.runtime, uid);
        resolve::pod_file(&self.pod, &prepared, &sources, &self.context.sandbox, &socket)
            .map_err(|message| (CONFIG, message))
    }

    async fn follow(&mut self, mut watch: Watch) -> Followed {
        loop {
            tokio::select! {
                state = watch.next() => match state {
                    Some(state) => self.mirror(state).await,
                    None => {
                        // The socket closes a moment before the process is gone.
                        let limit = Duration::from_millis(DOWN_MS_MAX);
                        if !self.shim.wait_gone(limit).await {
                            self.shim.kill();
                        }
                        return Followed::ShimGone;
                    }
                },
                changed = self.pods.changed() => {
                    if changed.is_err() || !self.look() {
                        return Followed::Deleted;
                    }
                }
            }
        }
    }

    /// Writes what the shim says into the pod's status: readiness first, events after it.
    async fn mirror(&mut self, state: State) {
        self.write_status(status::of(&self.pod, &state, clock::now())).await;
        let mut notices = status::notices(self.state.as_ref(), &state);
        let known = self.state.as_ref().map(|state| state.limits_unset.as_slice());
        if !state.limits_unset.is_empty() && known != Some(state.limits_unset.as_slice()) {
            let message = format!("limits are not enforced: {}", state.limits_unset.join("; "));
            notices.push(Notice { warning: true, reason: "LimitNotEnforced", message });
        }
        // A state that was there before this process was adopted, not made.
        let adopted = self.state.is_none() && state.change > 2;
        self.state = Some(state);
        if !adopted {
            self.tell(&notices).await;
        }
    }

    fn names(&self) -> (String, String, String) {
        let text =
            |field: &str| self.pod["metadata"][field].as_str().unwrap_or_default().to_owned();
        (text("namespace"), text("name"), text("uid"))
    }

    async fn write_status(&mut self, status: Value) {
        let (namespace, name, uid) = self.names();
        let api: Api<Pod> = Api::namespaced(self.context.client.clone(), &namespace);
        let patch = json!({"metadata": {"uid": uid}, "status": status});
        // Gone, or another pod of this name: the watch says so next.
        let _ = api.patch_status(&name, &PatchParams::default(), &Patch::Merge(patch)).await;
        self.pod["status"] = status;
    }

    async fn tell(&self, notices: &[Notice]) {
        let (namespace, name, uid) = self.names();
        let api: Api<Event> = Api::namespaced(self.context.client.clone(), &namespace);
        for notice in notices {
            let now = clock::now().to_string();
            let event = json!({
                "metadata": {"name": format!("{name}.{}", random::hex(6))},
                "involvedObject": {
                    "apiVersion": "v1", "kind": "Pod", "namespace": namespace, "name": name,
                    "uid": uid,
                },
                "type": if notice.warning { "Warning" } else { "Normal" },
                "reason": notice.reason, "message": notice.message, "count": 1,
                "firstTimestamp": now, "lastTimestamp": now,
                "source": {"component": "bowline"}, "reportingComponent": "bowline",
            });
            let event = serde_json::from_value::<Event>(event).expect("the shape of an Event");
            // An event is a courtesy: a namespace that goes away takes none.
            let _ = api.create(&PostParams::default(), &event).await;
        }
    }

    /// Out of the edge's table, requests in flight ended, SIGTERM, grace, SIGKILL, folder and
    /// object gone. In this order.
    async fn stop(mut self) {
        if self.context.is_fenced() {
            return;
        }
        let (namespace, name, uid) = self.names();
        if self.shim.holder().is_some() {
            if self.grace() > Duration::ZERO {
                let limit = Duration::from_millis(DRAIN_MS_MAX);
                self.context.router.drain(&uid, limit).await;
            }
            crash::point("pod.stop", &namespace, When::Before);
            self.end_shim().await;
            crash::point("pod.stop", &namespace, When::After);
        }
        // What cannot be removed now is removed when the cluster comes up next.
        let shim = self.shim.clone();
        let _ = task::blocking("remove pod", move || {
            crash::around("pod.remove", "folder", || shim.remove())
        })
        .await;
        let api: Api<Pod> = Api::namespaced(self.context.client.clone(), &namespace);
        let gone = DeleteParams {
            grace_period_seconds: Some(0),
            preconditions: Some(Preconditions { uid: Some(uid), resource_version: None }),
            ..DeleteParams::default()
        };
        // Gone already, or another pod of this name: both are what was wanted.
        let _ = api.delete(&name, &gone).await;
    }

    fn grace(&self) -> Duration {
        let asked = self.pod["metadata"]["deletionGracePeriodSeconds"].as_u64();
        let own = self.pod["spec"]["terminationGracePeriodSeconds"].as_u64();
        Duration::from_secs(asked.or(own).unwrap_or(GRACE_SECONDS_DEFAULT))
    }

    async fn end_shim(&mut self) {
        loop {
            let grace = self.grace();
            self.shim.stop(grace.as_secs()).await;
            let limit = grace + Duration::from_millis(DOWN_MS_MAX);
            tokio::select! {
                gone = self.shim.wait_gone(limit) => {
                    if !gone {
                        self.shim.kill();
                        self.shim.wait_gone(Duration::from_millis(DOWN_MS_MAX)).await;
                    }
                    return;
                }
                // A second deletion may have shortened the grace.
                changed = self.pods.changed() => if changed.is_ok() { self.look(); } else {
                    // Nobody tells any more; the first grace holds.
                    if !self.shim.wait_gone(limit).await {
                        self.shim.kill();
                    }
                    return;
                }
            }
        }
    }
}
