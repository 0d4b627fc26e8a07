//! Names that changed are followed into the fields that refer to them.

use super::config::{Config, NameReference};
use super::fail::{Fail, Outcome};
use super::fieldspec::{FieldSpec, Make, apply};
use super::id::{Gvk, NO_NAMESPACE, ResId};
use super::node::{Content, Node, Scalar};
use super::resource::Resource;
use std::collections::{HashMap, HashSet};

/// What is asked about a resource that others may refer to.
struct Target {
    kind: String,
    name: String,
    namespace: String,
    /// The current namespace that counts.
    effective: String,
    original: String,
    previous: Vec<ResId>,
    prefixes: Vec<String>,
    suffixes: Vec<String>,
}

struct Targets {
    all: Vec<Target>,
    /// By every name that a resource had.
    by_name: HashMap<String, Vec<usize>>,
    /// Original namespaces, and the current ones of the same resources.
    namespaces: HashMap<String, HashSet<String>>,
}

impl Targets {
    fn of(resources: &[Resource]) -> Self {
        let mut targets =
            Self { all: Vec::new(), by_name: HashMap::new(), namespaces: HashMap::new() };
        for (at, resource) in resources.iter().enumerate() {
            let original = resource.original_id().namespace;
            let effective = resource.effective_id().namespace;
            targets.namespaces.entry(original.clone()).or_default().insert(effective.clone());
            for previous in &resource.previous {
                let places = targets.by_name.entry(previous.name.clone()).or_default();
                if places.last() != Some(&at) {
                    places.push(at);
                }
            }
            targets.all.push(Target {
                kind: resource.kind().to_owned(),
                name: resource.name().to_owned(),
                namespace: resource.namespace().to_owned(),
                effective,
                original,
                previous: resource.previous_ids().collect(),
                prefixes: resource.prefixes.clone(),
                suffixes: resource.suffixes.clone(),
            });
        }
        targets
    }
}

/// Updates all references.
pub(crate) fn run(resources: &mut [Resource], config: &Config) -> Outcome<()> {
    let targets = Targets::of(resources);
    if targets.by_name.is_empty() {
        return Ok(());
    }
    let mut by_kind: HashMap<Gvk, Vec<(&Gvk, &FieldSpec)>> = HashMap::new();
    for resource in resources {
        let original = resource.original_id().gvk;
        let fields = by_kind
            .entry(original.clone())
            .or_insert_with(|| fields_of(&original, &config.name_reference))
            .clone();
        if fields.is_empty() {
            continue;
        }
        let mut referrer = Referrer::of(resource, &targets);
        for (kind, spec) in fields {
            referrer.target_kind = kind.clone();
            referrer.by_role = None;
            if spec.path.ends_with("roleRef/name") {
                referrer.by_role = role(resource);
            }
            let any =
                FieldSpec { gvk: Gvk::default(), path: spec.path.clone(), create: spec.create };
            apply(resource, &any, Make::Nothing, &mut |node| referrer.update(node))?;
        }
    }
    Ok(())
}

fn fields_of<'c>(referrer: &Gvk, references: &'c [NameReference]) -> Vec<(&'c Gvk, &'c FieldSpec)> {
    let mut fields = Vec::new();
    for reference in references {
        for spec in &reference.referrers {
            if referrer.is_selected(&spec.gvk) {
                fields.push((&reference.target, spec));
            }
        }
    }
    fields
}

fn role(resource: &Resource) -> Option<Gvk> {
    let role = resource.node.get("roleRef")?;
    Some(Gvk {
        group: role.get("apiGroup")?.text().to_owned(),
        version: String::new(),
        kind: role.get("kind")?.text().to_owned(),
    })
}

struct Referrer<'t> {
    targets: &'t Targets,
    target_kind: Gvk,
    by_role: Option<Gvk>,
    is_cluster_scoped: bool,
    effective: String,
    /// Namespaces of the service accounts that a role binding names.
    bound: HashSet<String>,
    prefixes: Vec<String>,
    suffixes: Vec<String>,
    text: String,
}

impl<'t> Referrer<'t> {
    fn of(resource: &Resource, targets: &'t Targets) -> Self {
        let id = resource.effective_id();
        let mut bound = HashSet::new();
        if resource.kind() == "RoleBinding" {
            let subjects = resource.node.get("subjects").and_then(Node::items);
            for subject in subjects.unwrap_or_default() {
                if subject.get("kind").is_some_and(|kind| kind.text() == "ServiceAccount")
                    && let Some(namespace) = subject.get("namespace")
                {
                    bound.insert(namespace.text().to_owned());
                }
            }
        }
        Self {
            targets,
            target_kind: Gvk::default(),
            by_role: None,
            is_cluster_scoped: id.namespace == NO_NAMESPACE,
            text: id.text(),
            effective: id.namespace,
            bound,
            prefixes: resource.prefixes.clone(),
            suffixes: resource.suffixes.clone(),
        }
    }

    fn update(&self, node: &mut Node) -> Outcome<()> {
        if node.is_null() {
            return Ok(());
        }
        match &mut node.content {
            Content::Scalar(scalar) => self.update_scalar(scalar),
            Content::Map(_) => self.update_map(node),
            Content::List(items) => items.iter_mut().try_for_each(|item| match &item.content {
                Content::List(_) => Err(Fail::new("a list of names holds a list")),
                Content::Scalar(_) | Content::Map(_) => self.update(item),
            }),
        }
    }

    fn update_scalar(&self, scalar: &mut Scalar) -> Outcome<()> {
        let Some(target) = self.select(&scalar.text, |_| true, false)? else { return Ok(()) };
        if target.name != scalar.text {
            scalar.replace(Scalar::unset(target.name.as_str()));
        }
        Ok(())
    }

    fn update_map(&self, node: &mut Node) -> Outcome<()> {
        let Some(name) = node.get("name") else {
            return Err(Fail::new("a reference has no `name`"));
        };
        let name = name.text().to_owned();
        let found = match node.get("namespace").map(Node::text) {
            None => self.select(&name, |_| true, true)?,
            Some(namespace) => {
                let is_original = namespace != NO_NAMESPACE
                    && self.targets.namespaces.get(namespace).is_some_and(|current| {
                        current.iter().any(|current| self.reaches(current, current))
                    });
                self.select(
                    &name,
                    |target| {
                        let found = if is_original { &target.original } else { &target.effective };
                        found == namespace
                    },
                    true,
                )?
            }
        };
        let Some(target) = found else { return Ok(()) };
        if target.name == name && target.namespace.is_empty() {
            return Ok(());
        }
        node.set("name", Scalar::unset(target.name.as_str()));
        if !target.namespace.is_empty() {
            node.set("namespace", Scalar::unset(target.namespace.as_str()));
        }
        Ok(())
    }

    /// Whether a resource there can be meant at all.
    fn reaches(&self, effective: &str, namespace: &str) -> bool {
        self.is_cluster_scoped
            || effective == NO_NAMESPACE
            || effective == self.effective
            || self.bound.contains(namespace)
    }

    fn select(
        &self,
        name: &str,
        in_namespace: impl Fn(&Target) -> bool,
        by_namespace: bool,
    ) -> Outcome<Option<&'t Target>> {
        let Some(places) = self.targets.by_name.get(name) else { return Ok(None) };
        let mut found: Vec<&Target> = places
            .iter()
            .map(|at| &self.targets.all[*at])
            .filter(|target| self.reaches(&target.effective, &target.namespace))
            .filter(|target| in_namespace(target))
            .filter(|target| target.previous.iter().any(|id| id.gvk.is_selected(&self.target_kind)))
            .filter(|target| {
                self.by_role
                    .as_ref()
                    .is_none_or(|role| target.previous.iter().any(|id| id.gvk.is_selected(role)))
            })
            .filter(|target| {
                self.is_cluster_scoped
                    || target.effective == NO_NAMESPACE
                    || target.kind == "ServiceAccount"
                    || target.effective == self.effective
            })
            .collect();
        if found.len() == 1 {
            return Ok(found.pop());
        }
        found.retain(|target| self.same_affixes(target, true));
        if found.len() > 1 {
            found.retain(|target| self.same_affixes(target, false));
        }
        let Some(first) = found.first().copied() else { return Ok(None) };
        let same = found.iter().all(|target| {
            target.name == first.name && (!by_namespace || target.namespace == first.namespace)
        });
        if same {
            return Ok(Some(first));
        }
        let names: Vec<&str> = found.iter().map(|target| target.name.as_str()).collect();
        let message = format!("`{name}` could mean several resources");
        Err(Fail::new(message).note(names.join(", ")).note(format!("referred to by {}", self.text)))
    }

    fn same_affixes(&self, target: &Target, allow_none: bool) -> bool {
        let same = |left: &[String], right: &[String]| {
            (allow_none && (left.is_empty() || right.is_empty())) || same_ending(left, right)
        };
        same(&target.prefixes, &self.prefixes) && same(&target.suffixes, &self.suffixes)
    }
}

fn same_ending(left: &[String], right: &[String]) -> bool {
    let (short, long) = if left.len() > right.len() { (right, left) } else { (left, right) };
    if short.is_empty() {
        return long.is_empty();
    }
    long.ends_with(short)
}
