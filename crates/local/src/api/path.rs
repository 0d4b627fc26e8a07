//! The path of a request: what it is about.

use crate::api::{
    failure::Failure,
    kind::{self, Kind},
    query::decode,
};

/// What a path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Path {
    /// Objects of a kind, or one of them.
    Objects(Target),
    /// `/version`, `/api`, `/apis` and below: no objects.
    Discovery(Vec<String>),
    /// `/healthz`, `/livez`, `/readyz`.
    Health,
}

/// Objects of a kind, or one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The kind.
    pub kind: &'static Kind,
    /// The namespace; empty for all of them or for a kind without namespaces.
    pub namespace: String,
    /// The object's name; `None` for the collection.
    pub name: Option<String>,
    /// Whether it is the `/status` subresource.
    pub status: bool,
}

/// Reads a request's path.
///
/// # Errors
/// 404 that says what is served.
pub fn parse(path: &str) -> Result<Path, Failure> {
    let mut parts = Vec::new();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        parts.push(decode(&part.replace('+', "%2B"))?);
    }
    let words: Vec<&str> = parts.iter().map(String::as_str).collect();
    let (group, version, rest) = match words.as_slice() {
        ["healthz" | "livez" | "readyz"] => return Ok(Path::Health),
        ["version" | "api" | "apis"] | ["api", "v1"] | ["apis", _] | ["apis", _, _] => {
            return Ok(Path::Discovery(parts));
        }
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return Err(Failure::no_such_path(format!("nothing is served at `{path}`"))),
    };
    objects(group, version, rest).map(Path::Objects)
}

fn objects(group: &str, version: &str, rest: &[&str]) -> Result<Target, Failure> {
    let (namespace, plural, rest) = match rest {
        // `/namespaces/<name>` is the namespace itself, with its subresources.
        ["namespaces"] | ["namespaces", _] | ["namespaces", _, "status" | "finalize"] => {
            ("", "namespaces", &rest[1..])
        }
        ["namespaces", namespace, plural, rest @ ..] => (*namespace, *plural, rest),
        [plural, rest @ ..] => ("", *plural, rest),
        [] => return Err(Failure::no_such_path("the path names no kind".to_owned())),
    };
    let kind =
        kind::by_path(group, version, plural).ok_or_else(|| unknown(group, version, plural))?;
    let (name, subresource) = match rest {
        [] => (None, None),
        [name] => (Some((*name).to_owned()), None),
        [name, subresource] => (Some((*name).to_owned()), Some(*subresource)),
        _ => return Err(Failure::no_such_path(format!("`{plural}` has no such subresource"))),
    };
    let status = match subresource {
        None => false,
        Some("status") if kind.status => true,
        Some(other) => {
            let message = format!("{} has no subresource `{other}` here", kind.kind);
            return Err(Failure::no_such_path(message));
        }
    };
    if kind.namespaced && namespace.is_empty() && name.is_some() {
        let message = format!("{} is named below `/namespaces/<namespace>/`", kind.kind);
        return Err(Failure::no_such_path(message));
    }
    if !kind.namespaced && !namespace.is_empty() {
        let message = format!("{} does not live in a namespace", kind.kind);
        return Err(Failure::no_such_path(message));
    }
    Ok(Target { kind, namespace: namespace.to_owned(), name, status })
}

fn unknown(group: &str, version: &str, plural: &str) -> Failure {
    let place = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    let served = kind::served();
    Failure::no_such_path(format!("`{plural}` of `{place}` is not served; served: {served}"))
}

#[cfg(test)]
mod tests {
    use super::{Path, parse};

    #[test]
    fn a_path_names_its_objects() {
        for (path, kind, namespace, name, status) in [
            ("/api/v1/namespaces", "Namespace", "", None, false),
            ("/api/v1/namespaces/shop", "Namespace", "", Some("shop"), false),
            ("/api/v1/namespaces/shop/status", "Namespace", "", Some("shop"), true),
            ("/api/v1/pods", "Pod", "", None, false),
            ("/api/v1/namespaces/shop/pods", "Pod", "shop", None, false),
            ("/api/v1/namespaces/shop/pods/a/status", "Pod", "shop", Some("a"), true),
            ("/apis/apps/v1/namespaces/s/replicasets/r", "ReplicaSet", "s", Some("r"), false),
        ] {
            let Ok(Path::Objects(target)) = parse(path) else { panic!("{path}") };
            assert_eq!(target.kind.kind, kind, "{path}");
            assert_eq!(target.namespace, namespace, "{path}");
            assert_eq!(target.name.as_deref(), name, "{path}");
            assert_eq!(target.status, status, "{path}");
        }
    }

    #[test]
    fn an_unknown_path_is_a_404_that_says_what_is_served() {
        for path in [
            "/apis/batch/v1/namespaces/s/jobs",
            "/api/v1/namespaces/s/pods/a/exec",
            "/api/v1/pods/a",
            "/api/v1/namespaces/s/configmaps/c/status",
            "/api/v2/pods",
            "/other",
        ] {
            let failure = parse(path).expect_err(path);
            assert_eq!((failure.code, failure.reason), (404, "NotFound"), "{path}");
        }
        let failure = parse("/apis/batch/v1/jobs").expect_err("not served");
        assert!(failure.message.contains("argoproj.io/v1alpha1 Rollout"), "{}", failure.message);
    }
}
