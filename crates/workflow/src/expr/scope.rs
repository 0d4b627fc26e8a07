//! What an expression sees of the world.

use super::{EvaluationError, Value};
use std::collections::BTreeMap;

/// Contexts by name, and the functions whose answers are not in the expression.
pub trait Scope {
    /// The value of a context by its name in lower case; `None` reads as null.
    fn context(&self, name: &str) -> Option<Value>;

    /// `success()`, `failure()`, `cancelled()`, `always()`. Arguments are names of jobs, which
    /// GitHub allows in the `if:` of a job.
    ///
    /// # Errors
    /// By default: the function cannot be used here.
    fn status(
        &self,
        function: StatusFunction,
        arguments: &[Value],
    ) -> Result<bool, EvaluationError> {
        let _ = arguments;
        Err(EvaluationError::other(format!("`{}()` cannot be used here", function.name())))
    }

    /// `hashFiles(patterns…)`.
    ///
    /// # Errors
    /// By default: the function cannot be used here.
    fn hash_files(&self, patterns: &[String]) -> Result<String, EvaluationError> {
        let _ = patterns;
        Err(EvaluationError::other("`hashFiles` cannot be used here"))
    }
}

/// The functions that ask for the state of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusFunction {
    /// Nothing before has failed or was cancelled.
    Success,
    /// Something before has failed.
    Failure,
    /// The run was cancelled.
    Cancelled,
    /// True.
    Always,
}

impl StatusFunction {
    /// As it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Cancelled => "cancelled",
            Self::Always => "always",
        }
    }
}

/// A scope of fixed contexts without any function of the world.
#[derive(Clone, Debug, Default)]
pub struct Context(pub BTreeMap<String, Value>);

impl Context {
    /// The same with one context more (its name in lower case).
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_lowercase(), value.into());
        self
    }
}

impl Scope for Context {
    fn context(&self, name: &str) -> Option<Value> {
        self.0.get(name).cloned()
    }
}
