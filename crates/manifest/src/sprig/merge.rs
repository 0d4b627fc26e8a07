//! How mergo v1.0.1 merges dictionaries, with and without overwriting.

use super::args::map;
use crate::tmpl::{Map, Shape, Value};
use std::rc::Rc;

/// mergo's `isEmptyValue`: false, zero and the empty text count as missing.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(object) => match object.shape() {
            Shape::Struct => false,
            Shape::NilPointer => true,
            Shape::List(list) => list.items().is_empty(),
            Shape::Map(map) => map.is_empty(),
        },
        value => !crate::tmpl::text::truth(value),
    }
}

/// Fills `into` from `from`. Nested dictionaries of `into` are changed in place, those of
/// `from` that are taken over are shared.
pub(super) fn merge(into: &Rc<Map>, from: &Rc<Map>, overwrite: bool) -> Result<(), String> {
    if Rc::ptr_eq(into, from) {
        return Ok(());
    }
    for (key, value) in from.snapshot() {
        if value.is_nothing() {
            if overwrite {
                into.set(key, Value::Nil);
            }
            continue;
        }
        let known = into.get(&key);
        let empty = known.as_ref().is_none_or(is_empty);
        match (map(&value), known.as_ref().and_then(map)) {
            (Some(from), Some(known)) => {
                stacker::maybe_grow(64 * 1024, 1024 * 1024, || merge(&known, &from, overwrite))?;
                if !empty {
                    continue;
                }
                // A dictionary that was empty is filled, and then replaced all the same.
                into.set(key, value);
                continue;
            }
            (Some(_), None) if known.as_ref().is_some_and(|known| !known.is_nothing()) => {
                // mergo refuses to merge a dictionary into something else, quietly.
            }
            _ => {}
        }
        if overwrite || empty {
            into.set(key, value);
        }
    }
    Ok(())
}
