//! JSON Patch (RFC 6902) as Go's `evanphx/json-patch` carries it out.

use super::fail::{Fail, Outcome};
use super::node::place;
use bowline_yaml::{Node, Schema};
use serde_json::Value;

/// One operation and its place.
pub(crate) struct Operation {
    op: String,
    path: String,
    from: String,
    value: Value,
    at: (u32, u32),
    file: String,
}

/// Reads the operations of a patch.
pub(crate) fn parse(text: &str, file: &str) -> Outcome<Vec<Operation>> {
    let documents = bowline_yaml::parse_documents(text, &super::read::limits())
        .map_err(|error| Fail::yaml(&error, file))?;
    let items = documents.first().and_then(Node::as_sequence);
    let Some(items) = items else {
        return Err(Fail::new("a JSON patch is a list of operations").at(file, (1, 1)));
    };
    items.iter().map(|item| operation(item, file)).collect()
}

fn operation(item: &Node, file: &str) -> Outcome<Operation> {
    let text = |key: &str| item.get(key).and_then(Node::as_str).unwrap_or_default().to_owned();
    if item.as_mapping().is_none() {
        return Err(Fail::new("an operation is a mapping").at(file, place(item)));
    }
    Ok(Operation {
        op: text("op"),
        path: text("path"),
        from: text("from"),
        value: item.get("value").map_or(Value::Null, |value| value.to_json(Schema::Yaml11)),
        at: place(item),
        file: file.to_owned(),
    })
}

/// Carries out all operations.
pub(crate) fn apply(document: &mut Value, operations: &[Operation]) -> Outcome<()> {
    for operation in operations {
        let failed = || {
            let message = format!(
                "the operation `{}` does not apply: nothing is at `{}`",
                operation.op, operation.path
            );
            Fail::new(message).at(&operation.file, operation.at)
        };
        run(document, operation).ok_or_else(failed)?;
    }
    Ok(())
}

fn run(document: &mut Value, operation: &Operation) -> Option<()> {
    let path = operation.path.as_str();
    match operation.op.as_str() {
        "add" => add(document, path, operation.value.clone()),
        "remove" => remove(document, path).map(|_| ()),
        "replace" => replace(document, path, operation.value.clone()),
        "move" => {
            let value = remove(document, &operation.from)?;
            add(document, path, value)
        }
        "copy" => {
            let value = find(document, &operation.from)?.clone();
            add(document, path, value)
        }
        "test" => {
            let found = find(document, path).map(|value| &*value);
            let equal = match found {
                Some(found) => same(found, &operation.value),
                None => operation.value.is_null(),
            };
            equal.then_some(())
        }
        _ => None,
    }
}

/// Equality in which `1` and `1.0` are the same.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(l, r)| same(l, r))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, l)| right.get(key).is_some_and(|r| same(l, r)))
        }
        _ => left == right,
    }
}

fn split(path: &str) -> Option<(&str, String)> {
    let (parent, last) = path.rsplit_once('/')?;
    Some((parent, last.replace("~1", "/").replace("~0", "~")))
}

fn index(text: &str, length: usize) -> Option<usize> {
    let number: i64 = text.parse().ok()?;
    let at = if number < 0 { number + i64::try_from(length).ok()? } else { number };
    usize::try_from(at).ok()
}

fn find<'v>(document: &'v mut Value, path: &str) -> Option<&'v mut Value> {
    if path.is_empty() {
        return Some(document);
    }
    let mut value = document;
    for part in path.strip_prefix('/')?.split('/') {
        let part = part.replace("~1", "/").replace("~0", "~");
        value = match value {
            Value::Object(map) => map.get_mut(&part)?,
            Value::Array(items) => {
                let at = index(&part, items.len())?;
                items.get_mut(at)?
            }
            _ => return None,
        };
    }
    Some(value)
}

fn add(document: &mut Value, path: &str, value: Value) -> Option<()> {
    let (parent, key) = split(path)?;
    match find(document, parent)? {
        Value::Object(map) => {
            map.insert(key, value);
        }
        Value::Array(items) if key == "-" => items.push(value),
        Value::Array(items) => {
            let at = index(&key, items.len() + 1).filter(|at| *at <= items.len())?;
            items.insert(at, value);
        }
        _ => return None,
    }
    Some(())
}

/// A key of an object need not be there, an index of a list must.
fn replace(document: &mut Value, path: &str, value: Value) -> Option<()> {
    let (parent, key) = split(path)?;
    match find(document, parent)? {
        Value::Object(map) => {
            map.insert(key, value);
        }
        Value::Array(items) => {
            let at = index(&key, items.len())?;
            *items.get_mut(at)? = value;
        }
        _ => return None,
    }
    Some(())
}

fn remove(document: &mut Value, path: &str) -> Option<Value> {
    let (parent, key) = split(path)?;
    match find(document, parent)? {
        Value::Object(map) => map.shift_remove(&key),
        Value::Array(items) => {
            let at = index(&key, items.len()).filter(|at| *at < items.len())?;
            Some(items.remove(at))
        }
        _ => None,
    }
}
