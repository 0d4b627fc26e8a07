//! Which jobs check a commit out, and which ask for more than one.

use crate::builtin::{self, checkout};
use bowline_workflow::expr::Value;
use bowline_workflow::{Job, Key, Step, StepKind, Template, UsesStep, Workflow};

/// Whether a job of the workflow asks for more history than one commit.
#[must_use]
pub fn wants_history(workflow: &Workflow) -> bool {
    workflow.jobs.iter().any(job_wants_history)
}

/// Whether a checkout of the job has a `fetch-depth` other than 1, or `fetch-tags`. What is an
/// expression counts: giving more than was asked for harms nobody.
pub(crate) fn job_wants_history(job: &Job) -> bool {
    job.steps.iter().any(step_wants)
}

/// Whether a step of the job is a checkout. Without one its workspace is empty, as on GitHub.
pub(crate) fn job_checks_out(job: &Job) -> bool {
    job.steps.iter().any(|step| checkout_of(step).is_some())
}

fn checkout_of(step: &Step) -> Option<&UsesStep> {
    let StepKind::Uses(uses) = &step.kind else { return None };
    let found = builtin::find(uses).ok()?;
    (found.repository == checkout::ACTION.repository).then_some(uses)
}

fn step_wants(step: &Step) -> bool {
    let Some(uses) = checkout_of(step) else { return false };
    let other_than = |value: &Template, usual: &str| {
        let literal = value.as_literal().map(Value::to_text);
        literal.is_none_or(|text| !matches!(text.trim(), text if text.is_empty() || text == usual))
    };
    uses.with.entries.iter().any(|(key, value)| match key {
        Key::Name(name) if name.value.eq_ignore_ascii_case("fetch-depth") => other_than(value, "1"),
        Key::Name(name) if name.value.eq_ignore_ascii_case("fetch-tags") => {
            other_than(value, "false")
        }
        Key::Name(_) | Key::Template(_) | Key::Insert(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use super::wants_history;

    #[test]
    fn only_a_checkout_that_asks_for_more_than_one_commit_gets_it() {
        for (with, expected) in [
            ("", false),
            ("{ fetch-depth: 1 }", false),
            ("{ fetch-depth: '1', fetch-tags: false }", false),
            ("{ Fetch-Depth: 0 }", true),
            ("{ fetch-depth: 2 }", true),
            ("{ fetch-depth: '${{ github.run_number }}' }", true),
            ("{ fetch-tags: true }", true),
        ] {
            let text = format!(
                "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      \
                 - uses: actions/checkout@v4\n        with: {with}\n"
            );
            let workflow = bowline_workflow::read("ci.yml", &text).expect("it is valid");
            assert_eq!(wants_history(&workflow), expected, "{with}");
        }
    }
}
