//! Jobs.

use super::Reader;
use super::fields::Fields;
use crate::codes;
use crate::limits::ID_CHARACTERS_MAX;
use crate::schema::job as table;
use crate::template::TemplateMap;
use crate::tree::{Defaults, Job, ReusableCall, Spanned};
use bowline_yaml::{Node, Schema};

impl Reader<'_> {
    pub(super) fn jobs(&mut self, node: &Node) -> Vec<Job> {
        let Some(entries) = node.as_mapping() else {
            let message = format!("`jobs` takes a mapping, and this is {}", node.kind());
            self.error(codes::WRONG_VALUE, message, node.span, "");
            return Vec::new();
        };
        if entries.is_empty() {
            self.error(codes::WRONG_VALUE, "a workflow needs at least one job", node.span, "");
        }
        let mut jobs = Vec::new();
        let mut names = Vec::new();
        for (key, value) in entries {
            names.extend(key.as_str().map(str::to_owned));
            let id = self.id(key, "job");
            let job = self.job(id, value);
            jobs.extend(job);
        }
        self.check_needs(&jobs, &names);
        jobs
    }

    /// An id of a job or step; one that breaks the rule is reported.
    pub(super) fn id(&mut self, node: &Node, what: &str) -> Option<Spanned<String>> {
        let id = self.word(node)?;
        let mut letters = id.value.chars();
        let first = letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
        let rest = letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
        let short = id.value.chars().count() < ID_CHARACTERS_MAX;
        if !(first && rest && short) {
            let message = format!("`{}` is no valid {what} id", id.value);
            let error = self.diagnostic(codes::ID, message, node.span, "");
            let help = "begin with a letter or `_`, then letters, digits, `_`, `-`; at most 99";
            self.errors.push(error.help(help));
            return None;
        }
        if id.value.starts_with("__") {
            let message = format!("the {what} id `{}` begins with `__`, which is kept", id.value);
            self.error(codes::ID, message, node.span, "");
            return None;
        }
        Some(id)
    }

    /// A job whose id is broken is read too, for its other errors.
    fn job(&mut self, id: Option<Spanned<String>>, node: &Node) -> Option<Job> {
        let reusable = node.get("uses").is_some();
        let keys = if reusable { &table::REUSABLE_JOB } else { &table::JOB };
        let fields = self.fields(node, keys)?;
        // A slip of the key is one mistake, which `fields` has told with the near name.
        let slip = || fields.is_slip_of("runs-on") || fields.is_slip_of("uses");
        if !reusable && fields.get("runs-on").is_none() && !slip() {
            let message = "the job has neither `runs-on` nor `uses`, so nothing can run it";
            self.error(codes::MISSING_KEY, message, node.span, "");
        }
        for key in ["with", "secrets"] {
            if let (false, Some(key_node)) = (reusable, fields.key(key)) {
                let message = format!("`{key}` of a job belongs to `uses`, which is missing");
                self.error(codes::UNKNOWN_KEY, message, key_node.span, "");
            }
        }
        let uses = if reusable { self.reusable(&fields) } else { None };
        let job = self.job_of(&fields, uses);
        id.map(|id| Job { id, ..job })
    }

    fn job_of(&mut self, fields: &Fields<'_>, uses: Option<ReusableCall>) -> Job {
        let nowhere = Spanned::new(String::new(), bowline_yaml::Span::default());
        let map = |reader: &mut Self, key: &str| match fields.get(key) {
            Some((row, node)) => reader.map(row, node),
            None => TemplateMap::default(),
        };
        let (env, outputs) = (map(self, "env"), map(self, "outputs"));
        let defaults = match fields.get("defaults") {
            Some((_, node)) => self.defaults(node, &table::DEFAULTS, &table::DEFAULTS_RUN),
            None => Defaults::default(),
        };
        let number = |reader: &mut Self, key: &str| {
            fields.get(key).and_then(|(row, node)| reader.number(row, node))
        };
        let timeout_minutes = number(self, "timeout-minutes");
        let cancel_timeout_minutes = number(self, "cancel-timeout-minutes");
        Job {
            id: nowhere,
            name: fields.get("name").and_then(|(row, node)| self.string(row, node)),
            needs: fields.get("needs").map(|(_, node)| self.needs(node)).unwrap_or_default(),
            condition: self.condition(fields.get("if")),
            runs_on: fields.get("runs-on").and_then(|(row, node)| self.runs_on(row, node)),
            env,
            defaults,
            outputs,
            strategy: fields.get("strategy").and_then(|(row, node)| self.strategy(row, node)),
            steps: fields.get("steps").map(|(_, node)| self.steps(node)).unwrap_or_default(),
            timeout_minutes,
            cancel_timeout_minutes,
            continue_on_error: fields
                .get("continue-on-error")
                .and_then(|(row, node)| self.boolean(row, node)),
            permissions: fields.get("permissions").and_then(|(_, node)| self.permissions(node)),
            concurrency: fields
                .get("concurrency")
                .and_then(|(row, node)| self.concurrency(row, node, &table::CONCURRENCY)),
            environment: fields.get("environment").and_then(|(r, node)| self.environment(r, node)),
            container: fields.get("container").and_then(|(row, node)| self.container(row, node)),
            services: fields.get("services").and_then(|(row, node)| self.services(row, node)),
            snapshot: fields.get("snapshot").and_then(|(row, node)| self.snapshot(row, node)),
            uses,
        }
    }

    fn needs(&mut self, node: &Node) -> Vec<Spanned<String>> {
        if node.is_null(Schema::Core12) {
            return Vec::new();
        }
        self.words(node)
    }

    fn reusable(&mut self, fields: &Fields<'_>) -> Option<ReusableCall> {
        let with = match fields.get("with") {
            Some((row, node)) => self.map(row, node),
            None => TemplateMap::default(),
        };
        let inherit = |node: &Node| node.as_str() == Some("inherit");
        let secrets_inherit = fields.get("secrets").is_some_and(|(_, node)| inherit(node));
        let secrets = match fields.get("secrets") {
            Some((row, node)) if !secrets_inherit => self.map(row, node),
            Some(_) | None => TemplateMap::default(),
        };
        let (_, node) = fields.get("uses")?;
        let workflow = self.word(node)?;
        let local = workflow.value.starts_with("./") || workflow.value.starts_with("$/");
        let file = workflow.value.rsplit_once('@').map_or(workflow.value.as_str(), |pair| pair.0);
        let is_yaml = file.ends_with(".yml") || file.ends_with(".yaml");
        if !is_yaml || !(local || workflow.value.contains('@')) {
            let message = format!("`{}` names no reusable workflow", workflow.value);
            let error = self.diagnostic(codes::WRONG_VALUE, message, node.span, "");
            let help = "write `owner/repository/.github/workflows/file.yml@ref`";
            self.errors.push(error.help(help));
        }
        Some(ReusableCall { workflow, with, secrets, secrets_inherit })
    }
}
