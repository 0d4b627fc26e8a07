//! What the controller sees: pods through the Kubernetes API, counts from the router,
//! requests from the journal.

use super::trouble::Trouble;
use super::{Controller, requests};
use crate::failure::Failure;
use crate::target::Requests;
use bowline_host::clock;
use bowline_rollout::judge::Arm;
use bowline_rollout::machine::{
    AbortCause, Action, Counters, Event, Observation, Pods, Request, SecondCounts,
};
use bowline_rollout::template::HASH_LABEL;
use bowline_sandbox::process;
use k8s_openapi::api::apps::v1::ReplicaSet;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::ListParams;
use std::collections::BTreeMap;
use std::time::Duration;

/// The stable arm's seconds before a release that tell its over-dispersion.
const BASELINE_SECONDS: u64 = 600;

/// Traffic goes back when an abort is journaled, so its last words may cost only this.
const LAST_WORDS_MAX: Duration = Duration::from_millis(30);

/// Lines of a crashed pod's log that travel with an abort.
const LAST_LOG_LINES: usize = 20;

/// How the message of a container begins that a probe has ended, after the probe's name.
const PROBE_FAILED: &str = " probe failed: ";

impl Controller<'_> {
    pub(super) async fn observe(&mut self) -> Result<Observation, Failure> {
        match self.pods().await {
            Ok((pods, lingering)) => {
                self.seen = Some(pods);
                self.lingering = lingering;
            }
            Err(trouble) => self.note_trouble(trouble),
        }
        let mut requests = self.requests()?;
        let aborts = |request: &Request| request.action == Action::Abort;
        if self.seen.is_none() && !requests.iter().any(aborts) {
            // All but an abort can wait until pods are known; an abort never waits.
            requests.clear();
        }
        Ok(Observation {
            now_ms: clock::monotonic().as_millis() as u64,
            boot: self.clock_name()?,
            // While the API is away: as they were. The edge sends no request to a pod that is
            // not ready, whatever is thought of it here.
            pods: self.seen.clone().unwrap_or_default(),
            counters: self.counters().await,
            first_canary_request_ms: self.first_canary_request().await,
            acknowledged: self.acknowledged,
            requests,
        })
    }

    /// The clock that the times of this process's events count on. Another conductor is another
    /// clock, even within one boot: what passed while nobody conducted counts neither as a pause
    /// in which the canary was watched nor as time without progress.
    fn clock_name(&self) -> Result<String, Failure> {
        Ok(format!("{} {}", process::boot_id()?, self.conductor.epoch_number()))
    }

    /// The pods by version, and how many there are of versions that are to have none.
    async fn pods(&mut self) -> Result<(BTreeMap<String, Pods>, usize), Trouble> {
        let job = self.job;
        let namespace = &job.namespace;
        let labelled = ListParams::default().labels(HASH_LABEL);
        let sets: Api<ReplicaSet> = Api::namespaced(self.target.client.clone(), namespace);
        let pods: Api<Pod> = Api::namespaced(self.target.client.clone(), namespace);
        let sets = sets.list(&labelled).await?;
        let pods = pods.list(&labelled).await?;
        let mut seen: BTreeMap<String, Pods> = BTreeMap::new();
        let mut lingering = 0;
        for set in sets.items.iter().filter(|set| self.owns(set.metadata.labels.as_ref())) {
            let Some(hash) = hash(set.metadata.labels.as_ref()) else { continue };
            let wanted = set.spec.replicas.unwrap_or(1);
            seen.entry(hash).or_default().desired += u32::try_from(wanted).unwrap_or(0);
        }
        for pod in &pods.items {
            if !self.owns(pod.metadata.labels.as_ref()) {
                continue;
            }
            let Some(hash) = hash(pod.metadata.labels.as_ref()) else { continue };
            lingering += usize::from(self.state.scales.get(&hash).is_none_or(|s| s.replicas == 0));
            let entry = seen.entry(hash).or_default();
            let ready = is_ready(pod) && pod.metadata.deletion_timestamp.is_none();
            entry.ready += u32::from(ready);
            entry.available += u32::from(ready && self.long_enough(pod));
            let crashes = crashes(pod);
            entry.crashes += crashes;
            if crashes > 0 && entry.last_log.is_empty() {
                let name = pod.metadata.name.as_deref().unwrap_or_default();
                entry.last_log = self.target.logs.last_lines(namespace, name, LAST_LOG_LINES).await;
                entry.last_log.extend(failed_probe(pod).map(|why| format!("ended: {why}")));
            }
        }
        Ok((seen, lingering))
    }

    /// Gives an abort what its pods wrote last, and why they were not ready: the first question
    /// of whoever reads it.
    pub(super) async fn add_last_words(&self, events: &mut [Event]) {
        for event in events {
            let Event::Aborted(aborted) = event else { continue };
            let own = match aborted.cause {
                AbortCause::Judged | AbortCause::CrashLoop | AbortCause::ProgressDeadline => true,
                AbortCause::CountersLost | AbortCause::Requested | AbortCause::Superseded => false,
            };
            if own && aborted.last_log.is_empty() {
                let words = tokio::time::timeout(LAST_WORDS_MAX, self.last_words()).await;
                aborted.last_log = words.ok().flatten().unwrap_or_default();
            }
        }
    }

    async fn last_words(&self) -> Option<Vec<String>> {
        let namespace = &self.job.namespace;
        let label = format!("{HASH_LABEL}={}", self.state.active()?.version.hash);
        let pods: Api<Pod> = Api::namespaced(self.target.client.clone(), namespace);
        let pods = pods.list(&ListParams::default().labels(&label)).await.ok()?.items;
        let pod = pods.iter().find(|pod| !is_ready(pod)).or(pods.first())?;
        let name = pod.metadata.name.as_deref()?;
        let mut lines = self.target.logs.last_lines(namespace, name, LAST_LOG_LINES).await;
        let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
        let ready = conditions.and_then(|all| all.iter().find(|c| c.type_ == "Ready"));
        let why = ready.filter(|ready| ready.status != "True").and_then(|c| c.message.clone());
        lines.extend(why.filter(|why| !why.is_empty()).map(|why| format!("not ready: {why}")));
        Some(lines)
    }

    /// Whether the labels are those of this app's pods.
    fn owns(&self, labels: Option<&BTreeMap<String, String>>) -> bool {
        let selector = &self.job.spec.selector;
        labels.is_some_and(|labels| selector.iter().all(|(k, v)| labels.get(k) == Some(v)))
    }

    /// Ready for `minReadySeconds`, on the monotonic clock of this process: the transition's own
    /// time is a wall clock's, and only says whether it is still the same one.
    fn long_enough(&mut self, pod: &Pod) -> bool {
        let wanted = Duration::from_secs(self.job.spec.min_ready_seconds.into());
        if wanted.is_zero() {
            return true;
        }
        let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
        let ready = conditions.and_then(|all| all.iter().find(|c| c.type_ == "Ready"));
        let transition = ready.and_then(|condition| condition.last_transition_time.as_ref());
        let (Some(transition), Some(uid)) = (transition, &pod.metadata.uid) else { return false };
        let (transition, now) = (transition.0.to_string(), clock::monotonic());
        let known = self.ready_since.entry(uid.clone()).or_insert((transition.clone(), now));
        if known.0 != transition {
            *known = (transition, now);
        }
        now.saturating_sub(known.1) >= wanted
    }

    async fn counters(&self) -> Counters {
        let Some(rollout) = self.state.active() else { return Counters::Read(Vec::new()) };
        let from = self.state.counted_through.map_or(0, |through| through + 1);
        let counts = self.target.router.counts(&self.job.namespace, &self.job.service, from).await;
        let Ok(counts) = counts else { return Counters::Unavailable };
        let stable = rollout.stable.as_deref().unwrap_or_default();
        let arm = |requests: Option<&Requests>| {
            requests.map_or_else(Arm::default, |r| Arm { requests: r.total, failed: r.failed })
        };
        Counters::Read(
            counts
                .seconds
                .iter()
                .map(|(second, versions)| SecondCounts {
                    second: *second,
                    canary: arm(versions.get(&rollout.version.hash)),
                    stable: arm(versions.get(stable)),
                })
                .collect(),
        )
    }

    async fn first_canary_request(&self) -> Option<u64> {
        let hash = &self.state.active()?.version.hash;
        let started = self.state.active()?.started_ms;
        let counts = self.target.router.counts(&self.job.namespace, &self.job.service, u64::MAX);
        let first = counts.await.ok()?.first_request_ms.get(hash).copied()?;
        Some(first.max(started))
    }

    /// The seconds of the running version before this release.
    pub(super) async fn baseline(&self) -> Vec<Arm> {
        let Some(stable) = &self.state.stable else { return Vec::new() };
        let from = clock::monotonic().as_secs().saturating_sub(BASELINE_SECONDS);
        let counts = self.target.router.counts(&self.job.namespace, &self.job.service, from).await;
        let Ok(counts) = counts else { return Vec::new() };
        let of_stable = |(_, versions): &(u64, BTreeMap<String, Requests>)| {
            let requests = versions.get(&stable.hash)?;
            Some(Arm { requests: requests.total, failed: requests.failed })
        };
        counts.seconds.iter().filter_map(of_stable).collect()
    }

    fn requests(&self) -> Result<Vec<Request>, Failure> {
        let from = self.state.requests_through + 1;
        let new = self.conductor.journal.events_of_from("request.", &self.job.key, from)?;
        let mut new: Vec<Request> = new.iter().filter_map(requests::read).collect();
        for request in &mut new {
            if let Action::Retry { overriding } = &mut request.action {
                *overriding |= self.may_be_retried()?;
            }
        }
        Ok(new)
    }
}

fn hash(labels: Option<&BTreeMap<String, String>>) -> Option<String> {
    labels?.get(HASH_LABEL).cloned()
}

/// The pod's `Ready` condition is `True`; a pod without one is not ready.
pub fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
    conditions.is_some_and(|all| all.iter().any(|c| c.type_ == "Ready" && c.status == "True"))
}

/// How often its containers ended by themselves.
fn crashes(pod: &Pod) -> u32 {
    let statuses = pod.status.as_ref().and_then(|status| status.container_statuses.as_ref());
    let of_one = |status: &k8s_openapi::api::core::v1::ContainerStatus| {
        let state = status.state.as_ref();
        // Between an end and the next start the end is not in the restart count yet.
        let ended = state.is_some_and(|state| state.running.is_none());
        let waiting_after_end = ended && status.last_state.is_none() && terminated(status);
        u32::try_from(status.restart_count).unwrap_or(0) + u32::from(waiting_after_end)
    };
    statuses.map_or(0, |all| all.iter().map(of_one).sum())
}

/// The probe for whose sake a container was ended, as its last state says.
fn failed_probe(pod: &Pod) -> Option<String> {
    let statuses = pod.status.as_ref()?.container_statuses.as_ref()?;
    let ended = statuses.iter().find_map(|status| status.last_state.as_ref()?.terminated.as_ref());
    let first = ended?.message.as_deref()?.lines().next()?;
    first.contains(PROBE_FAILED).then(|| first.to_owned())
}

fn terminated(status: &k8s_openapi::api::core::v1::ContainerStatus) -> bool {
    status.state.as_ref().is_some_and(|state| state.terminated.is_some())
}
