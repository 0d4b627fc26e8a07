//! The law of edges: base ← stages ← shell, read from `cargo metadata`.

use serde_json::Value;
use std::path::Path;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layer {
    Base,
    Stage,
    Shell,
    Tool,
}

/// Every crate of the house with its layer, in the order in which a commit meets them.
const CRATES: &[(&str, Layer)] = &[
    ("model", Layer::Base),
    ("diag", Layer::Base),
    ("yaml", Layer::Base),
    ("host", Layer::Base),
    ("sandbox", Layer::Base),
    ("journal", Layer::Base),
    ("store", Layer::Base),
    ("oci", Layer::Base),
    ("source", Layer::Stage),
    ("workflow", Layer::Stage),
    ("runner", Layer::Stage),
    ("image", Layer::Stage),
    ("gate", Layer::Stage),
    ("record", Layer::Stage),
    ("manifest", Layer::Stage),
    ("rollout", Layer::Stage),
    ("traffic", Layer::Stage),
    ("local", Layer::Shell),
    ("engine", Layer::Shell),
    ("bowline", Layer::Shell),
    ("testkit", Layer::Tool),
];

/// Edges inside a layer; every one that is not here is refused.
const ALLOWED: &[(&str, &str)] = &[
    // Every base crate may speak of nouns and tell its errors.
    ("diag", "model"),
    ("yaml", "diag"),
    ("host", "model"),
    ("host", "diag"),
    ("sandbox", "model"),
    ("sandbox", "diag"),
    ("sandbox", "host"),
    ("journal", "model"),
    ("journal", "diag"),
    ("journal", "host"),
    ("store", "model"),
    ("store", "diag"),
    ("store", "host"),
    ("oci", "model"),
    ("oci", "diag"),
    ("oci", "host"),
    ("oci", "store"),
    // The one exception between stages: jobs are carried out as the language says.
    ("runner", "workflow"),
    // The command line puts the house together.
    ("bowline", "engine"),
    ("bowline", "local"),
];

/// Crates of the functional core: no runtime, no network, no files.
const PURE: &[&str] =
    &["model", "diag", "yaml", "workflow", "gate", "record", "manifest", "rollout"];

/// What a pure crate may not name.
const IMPURE: &[&str] =
    &["tokio", "hyper", "rustix", "rusqlite", "bowline-host", "bowline-sandbox"];

/// Findings of the whole workspace.
pub fn check(root: &Path) -> Result<Vec<String>, String> {
    let output = crate::cargo()
        .args(["metadata", "--format-version", "1", "--no-deps", "--locked"])
        .current_dir(root)
        .output()
        .map_err(|error| format!("cargo does not start: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let metadata: Value = serde_json::from_slice(&output.stdout).map_err(|e| e.to_string())?;
    let packages = metadata["packages"].as_array().map_or(&[][..], Vec::as_slice);
    Ok(packages.iter().flat_map(findings).collect())
}

fn findings(package: &Value) -> Vec<String> {
    let name = package["name"].as_str().unwrap_or_default();
    let short = name.strip_prefix("bowline-").unwrap_or(name);
    if short == "xtask" {
        return Vec::new();
    }
    let place = format!("crates/{short}/Cargo.toml:1");
    let Some(layer) = layer(short) else {
        return vec![format!("{place}: `{short}` stands in no layer: add it to tidy/edges.rs")];
    };
    let dependencies = package["dependencies"].as_array().map_or(&[][..], Vec::as_slice);
    let mut findings = Vec::new();
    for dependency in dependencies.iter().filter(|d| d["kind"].is_null()) {
        let target = dependency["name"].as_str().unwrap_or_default();
        if PURE.contains(&short) && IMPURE.contains(&target) {
            findings.push(format!("{place}: `{short}` is pure and must not depend on `{target}`"));
        }
        let Some(to) = target.strip_prefix("bowline-") else { continue };
        if !allowed(short, layer, to) {
            findings.push(format!("{place}: the law of edges forbids `{short}` → `{to}`"));
        }
    }
    findings
}

fn layer(name: &str) -> Option<Layer> {
    CRATES.iter().find(|(known, _)| *known == name).map(|(_, layer)| *layer)
}

fn allowed(from: &str, layer_from: Layer, to: &str) -> bool {
    let Some(layer_to) = layer(to) else { return false };
    let downwards = match layer_from {
        Layer::Base => false,
        Layer::Stage | Layer::Tool => layer_to == Layer::Base,
        Layer::Shell => matches!(layer_to, Layer::Base | Layer::Stage),
    };
    downwards || ALLOWED.contains(&(from, to))
}

/// The crates of the house, for the other checks.
pub fn crates() -> impl Iterator<Item = &'static str> {
    CRATES.iter().map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::findings;
    use serde_json::json;

    #[test]
    fn forbidden_edges_are_found_and_allowed_ones_are_not() {
        let package = |name: &str, to: &str| json!({"name": name, "dependencies": [{"name": to, "kind": null}]});
        for (from, to, count) in [
            ("bowline-gate", "bowline-image", 1),
            ("bowline-host", "bowline-engine", 1),
            ("bowline-gate", "tokio", 1),
            ("bowline-new", "serde", 1),
            ("bowline-runner", "bowline-workflow", 0),
            ("bowline-engine", "bowline-gate", 0),
            ("bowline", "bowline-local", 0),
            ("bowline-engine", "bowline-local", 1),
        ] {
            assert_eq!(findings(&package(from, to)).len(), count, "{from} → {to}");
        }
    }
}
