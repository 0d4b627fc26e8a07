//! A resource on its way through the build: its tree, and what it was called before.

use super::id::{Gvk, ResId, split_api_version};
use super::node::{Content, Node, Scalar};
use std::sync::Arc;

/// What a generated object does with one of the same name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Behavior {
    #[default]
    Unspecified,
    Create,
    Replace,
    Merge,
}

/// Namespace (the one that counts), name and kind before a change.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Previous {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) kind: String,
}

/// One resource.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    pub(crate) node: Node,
    pub(crate) file: Arc<str>,
    pub(crate) previous: Vec<Previous>,
    pub(crate) prefixes: Vec<String>,
    pub(crate) suffixes: Vec<String>,
    pub(crate) behavior: Behavior,
    pub(crate) needs_hash: bool,
    /// Names of `vars` that read a field of this resource.
    pub(crate) variables: Vec<String>,
    /// A patch deleted it.
    pub(crate) deleted: bool,
}

/// Annotations that are Kustomize's own and never printed.
const INTERNAL: &[&str] = &[
    "internal.config.kubernetes.io/previousKinds",
    "internal.config.kubernetes.io/previousNames",
    "internal.config.kubernetes.io/prefixes",
    "internal.config.kubernetes.io/suffixes",
    "internal.config.kubernetes.io/previousNamespaces",
    "internal.config.kubernetes.io/allowNameChange",
    "internal.config.kubernetes.io/allowKindChange",
    "internal.config.kubernetes.io/refBy",
    "internal.config.kubernetes.io/generatorBehavior",
    "internal.config.kubernetes.io/needsHashSuffix",
    "internal.config.kubernetes.io/path",
    "internal.config.kubernetes.io/index",
    "internal.config.kubernetes.io/seqindent",
    "internal.config.kubernetes.io/id",
    "internal.config.kubernetes.io/annotations-migration-resource-id",
    "config.kubernetes.io/path",
    "config.kubernetes.io/index",
    "config.k8s.io/id",
];

impl Resource {
    pub(crate) fn new(node: Node, file: Arc<str>) -> Self {
        let needs_hash = node
            .get("metadata")
            .and_then(|meta| meta.get("annotations"))
            .and_then(|map| map.get("internal.config.kubernetes.io/needsHashSuffix"))
            .is_some_and(|value| value.text() == "enabled");
        Self {
            node,
            file,
            previous: Vec::new(),
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            behavior: Behavior::Unspecified,
            needs_hash,
            variables: Vec::new(),
            deleted: false,
        }
    }

    pub(crate) fn kind(&self) -> &str {
        self.node.get("kind").map_or("", Node::text)
    }

    pub(crate) fn api_version(&self) -> &str {
        self.node.get("apiVersion").map_or("", Node::text)
    }

    pub(crate) fn name(&self) -> &str {
        self.meta("name")
    }

    pub(crate) fn namespace(&self) -> &str {
        self.meta("namespace")
    }

    fn meta(&self, key: &str) -> &str {
        let value = self.node.get("metadata").and_then(|meta| meta.get(key));
        value.filter(|value| !value.is_null()).map_or("", Node::text)
    }

    pub(crate) fn gvk(&self) -> Gvk {
        self.gvk_of(self.kind())
    }

    fn gvk_of(&self, kind: &str) -> Gvk {
        let (group, version) = split_api_version(self.api_version());
        Gvk { group: group.to_owned(), version: version.to_owned(), kind: kind.to_owned() }
    }

    pub(crate) fn id(&self) -> ResId {
        ResId {
            gvk: self.gvk(),
            name: self.name().to_owned(),
            namespace: self.namespace().to_owned(),
        }
    }

    /// The current id with the namespace that counts.
    pub(crate) fn effective_id(&self) -> ResId {
        let mut id = self.id();
        let cluster = id.gvk.is_cluster_scoped();
        id.namespace = id.effective_namespace(cluster).to_owned();
        id
    }

    /// Ids before each change, oldest first.
    pub(crate) fn previous_ids(&self) -> impl Iterator<Item = ResId> + '_ {
        self.previous.iter().map(|previous| ResId {
            gvk: self.gvk_of(&previous.kind),
            name: previous.name.clone(),
            namespace: previous.namespace.clone(),
        })
    }

    /// All ids with the namespace that counts, the current one last.
    pub(crate) fn all_ids(&self) -> Vec<ResId> {
        let mut ids: Vec<ResId> = self.previous_ids().collect();
        ids.push(self.effective_id());
        ids
    }

    /// The id of the beginning, with the namespace that counts.
    pub(crate) fn original_id(&self) -> ResId {
        self.previous_ids().next().unwrap_or_else(|| self.effective_id())
    }

    pub(crate) fn store_previous(&mut self) {
        let id = self.effective_id();
        self.previous.push(Previous { namespace: id.namespace, name: id.name, kind: id.gvk.kind });
    }

    pub(crate) fn set_name(&mut self, name: &str) {
        self.node.map_at("metadata").set("name", Scalar::unset(name));
    }

    pub(crate) fn set_kind(&mut self, kind: &str) {
        self.node.set("kind", Scalar::unset(kind));
    }

    pub(crate) fn set_namespace(&mut self, namespace: &str) {
        if namespace.is_empty() {
            if let Some(meta) = self.node.get_mut("metadata") {
                meta.remove("namespace");
            }
        } else {
            self.node.map_at("metadata").set("namespace", Scalar::unset(namespace));
        }
    }

    /// Labels or annotations as texts.
    pub(crate) fn texts(&self, field: &str) -> Vec<(String, String)> {
        let map = self.node.get("metadata").and_then(|meta| meta.get(field));
        let entries = map.map(Node::entries).unwrap_or_default();
        entries.iter().map(|(key, value)| (key.text.clone(), value.text().to_owned())).collect()
    }

    /// Writes labels or annotations anew: all values become text, an empty set goes.
    pub(crate) fn set_texts(&mut self, field: &str, texts: Vec<(String, String)>) {
        let meta = self.node.map_at("metadata");
        meta.remove(field);
        if texts.is_empty() {
            return;
        }
        let entries =
            texts.into_iter().map(|(key, value)| (Scalar::unset(key), Node::string(value)));
        let content = Content::Map(entries.collect());
        meta.put(field, Node { content, at: (0, 0) });
    }

    pub(crate) fn annotation(&self, key: &str) -> Option<&str> {
        let map = self.node.get("metadata").and_then(|meta| meta.get("annotations"))?;
        map.get(key).map(Node::text)
    }

    pub(crate) fn set_annotation(&mut self, key: &str, value: Option<&str>) {
        let mut texts = self.texts("annotations");
        texts.retain(|(known, _)| known != key);
        if let Some(value) = value {
            texts.push((key.to_owned(), value.to_owned()));
        }
        self.set_texts("annotations", texts);
    }

    /// Whether Kustomize would keep notes of its own in the annotations by now.
    pub(crate) fn has_notes(&self) -> bool {
        !self.previous.is_empty()
            || !self.prefixes.is_empty()
            || !self.suffixes.is_empty()
            || self.needs_hash
            || self.behavior != Behavior::Unspecified
    }

    /// Takes Kustomize's own annotations away; the others become text.
    pub(crate) fn drop_notes(&mut self) {
        let mut texts = self.texts("annotations");
        let had_none = texts.is_empty() && !self.has_notes();
        texts.retain(|(key, _)| !INTERNAL.contains(&key.as_str()));
        if !had_none {
            self.set_texts("annotations", texts);
        }
    }
}
