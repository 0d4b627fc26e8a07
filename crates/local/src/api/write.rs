//! Create and update: the main object and its `/status`, each without touching the other.

use crate::{
    api::{
        admission, collect,
        failure::Failure,
        kind::by_name,
        objects::{Key, Objects, Transaction},
        path::Target,
        query::Query,
    },
    limits::EVENTS_MAX,
};
use serde_json::Value;
use std::sync::Arc;

/// The key of a path that names one object.
pub fn key_of(target: &Target) -> Result<Key, Failure> {
    let Some(name) = &target.name else {
        return Err(Failure::method("the path must name one object"));
    };
    Ok(Key { kind: target.kind, namespace: target.namespace.clone(), name: name.clone() })
}

/// Creates an object from a body.
pub fn create(
    objects: &Objects,
    target: &Target,
    query: &Query,
    body: Value,
) -> Result<Arc<Value>, Failure> {
    if target.name.is_some() {
        return Err(Failure::method("POST goes to the collection"));
    }
    if target.kind.namespaced && target.namespace.is_empty() {
        return Err(Failure::method("POST goes to a namespace"));
    }
    let body = admission::envelope(target, body)?;
    if body["metadata"]["resourceVersion"].as_str().is_some_and(|v| !v.is_empty()) {
        let message = "resourceVersion should not be set on objects to be created";
        return Err(Failure::bad_request(message));
    }
    objects.transaction(query.dry_run, |transaction| create_in(transaction, target, body))
}

/// The same inside a transaction; `body` has passed [`admission::envelope`].
pub fn create_in(
    transaction: &mut Transaction<'_>,
    target: &Target,
    mut body: Value,
) -> Result<Arc<Value>, Failure> {
    let kind = target.kind;
    let name = admission::name_of_new(kind, &mut body)?;
    let key = Key { kind, namespace: target.namespace.clone(), name };
    admission::namespace_is_there(transaction, &key)?;
    if transaction.get(&key).is_some() {
        return Err(Failure::exists(kind, &key.name));
    }
    admission::prepare_new(kind, &mut body);
    admission::check(kind, None, &body, &key.name)?;
    let made = transaction.put(key.clone(), body)?;
    if kind.kind == "Event" {
        drop_old_events(transaction);
    }
    collect::drop_if_ownerless(transaction, &key)?;
    Ok(made)
}

fn drop_old_events(transaction: &mut Transaction<'_>) {
    let mut events = transaction.list(by_name("Event"), "");
    if events.len() <= EVENTS_MAX {
        return;
    }
    events.sort_by_key(|(_, event)| version_of(event));
    for (key, _) in events.iter().take(events.len() - EVENTS_MAX) {
        transaction.remove(key);
    }
}

/// The version of a stored object.
pub fn version_of(object: &Value) -> u64 {
    // Every stored object has one; the server wrote it.
    object["metadata"]["resourceVersion"].as_str().and_then(|v| v.parse().ok()).unwrap_or(0)
}

/// Replaces an object, or its status, by a body.
pub fn update(
    objects: &Objects,
    target: &Target,
    query: &Query,
    body: Value,
) -> Result<Arc<Value>, Failure> {
    let key = key_of(target)?;
    let body = admission::envelope(target, body)?;
    objects.transaction(query.dry_run, |transaction| {
        let old = transaction.get(&key).ok_or_else(|| Failure::not_found(key.kind, &key.name))?;
        replace(transaction, target, &key, &old, body)
    })
}

/// Puts `new` in the place of `old`: the rules that updates and all patches share.
pub fn replace(
    transaction: &mut Transaction<'_>,
    target: &Target,
    key: &Key,
    old: &Arc<Value>,
    mut new: Value,
) -> Result<Arc<Value>, Failure> {
    same_object(key, old, &new)?;
    if target.status {
        let status = new.get("status").cloned();
        new = Value::clone(old);
        match (status, new.as_object_mut()) {
            (Some(status), _) => new["status"] = status,
            (None, Some(object)) => drop(object.shift_remove("status")),
            (None, None) => {}
        }
    } else {
        if key.kind.status {
            match (old.get("status"), new.as_object_mut()) {
                (Some(status), _) => new["status"] = status.clone(),
                (None, Some(object)) => drop(object.shift_remove("status")),
                (None, None) => {}
            }
        }
        admission::prepare_changed(key.kind, old, &mut new);
        admission::check(key.kind, Some(old), &new, &key.name)?;
    }
    if new == **old {
        return Ok(old.clone());
    }
    let kept = transaction.put(key.clone(), new)?;
    collect::finish_if_free(transaction, key)?;
    Ok(kept)
}

/// Name, uid and version of a body must be those of the stored object.
fn same_object(key: &Key, old: &Value, new: &Value) -> Result<(), Failure> {
    let name = new["metadata"]["name"].as_str().unwrap_or_default();
    if name != key.name {
        let message =
            format!("the name of the object ({name}) is not that of the path ({})", key.name);
        return Err(Failure::bad_request(message));
    }
    let differs = |field: &str| {
        let given = new["metadata"][field].as_str().unwrap_or_default();
        !given.is_empty() && Some(given) != old["metadata"][field].as_str()
    };
    if differs("uid") {
        return Err(Failure::conflict(
            key.kind,
            &key.name,
            "Precondition failed: UID in precondition",
        ));
    }
    if differs("resourceVersion") {
        let why = "the object has been modified; please apply your changes to the latest version \
                   and try again";
        return Err(Failure::conflict(key.kind, &key.name, why));
    }
    Ok(())
}
