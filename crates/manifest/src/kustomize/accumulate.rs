//! Resources, bases and components of one kustomization, gathered and transformed.

use super::config::{Config, from_crds};
use super::fail::{Fail, Outcome};
use super::file::{self, Kustomization, Spot};
use super::file_parts::Variable;
use super::id::ResId;
use super::openapi::Schemas;
use super::origin::Origin;
use super::resource::{Behavior, Resource};
use super::tree::{Loader, is_remote};
use super::{generators, load, transform, vars};
use std::collections::HashMap;

/// What has been gathered so far.
#[derive(Default)]
pub(crate) struct Gathered {
    pub(crate) resources: Vec<Resource>,
    pub(crate) config: Config,
    pub(crate) variables: Vec<Variable>,
}

/// What holds for the whole build.
pub(crate) struct Build {
    pub(crate) schemas: Schemas,
    /// `None` without `buildMetadata`.
    pub(crate) track_origin: bool,
    pub(crate) transformations: bool,
}

/// Builds one kustomization into `gathered`; components share it with the one that names them.
pub(crate) fn accumulate(
    build: &mut Build,
    loader: &Loader<'_>,
    kustomization: &Kustomization,
    origin: &Origin,
    gathered: &mut Gathered,
    depth: usize,
) -> Outcome<()> {
    if depth > crate::limits::OVERLAY_DEPTH_MAX {
        return Err(Fail::new("kustomizations lead to one another too deeply"));
    }
    let file = &kustomization.file;
    let mut ids = Ids::of(&gathered.resources);
    for spot in &kustomization.resources {
        resource(build, loader, spot, origin, gathered, &mut ids, depth)
            .map_err(|fail| fail.at(file, spot.at))?;
    }
    configure(loader, kustomization, gathered)?;
    let generated = generators::run(loader, kustomization, build.track_origin.then_some(origin))?;
    absorb(gathered, generated, kustomization)?;
    for spot in &kustomization.components {
        component(build, loader, spot, origin, gathered, depth)
            .map_err(|fail| fail.at(file, spot.at))?;
    }
    transform::run(build, loader, kustomization, origin, gathered)?;
    vars::register(gathered, &kustomization.variables)
}

/// Which current ids are taken.
struct Ids(HashMap<ResId, usize>);

impl Ids {
    fn of(resources: &[Resource]) -> Self {
        Self(resources.iter().enumerate().map(|(at, r)| (r.effective_id(), at)).collect())
    }

    fn append(&mut self, list: &mut Vec<Resource>, resource: Resource) -> Outcome<()> {
        if list.len() >= crate::limits::OVERLAY_OBJECTS_MAX {
            let max = crate::limits::OVERLAY_OBJECTS_MAX;
            return Err(Fail::new(format!("the overlay has more than {max} objects")));
        }
        let id = resource.effective_id();
        if let Some(first) = self.0.get(&id) {
            let message = format!("two resources have the id {}", resource.id().text());
            let note = format!("the other one comes from {}", list[*first].file);
            return Err(Fail::new(message).at(&resource.file, resource.node.at).note(note));
        }
        self.0.insert(id, list.len());
        list.push(resource);
        Ok(())
    }
}

fn resource(
    build: &mut Build,
    loader: &Loader<'_>,
    spot: &Spot,
    origin: &Origin,
    gathered: &mut Gathered,
    ids: &mut Ids,
    depth: usize,
) -> Outcome<()> {
    let path = &spot.text;
    let inside = loader.bytes(path);
    if inside.is_ok() {
        let (full, text) = loader.text(path)?;
        let note = build.track_origin.then(|| origin.append(path).text());
        for mut resource in load::resources(text, &full)? {
            if let Some(note) = &note {
                resource.set_annotation(super::origin::ORIGIN, Some(note));
            }
            ids.append(&mut gathered.resources, resource)?;
        }
        return Ok(());
    }
    let base = match loader.enter(path) {
        Ok(base) => base,
        Err(fail) if is_remote(path) || path.starts_with('/') => return Err(fail),
        Err(enter) => {
            let is_folder = super::tree::join(&loader.root, path)
                .is_some_and(|folder| loader.tree.is_directory(&folder));
            return Err(if is_folder { enter } else { inside.err().unwrap_or(enter) });
        }
    };
    let kustomization = file::load(&base)?;
    build.schemas.add_from(&base, &kustomization)?;
    if kustomization.is_component {
        return Err(Fail::new(format!("`{path}` is a component; list it under `components`")));
    }
    let mut sub = Gathered::default();
    accumulate(build, &base, &kustomization, &origin.append(path), &mut sub, depth + 1)?;
    for resource in sub.resources {
        ids.append(&mut gathered.resources, resource)?;
    }
    gathered.config.merge(&sub.config)?;
    vars::merge(&mut gathered.variables, sub.variables)
}

fn component(
    build: &mut Build,
    loader: &Loader<'_>,
    spot: &Spot,
    origin: &Origin,
    gathered: &mut Gathered,
    depth: usize,
) -> Outcome<()> {
    let path = &spot.text;
    let folder = loader.enter(path)?;
    let kustomization = file::load(&folder)?;
    build.schemas.add_from(&folder, &kustomization)?;
    if !kustomization.is_component {
        let message = format!("`{path}` is no component");
        return Err(
            Fail::new(message).help("write `kind: Component` in it, or list it under `resources`")
        );
    }
    accumulate(build, &folder, &kustomization, &origin.append(path), gathered, depth + 1)
}

fn configure(
    loader: &Loader<'_>,
    kustomization: &Kustomization,
    gathered: &mut Gathered,
) -> Outcome<()> {
    let file = &kustomization.file;
    let mut config = Config::defaults().clone();
    for spot in &kustomization.configurations {
        let (path, text) = loader.text(&spot.text).map_err(|fail| fail.at(file, spot.at))?;
        let more = Config::parse(text, &path)?;
        config.merge(&more).map_err(|fail| fail.at(file, spot.at))?;
    }
    gathered.config.merge(&config).map_err(|fail| fail.at(file, (1, 1)))?;
    for spot in &kustomization.crds {
        let (path, text) = loader.text(&spot.text).map_err(|fail| fail.at(file, spot.at))?;
        let more = from_crds(text, &path).map_err(|fail| fail.at(&path, (1, 1)))?;
        gathered.config.merge(&more).map_err(|fail| fail.at(file, spot.at))?;
    }
    Ok(())
}

/// Adds generated objects; one that is there already is replaced or merged if it says so.
fn absorb(
    gathered: &mut Gathered,
    generated: Vec<Resource>,
    kustomization: &Kustomization,
) -> Outcome<()> {
    if generated.is_empty() {
        return Ok(());
    }
    let mut any: HashMap<ResId, Vec<usize>> = HashMap::new();
    let note = |any: &mut HashMap<ResId, Vec<usize>>, resource: &Resource, at: usize| {
        for id in resource.all_ids() {
            let places = any.entry(id).or_default();
            if !places.contains(&at) {
                places.push(at);
            }
        }
    };
    for (at, resource) in gathered.resources.iter().enumerate() {
        note(&mut any, resource, at);
    }
    for resource in generated {
        let at_file =
            |message: String| Fail::new(message).at(&kustomization.file, resource.node.at);
        let id = resource.effective_id();
        let text = resource.id().text();
        match any.get(&id).map(Vec::as_slice).unwrap_or_default() {
            [] => match resource.behavior {
                Behavior::Merge | Behavior::Replace => {
                    return Err(at_file(format!(
                        "{text} does not exist and cannot be merged into"
                    )));
                }
                Behavior::Create | Behavior::Unspecified => {
                    note(&mut any, &resource, gathered.resources.len());
                    gathered.resources.push(resource);
                }
            },
            [at] => {
                let old = &gathered.resources[*at];
                let new = match resource.behavior {
                    Behavior::Replace => generators::replace(old, resource),
                    Behavior::Merge => generators::merge(old, resource),
                    Behavior::Create | Behavior::Unspecified => {
                        return Err(at_file(format!("{text} exists already"))
                            .help("set `behavior: merge` or `behavior: replace`"));
                    }
                };
                gathered.resources[*at] = new;
            }
            _ => return Err(at_file(format!("several objects could be meant by {text}"))),
        }
    }
    Ok(())
}
