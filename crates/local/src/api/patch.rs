//! Patches: JSON merge patch (RFC 7386), JSON patch (RFC 6902) and server-side apply.
//!
//! Apply keeps what each manager applied last: fields that it no longer names go away, fields
//! that another manager applied with another value are a conflict unless forced. Lists are
//! replaced whole. Absent on purpose: strategic merge patch, `fieldsV1` sets.

use crate::api::{
    admission,
    failure::{Cause, Failure},
    objects::{Key, Objects, Transaction},
    path::Target,
    query::Query,
    write::{self, key_of},
};
use bowline_host::clock;
use serde_json::{Map, Value, json};
use std::sync::Arc;

const MERGE: &str = "application/merge-patch+json";
const JSON: &str = "application/json-patch+json";
const APPLY: &str = "application/apply-patch+yaml";

/// What a patch did.
pub enum Patched {
    /// It made the object (only an apply does).
    Created(Arc<Value>),
    /// It changed the object, or found it as wanted.
    Changed(Arc<Value>),
}

/// Patches an object, or its status.
pub fn patch(
    objects: &Objects,
    target: &Target,
    query: &Query,
    media_type: &str,
    body: Value,
) -> Result<Patched, Failure> {
    let key = key_of(target)?;
    match media_type {
        APPLY => apply(objects, target, query, &key, body),
        MERGE | JSON => objects.transaction(query.dry_run, |transaction| {
            let old =
                transaction.get(&key).ok_or_else(|| Failure::not_found(key.kind, &key.name))?;
            let mut new = Value::clone(&old);
            if media_type == MERGE {
                if !body.is_object() {
                    return Err(Failure::bad_request("a merge patch must be an object"));
                }
                json_patch::merge(&mut new, &body);
            } else {
                let operations: json_patch::Patch = serde_json::from_value(body)
                    .map_err(|error| Failure::bad_request(format!("no JSON patch: {error}")))?;
                json_patch::patch(&mut new, &operations).map_err(|error| {
                    let field = "patch".to_owned();
                    let message = error.to_string();
                    let cause = Cause { reason: "FieldValueInvalid", message, field };
                    Failure::invalid(key.kind, &key.name, vec![cause])
                })?;
            }
            let new = admission::envelope(target, new)?;
            write::replace(transaction, target, &key, &old, new).map(Patched::Changed)
        }),
        other => Err(Failure::media_type(format!(
            "patches of type `{other}` are not served; served: {MERGE}, {JSON}, {APPLY}"
        ))),
    }
}

fn apply(
    objects: &Objects,
    target: &Target,
    query: &Query,
    key: &Key,
    body: Value,
) -> Result<Patched, Failure> {
    if query.field_manager.is_empty() {
        return Err(Failure::bad_request("an apply needs fieldManager"));
    }
    let mut body = admission::envelope(target, body)?;
    match body["metadata"]["name"].as_str() {
        None => body["metadata"]["name"] = json!(key.name),
        Some(name) if name == key.name => {}
        Some(name) => {
            let message = format!("the object is named {name}, the path {}", key.name);
            return Err(Failure::bad_request(message));
        }
    }
    if !body["metadata"]["managedFields"].is_null() {
        return Err(Failure::bad_request("metadata.managedFields must be empty in an apply"));
    }
    admission::fold_string_data(key.kind, &mut body);
    let manager = match target.status {
        true => format!("{}/status", query.field_manager),
        false => query.field_manager.clone(),
    };
    objects.transaction(query.dry_run, |transaction| {
        let Some(old) = transaction.get(key) else {
            if target.status {
                return Err(Failure::not_found(key.kind, &key.name));
            }
            return create_by_apply(transaction, target, key, &manager, body);
        };
        let all = transaction.applied(key);
        settle_conflicts(transaction, key, query.force, &manager, &all, &body)?;
        let mut new = Value::clone(&old);
        if let Some((_, last)) = all.iter().find(|(name, _)| *name == manager) {
            remove_given_up(&mut new, last, &body);
        }
        merge_objects(&mut new, &body);
        let changed = write::replace(transaction, target, key, &old, new)?;
        transaction.set_applied(key, &manager, body);
        let noted = note_manager(transaction, key, query, target.status)?;
        Ok(Patched::Changed(noted.unwrap_or(changed)))
    })
}

fn create_by_apply(
    transaction: &mut Transaction<'_>,
    target: &Target,
    key: &Key,
    manager: &str,
    body: Value,
) -> Result<Patched, Failure> {
    let collection = Target { name: None, ..target.clone() };
    let made = write::create_in(transaction, &collection, body.clone())?;
    transaction.set_applied(key, manager, body);
    let query = Query { field_manager: manager.to_owned(), ..Query::default() };
    let noted = note_manager(transaction, key, &query, false)?;
    Ok(Patched::Created(noted.unwrap_or(made)))
}

/// Writes the manager into `managedFields`, once.
fn note_manager(
    transaction: &mut Transaction<'_>,
    key: &Key,
    query: &Query,
    status: bool,
) -> Result<Option<Arc<Value>>, Failure> {
    let Some(object) = transaction.get(key) else { return Ok(None) };
    let entries = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    let subresource = if status { json!("status") } else { Value::Null };
    let known = entries
        .iter()
        .any(|e| e["manager"] == json!(query.field_manager) && e["subresource"] == subresource);
    if known {
        return Ok(None);
    }
    let mut entry = json!({
        "manager": query.field_manager,
        "operation": "Apply",
        "apiVersion": key.kind.api_version(),
        "time": clock::now().to_string(),
        "fieldsType": "FieldsV1",
    });
    if status {
        entry["subresource"] = subresource;
    }
    let mut noted = Value::clone(&object);
    let mut entries = entries;
    entries.push(entry);
    noted["metadata"]["managedFields"] = Value::Array(entries);
    transaction.put(key.clone(), noted).map(Some)
}

/// Compares with what the other managers applied. Forced: they lose the fields.
fn settle_conflicts(
    transaction: &mut Transaction<'_>,
    key: &Key,
    force: bool,
    manager: &str,
    all: &[(String, Arc<Value>)],
    body: &Value,
) -> Result<(), Failure> {
    let mut causes = Vec::new();
    for (other, theirs) in all.iter().filter(|(other, _)| other != manager) {
        let mut left = Value::clone(theirs);
        let mut fields = Vec::new();
        for part in ["metadata", "spec", "status", "data", "binaryData", "type"] {
            if let (Some(theirs), Some(ours)) = (left.get_mut(part), body.get(part)) {
                conflicts(theirs, ours, part, &mut fields);
            }
        }
        if !fields.is_empty() && force {
            transaction.set_applied(key, other, left);
        }
        causes.extend(fields.into_iter().map(|field| Cause {
            reason: "FieldManagerConflict",
            message: format!("conflict with \"{other}\""),
            field: format!(".{field}"),
        }));
    }
    if causes.is_empty() || force {
        return Ok(());
    }
    let why = format!("Apply failed with {} conflicts", causes.len());
    let mut failure = Failure::conflict(key.kind, &key.name, &why);
    failure.causes = causes;
    Err(failure)
}

/// Takes the fields out of `theirs` that `ours` sets to something else, and names them.
fn conflicts(theirs: &mut Value, ours: &Value, path: &str, fields: &mut Vec<String>) {
    let (Some(theirs), Some(ours)) = (theirs.as_object_mut(), ours.as_object()) else { return };
    for (name, our) in ours {
        let path = format!("{path}.{name}");
        let Some(their) = theirs.get_mut(name) else { continue };
        if their.is_object() && our.is_object() {
            conflicts(their, our, &path, fields);
        } else if their != our {
            theirs.shift_remove(name);
            fields.push(path);
        }
    }
}

/// Takes out of `object` what the manager named last time and no longer names.
fn remove_given_up(object: &mut Value, last: &Value, now: &Value) {
    let empty = Map::new();
    let (Some(object), Some(last)) = (object.as_object_mut(), last.as_object()) else { return };
    let now = now.as_object().unwrap_or(&empty);
    for (name, last) in last {
        match (now.get(name), last.is_object()) {
            (None, false) => drop(object.shift_remove(name)),
            (None, true) => {
                if let Some(inner) = object.get_mut(name) {
                    remove_given_up(inner, last, &Value::Null);
                    if inner.as_object().is_some_and(Map::is_empty) {
                        object.shift_remove(name);
                    }
                }
            }
            (Some(now), true) => {
                if let Some(inner) = object.get_mut(name) {
                    remove_given_up(inner, last, now);
                }
            }
            (Some(_), false) => {}
        }
    }
}

fn merge_objects(object: &mut Value, patch: &Value) {
    match (object, patch) {
        (Value::Object(object), Value::Object(patch)) => {
            for (name, value) in patch {
                merge_objects(object.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (object, patch) => *object = patch.clone(),
    }
}
