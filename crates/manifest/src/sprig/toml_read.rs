//! TOML text as values. The messages are those of this reader, with Go's place before them.

use super::json_read::Failure;
use crate::tmpl::{Str, Value};

/// Reads a document into a map.
pub(super) fn read(text: &[u8]) -> Result<Value, Failure> {
    let text =
        std::str::from_utf8(text).map_err(|_| Failure::new("toml: line 1: invalid UTF-8 byte"))?;
    let table: ::toml::Table = text.parse().map_err(|error: ::toml::de::Error| {
        let before = error.span().map_or(0, |span| span.start.min(text.len()));
        let line = text.as_bytes()[..before].iter().filter(|byte| **byte == b'\n').count() + 1;
        Failure::new(format!("toml: line {line}: {}", error.message()))
    })?;
    Ok(value(::toml::Value::Table(table)))
}

fn value(toml: ::toml::Value) -> Value {
    use ::toml::Value as Toml;
    match toml {
        Toml::String(text) => Value::str(text),
        Toml::Integer(number) => Value::Int64(number),
        Toml::Float(number) => Value::Float(number),
        Toml::Boolean(truth) => Value::Bool(truth),
        Toml::Datetime(time) => super::dates::from_toml(&time.to_string()),
        Toml::Array(items) => list(items),
        Toml::Table(entries) => {
            Value::map(entries.into_iter().map(|(key, entry)| (Str::from(key), value(entry))))
        }
    }
}

/// A list of tables has a type of its own in Go.
fn list(items: Vec<::toml::Value>) -> Value {
    use crate::tmpl::{List, Type};
    const MAPS: Type = Type::List(&Type::MAP_ANY);
    let tables = !items.is_empty() && items.iter().all(|item| item.is_table());
    let items = items.into_iter().map(value).collect();
    let typ = if tables { MAPS } else { Type::LIST_ANY };
    Value::List(std::rc::Rc::new(List::of(typ, items)))
}
