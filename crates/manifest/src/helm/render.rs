//! Renders a chart as `helm template` does.

use super::chart::Chart;
use super::coalesce::{self, Mode, Notes, empty, table_at};
use super::error::Error;
use super::functions::{FUNCTIONS, HelmHost, LookupSnapshot};
use super::manifests::{self, BadDocument};
use super::objects::{Capabilities, Files};
use super::profile::Profile;
use super::rendered::{File, Rendered};
use super::tree::Branch;
use super::values::{Values, place_in};
use super::{schema, version};
use crate::codes;
use crate::limits::RELEASE_NAME_BYTES_MAX;
use crate::sprig::{HELM_4_1, Moment, Seed, SprigHost};
use crate::tmpl::{FunctionTable, Map, MissingKey, Render, Set, Str, Type, Value};
use bowline_diag::Diagnostic;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::{Arc, LazyLock};

/// Whom a render is for.
#[derive(Clone, Debug)]
pub struct Release {
    /// `.Release.Name`.
    pub name: String,
    /// `.Release.Namespace`.
    pub namespace: String,
    /// `.Release.IsUpgrade`; `.Release.IsInstall` otherwise.
    pub is_upgrade: bool,
}

/// What a render depends on besides the chart and its values.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Which Helm is followed.
    pub profile: &'static Profile,
    /// What the cluster can do.
    pub capabilities: Capabilities,
    /// What the cluster answers to `lookup`.
    pub lookup: LookupSnapshot,
    /// Of everything random.
    pub seed: Seed,
    /// What `now` says.
    pub now: Moment,
    /// Values need not fit `values.schema.json`.
    pub skip_schema_validation: bool,
}

static TABLE: LazyLock<Arc<FunctionTable>> = LazyLock::new(|| {
    let tables: Vec<_> = HELM_4_1.iter().copied().chain([FUNCTIONS]).collect();
    Arc::new(FunctionTable::new(&tables))
});

/// The type of `.Values` and of the whole context.
const VALUES: Type = Type::Named("common.Values", &Type::MAP_ANY);

/// Renders a chart.
///
/// # Errors
/// Where Helm fails, and where a limit is reached.
pub fn render(
    chart: &Arc<Chart>,
    values: &Values,
    release: &Release,
    setting: &Setting,
) -> Result<Rendered, Error> {
    check_name(&release.name)?;
    let given = values.merged()?;
    check_chart(chart)?;
    let mut notes = Notes::new();
    let mut root = Branch::new(chart);
    root.resolve(&given, &mut notes)?;
    let merged = coalesce::values(&root, &given, Mode::Coalesce, &mut notes)?;
    if !setting.skip_schema_validation {
        schema::check(&root, &Value::Map(merged.clone()))?;
    }
    let wanted = &root.metadata.kube_version;
    let kube = &setting.capabilities;
    if !wanted.is_empty() && !version::fits(wanted, &kube.normalized) {
        let message =
            format!("the chart wants Kubernetes {wanted}, which {} is not", kube.kube_version);
        return Err(Error::chart(message).help("pass `--kube-version`"));
    }
    let mut work = Work::new(setting);
    let context = Context { release, setting, crds: Vec::new(), templates: BTreeMap::new() };
    let context = context.gather(&root, &merged);
    work.parse(&context)?;
    work.execute(&context, &root, values)?;
    work.finish(context.crds, &root, notes, values)
}

fn check_name(name: &str) -> Result<(), Error> {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let end = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let label =
        |part: &str| part.starts_with(end) && part.ends_with(end) && part.chars().all(inner);
    if name.len() <= RELEASE_NAME_BYTES_MAX && name.split('.').all(label) {
        return Ok(());
    }
    let message = format!("`{name}` cannot be the name of a release");
    Err(Error::chart(message).help(format!(
        "use lower case letters, digits, `-` and `.`, at most {RELEASE_NAME_BYTES_MAX} characters"
    )))
}

fn check_chart(chart: &Chart) -> Result<(), Error> {
    if chart.metadata.is_library() {
        let message = format!("`{}` is a library chart: it is not rendered", chart.metadata.name);
        return Err(Error::chart(message).help("name the chart that uses it"));
    }
    let there = |name: &str| chart.children.iter().any(|child| child.metadata.name == name);
    let dependencies = chart.metadata.dependencies.iter();
    let missing: Vec<_> = dependencies.filter(|dependency| !there(&dependency.name)).collect();
    let Some(first) = missing.first() else { return Ok(()) };
    let names: Vec<_> = missing.iter().map(|dependency| format!("`{}`", dependency.name)).collect();
    let message = format!("{} is in Chart.yaml but not in `charts/`", names.join(", "));
    let help = format!(
        "vendor it: put `{}` {} from `{}` into `charts/`, as `helm dependency build` does",
        first.name, first.version, first.repository
    );
    Err(Error::new(&codes::DEPENDENCY, message).help(help))
}

/// A template with what it sees.
struct Template {
    chart: Arc<Chart>,
    text: Str,
    dot: Rc<Map>,
    base_path: String,
}

struct Context<'a> {
    release: &'a Release,
    setting: &'a Setting,
    crds: Vec<(String, Str)>,
    templates: BTreeMap<String, Template>,
}

fn named(entries: impl IntoIterator<Item = (&'static str, Value)>) -> BTreeMap<Str, Value> {
    entries.into_iter().map(|(name, value)| (Str::from(name), value)).collect()
}

impl<'a> Context<'a> {
    fn gather(mut self, root: &Branch, merged: &Rc<Map>) -> Self {
        let release = self.release;
        let facts = Value::Map(Rc::new(Map::new(named([
            ("Name", Value::str(release.name.as_str())),
            ("Namespace", Value::str(release.namespace.as_str())),
            ("IsUpgrade", Value::Bool(release.is_upgrade)),
            ("IsInstall", Value::Bool(!release.is_upgrade)),
            ("Revision", Value::Int(1)),
            ("Service", Value::str("Helm")),
        ]))));
        let values = Rc::new(Map::of(VALUES, merged.snapshot().into_iter().collect()));
        let capabilities = self.setting.capabilities.value();
        self.chart(root, root.name(), values, true, &[facts, capabilities]);
        self
    }

    /// The templates of a chart and of all charts in it; gives what they see.
    fn chart(
        &mut self,
        branch: &Branch,
        path: &str,
        values: Rc<Map>,
        is_root: bool,
        shared: &[Value; 2],
    ) -> Rc<Map> {
        let below = super::coalesce::empty();
        let dot = Rc::new(Map::of(
            VALUES,
            named([
                ("Chart", branch.metadata.value(is_root)),
                ("Files", Value::Object(Rc::new(Files::new(&branch.chart.files)))),
                ("Release", shared[0].clone()),
                ("Capabilities", shared[1].clone()),
                ("Values", Value::Map(values.clone())),
                ("Subcharts", Value::Map(below.clone())),
            ]),
        ));
        for (file, text) in branch.chart.crds() {
            self.crds.push((format!("{path}/{file}"), text.clone()));
        }
        for child in &branch.children {
            let values = table_at(&values, child.name()).unwrap_or_else(empty);
            let path = format!("{path}/charts/{}", child.name());
            let dot = self.chart(child, &path, values, false, shared);
            below.set(Str::from(child.name()), Value::Map(dot));
        }
        for (file, text) in &branch.chart.templates {
            let name = file.rsplit('/').next().unwrap_or_default();
            if branch.metadata.is_library() && !name.starts_with('_') {
                continue;
            }
            let template = Template {
                chart: branch.chart.clone(),
                text: text.clone(),
                dot: dot.clone(),
                base_path: format!("{path}/templates"),
            };
            self.templates.insert(format!("{path}/{file}"), template);
        }
        dot
    }

    /// The templates in Helm's order: the deepest first, backwards by name.
    fn order(&self) -> Vec<(&String, &Template)> {
        let mut order: Vec<_> = self.templates.iter().collect();
        let depth = |path: &str| memchr::memchr_iter(b'/', path.as_bytes()).count();
        order.sort_by(|(one, _), (other, _)| (depth(other), *other).cmp(&(depth(one), *one)));
        order
    }
}

struct Work {
    set: Set,
    render: Render,
    files: BTreeMap<String, File>,
    profile: &'static Profile,
}

impl Work {
    fn new(setting: &Setting) -> Self {
        let mut host = HelmHost::new(SprigHost::new(setting.seed, setting.now));
        host.lookup = setting.lookup.clone();
        Self {
            set: Set::new("gotpl", TABLE.clone(), MissingKey::Zero),
            render: Render::new(Box::new(host)),
            files: BTreeMap::new(),
            profile: setting.profile,
        }
    }

    fn parse(&mut self, context: &Context<'_>) -> Result<(), Error> {
        for (path, template) in context.order() {
            let name = Str::from(path.as_str());
            let parsed = template.chart.parsed(path, || self.set.parse(&name, &template.text));
            let parsed =
                parsed.map_err(|error| Error::template(&error).source(path, &template.text))?;
            self.set.add(&parsed);
        }
        Ok(())
    }

    fn execute(
        &mut self,
        context: &Context<'_>,
        root: &Branch,
        values: &Values,
    ) -> Result<(), Error> {
        for (path, template) in context.order() {
            if path.rsplit('/').next().unwrap_or_default().starts_with('_') {
                continue;
            }
            let facts = named([
                ("Name", Value::str(path.as_str())),
                ("BasePath", Value::str(template.base_path.as_str())),
            ]);
            let facts = Value::Map(Rc::new(Map::of(VALUES, facts)));
            template.dot.set(Str::from("Template"), facts);
            let dot = Value::Map(template.dot.clone());
            let output = self.render.execute(&self.set, path.as_bytes(), dot);
            let output = output.map_err(|error| explain(&error, context, root, values))?;
            self.files.insert(path.clone(), File::new(output));
        }
        Ok(())
    }

    fn finish(
        mut self,
        crds: Vec<(String, Str)>,
        root: &Branch,
        warnings: Notes,
        values: &Values,
    ) -> Result<Rendered, Error> {
        let own_notes = format!("{}/templates/NOTES.txt", root.name());
        let notes = self.files.get(&own_notes).map(|file| file.bytes.clone()).unwrap_or_default();
        self.files.retain(|path, _| !path.ends_with("NOTES.txt"));
        let files = self.files.iter().map(|(path, file)| (path.as_str(), &file.bytes[..]));
        let sorted = match manifests::sort(files, self.profile) {
            Ok(sorted) => sorted,
            Err(bad) => return Err(self.bad_document(&bad)),
        };
        let mut diagnostics: Vec<_> =
            warnings.into_iter().map(|note| Diagnostic::warning(codes::VALUES.id, note)).collect();
        for (path, name) in &sorted.unknown_hooks {
            let message = format!("`{path}` is a hook for `{name}`, which is unknown: left out");
            diagnostics.push(Diagnostic::warning(codes::CHART.id, message));
        }
        diagnostics.dedup();
        let _ = values;
        let super::manifests::Sorted { manifests, hooks, .. } = sorted;
        Ok(Rendered {
            manifests,
            hooks,
            crds,
            notes,
            diagnostics,
            files: self.files,
            render: self.render,
        })
    }

    /// A rendered document that is no YAML, at the template line that wrote the bad line.
    fn bad_document(&self, bad: &BadDocument) -> Error {
        let message = format!("`{}` renders to bad YAML: {}", bad.path, bad.error.message);
        let error = Error::new(&codes::RENDERED_YAML, message);
        let Some(file) = self.files.get(&bad.path) else { return error };
        let document = &file.bytes[bad.range.clone()];
        let mut lines = document.split_inclusive(|byte| *byte == b'\n');
        let line = bad.error.line.max(1);
        let before: usize = lines.by_ref().take(line - 1).map(<[u8]>::len).sum();
        let shown = lines.next().unwrap_or_default();
        let blank = shown.iter().take_while(|byte| **byte == b' ').count();
        let shown = String::from_utf8_lossy(shown).trim_end().to_owned();
        let error = error.note(format!("line {line} of the document is `{shown}`"));
        let map = self.render.source_map();
        let offset = (bad.range.start + before + blank).min(file.bytes.len().saturating_sub(1));
        let Some(segment) = file.segment_of(offset) else { return error };
        let Some((line, column)) = map.line_column(segment.site) else { return error };
        let name = map.file_name(segment.site.file).map(|name| name.text().into_owned());
        let mut error =
            error.place(&name.unwrap_or_default(), line as usize, column as usize, "written here");
        for call in map.calls(segment.chain) {
            if let (Some(name), Some((line, column))) =
                (map.file_name(call.site.file), map.line_column(call.site))
            {
                error = error.note(format!("called at {}:{line}:{column}", name.text()));
            }
        }
        error
    }
}

/// A template's error with its text, and the place of the value that it names.
fn explain(
    error: &crate::tmpl::Error,
    context: &Context<'_>,
    root: &Branch,
    values: &Values,
) -> Error {
    let mut made = Error::template(error);
    let Some(place) = &error.origin().place else { return made };
    let file = place.file.text().into_owned();
    let Some(template) = context.templates.get(&file) else { return made };
    made = made.source(&file, &template.text);
    let (from, to) = (place.bytes.0 as usize, place.bytes.1 as usize);
    let Some(text) = template.text.get(from..to.min(template.text.len())) else { return made };
    let text = String::from_utf8_lossy(text).into_owned();
    let Some(path) = text.split(".Values.").nth(1) else { return made };
    let ends = |c: char| !(c.is_alphanumeric() || c == '_' || c == '.');
    let path = path.split(ends).next().unwrap_or_default().trim_end_matches('.');
    let parts: Vec<&str> = path.split('.').collect();
    let found = values.place(&parts).map(|(file, line, column, whole)| {
        (file.path.clone(), line, column, whole, file.text.clone())
    });
    let found = found.or_else(|| {
        let text = root.chart.default_values()?;
        let (line, column, depth) = place_in(&text, &parts)?;
        Some(("values.yaml".to_owned(), line, column, depth == parts.len(), text))
    });
    match found {
        Some((file, line, column, whole, text)) => {
            let label = if whole { "this value" } else { "the value would stand here" };
            made.place(&file, line, column, label).source(&file, &text)
        }
        None => made.note(format!("`{path}` stands in no values file")),
    }
}
