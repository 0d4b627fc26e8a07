//! The order of the output.

use super::id::Gvk;
use super::resource::Resource;
use std::cmp::Reverse;

/// Kinds that come first, in order.
const FIRST: &[&str] = &[
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];
/// Kinds that come last, in order.
const LAST: &[&str] = &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/// How the output is sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Fifo,
    Legacy { first: Vec<String>, last: Vec<String> },
}

impl Order {
    pub(crate) fn legacy() -> Self {
        let owned = |kinds: &[&str]| kinds.iter().map(|kind| (*kind).to_owned()).collect();
        Self::Legacy { first: owned(FIRST), last: owned(LAST) }
    }
}

/// Where a kind stands among field specifications.
pub(crate) fn rank(gvk: &Gvk) -> (i64, String) {
    (place(&gvk.kind, FIRST, LAST), gvk.sort_text())
}

fn place<S: AsRef<str>>(kind: &str, first: &[S], last: &[S]) -> i64 {
    let at = |list: &[S]| list.iter().rposition(|known| known.as_ref() == kind).map(|at| at as i64);
    match (at(last), at(first)) {
        (Some(at), _) => 1 + at,
        (None, Some(at)) => at - first.len() as i64,
        (None, None) => 0,
    }
}

/// Sorts in Kustomize's legacy order; nothing to do for first-in-first-out.
pub(crate) fn sort(resources: &mut [Resource], order: &Order) {
    let Order::Legacy { first, last } = order else { return };
    resources.sort_by_cached_key(|resource| {
        let id = resource.id();
        let or =
            |text: &str, none: &str| if text.is_empty() { none.into() } else { text.to_owned() };
        let text = id.gvk.sort_text();
        // Two kinds called Namespace stand the other way round.
        let reverse = id.gvk.kind == "Namespace";
        let (up, down) = if reverse { (String::new(), Some(Reverse(text))) } else { (text, None) };
        let names = format!("{}|{}|{}", id.gvk.text(), or(&id.namespace, "~X"), or(&id.name, "~N"));
        (place(&id.gvk.kind, first, last), up, down, names)
    });
}
