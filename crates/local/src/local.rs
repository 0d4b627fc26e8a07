//! The whole cluster of one machine: API, controllers, pods, edge; up and down.

use crate::{
    api::kind::by_name,
    cluster::Cluster,
    edge_process,
    error::Error,
    look::{self, PodRow},
    pod::{self, Shim},
    replica_set,
    router::{self, Router, ServiceKey, socket_of},
    spare,
};
use bowline_host::{
    directories::Directories,
    files::{self, TryLock},
    task::Task,
};
use bowline_sandbox::Launcher;
use bowline_store::Store;
use k8s_openapi::api::{apps::v1::ReplicaSet, core::v1::Pod};
use kube::{
    Api, Client,
    api::{Patch, PatchParams},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

/// How the cluster of one machine is run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folders of this user.
    pub directories: Directories,
    /// Makes sandboxes: `bowline __init`.
    pub sandbox: Launcher,
    /// Keeps a pod: `bowline shim`; the pod's folder is added.
    pub shim: Launcher,
    /// Keeps the edge: `bowline edge-shim`; its state folder and two sockets are added
    /// (`bowline_traffic::ShimOptions::parse`).
    pub edge_shim: Launcher,
    /// The addresses of services on this machine; more by [`Router::set_listen`].
    pub listen: BTreeMap<ServiceKey, SocketAddr>,
    /// The namespace of clients that name none.
    pub namespace: String,
    /// The fencing epoch of the conductor: an older one changes nothing any more.
    pub epoch: u64,
}

/// The cluster of one machine.
///
/// [`Local::start`] opens it and starts no process; [`Local::up`] brings everything up that
/// its objects ask for. Dropping it leaves pods and edge running.
pub struct Local {
    options: Options,
    cluster: Cluster,
    client: Client,
    router: Router,
    store: Store,
    told: Option<String>,
    _lock: files::Lock,
    _router_task: Task<()>,
    running: Mutex<Vec<Task<()>>>,
}

impl std::fmt::Debug for Local {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Local").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Local {
    /// Opens the cluster: database, in-process API, the way to the edge. Starts no process.
    ///
    /// # Errors
    /// [`Error::Held`] when another process has it; an unusable folder or database.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let directories = &options.directories;
        directories.create()?;
        directories.create_runtime()?;
        let path = directories.state.join("cluster.lock");
        let lock = match files::try_lock(&path)? {
            TryLock::Acquired(lock) => lock,
            TryLock::HeldBy(holder) => return Err(Error::Held { path, holder }),
        };
        files::create_private_dir(directories.pods())?;
        let (objects, told) = spare::open(directories)?;
        let cluster = Cluster::with(objects)?;
        cluster.objects().take_over(options.epoch)?;
        let store = Store::open(directories.store())?;
        let edge = edge_process::client(directories)?;
        let runtime = directories.runtime.clone();
        let (router, router_task) = router::start(&cluster, edge, runtime, &options)?;
        let client = cluster.client(&options.namespace);
        Ok(Self {
            options,
            cluster,
            client,
            router,
            store,
            told,
            _lock: lock,
            _router_task: router_task,
            running: Mutex::new(Vec::new()),
        })
    }

    /// What its opening has to say: the database was damaged, and what became of that.
    #[must_use]
    pub fn told(&self) -> Option<&str> {
        self.told.as_deref()
    }

    /// Keeps a spare copy of the objects as they are now, for a database that gets damaged.
    ///
    /// # Errors
    /// A newer conductor runs this cluster; there is no room for the copy.
    pub fn keep_spare(&self) -> Result<(), Error> {
        self.cluster.objects().check_epoch()?;
        spare::keep(&self.options.directories, self.cluster.objects())
    }

    /// A client of the API, in process.
    #[must_use]
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// The way to the edge.
    #[must_use]
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// The API itself.
    #[must_use]
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Starts or adopts the edge, then the controllers and the pods that the objects ask for.
    /// Returns when the edge has its table; pods become ready on their own.
    ///
    /// # Errors
    /// The edge does not start, or cannot listen where it should.
    pub async fn up(&self) -> Result<(), Error> {
        self.cluster.objects().check_epoch()?;
        // `down` takes the folder of the sockets away.
        self.options.directories.create_runtime()?;
        // After a reboot, or when shims were killed, the objects still say what was true before.
        self.write_stopped(|uid| self.shim(uid).holder().is_none()).await;
        edge_process::ensure(&self.options.directories, &self.options.edge_shim).await?;
        let sets = replica_set::start(self.client.clone());
        let pods = pod::start(Arc::new(pod::Context {
            client: self.client.clone(),
            directories: self.options.directories.clone(),
            sandbox: self.options.sandbox.clone(),
            shim: self.options.shim.clone(),
            store: self.store.clone(),
            cluster: self.cluster.clone(),
            router: self.router.clone(),
        }));
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = vec![sets, pods];
        self.router.settle_again().await?;
        Ok(())
    }

    /// Ends the edge, all pods and their sockets, and waits until they are gone. The objects
    /// stay: the next [`Local::up`] brings everything up again.
    ///
    /// # Errors
    /// A process that does not end.
    pub async fn down(&self) -> Result<(), Error> {
        self.cluster.objects().check_epoch()?;
        let tasks =
            std::mem::take(&mut *self.running.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            task.abort();
            // Cancelled is what it is to be.
            let _ = task.await;
        }
        let directories = &self.options.directories;
        edge_process::end(directories).await?;
        let folders = files::list(directories.pods())?.into_iter();
        let shims = folders.map(|entry| self.shim(&entry.name));
        let left = pod::end_all(shims.collect(), None).await;
        self.write_stopped(|_| true).await;
        if let Some(first) = left.first() {
            let what = format!("the pod in `{first}`");
            return Err(Error::TooSlow { what, verb: "end", seconds: 0 });
        }
        directories.remove_runtime()?;
        Ok(())
    }

    /// The shim of the pod with this uid.
    fn shim(&self, uid: &str) -> Shim {
        let directories = &self.options.directories;
        Shim::new(directories.pods().join(uid), socket_of(&directories.runtime, uid))
    }

    /// Pods of a cluster that is down are not ready, and no process has claimed them. Nothing
    /// that was true before must be read as true now.
    async fn write_stopped(&self, is_stopped: impl Fn(&str) -> bool) {
        let (_, pods) = self.cluster.objects().list(by_name("Pod"), "");
        let stopped = |pod: &Value| pod["metadata"]["uid"].as_str().is_some_and(&is_stopped);
        let pods: Vec<_> = pods.into_iter().filter(|pod| stopped(pod)).collect();
        if pods.is_empty() {
            return;
        }
        let (_, sets) = self.cluster.objects().list(by_name("ReplicaSet"), "");
        for set in sets {
            let text = |field: &str| set["metadata"][field].as_str().unwrap_or_default();
            let api: Api<ReplicaSet> = Api::namespaced(self.client.clone(), text("namespace"));
            let status = json!({"status": {"readyReplicas": 0, "availableReplicas": 0}});
            // The next `up` writes the truth.
            let _ = api
                .patch_status(text("name"), &PatchParams::default(), &Patch::Merge(status))
                .await;
        }
        for pod in pods {
            let text = |field: &str| pod["metadata"][field].as_str().unwrap_or_default();
            let api: Api<Pod> = Api::namespaced(self.client.clone(), text("namespace"));
            let status = json!({"status": {
                "phase": "Pending", "startTime": null, "conditions": null,
                "containerStatuses": null, "reason": "Stopped", "message": "the cluster is down",
            }});
            // The next `up` writes the truth.
            let _ = api
                .patch_status(text("name"), &PatchParams::default(), &Patch::Merge(status))
                .await;
        }
    }

    /// The last `lines` lines that a pod's container wrote.
    ///
    /// # Errors
    /// [`Error::NoSuchPod`]; an unreadable log.
    pub fn logs(&self, namespace: &str, name: &str, lines: usize) -> Result<Vec<String>, Error> {
        look::logs_of(&self.options.directories, self.cluster.objects(), namespace, name, lines)
    }

    /// All pods, by namespace and name.
    #[must_use]
    pub fn ls(&self) -> Vec<PodRow> {
        look::rows(self.cluster.objects())
    }

    /// The folders that it works in.
    #[must_use]
    pub fn directories(&self) -> &Directories {
        &self.options.directories
    }
}
