//! `patchesStrategicMerge`, `patches` and `patchesJson6902`.

use super::accumulate::Build;
use super::fail::{Fail, Outcome};
use super::file::{Kustomization, Spot};
use super::file_parts::Patch;
use super::json_patch::{self, Operation};
use super::load;
use super::merge::{Merged, merge};
use super::node::Node;
use super::resource::Resource;
use super::selector::{Index, select};
use super::tree::Loader;
use serde_json::Value;
use std::collections::HashSet;

type Done<'d> = dyn Fn(&mut Vec<Resource>, &str) + 'd;

/// The first two kinds of patches, which come before all other transformers.
pub(crate) fn run(
    build: &Build,
    loader: &Loader<'_>,
    kustomization: &Kustomization,
    resources: &mut Vec<Resource>,
    done: &Done<'_>,
) -> Outcome<()> {
    let file = &kustomization.file;
    let mut patcher = Patcher { build, index: None };
    if !kustomization.patches_strategic.is_empty() {
        for spot in &kustomization.patches_strategic {
            let at = |fail: Box<Fail>| fail.at(file, spot.at);
            for patch in load_strategic(loader, spot, file).map_err(at)? {
                patcher.apply_by_id(resources, &patch, false, false).map_err(at)?;
            }
        }
        patcher.finish(resources, done, "PatchStrategicMergeTransformer");
    }
    for patch in &kustomization.patches {
        let at = |fail: Box<Fail>| fail.at(file, patch.at);
        patcher.apply(loader, file, resources, patch).map_err(at)?;
        patcher.finish(resources, done, "PatchTransformer");
    }
    Ok(())
}

/// `patchesJson6902`, which come after labels and annotations.
pub(crate) fn run_json(
    loader: &Loader<'_>,
    kustomization: &Kustomization,
    resources: &mut Vec<Resource>,
    done: &Done<'_>,
) -> Outcome<()> {
    let file = &kustomization.file;
    let mut index = None;
    for patch in &kustomization.patches_json {
        let at = |fail: Box<Fail>| fail.at(file, patch.at);
        let (source, text) = source(loader, patch, file).map_err(at)?;
        let operations = json_patch::parse(&text, &source).map_err(at)?;
        let Some(target) = &patch.target else {
            return Err(at(Fail::new("a JSON patch needs a `target`")));
        };
        if target.id.name.is_empty() {
            return Err(at(Fail::new("the `target` of `patchesJson6902` needs a `name`")));
        }
        if operations.is_empty() {
            return Err(at(Fail::new("the patch has no operations")));
        }
        let index = index.get_or_insert_with(|| Index::of(resources));
        for found in select(resources, index, target).map_err(at)? {
            apply_json(&mut resources[found], &operations).map_err(at)?;
        }
        done(resources, "PatchJson6902Transformer");
    }
    Ok(())
}

/// The file and the text of a patch.
fn source(loader: &Loader<'_>, patch: &Patch, file: &str) -> Outcome<(String, String)> {
    match (&patch.path, &patch.patch) {
        (Some(_), Some(_)) => Err(Fail::new("a patch has a `path` or a `patch`, not both")),
        (None, None) => Err(Fail::new("a patch needs a `path` or a `patch`")),
        (Some(path), None) => {
            let (full, text) = loader.text(&path.text)?;
            Ok((full, text.to_owned()))
        }
        (None, Some(patch)) => Ok((file.to_owned(), patch.text.clone())),
    }
}

fn load_strategic(loader: &Loader<'_>, spot: &Spot, file: &str) -> Outcome<Vec<Resource>> {
    if spot.text.contains(':')
        && let Ok(patches) = load::resources(&spot.text, file)
    {
        return Ok(patches);
    }
    let (full, text) = loader.text(&spot.text)?;
    load::resources(text, &full)
}

struct Patcher<'b> {
    build: &'b Build,
    index: Option<Index>,
}

impl Patcher<'_> {
    fn finish(&mut self, resources: &mut Vec<Resource>, done: &Done<'_>, kind: &str) {
        let before = resources.len();
        done(resources, kind);
        if resources.len() != before {
            self.index = None;
        }
    }

    fn index(&mut self, resources: &[Resource]) -> &Index {
        self.index.get_or_insert_with(|| Index::of(resources))
    }

    fn apply(
        &mut self,
        loader: &Loader<'_>,
        file: &str,
        resources: &mut [Resource],
        patch: &Patch,
    ) -> Outcome<()> {
        let (source, text) = source(loader, patch, file)?;
        let allows = |name: &str| patch.options.get(name).copied().unwrap_or(false);
        let (name_change, kind_change) = (allows("allowNameChange"), allows("allowKindChange"));
        if is_json(&text) {
            let operations = json_patch::parse(text.trim(), &source)?;
            let Some(target) = &patch.target else {
                return Err(Fail::new("a JSON patch needs a `target`"));
            };
            let found = select(resources, self.index(resources), target)?;
            for at in found {
                resources[at].store_previous();
                apply_json(&mut resources[at], &operations)?;
                self.index = None;
            }
            return Ok(());
        }
        let patches = load::resources(&text, &source)?;
        let Some(target) = &patch.target else {
            for patch in &patches {
                self.apply_by_id(resources, patch, name_change, kind_change)?;
            }
            return Ok(());
        };
        let [patch] = &patches[..] else {
            return Err(Fail::new(if patches.is_empty() {
                "the patch is empty"
            } else {
                "a patch with a `target` must be one document"
            }));
        };
        let found = select(resources, self.index(resources), target)?;
        for at in found {
            let mut own = patch.clone();
            let api_version = resources[at].api_version().to_owned();
            own.node.put("apiVersion", Node::string(api_version));
            self.merge(&mut resources[at], &own, name_change, kind_change)?;
        }
        if name_change || kind_change {
            unique(resources)?;
        }
        Ok(())
    }

    /// The resource that has, or had, the id of the patch.
    fn apply_by_id(
        &mut self,
        resources: &mut [Resource],
        patch: &Resource,
        name_change: bool,
        kind_change: bool,
    ) -> Outcome<()> {
        let id = patch.effective_id();
        let found = self.index(resources).by_id.get(&id).cloned().unwrap_or_default();
        let alive: Vec<usize> = found.into_iter().filter(|at| !resources[*at].deleted).collect();
        match alive[..] {
            [at] => self.merge(&mut resources[at], patch, name_change, kind_change),
            [] => {
                let message = format!("no resource matches the patch {}", patch.id().text());
                Err(Fail::new(message).at(&patch.file, patch.node.at))
            }
            _ => {
                let message = format!("several resources match the patch {}", patch.id().text());
                Err(Fail::new(message).at(&patch.file, patch.node.at))
            }
        }
    }

    fn merge(
        &mut self,
        resource: &mut Resource,
        patch: &Resource,
        name_change: bool,
        kind_change: bool,
    ) -> Outcome<()> {
        let id = resource.id();
        if name_change || kind_change {
            resource.store_previous();
        }
        let merged = merge(&self.build.schemas, &mut resource.node, Some(&patch.node), None)
            .map_err(|fail| fail.at(&patch.file, patch.node.at))?;
        match merged {
            Merged::Kept => {}
            Merged::New(node) => resource.node = node,
            Merged::Gone => {
                resource.deleted = true;
                self.index = None;
                return Ok(());
            }
        }
        if resource.node.is_empty() {
            resource.deleted = true;
            self.index = None;
            return Ok(());
        }
        if !kind_change {
            resource.set_kind(&id.gvk.kind);
        }
        if !name_change {
            resource.set_name(&id.name);
        }
        resource.set_namespace(&id.namespace);
        if name_change || kind_change || resource.api_version() != id.gvk.api_version() {
            self.index = None;
        }
        Ok(())
    }
}

fn unique(resources: &[Resource]) -> Outcome<()> {
    let mut ids = HashSet::with_capacity(resources.len());
    for resource in resources.iter().filter(|resource| !resource.deleted) {
        if !ids.insert(resource.effective_id()) {
            let message = format!("the patch gives two resources the id {}", resource.id().text());
            return Err(Fail::new(message));
        }
    }
    Ok(())
}

/// Whether a patch is a list of operations.
fn is_json(text: &str) -> bool {
    let documents = bowline_yaml::parse_documents(text, &super::read::limits());
    documents.is_ok_and(|all| all.first().is_some_and(|root| root.as_sequence().is_some()))
}

fn apply_json(resource: &mut Resource, operations: &[Operation]) -> Outcome<()> {
    // Kustomize keeps its notes in annotations, so that they exist for the patch.
    let has_notes = resource.has_notes();
    if has_notes {
        resource.node.map_at("metadata").map_at("annotations");
    }
    let at = resource.node.at;
    let mut document = resource.node.to_json(&resource.file)?;
    json_patch::apply(&mut document, operations)?;
    if !matches!(document, Value::Object(_)) {
        return Err(Fail::new("the patch makes something else than an object"));
    }
    resource.node = Node { at, ..Node::from_json(&document) };
    let texts = resource.texts("annotations");
    resource.set_texts("annotations", texts);
    Ok(())
}
