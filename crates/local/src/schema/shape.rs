//! The language in which the accepted fields are written down, and its one check.
//!
//! An allow-list: a field that stands in no table is refused, and one that Kubernetes knows
//! but this cluster cannot honour is refused with the reason. Nothing is ignored in silence.

use crate::{api::failure::Cause, limits::OBJECT_DEPTH_MAX};
use serde_json::Value;

/// What a value may be.
#[derive(Debug)]
pub enum Shape {
    /// Anything; another place checks it, or nobody may.
    Any,
    /// A text.
    Text,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// A whole number from the first to the second.
    Integer(i64, i64),
    /// A port number or a port's name.
    Port,
    /// `true` or `false`.
    Flag,
    /// Only `true`, or only `false`: the other value is refused with the reason.
    Always(bool, &'static str),
    /// A map from text to text.
    TextMap,
    /// A map from text to text or number: resource quantities.
    Quantities,
    /// An object with these fields and no others.
    Object(&'static [Field]),
    /// A list of one shape.
    List(&'static Shape),
}

/// One field of an object.
#[derive(Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What is done with it.
    pub rule: Rule,
}

/// What is done with a field.
#[derive(Debug)]
pub enum Rule {
    /// It is carried out.
    Takes(Shape),
    /// It is carried out, and must be there.
    Needs(Shape),
    /// It is known and refused, because of this.
    Refused(&'static str),
}

/// An optional field.
pub const fn takes(name: &'static str, shape: Shape) -> Field {
    Field { name, rule: Rule::Takes(shape) }
}

/// A field that must be there.
pub const fn needs(name: &'static str, shape: Shape) -> Field {
    Field { name, rule: Rule::Needs(shape) }
}

/// A field that is refused with a reason.
pub const fn refused(name: &'static str, reason: &'static str) -> Field {
    Field { name, rule: Rule::Refused(reason) }
}

/// A cause of 422.
pub fn invalid(field: &str, message: impl Into<String>) -> Cause {
    let message = message.into();
    Cause {
        reason: "FieldValueInvalid",
        message: format!("Invalid value: {message}"),
        field: field.to_owned(),
    }
}

/// A cause of 422: known to Kubernetes, not to this cluster.
pub fn unsupported(field: &str, message: impl Into<String>) -> Cause {
    let message = format!("Unsupported value: {}", message.into());
    Cause { reason: "FieldValueNotSupported", message, field: field.to_owned() }
}

/// A cause of 422: something is missing.
pub fn required(field: &str, message: impl Into<String>) -> Cause {
    let message = format!("Required value: {}", message.into());
    Cause { reason: "FieldValueRequired", message, field: field.to_owned() }
}

/// Checks `value`, found at `path`, and adds what is wrong to `causes`.
pub fn check(shape: &Shape, value: &Value, path: &str, causes: &mut Vec<Cause>) {
    let wrong = match (shape, value) {
        (Shape::Any, _) | (Shape::Text, Value::String(_)) | (Shape::Flag, Value::Bool(_)) => None,
        (Shape::Text, _) => Some("must be a string".to_owned()),
        (Shape::Flag, _) => Some("must be true or false".to_owned()),
        (Shape::OneOf(words), _) => {
            let fits = value.as_str().is_some_and(|text| words.contains(&text));
            (!fits).then(|| format!("{value}; supported here: {}", words.join(", ")))
        }
        (Shape::Integer(least, most), _) => {
            let fits = value.as_i64().is_some_and(|n| (*least..=*most).contains(&n));
            (!fits).then(|| format!("{value}; must be a whole number from {least} to {most}"))
        }
        (Shape::Port, _) => {
            let number = value.as_i64().is_some_and(|n| (1..=65_535).contains(&n));
            let name = value.as_str().is_some_and(|text| !text.is_empty());
            (!number && !name).then(|| format!("{value}; must be a port's number or name"))
        }
        (Shape::Always(wanted, reason), _) => {
            (value.as_bool() != Some(*wanted)).then(|| format!("{value}; {reason}"))
        }
        (Shape::TextMap, Value::Object(map)) => {
            let wrong = map.iter().find(|(_, value)| !value.is_string());
            wrong.map(|(key, _)| format!("the value of `{key}` must be a string"))
        }
        (Shape::Quantities, Value::Object(map)) => {
            let wrong = map.iter().find(|(_, value)| !value.is_string() && !value.is_number());
            wrong.map(|(key, _)| format!("the value of `{key}` must be a quantity"))
        }
        (Shape::Object(fields), Value::Object(_)) => {
            check_object(fields, value, path, causes);
            None
        }
        (Shape::List(shape), Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                check(shape, item, &format!("{path}[{index}]"), causes);
            }
            None
        }
        (Shape::List(_), _) => Some("must be a list".to_owned()),
        (Shape::TextMap | Shape::Quantities | Shape::Object(_), _) => {
            Some("must be an object".to_owned())
        }
    };
    match (shape, wrong) {
        (_, None) => {}
        (Shape::OneOf(_) | Shape::Always(..), Some(message)) => {
            causes.push(unsupported(path, message));
        }
        (_, Some(message)) => causes.push(invalid(path, message)),
    }
}

fn check_object(fields: &'static [Field], value: &Value, path: &str, causes: &mut Vec<Cause>) {
    let Some(map) = value.as_object() else { return };
    let join =
        |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    for (name, value) in map.iter().filter(|(_, value)| !value.is_null()) {
        match fields.iter().find(|field| field.name == name) {
            Some(Field { rule: Rule::Takes(shape) | Rule::Needs(shape), .. }) => {
                check(shape, value, &join(name), causes);
            }
            Some(Field { rule: Rule::Refused(reason), .. }) => {
                causes.push(unsupported(&join(name), *reason));
            }
            None => {
                let known = fields.iter().map(|field| field.name);
                let near = bowline_diag::nearest(name, known);
                let near = near.map(|n| format!("; did you mean `{n}`?")).unwrap_or_default();
                causes.push(invalid(&join(name), format!("unknown field `{name}`{near}")));
            }
        }
    }
    for field in fields {
        if matches!(field.rule, Rule::Needs(_)) && map.get(field.name).is_none_or(Value::is_null) {
            causes.push(required(&join(field.name), "must be given"));
        }
    }
}

/// Whether `value` is nested deeper than the limit.
pub fn too_deep(value: &Value) -> bool {
    fn deeper(value: &Value, left: usize) -> bool {
        let Some(left) = left.checked_sub(1) else { return true };
        match value {
            Value::Array(items) => items.iter().any(|item| deeper(item, left)),
            Value::Object(map) => map.values().any(|item| deeper(item, left)),
            _ => false,
        }
    }
    deeper(value, OBJECT_DEPTH_MAX)
}
