//! Schemas of kinds: how their lists are merged.

use super::fail::{Fail, Outcome};
use super::file::Kustomization;
use super::tree::Loader;
use bowline_yaml::Node;
use std::collections::HashMap;
use std::sync::LazyLock;

/// One schema, as far as merges ask for it.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    reference: Option<String>,
    properties: HashMap<String, Schema>,
    items: Option<Box<Schema>>,
    values: Option<Box<Schema>>,
    strategy: String,
    /// By which fields two items of the list are the same.
    pub(crate) keys: Vec<String>,
}

/// Named schemas, and which of them belongs to which kind.
#[derive(Debug, Default)]
struct Definitions {
    by_name: HashMap<String, Schema>,
    by_kind: HashMap<(String, String), String>,
}

/// The schemas of one build.
#[derive(Debug, Default)]
pub(crate) struct Schemas {
    custom: Option<Definitions>,
    /// A schema that the first kustomization names takes the place of the built-in one.
    instead: bool,
    is_set: bool,
}

static BUILT_IN: LazyLock<Definitions> =
    LazyLock::new(|| read_table(include_str!("data/openapi.txt")));

/// Reads lines `definition …`, `kind …`, `field …` of the built-in table.
fn read_table(text: &str) -> Definitions {
    let mut table = Definitions::default();
    let mut name = String::new();
    for line in text.lines() {
        let mut words = line.split(' ');
        let what = words.next().unwrap_or_default();
        let first = words.next().unwrap_or_default();
        match what {
            "definition" => {
                first.clone_into(&mut name);
                table.by_name.insert(name.clone(), attributes(words));
            }
            "kind" => {
                let kind = words.next().unwrap_or_default().to_owned();
                table.by_kind.insert((first.to_owned(), kind), name.clone());
            }
            _ => {
                if let Some(schema) = table.by_name.get_mut(&name) {
                    schema.properties.insert(first.to_owned(), attributes(words));
                }
            }
        }
    }
    table
}

fn attributes<'a>(words: impl Iterator<Item = &'a str>) -> Schema {
    let mut schema = Schema::default();
    let to = |name: &str| {
        let reference = (!name.is_empty()).then(|| name.to_owned());
        Some(Box::new(Schema { reference, ..Schema::default() }))
    };
    for word in words {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        match name {
            "ref" => schema.reference = Some(value.to_owned()),
            "items" => schema.items = to(value),
            "values" => schema.values = to(value),
            "strategy" => value.clone_into(&mut schema.strategy),
            _ => schema.keys = value.split(',').map(str::to_owned).collect(),
        }
    }
    schema
}

impl Schema {
    /// Whether two lists of this schema are merged item by item.
    pub(crate) fn is_merged_list(&self) -> bool {
        self.strategy.split(',').any(|word| word == "merge")
    }

    /// A schema of an OpenAPI file.
    fn read(node: &Node) -> Schema {
        let text = |key: &str| node.get(key).and_then(Node::as_str);
        let mut schema = Schema {
            reference: text("$ref")
                .map(|name| name.strip_prefix("#/definitions/").unwrap_or(name).to_owned()),
            strategy: text("x-kubernetes-patch-strategy").unwrap_or_default().to_owned(),
            ..Schema::default()
        };
        let properties = node.get("properties").and_then(Node::as_mapping).unwrap_or_default();
        for (key, value) in properties {
            let name = key.as_str().unwrap_or_default().to_owned();
            schema.properties.insert(name, Schema::read(value));
        }
        if text("type") == Some("array") {
            schema.items = node.get("items").map(|items| Box::new(Schema::read(items)));
        }
        let values = node.get("additionalProperties").filter(|node| node.as_mapping().is_some());
        schema.values = values.map(|node| Box::new(Schema::read(node)));
        let list_keys = node.get("x-kubernetes-list-map-keys").and_then(Node::as_sequence);
        schema.keys = match list_keys {
            Some(keys) => keys.iter().filter_map(Node::as_str).map(str::to_owned).collect(),
            None => text("x-kubernetes-patch-merge-key").map(str::to_owned).into_iter().collect(),
        };
        schema
    }
}

impl Schemas {
    /// Takes the schema that a kustomization names, unless one is set already.
    pub(crate) fn add_from(
        &mut self,
        loader: &Loader<'_>,
        kustomization: &Kustomization,
    ) -> Outcome<()> {
        let file = &kustomization.file;
        let path = kustomization.openapi.get("path");
        let version = kustomization.openapi.get("version").map_or("", String::as_str);
        let loaded = match path {
            Some(path) => Some(loader.text(path).map_err(|fail| fail.at(file, (1, 1)))?),
            None => None,
        };
        if self.is_set {
            return Ok(());
        }
        let Some((path, text)) = loaded else {
            if !version.is_empty() && version != "v1.21.2" {
                let message = format!("the OpenAPI version `{version}` is not built in");
                return Err(Fail::new(message).at(file, (1, 1)).help("use `v1.21.2`"));
            }
            self.is_set = !version.is_empty();
            return Ok(());
        };
        if !version.is_empty() {
            let message = "`openapi` names a version and a path; only one of them can hold";
            return Err(Fail::new(message).at(file, (1, 1)));
        }
        let documents = bowline_yaml::parse_documents(text, &super::read::limits())
            .map_err(|error| Fail::yaml(&error, &path))?;
        self.custom = Some(documents.first().map(read_definitions).unwrap_or_default());
        self.is_set = true;
        Ok(())
    }

    /// Called once for the first kustomization.
    pub(crate) fn start(loader: &Loader<'_>, kustomization: &Kustomization) -> Outcome<Self> {
        let mut schemas = Self::default();
        schemas.add_from(loader, kustomization)?;
        schemas.instead = schemas.custom.is_some();
        Ok(schemas)
    }

    fn tables(&self) -> impl Iterator<Item = &Definitions> {
        let built_in = (!self.instead).then(|| &*BUILT_IN);
        self.custom.iter().chain(built_in)
    }

    /// The schema of a kind.
    pub(crate) fn of_kind(&self, api_version: &str, kind: &str) -> Option<&Schema> {
        let key = (api_version.to_owned(), kind.to_owned());
        self.tables().find_map(|table| table.by_name.get(table.by_kind.get(&key)?))
    }

    fn resolve<'s>(&'s self, mut schema: &'s Schema) -> Option<&'s Schema> {
        let mut steps = 0;
        while let Some(name) = &schema.reference {
            schema = self.tables().find_map(|table| table.by_name.get(name))?;
            steps += 1;
            if steps > crate::limits::OVERLAY_SCHEMA_DEPTH_MAX {
                return None;
            }
        }
        Some(schema)
    }

    /// The schema of a field.
    pub(crate) fn field<'s>(&'s self, schema: &'s Schema, name: &str) -> Option<&'s Schema> {
        self.resolve(schema.properties.get(name).or(schema.values.as_deref())?)
    }

    /// The schema of a list's items.
    pub(crate) fn elements<'s>(&'s self, schema: &'s Schema) -> Option<&'s Schema> {
        self.resolve(schema.items.as_deref()?)
    }
}

fn read_definitions(root: &Node) -> Definitions {
    let mut table = Definitions::default();
    let definitions = root.get("definitions").and_then(Node::as_mapping).unwrap_or_default();
    for (key, node) in definitions {
        let name = key.as_str().unwrap_or_default().to_owned();
        let kinds = node.get("x-kubernetes-group-version-kind").and_then(Node::as_sequence);
        for kind in kinds.unwrap_or_default() {
            let text = |key: &str| kind.get(key).and_then(Node::as_str).unwrap_or_default();
            let api_version = match text("group") {
                "" => text("version").to_owned(),
                group => format!("{group}/{}", text("version")),
            };
            table.by_kind.insert((api_version, text("kind").to_owned()), name.clone());
        }
        table.by_name.insert(name, Schema::read(node));
    }
    table
}
