//! `bowline.yaml`: the few lines that say what cannot be recognised from a repository.
//!
//! The schema is the table [`KEYS`]; an unknown key is an error with the near name.

use crate::failure::Failure;
use crate::prune::Keep;
use crate::repository_file;
use bowline_diag::{Diagnostic, nearest};
use bowline_yaml::{Node, Resolved, Schema, Yaml};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

/// The name of the file, in a repository's root or in a service's folder.
pub const FILE: &str = "bowline.yaml";

/// The largest number of `keep`.
const KEEP_MAX: i64 = 10_000;

/// Every key, with the sentence that the documentation shows for it.
pub const KEYS: &[(&str, &str)] = &[
    ("app", "the application's name; the folder's name when absent"),
    ("workflows", "the workflow files that a release runs, relative to the repository's root"),
    ("dockerfile", "the Dockerfile; `Dockerfile` when absent"),
    ("context", "the folder that `COPY` reads from; the folder of `bowline.yaml` when absent"),
    ("image", "the image name that the manifests use; the application's name when absent"),
    ("deploy.path", "the folder with the Kubernetes manifests"),
    ("reports.tests", "where the workflow leaves the stream of `go test -json`"),
    ("reports.coverage", "where the workflow leaves the Go cover profile"),
    ("gates", "conditions on the reports, for example `coverage >= 80`; a missing report blocks"),
    ("slo.maxErrorRate", "the share of failed requests that users accept, `0.01` or `1 %`"),
    ("keep.releases", "promoted versions that can be rolled back to, 2 or more; 10 when absent"),
    ("keep.days", "days that the logs of other releases stay; 14 when absent"),
    ("environments.NAME.listen", "the address at which the environment's users arrive"),
];

/// A text with its place in `bowline.yaml`, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The text.
    pub text: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1, in characters.
    pub column: usize,
}

/// An environment that releases go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// Its name, also the namespace of its objects.
    pub name: String,
    /// Where its users arrive.
    pub listen: SocketAddr,
}

/// What `bowline.yaml` says, with the defaults filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The application's name.
    pub app: String,
    /// Workflow files, relative to the root.
    pub workflows: Vec<Placed>,
    /// The Dockerfile, relative to the root.
    pub dockerfile: String,
    /// The build context, relative to the root; empty for the root itself.
    pub context: String,
    /// The image name that manifests use.
    pub image: String,
    /// The folder of manifests, relative to the root.
    pub deploy_path: String,
    /// Where the workflow leaves `go test -json`, relative to the workspace.
    pub tests_report: Option<String>,
    /// Where the workflow leaves the cover profile, relative to the workspace.
    pub coverage_report: Option<String>,
    /// Gate conditions.
    pub gates: Vec<Placed>,
    /// The accepted share of failed requests, 0 to 0.5.
    pub max_error_rate: Option<f64>,
    /// What is kept of earlier releases.
    pub keep: Keep,
    /// At least one.
    pub environments: Vec<Environment>,
    /// The file itself, relative to the root.
    pub file: String,
    /// The whole file, for diagnostics.
    pub text: String,
}

/// Where a `bowline.yaml` lies, and what its application is called when it does not say so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its folder, relative to the repository's root; empty for the root itself.
    pub folder: String,
    /// The name used when `app` is absent.
    pub name: String,
}

impl Place {
    /// `folder` of the repository that is called `repository`.
    #[must_use]
    pub fn new(folder: &str, repository: &str) -> Self {
        let own = folder.rsplit('/').next().filter(|name| !name.is_empty());
        Self { folder: folder.to_owned(), name: own.unwrap_or(repository).to_lowercase() }
    }

    /// The file, relative to the root.
    #[must_use]
    pub fn file(&self) -> String {
        if self.folder.is_empty() { FILE.to_owned() } else { format!("{}/{FILE}", self.folder) }
    }
}

/// The nearest `bowline.yaml` of a tree: in `folder`, which is relative to `root`, or in a
/// folder above it; with its text. `None` when there is none.
///
/// # Errors
/// A file that cannot be read, or is too large.
pub fn find(
    root: &Path,
    folder: &str,
    repository: &str,
) -> Result<Option<(Place, String)>, Failure> {
    let mut folder = folder;
    loop {
        let place = Place::new(folder, repository);
        if let Some(text) = repository_file::text(root, &place.file())? {
            return Ok(Some((place, text)));
        }
        if folder.is_empty() {
            return Ok(None);
        }
        folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
    }
}

/// Reads the text of a `bowline.yaml`.
///
/// # Errors
/// Every mistake in the file, each with its place.
pub fn read(text: &str, place: &Place) -> Result<Config, Vec<Diagnostic>> {
    match read_as_far(text, place) {
        (Some(config), mistakes) if mistakes.is_empty() => Ok(config),
        (_, mistakes) => Err(mistakes),
    }
}

/// As [`read`], for those who want every mistake of all files at once: what can be understood
/// in spite of the mistakes. Nothing may be released from it unless there are none.
#[must_use]
pub fn read_as_far(text: &str, place: &Place) -> (Option<Config>, Vec<Diagnostic>) {
    let file = place.file();
    let documents = match bowline_yaml::parse_documents(text, &bowline_yaml::Limits::default()) {
        Ok(documents) => documents,
        Err(error) => {
            let why = error.message.trim_start_matches("not YAML: ");
            let message = format!("`{FILE}` is not YAML: {why}");
            let diagnostic = Diagnostic::error("BOW1001", message)
                .at(&file, error.line, error.column, 1, "")
                .source(&file, text)
                .help("correct the syntax at this place, or the line above it");
            return (None, vec![diagnostic]);
        }
    };
    let mut reader = Reader { text, place, shared: Arc::from(text), errors: Vec::new() };
    let config = match documents.as_slice() {
        [root] => reader.config(root),
        _ => {
            let message = format!("`{FILE}` must hold one document, not {}", documents.len());
            reader.errors.push(Diagnostic::error("BOW1001", message).at(&file, 1, 1, 1, ""));
            None
        }
    };
    (config, reader.errors)
}

/// The keys of the first level.
const TOP: &[&str] = &[
    "app",
    "workflows",
    "dockerfile",
    "context",
    "image",
    "deploy",
    "reports",
    "gates",
    "slo",
    "keep",
    "environments",
];

struct Reader<'a> {
    text: &'a str,
    place: &'a Place,
    /// The same text, for the mistakes.
    shared: Arc<str>,
    errors: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn config(&mut self, root: &Node) -> Option<Config> {
        self.keys(root, TOP);
        let app = self.text_at(root, "app").unwrap_or_else(|| self.place.name.clone());
        let (reports, slo) = (root.get("reports"), root.get("slo"));
        reports.inspect(|node| self.keys(node, &["tests", "coverage"]));
        slo.inspect(|node| self.keys(node, &["maxErrorRate"]));
        let keep = root.get("keep");
        keep.inspect(|node| self.keys(node, &["releases", "days"]));
        let deploy = root.get("deploy");
        deploy.inspect(|node| self.keys(node, &["path"]));
        let deploy_path = match deploy {
            Some(node) => self.path_here(node, "path"),
            None => {
                self.wrong(root, "`deploy` is missing, so there is nothing to release to").help =
                    Some("add `deploy: { path: deploy }`".into());
                None
            }
        };
        let environments = self.environments(root);
        let dockerfile = self.path_here(root, "dockerfile");
        let context = self.path_here(root, "context");
        Some(Config {
            image: self.text_at(root, "image").unwrap_or_else(|| app.clone()),
            app: self.name(root.get("app"), app)?,
            workflows: self.list(root, "workflows"),
            dockerfile: dockerfile.unwrap_or_else(|| join(&self.place.folder, "Dockerfile")),
            context: context.unwrap_or_else(|| self.place.folder.clone()),
            deploy_path: deploy_path?,
            tests_report: reports.and_then(|node| self.path_at(node, "tests")),
            coverage_report: reports.and_then(|node| self.path_at(node, "coverage")),
            gates: self.list(root, "gates"),
            max_error_rate: slo.and_then(|node| self.rate(node.get("maxErrorRate")?)),
            keep: keep.map(|node| self.keep(node)).unwrap_or_default(),
            environments: environments?,
            file: self.place.file(),
            text: self.text.to_owned(),
        })
    }

    fn environments(&mut self, root: &Node) -> Option<Vec<Environment>> {
        let Some(node) = root.get("environments") else {
            let example = "add `environments: { prod: { listen: \"127.0.0.1:8080\" } }`";
            self.wrong(root, "`environments` is missing, so a release has no address").help =
                Some(example.into());
            return None;
        };
        let Yaml::Mapping(entries) = &node.value else {
            self.wrong(node, "`environments` must be a mapping of names");
            return None;
        };
        let mut environments = Vec::new();
        for (key, value) in entries {
            self.keys(value, &["listen"]);
            let Some(name) = key.as_str().map(str::to_owned) else { continue };
            let name = self.name(Some(key), name)?;
            let Some(listen) = value.get("listen") else {
                self.wrong(key, &format!("environment `{name}` has no `listen` address"));
                continue;
            };
            match listen.as_str().and_then(|text| text.parse().ok()) {
                Some(listen) => environments.push(Environment { name, listen }),
                None => {
                    self.wrong(listen, "`listen` must be an address and a port").help =
                        Some("for example `listen: \"127.0.0.1:8080\"`".into());
                }
            }
        }
        if environments.is_empty() && self.errors.is_empty() {
            self.wrong(node, "`environments` is empty, so a release has no address");
        }
        Some(environments)
    }

    /// Names become namespaces and label values: RFC 1123 labels, as Kubernetes wants them.
    fn name(&mut self, node: Option<&Node>, name: String) -> Option<String> {
        let valid = !name.is_empty()
            && name.len() <= 63
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !name.starts_with('-')
            && !name.ends_with('-');
        if valid {
            return Some(name);
        }
        let message = format!("`{name}` is not a name: lower-case letters, digits and `-` only");
        match node {
            Some(node) => {
                self.wrong(node, &message);
            }
            None => self.errors.push(
                Diagnostic::error("BOW1002", message).help(format!("add `app: NAME` to `{FILE}`")),
            ),
        }
        None
    }

    /// Refuses keys that are not in `known`.
    fn keys(&mut self, node: &Node, known: &[&str]) {
        let Yaml::Mapping(entries) = &node.value else {
            self.wrong(node, "a mapping of keys is expected here");
            return;
        };
        for (key, _) in entries {
            let name = key.as_str().unwrap_or_default();
            if !known.contains(&name) {
                let help = match nearest(name, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known here: {}", known.join(", ")),
                };
                self.wrong(key, &format!("`{name}` is not a key of `{FILE}`")).help = Some(help);
            }
        }
    }

    fn text_at(&mut self, node: &Node, key: &str) -> Option<String> {
        let value = node.get(key)?;
        match value.as_str() {
            Some(text) if !text.is_empty() => Some(text.to_owned()),
            _ => {
                self.wrong(value, &format!("`{key}` must be a text"));
                None
            }
        }
    }

    /// A path that stays beneath the repository.
    fn path_at(&mut self, node: &Node, key: &str) -> Option<String> {
        let text = self.text_at(node, key)?;
        if outside(&text) {
            let value = node.get(key)?;
            self.wrong(value, &format!("`{key}` must be a path inside the repository"));
            return None;
        }
        Some(text.trim_end_matches('/').to_owned())
    }

    /// A path that the file names from its own folder, as one from the repository's root.
    fn path_here(&mut self, node: &Node, key: &str) -> Option<String> {
        let text = self.text_at(node, key)?;
        let path = from_root(&self.place.folder, &text);
        if path.is_none() {
            let value = node.get(key)?;
            self.wrong(value, &format!("`{key}` must be a path inside the repository"));
        }
        path
    }

    fn list(&mut self, node: &Node, key: &str) -> Vec<Placed> {
        let Some(value) = node.get(key) else { return Vec::new() };
        let Yaml::Sequence(items) = &value.value else {
            self.wrong(value, &format!("`{key}` must be a list"));
            return Vec::new();
        };
        let mut list = Vec::new();
        for item in items {
            match item.as_str() {
                Some(text) if key == "gates" || !outside(text) => list.push(Placed {
                    text: text.to_owned(),
                    line: item.span.line,
                    column: item.span.column,
                }),
                Some(_) => {
                    self.wrong(item, "the path must stay inside the repository");
                }
                None => {
                    self.wrong(item, &format!("`{key}` must list texts"));
                }
            }
        }
        list
    }

    fn keep(&mut self, node: &Node) -> Keep {
        let mut keep = Keep::default();
        let fields = [("releases", 2, &mut keep.releases), ("days", 0, &mut keep.days)];
        for (key, least, field) in fields {
            let Some(value) = node.get(key) else { continue };
            match value.resolve(Schema::Core12) {
                Some(Resolved::Int(number)) if (least..=KEEP_MAX).contains(&number) => {
                    *field = u32::try_from(number).unwrap_or(*field);
                }
                _ => {
                    let message = format!("`{key}` must be a number from {least} to {KEEP_MAX}");
                    self.wrong(value, &message);
                }
            }
        }
        keep
    }

    /// `0.01` or `1 %`.
    fn rate(&mut self, node: &Node) -> Option<f64> {
        let rate = match node.resolve(Schema::Core12) {
            Some(Resolved::Int(number)) => Some(number as f64),
            Some(Resolved::Number(number)) => Some(number),
            Some(Resolved::Str(text)) => text
                .strip_suffix('%')
                .and_then(|percent| percent.trim().parse::<f64>().ok())
                .map(|percent| percent / 100.0),
            _ => None,
        };
        match rate {
            Some(rate) if rate > 0.0 && rate <= 0.5 => Some(rate),
            _ => {
                self.wrong(node, "`maxErrorRate` must be a share above 0 and at most 0.5").help =
                    Some("for example `0.01` or `1 %`".into());
                None
            }
        }
    }

    fn wrong(&mut self, node: &Node, message: &str) -> &mut Diagnostic {
        let span = &node.span;
        let file = self.place.file();
        self.errors.push(
            Diagnostic::error("BOW1002", message)
                .at(&file, span.line, span.column, span.length, "")
                .source(&file, Arc::clone(&self.shared)),
        );
        let last = self.errors.len() - 1;
        &mut self.errors[last]
    }
}

fn outside(path: &str) -> bool {
    path.starts_with('/') || path.split('/').any(|part| part == "..")
}

fn join(folder: &str, path: &str) -> String {
    if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") }
}

/// `path`, as seen from `folder`, as seen from the root; `None` when it leads outside.
fn from_root(folder: &str, path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::{Config, Diagnostic, Place, from_root};

    fn read(text: &str, folder: &str) -> Result<Config, Vec<Diagnostic>> {
        super::read(text, &Place::new("", folder))
    }

    const GOOD: &str = "app: shop\nworkflows: [.github/workflows/ci.yml]\ndeploy: { path: k8s/ }\n\
        gates: [\"coverage >= 80\"]\nslo: { maxErrorRate: 1 % }\n\
        environments: { prod: { listen: \"127.0.0.1:8080\" } }\n";

    #[test]
    fn a_whole_file_is_read_with_its_defaults() {
        let config = read(GOOD, "folder").expect("valid");
        assert_eq!((config.app.as_str(), config.image.as_str()), ("shop", "shop"));
        assert_eq!(config.deploy_path, "k8s");
        assert_eq!(config.max_error_rate, Some(0.01));
        assert_eq!(config.dockerfile, "Dockerfile");
        assert_eq!(config.gates[0].line, 4);
    }

    #[test]
    fn the_page_of_the_documentation_is_the_table_of_keys() {
        let page = include_str!("../../../docs/bowline-yaml.md");
        let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
        let table = super::KEYS.iter().map(|(key, meaning)| format!("| `{key}` | {meaning} |"));
        assert_eq!(rows, table.collect::<Vec<_>>());
    }

    #[test]
    fn a_file_in_a_folder_names_its_own_neighbours() {
        let text = GOOD.replace("app: shop\n", "context: ../..\n");
        let config = super::read(&text, &Place::new("services/cart", "shop")).expect("valid");
        assert_eq!((config.app.as_str(), config.context.as_str()), ("cart", ""));
        assert_eq!(config.dockerfile, "services/cart/Dockerfile");
        assert_eq!(config.deploy_path, "services/cart/k8s");
        assert_eq!(config.workflows[0].text, ".github/workflows/ci.yml");
        assert_eq!(config.file, "services/cart/bowline.yaml");
    }

    #[test]
    fn a_path_never_leads_out_of_the_repository() {
        for (folder, path, expected) in [
            ("", "deploy/", Some("deploy")),
            ("", "./a/../b", Some("b")),
            ("a/b", "../..", Some("")),
            ("a", "../deploy", Some("deploy")),
            ("a", "../../x", None),
            ("", "a/../../x", None),
            ("a", "/etc", None),
        ] {
            assert_eq!(from_root(folder, path).as_deref(), expected, "{folder} {path}");
        }
    }

    #[test]
    fn a_mistake_does_not_hide_what_stands_beside_it() {
        let (config, mistakes) =
            super::read_as_far(&GOOD.replace("gates:", "gate:"), &Place::new("", "folder"));
        assert_eq!(mistakes.len(), 1);
        assert_eq!(config.expect("the rest is understood").deploy_path, "k8s");
    }

    #[test]
    fn every_mistake_has_a_place_and_a_way_out() {
        for (from, to, message) in [
            ("deploy:", "deplyo:", "`deplyo` is not a key"),
            ("1 %", "80 %", "`maxErrorRate` must be a share"),
            ("127.0.0.1:8080", "8080", "`listen` must be an address"),
            ("k8s/", "../k8s", "inside the repository"),
            (".github/", "/etc/", "inside the repository"),
            ("gates:", "keep: { releases: 1 }\ngates:", "`releases` must be a number from 2"),
            ("gates:", "keep: { days: -1 }\ngates:", "`days` must be a number from 0"),
            ("gates:", "keep: { years: 1 }\ngates:", "`years` is not a key"),
            ("app: shop", "app: Shop_1", "is not a name"),
            ("app: shop", "app: [", "is not YAML"),
        ] {
            let errors = read(&GOOD.replace(from, to), "folder").expect_err(message);
            let first = errors.iter().find(|e| e.message.contains(message));
            assert!(first.is_some_and(|e| e.labels[0].line > 0), "{message}: {errors:?}");
        }
    }
}
