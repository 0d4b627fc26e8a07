//! The actions that run natively: one file each, one row each in the table.
//!
//! An input that is not in an action's row is refused at its place before anything runs.

pub mod cache;
pub mod checkout;
pub mod download_artifact;
pub mod setup_go;
pub mod setup_node;
pub mod upload_artifact;

use crate::codes;
use crate::job::JobRun;
use crate::problem::Problem;
use bowline_workflow::{ActionReference, Key, UsesStep};
use bowline_yaml::Span;

/// Which values of an input are honoured.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// Any text; the action looks at it.
    Any,
    /// `true` or `false`.
    Boolean,
    /// Only these, and what they are as a sentence.
    Only(&'static [&'static str]),
}

/// One input of an action.
#[derive(Clone, Copy, Debug)]
pub struct InputRow {
    /// Its name.
    pub name: &'static str,
    /// What it may say.
    pub rule: Rule,
}

/// A row of an input.
pub(crate) const fn input(name: &'static str, rule: Rule) -> InputRow {
    InputRow { name, rule }
}

/// One action.
pub struct BuiltIn {
    /// `owner/name`, in lower case.
    pub repository: &'static str,
    /// The inputs that are honoured.
    pub inputs: &'static [InputRow],
    /// Does it.
    pub run: fn(&mut JobRun<'_>, &Call) -> Result<Outcome, Problem>,
}

/// All of them.
pub const BUILT_IN: &[BuiltIn] = &[
    checkout::ACTION,
    setup_go::ACTION,
    setup_node::ACTION,
    cache::ACTION,
    upload_artifact::ACTION,
    download_artifact::ACTION,
];

/// An action's inputs in one step, evaluated.
#[derive(Clone, Debug)]
pub struct Call {
    /// The step's number.
    pub step: usize,
    /// Where `uses:` stands.
    pub span: Span,
    /// Names as written, values, and where they stand.
    pub inputs: Vec<(String, String, Span)>,
}

/// What an action did.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Its outputs.
    pub outputs: Vec<(String, String)>,
    /// What is left to do when the job ends.
    pub post: Option<Post>,
}

/// What is left to do when the job ends; the last one comes first.
#[derive(Clone, Debug)]
pub enum Post {
    /// Save a cache whose key was missed, if the job succeeded.
    SaveCache(cache::Save),
}

impl Call {
    /// The value of an input, without the blanks around it; `None` when it is empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.inputs.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value, _)| value.trim()).filter(|value| !value.is_empty())
    }

    /// Whether a boolean input is true; `default` when it is not given.
    #[must_use]
    pub fn is(&self, name: &str, default: bool) -> bool {
        self.get(name).map_or(default, |value| value.eq_ignore_ascii_case("true"))
    }

    /// The value of an input that has to be there.
    ///
    /// # Errors
    /// It is not given.
    pub fn need(&self, name: &str) -> Result<&str, Problem> {
        self.get(name).ok_or_else(|| {
            Problem::new(codes::BAD_INPUT, format!("input `{name}` is needed here and empty"))
                .or_at(self.span)
        })
    }

    /// A problem with the value of an input, at its place.
    #[must_use]
    pub fn bad(&self, name: &str, message: impl Into<String>) -> Problem {
        let found = self.inputs.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name));
        let span = found.map_or(self.span, |(.., span)| *span);
        Problem::new(codes::BAD_INPUT, message).or_at(span)
    }
}

/// The action that a step uses.
///
/// # Errors
/// It is not built in.
pub fn find(step: &UsesStep) -> Result<&'static BuiltIn, Problem> {
    let name = match &step.reference {
        ActionReference::Repository { repository, path, .. } if path.is_empty() => {
            repository.to_ascii_lowercase()
        }
        ActionReference::Repository { .. }
        | ActionReference::Local(_)
        | ActionReference::SameRepository(_)
        | ActionReference::Docker(_) => step.action.value.to_ascii_lowercase(),
    };
    let known = BUILT_IN.iter().find(|action| action.repository == name);
    known.ok_or_else(|| {
        let shown = &step.action.value;
        let message = format!("action `{shown}` is not built in and cannot be carried out yet");
        let names = BUILT_IN.iter().map(|action| action.repository);
        let help = match bowline_diag::nearest(&name, names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "replace the step by a `run:` that does the same".to_owned(),
        };
        Problem::new(codes::UNKNOWN_ACTION, message).or_at(step.action.span).help(help)
    })
}

/// What is wrong with the inputs of a step, as far as it can be seen before the run.
#[must_use]
pub fn check(action: &BuiltIn, step: &UsesStep) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (key, value) in &step.with.entries {
        let Key::Name(name) = key else { continue };
        let literal = value.as_literal().map(bowline_workflow::expr::Value::to_text);
        problems.extend(check_input(
            action,
            &name.value,
            name.span,
            literal.as_deref(),
            value.span,
        ));
    }
    problems
}

/// What is wrong with one input; `value` is `None` while it is not known.
#[must_use]
pub fn check_input(
    action: &BuiltIn,
    name: &str,
    name_span: Span,
    value: Option<&str>,
    value_span: Span,
) -> Option<Problem> {
    let Some(row) = action.inputs.iter().find(|row| row.name.eq_ignore_ascii_case(name)) else {
        let message = format!("input `{name}` of `{}` is not honoured", action.repository);
        let names: Vec<&str> = action.inputs.iter().map(|row| row.name).collect();
        let help = match bowline_diag::nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("honoured are {}", names.join(", ")),
        };
        return Some(Problem::new(codes::UNKNOWN_INPUT, message).or_at(name_span).help(help));
    };
    let value = value?.trim();
    let (allowed, fits): (&[&str], bool) = match row.rule {
        Rule::Any => (&[], true),
        Rule::Boolean => (&["true", "false"], is_one_of(value, &["true", "false"])),
        Rule::Only(values) => (values, is_one_of(value, values)),
    };
    (!fits && !value.is_empty()).then(|| {
        let message = format!("input `{name}` is honoured only as {}", listed(allowed));
        Problem::new(codes::BAD_INPUT, message).or_at(value_span)
    })
}

fn is_one_of(value: &str, allowed: &[&str]) -> bool {
    allowed.iter().any(|allowed| value.eq_ignore_ascii_case(allowed))
}

fn listed(values: &[&str]) -> String {
    values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(" or ")
}
