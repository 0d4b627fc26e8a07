//! How the values of a chart, its parents and the user become one: Helm's `coalesce`.
//!
//! Maps are shared and changed in place, exactly as Helm does it: what one chart sees of
//! `global` may be what another one changed. Two modes: *merge* keeps nulls, so that later
//! steps see them; the other takes away what a null stands for.

use super::error::Error;
use super::tree::Branch;
use crate::tmpl::{List, Map, Str, Value};
use std::rc::Rc;

/// What nulls do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// A null takes its key away.
    Coalesce,
    /// A null stays.
    Merge,
}

const GLOBAL: &[u8] = b"global";

/// The map behind a value.
pub fn table(value: &Value) -> Option<&Rc<Map>> {
    match value {
        Value::Map(map) => Some(map),
        _ => None,
    }
}

/// An empty map.
pub fn empty() -> Rc<Map> {
    Rc::new(Map::new(std::collections::BTreeMap::new()))
}

/// A copy that shares nothing.
pub fn deep_copy(value: &Value) -> Value {
    match value {
        Value::Map(map) => Value::Map(copy_map(map)),
        Value::List(list) => {
            let items = list.items().iter().map(deep_copy).collect();
            Value::List(Rc::new(List::of(list.typ, items)))
        }
        other => other.clone(),
    }
}

/// A map that shares nothing with the one given.
pub fn copy_map(map: &Rc<Map>) -> Rc<Map> {
    let entries = map.snapshot().into_iter().map(|(key, value)| (key, deep_copy(&value)));
    Rc::new(Map::of(map.typ, entries.collect()))
}

fn shallow_copy(map: &Rc<Map>) -> Rc<Map> {
    Rc::new(Map::of(map.typ, map.snapshot().into_iter().collect()))
}

/// What was noticed on the way; Helm says the same as warnings.
pub type Notes = Vec<String>;

/// All values of a chart and the charts in it, over which stand those given.
pub fn values(
    branch: &Branch,
    given: &Rc<Map>,
    mode: Mode,
    notes: &mut Notes,
) -> Result<Rc<Map>, Error> {
    let dest = copy_map(given);
    coalesce(branch, &dest, "", mode, notes)?;
    Ok(dest)
}

fn joined(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

fn coalesce(
    branch: &Branch,
    dest: &Rc<Map>,
    prefix: &str,
    mode: Mode,
    notes: &mut Notes,
) -> Result<(), Error> {
    defaults(branch, dest, prefix, mode, notes);
    for child in &branch.children {
        let name = child.name();
        let values = match dest.get(name.as_bytes()) {
            None => {
                let made = empty();
                dest.set(Str::from(name), Value::Map(made.clone()));
                made
            }
            Some(Value::Map(map)) => map,
            Some(_) => {
                let path = joined(&joined(prefix, branch.name()), name);
                let message = format!("the values of sub-chart `{path}` are not a mapping");
                return Err(Error::values(message).help(format!("make `{name}` a mapping")));
            }
        };
        let below = joined(prefix, branch.name());
        globals(&values, dest, &below, notes);
        coalesce(child, &values, &below, mode, notes)?;
    }
    Ok(())
}

/// The globals of a parent over those of its child.
fn globals(dest: &Rc<Map>, source: &Rc<Map>, prefix: &str, notes: &mut Notes) {
    let of = |map: &Rc<Map>| match map.get(GLOBAL) {
        None => Some(empty()),
        Some(Value::Map(map)) => Some(map),
        Some(_) => None,
    };
    let (Some(dest_globals), Some(source_globals)) = (of(dest), of(source)) else {
        notes.push(format!("`global` of `{prefix}` is not a mapping and is skipped"));
        return;
    };
    for (key, value) in source_globals.snapshot() {
        let there = dest_globals.get(&key);
        match (&value, there) {
            (Value::Map(map), None) => {
                dest_globals.set(key, Value::Map(shallow_copy(map)));
            }
            (Value::Map(map), Some(Value::Map(there))) => {
                let over = shallow_copy(map);
                tables(&over, &there, &joined(prefix, &key.text()), Mode::Merge, notes);
                dest_globals.set(key, Value::Map(over));
            }
            (Value::Map(_), Some(_)) | (_, Some(Value::Map(_))) => {
                let name = key.text().into_owned();
                notes
                    .push(format!("`global.{name}` of `{prefix}` is skipped: not both are tables"));
            }
            _ => {
                dest_globals.set(key, value);
            }
        }
    }
    dest.set(Str::from(GLOBAL), Value::Map(dest_globals));
}

/// The chart's own values under those that are there.
fn defaults(branch: &Branch, dest: &Rc<Map>, prefix: &str, mode: Mode, notes: &mut Notes) {
    let below = joined(prefix, branch.name());
    for (key, default) in branch.values().snapshot() {
        match dest.get(&key) {
            None => {
                dest.set(key, default);
            }
            Some(Value::Nil) if mode == Mode::Coalesce => {
                dest.remove(&key);
            }
            Some(Value::Map(there)) => match &default {
                Value::Map(default) => {
                    let is_child = |child: &Branch| child.name().as_bytes() == key.bytes();
                    let of_child = branch.children.iter().any(is_child);
                    let mode = if of_child { Mode::Merge } else { mode };
                    tables(&there, default, &joined(&below, &key.text()), mode, notes);
                }
                Value::Nil => {}
                _ => notes.push(format!("`{below}.{}` is not a table", key.text())),
            },
            Some(_) => {}
        }
    }
}

/// `source` under `dest`, both changed in place.
pub fn tables(dest: &Rc<Map>, source: &Rc<Map>, prefix: &str, mode: Mode, notes: &mut Notes) {
    if Rc::ptr_eq(dest, source) {
        return;
    }
    let is_nil = |value: &Value| matches!(value, Value::Nil | Value::NoValue);
    let before = source.snapshot();
    for (key, value) in dest.snapshot() {
        if is_nil(&value) {
            source.set(key, Value::Nil);
        }
    }
    let had_value = |key: &Str| {
        let at = before.binary_search_by(|(known, _)| known.cmp(key));
        at.is_ok_and(|at| !is_nil(&before[at].1))
    };
    for (key, value) in source.snapshot() {
        let full = || joined(prefix, &key.text());
        match dest.get(&key) {
            Some(there) if mode == Mode::Coalesce && is_nil(&there) && had_value(&key) => {
                dest.remove(&key);
            }
            None => {
                dest.set(key, value);
            }
            Some(there) => match (&there, &value) {
                (Value::Map(there), Value::Map(value)) => {
                    tables(there, value, &full(), mode, notes);
                }
                (_, Value::Map(_)) if is_nil(&there) => {}
                (_, Value::Map(_)) => notes.push(format!("the table `{}` is overwritten", full())),
                (Value::Map(_), value) if !is_nil(value) => {
                    notes.push(format!("`{}` is a table; another default is ignored", full()));
                }
                _ => {}
            },
        }
    }
}

/// A table by its path.
pub fn table_at(root: &Rc<Map>, path: &str) -> Option<Rc<Map>> {
    let mut table = root.clone();
    for part in path.split('.') {
        let Some(Value::Map(next)) = table.get(part.as_bytes()) else { return None };
        table = next;
    }
    Some(table)
}

/// A value that is no table by its path.
pub fn value_at(root: &Rc<Map>, path: &str) -> Option<Value> {
    let (table, key) = match path.rsplit_once('.') {
        Some((tables, key)) => (table_at(root, tables)?, key),
        None => (root.clone(), path),
    };
    table.get(key.as_bytes()).filter(|value| !matches!(value, Value::Map(_)))
}
