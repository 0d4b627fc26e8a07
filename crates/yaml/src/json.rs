//! The tree as JSON values, when places are no longer needed.

use crate::{Node, Resolved, Schema, Yaml};
use serde_json::{Map, Number, Value};

impl Node {
    /// The same as JSON. Whole numbers stay whole; `.nan` and `.inf`, which JSON does not
    /// have, become their text. Keys are the text of their scalars; a key that is a list or a
    /// mapping becomes its JSON text.
    #[must_use]
    pub fn to_json(&self, schema: Schema) -> Value {
        match &self.value {
            Yaml::Scalar(scalar) => match self.resolve(schema) {
                Some(Resolved::Null) | None => Value::Null,
                Some(Resolved::Bool(value)) => Value::Bool(value),
                Some(Resolved::Int(value)) => Value::Number(value.into()),
                Some(Resolved::Number(value)) => number(value, &scalar.text),
                Some(Resolved::Str(text)) => Value::String(text.to_owned()),
            },
            Yaml::Sequence(items) => {
                Value::Array(items.iter().map(|item| item.to_json(schema)).collect())
            }
            Yaml::Mapping(entries) => {
                let entries = entries.iter().map(|(key, value)| {
                    let key = match key.as_str() {
                        Some(text) => text.to_owned(),
                        None => key.to_json(schema).to_string(),
                    };
                    (key, value.to_json(schema))
                });
                Value::Object(entries.collect::<Map<_, _>>())
            }
        }
    }
}

fn number(value: f64, text: &str) -> Value {
    // Integers between 2^63 and 2^64 are exact in JSON numbers too.
    if let Ok(whole) = text.parse::<u64>() {
        return Value::Number(whole.into());
    }
    Number::from_f64(value).map_or_else(|| Value::String(text.to_owned()), Value::Number)
}
