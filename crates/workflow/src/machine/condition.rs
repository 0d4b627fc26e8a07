//! What the `if` of a job sees: its needs, and the state of everything before it.

use super::{Conclusion, Run};
use crate::expr::{EvaluationError, Scope, StatusFunction, Value};

/// The scope of one job before it starts.
pub(super) struct JobScope<'r> {
    pub(super) run: &'r Run,
    pub(super) job: usize,
}

impl JobScope<'_> {
    /// The jobs that a status function looks at: those named, else all ancestors.
    fn looked_at(&self, names: &[Value]) -> Result<Vec<usize>, EvaluationError> {
        if names.is_empty() {
            return Ok(self.run.jobs[self.job].ancestors.clone());
        }
        let mut jobs = Vec::new();
        for name in names {
            let name = name.to_text();
            match self.run.position(&name) {
                Some(job) if self.run.jobs[self.job].ancestors.contains(&job) => jobs.push(job),
                Some(_) | None => {
                    let message = format!("`{name}` is none of the jobs that this job needs");
                    return Err(EvaluationError::other(message));
                }
            }
        }
        Ok(jobs)
    }
}

impl Scope for JobScope<'_> {
    fn context(&self, name: &str) -> Option<Value> {
        match name {
            "github" => Some(self.run.contexts.github.clone()),
            "inputs" => Some(self.run.contexts.inputs.clone()),
            "vars" => Some(self.run.contexts.vars.clone()),
            "needs" => Some(self.run.needs_of(self.job)),
            _ => None,
        }
    }

    fn status(
        &self,
        function: StatusFunction,
        arguments: &[Value],
    ) -> Result<bool, EvaluationError> {
        let result = |job: &usize| self.run.result(*job);
        Ok(match function {
            StatusFunction::Always => true,
            StatusFunction::Cancelled => self.run.cancelled,
            StatusFunction::Success => {
                let jobs = self.looked_at(arguments)?;
                !self.run.cancelled
                    && jobs.iter().all(|job| result(job) == Some(Conclusion::Success))
            }
            StatusFunction::Failure => {
                let jobs = self.looked_at(arguments)?;
                jobs.iter().any(|job| result(job) == Some(Conclusion::Failure))
            }
        })
    }
}
