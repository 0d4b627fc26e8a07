//! A job to the instances that run: its matrix expanded, its names and flags evaluated.

use crate::expr::{EvaluationError, Object, Scope, StatusFunction, Value};
use crate::limits::NAME_CHARACTERS_MAX;
use crate::matrix;
use crate::template::{Content, Template};
use crate::tree::{Job, Strategy};
use bowline_yaml::Span;
use std::sync::Arc;

/// One run of a job: the only one, or one combination of its matrix.
#[derive(Clone, Debug)]
pub struct JobInstance {
    /// Unique in the run: `build`, or `build/2` for the second combination (from 1).
    pub key: String,
    /// The job's id.
    pub job: String,
    /// What is shown: `name:` or the id, with the matrix values.
    pub name: String,
    /// From 0.
    pub index: usize,
    /// How many instances the job has.
    pub total: usize,
    /// The `matrix` context; null without a matrix.
    pub matrix: Value,
    /// The `strategy` context.
    pub strategy: Value,
    /// A failed instance cancels its siblings.
    pub fail_fast: bool,
    /// At most this many at once.
    pub max_parallel: Option<usize>,
    /// A failure counts as success for the run and for the jobs that need this one.
    pub continue_on_error: bool,
}

/// The instances of a job. `scope` has `github needs vars inputs`.
///
/// # Errors
/// An expression without a value, or a matrix that yields nothing.
pub fn expand(job: &Job, scope: &dyn Scope) -> Result<Vec<JobInstance>, EvaluationError> {
    let strategy = match &job.strategy {
        Some(strategy) => evaluated(strategy, scope)?,
        None => Evaluated::default(),
    };
    let combinations: Vec<Option<Object>> = match &strategy.matrix {
        Some((matrix, span)) => matrix::expand(matrix)
            .map_err(|error| EvaluationError::at(error.to_string(), *span))?
            .into_iter()
            .map(Some)
            .collect(),
        None => vec![None],
    };
    let total = combinations.len();
    let one = |(index, combination): (usize, Option<Object>)| {
        instance(job, scope, &strategy, combination, index, total)
    };
    combinations.into_iter().enumerate().map(one).collect()
}

/// `strategy` with its values.
struct Evaluated {
    matrix: Option<(Value, Span)>,
    fail_fast: bool,
    max_parallel: Option<usize>,
}

impl Default for Evaluated {
    fn default() -> Self {
        Self { matrix: None, fail_fast: true, max_parallel: None }
    }
}

fn evaluated(strategy: &Strategy, scope: &dyn Scope) -> Result<Evaluated, EvaluationError> {
    let whole = strategy.whole.as_ref().map(|whole| whole.evaluate(scope)).transpose()?;
    let part = |key: &str| whole.as_ref().and_then(|whole| whole.get(key)).cloned();
    let value = |template: &Option<Template>, key: &str| match template {
        Some(template) => template.evaluate(scope).map(Some),
        None => Ok(part(key)),
    };
    let matrix = match &strategy.matrix {
        Some(tree) => Some((tree.evaluate(scope)?, tree.span())),
        None => part("matrix").map(|matrix| (matrix, strategy.span)),
    };
    let fail_fast = match value(&strategy.fail_fast, "fail-fast")? {
        Some(value) => boolean(&value, "fail-fast", strategy.span)?,
        None => true,
    };
    let max_parallel = match value(&strategy.max_parallel, "max-parallel")? {
        Some(value) => Some(count(&value, "max-parallel", strategy.span)?),
        None => None,
    };
    Ok(Evaluated { matrix, fail_fast, max_parallel })
}

fn boolean(value: &Value, key: &str, span: Span) -> Result<bool, EvaluationError> {
    match value {
        Value::Bool(value) => Ok(*value),
        Value::String(text) if text.as_ref() == "true" => Ok(true),
        Value::String(text) if text.as_ref() == "false" => Ok(false),
        Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            let message =
                format!("`{key}` must be true or false, and its value is {}", value.kind());
            Err(EvaluationError::at(message, span))
        }
    }
}

fn count(value: &Value, key: &str, span: Span) -> Result<usize, EvaluationError> {
    let number = value.to_number();
    if number >= 1.0 && number.fract() == 0.0 && number <= f64::from(u32::MAX) {
        return Ok(number as usize); // Whole and in range.
    }
    let message = format!("`{key}` must be a whole number from 1, and it is `{}`", value.to_text());
    Err(EvaluationError::at(message, span))
}

fn instance(
    job: &Job,
    scope: &dyn Scope,
    strategy: &Evaluated,
    combination: Option<Object>,
    index: usize,
    total: usize,
) -> Result<JobInstance, EvaluationError> {
    let id = &job.id.value;
    let label = combination.as_ref().map(matrix::label).filter(|label| !label.is_empty());
    let has_matrix = combination.is_some();
    let matrix = combination.map_or(Value::Null, |object| Value::Object(Arc::new(object)));
    let context = strategy_context(strategy, index, total);
    let inner = Overlay { inner: scope, matrix: &matrix, strategy: &context };
    let suffix = label.map(|label| format!(" ({label})")).unwrap_or_default();
    let name = match &job.name {
        // A name with expressions says itself what distinguishes its instances.
        Some(name) if !matches!(name.content, Content::Literal(_)) => name.render(&inner)?,
        Some(name) => format!("{}{suffix}", name.render(&inner)?),
        None => format!("{id}{suffix}"),
    };
    let name = if name.trim().is_empty() { format!("{id}{suffix}") } else { name };
    let continue_on_error = match &job.continue_on_error {
        Some(template) => boolean(&template.evaluate(&inner)?, "continue-on-error", template.span)?,
        None => false,
    };
    let key = if has_matrix { format!("{id}/{}", index + 1) } else { id.clone() };
    Ok(JobInstance {
        key,
        job: id.clone(),
        name: cut(&name),
        index,
        total,
        matrix,
        strategy: context,
        fail_fast: strategy.fail_fast,
        max_parallel: strategy.max_parallel,
        continue_on_error,
    })
}

/// A name of at most the limit, the end replaced by dots.
fn cut(name: &str) -> String {
    if name.chars().count() <= NAME_CHARACTERS_MAX {
        return name.to_owned();
    }
    let kept: String = name.chars().take(NAME_CHARACTERS_MAX - 3).collect();
    format!("{kept}...")
}

fn strategy_context(strategy: &Evaluated, index: usize, total: usize) -> Value {
    let parallel = strategy.max_parallel.unwrap_or(total);
    Value::object([
        ("fail-fast", Value::Bool(strategy.fail_fast)),
        ("job-index", Value::Number(index as f64)),
        ("job-total", Value::Number(total as f64)),
        ("max-parallel", Value::Number(parallel as f64)),
    ])
}

/// The caller's scope with `matrix` and `strategy` on top.
struct Overlay<'s> {
    inner: &'s dyn Scope,
    matrix: &'s Value,
    strategy: &'s Value,
}

impl Scope for Overlay<'_> {
    fn context(&self, name: &str) -> Option<Value> {
        match name {
            "matrix" => Some(self.matrix.clone()),
            "strategy" => Some(self.strategy.clone()),
            _ => self.inner.context(name),
        }
    }

    fn status(
        &self,
        function: StatusFunction,
        arguments: &[Value],
    ) -> Result<bool, EvaluationError> {
        self.inner.status(function, arguments)
    }

    fn hash_files(&self, patterns: &[String]) -> Result<String, EvaluationError> {
        self.inner.hash_files(patterns)
    }
}
