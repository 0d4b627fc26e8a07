//! `metadata`: names, labels, annotations, owners.

use super::shape::{Shape, check, invalid, needs, takes};
use crate::api::{failure::Cause, kind::Kind};
use serde_json::Value;

const METADATA: Shape = Shape::Object(&[
    takes("name", Shape::Text),
    takes("generateName", Shape::Text),
    takes("namespace", Shape::Text),
    takes("labels", Shape::TextMap),
    takes("annotations", Shape::TextMap),
    takes("ownerReferences", Shape::List(&OWNER)),
    takes("finalizers", Shape::List(&Shape::Text)),
    takes("resourceVersion", Shape::Text),
    takes("uid", Shape::Text),
    takes("creationTimestamp", Shape::Text),
    takes("deletionTimestamp", Shape::Text),
    takes("deletionGracePeriodSeconds", Shape::Integer(0, i64::MAX)),
    takes("generation", Shape::Integer(0, i64::MAX)),
    takes("managedFields", Shape::Any),
    takes("selfLink", Shape::Text),
]);

const OWNER: Shape = Shape::Object(&[
    needs("apiVersion", Shape::Text),
    needs("kind", Shape::Text),
    needs("name", Shape::Text),
    needs("uid", Shape::Text),
    takes("controller", Shape::Flag),
    takes("blockOwnerDeletion", Shape::Flag),
]);

/// Checks `metadata` of an object, or of a template (`template`: it needs no name).
pub fn check_metadata(
    kind: &Kind,
    metadata: &Value,
    path: &str,
    template: bool,
    causes: &mut Vec<Cause>,
) {
    check(&METADATA, metadata, path, causes);
    let name = metadata["name"].as_str();
    if let Some(name) = name.filter(|_| !template)
        && let Some(wrong) = name_fault(kind, name)
    {
        causes.push(invalid(&format!("{path}.name"), format!("{name:?}: {wrong}")));
    }
    for (key, value) in metadata["labels"].as_object().into_iter().flatten() {
        let path = format!("{path}.labels");
        if let Some(wrong) = key_fault(key) {
            causes.push(invalid(&path, format!("{key:?}: {wrong}")));
        }
        if let Some(wrong) = value.as_str().and_then(label_value_fault) {
            causes.push(invalid(&path, format!("{value}: {wrong}")));
        }
    }
    for key in metadata["annotations"].as_object().into_iter().flatten().map(|(key, _)| key) {
        if let Some(wrong) = key_fault(key) {
            causes.push(invalid(&format!("{path}.annotations"), format!("{key:?}: {wrong}")));
        }
    }
}

/// RFC 1123: a label for namespaces and services, a subdomain for the rest.
fn name_fault(kind: &Kind, name: &str) -> Option<&'static str> {
    let label = matches!(kind.kind, "Namespace" | "Service");
    let length_max = if label { 63 } else { 253 };
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let inside = |b: u8| plain(b) || b == b'-' || (!label && b == b'.');
    let (first, last) = (name.bytes().next()?, name.bytes().next_back()?);
    if name.len() > length_max {
        return Some("too long");
    }
    let fits = plain(first) && plain(last) && name.bytes().all(inside) && !name.contains("..");
    (!fits).then_some("lower-case letters, digits and `-`, beginning and ending with no `-`")
}

/// `name` or `prefix/name` of a label or annotation.
fn key_fault(key: &str) -> Option<&'static str> {
    let (prefix, name) = key.rsplit_once('/').unwrap_or(("", key));
    if name.is_empty() || name.len() > 63 || prefix.len() > 253 || prefix.contains('/') {
        return Some("must be `name` or `prefix/name` of at most 63 and 253 characters");
    }
    label_value_fault(name)
}

fn label_value_fault(value: &str) -> Option<&'static str> {
    let edge = |b: Option<u8>| b.is_none_or(|b| b.is_ascii_alphanumeric());
    let inside = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    let fits = value.len() <= 63
        && edge(value.bytes().next())
        && edge(value.bytes().next_back())
        && value.bytes().all(inside);
    (!fits).then_some("at most 63 letters, digits, `-`, `_`, `.`, beginning and ending with one")
}

#[cfg(test)]
mod tests {
    use super::check_metadata;
    use crate::api::kind::by_name;
    use serde_json::json;

    #[test]
    fn names_and_labels_are_those_of_kubernetes() {
        for (metadata, faults) in [
            (json!({"name": "a-1.b", "labels": {"app.kubernetes.io/name": "Web_1"}}), 0),
            (json!({"name": "A"}), 1),
            (json!({"name": "-a"}), 1),
            (json!({"name": "../etc"}), 1),
            (json!({"name": "a", "labels": {"a b": "c"}}), 1),
            (json!({"name": "a", "labels": {"a": "-"}}), 1),
            (json!({"name": "a", "labels": {"a": 1}}), 1),
            (json!({"name": "a", "label": {}}), 1),
            (json!({"name": "a", "ownerReferences": [{"kind": "Pod"}]}), 3),
        ] {
            let mut causes = Vec::new();
            check_metadata(by_name("Pod"), &metadata, "metadata", false, &mut causes);
            assert_eq!(causes.len(), faults, "{metadata}: {causes:?}");
        }
    }
}
