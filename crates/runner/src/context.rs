//! What the expressions of a job see.
//!
//! Source: GitHub's documentation, "Contexts reference".
//! Absent on purpose: which context is allowed where; the reader of the workflow says that.

use crate::report::Conclusion;
use bowline_workflow::expr::{EvaluationError, Object, Scope, StatusFunction, Value};
use std::sync::Arc;

/// The contexts that stay the same for a whole job.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// `github`.
    pub github: Object,
    /// `inputs`.
    pub inputs: Value,
    /// `vars`.
    pub vars: Value,
    /// `secrets`.
    pub secrets: Value,
    /// `needs`.
    pub needs: Value,
    /// `strategy`.
    pub strategy: Value,
    /// `matrix`.
    pub matrix: Value,
    /// `runner`.
    pub runner: Value,
}

impl Facts {
    /// What an expression sees before any step.
    pub(crate) fn scope(&self) -> StepScope<'_> {
        let (env, status) = (Value::Null, Status::Success);
        StepScope { facts: self, action: "", env, steps: &[], status, hash_files: None }
    }
}

/// The state of a job that its steps see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nothing has failed.
    Success,
    /// A step has failed.
    Failure,
    /// The job was cancelled.
    Cancelled,
}

impl Status {
    /// The word of `job.status`.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.conclusion().word()
    }

    /// What the job's end would be.
    #[must_use]
    pub fn conclusion(self) -> Conclusion {
        match self {
            Self::Success => Conclusion::Success,
            Self::Failure => Conclusion::Failure,
            Self::Cancelled => Conclusion::Cancelled,
        }
    }
}

/// A step that has an id and has ended.
#[derive(Clone, Debug)]
pub struct StepRecord {
    /// Its id.
    pub id: String,
    /// What it handed on.
    pub outputs: Vec<(String, String)>,
    /// Before `continue-on-error`.
    pub outcome: Conclusion,
    /// After it.
    pub conclusion: Conclusion,
}

/// Answers `hashFiles`.
pub type HashFiles<'a> = &'a dyn Fn(&[String]) -> Result<String, String>;

/// What the expressions of one step see.
pub struct StepScope<'a> {
    /// What stays the same for the job.
    pub facts: &'a Facts,
    /// The id of the step, or the word for a step without.
    pub action: &'a str,
    /// `env`.
    pub env: Value,
    /// `steps`.
    pub steps: &'a [StepRecord],
    /// The state of the job.
    pub status: Status,
    /// `hashFiles`; `None` where it cannot be asked.
    pub hash_files: Option<HashFiles<'a>>,
}

impl Scope for StepScope<'_> {
    fn context(&self, name: &str) -> Option<Value> {
        match name {
            "github" => Some(self.github()),
            "env" => Some(self.env.clone()),
            "job" => Some(Value::object([
                ("status", Value::from(self.status.word())),
                ("container", Value::from(Object::default())),
                ("services", Value::from(Object::default())),
            ])),
            "steps" => Some(steps(self.steps)),
            "inputs" => Some(self.facts.inputs.clone()),
            "vars" => Some(self.facts.vars.clone()),
            "secrets" => Some(self.facts.secrets.clone()),
            "needs" => Some(self.facts.needs.clone()),
            "strategy" => Some(self.facts.strategy.clone()),
            "matrix" => Some(self.facts.matrix.clone()),
            "runner" => Some(self.facts.runner.clone()),
            _ => None,
        }
    }

    fn status(
        &self,
        function: StatusFunction,
        _arguments: &[Value],
    ) -> Result<bool, EvaluationError> {
        Ok(match function {
            StatusFunction::Success => self.status == Status::Success,
            StatusFunction::Failure => self.status == Status::Failure,
            StatusFunction::Cancelled => self.status == Status::Cancelled,
            StatusFunction::Always => true,
        })
    }

    fn hash_files(&self, patterns: &[String]) -> Result<String, EvaluationError> {
        let hash = self.hash_files.ok_or_else(|| {
            EvaluationError::other("`hashFiles` needs a workspace, and there is none here")
        })?;
        hash(patterns).map_err(|problem| EvaluationError::other(format!("`hashFiles`: {problem}")))
    }
}

impl StepScope<'_> {
    fn github(&self) -> Value {
        let mut github = self.facts.github.clone();
        github.insert("action", self.action);
        Value::Object(Arc::new(github))
    }
}

/// An object of texts whose names have case, as `env` on Linux.
#[must_use]
pub fn environment<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Value {
    let mut object = Object::case_sensitive();
    for (name, value) in pairs {
        object.insert(name, value);
    }
    Value::from(object)
}

/// An object of texts.
#[must_use]
pub fn texts<'a>(pairs: impl IntoIterator<Item = (&'a String, &'a String)>) -> Value {
    Value::object(pairs.into_iter().map(|(name, value)| (name.clone(), value.as_str())))
}

fn steps(records: &[StepRecord]) -> Value {
    Value::object(records.iter().map(|record| {
        let outputs = texts(record.outputs.iter().map(|(name, value)| (name, value)));
        let step = Value::object([
            ("outputs", outputs),
            ("outcome", Value::from(record.outcome.word())),
            ("conclusion", Value::from(record.conclusion.word())),
        ]);
        (record.id.clone(), step)
    }))
}
