//! `case(predicate, value, …, default)`: the value of the first predicate that is true.

use super::super::EvaluationReason;
use super::{EvaluationError, Value};

pub(crate) fn call(arguments: &[Value]) -> Result<Value, EvaluationError> {
    let mut pairs = arguments.chunks_exact(2);
    for pair in pairs.by_ref() {
        match &pair[0] {
            Value::Bool(true) => return Ok(pair[1].clone()),
            Value::Bool(false) => {}
            Value::Null
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Object(_) => return Err(EvaluationReason::CasePredicate.into()),
        }
    }
    Ok(pairs.remainder().first().cloned().unwrap_or_default())
}
