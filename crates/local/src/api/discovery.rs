//! `/version`, `/api`, `/apis`: what is served, for clients that ask first.

use crate::api::{
    failure::Failure,
    kind::{KINDS, Kind, served},
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The verbs of every kind.
const VERBS: [&str; 8] =
    ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

/// Answers a discovery path, given as its words.
///
/// # Errors
/// 404 for a group or version that is not served.
pub fn answer(words: &[String]) -> Result<Value, Failure> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["version"] => Ok(version()),
        ["api"] => Ok(json!({
            "kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [],
        })),
        ["apis"] => {
            let names: BTreeSet<(&str, &str)> = KINDS
                .iter()
                .filter(|kind| !kind.group.is_empty())
                .map(|kind| (kind.group, kind.version))
                .collect();
            let groups: Vec<Value> = names.iter().map(|(name, v)| group(name, v)).collect();
            Ok(json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}))
        }
        ["apis", name] => KINDS
            .iter()
            .find(|kind| kind.group == *name && !name.is_empty())
            .map(|kind| {
                let mut group = group(kind.group, kind.version);
                group["kind"] = json!("APIGroup");
                group["apiVersion"] = json!("v1");
                group
            })
            .ok_or_else(|| unknown(name)),
        ["api", version] => resources("", version),
        ["apis", name, version] => resources(name, version),
        _ => Err(unknown(&words.join("/"))),
    }
}

fn unknown(what: &str) -> Failure {
    Failure::no_such_path(format!("`{what}` is not served; served: {}", served()))
}

fn version() -> Value {
    let own = env!("CARGO_PKG_VERSION");
    json!({
        "major": "1", "minor": "37", "gitVersion": format!("v1.37.0+bowline.{own}"),
        "gitCommit": "", "gitTreeState": "clean", "buildDate": "1980-01-01T00:00:00Z",
        "goVersion": "", "compiler": "rustc", "platform": "linux/amd64",
    })
}

fn group(name: &str, version: &str) -> Value {
    let both = json!({"groupVersion": format!("{name}/{version}"), "version": version});
    json!({"name": name, "versions": [both], "preferredVersion": both})
}

fn resources(group: &str, version: &str) -> Result<Value, Failure> {
    let kinds: Vec<&Kind> =
        KINDS.iter().filter(|kind| kind.group == group && kind.version == version).collect();
    let Some(first) = kinds.first() else {
        return Err(unknown(&format!("{group}/{version}")));
    };
    let group_version = first.api_version();
    let mut list = Vec::new();
    for kind in kinds {
        list.push(json!({
            "name": kind.plural, "singularName": kind.kind.to_lowercase(), "kind": kind.kind,
            "namespaced": kind.namespaced, "shortNames": kind.short_names, "verbs": VERBS,
        }));
        if kind.status {
            list.push(json!({
                "name": format!("{}/status", kind.plural), "singularName": "",
                "kind": kind.kind, "namespaced": kind.namespaced,
                "verbs": ["get", "patch", "update"],
            }));
        }
    }
    Ok(json!({
        "kind": "APIResourceList", "apiVersion": "v1",
        "groupVersion": group_version, "resources": list,
    }))
}
