//! The kinds that this cluster serves: one row each, read by paths, discovery and admission.

/// One served kind.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind {
    /// The API group; empty for the core group.
    pub group: &'static str,
    /// The only served version.
    pub version: &'static str,
    /// The plural word of the path.
    pub plural: &'static str,
    /// The kind as objects spell it.
    pub kind: &'static str,
    /// What `kubectl` takes as an abbreviation.
    pub short_names: &'static [&'static str],
    /// Whether objects live in a namespace.
    pub namespaced: bool,
    /// Whether there is a `/status` subresource.
    pub status: bool,
}

/// Every kind.
pub const KINDS: &[Kind] = &[
    core("namespaces", "Namespace", &["ns"], false, true),
    core("pods", "Pod", &["po"], true, true),
    core("services", "Service", &["svc"], true, true),
    core("configmaps", "ConfigMap", &["cm"], true, false),
    core("secrets", "Secret", &[], true, false),
    core("events", "Event", &["ev"], true, false),
    grouped("apps", "v1", "replicasets", "ReplicaSet", &["rs"]),
    grouped("apps", "v1", "deployments", "Deployment", &["deploy"]),
    grouped("argoproj.io", "v1alpha1", "rollouts", "Rollout", &["ro"]),
];

const fn core(
    plural: &'static str,
    kind: &'static str,
    short_names: &'static [&'static str],
    namespaced: bool,
    status: bool,
) -> Kind {
    Kind { group: "", version: "v1", plural, kind, short_names, namespaced, status }
}

const fn grouped(
    group: &'static str,
    version: &'static str,
    plural: &'static str,
    kind: &'static str,
    short_names: &'static [&'static str],
) -> Kind {
    Kind { group, version, plural, kind, short_names, namespaced: true, status: true }
}

impl Kind {
    /// `v1`, `apps/v1`.
    #[must_use]
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_owned()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// `pods`, `replicasets.apps`: how error messages name the resource.
    #[must_use]
    pub fn resource(&self) -> String {
        if self.group.is_empty() {
            self.plural.to_owned()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }
}

/// The kind of a path's group, version and plural word.
#[must_use]
pub fn by_path(group: &str, version: &str, plural: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|k| k.group == group && k.version == version && k.plural == plural)
}

/// The kind of the name `kind`; every served name is unique.
#[must_use]
pub fn by_name(kind: &str) -> &'static Kind {
    KINDS.iter().find(|k| k.kind == kind).expect("callers name a row of the table")
}

/// The stored spelling `group/plural` back to its row.
#[must_use]
pub fn by_stored(stored: &str) -> Option<&'static Kind> {
    let (group, plural) = stored.split_once('/')?;
    KINDS.iter().find(|k| k.group == group && k.plural == plural)
}

/// All served kinds, for the message of a 404.
#[must_use]
pub fn served() -> String {
    let names: Vec<String> =
        KINDS.iter().map(|k| format!("{} {}", k.api_version(), k.kind)).collect();
    names.join(", ")
}
