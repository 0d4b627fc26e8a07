//! The runtime of this machine: one worker per pod object, and no process without an object.

use super::{
    shim_client::Shim,
    worker::{Context, Worker},
};
use crate::{limits::DOWN_MS_MAX, router::socket_of};
use bowline_host::{
    files,
    task::{self, Task},
};
use futures::{StreamExt as _, future::join_all};
use k8s_openapi::api::core::v1::Pod;
use kube::{
    Api,
    runtime::watcher::{self, Event, watcher},
};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};
use tokio::sync::{mpsc, watch};

struct Runtime {
    context: Arc<Context>,
    pods: BTreeMap<String, Handle>,
    ended: mpsc::UnboundedSender<String>,
    /// The uids of the list that is being read.
    listed: BTreeSet<String>,
}

struct Handle {
    newest: watch::Sender<Option<Arc<Value>>>,
    // Dropping it ends the worker, not the pod.
    _task: Task<()>,
}

/// Starts the runtime. Its end leaves all pods running.
pub fn start(context: Arc<Context>) -> Task<()> {
    let (ended, mut gone) = mpsc::unbounded_channel();
    let mut runtime =
        Runtime { context: context.clone(), pods: BTreeMap::new(), ended, listed: BTreeSet::new() };
    task::spawn("pod runtime", async move {
        let api: Api<Pod> = Api::all(context.client.clone());
        let mut events = watcher(api, watcher::Config::default()).boxed();
        loop {
            tokio::select! {
                event = events.next() => match event {
                    Some(Ok(event)) => runtime.take(event).await,
                    // The watcher lists again by itself.
                    Some(Err(_)) => tokio::time::sleep(Duration::from_millis(100)).await,
                    None => return,
                },
                Some(uid) = gone.recv() => drop(runtime.pods.remove(&uid)),
            }
        }
    })
    .abort_on_drop()
}

impl Runtime {
    async fn take(&mut self, event: Event<Pod>) {
        match event {
            Event::Init => self.listed.clear(),
            Event::InitApply(pod) => {
                self.listed.extend(pod.metadata.uid.clone());
                self.apply(&pod);
            }
            Event::Apply(pod) => self.apply(&pod),
            Event::Delete(pod) => {
                if let Some(handle) =
                    pod.metadata.uid.and_then(|uid| self.pods.get(&uid).map(|h| &h.newest))
                {
                    handle.send_replace(None);
                }
            }
            Event::InitDone => {
                for (uid, handle) in &self.pods {
                    if !self.listed.contains(uid) {
                        handle.newest.send_replace(None);
                    }
                }
                self.end_strays().await;
            }
        }
    }

    fn apply(&mut self, pod: &Pod) {
        let Some(uid) = pod.metadata.uid.clone() else { return };
        let value = serde_json::to_value(pod).expect("a pod is written as JSON");
        if let Some(handle) = self.pods.get(&uid) {
            handle.newest.send_replace(Some(Arc::new(value)));
            return;
        }
        let (newest, pods) = watch::channel(Some(Arc::new(value.clone())));
        let worker = Worker::new(self.context.clone(), value, pods);
        let (ended, ended_uid) = (self.ended.clone(), uid.clone());
        let task = task::spawn("pod", async move {
            worker.run().await;
            let _ = ended.send(ended_uid);
        });
        self.pods.insert(uid, Handle { newest, _task: task.abort_on_drop() });
    }

    /// Ends pods that have no object any more: deleted while no runtime was there.
    async fn end_strays(&self) {
        if self.context.is_fenced() {
            return;
        }
        let folders = files::list(self.context.directories.pods()).unwrap_or_default();
        let strays: Vec<Shim> = folders
            .into_iter()
            .filter(|entry| !self.pods.contains_key(&entry.name))
            .map(|entry| {
                let folder = self.context.directories.pods().join(&entry.name);
                Shim::new(folder, socket_of(&self.context.directories.runtime, &entry.name))
            })
            .collect();
        end_all(strays, Some(0)).await;
    }
}

/// Ends these pods side by side and removes their folders. `grace_seconds`: else their own.
/// Returns the folders whose process did not end.
pub async fn end_all(shims: Vec<Shim>, grace_seconds: Option<u64>) -> Vec<String> {
    let ended = shims.into_iter().map(|shim| async move {
        let grace = grace_seconds.unwrap_or_else(|| super::own_grace(shim.folder()));
        if shim.holder().is_some() {
            shim.stop(grace).await;
            let limit = Duration::from_secs(grace) + Duration::from_millis(DOWN_MS_MAX);
            if !shim.wait_gone(limit).await {
                shim.kill();
                if !shim.wait_gone(Duration::from_millis(DOWN_MS_MAX)).await {
                    return Some(shim.folder().display().to_string());
                }
            }
        }
        let removed = shim.clone();
        // What cannot be removed now is removed when the cluster comes up next.
        let _ = task::blocking("remove pod", move || removed.remove()).await;
        None
    });
    join_all(ended).await.into_iter().flatten().collect()
}
