//! What was applied, so that a later verb finds its way without the commit.

use super::Job;
use crate::conductor::Conductor;
use crate::failure::Failure;
use crate::kubernetes;
use crate::target::Target;
use bowline_diag::Diagnostic;
use bowline_model::NewEvent;
use bowline_rollout::{Plan, Policy, Version, spec};
use kube::Api;
use kube::api::DynamicObject;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::net::SocketAddr;

/// The event's kind; its key is the rollout's.
pub const APPLIED: &str = "manifest.applied";

/// Where the workload, its Service and its users are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// The namespace.
    pub namespace: String,
    /// The Service that users reach.
    pub service: String,
    /// Where they reach it.
    pub listen: SocketAddr,
    /// The workload's API version.
    pub api_version: String,
    /// `Rollout` or `Deployment`.
    pub kind: String,
    /// The workload's name.
    pub name: String,
}

impl Applied {
    /// The event of the rollout `key`.
    #[must_use]
    pub fn event(&self, key: &str) -> NewEvent {
        NewEvent::new(APPLIED, key, json!(self))
    }
}

/// The job of the rollout `key`, from the journal and the cluster's own object. It brings out
/// `version`, or with `None` only looks after what is under way.
///
/// # Errors
/// Nothing was applied under that key, or the object is gone.
pub async fn job_of(
    conductor: &Conductor,
    target: &Target,
    key: &str,
    version: Option<Version>,
) -> Result<Job, Failure> {
    let Some(entry) = conductor.journal.last(APPLIED, key)? else {
        let message = format!("nothing was applied for `{key}`");
        return Err(Failure::usage(
            Diagnostic::error("BOW1016", message).help("`bowline ls` lists what was released"),
        ));
    };
    let applied = Applied::deserialize(&entry.body)
        .map_err(|error| Failure::bug(format!("event {}: {error}", entry.n)))?;
    let resource = kubernetes::resource_of(&applied.api_version, &applied.kind);
    let objects: Api<DynamicObject> =
        Api::namespaced_with(target.client.clone(), &applied.namespace, &resource);
    let object = objects.get(&applied.name).await.map_err(kubernetes::failure)?;
    // What the server added is not part of the document that is read.
    let document = json!({
        "apiVersion": applied.api_version,
        "kind": applied.kind,
        "metadata": {"name": applied.name, "namespace": applied.namespace},
        "spec": object.data["spec"],
    });
    let spec = spec::read(&document).map_err(|errors| {
        let told = errors.iter().map(|e| Diagnostic::error(e.code, e.message.clone()));
        Failure::mistakes(told.collect())
    })?;
    let plan = Plan::new(&spec, &Policy::default());
    Ok(Job {
        key: key.to_owned(),
        namespace: applied.namespace,
        service: applied.service,
        listen: applied.listen,
        spec,
        version,
        plan,
        overriding: false,
        once: false,
    })
}
