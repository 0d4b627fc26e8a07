//! `startsWith` and `endsWith`: text without case; lists and objects never match.

use super::super::compare::upper_text;
use super::Value;

pub(crate) fn starts_with(text: &Value, start: &Value) -> bool {
    both(text, start).is_some_and(|(text, start)| text.starts_with(&start))
}

pub(crate) fn ends_with(text: &Value, end: &Value) -> bool {
    both(text, end).is_some_and(|(text, end)| text.ends_with(&end))
}

fn both(left: &Value, right: &Value) -> Option<(String, String)> {
    let composed = |value: &Value| matches!(value, Value::Array(_) | Value::Object(_));
    let fold = |value: &Value| upper_text(&value.to_text());
    (!composed(left) && !composed(right)).then(|| (fold(left), fold(right)))
}
