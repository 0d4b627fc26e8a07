//! How much YAML is read, and which readings of it are asked for.

/// Limits and options of one parse. The defaults are those of a workflow file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The whole text, in bytes.
    pub bytes_max: usize,
    /// Nodes over all documents, expanded aliases included.
    pub nodes_max: usize,
    /// Parse events over all documents, expanded aliases included.
    pub events_max: usize,
    /// Collections inside one another.
    pub depth_max: usize,
    /// Keys that differ only in case are duplicates too.
    pub keys_ignore_case: bool,
    /// A key may stand twice in a mapping, as Go's parsers have it; both entries are kept, and
    /// [`crate::Node::get`] finds the last one.
    pub duplicate_keys: bool,
    /// `<<: *base` copies the keys of `base` (YAML 1.1, Kubernetes manifests).
    pub merge_keys: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes_max: BYTES_MAX,
            nodes_max: NODES_MAX,
            events_max: EVENTS_MAX,
            depth_max: DEPTH_MAX,
            keys_ignore_case: false,
            duplicate_keys: false,
            merge_keys: false,
        }
    }
}

impl Limits {
    /// For manifests: larger files, merge keys as Go's parsers read them.
    #[must_use]
    pub fn manifests() -> Self {
        Self {
            bytes_max: MANIFEST_BYTES_MAX,
            nodes_max: MANIFEST_NODES_MAX,
            events_max: MANIFEST_EVENTS_MAX,
            depth_max: MANIFEST_DEPTH_MAX,
            keys_ignore_case: false,
            duplicate_keys: false,
            merge_keys: true,
        }
    }
}

impl Limits {
    /// For what Helm and Kustomize read: duplicate keys and `<<` are kept in the tree, because
    /// their meaning depends on the order in which go-yaml meets them.
    #[must_use]
    pub fn charts() -> Self {
        Self {
            depth_max: CHART_DEPTH_MAX,
            duplicate_keys: true,
            merge_keys: false,
            ..Self::manifests()
        }
    }
}

/// GitHub's limit for a workflow file.
const BYTES_MAX: usize = 1 << 20;
/// GitHub's limit of YAML nodes.
const NODES_MAX: usize = 50_000;
/// GitHub's limit of parse events.
const EVENTS_MAX: usize = 1_000_000;
/// GitHub's limit of depth.
const DEPTH_MAX: usize = 50;
/// Custom resource definitions reach some megabytes.
const MANIFEST_BYTES_MAX: usize = 16 << 20;
/// A tree of as many nodes takes about 100 MB.
const MANIFEST_NODES_MAX: usize = 200_000;
const MANIFEST_EVENTS_MAX: usize = 1_000_000;
const MANIFEST_DEPTH_MAX: usize = 200;
/// Schemas of custom resources nest deeply.
const CHART_DEPTH_MAX: usize = 1_000;
