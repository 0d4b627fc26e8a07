//! What can be seen to fail before anything runs: each error with its place.
//!
//! Absent on purpose: what the reader of the workflow and its table of unsupported keys say.

use crate::builtin;
use crate::codes;
use crate::problem::Problem;
use crate::request::RunRequest;
use bowline_diag::Diagnostic;
use bowline_model::Trust;
use bowline_workflow::expr::{Ast, Expression, Kind, Value};
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
    let mut walk = Walk { secrets: &request.secrets, stranger, problems };
    walk.map(&workflow.env);
    for job in wanted_jobs(request) {
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

struct Walk<'a> {
    secrets: &'a BTreeMap<String, String>,
    stranger: bool,
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
                self.map(&uses.with);
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
        let mut names = Vec::new();
        expression.ast.any(&mut |node| {
            names.extend(secret_name(node));
            false
        });
        for (name, position) in names {
            if self.secrets.keys().any(|known| known.eq_ignore_ascii_case(&name)) {
                continue;
            }
            let message = format!("secret `{name}` is read here and was not given");
            let known = self.secrets.keys().map(String::as_str);
            let help = match bowline_diag::nearest(&name, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("give it with `-s {name}=VALUE`"),
            };
            let span = place(expression, position, name.chars().count());
            let problem = Problem::new(codes::UNKNOWN_SECRET, message).or_at(span).help(help);
            self.problems.push(problem);
        }
    }
}

/// The name in `secrets.NAME` or `secrets['NAME']`, and where it begins in the expression.
fn secret_name(node: &Ast) -> Option<(String, usize)> {
    let Kind::Index(left, right) = &node.kind else { return None };
    match (&left.kind, &right.kind) {
        (Kind::Context(context), Kind::Literal(Value::String(name))) if context == "secrets" => {
            Some((name.to_string(), left.position))
        }
        _ => None,
    }
}

/// The place of a secret in the file: exact where the expression is on one line.
fn place(expression: &Expression, position: usize, name_length: usize) -> Span {
    let span = expression.span;
    if position == 0 || expression.source.contains('\n') {
        return span;
    }
    let length = "secrets.".len() + name_length;
    Span { column: span.column + position - 1, length, ..span }
}
