//! Carrying effects out. Each is absolute: a second time changes nothing.

use super::trouble::Trouble;
use super::{Controller, outside};
use crate::failure::Failure;
use crate::kubernetes;
use bowline_diag::Diagnostic;
use bowline_host::clock;
use bowline_rollout::machine::Effect;
use bowline_rollout::template::{self, HASH_LABEL};
use k8s_openapi::api::apps::v1::ReplicaSet;
use kube::Api;
use kube::api::{Patch, PatchParams, PostParams};
use serde_json::{Value, json};

/// The annotation of a ReplicaSet that says which release made it.
pub const RELEASE_OF_SET: &str = "bowline.dev/version";

impl Controller<'_> {
    pub(super) async fn perform(&mut self, effect: &Effect) -> Result<(), Trouble> {
        match effect {
            Effect::SetWeight { counter, stable, canary, weight, .. } => {
                let division = outside::Division { counter: *counter, stable, canary, weight };
                let place = outside::Place {
                    namespace: &self.job.namespace,
                    service: &self.job.service,
                    listen: self.job.listen,
                };
                let weights = division.weights(&place, self.conductor.epoch_number());
                let set = self.target.router.set_weights(weights).await;
                // A router that never took a weight of this process refuses for a reason that
                // stays, a taken port for example; one that did take some is only away.
                let passing = self.acknowledged > 0;
                set.map_err(|told| Trouble { failure: Failure::usage(told), passing })?;
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

    async fn scale(&self, hash: &str, replicas: u32) -> Result<(), Trouble> {
        let sets: Api<ReplicaSet> =
            Api::namespaced(self.target.client.clone(), &self.job.namespace);
        let name = self.job.set_name(hash);
        if sets.get_opt(&name).await?.is_some() {
            let patch = json!({"spec": {"replicas": replicas}});
            sets.patch(&name, &PatchParams::default(), &Patch::Merge(&patch)).await?;
            return Ok(());
        }
        if replicas == 0 {
            // Nothing is what is wanted.
            return Ok(());
        }
        // Only the newest template is known; another version is never made of it.
        if template::hash(&self.job.spec.template) != hash {
            return Err(Trouble::lasting(gone(&name)));
        }
        let set = self.replica_set(&name, hash, replicas).map_err(Trouble::lasting)?;
        match sets.create(&PostParams::default(), &set).await {
            // The process before made it and died before it could say so.
            Err(kube::Error::Api(status)) if status.reason == "AlreadyExists" => Ok(()),
            made => Ok(made.map(drop)?),
        }
    }

    fn replica_set(&self, name: &str, hash: &str, replicas: u32) -> Result<ReplicaSet, Failure> {
        let mut template = self.job.spec.template.clone();
        let mut labels = json!(self.job.spec.selector);
        labels[HASH_LABEL] = json!(hash);
        template["metadata"]["labels"][HASH_LABEL] = json!(hash);
        let rollout = self.state.rollout.as_ref().map(|rollout| &rollout.version);
        let known = rollout.into_iter().chain(&self.job.version).chain(&self.state.stable);
        let release =
            known.filter(|version| version.hash == hash).map(|v| v.release.as_str()).next();
        let object: Value = json!({
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": name,
                "namespace": self.job.namespace,
                "labels": template["metadata"]["labels"],
                "annotations": {RELEASE_OF_SET: release},
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

/// A ReplicaSet that should be there and cannot be made again.
pub(super) fn gone(name: &str) -> Failure {
    let message = format!("the ReplicaSet `{name}` is gone, and with it what its pods were");
    Failure::usage(
        Diagnostic::error("BOW1010", message)
            .help("release its commit again: `bowline release COMMIT`"),
    )
}
