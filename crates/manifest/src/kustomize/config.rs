//! Which fields the transformers touch: Kustomize's defaults, `configurations` and `crds`.

use super::fail::{Fail, Outcome};
use super::fieldspec::{FieldSpec, merge_all};
use super::id::Gvk;
use super::read::{Reader, limits};
use bowline_yaml::Node;
use std::sync::LazyLock;

/// A kind, and the fields that hold names of its objects.
#[derive(Clone, Debug, Default)]
pub(crate) struct NameReference {
    pub(crate) target: Gvk,
    pub(crate) referrers: Vec<FieldSpec>,
}

/// All field specifications of one build level.
#[derive(Clone, Debug, Default)]
pub(crate) struct Config {
    pub(crate) name_prefix: Vec<FieldSpec>,
    pub(crate) name_suffix: Vec<FieldSpec>,
    pub(crate) namespace: Vec<FieldSpec>,
    pub(crate) common_labels: Vec<FieldSpec>,
    pub(crate) labels: Vec<FieldSpec>,
    pub(crate) template_labels: Vec<FieldSpec>,
    pub(crate) common_annotations: Vec<FieldSpec>,
    pub(crate) name_reference: Vec<NameReference>,
    pub(crate) var_reference: Vec<FieldSpec>,
    pub(crate) images: Vec<FieldSpec>,
    pub(crate) replicas: Vec<FieldSpec>,
}

static DEFAULTS: LazyLock<Config> = LazyLock::new(|| {
    let text = include_str!("data/field_specs.yaml");
    Config::parse(text, "field_specs.yaml")
        .expect("the built-in table is well-formed, tests read it")
});

const FIELDS: &[&str] = &[
    "namePrefix",
    "nameSuffix",
    "namespace",
    "commonLabels",
    "labels",
    "templateLabels",
    "commonAnnotations",
    "nameReference",
    "varReference",
    "images",
    "replicas",
];

impl Config {
    pub(crate) fn defaults() -> &'static Config {
        &DEFAULTS
    }

    /// Reads a file of `configurations`.
    pub(crate) fn parse(text: &str, file: &str) -> Outcome<Config> {
        let documents = bowline_yaml::parse_documents(text, &limits())
            .map_err(|error| Fail::yaml(&error, file))?;
        let mut config = Config::default();
        let Some(root) = documents.first() else { return Ok(config) };
        let reader = Reader { file };
        for (name, node) in reader.fields(root, FIELDS)? {
            if name == "nameReference" {
                let items = reader.list(node)?.iter();
                config.name_reference =
                    items.map(|item| name_reference(reader, item)).collect::<Outcome<_>>()?;
            } else if let Some(list) = config.list_mut(name) {
                *list = field_specs(reader, node)?;
            }
        }
        config.sort();
        Ok(config)
    }

    fn list_mut(&mut self, name: &str) -> Option<&mut Vec<FieldSpec>> {
        Some(match name {
            "namePrefix" => &mut self.name_prefix,
            "nameSuffix" => &mut self.name_suffix,
            "namespace" => &mut self.namespace,
            "commonLabels" => &mut self.common_labels,
            "labels" => &mut self.labels,
            "templateLabels" => &mut self.template_labels,
            "commonAnnotations" => &mut self.common_annotations,
            "varReference" => &mut self.var_reference,
            "images" => &mut self.images,
            "replicas" => &mut self.replicas,
            _ => return None,
        })
    }

    /// Adds what `other` has more.
    pub(crate) fn merge(&mut self, other: &Config) -> Outcome<()> {
        merge_all(&mut self.name_prefix, &other.name_prefix)?;
        merge_all(&mut self.name_suffix, &other.name_suffix)?;
        merge_all(&mut self.namespace, &other.namespace)?;
        merge_all(&mut self.common_annotations, &other.common_annotations)?;
        merge_all(&mut self.common_labels, &other.common_labels)?;
        merge_all(&mut self.labels, &other.labels)?;
        merge_all(&mut self.template_labels, &other.template_labels)?;
        merge_all(&mut self.var_reference, &other.var_reference)?;
        merge_all(&mut self.images, &other.images)?;
        merge_all(&mut self.replicas, &other.replicas)?;
        for new in &other.name_reference {
            self.add_reference(new)?;
        }
        self.sort();
        Ok(())
    }

    pub(crate) fn add_reference(&mut self, new: &NameReference) -> Outcome<()> {
        match self.name_reference.iter_mut().find(|old| old.target == new.target) {
            Some(old) => merge_all(&mut old.referrers, &new.referrers),
            None => {
                self.name_reference.push(new.clone());
                Ok(())
            }
        }
    }

    fn sort(&mut self) {
        for list in [
            &mut self.name_prefix,
            &mut self.name_suffix,
            &mut self.namespace,
            &mut self.common_labels,
            &mut self.labels,
            &mut self.template_labels,
            &mut self.common_annotations,
            &mut self.var_reference,
            &mut self.images,
            &mut self.replicas,
        ] {
            list.sort_by_cached_key(|spec| super::sort::rank(&spec.gvk));
        }
        self.name_reference.sort_by_cached_key(|reference| super::sort::rank(&reference.target));
    }
}

/// A list of field specifications.
pub(crate) fn field_specs(reader: Reader<'_>, node: &Node) -> Outcome<Vec<FieldSpec>> {
    reader.list(node)?.iter().map(|item| field_spec(reader, item)).collect()
}

fn field_spec(reader: Reader<'_>, node: &Node) -> Outcome<FieldSpec> {
    let mut spec = FieldSpec::default();
    for (name, value) in reader.fields(node, &["group", "version", "kind", "path", "create"])? {
        match name {
            "group" => spec.gvk.group = reader.text(value)?,
            "version" => spec.gvk.version = reader.text(value)?,
            "kind" => spec.gvk.kind = reader.text(value)?,
            "path" => spec.path = reader.text(value)?,
            _ => spec.create = reader.flag(value)?,
        }
    }
    Ok(spec)
}

fn name_reference(reader: Reader<'_>, node: &Node) -> Outcome<NameReference> {
    let mut reference = NameReference::default();
    for (name, value) in reader.fields(node, &["group", "version", "kind", "fieldSpecs"])? {
        match name {
            "group" => reference.target.group = reader.text(value)?,
            "version" => reference.target.version = reader.text(value)?,
            "kind" => reference.target.kind = reader.text(value)?,
            _ => reference.referrers = field_specs(reader, value)?,
        }
    }
    Ok(reference)
}

/// Reads a file of `crds`: OpenAPI definitions whose extensions name annotations, labels,
/// names and references.
pub(crate) fn from_crds(text: &str, file: &str) -> Outcome<Config> {
    let documents =
        bowline_yaml::parse_documents(text, &limits()).map_err(|error| Fail::yaml(&error, file))?;
    let mut config = Config::default();
    let Some(root) = documents.first() else { return Ok(config) };
    let reader = Reader { file };
    for (name, definition) in reader.entries(root)? {
        let properties = properties(definition);
        let is_object = ["kind", "apiVersion", "metadata"]
            .iter()
            .all(|needed| properties.iter().any(|(key, _)| key.as_str() == Some(needed)));
        if !is_object {
            continue;
        }
        let name = name.as_str().unwrap_or_default();
        let kind = name.rsplit('.').next().unwrap_or_default().to_owned();
        let gvk = Gvk { kind, ..Gvk::default() };
        crd_fields(&mut config, &gvk, root, name, &mut Vec::new())?;
    }
    Ok(config)
}

fn properties(definition: &Node) -> &[(Node, Node)] {
    let schema = definition.get("Schema").or_else(|| definition.get("schema"));
    let properties = schema.and_then(|schema| schema.get("properties"));
    properties.and_then(Node::as_mapping).unwrap_or_default()
}

fn crd_fields(
    config: &mut Config,
    gvk: &Gvk,
    root: &Node,
    definition: &str,
    path: &mut Vec<String>,
) -> Outcome<()> {
    if path.len() > crate::limits::OVERLAY_SCHEMA_DEPTH_MAX {
        return Err(Fail::new(format!("the definition `{definition}` contains itself")));
    }
    let Some(api) = root.get(definition) else { return Ok(()) };
    for (key, property) in properties(api) {
        path.push(key.as_str().unwrap_or_default().to_owned());
        let spec = FieldSpec { gvk: gvk.clone(), path: path.join("/"), create: false };
        let extension = |name: &str| property.get(name).and_then(Node::as_str);
        if extension("x-kubernetes-annotation").is_some() {
            merge_all(&mut config.common_annotations, std::slice::from_ref(&spec))?;
        }
        if extension("x-kubernetes-label-selector").is_some() {
            merge_all(&mut config.common_labels, std::slice::from_ref(&spec))?;
        }
        if extension("x-kubernetes-identity").is_some() {
            merge_all(&mut config.name_prefix, std::slice::from_ref(&spec))?;
        }
        if let Some(version) = extension("x-kubernetes-object-ref-api-version")
            && let Some(kind) = extension("x-kubernetes-object-ref-kind")
        {
            let field = extension("x-kubernetes-object-ref-name-key").unwrap_or("name");
            let referrer = FieldSpec { path: format!("{}/{field}", spec.path), ..spec };
            let target = Gvk { group: String::new(), version: version.into(), kind: kind.into() };
            config.add_reference(&NameReference { target, referrers: vec![referrer] })?;
        }
        if let Some(reference) = extension("$ref") {
            crd_fields(config, gvk, root, reference, path)?;
        }
        path.pop();
    }
    Ok(())
}
