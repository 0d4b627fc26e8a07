//! Adopting what runs: after the journal was set aside nothing is known of what serves, and
//! without that knowledge the next release would take it for nothing.
//!
//! What serves is brought out once more as a first version: every effect is absolute and says
//! what is so already, so no pod is started and no request moves.

use super::{APPLIED, Applied, Job, carry_out, job_of, perform};
use crate::conductor::Conductor;
use crate::failure::Failure;
use crate::kubernetes;
use crate::target::{Serving, Target};
use bowline_diag::Diagnostic;
use bowline_model::NewEvent;
use bowline_rollout::Version;
use bowline_rollout::template::{self, HASH_LABEL};
use k8s_openapi::api::apps::v1::ReplicaSet;
use kube::api::{DynamicObject, ListParams};
use kube::{Api, ResourceExt as _};
use serde_json::{Value, json};

/// The event of an adoption; its key is the rollout's.
pub const ADOPTED: &str = "engine.version_adopted";

/// The annotation of a ReplicaSet that says which release made it.
const VERSION: &str = "bowline.dev/version";

/// Takes up every service that serves and that the journal knows nothing of; the sentence of
/// each, for people.
///
/// # Errors
/// What serves is not described by the cluster's objects; the journal or the API fails.
pub async fn adopt(conductor: &Conductor, target: &Target) -> Result<Vec<String>, Failure> {
    let mut told = Vec::new();
    for serving in target.router.serving().await.map_err(Failure::usage)? {
        if knows(conductor, &serving)? {
            continue;
        }
        let (applied, app, version) = find(target, &serving).await?;
        let key = format!("{}/{app}", serving.namespace);
        let event = NewEvent::new(ADOPTED, &key, json!({"version": version}));
        conductor.append(&[event, applied.event(&key)], &[])?;
        let release = version.release.clone();
        let job = job_of(conductor, target, &key, Some(version)).await?;
        let mut plan = job.plan;
        plan.steps.clear();
        plan.watch_ms = 0;
        carry_out(conductor, target, &Job { plan, ..job }).await?;
        told.push(format!("adopted {key} {release}: it serves, and the journal did not know it"));
    }
    Ok(told)
}

/// The highest release number of an application's adopted versions, 0 without one: names of
/// versions are not given twice. `app` is the end of the rollout's key.
pub(crate) fn adopted_number(conductor: &Conductor, app: &str) -> Result<u64, Failure> {
    let events = conductor.journal.events_by_kind(ADOPTED)?;
    let numbers = events.iter().filter(|event| event.key.ends_with(app)).filter_map(|event| {
        let release = event.body["version"]["release"].as_str()?;
        release.rsplit_once("build.")?.1.parse().ok()
    });
    Ok(numbers.max().unwrap_or(0))
}

/// Whether the journal holds anything of that service.
fn knows(conductor: &Conductor, serving: &Serving) -> Result<bool, Failure> {
    let applied = conductor.journal.events_by_kind(APPLIED)?;
    Ok(applied.iter().any(|event| {
        event.body["namespace"] == *serving.namespace && event.body["service"] == *serving.service
    }))
}

/// The workload, its application and its version, from the objects of the cluster.
async fn find(target: &Target, serving: &Serving) -> Result<(Applied, String, Version), Failure> {
    let namespace = &serving.namespace;
    let sets: Api<ReplicaSet> = Api::namespaced(target.client.clone(), namespace);
    let labelled = ListParams::default().labels(&format!("{HASH_LABEL}={}", serving.stable));
    let sets = sets.list(&labelled).await.map_err(kubernetes::failure)?;
    for set in &sets {
        for (api_version, kind) in [("argoproj.io/v1alpha1", "Rollout"), ("apps/v1", "Deployment")]
        {
            let Some(name) =
                set.name_any().strip_suffix(&format!("-{}", serving.stable)).map(str::to_owned)
            else {
                continue;
            };
            let resource = kubernetes::resource_of(api_version, kind);
            let objects: Api<DynamicObject> =
                Api::namespaced_with(target.client.clone(), namespace, &resource);
            let Some(workload) = objects.get_opt(&name).await.map_err(kubernetes::failure)? else {
                continue;
            };
            let Some(app) = workload.annotations().get(kubernetes::OWNER).cloned() else {
                continue;
            };
            let applied = Applied {
                namespace: namespace.clone(),
                service: serving.service.clone(),
                listen: serving.listen,
                api_version: api_version.to_owned(),
                kind: kind.to_owned(),
                name,
            };
            return Ok((applied, app, version(set, &serving.stable)?));
        }
    }
    Err(perform::gone(&format!("{namespace}/{}", serving.stable)))
}

fn version(set: &ReplicaSet, hash: &str) -> Result<Version, Failure> {
    let mut template = serde_json::to_value(&set.spec.template)
        .map_err(|error| Failure::bug(format!("a pod template does not serialise: {error}")))?;
    if let Some(labels) = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
        labels.remove(HASH_LABEL);
    }
    let images = template.pointer("/spec/containers").and_then(Value::as_array);
    let images = images.into_iter().flatten().filter_map(|container| container["image"].as_str());
    let digests = images.filter_map(|image| image.rsplit_once('@'));
    let Some(release) = set.annotations().get(VERSION).cloned() else {
        let message = format!("the ReplicaSet `{}` does not say its version", set.name_any());
        return Err(Failure::usage(Diagnostic::error("BOW1010", message)));
    };
    Ok(Version {
        hash: hash.to_owned(),
        release,
        images: digests.map(|(_, digest)| digest.to_owned()).collect(),
        template_digest: template::digest(&template).to_string(),
    })
}
