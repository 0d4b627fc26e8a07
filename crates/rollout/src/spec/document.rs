//! The document around the strategy.

use super::field::{Reader, Support, Table, get, type_of};
use super::{Fragment, Kind, RolloutSpec};
use crate::codes;
use crate::error::FieldError;
use crate::limits::REPLICAS_MAX;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

use Support::{Read, Refused, ServerWritten};

const DOCUMENT: Table = &[
    ("apiVersion", Read),
    ("kind", Read),
    ("metadata", Read),
    ("spec", Read),
    ("status", ServerWritten),
];

pub(super) const METADATA: Table = &[
    ("annotations", Read),
    ("creationTimestamp", ServerWritten),
    ("finalizers", Refused("nobody would ever take the finalizer away")),
    ("generateName", Refused("an app needs a name that stays")),
    ("generation", ServerWritten),
    ("labels", Read),
    ("managedFields", ServerWritten),
    ("name", Read),
    ("namespace", Read),
    ("ownerReferences", Refused("the owner would not delete it")),
    ("resourceVersion", ServerWritten),
    ("selfLink", ServerWritten),
    ("uid", ServerWritten),
];

pub(super) const ROLLOUT_SPEC: Table = &[
    ("analysis", Refused("no analysis runs are made, so none are kept")),
    ("minReadySeconds", Read),
    ("paused", Read),
    ("progressDeadlineAbort", Read),
    ("progressDeadlineSeconds", Read),
    ("replicas", Read),
    ("restartAt", Refused("running pods are not restarted by time")),
    ("revisionHistoryLimit", Read),
    ("rollbackWindow", Refused("a rollback takes all steps, or is typed as one")),
    ("selector", Read),
    ("strategy", Read),
    ("template", Read),
    ("workloadRef", Refused("the template of another object is not read; move it here")),
];

const DEPLOYMENT_SPEC: Table = &[
    ("minReadySeconds", Read),
    ("paused", Read),
    ("progressDeadlineSeconds", Read),
    ("replicas", Read),
    ("revisionHistoryLimit", Read),
    ("selector", Read),
    ("strategy", Read),
    ("template", Read),
];

pub(super) const SELECTOR: Table = &[
    ("matchExpressions", Refused("pods are found by `matchLabels` alone")),
    ("matchLabels", Read),
];

const TEMPLATE: Table = &[("metadata", Read), ("spec", Read)];

/// Reads a whole Rollout or Deployment: everything that a deployment needs must be there.
///
/// # Errors
/// All fields that are unknown, not carried out, invalid or missing.
pub fn read(document: &Value) -> Result<RolloutSpec, Vec<FieldError>> {
    let (fragment, mut errors) = parse(document);
    errors.extend(fragment.missing);
    if errors.is_empty() { Ok(*fragment.rest) } else { Err(errors) }
}

/// Reads a Rollout or Deployment that may be a fragment with nothing but a strategy.
///
/// # Errors
/// All fields that are unknown, not carried out or invalid.
pub fn read_fragment(document: &Value) -> Result<Fragment, Vec<FieldError>> {
    let (fragment, errors) = parse(document);
    if errors.is_empty() { Ok(fragment) } else { Err(errors) }
}

fn parse(document: &Value) -> (Fragment, Vec<FieldError>) {
    let mut reader = Reader::default();
    let empty = Map::new();
    let object = reader.object(document, "", DOCUMENT).unwrap_or(&empty);
    let kind = reader.kind(object);
    if kind.is_none() {
        // Another object's fields say nothing about this one.
        let rest = Box::new(RolloutSpec::empty());
        let (name, selector, template, missing) = (None, None, None, Vec::new());
        return (Fragment { name, selector, template, missing, rest }, reader.errors);
    }
    let (name, namespace) = reader.metadata(object);
    let spec = match (kind, get(object, "spec")) {
        (Some(Kind::Rollout), Some(spec)) => reader.object(spec, "/spec", ROLLOUT_SPEC),
        (Some(Kind::Deployment), Some(spec)) => reader.object(spec, "/spec", DEPLOYMENT_SPEC),
        (_, _) => {
            let message = "`spec` is missing, there is nothing to deploy";
            reader.error(codes::MISSING_FIELD, "/spec", message, "write `spec:`");
            None
        }
    };
    let read = spec.is_some();
    let spec = spec.unwrap_or(&empty);
    let selector = reader.selector(spec);
    let template = reader.template(spec, selector.as_ref());
    let strategy = match kind {
        Some(Kind::Rollout) if read => reader.rollout_strategy(spec),
        Some(Kind::Deployment) if read => reader.deployment_strategy(spec),
        Some(_) | None => super::Canary::default(),
    };
    reader.progress_deadline_abort(spec);
    let rest = RolloutSpec {
        kind: kind.unwrap_or(Kind::Rollout),
        name: name.clone().unwrap_or_default(),
        namespace: namespace.unwrap_or_else(|| "default".to_owned()),
        replicas: reader.count(spec, "/spec", "replicas", 1, REPLICAS_MAX),
        selector: selector.clone().unwrap_or_default(),
        template: template.clone().unwrap_or_default(),
        strategy,
        progress_deadline_seconds: reader.deadline(spec),
        revision_history_limit: reader.seconds(spec, "/spec", "revisionHistoryLimit", 10),
        min_ready_seconds: reader.seconds(spec, "/spec", "minReadySeconds", 0),
        paused: reader.bool(spec, "/spec", "paused"),
        notes: std::mem::take(&mut reader.notes),
    };
    let missing = missing(name.as_ref(), get(spec, "selector"), get(spec, "template"));
    (Fragment { name, selector, template, missing, rest: Box::new(rest) }, reader.errors)
}

/// What a deployment needs besides a strategy.
fn missing(
    name: Option<&String>,
    selector: Option<&Value>,
    template: Option<&Value>,
) -> Vec<FieldError> {
    let rows = [
        (
            name.is_none(),
            "/metadata/name",
            "`metadata.name` is missing, the app has no name",
            "write `metadata: {name: my-app}`",
        ),
        (
            selector.is_none(),
            "/spec/selector",
            "`spec.selector` is missing, nobody knows which pods are its own",
            "write `selector: {matchLabels: {app: my-app}}`",
        ),
        (
            template.is_none(),
            "/spec/template",
            "`spec.template` is missing, there is no container to run",
            "write `template:` with the labels of `selector` and a container",
        ),
    ];
    let missing = rows.into_iter().filter(|(missing, ..)| *missing);
    missing
        .map(|(_, pointer, message, help)| FieldError {
            code: codes::MISSING_FIELD,
            pointer: pointer.to_owned(),
            message: message.to_owned(),
            help: help.to_owned(),
        })
        .collect()
}

impl Reader {
    fn kind(&mut self, object: &Map<String, Value>) -> Option<Kind> {
        let word = |key| object.get(key).and_then(Value::as_str).unwrap_or("");
        match (word("apiVersion"), word("kind")) {
            ("argoproj.io/v1alpha1", "Rollout") => Some(Kind::Rollout),
            ("apps/v1", "Deployment") => Some(Kind::Deployment),
            (version, kind) => {
                let message = format!("`{kind}` of `{version}` is not brought out step by step");
                let help = "write `argoproj.io/v1alpha1` `Rollout` or `apps/v1` `Deployment`";
                self.error(codes::NOT_CARRIED_OUT, "/kind", message, help);
                None
            }
        }
    }

    fn metadata(&mut self, object: &Map<String, Value>) -> (Option<String>, Option<String>) {
        let Some(value) = get(object, "metadata") else { return (None, None) };
        let Some(metadata) = self.object(value, "/metadata", METADATA) else {
            return (None, None);
        };
        for key in ["labels", "annotations"] {
            if let Some(value) = get(metadata, key) {
                self.texts(value, &format!("/metadata/{key}"));
            }
        }
        let name = self.text(metadata, "/metadata", "name");
        (name, self.text(metadata, "/metadata", "namespace"))
    }

    /// A map from text to text.
    fn texts(&mut self, value: &Value, pointer: &str) -> BTreeMap<String, String> {
        let Some(object) = value.as_object() else {
            let message = format!("expected names with texts, found {}", type_of(value));
            self.invalid(pointer, message, "write `name: text` lines below it");
            return BTreeMap::new();
        };
        let mut texts = BTreeMap::new();
        for (key, value) in object {
            match value.as_str() {
                Some(text) => {
                    texts.insert(key.clone(), text.to_owned());
                }
                None => {
                    let message = format!("`{key}` is {}, expected text", type_of(value));
                    let help = format!("write it in quotes: `{key}: \"{value}\"`");
                    self.invalid(super::field::join(pointer, key), message, help);
                }
            }
        }
        texts
    }

    fn selector(&mut self, spec: &Map<String, Value>) -> Option<BTreeMap<String, String>> {
        let pointer = "/spec/selector";
        let selector = self.object(get(spec, "selector")?, pointer, SELECTOR)?;
        let before = self.errors.len();
        let labels = match get(selector, "matchLabels") {
            Some(value) => self.texts(value, "/spec/selector/matchLabels"),
            None => BTreeMap::new(),
        };
        if labels.is_empty() && self.errors.len() == before {
            let help = "write `matchLabels: {app: my-app}`";
            self.invalid(pointer, "the selector is empty, it would take every pod", help);
        }
        Some(labels)
    }

    fn template(
        &mut self,
        spec: &Map<String, Value>,
        selector: Option<&BTreeMap<String, String>>,
    ) -> Option<Value> {
        let value = get(spec, "template")?;
        let template = self.object(value, "/spec/template", TEMPLATE)?;
        let containers = value.pointer("/spec/containers").and_then(Value::as_array);
        if get(template, "spec").is_none() || containers.is_none_or(Vec::is_empty) {
            let message = "the template has no container, there is nothing to run";
            self.invalid("/spec/template/spec/containers", message, "write one container");
        }
        for (key, wanted) in selector.into_iter().flatten() {
            let label = value.pointer("/metadata/labels").and_then(|labels| labels.get(key));
            if label.and_then(Value::as_str) != Some(wanted) {
                let message = format!("the selector's `{key}: {wanted}` is no label of the pods");
                let help = format!("write `labels: {{{key}: {wanted}}}` in the template");
                self.invalid("/spec/template/metadata/labels", message, help);
            }
        }
        Some(value.clone())
    }

    fn deadline(&mut self, spec: &Map<String, Value>) -> u32 {
        let key = "progressDeadlineSeconds";
        let seconds = self.seconds(spec, "/spec", key, 600);
        if seconds == 0 {
            let message = format!("`{key}` is 0, every rollout would be taken back at once");
            self.invalid(format!("/spec/{key}"), message, format!("write `{key}: 600`"));
        }
        seconds
    }

    /// Bowline always takes back at the deadline; only an explicit wish for less is refused.
    fn progress_deadline_abort(&mut self, spec: &Map<String, Value>) {
        let key = "progressDeadlineAbort";
        if get(spec, key).is_some() && !self.bool(spec, "/spec", key) {
            let consequence = "at the deadline a rollout is always taken back";
            self.refused(&format!("/spec/{key}"), key, consequence);
        }
    }
}
