//! Carrying effects out. Each is absolute: a second time changes nothing.

use super::Controller;
use crate::failure::Failure;
use crate::kubernetes;
use crate::target::Weights;
use bowline_host::clock;
use bowline_rollout::machine::Effect;
use bowline_rollout::template::HASH_LABEL;
use k8s_openapi::api::apps::v1::ReplicaSet;
use kube::Api;
use kube::api::{Patch, PatchParams, PostParams};
use serde_json::{Value, json};

/// Without a word from the conductor for so long, the edge sends all traffic to stable.
const DEADLINE_MS: u64 = 10_000;

impl Controller<'_> {
    pub(super) async fn perform(&mut self, effect: &Effect) -> Result<(), Failure> {
        match effect {
            Effect::SetWeight { counter, stable, canary, weight, .. } => {
                let weights = Weights {
                    namespace: self.job.namespace.clone(),
                    service: self.job.service.clone(),
                    listen: self.job.listen,
                    stable: stable.clone(),
                    canary: canary.clone(),
                    weight: (*weight).into(),
                    generation: (self.conductor.epoch_number(), *counter),
                    deadline_ms: if canary.is_some() { DEADLINE_MS } else { 0 },
                };
                self.target.router.set_weights(weights).await.map_err(Failure::usage)?;
                self.acknowledged = self.acknowledged.max(*counter);
                if let Some(decided) = self.decided.remove(counter) {
                    let took = clock::monotonic().saturating_sub(decided);
                    self.switch_ms = Some(took.as_millis() as u64);
                }
                Ok(())
            }
            Effect::ScaleReplicaSet { hash, replicas, .. } => self.scale(hash, *replicas).await,
            // The journal's own event is the quarantine; a projection of it stands in the
            // Rollout's status.
            Effect::Quarantine { .. } | Effect::LiftQuarantine { .. } => Ok(()),
        }
    }

    async fn scale(&self, hash: &str, replicas: u32) -> Result<(), Failure> {
        let sets: Api<ReplicaSet> =
            Api::namespaced(self.target.client.clone(), &self.job.namespace);
        let name = format!("{}-{hash}", self.job.spec.name);
        let exists = sets.get_opt(&name).await.map_err(kubernetes::failure)?.is_some();
        if exists {
            let patch = json!({"spec": {"replicas": replicas}});
            let parameters = PatchParams::default();
            sets.patch(&name, &parameters, &Patch::Merge(&patch))
                .await
                .map_err(kubernetes::failure)?;
            return Ok(());
        }
        let is_ours = self.job.version.as_ref().is_some_and(|version| version.hash == hash);
        if !is_ours {
            // Its pod template is not known here; with no replicas wanted there is nothing lost.
            return if replicas == 0 {
                Ok(())
            } else {
                Err(Failure::bug(format!("the ReplicaSet `{name}` is gone")))
            };
        }
        let set = self.replica_set(&name, hash, replicas)?;
        sets.create(&PostParams::default(), &set).await.map_err(kubernetes::failure)?;
        Ok(())
    }

    fn replica_set(&self, name: &str, hash: &str, replicas: u32) -> Result<ReplicaSet, Failure> {
        let mut template = self.job.spec.template.clone();
        let mut labels = json!(self.job.spec.selector);
        labels[HASH_LABEL] = json!(hash);
        template["metadata"]["labels"][HASH_LABEL] = json!(hash);
        let release = self.job.version.as_ref().map(|version| version.release.clone());
        let object: Value = json!({
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": name,
                "namespace": self.job.namespace,
                "labels": template["metadata"]["labels"],
                "annotations": {"bowline.dev/version": release},
            },
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": labels},
                "template": template,
            },
        });
        serde_json::from_value(object)
            .map_err(|error| Failure::bug(format!("the pod template does not read: {error}")))
    }

    /// The status is a projection for those who look through the API; a failure to write it
    /// must not stop a rollout, and the next change writes it whole.
    pub(super) async fn write_status(&self) {
        let status = bowline_rollout::status::project(&self.state);
        kubernetes::write_rollout_status(&self.target.client, self.job, &status).await.ok();
    }
}
