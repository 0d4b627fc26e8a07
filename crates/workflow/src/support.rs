//! What is valid for GitHub and not carried out by Bowline: an error each, with its place and
//! its consequence, before anything runs. Nothing is ignored in silence.

use crate::codes;
use crate::tree::{
    ActionReference, Grant, Job, Patterns, Permissions, RunsOn, Step, StepKind, Trigger, Workflow,
};
use bowline_diag::{Diagnostic, nearest};
use bowline_yaml::Span;

/// The actions that Bowline carries out itself.
pub const BUILT_IN_ACTIONS: [&str; 6] = [
    "actions/cache",
    "actions/checkout",
    "actions/download-artifact",
    "actions/setup-go",
    "actions/setup-node",
    "actions/upload-artifact",
];

/// Everything in a workflow that would not be done, in the order of the file. Empty: the
/// workflow can be run in full.
#[must_use]
pub fn unsupported(workflow: &Workflow) -> Vec<Diagnostic> {
    let mut check = Check { workflow, found: Vec::new() };
    for trigger in &workflow.on.events {
        check.trigger(trigger);
    }
    check.permissions(workflow.permissions.as_ref());
    for job in &workflow.jobs {
        check.job(job);
    }
    check.found.sort_by_key(|error| {
        error.labels.first().map_or((0, 0), |label| (label.line, label.column))
    });
    check.found
}

struct Check<'w> {
    workflow: &'w Workflow,
    found: Vec<Diagnostic>,
}

impl Check<'_> {
    fn add(&mut self, code: &str, message: impl Into<String>, span: Span, help: &str) {
        let error = Diagnostic::error(code, message)
            .at(&self.workflow.file, span.line.max(1), span.column.max(1), span.length, "")
            .source(&self.workflow.file, self.workflow.text.as_str());
        self.found.push(if help.is_empty() { error } else { error.help(help) });
    }

    fn missing(&mut self, message: impl Into<String>, span: Span, help: &str) {
        self.add(codes::NOT_CARRIED_OUT, message, span, help);
    }

    /// A filter beside its twin, which GitHub's service refuses too.
    fn trigger(&mut self, trigger: &Trigger) {
        let pairs: [(&str, &Option<Patterns>, &Option<Patterns>); 3] = [
            ("branches", &trigger.branches, &trigger.branches_ignore),
            ("tags", &trigger.tags, &trigger.tags_ignore),
            ("paths", &trigger.paths, &trigger.paths_ignore),
        ];
        for (name, only, ignore) in pairs {
            if let (Some(_), Some(ignore)) = (only, ignore) {
                let message = format!("`{name}` and `{name}-ignore` exclude each other");
                let help = format!("put `!` patterns into `{name}` instead");
                self.add(codes::FILTER, message, ignore.span, &help);
            }
            for list in [only, ignore].into_iter().flatten() {
                if !list.items.is_empty() && list.items.iter().all(|p| p.value.starts_with('!')) {
                    let message =
                        format!("`{name}` holds only `!` patterns, so it selects nothing");
                    let help = "begin with a pattern that selects, for example `**`";
                    self.add(codes::FILTER, message, list.span, help);
                }
            }
        }
    }

    fn permissions(&mut self, permissions: Option<&Permissions>) {
        let Some(permissions) = permissions else { return };
        let help = "remove it: jobs get no token that could write";
        match &permissions.grant {
            Grant::ReadAll => {}
            Grant::WriteAll => {
                let message = "`write-all` is not granted: jobs would lack the rights they ask for";
                self.add(codes::PERMISSION, message, permissions.span, help);
            }
            Grant::Map(entries) => {
                for (scope, level) in entries.iter().filter(|(_, level)| level.value == "write") {
                    let message = format!(
                        "`{}: write` is not granted, so steps that rely on it would fail",
                        scope.value
                    );
                    self.add(codes::PERMISSION, message, level.span, help);
                }
            }
        }
    }

    fn job(&mut self, job: &Job) {
        self.permissions(job.permissions.as_ref());
        let id = &job.id.value;
        if let Some(call) = &job.uses {
            let message = format!("job `{id}` calls a reusable workflow, which is not carried out");
            self.missing(message, call.workflow.span, "put its jobs into this file");
        }
        if let Some(container) = &job.container {
            let message = format!("job `{id}` would not run in its `container`");
            self.missing(message, container.span, "install its tools in a step instead");
        }
        if let Some(services) = &job.services {
            let message = format!("the `services` of job `{id}` would not be started");
            self.missing(message, services.span, "start them in a step instead");
        }
        if let Some(environment) = &job.environment {
            let message = format!("job `{id}` would run without the rules of its `environment`");
            self.missing(message, environment.span, "remove it; `bowline.yaml` has environments");
        }
        if let Some(snapshot) = &job.snapshot {
            let message = format!("the `snapshot` of job `{id}` would not be taken");
            self.missing(message, snapshot.span, "remove it: it is for hosted runners");
        }
        if let Some(minutes) = &job.cancel_timeout_minutes {
            let message = "`cancel-timeout-minutes` is not carried out: cancelling takes 10 s";
            self.missing(message, minutes.span, "remove it");
        }
        if let Some(runs_on) = &job.runs_on {
            self.runs_on(runs_on);
        }
        for step in &job.steps {
            self.step(step);
        }
    }

    fn runs_on(&mut self, runs_on: &RunsOn) {
        if let Some(group) = &runs_on.group {
            let message = "there are no runner groups here, so no runner would take the job";
            self.missing(message, group.span, "name a label such as `ubuntu-latest`");
        }
        for label in &runs_on.labels {
            // The runner asks with the values of those that an expression gives.
            if let Some(text) = label.as_literal().map(|value| value.to_text())
                && let Some(message) = label_problem(&text)
            {
                self.add(codes::RUNNER_LABEL, message, label.span, LABEL_HELP);
            }
        }
    }

    fn step(&mut self, step: &Step) {
        if let Some(span) = step.background {
            let message = "`background` is not carried out: the step would block the next ones";
            self.missing(message, span, "start the program with `&` in a `run` step");
        }
        match &step.kind {
            StepKind::Run(_) => {}
            StepKind::Background(kind) => {
                let message = format!("`{}` is not carried out yet", kind.value);
                self.missing(message, kind.span, "write the steps one after another");
            }
            StepKind::Uses(uses) => {
                let span = uses.action.span;
                match &uses.reference {
                    ActionReference::Repository { repository, path, .. } => {
                        self.action(repository, path, span);
                    }
                    ActionReference::Docker(_) => {
                        let message = "Docker actions are not carried out yet";
                        self.missing(message, span, "install the tool and run it in a `run` step");
                    }
                    ActionReference::Local(path) | ActionReference::SameRepository(path) => {
                        let message =
                            format!("the action `{path}` of the repository is not run yet");
                        self.missing(message, span, "put its commands into `run` steps");
                    }
                }
            }
        }
    }

    fn action(&mut self, repository: &str, path: &str, span: Span) {
        if path.is_empty() && built_in(repository).is_some() {
            return;
        }
        let whole =
            if path.is_empty() { repository.to_owned() } else { format!("{repository}/{path}") };
        let message = format!("unknown action `{whole}`: it is none of the built-in ones");
        let help = match nearest(&whole, BUILT_IN_ACTIONS) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "do the same in a `run` step".to_owned(),
        };
        self.add(codes::UNKNOWN_ACTION, message, span, &help);
    }
}

/// What to do about a label that no runner has.
pub const LABEL_HELP: &str = "use `ubuntu-latest`, `linux` or `self-hosted`";

/// The built-in action of a repository's name, compared without case.
#[must_use]
pub fn built_in(repository: &str) -> Option<&'static str> {
    BUILT_IN_ACTIONS.into_iter().find(|known| known.eq_ignore_ascii_case(repository))
}

/// Why no runner of ours has this label; `None` when one has. For labels that come from an
/// expression the runner asks with the value.
#[must_use]
pub fn label_problem(label: &str) -> Option<String> {
    let folded = label.to_ascii_lowercase();
    let here = std::env::consts::ARCH;
    let fits = match folded.as_str() {
        "self-hosted" | "linux" | "ubuntu" => true,
        "x64" => here == "x86_64",
        "arm64" => here == "aarch64",
        _ => match folded.strip_prefix("ubuntu-") {
            Some(rest) => rest.ends_with("-arm") == (here == "aarch64") || !rest.ends_with("-arm"),
            None => false,
        },
    };
    if fits {
        return None;
    }
    Some(format!("no runner has the label `{label}`, so nothing would run this job"))
}
