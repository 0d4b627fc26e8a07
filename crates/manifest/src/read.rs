//! From the texts of a folder's files to ordered resources. All errors are found, not the first.

use crate::{
    Resource, codes, kind_rank,
    limits::{FILES_MAX, NODES_MAX, RESOURCES_MAX},
};
use bowline_diag::Diagnostic;
use bowline_yaml::{Limits, Node, Resolved, Schema, parse_documents};
use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};

/// Kubernetes reads manifests as YAML 1.1: `yes` and `on` are booleans.
const SCHEMA: Schema = Schema::Yaml11;

/// One file of the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its path, as messages shall name it.
    pub path: String,
    /// Its whole text.
    pub text: String,
}

/// Whether a file of this name is a manifest: `.yaml`, `.yml` or `.json`, as `kubectl` chooses.
#[must_use]
pub fn is_manifest_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    matches!(extension, Some("yaml" | "yml" | "json")) && !name.starts_with('.')
}

/// The objects of `files`, in the order in which they are applied: by kind, then by name.
///
/// # Errors
/// Every problem of every file: YAML errors, missing `apiVersion`, `kind` or `metadata.name`,
/// an object that stands twice, a file that belongs to Helm or Kustomize, no object at all.
pub fn read(files: &[File]) -> Result<Vec<Resource>, Vec<Diagnostic>> {
    if files.len() > FILES_MAX {
        let message = format!("{} files are more than the {FILES_MAX} that are read", files.len());
        return Err(vec![Diagnostic::error(codes::LIMIT.id, message)]);
    }
    let mut reader = Reader::default();
    for file in files {
        reader.file(file);
        if reader.nodes > NODES_MAX {
            let message = format!("the manifests have more than {NODES_MAX} YAML nodes together");
            let error = Diagnostic::error(codes::LIMIT.id, message).at(&file.path, 1, 1, 1, "");
            reader.errors.push(error);
            break;
        }
    }
    reader.finish()
}

#[derive(Default)]
struct Reader {
    resources: Vec<Resource>,
    errors: Vec<Diagnostic>,
    nodes: usize,
}

/// A file while it is read.
struct Context<'a> {
    file: &'a File,
    text: Arc<str>,
}

impl Context<'_> {
    fn error(&self, code: &str, node: &Node, message: String, label: &str) -> Diagnostic {
        let span = node.span;
        Diagnostic::error(code, message)
            .at(self.file.path.clone(), span.line, span.column, span.length, label)
            .source(self.file.path.clone(), Arc::clone(&self.text))
    }
}

/// An object that says what Argo CD shall deploy is refused by name, whatever it says.
fn order_to_argo_cd(
    context: &Context<'_>,
    node: &Node,
    api_version: &str,
    kind: &str,
    name: &str,
) -> Option<Diagnostic> {
    let orders = matches!(kind, "Application" | "ApplicationSet" | "AppProject");
    if !orders || !api_version.starts_with("argoproj.io/") {
        return None;
    }
    let path = node.pointer("/spec/source/path").and_then(Node::as_str);
    let help = match path {
        Some(path) => format!("set `deploy: {{ path: {path} }}` in `bowline.yaml` instead"),
        None => "name the folder of the manifests themselves in `bowline.yaml`".to_owned(),
    };
    let message =
        format!("`{kind}/{name}` is an order to Argo CD, which Bowline does not carry out");
    let place = node.get("kind").unwrap_or(node);
    Some(context.error(codes::FOREIGN.id, place, message, "").help(help))
}

impl Reader {
    fn file(&mut self, file: &File) {
        if let Some(error) = rendered_input(&file.path) {
            self.errors.push(error);
            return;
        }
        let documents = match parse_documents(&file.text, &Limits::manifests()) {
            Ok(documents) => documents,
            Err(error) => {
                self.errors.push(error.diagnostic(&file.path, &file.text));
                return;
            }
        };
        self.nodes += documents.iter().map(Node::count).sum::<usize>();
        let context = Context { file, text: Arc::from(file.text.as_str()) };
        // An empty document (`---` twice, or comments only) is a null and means nothing.
        for document in documents.into_iter().filter(|document| !document.is_null(SCHEMA)) {
            self.document(&context, document);
        }
    }

    fn document(&mut self, context: &Context<'_>, node: Node) {
        if node.as_mapping().is_none() {
            let message = format!("a manifest must be a mapping, but this is {}", node.kind());
            self.errors.push(context.error(codes::SHAPE.id, &node, message, "no object"));
            return;
        }
        if let Some(tagged) = misfit(&node) {
            let tag = tagged.tag.clone().unwrap_or_default();
            let message = format!("the tag `{tag}` does not fit its value, so it has no meaning");
            self.errors.push(context.error(codes::SHAPE.id, tagged, message, ""));
            return;
        }
        let kind = node.get("kind").and_then(Node::as_str);
        let is_list = kind.is_some_and(|kind| kind.ends_with("List"));
        if is_list && node.get("items").is_some() {
            self.list(context, &node);
        } else {
            self.object(context, node);
        }
    }

    fn list(&mut self, context: &Context<'_>, list: &Node) {
        let Some(items) = list.get("items") else { return };
        if items.is_null(SCHEMA) {
            return;
        }
        let Some(items) = items.as_sequence() else {
            let message =
                format!("`items` must be a list of objects, but this is {}", items.kind());
            self.errors.push(context.error(codes::SHAPE.id, items, message, ""));
            return;
        };
        for item in items {
            self.document(context, item.clone());
        }
    }

    fn object(&mut self, context: &Context<'_>, node: Node) {
        let before = self.errors.len();
        let metadata = node.get("metadata");
        let api_version = self.text(context, &node, node.get("apiVersion"), "apiVersion");
        let kind = self.text(context, &node, node.get("kind"), "kind");
        let name = metadata.and_then(|metadata| metadata.get("name"));
        let name = self.text(context, metadata.unwrap_or(&node), name, "metadata.name");
        let namespace = metadata.and_then(|metadata| metadata.get("namespace"));
        let namespace = namespace.filter(|namespace| !namespace.is_null(SCHEMA));
        let namespace = namespace
            .map(|namespace| self.text(context, namespace, Some(namespace), "metadata.namespace"));
        if self.errors.len() > before {
            return;
        }
        if let Some(refused) = order_to_argo_cd(context, &node, &api_version, &kind, &name) {
            self.errors.push(refused);
            return;
        }
        self.resources.push(Resource {
            api_version,
            kind,
            namespace,
            name,
            value: node.to_json(SCHEMA),
            file: context.file.path.clone(),
            text: Arc::clone(&context.text),
            node,
        });
    }

    /// The non-empty string `value`, which stands (or is missing) in `around`.
    fn text(
        &mut self,
        context: &Context<'_>,
        around: &Node,
        value: Option<&Node>,
        field: &str,
    ) -> String {
        let wrong = match value {
            None => {
                let message = format!("an object has no `{field}`, so it cannot be applied");
                context.error(codes::FIELD.id, around, message, "")
            }
            Some(node) => match node.resolve(SCHEMA) {
                Some(Resolved::Str(text)) if !text.is_empty() => return text.to_owned(),
                Some(_) if node.as_str().is_some_and(|text| !text.is_empty()) => {
                    let text = node.as_str().unwrap_or_default();
                    let message = format!("`{field}` must be a string, but `{text}` is not one");
                    context
                        .error(codes::FIELD.id, node, message, "")
                        .help(format!("quote it: `\"{text}\"`"))
                }
                Some(_) => {
                    let message = format!("`{field}` is empty, so the object cannot be applied");
                    context.error(codes::FIELD.id, node, message, "")
                }
                None => {
                    let message = format!("`{field}` must be a string, but it is {}", node.kind());
                    context.error(codes::FIELD.id, node, message, "")
                }
            },
        };
        self.errors.push(wrong);
        String::new()
    }

    fn finish(mut self) -> Result<Vec<Resource>, Vec<Diagnostic>> {
        self.duplicates();
        if self.resources.len() > RESOURCES_MAX {
            let count = self.resources.len();
            let message =
                format!("{count} objects are more than the {RESOURCES_MAX} that are read");
            self.errors.push(Diagnostic::error(codes::LIMIT.id, message));
        }
        if self.errors.is_empty() && self.resources.is_empty() {
            let message = "the manifests hold no object, so there is nothing to deploy";
            self.errors.push(Diagnostic::error(codes::NOTHING.id, message));
        }
        if !self.errors.is_empty() {
            return Err(self.errors);
        }
        self.resources.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
        Ok(self.resources)
    }

    fn duplicates(&mut self) {
        let mut first: BTreeMap<[&str; 4], &Resource> = BTreeMap::new();
        for resource in &self.resources {
            let namespace = resource.namespace.as_deref().unwrap_or_default();
            let id = [resource.group(), &resource.kind, namespace, &resource.name];
            match first.entry(id) {
                Entry::Vacant(entry) => {
                    entry.insert(resource);
                }
                Entry::Occupied(entry) => {
                    let title = resource.title();
                    let message = format!("`{title}` is described twice, so neither is applied");
                    let error = resource.error(
                        codes::DUPLICATE.id,
                        "/metadata/name",
                        message,
                        "the second one",
                    );
                    let place = entry.get().place("/metadata/name");
                    let (line, column) = (place.line, place.column);
                    self.errors.push(
                        error
                            .at(place.file, line, column, place.length, "the first one")
                            .source(entry.get().file.clone(), Arc::clone(&entry.get().text))
                            .help("remove or rename one of them"),
                    );
                }
            }
        }
    }
}

fn sort_key(resource: &Resource) -> (usize, &str, &str, Option<&str>) {
    let namespace = resource.namespace.as_deref();
    (kind_rank(&resource.kind), &resource.name, &resource.kind, namespace)
}

/// A node whose explicit tag does not fit.
fn misfit(node: &Node) -> Option<&Node> {
    if !node.tag_fits(SCHEMA) {
        return Some(node);
    }
    let items = node.as_sequence().unwrap_or_default().iter();
    let entries = node.as_mapping().unwrap_or_default().iter();
    items.chain(entries.flat_map(|(key, value)| [key, value])).find_map(misfit)
}

/// The error for a file by which Helm or Kustomize know a folder.
fn rendered_input(path: &str) -> Option<Diagnostic> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let tool = match name {
        "kustomization.yaml" | "kustomization.yml" | "Kustomization" => "Kustomize",
        "Chart.yaml" => "Helm",
        _ => return None,
    };
    let message = format!("`{name}` is input to {tool}, which cannot be rendered yet");
    Some(
        Diagnostic::error(codes::RENDER.id, message)
            .at(path, 1, 1, 1, "read as plain YAML it would mean something else")
            .help("name a folder of plain, rendered YAML under `deploy.path`"),
    )
}
