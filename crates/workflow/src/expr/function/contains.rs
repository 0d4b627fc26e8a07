//! `contains`: a text in a text without case, or a value in a list by `==`.

use super::super::compare::{equal, upper_text};
use super::Value;

pub(crate) fn call(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Array(items), _) => items.iter().any(|item| equal(item, right)),
        (Value::Object(_), _) | (_, Value::Array(_) | Value::Object(_)) => false,
        (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_), _) => {
            upper_text(&left.to_text()).contains(&upper_text(&right.to_text()))
        }
    }
}
