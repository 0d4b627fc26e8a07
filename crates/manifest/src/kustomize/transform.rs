//! The transformers of one kustomization, in Kustomize's order.

use super::accumulate::{Build, Gathered};
use super::config::Config;
use super::fail::{Fail, Outcome};
use super::fieldspec::{FieldSpec, Make, apply, merge_all, merge_one, set_entry, set_scalar};
use super::file::Kustomization;
use super::file_parts::{Label, Replica};
use super::id::Gvk;
use super::node::{Node, Scalar, Tag};
use super::origin::{Origin, add_transformation};
use super::resource::Resource;
use super::tree::Loader;
use super::{images, patches, replacements};
use std::collections::{BTreeMap, HashSet};

/// Carries out all transformers.
pub(crate) fn run(
    build: &Build,
    loader: &Loader<'_>,
    kustomization: &Kustomization,
    origin: &Origin,
    gathered: &mut Gathered,
) -> Outcome<()> {
    let file = &kustomization.file;
    let resources = &mut gathered.resources;
    let config = &gathered.config;
    let done = |resources: &mut Vec<Resource>, kind: &str| {
        if build.transformations {
            let text = origin.configured(&kustomization.file_name, kind);
            add_transformation(resources, &text);
        }
        resources.retain(|resource| !resource.deleted);
    };
    patches::run(build, loader, kustomization, resources, &done)?;
    if !kustomization.namespace.is_empty() {
        namespace(resources, &kustomization.namespace, &config.namespace)
            .map_err(|fail| fail.at(file, (1, 1)))?;
        done(resources, "NamespaceTransformer");
    }
    if !kustomization.name_prefix.is_empty() {
        affix(resources, &kustomization.name_prefix, &config.name_prefix, true)?;
        done(resources, "PrefixTransformer");
    }
    if !kustomization.name_suffix.is_empty() {
        affix(resources, &kustomization.name_suffix, &config.name_suffix, false)?;
        done(resources, "SuffixTransformer");
    }
    for label in &kustomization.labels {
        let specs = label_specs(label, config).map_err(|fail| fail.at(file, label.at))?;
        entries(resources, &label.pairs, &specs)?;
        done(resources, "LabelTransformer");
    }
    if !kustomization.labels.is_empty() || !kustomization.common_labels.is_empty() {
        entries(resources, &kustomization.common_labels, &config.common_labels)?;
        done(resources, "LabelTransformer");
    }
    if !kustomization.common_annotations.is_empty() {
        entries(resources, &kustomization.common_annotations, &config.common_annotations)?;
        done(resources, "AnnotationsTransformer");
    }
    patches::run_json(loader, kustomization, resources, &done)?;
    for replica in &kustomization.replicas {
        replicas(resources, replica, &config.replicas).map_err(|fail| fail.at(file, replica.at))?;
        done(resources, "ReplicaCountTransformer");
    }
    for image in &kustomization.images {
        images::run(resources, image, &config.images).map_err(|fail| fail.at(file, image.at))?;
        done(resources, "ImageTagTransformer");
    }
    if !kustomization.replacements.is_empty() {
        replacements::run(loader, kustomization, resources)?;
        done(resources, "ReplacementTransformer");
    }
    Ok(())
}

/// The fields that one entry of `labels` touches.
fn label_specs(label: &Label, config: &Config) -> Outcome<Vec<FieldSpec>> {
    let mut specs = label.fields.clone();
    merge_all(&mut specs, &config.labels)?;
    if label.include_selectors {
        merge_all(&mut specs, &config.common_labels)?;
        return Ok(specs);
    }
    if label.include_templates {
        merge_all(&mut specs, &config.template_labels)?;
    }
    let path = "metadata/labels".to_owned();
    merge_one(&mut specs, &FieldSpec { gvk: Gvk::default(), path, create: true })?;
    Ok(specs)
}

/// Labels or annotations.
pub(crate) fn entries(
    resources: &mut [Resource],
    pairs: &BTreeMap<String, String>,
    specs: &[FieldSpec],
) -> Outcome<()> {
    for resource in resources {
        for (key, value) in pairs {
            for spec in specs {
                apply(resource, spec, Make::Map, &mut |node| set_entry(node, key, value))?;
            }
        }
    }
    Ok(())
}

/// Kinds whose names stay.
fn keeps_name(gvk: &Gvk) -> bool {
    gvk.kind == "CustomResourceDefinition"
        || gvk.kind == "Namespace"
        || (gvk.kind == "APIService" && gvk.group == "apiregistration.k8s.io")
}

fn affix(
    resources: &mut [Resource],
    text: &str,
    specs: &[FieldSpec],
    is_prefix: bool,
) -> Outcome<()> {
    for resource in resources {
        let id = resource.original_id();
        if keeps_name(&id.gvk) {
            continue;
        }
        for spec in specs.iter().filter(|spec| id.gvk.is_selected(&spec.gvk)) {
            if spec.path == "metadata/name" {
                let list = if is_prefix { &mut resource.prefixes } else { &mut resource.suffixes };
                list.push(text.to_owned());
                resource.store_previous();
            }
            apply(resource, spec, Make::Scalar, &mut |node| {
                let old = node.text();
                let new = if is_prefix { format!("{text}{old}") } else { format!("{old}{text}") };
                set_scalar(node, Scalar::unset(new))
            })?;
        }
    }
    Ok(())
}

fn namespace(resources: &mut [Resource], namespace: &str, specs: &[FieldSpec]) -> Outcome<()> {
    let set = |node: &mut Node| set_scalar(node, Scalar::string(namespace));
    let own =
        FieldSpec { gvk: Gvk::default(), path: "metadata/namespace".to_owned(), create: true };
    for resource in resources.iter_mut() {
        resource.store_previous();
        if !resource.gvk().is_cluster_scoped() {
            apply(resource, &own, Make::Scalar, &mut |node| set(node))?;
        }
        let is_binding = |kind: &str| kind == "RoleBinding" || kind == "ClusterRoleBinding";
        let binding = is_binding(resource.kind());
        if binding {
            default_subjects(resource, namespace)?;
        }
        let is_core = resource.api_version() == "v1";
        for spec in specs {
            let skipped = spec.path == "metadata/namespace"
                || (!is_core && spec.path == "metadata/name")
                || (binding && is_binding(&spec.gvk.kind) && spec.path == "subjects/namespace");
            if !skipped {
                apply(resource, spec, Make::Scalar, &mut |node| set(node))?;
            }
        }
    }
    let mut ids = HashSet::with_capacity(resources.len());
    for resource in resources.iter() {
        if !ids.insert(resource.effective_id()) {
            let message =
                format!("the namespace gives two resources the id {}", resource.id().text());
            return Err(Fail::new(message).note(format!("one of them is in {}", resource.file)));
        }
    }
    Ok(())
}

/// The subject `default` of a binding means the service account of the namespace.
fn default_subjects(resource: &mut Resource, namespace: &str) -> Outcome<()> {
    let Some(subjects) = resource.node.get_mut("subjects") else { return Ok(()) };
    let super::node::Content::List(items) = &mut subjects.content else {
        return if subjects.is_null() {
            Ok(())
        } else {
            Err(Fail::new("`subjects` of a binding must be a list"))
        };
    };
    for subject in items {
        if subject.get("name").is_some_and(|name| name.text() == "default") {
            subject.set("namespace", Scalar::string(namespace));
        }
    }
    Ok(())
}

fn replicas(resources: &mut [Resource], replica: &Replica, specs: &[FieldSpec]) -> Outcome<()> {
    let mut found = false;
    for resource in resources {
        let mut names = resource.previous.iter().map(|previous| previous.name.as_str());
        if resource.name() != replica.name && !names.any(|name| name == replica.name) {
            continue;
        }
        let ids = resource.all_ids();
        for spec in specs {
            let fits =
                ids.iter().any(|id| id.name == replica.name && id.gvk.is_selected(&spec.gvk));
            if fits {
                found = true;
                let text = replica.count.to_string();
                let value = Scalar { text, tag: Tag::Int, quoted: false };
                apply(resource, spec, Make::Scalar, &mut |node| set_scalar(node, value.clone()))?;
            }
        }
    }
    if found {
        return Ok(());
    }
    let message = format!("`replicas` names `{}`, and nothing that counts has it", replica.name);
    Err(Fail::new(message))
}
