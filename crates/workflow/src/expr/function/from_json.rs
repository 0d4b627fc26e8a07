//! `fromJSON`: text to a value.

use super::super::EvaluationReason;
use super::{EvaluationError, Value};
use crate::limits::JSON_DEPTH_MAX;

pub(crate) fn call(text: &str) -> Result<Value, EvaluationError> {
    let refuse = |problem: String| Err(EvaluationReason::Json(problem).into());
    if text.trim().is_empty() {
        return refuse("the text is empty".to_owned());
    }
    if depth(text) > JSON_DEPTH_MAX {
        return refuse(format!("it is nested more than {JSON_DEPTH_MAX} deep"));
    }
    match serde_json::from_str(text) {
        Ok(json) => Ok(Value::from_json(&json)),
        Err(error) => refuse(error.to_string()),
    }
}

/// The deepest nesting of brackets outside strings.
fn depth(text: &str) -> usize {
    let (mut open, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                open += 1;
                deepest = deepest.max(open);
            }
            b']' | b'}' if !in_string => open = open.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
