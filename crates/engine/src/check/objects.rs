//! The manifests: read, tried in a cluster that holds nothing, and put together as a release
//! would.

use super::{Checked, Setting};
use crate::config::{self, Config};
use crate::failure::Failure;
use crate::kubernetes;
use crate::repository_file;
use bowline_diag::{Diagnose, Diagnostic};
use bowline_host::files;
use bowline_manifest::{File, ImageError, Resource};
use bowline_rollout::spec;
use kube::Client;
use serde_json::Value;
use std::collections::HashSet;
use std::path::Path;

/// Files in a manifest folder, at most.
const MANIFEST_FILES_MAX: usize = 1000;

/// Mistakes of one object that are told, at most.
const MISTAKES_MAX: usize = 100;

/// The namespace in which objects are tried.
const REHEARSAL: &str = "default";

/// What the API puts before its reasons.
const PREFIXES: &[&str] =
    &["Invalid value: ", "Unsupported value: ", "Required value: ", "Forbidden: "];

pub(super) async fn check(
    root: &Path,
    config: &Config,
    setting: &Setting,
    checked: &mut Checked,
) -> Result<(), Failure> {
    let folder = &config.deploy_path;
    let is_folder = match repository_file::is_folder(root, folder) {
        Ok(is_folder) => is_folder,
        Err(failure) => {
            checked.mistakes.extend(failure.diagnostics);
            return Ok(());
        }
    };
    if !is_folder {
        let message = format!("`deploy.path` names `{folder}`, which is not a folder");
        let help = format!("add the folder, or correct `deploy.path` in `{}`", config::FILE);
        checked.mistakes.push(Diagnostic::error("BOW1009", message).help(help));
        return Ok(());
    }
    let mut read = Vec::new();
    let mut unreadable = false;
    for entry in files::walk(root.join(folder), MANIFEST_FILES_MAX)? {
        if !bowline_manifest::is_manifest_file(&entry.relative) {
            continue;
        }
        let path = format!("{folder}/{}", entry.relative);
        match repository_file::text(root, &path) {
            Ok(None) => {}
            Ok(Some(text)) => {
                checked.files.push(path.clone());
                read.push(File { path, text });
            }
            Err(failure) => {
                unreadable = true;
                checked.mistakes.extend(failure.diagnostics);
            }
        }
    }
    // Without all of them nothing true can be said about what they are together.
    if unreadable {
        return Ok(());
    }
    let mut resources = match bowline_manifest::read(&read) {
        Ok(resources) => resources,
        Err(mistakes) => {
            checked.mistakes.extend(mistakes);
            return Ok(());
        }
    };
    // The image is not built yet: any digest shows whether its name is found.
    let digest = bowline_store::digest_of(b"");
    if let Err(error) = bowline_manifest::set_image(&mut resources, &config.image, &digest) {
        checked.mistakes.extend(placed(&resources, &error));
        // One cause, one error: the objects are tried as if the name were right.
        for seen in &error.seen {
            bowline_manifest::set_image(&mut resources, seen, &digest).ok();
        }
    }
    checked.mistakes.extend(put_together(&resources, config));
    for resource in &resources {
        checked.mistakes.extend(tried(&setting.rehearsal, resource).await);
    }
    once_a_line(&mut checked.mistakes);
    Ok(())
}

/// The error of an image's name, at the first container that has another one.
fn placed(resources: &[Resource], error: &ImageError) -> Vec<Diagnostic> {
    const IMAGE: &str = "/spec/template/spec/containers/0/image";
    let other = resources.iter().find(|resource| resource.value.pointer(IMAGE).is_some());
    let at_place = |diagnostic: Diagnostic| match other {
        Some(resource) => {
            let at = resource.error(&diagnostic.code, IMAGE, &*diagnostic.message, "");
            Diagnostic { labels: at.labels, sources: at.sources, ..diagnostic }
        }
        None => diagnostic,
    };
    error.diagnose().into_iter().map(at_place).collect()
}

/// What the objects are to each other: one workload, a Service that selects its pods, the
/// environment's namespace.
fn put_together(resources: &[Resource], config: &Config) -> Vec<Diagnostic> {
    let mut mistakes = Vec::new();
    for resource in resources.iter().filter(|resource| resource.kind != "Namespace") {
        let environments = &config.environments;
        let Some(namespace) = &resource.namespace else { continue };
        if !environments.iter().any(|environment| environment.name == *namespace) {
            let message = format!("{} names the namespace of no environment", resource.title());
            mistakes.push(
                resource
                    .error("BOW1011", "/metadata/namespace", message, "")
                    .help("leave `metadata.namespace` out"),
            );
        }
    }
    let workload = |r: &&Resource| matches!(r.kind.as_str(), "Rollout" | "Deployment");
    let workloads: Vec<&Resource> = resources.iter().filter(workload).collect();
    let [workload] = workloads.as_slice() else {
        let folder = &config.deploy_path;
        let message = match workloads.len() {
            0 => format!("`{folder}` holds no Rollout and no Deployment"),
            many => format!("`{folder}` holds {many} Rollouts and Deployments instead of one"),
        };
        let diagnostic = match workloads.get(1) {
            Some(second) => second.error("BOW1012", "/kind", message, "the second one"),
            None => Diagnostic::error("BOW1012", message),
        };
        mistakes.push(diagnostic.help("one application is one workload: keep exactly one"));
        return mistakes;
    };
    match spec::read(&workload.value) {
        Ok(spec) => {
            let named = spec.strategy.stable_service.as_deref();
            mistakes.extend(service_mistake(resources, workload, named));
        }
        Err(errors) => {
            mistakes.extend(errors.iter().take(MISTAKES_MAX).map(|error| {
                workload
                    .error(error.code, &error.pointer, error.message.clone(), "")
                    .help(error.help.clone())
            }));
            mistakes.extend(too_many(workload, errors.len()));
        }
    }
    mistakes
}

/// Users arrive through a Service that selects the pods, or that the strategy names.
fn service_mistake(
    resources: &[Resource],
    workload: &Resource,
    named: Option<&str>,
) -> Option<Diagnostic> {
    let services: Vec<&Resource> = resources.iter().filter(|r| r.kind == "Service").collect();
    let labels = workload.value.pointer("/spec/template/metadata/labels");
    let selects = |service: &Resource| {
        let selector = service.value.pointer("/spec/selector").and_then(Value::as_object);
        selector.is_some_and(|selector| {
            !selector.is_empty()
                && selector.iter().all(|(k, v)| labels.and_then(|l| l.get(k)) == Some(v))
        })
    };
    let found = match named {
        Some(name) => services.iter().any(|service| service.name == name),
        None => services.iter().any(|service| selects(service)),
    };
    if found {
        return None;
    }
    let message = format!("no Service selects the pods of `{}`", workload.name);
    let help = "add a Service whose selector matches the pod template's labels";
    let diagnostic = match services.first() {
        Some(service) => service.error("BOW1013", "/spec/selector", message, ""),
        None => Diagnostic::error("BOW1013", message),
    };
    Some(diagnostic.help(help))
}

/// What the API refuses of one object.
async fn tried(rehearsal: &Client, resource: &Resource) -> Vec<Diagnostic> {
    let mut value = resource.value.clone();
    if let Some(metadata) = value.pointer_mut("/metadata").and_then(Value::as_object_mut) {
        metadata.remove("namespace");
    }
    let Err(error) = kubernetes::create(rehearsal, REHEARSAL, &value).await else {
        return Vec::new();
    };
    let kube::Error::Api(status) = &error else {
        return kubernetes::failure(error).diagnostics;
    };
    let causes = status.details.iter().flat_map(|details| &details.causes);
    let refused: Vec<Diagnostic> = causes
        .clone()
        .take(MISTAKES_MAX)
        .map(|c| refusal(resource, &c.field, &c.message))
        .collect();
    if !refused.is_empty() {
        return refused.into_iter().chain(too_many(resource, causes.count())).collect();
    }
    if status.code == 404 {
        let message = format!("the cluster does not serve the kind `{}`", resource.kind);
        let help = format!("take the object out of `{}`", resource.file);
        return vec![resource.error("BOW1010", "/kind", message, "").help(help)];
    }
    vec![resource.error("BOW1010", "", status.message.clone(), "")]
}

/// What is said instead of the mistakes beyond the limit: finding their places takes time.
fn too_many(resource: &Resource, count: usize) -> Option<Diagnostic> {
    let more = count.checked_sub(MISTAKES_MAX).filter(|more| *more > 0)?;
    let message = format!("{more} more mistakes of {} are not shown", resource.title());
    Some(resource.error("BOW1010", "", message, "").help("correct the others first"))
}

/// One field that the API refuses, at its place in the file.
fn refusal(resource: &Resource, field: &str, reason: &str) -> Diagnostic {
    let reason = PREFIXES.iter().find_map(|p| reason.strip_prefix(p)).unwrap_or(reason);
    let (reason, help) = match reason.split_once("; did you mean ") {
        Some((reason, near)) => (reason, Some(format!("did you mean {near}"))),
        None => (reason, None),
    };
    let name = field.rsplit('.').next().unwrap_or(field);
    let message = if reason.contains(&format!("`{name}`")) {
        reason.to_owned()
    } else {
        format!("`{name}`: {reason}")
    };
    let pointer = pointer(field);
    let mut diagnostic = resource.error("BOW1010", &pointer, message, "");
    let place = resource.key_place(&pointer);
    if let Some(label) = diagnostic.labels.first_mut() {
        (label.line, label.column, label.length) = (place.line, place.column, place.length);
    }
    diagnostic.help(help.unwrap_or_else(|| format!("correct `{field}`, or take it out")))
}

/// `spec.containers[0].image` as a JSON pointer.
fn pointer(field: &str) -> String {
    let mut pointer = String::new();
    for part in field.split(['.', '[']) {
        pointer.push('/');
        pointer.push_str(part.trim_end_matches(']'));
    }
    pointer
}

/// A line is blamed once: where the rollout's own reader spoke, the API only repeats it.
fn once_a_line(mistakes: &mut Vec<Diagnostic>) {
    let line = |mistake: &Diagnostic| mistake.labels.first().map(|l| (l.file.clone(), l.line));
    let known: HashSet<_> =
        mistakes.iter().filter(|mistake| mistake.code != "BOW1010").filter_map(line).collect();
    mistakes.retain(|mistake| {
        mistake.code != "BOW1010" || !line(mistake).is_some_and(|line| known.contains(&line))
    });
}

#[cfg(test)]
mod tests {
    use super::{pointer, refusal};
    use bowline_manifest::File;

    #[test]
    fn a_refused_field_is_told_at_its_place_with_the_near_name() {
        let text = "apiVersion: v1\nkind: Pod\nmetadata: { name: a }\nspec:\n  containers:\n  \
            - { readynessProbe: {} }\n";
        let file = File { path: "pod.yaml".into(), text: text.into() };
        let resources = bowline_manifest::read(&[file]).expect("it reads");
        let reason =
            "Invalid value: unknown field `readynessProbe`; did you mean `readinessProbe`?";
        let told = refusal(&resources[0], "spec.containers[0].readynessProbe", reason);
        assert_eq!(told.message, "unknown field `readynessProbe`");
        assert_eq!(told.help.as_deref(), Some("did you mean `readinessProbe`?"));
        assert_eq!((told.labels[0].line, told.labels[0].column), (6, 7));
    }

    #[test]
    fn fields_become_pointers() {
        assert_eq!(pointer("spec.containers[0].image"), "/spec/containers/0/image");
        assert_eq!(pointer("kind"), "/kind");
    }
}
