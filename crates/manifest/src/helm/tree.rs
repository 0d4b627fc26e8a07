//! The charts of one render: which are enabled, under which names, with which values.

use super::chart::Chart;
use super::coalesce::{self, Mode, Notes, copy_map, empty, table_at, tables, value_at};
use super::error::Error;
use super::metadata::{Dependency, Metadata};
use super::version;
use crate::tmpl::{Map, Str, Value};
use std::rc::Rc;
use std::sync::Arc;

/// A chart of this render.
#[derive(Clone)]
pub struct Branch {
    /// Everything that does not change.
    pub chart: Arc<Chart>,
    /// Its name may be an alias; disabled dependencies are gone from it.
    pub metadata: Metadata,
    /// The charts in it that are rendered.
    pub children: Vec<Branch>,
    values: Rc<Map>,
}

impl Branch {
    /// A chart with all that is in it, nothing decided yet.
    pub fn new(chart: &Arc<Chart>) -> Self {
        let values = match Value::from(&chart.values) {
            Value::Map(map) => map,
            _ => empty(),
        };
        let children = chart.children.iter().map(Self::new).collect();
        Self { chart: chart.clone(), metadata: chart.metadata.clone(), children, values }
    }

    /// The chart's name, or its alias.
    pub fn name(&self) -> &str {
        &self.metadata.name
    }

    /// A copy of its own values.
    pub fn values(&self) -> Rc<Map> {
        copy_map(&self.values)
    }

    /// Decides which dependencies are rendered and takes over the values that they export.
    pub fn resolve(&mut self, given: &Rc<Map>, notes: &mut Notes) -> Result<(), Error> {
        self.enable(given, "", notes)?;
        self.import(notes)
    }

    fn enable(&mut self, given: &Rc<Map>, path: &str, notes: &mut Notes) -> Result<(), Error> {
        if self.metadata.dependencies.is_empty() {
            return Ok(());
        }
        self.alias(notes);
        for dependency in &mut self.metadata.dependencies {
            dependency.enabled = true;
        }
        let values = coalesce::values(self, given, Mode::Coalesce, &mut Notes::new())?;
        self.tags(&values, notes);
        self.conditions(&values, path, notes);
        let enabled = |dependency: &Dependency| dependency.enabled;
        let (kept, gone): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.metadata.dependencies).into_iter().partition(enabled);
        let is_gone = |name: &str| gone.iter().any(|dependency| dependency.name == name);
        self.children.retain(|child| !is_gone(child.name()));
        self.metadata.dependencies =
            kept.into_iter().filter(|dependency| !is_gone(&dependency.name)).collect();
        for child in &mut self.children {
            let path = format!("{path}{}.", child.name());
            child.enable(&values, &path, notes)?;
        }
        Ok(())
    }

    /// Charts under the names that their parent gives them.
    fn alias(&mut self, notes: &mut Notes) {
        let fits = |child: &Branch, dependency: &Dependency| {
            child.name() == dependency.name
                && version::fits(&dependency.version, &child.metadata.version)
        };
        let listed = |child: &Branch| {
            self.metadata.dependencies.iter().any(|dependency| fits(child, dependency))
        };
        let mut children: Vec<Branch> =
            self.children.iter().filter(|child| !listed(child)).cloned().collect();
        for dependency in &self.metadata.dependencies {
            let Some(found) = self.children.iter().find(|child| fits(child, dependency)) else {
                notes.push(format!(
                    "no chart in `charts/` of `{}` is `{}` {}",
                    self.name(),
                    dependency.name,
                    dependency.version
                ));
                continue;
            };
            let mut child = found.clone();
            if !dependency.alias.is_empty() {
                child.metadata.name.clone_from(&dependency.alias);
            }
            children.push(child);
        }
        for dependency in &mut self.metadata.dependencies {
            if !dependency.alias.is_empty() {
                dependency.name.clone_from(&dependency.alias);
            }
        }
        self.children = children;
    }

    fn tags(&mut self, values: &Rc<Map>, notes: &mut Notes) {
        let Some(tags) = table_at(values, "tags") else { return };
        for dependency in &mut self.metadata.dependencies {
            let (mut any_true, mut any_false) = (false, false);
            for tag in &dependency.tags {
                match tags.get(tag.as_bytes()) {
                    Some(Value::Bool(true)) => any_true = true,
                    Some(Value::Bool(false)) => any_false = true,
                    Some(_) => notes.push(format!("the tag `{tag}` is not true or false")),
                    None => {}
                }
            }
            dependency.enabled = any_true || !any_false;
        }
    }

    fn conditions(&mut self, values: &Rc<Map>, path: &str, notes: &mut Notes) {
        for dependency in &mut self.metadata.dependencies {
            let mut found = dependency.condition.trim().is_empty();
            for condition in dependency.condition.trim().split(',').filter(|c| !c.is_empty()) {
                match value_at(values, &format!("{path}{condition}")) {
                    Some(Value::Bool(value)) => {
                        (dependency.enabled, found) = (value, true);
                        break;
                    }
                    Some(_) => notes.push(format!("`{path}{condition}` is not true or false")),
                    None => {}
                }
            }
            if !found {
                let condition = &dependency.condition;
                notes
                    .push(format!("no value says `{path}{condition}`: the dependency is rendered"));
            }
        }
    }

    /// `import-values`, from the innermost charts outwards.
    fn import(&mut self, notes: &mut Notes) -> Result<(), Error> {
        for child in &mut self.children {
            child.import(notes)?;
        }
        if self.metadata.dependencies.is_empty() {
            return Ok(());
        }
        let values = coalesce::values(self, &empty(), Mode::Merge, &mut Notes::new())?;
        let imported = empty();
        for dependency in &mut self.metadata.dependencies {
            for import in &mut dependency.import_values {
                let path = format!("{}.{}", dependency.name, import.child);
                let Some(table) = table_at(&values, &path) else {
                    notes.push(format!("`{path}` is imported but is no table"));
                    continue;
                };
                let placed = at_path(&import.parent, table);
                tables(&imported, &placed, "", Mode::Merge, &mut Notes::new());
            }
        }
        let own = copy_map(&values);
        tables(&own, &imported, "", Mode::Merge, &mut Notes::new());
        self.values = own;
        Ok(())
    }
}

/// A table that stands at a path.
fn at_path(path: &str, table: Rc<Map>) -> Rc<Map> {
    if path == "." {
        return table;
    }
    path.rsplit('.').fold(table, |inner, part| {
        let outer = empty();
        outer.set(Str::from(part), Value::Map(inner));
        outer
    })
}
