//! A chart, read once and rendered many times: immutable, shared between threads.

use super::error::Error;
use super::metadata::Metadata;
use super::read_yaml::{self, YamlError};
use super::schema::Schema;
use crate::codes;
use crate::file_tree::FileTree;
use crate::limits::CHART_DEPTH_MAX;
use crate::tmpl::{Parsed, Str};
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

/// Unpacks a `.tgz` into its files, without the folder that holds them all.
pub type Unpack<'a> = &'a dyn Fn(&[u8]) -> Result<FileTree, Error>;

/// A chart with everything in it.
#[derive(Debug)]
pub struct Chart {
    /// What it says about itself.
    pub metadata: Metadata,
    /// Its default values.
    pub values: Json,
    /// The text of `values.yaml`.
    values_text: Option<Str>,
    /// The files of `templates/`.
    pub templates: Vec<(String, Str)>,
    /// All other files, in their order.
    pub files: Vec<(String, Str)>,
    /// What its values must be like.
    pub schema: Option<Schema>,
    /// The charts in `charts/`.
    pub children: Vec<Arc<Chart>>,
    /// Parsed templates by their full path, which an alias changes.
    parsed: Mutex<HashMap<String, Arc<Parsed>>>,
}

/// The files of one chart, sorted by what they are for.
#[derive(Default)]
struct Sorted {
    metadata: Option<Metadata>,
    values: Option<Json>,
    values_text: Option<Str>,
    schema: Option<Schema>,
    templates: Vec<(String, Str)>,
    files: Vec<(String, Str)>,
    children: BTreeMap<String, Vec<(String, Str)>>,
}

impl Chart {
    /// Reads a chart and all charts in it. `at` is what messages call its folder.
    ///
    /// # Errors
    /// A file that is not what Helm wants, or a limit.
    pub fn read(tree: &FileTree, at: &str, unpack: Unpack<'_>) -> Result<Self, Error> {
        let files = tree.files().map(|(path, content)| (path.to_owned(), content.clone()));
        read(files.collect(), at, unpack, 0)
    }

    /// A template of this chart under its full path, parsed once.
    pub(crate) fn parsed<E>(
        &self,
        path: &str,
        parse: impl FnOnce() -> Result<Arc<Parsed>, E>,
    ) -> Result<Arc<Parsed>, E> {
        let mut parsed = self.parsed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(found) = parsed.get(path) {
            return Ok(found.clone());
        }
        let made = parse()?;
        parsed.insert(path.to_owned(), made.clone());
        Ok(made)
    }

    /// The text of its default values, for places in it.
    pub(crate) fn default_values(&self) -> Option<Str> {
        self.values_text.clone()
    }

    /// The files of `crds/` that are manifests.
    pub(crate) fn crds(&self) -> impl Iterator<Item = &(String, Str)> {
        let is_manifest = |path: &str| {
            let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
            ["yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known))
        };
        self.files.iter().filter(move |(path, _)| path.starts_with("crds/") && is_manifest(path))
    }
}

fn joined(at: &str, path: &str) -> String {
    if at.is_empty() { path.to_owned() } else { format!("{at}/{path}") }
}

fn read(
    files: Vec<(String, Str)>,
    at: &str,
    unpack: Unpack<'_>,
    depth: usize,
) -> Result<Chart, Error> {
    if depth > CHART_DEPTH_MAX {
        let message = format!("charts nest deeper than {CHART_DEPTH_MAX} levels");
        return Err(Error::limit(message).note(format!("in `{at}`")));
    }
    let mut sorted = Sorted::default();
    if let Some((_, text)) = files.iter().find(|(path, _)| path == "Chart.yaml") {
        let mut metadata = Metadata::default();
        metadata.read(&joined(at, "Chart.yaml"), text)?;
        if metadata.api_version.is_empty() {
            metadata.api_version = "v1".to_owned();
        }
        sorted.metadata = Some(metadata);
    }
    for (path, content) in files {
        sorted.take(path, content, at)?;
    }
    let Some(mut metadata) = sorted.metadata else {
        let message = format!("`{}` is missing", joined(at, "Chart.yaml"));
        return Err(Error::chart(message).help("name the folder that holds `Chart.yaml`"));
    };
    metadata.validate(&joined(at, "Chart.yaml"))?;
    let mut children = Vec::new();
    for (name, files) in sorted.children {
        let at = joined(at, &format!("charts/{name}"));
        children.extend(child(&name, files, &at, unpack, depth + 1)?.map(Arc::new));
    }
    Ok(Chart {
        metadata,
        values: sorted.values.unwrap_or_else(|| Json::Object(serde_json::Map::new())),
        values_text: sorted.values_text,
        templates: sorted.templates,
        files: sorted.files,
        schema: sorted.schema,
        children,
        parsed: Mutex::default(),
    })
}

fn child(
    name: &str,
    files: Vec<(String, Str)>,
    at: &str,
    unpack: Unpack<'_>,
    depth: usize,
) -> Result<Option<Chart>, Error> {
    if name.starts_with(['_', '.']) {
        return Ok(None);
    }
    if name.ends_with(".tgz") {
        let Some((_, content)) = files.iter().find(|(path, _)| path == name) else {
            return Err(Error::chart(format!("`{at}` is a folder, not an archive")));
        };
        let tree = unpack(content).map_err(|error| error.note(format!("in `{at}`")))?;
        let files = tree.files().map(|(path, content)| (path.to_owned(), content.clone()));
        return read(files.collect(), at, unpack, depth).map(Some);
    }
    let inner = files.into_iter().filter_map(|(path, content)| {
        path.split_once('/').map(|(_, inner)| (inner.to_owned(), content))
    });
    read(inner.collect(), at, unpack, depth).map(Some)
}

impl Sorted {
    fn take(&mut self, path: String, content: Str, at: &str) -> Result<(), Error> {
        match path.as_str() {
            "Chart.yaml" => {}
            "Chart.lock" => {}
            "values.yaml" => {
                self.values = Some(values(&joined(at, &path), &content)?);
                self.values_text = Some(content);
            }
            "values.schema.json" => self.schema = Some(Schema::new(content, joined(at, &path))),
            "requirements.yaml" => {
                let metadata = self.metadata.get_or_insert_default();
                metadata.read(&joined(at, &path), &content)?;
                if metadata.api_version == "v1" {
                    self.files.push((path, content));
                }
            }
            "requirements.lock" => {
                if self.metadata.get_or_insert_default().api_version == "v1" {
                    self.files.push((path, content));
                }
            }
            _ if path.starts_with("templates/") => self.templates.push((path, content)),
            _ if path.starts_with("charts/") && !path.ends_with(".prov") => {
                let inner = path["charts/".len()..].to_owned();
                let name = inner.split('/').next().unwrap_or_default().to_owned();
                self.children.entry(name).or_default().push((inner, content));
            }
            _ => self.files.push((path, content)),
        }
        Ok(())
    }
}

/// A values file: its documents, each over the one before.
pub(crate) fn values(file: &str, text: &[u8]) -> Result<Json, Error> {
    let failed = |first_line: usize, mut error: YamlError| {
        error.line += first_line;
        Error::yaml(&codes::VALUES, file, text, &error)
    };
    let mut all = serde_json::Map::new();
    for (first_line, document) in read_yaml::stream(text) {
        let document = read_yaml::document(document).map_err(|error| failed(first_line, error))?;
        let Some(node) = document else { continue };
        match read_yaml::json(&node).map_err(|error| failed(first_line, error))? {
            Json::Object(map) => merge(&mut all, map),
            Json::Null => {}
            _ => {
                let message = format!("the values are {}, not a mapping", node.kind());
                let (line, column) = (node.span.line, node.span.column);
                return Err(failed(first_line, YamlError { message, line, column }));
            }
        }
    }
    Ok(Json::Object(all))
}

/// `over` above `under`: mappings are joined, anything else is replaced.
pub(crate) fn merge(
    under: &mut serde_json::Map<String, Json>,
    over: serde_json::Map<String, Json>,
) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(Json::Object(under)), Json::Object(over)) => merge(under, over),
            (_, value) => {
                under.insert(key, value);
            }
        }
    }
}
