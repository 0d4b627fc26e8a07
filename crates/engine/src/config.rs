//! `bowline.yaml`: the few lines that say what cannot be recognised from a repository.
//!
//! The schema is the table [`KEYS`]; an unknown key is an error with the near name.

use bowline_diag::{Diagnostic, nearest};
use bowline_yaml::{Node, Resolved, Schema, Yaml};
use std::net::SocketAddr;
use std::sync::Arc;

/// The name of the file, in a repository's root.
pub const FILE: &str = "bowline.yaml";

/// Every key, with the sentence that the documentation shows for it.
pub const KEYS: &[(&str, &str)] = &[
    ("app", "the application's name; the folder's name when absent"),
    ("workflows", "the workflow files that a release runs, relative to the root"),
    ("dockerfile", "the Dockerfile; `Dockerfile` when absent"),
    ("image", "the image name that the manifests use; the application's name when absent"),
    ("deploy.path", "the folder with the Kubernetes manifests"),
    ("reports.tests", "where the workflow leaves the stream of `go test -json`"),
    ("reports.coverage", "where the workflow leaves the Go cover profile"),
    ("gates", "conditions on the reports, for example `coverage >= 80`; a missing report blocks"),
    ("slo.maxErrorRate", "the share of failed requests that users accept, `0.01` or `1 %`"),
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
    /// At least one.
    pub environments: Vec<Environment>,
    /// The whole file, for diagnostics.
    pub text: String,
}

/// Reads the text of a `bowline.yaml`; `folder` is the name used when `app` is absent.
///
/// # Errors
/// Every mistake in the file, each with its place.
pub fn read(text: &str, folder: &str) -> Result<Config, Vec<Diagnostic>> {
    match read_as_far(text, folder) {
        (Some(config), mistakes) if mistakes.is_empty() => Ok(config),
        (_, mistakes) => Err(mistakes),
    }
}

/// As [`read`], for those who want every mistake of all files at once: what can be understood
/// in spite of the mistakes. Nothing may be released from it unless there are none.
#[must_use]
pub fn read_as_far(text: &str, folder: &str) -> (Option<Config>, Vec<Diagnostic>) {
    let documents = match bowline_yaml::parse_documents(text, &bowline_yaml::Limits::default()) {
        Ok(documents) => documents,
        Err(error) => {
            let why = error.message.trim_start_matches("not YAML: ");
            let message = format!("`{FILE}` is not YAML: {why}");
            let diagnostic = Diagnostic::error("BOW1001", message)
                .at(FILE, error.line, error.column, 1, "")
                .source(FILE, text)
                .help("correct the syntax at this place, or the line above it");
            return (None, vec![diagnostic]);
        }
    };
    let mut reader = Reader { text, shared: Arc::from(text), errors: Vec::new() };
    let config = match documents.as_slice() {
        [root] => reader.config(root, folder),
        _ => {
            let message = format!("`{FILE}` must hold one document, not {}", documents.len());
            reader.errors.push(Diagnostic::error("BOW1001", message).at(FILE, 1, 1, 1, ""));
            None
        }
    };
    (config, reader.errors)
}

struct Reader<'a> {
    text: &'a str,
    /// The same text, for the mistakes.
    shared: Arc<str>,
    errors: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn config(&mut self, root: &Node, folder: &str) -> Option<Config> {
        let top = [
            "app",
            "workflows",
            "dockerfile",
            "image",
            "deploy",
            "reports",
            "gates",
            "slo",
            "environments",
        ];
        self.keys(root, &top);
        let app = self.text_at(root, "app").unwrap_or_else(|| folder.to_owned());
        let (reports, slo) = (root.get("reports"), root.get("slo"));
        reports.inspect(|node| self.keys(node, &["tests", "coverage"]));
        slo.inspect(|node| self.keys(node, &["maxErrorRate"]));
        let deploy = root.get("deploy");
        deploy.inspect(|node| self.keys(node, &["path"]));
        let deploy_path = match deploy {
            Some(node) => self.path_at(node, "path"),
            None => {
                self.wrong(root, "`deploy` is missing, so there is nothing to release to").help =
                    Some("add `deploy: { path: deploy }`".into());
                None
            }
        };
        let environments = self.environments(root);
        Some(Config {
            image: self.text_at(root, "image").unwrap_or_else(|| app.clone()),
            app: self.name(root.get("app"), app)?,
            workflows: self.list(root, "workflows"),
            dockerfile: self.path_at(root, "dockerfile").unwrap_or_else(|| "Dockerfile".into()),
            deploy_path: deploy_path?,
            tests_report: reports.and_then(|node| self.path_at(node, "tests")),
            coverage_report: reports.and_then(|node| self.path_at(node, "coverage")),
            gates: self.list(root, "gates"),
            max_error_rate: slo.and_then(|node| self.rate(node.get("maxErrorRate")?)),
            environments: environments?,
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
        self.errors.push(
            Diagnostic::error("BOW1002", message)
                .at(FILE, span.line, span.column, span.length, "")
                .source(FILE, Arc::clone(&self.shared)),
        );
        let last = self.errors.len() - 1;
        &mut self.errors[last]
    }
}

fn outside(path: &str) -> bool {
    path.starts_with('/') || path.split('/').any(|part| part == "..")
}

#[cfg(test)]
mod tests {
    use super::read;

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
    fn a_mistake_does_not_hide_what_stands_beside_it() {
        let (config, mistakes) = super::read_as_far(&GOOD.replace("gates:", "gate:"), "folder");
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
            ("app: shop", "app: Shop_1", "is not a name"),
            ("app: shop", "app: [", "is not YAML"),
        ] {
            let errors = read(&GOOD.replace(from, to), "folder").expect_err(message);
            let first = errors.iter().find(|e| e.message.contains(message));
            assert!(first.is_some_and(|e| e.labels[0].line > 0), "{message}: {errors:?}");
        }
    }
}
