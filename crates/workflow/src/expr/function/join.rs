//! `join(list, separator)`: the items as text; a single value is its own text.

use super::Value;

pub(crate) fn call(list: &Value, separator: Option<&Value>) -> String {
    let separator = match separator {
        None | Some(Value::Array(_) | Value::Object(_)) => ",".to_owned(),
        Some(value) => value.to_text(),
    };
    match list {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(Value::to_text).collect();
            items.join(&separator)
        }
        Value::Object(_) => String::new(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => list.to_text(),
    }
}
