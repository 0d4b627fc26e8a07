//! Trees to values.

use super::ast::{Ast, Kind};
use super::{EvaluationError, EvaluationReason, Scope, StatusFunction, Value};
use super::{compare, function};
use crate::limits::EVALUATION_BYTES_MAX;
use std::sync::Arc;

/// The value of `ast` in `scope`.
///
/// # Errors
/// What a function refuses, or that the values grow beyond the limit.
pub fn evaluate(ast: &Ast, scope: &dyn Scope) -> Result<Value, EvaluationError> {
    let mut evaluator = Evaluator { scope, live: 0 };
    Ok(evaluator.node(ast)?.value)
}

/// A value on its way up.
struct Outcome {
    value: Value,
    /// A list that came from `*`: later indexes go into each item.
    filtered: bool,
    /// Bytes that functions made for it.
    bytes: usize,
}

impl Outcome {
    fn plain(value: Value) -> Self {
        Self { value, filtered: false, bytes: 0 }
    }
}

struct Evaluator<'s> {
    scope: &'s dyn Scope,
    /// Bytes that functions made and that are still held.
    live: usize,
}

impl Evaluator<'_> {
    fn node(&mut self, ast: &Ast) -> Result<Outcome, EvaluationError> {
        match &ast.kind {
            Kind::Literal(value) => Ok(Outcome::plain(value.clone())),
            Kind::Context(name) => Ok(Outcome::plain(self.scope.context(name).unwrap_or_default())),
            Kind::Not(inner) => {
                let inner = self.node(inner)?;
                self.live -= inner.bytes;
                Ok(Outcome::plain(Value::Bool(!inner.value.is_truthy())))
            }
            Kind::And(items) => self.first(items, |value| !value.is_truthy()),
            Kind::Or(items) => self.first(items, Value::is_truthy),
            Kind::Compare(comparison, left, right) => {
                let (left, right) = (self.node(left)?, self.node(right)?);
                self.live -= left.bytes + right.bytes;
                let holds = compare::holds(*comparison, &left.value, &right.value);
                Ok(Outcome::plain(Value::Bool(holds)))
            }
            Kind::Star(inner) => {
                let inner = self.node(inner)?;
                let items = star(&inner);
                Ok(Outcome { value: items, filtered: true, bytes: inner.bytes })
            }
            Kind::Index(inner, index) => self.index(inner, index),
            Kind::Call(name, arguments) => self.call(name, arguments),
        }
    }

    /// The first operand that decides, else the last.
    fn first(
        &mut self,
        items: &[Ast],
        decides: fn(&Value) -> bool,
    ) -> Result<Outcome, EvaluationError> {
        let mut last = Outcome::plain(Value::Null);
        for item in items {
            self.live -= last.bytes;
            last = self.node(item)?;
            if decides(&last.value) {
                break;
            }
        }
        Ok(Outcome { filtered: false, ..last })
    }

    fn index(&mut self, inner: &Ast, index: &Ast) -> Result<Outcome, EvaluationError> {
        let inner = self.node(inner)?;
        let index = self.node(index)?;
        self.live -= index.bytes;
        if !inner.filtered {
            let value = lookup(&inner.value, &index.value).unwrap_or_default();
            return Ok(Outcome { value, filtered: false, bytes: inner.bytes });
        }
        let items = match &inner.value {
            Value::Array(items) => items.iter().filter_map(|i| lookup(i, &index.value)).collect(),
            _ => Vec::new(),
        };
        let value = Value::Array(Arc::new(items));
        Ok(Outcome { value, filtered: true, bytes: inner.bytes })
    }

    fn call(&mut self, name: &str, arguments: &[Ast]) -> Result<Outcome, EvaluationError> {
        let mut values = Vec::with_capacity(arguments.len());
        let mut held = 0;
        for argument in arguments {
            let outcome = self.node(argument)?;
            held += outcome.bytes;
            values.push(outcome.value);
        }
        let value = self.answer(name, &values)?;
        let bytes = size(&value);
        self.live += bytes;
        if self.live > EVALUATION_BYTES_MAX {
            return Err(EvaluationReason::Memory.into());
        }
        self.live -= held;
        Ok(Outcome { value, filtered: false, bytes })
    }

    fn answer(&self, name: &str, values: &[Value]) -> Result<Value, EvaluationError> {
        let status = |function| self.scope.status(function, values).map(Value::Bool);
        match name {
            "success" => status(StatusFunction::Success),
            "failure" => status(StatusFunction::Failure),
            "cancelled" => status(StatusFunction::Cancelled),
            "always" => status(StatusFunction::Always),
            "hashfiles" => {
                let patterns: Vec<String> = values.iter().map(Value::to_text).collect();
                self.scope.hash_files(&patterns).map(Value::from)
            }
            _ => function::call(name, values),
        }
    }
}

/// What `.*` yields: the items of a list, the values of an object, nothing of a scalar; of a
/// filtered list, all that its items yield.
fn star(inner: &Outcome) -> Value {
    let mut items = Vec::new();
    match &inner.value {
        Value::Array(list) if inner.filtered => {
            list.iter().for_each(|item| spread(item, &mut items))
        }
        value => spread(value, &mut items),
    }
    Value::Array(Arc::new(items))
}

fn spread(value: &Value, into: &mut Vec<Value>) {
    match value {
        Value::Array(items) => into.extend(items.iter().cloned()),
        Value::Object(object) => into.extend(object.entries().map(|(_, value)| value.clone())),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A property or item; `None` when there is none.
fn lookup(value: &Value, index: &Value) -> Option<Value> {
    if matches!(index, Value::Array(_) | Value::Object(_)) {
        return None;
    }
    match value {
        Value::Object(object) => object.get(&index.to_text()).cloned(),
        Value::Array(items) => {
            let index = index.to_number().floor();
            // Written so that NaN is refused too.
            let inside = index >= 0.0 && index < items.len() as f64;
            inside.then(|| items[index as usize].clone())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// The size of what a function made, two bytes a character as GitHub counts.
fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
        Value::String(text) => 2 * text.chars().count(),
        Value::Array(items) => items.iter().map(|item| 8 + size(item)).sum(),
        Value::Object(object) => {
            object.entries().map(|(key, value)| 8 + 2 * key.chars().count() + size(value)).sum()
        }
    }
}
