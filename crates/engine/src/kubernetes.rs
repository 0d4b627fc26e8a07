//! Objects through the Kubernetes API: the same calls for the local cluster and a real one.

use crate::failure::Failure;
use crate::rollout::Job;
use bowline_diag::Diagnostic;
use bowline_host::clock::Stopwatch;
use bowline_rollout::spec::Kind;
use kube::api::{DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Api, Client};
use serde_json::{Value, json};
use std::time::Duration;

/// How often an object that is going is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The API's answer as a failure, with the fields that it names.
pub fn failure(error: kube::Error) -> Failure {
    let mut diagnostic = match &error {
        kube::Error::Api(status) => {
            let sentence = status.message.lines().next().unwrap_or_default().to_owned();
            Diagnostic::error("BOW1010", format!("the cluster refuses: {sentence}"))
        }
        other => Diagnostic::error("BOW1010", format!("the cluster does not answer: {other}")),
    };
    if let kube::Error::Api(status) = &error
        && let Some(details) = &status.details
    {
        for cause in &details.causes {
            diagnostic = diagnostic.note(format!("{}: {}", cause.field, cause.message));
        }
    }
    Failure::usage(diagnostic)
}

/// Whether trying again later may help: nobody answered, or the server was not able to. What it
/// refuses it refuses again, except for a conflict and for "too many requests".
#[must_use]
pub fn is_passing(error: &kube::Error) -> bool {
    match error {
        kube::Error::Api(status) => !(400..500).contains(&status.code) || is_busy(status.code),
        _ => true,
    }
}

fn is_busy(code: u16) -> bool {
    matches!(code, 408 | 409 | 429)
}

/// The resource type of an object, by the API's plural rule.
#[must_use]
pub fn resource_of(api_version: &str, kind: &str) -> ApiResource {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind))
}

/// The annotation that says whose an object is.
pub const OWNER: &str = "bowline.dev/app";

/// As [`apply`], for an object of the application `app`: one that another application brought is
/// not touched, because its users would meet this one.
///
/// # Errors
/// The object is another application's; what the API refuses.
pub async fn apply_for(
    client: &Client,
    namespace: &str,
    value: &Value,
    app: &str,
) -> Result<(), Failure> {
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let (kind, name) = (text("/kind"), text("/metadata/name"));
    if kind == "Namespace" {
        return apply(client, namespace, value).await;
    }
    let resource = resource_of(text("/apiVersion"), kind);
    let objects: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &resource);
    let before = objects.get_opt(name).await.map_err(failure)?;
    let owner = before.and_then(|object| object.metadata.annotations?.get(OWNER).cloned());
    if let Some(owner) = owner.filter(|owner| owner != app) {
        let message = format!("{kind} `{name}` in `{namespace}` belongs to the app `{owner}`");
        let help = "give one of them another name, or its environment another name";
        return Err(Failure::usage(Diagnostic::error("BOW1022", message).help(help)));
    }
    let mut value = value.clone();
    value["metadata"]["annotations"][OWNER] = json!(app);
    apply(client, namespace, &value).await
}

/// Makes an object what `value` says, whether it is there or not. Fields that `value` does not
/// name are left to others (merge patch, RFC 7386).
///
/// # Errors
/// What the API refuses, with the fields that it names.
pub async fn apply(client: &Client, namespace: &str, value: &Value) -> Result<(), Failure> {
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let (kind, name) = (text("/kind"), text("/metadata/name"));
    let resource = resource_of(text("/apiVersion"), kind);
    let objects: Api<DynamicObject> = if kind == "Namespace" {
        Api::all_with(client.clone(), &resource)
    } else {
        Api::namespaced_with(client.clone(), namespace, &resource)
    };
    if objects.get_opt(name).await.map_err(failure)?.is_some() {
        let patch = Patch::Merge(value);
        objects.patch(name, &PatchParams::default(), &patch).await.map_err(failure)?;
        return Ok(());
    }
    let object: DynamicObject = serde_json::from_value(value.clone())
        .map_err(|error| Failure::bug(format!("`{name}` does not read as an object: {error}")))?;
    objects.create(&PostParams::default(), &object).await.map_err(failure)?;
    Ok(())
}

/// Makes a new object.
///
/// # Errors
/// What the API refuses, as it says it.
pub async fn create(client: &Client, namespace: &str, value: &Value) -> Result<(), kube::Error> {
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let resource = resource_of(text("/apiVersion"), text("/kind"));
    let objects: Api<DynamicObject> = if text("/kind") == "Namespace" {
        Api::all_with(client.clone(), &resource)
    } else {
        Api::namespaced_with(client.clone(), namespace, &resource)
    };
    let object: DynamicObject =
        serde_json::from_value(value.clone()).map_err(kube::Error::SerdeError)?;
    objects.create(&PostParams::default(), &object).await.map(|_| ())
}

/// The namespace of an environment, made when it is not there.
///
/// # Errors
/// What the API refuses.
pub async fn ensure_namespace(client: &Client, name: &str) -> Result<(), Failure> {
    let value = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
    apply(client, name, &value).await
}

/// Removes a namespace with everything in it, and waits until it is gone.
///
/// # Errors
/// What the API refuses; something in it that does not go in time.
pub async fn remove_namespace(client: &Client, name: &str, limit: Duration) -> Result<(), Failure> {
    let resource = resource_of("v1", "Namespace");
    let namespaces: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
    if namespaces.get_opt(name).await.map_err(failure)?.is_none() {
        return Ok(());
    }
    namespaces.delete(name, &DeleteParams::default()).await.map_err(failure)?;
    let clock = Stopwatch::start();
    while namespaces.get_opt(name).await.map_err(failure)?.is_some() {
        if clock.elapsed() > limit {
            let message = format!("`{name}` is not gone after {} s", limit.as_secs());
            return Err(Failure::usage(
                Diagnostic::error("BOW1010", message)
                    .help("`bowline ls pods` shows what stays; the same command waits again"),
            ));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(())
}

/// Writes the projection of a rollout's state; conflicts are for the next change.
///
/// # Errors
/// What the API refuses.
pub async fn write_rollout_status(
    client: &Client,
    job: &Job,
    status: &Value,
) -> Result<(), Failure> {
    if job.spec.kind != Kind::Rollout {
        return Ok(());
    }
    let resource = resource_of("argoproj.io/v1alpha1", "Rollout");
    let objects: Api<DynamicObject> =
        Api::namespaced_with(client.clone(), &job.namespace, &resource);
    let patch = json!({"status": status});
    objects
        .patch_status(&job.spec.name, &PatchParams::default(), &Patch::Merge(&patch))
        .await
        .map_err(failure)?;
    Ok(())
}

/// The Services of a namespace.
///
/// # Errors
/// What the API refuses.
pub async fn services(
    client: &Client,
    namespace: &str,
) -> Result<Vec<k8s_openapi::api::core::v1::Service>, Failure> {
    let services: Api<k8s_openapi::api::core::v1::Service> =
        Api::namespaced(client.clone(), namespace);
    Ok(services.list(&ListParams::default()).await.map_err(failure)?.items)
}

#[cfg(test)]
mod tests {
    use super::remove_namespace;
    use http::{Request, Response};
    use kube::client::Body;
    use std::convert::Infallible;
    use std::time::Duration;

    /// A cluster in which a namespace never goes, as one with a finalizer that nobody takes away.
    const NAMESPACE: &str =
        r#"{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "prod"}}"#;

    #[tokio::test]
    async fn a_namespace_that_does_not_go_is_not_waited_for_for_ever() {
        let service = tower::service_fn(|_: Request<Body>| async {
            let body = Body::from(NAMESPACE.as_bytes().to_vec());
            Ok::<_, Infallible>(Response::new(body))
        });
        let client = kube::Client::new(service, "prod");
        let ended = remove_namespace(&client, "prod", Duration::ZERO).await;
        let said = ended.expect_err("it is still there").sentence();
        assert!(said.contains("`prod` is not gone"), "{said}");
    }
}
