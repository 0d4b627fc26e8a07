//! Names of resources: group, version, kind, name and namespace.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Group, version and kind; empty parts of a selector match everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Gvk {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
}

/// A resource's name at one point of the build.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct ResId {
    pub(crate) gvk: Gvk,
    pub(crate) name: String,
    pub(crate) namespace: String,
}

/// What stands for the namespace of kinds that have none.
pub(crate) const NO_NAMESPACE: &str = "_non_namespaceable_";

static CLUSTER_SCOPED: LazyLock<HashSet<(&str, &str)>> = LazyLock::new(|| {
    include_str!("data/cluster_scoped.txt")
        .lines()
        .filter_map(|line| line.split_once(' '))
        .collect()
});

/// The kinds of that list, asked first: most kinds are not in it.
static CLUSTER_KINDS: LazyLock<HashSet<&str>> =
    LazyLock::new(|| CLUSTER_SCOPED.iter().map(|(_, kind)| *kind).collect());

/// Group and version of an `apiVersion`.
pub(crate) fn split_api_version(text: &str) -> (&str, &str) {
    text.split_once('/').unwrap_or(("", text))
}

/// The namespace that counts: `default` where none is set.
pub(crate) fn effective(namespace: &str) -> &str {
    if namespace.is_empty() { "default" } else { namespace }
}

impl Gvk {
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    pub(crate) fn is_cluster_scoped(&self) -> bool {
        CLUSTER_KINDS.contains(self.kind.as_str())
            && CLUSTER_SCOPED.contains(&(self.api_version().as_str(), self.kind.as_str()))
    }

    /// Whether `selector` matches; its empty parts match all.
    pub(crate) fn is_selected(&self, selector: &Gvk) -> bool {
        let fits = |mine: &str, wanted: &str| wanted.is_empty() || mine == wanted;
        fits(&self.group, &selector.group)
            && fits(&self.version, &selector.version)
            && fits(&self.kind, &selector.kind)
    }

    /// `Kind.version.group`, as Kustomize names it in messages and sorts by it.
    pub(crate) fn text(&self) -> String {
        let or =
            |text: &str, none: &str| if text.is_empty() { none.into() } else { text.to_owned() };
        let (group, version) = (or(&self.group, "[noGrp]"), or(&self.version, "[noVer]"));
        format!("{}.{version}.{group}", or(&self.kind, "[noKind]"))
    }

    pub(crate) fn sort_text(&self) -> String {
        let or =
            |text: &str, none: &str| if text.is_empty() { none.into() } else { text.to_owned() };
        let (group, version) = (or(&self.group, "~G"), or(&self.version, "~V"));
        format!("{group}_{version}_{}", or(&self.kind, "~K"))
    }
}

impl ResId {
    /// The namespace that counts when ids are compared.
    pub(crate) fn effective_namespace(&self, cluster_scoped: bool) -> &str {
        if cluster_scoped { NO_NAMESPACE } else { effective(&self.namespace) }
    }

    /// For people: `Deployment.v1.apps/web.shop`.
    pub(crate) fn text(&self) -> String {
        let or =
            |text: &str, none: &str| if text.is_empty() { none.into() } else { text.to_owned() };
        let (name, namespace) = (or(&self.name, "[noName]"), or(&self.namespace, "[noNs]"));
        format!("{}/{name}.{namespace}", self.gvk.text())
    }

    pub(crate) fn is_selected_by(&self, selector: &ResId) -> bool {
        (selector.name.is_empty() || selector.name == self.name)
            && (selector.namespace.is_empty()
                || effective(&selector.namespace) == effective(&self.namespace))
            && self.gvk.is_selected(&selector.gvk)
    }

    pub(crate) fn is_empty(&self) -> bool {
        *self == ResId::default()
    }
}
