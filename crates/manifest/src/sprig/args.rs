//! Arguments as Go's function bodies see them. The engine has checked the types by the row.

use crate::limits::TEXT_BYTES_MAX;
use crate::tmpl::text::verb_v;
use crate::tmpl::{CallError, List, Map, Shape, Str, Type, Value};
use std::rc::Rc;

pub(super) type Result = std::result::Result<Value, CallError>;

pub(super) const S: Type = Type::Str;
pub(super) const A: Type = Type::Any;
pub(super) const I: Type = Type::Int;
pub(super) const L: Type = Type::LIST_ANY;
pub(super) const M: Type = Type::MAP_ANY;

/// A string argument.
pub(super) fn text(value: &Value) -> &[u8] {
    match value {
        Value::Str(text) | Value::Bytes(text) => text.bytes(),
        _ => b"",
    }
}

/// A string argument for people and parsers of UTF-8.
pub(super) fn utf8(value: &Value) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(text(value))
}

/// An integer argument.
pub(super) fn int(value: &Value) -> i64 {
    value.signed().unwrap_or(0)
}

/// A map argument; `None` is Go's nil map.
pub(super) fn map(value: &Value) -> Option<Rc<Map>> {
    match value {
        Value::Map(map) => Some(map.clone()),
        Value::Object(object) => match object.shape() {
            Shape::Map(map) => Some(map),
            _ => None,
        },
        _ => None,
    }
}

/// The elements of what Go calls a slice.
pub(super) fn items(value: &Value) -> Option<Rc<List>> {
    match value {
        Value::List(list) => Some(list.clone()),
        Value::Bytes(bytes) => {
            let items = bytes.iter().map(|byte| Value::Uint8(*byte)).collect();
            Some(Rc::new(List::of(Type::BYTES, items)))
        }
        Value::Object(object) => match object.shape() {
            Shape::List(list) => Some(list),
            _ => None,
        },
        _ => None,
    }
}

/// `reflect.Kind` as a word.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::NoValue | Value::Nil => "invalid",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int",
        Value::Int64(_) => "int64",
        Value::Int32(_) => "int32",
        Value::Uint8(_) => "uint8",
        Value::Uint64(_) => "uint64",
        Value::Float(_) => "float64",
        Value::Str(_) => "string",
        Value::Bytes(_) | Value::List(_) => "slice",
        Value::Map(_) => "map",
        Value::Object(object) => match object.shape() {
            Shape::List(_) => "slice",
            Shape::Map(_) => "map",
            _ if object.type_name().starts_with('*') => "ptr",
            _ => "struct",
        },
    }
}

/// What Go says when the type of nil is asked for its kind.
pub(super) fn nil_dereference() -> CallError {
    CallError::new("runtime error: invalid memory address or nil pointer dereference")
}

/// sprig's `strval`.
pub(super) fn strval(value: &Value) -> Str {
    match value {
        Value::Str(text) | Value::Bytes(text) => text.clone(),
        Value::Object(object) => object.text().unwrap_or_else(|| printed(value)),
        _ => printed(value),
    }
}

/// `%v`.
pub(super) fn printed(value: &Value) -> Str {
    let mut out = Vec::new();
    verb_v(&mut out, value);
    Str::from(out)
}

/// sprig's `strslice`.
pub(super) fn strslice(value: &Value) -> Vec<Str> {
    match items(value) {
        Some(list) => list.items().iter().filter(|item| !item.is_nothing()).map(strval).collect(),
        None if value.is_nothing() => Vec::new(),
        None => vec![strval(value)],
    }
}

/// A text of at most [`TEXT_BYTES_MAX`] bytes, asked before it is made.
pub(super) fn fits(bytes: Option<usize>) -> std::result::Result<(), CallError> {
    match bytes {
        Some(bytes) if bytes <= TEXT_BYTES_MAX => Ok(()),
        _ => Err(CallError::new(format!("the text is longer than {TEXT_BYTES_MAX} bytes"))),
    }
}

/// Text as a value.
pub(super) fn string(text: impl Into<Str>) -> Result {
    Ok(Value::Str(text.into()))
}
