//! `Chart.yaml` and `requirements.yaml`.

use super::error::Error;
use super::read_yaml::{self, YamlError, fields, string};
use crate::codes;
use crate::tmpl::{Map, Str, Type, Value};
use bowline_yaml::Node;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// What a chart says about itself.
#[derive(Clone, Debug, Default)]
pub struct Metadata {
    /// Its name; an alias replaces it.
    pub name: String,
    /// Its version.
    pub version: String,
    /// `v1` or `v2`.
    pub api_version: String,
    /// `application`, `library` or nothing.
    pub chart_type: String,
    /// Which Kubernetes it wants.
    pub kube_version: String,
    /// Whether it should not be used any more.
    pub deprecated: bool,
    /// What it depends on.
    pub dependencies: Vec<Dependency>,
    texts: BTreeMap<&'static str, String>,
    lists: BTreeMap<&'static str, Vec<String>>,
    maintainers: Vec<[String; 3]>,
    annotations: BTreeMap<String, String>,
}

/// One dependency.
#[derive(Clone, Debug, Default)]
pub struct Dependency {
    /// The chart's name; the alias once it has been applied.
    pub name: String,
    /// The range of versions that fit.
    pub version: String,
    /// Where it comes from.
    pub repository: String,
    /// Paths of values that enable it, with commas between them.
    pub condition: String,
    /// Tags that enable it.
    pub tags: Vec<String>,
    /// Whether it is rendered.
    pub enabled: bool,
    /// What of its values the parent takes.
    pub import_values: Vec<Import>,
    /// Another name for it.
    pub alias: String,
}

/// One entry of `import-values`.
#[derive(Clone, Debug)]
pub struct Import {
    /// The path in the child's values.
    pub child: String,
    /// The path in the parent's values.
    pub parent: String,
    /// `exports.NAME`, written as a name alone.
    pub short: bool,
}

/// Names of fields in Go and in the file.
const TEXTS: &[(&str, &str)] = &[
    ("Home", "home"),
    ("Description", "description"),
    ("Icon", "icon"),
    ("Condition", "condition"),
    ("Tags", "tags"),
    ("AppVersion", "appVersion"),
];
const LISTS: &[(&str, &str)] = &[("Sources", "sources"), ("Keywords", "keywords")];

/// A field as Go's JSON finds it: the exact name, else one that differs in case.
fn field<'n>(fields: &BTreeMap<String, &'n Node>, name: &str) -> Option<&'n Node> {
    let other = || fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, n)| n);
    fields.get(name).or_else(other).copied()
}

fn items(node: Option<&Node>) -> Result<&[Node], YamlError> {
    let Some(node) = node else { return Ok(&[]) };
    match node.as_sequence() {
        Some(items) => Ok(items),
        None if string(node)?.is_empty() => Ok(&[]),
        None => Err(YamlError {
            message: "a list is wanted here".to_owned(),
            line: node.span.line,
            column: node.span.column,
        }),
    }
}

/// Go's `sanitizeString`: blanks become spaces, what cannot be printed goes.
fn sane(text: &str) -> String {
    let blank = |c: char| if c.is_whitespace() { ' ' } else { c };
    text.chars().map(blank).filter(|c| !c.is_control()).collect()
}

impl Metadata {
    /// Reads a file into the metadata; what it does not say stays.
    pub(crate) fn read(&mut self, file: &str, text: &Str) -> Result<(), Error> {
        let failed = |error: YamlError| Error::yaml(&codes::CHART, file, text, &error);
        let Some(node) = read_yaml::document(text).map_err(failed)? else { return Ok(()) };
        read_yaml::json(&node).map_err(failed)?;
        self.fill(&node).map_err(failed)
    }

    fn fill(&mut self, node: &Node) -> Result<(), YamlError> {
        let found = fields(node)?;
        let text = |name: &str| field(&found, name).map(string).transpose();
        for (name, into) in [
            ("name", &mut self.name),
            ("version", &mut self.version),
            ("apiVersion", &mut self.api_version),
            ("type", &mut self.chart_type),
            ("kubeVersion", &mut self.kube_version),
        ] {
            if let Some(value) = text(name)? {
                *into = value;
            }
        }
        for (name, key) in TEXTS {
            if let Some(value) = text(key)? {
                self.texts.insert(name, sane(&value));
            }
        }
        for (name, key) in LISTS {
            let list = items(field(&found, key))?.iter().map(string);
            let list = list.collect::<Result<Vec<_>, _>>()?;
            if !list.is_empty() {
                self.lists.insert(name, list.iter().map(|text| sane(text)).collect());
            }
        }
        if let Some(value) = text("deprecated")? {
            self.deprecated = value == "true";
        }
        if let Some(annotations) = field(&found, "annotations") {
            for (key, value) in fields(annotations)? {
                self.annotations.insert(key, string(value)?);
            }
        }
        for maintainer in items(field(&found, "maintainers"))? {
            let found = fields(maintainer)?;
            let text = |name| field(&found, name).map(string).transpose();
            let [name, email, url] = [text("name")?, text("email")?, text("url")?]
                .map(|text| sane(&text.unwrap_or_default()));
            self.maintainers.push([name, email, url]);
        }
        let dependencies = items(field(&found, "dependencies"))?;
        if !dependencies.is_empty() {
            let read = dependencies.iter().map(Dependency::read);
            self.dependencies = read.collect::<Result<_, _>>()?;
        }
        Ok(())
    }

    /// What Helm refuses.
    pub(crate) fn validate(&mut self, file: &str) -> Result<(), Error> {
        let wrong = |what: String| Err(Error::chart(format!("`{file}`: {what}")));
        self.name = sane(&self.name);
        self.kube_version = sane(&self.kube_version);
        if self.api_version.is_empty() {
            self.api_version = "v1".to_owned();
        }
        if self.name.is_empty() {
            return wrong("`name` is required".to_owned());
        }
        if self.name == "." || self.name == ".." || self.name.contains('/') {
            return wrong(format!("the name `{}` is not allowed", self.name));
        }
        if self.version.is_empty() {
            return wrong("`version` is required".to_owned());
        }
        if !super::version::is_version(&self.version) {
            return wrong(format!("the version `{}` is not a semantic version", self.version));
        }
        if !matches!(self.chart_type.as_str(), "" | "application" | "library") {
            return wrong("`type` must be `application` or `library`".to_owned());
        }
        let mut names = BTreeSet::new();
        for dependency in &self.dependencies {
            let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            if !dependency.alias.chars().all(allowed) {
                return wrong(format!("the alias `{}` is not allowed", dependency.alias));
            }
            if !names.insert(dependency.key()) {
                return wrong(format!("more than one dependency is named `{}`", dependency.key()));
            }
        }
        Ok(())
    }

    /// Whether only its partials are used.
    pub fn is_library(&self) -> bool {
        self.chart_type.eq_ignore_ascii_case("library")
    }

    /// `.Chart` as templates see it.
    pub(crate) fn value(&self, is_root: bool) -> Value {
        let text = |text: &str| Value::str(text);
        let list = |list: &[String]| Value::list(list.iter().map(|item| text(item)).collect());
        let mut entries = BTreeMap::new();
        let mut put = |name: &str, value: Value| entries.insert(Str::from(name), value);
        for (name, _) in TEXTS {
            put(name, text(self.texts.get(name).map_or("", String::as_str)));
        }
        for (name, _) in LISTS {
            put(name, list(self.lists.get(name).map_or(&[], Vec::as_slice)));
        }
        put("Name", text(&self.name));
        put("Version", text(&self.version));
        put("APIVersion", text(&self.api_version));
        put("Type", text(&self.chart_type));
        put("KubeVersion", text(&self.kube_version));
        put("Deprecated", Value::Bool(self.deprecated));
        put("IsRoot", Value::Bool(is_root));
        let annotations = self.annotations.iter();
        let annotations = annotations.map(|(key, value)| (Str::from(key.as_str()), text(value)));
        let annotations = Map::of(Type::MAP_STR, annotations.collect());
        put("Annotations", Value::Map(Rc::new(annotations)));
        let maintainers = self.maintainers.iter().map(|parts| {
            let named = ["Name", "Email", "URL"].into_iter().zip(parts);
            Value::map(named.map(|(name, part)| (Str::from(name), text(part))))
        });
        put("Maintainers", Value::list(maintainers.collect()));
        let dependencies = self.dependencies.iter().map(Dependency::value);
        put("Dependencies", Value::list(dependencies.collect()));
        Value::Map(Rc::new(Map::new(entries)))
    }
}

impl Dependency {
    fn read(node: &Node) -> Result<Self, YamlError> {
        let found = fields(node)?;
        let text = |name: &str| -> Result<String, YamlError> {
            Ok(sane(&field(&found, name).map(string).transpose()?.unwrap_or_default()))
        };
        let tags = items(field(&found, "tags"))?.iter().map(string);
        let imports = items(field(&found, "import-values"))?.iter().map(Import::read);
        Ok(Self {
            name: text("name")?,
            version: text("version")?,
            repository: text("repository")?,
            condition: text("condition")?,
            tags: tags.collect::<Result<_, _>>()?,
            enabled: text("enabled")? == "true",
            import_values: imports.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect(),
            alias: text("alias")?,
        })
    }

    /// The name under which its values stand.
    pub fn key(&self) -> &str {
        if self.alias.is_empty() { &self.name } else { &self.alias }
    }

    fn value(&self) -> Value {
        let text = |text: &str| Value::str(text);
        let imports = self.import_values.iter().map(|import| {
            let pair = [("child", &import.child), ("parent", &import.parent)];
            let pair = pair.map(|(key, value)| (Str::from(key), text(value)));
            Value::Map(Rc::new(Map::of(Type::MAP_STR, pair.into_iter().collect())))
        });
        let entries = [
            ("Name", text(&self.name)),
            ("Version", text(&self.version)),
            ("Repository", text(&self.repository)),
            ("Condition", text(&self.condition)),
            ("Tags", Value::list(self.tags.iter().map(|tag| text(tag)).collect())),
            ("Enabled", Value::Bool(self.enabled)),
            ("ImportValues", Value::list(imports.collect())),
            ("Alias", text(&self.alias)),
        ];
        Value::map(entries.map(|(key, value)| (Str::from(key), value)))
    }
}

impl Import {
    fn read(node: &Node) -> Result<Option<Self>, YamlError> {
        if node.as_mapping().is_some() {
            let found = fields(node)?;
            // A missing one is printed as Go prints nil.
            let text = |name| found.get(name).map_or(Ok("<nil>".to_owned()), |node| string(node));
            return Ok(Some(Self { child: text("child")?, parent: text("parent")?, short: false }));
        }
        match node.as_sequence() {
            Some(_) => Ok(None),
            None => Ok(Some(Self {
                child: format!("exports.{}", string(node)?),
                parent: ".".to_owned(),
                short: true,
            })),
        }
    }
}
