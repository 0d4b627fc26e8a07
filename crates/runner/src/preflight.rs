//! What can be seen to fail before anything runs: each error with its place.
//!
//! Absent on purpose: what the reader of the workflow and its table of unsupported keys say.

use crate::builtin;
use crate::codes;
use crate::context::texts;
use crate::github;
use crate::problem::Problem;
use crate::request::RunRequest;
use bowline_diag::Diagnostic;
use bowline_model::Trust;
use bowline_workflow::expr::{Ast, Context, Expression, Kind, Value, evaluate};
use bowline_workflow::{Content, Job, Key, Part, Step, StepKind, Template, TemplateMap};
use bowline_yaml::Span;
use std::collections::BTreeMap;

/// Everything that would fail for sure, in the order of the file.
#[must_use]
pub fn check(request: &RunRequest) -> Vec<Diagnostic> {
    let workflow = &request.workflow;
    let mut problems = Vec::new();
    if let Some(wanted) = &request.only_job
        && workflow.job(wanted).is_none()
    {
        let message = format!("job `{wanted}` does not exist in `{}`", workflow.file);
        let names: Vec<&str> = workflow.jobs.iter().map(|job| job.id.value.as_str()).collect();
        let help = match bowline_diag::nearest(wanted, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", names.join(", ")),
        };
        problems.push(Problem::new(codes::UNKNOWN_JOB, message).help(help));
    }
    // A stranger's run has no secrets at all, and reads them as empty like on GitHub.
    let stranger = request.revision.trust == Trust::ForkPullRequest;
    let mut walk = Walk {
        secrets: &request.secrets,
        stranger,
        known: vec![known(request)],
        tolerant: false,
        problems,
    };
    walk.map(&workflow.env);
    for job in wanted_jobs(request) {
        walk.known = combinations(request, job);
        walk.job(job);
    }
    let mut problems = walk.problems;
    problems.sort_by_key(|problem| problem.span.map_or((0, 0), |span| (span.line, span.column)));
    problems.iter().map(|problem| problem.diagnostic(workflow)).collect()
}

/// The jobs that may run: all of them, or the one asked for with all that it needs.
fn wanted_jobs(request: &RunRequest) -> Vec<&Job> {
    let workflow = &request.workflow;
    let Some(wanted) = &request.only_job else { return workflow.jobs.iter().collect() };
    let mut open: Vec<&Job> = workflow.job(wanted).into_iter().collect();
    let mut found: Vec<&Job> = Vec::new();
    while let Some(job) = open.pop() {
        if !found.iter().any(|known| known.id.value == job.id.value) {
            found.push(job);
            open.extend(job.needs.iter().filter_map(|need| workflow.job(&need.value)));
        }
    }
    found
}

/// What is known before anything runs.
fn known(request: &RunRequest) -> Context {
    let inputs = serde_json::Value::Object(request.inputs.clone());
    Context::default()
        .with("github", Value::from(github::context(request, None)))
        .with("inputs", Value::from_json(&inputs))
        .with("vars", texts(&request.vars))
}

/// The same for each combination of a job's matrix; none when its matrix is not known yet.
fn combinations(request: &RunRequest, job: &Job) -> Vec<Context> {
    let known = known(request);
    let Ok(instances) = bowline_workflow::plan::expand(job, &known) else { return Vec::new() };
    instances.into_iter().map(|one| known.clone().with("matrix", one.matrix)).collect()
}

struct Walk<'a> {
    secrets: &'a BTreeMap<String, String>,
    stranger: bool,
    /// What expressions may be evaluated with, once for each combination.
    known: Vec<Context>,
    /// Whether an absent token does no harm here: an input of an action.
    tolerant: bool,
    problems: Vec<Problem>,
}

impl Walk<'_> {
    fn job(&mut self, job: &Job) {
        self.map(&job.env);
        self.map(&job.outputs);
        for defaults in [&job.defaults.shell, &job.defaults.working_directory] {
            self.templates(defaults.iter());
        }
        for step in &job.steps {
            self.step(step);
        }
    }

    fn step(&mut self, step: &Step) {
        self.map(&step.env);
        let flags = [&step.name, &step.continue_on_error, &step.timeout_minutes];
        self.templates(flags.into_iter().flatten());
        match &step.kind {
            StepKind::Run(run) => {
                self.template(&run.script);
                self.templates([&run.shell, &run.working_directory].into_iter().flatten());
            }
            StepKind::Uses(uses) => {
                self.tolerant = true;
                self.map(&uses.with);
                self.tolerant = false;
                match builtin::find(uses) {
                    Ok(action) => self.problems.extend(builtin::check(action, uses)),
                    Err(problem) => self.problems.push(problem),
                }
            }
            // The table of unsupported keys says so.
            StepKind::Background(_) => {}
        }
    }

    fn map(&mut self, map: &TemplateMap) {
        self.templates(map.whole.iter());
        for (key, value) in &map.entries {
            if let Key::Template(key) = key {
                self.template(key);
            }
            self.template(value);
        }
    }

    fn templates<'t>(&mut self, templates: impl IntoIterator<Item = &'t Template>) {
        for template in templates {
            self.template(template);
        }
    }

    fn template(&mut self, template: &Template) {
        match &template.content {
            Content::Literal(_) => {}
            Content::Expression(expression) => self.expression(expression),
            Content::Parts(parts) => {
                for part in parts {
                    if let Part::Expression(expression) = part {
                        self.expression(expression);
                    }
                }
            }
        }
    }

    fn expression(&mut self, expression: &Expression) {
        if self.stranger {
            return;
        }
        let mut found = Vec::new();
        expression.ast.any(&mut |node| {
            found.extend(reads(node, &self.known));
            false
        });
        for (read, position) in found {
            let problem = match read {
                Read::Secret(name) => self.missing(&name, expression, position),
                Read::Token => self.no_token("github.token", expression, position),
                Read::Unknown => {
                    let message = "which secret is read here is known only while the job runs";
                    let help = "write `secrets.NAME`, or take the name from `matrix`, `inputs` or \
                                `vars`";
                    let span = place(expression, position, "secrets".len());
                    Some(Problem::new(codes::UNKNOWN_SECRET, message).or_at(span).help(help))
                }
            };
            self.problems.extend(problem);
        }
    }

    fn is_given(&self, name: &str) -> bool {
        self.secrets.keys().any(|known| known.eq_ignore_ascii_case(name))
    }

    fn no_token(&self, written: &str, expression: &Expression, position: usize) -> Option<Problem> {
        if self.tolerant || self.is_given(TOKEN) {
            return None;
        }
        let message = format!("`{written}` is not minted yet: Bowline has no forge to take it");
        let help = format!("give a token of your own with `-s {TOKEN}`");
        let span = place(expression, position, written.len());
        Some(Problem::new(codes::UNKNOWN_SECRET, message).or_at(span).help(help))
    }

    fn missing(&self, name: &str, expression: &Expression, position: usize) -> Option<Problem> {
        if self.is_given(name) {
            return None;
        }
        if name.eq_ignore_ascii_case(TOKEN) {
            return self.no_token(&format!("secrets.{TOKEN}"), expression, position);
        }
        let message = format!("secret `{name}` is read here and was not given");
        let known = self.secrets.keys().map(String::as_str);
        let help = match bowline_diag::nearest(name, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("give it with `-s {name}=VALUE`"),
        };
        let span = place(expression, position, "secrets.".len() + name.chars().count());
        Some(Problem::new(codes::UNKNOWN_SECRET, message).or_at(span).help(help))
    }
}

/// The secret that the forge itself mints.
const TOKEN: &str = "GITHUB_TOKEN";

/// What an expression reads.
enum Read {
    Secret(String),
    /// `github.token`.
    Token,
    /// `secrets[...]` with a name that is not known yet.
    Unknown,
}

/// The secrets that a node reads, in `secrets.NAME`, `secrets['NAME']` or `secrets[expression]`,
/// and where it begins in the expression.
fn reads(node: &Ast, known: &[Context]) -> Vec<(Read, usize)> {
    let Kind::Index(left, right) = &node.kind else { return Vec::new() };
    let Kind::Context(context) = &left.kind else { return Vec::new() };
    let literal = match &right.kind {
        Kind::Literal(Value::String(name)) => Some(name.to_string()),
        _ => None,
    };
    let read = match (context.as_str(), literal) {
        ("github", Some(name)) if name.eq_ignore_ascii_case("token") => vec![Read::Token],
        ("secrets", Some(name)) => vec![Read::Secret(name)],
        ("secrets", None) => computed(right, known),
        _ => Vec::new(),
    };
    read.into_iter().map(|read| (read, left.position)).collect()
}

/// Every name that an expression has in the known contexts.
fn computed(name: &Ast, known: &[Context]) -> Vec<Read> {
    let later = name.any(&mut |node| match &node.kind {
        Kind::Context(context) => known.iter().any(|known| !known.0.contains_key(context)),
        Kind::Call(function, _) => *function == "hashfiles",
        _ => false,
    });
    if later || known.is_empty() || name.has_status_function() {
        return vec![Read::Unknown];
    }
    let mut names = Vec::new();
    for one in known {
        let Ok(value) = evaluate(name, one) else { return vec![Read::Unknown] };
        let name = value.to_text();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.into_iter().map(Read::Secret).collect()
}

/// The place of a secret in the file: exact where the expression is on one line.
fn place(expression: &Expression, position: usize, length: usize) -> Span {
    let span = expression.span;
    if position == 0 || expression.source.contains('\n') {
        return span;
    }
    Span { column: span.column + position - 1, length, ..span }
}
