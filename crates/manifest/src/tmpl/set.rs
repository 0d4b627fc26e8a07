//! A set of named templates: what `define` fills and `template` looks up.

use super::ast::{NodeId, Parsed};
use super::call::Functions;
use super::error::Error;
use super::parse;
use super::value::Str;
use std::collections::HashMap;
use std::sync::Arc;

/// What a key gives that a map does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum MissingKey {
    /// No value at all (Go's default).
    #[default]
    Invalid,
    /// The zero value of the map's element type (Helm's choice).
    Zero,
    /// An error (Helm's strict mode).
    Error,
}

/// One named template: its file, which is shared, and where in it.
#[derive(Clone)]
pub(crate) struct Template {
    pub parsed: Arc<Parsed>,
    pub root: NodeId,
    pub empty: bool,
}

/// Named templates that see each other. A clone shares everything until one side defines
/// something, so that `tpl` does not read the world again.
#[derive(Clone)]
pub struct Set {
    /// The name of the root template, which a message about a missing one says.
    pub(super) name: Str,
    functions: Arc<dyn Functions>,
    /// What missing keys give.
    pub missing_key: MissingKey,
    names: Arc<HashMap<Str, Template>>,
    /// Definitions of a child, which stand above the shared ones.
    own: HashMap<Str, Template>,
}

impl Set {
    /// A set without templates; `name` is the one of Go's root template.
    pub fn new(
        name: impl Into<Str>,
        functions: Arc<dyn Functions>,
        missing_key: MissingKey,
    ) -> Self {
        let (names, own) = (Arc::new(HashMap::new()), HashMap::new());
        Self { name: name.into(), functions, missing_key, names, own }
    }

    /// Parses a text once; the result may be added to many sets with the same functions.
    pub fn parse(&self, name: &Str, text: &Str) -> Result<Arc<Parsed>, Error> {
        parse::parse(name, text, self.functions.as_ref()).map(Arc::new)
    }

    /// Adds what a text defines, itself included. An empty definition does not replace one
    /// that is there; any other replaces it.
    pub fn add(&mut self, parsed: &Arc<Parsed>) {
        for tree in &parsed.trees {
            if tree.empty && self.find(&tree.name).is_some() {
                continue;
            }
            let (root, empty) = (tree.root, tree.empty);
            let template = Template { parsed: parsed.clone(), root, empty };
            match Arc::get_mut(&mut self.names) {
                // Nobody shares the table: no need for a second layer.
                Some(names) if self.own.is_empty() => {
                    names.insert(tree.name.clone(), template);
                }
                _ => {
                    self.own.insert(tree.name.clone(), template);
                }
            }
        }
    }

    /// Adds the text of a function (`tpl`): its own body replaces one of the same name even
    /// when it is empty.
    pub fn add_own(&mut self, parsed: &Arc<Parsed>) {
        self.add(parsed);
        for tree in parsed.trees.iter().filter(|tree| tree.empty && tree.name == parsed.name) {
            let template = Template { parsed: parsed.clone(), root: tree.root, empty: true };
            self.own.insert(tree.name.clone(), template);
        }
    }

    /// The name of the root template.
    pub fn name(&self) -> &Str {
        &self.name
    }

    /// Parses a text and adds it.
    pub fn define(&mut self, name: &Str, text: &Str) -> Result<(), Error> {
        let parsed = self.parse(name, text)?;
        self.add(&parsed);
        Ok(())
    }

    pub(crate) fn find(&self, name: &[u8]) -> Option<&Template> {
        if !self.own.is_empty()
            && let Some(template) = self.own.get(name)
        {
            return Some(template);
        }
        self.names.get(name)
    }

    /// Whether a template of that name is there.
    pub fn has(&self, name: &[u8]) -> bool {
        self.find(name).is_some()
    }

    /// Whether a template of that name is there and has more than white space and comments.
    pub fn has_body(&self, name: &[u8]) -> bool {
        self.find(name).is_some_and(|template| !template.empty)
    }

    /// The names of all templates, in no order.
    pub fn names(&self) -> impl Iterator<Item = &Str> {
        let shared = self.names.keys().filter(|name| !self.own.contains_key(name.bytes()));
        self.own.keys().chain(shared)
    }
}
