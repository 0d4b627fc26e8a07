//! Deletion: finalizers, grace of pods, propagation along owner references, namespaces.
//!
//! Garbage is collected in the transaction that makes it, so nobody ever sees an orphan.

use crate::{
    api::{
        failure::Failure,
        kind::by_name,
        objects::{Key, Objects, Transaction},
        path::Target,
        query::Query,
        selector::Selector,
        write::{key_of, version_of},
    },
    limits::GRACE_SECONDS_DEFAULT,
};
use bowline_host::clock;
use serde_json::{Value, json};
use std::sync::Arc;

const FOREGROUND: &str = "foregroundDeletion";

/// What happens to the objects that a deleted one owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// They are deleted after it.
    Background,
    /// They are deleted before it.
    Foreground,
    /// They stay, without it as their owner.
    Orphan,
}

/// The options of a delete, from the query and the body.
#[derive(Clone, Debug)]
pub struct Options {
    propagation: Propagation,
    grace_seconds: Option<u64>,
    uid: Option<String>,
    version: Option<String>,
    dry_run: bool,
}

impl Options {
    /// Joins query and body (`DeleteOptions`); the body wins.
    pub fn read(query: &Query, body: &Value) -> Result<Self, Failure> {
        let known = [
            "kind",
            "apiVersion",
            "gracePeriodSeconds",
            "propagationPolicy",
            "preconditions",
            "dryRun",
            "orphanDependents",
        ];
        for (name, _) in body.as_object().into_iter().flatten() {
            if !known.contains(&name.as_str()) {
                return Err(Failure::bad_request(format!("unknown delete option `{name}`")));
            }
        }
        let policy = body["propagationPolicy"].as_str().unwrap_or(&query.propagation);
        let propagation = match policy {
            "" if body["orphanDependents"] == json!(true) => Propagation::Orphan,
            "" | "Background" => Propagation::Background,
            "Foreground" => Propagation::Foreground,
            "Orphan" => Propagation::Orphan,
            other => {
                return Err(Failure::bad_request(format!("unknown propagationPolicy `{other}`")));
            }
        };
        let text = |name: &str| body["preconditions"][name].as_str().map(str::to_owned);
        let dry = body["dryRun"].as_array().is_some_and(|list| !list.is_empty());
        Ok(Self {
            propagation,
            grace_seconds: body["gracePeriodSeconds"].as_u64().or(query.grace_seconds),
            uid: text("uid"),
            version: text("resourceVersion"),
            dry_run: dry || query.dry_run,
        })
    }
}

/// What a delete did.
pub enum Deleted {
    /// The object is gone.
    Gone(Arc<Value>),
    /// It waits for its grace, a finalizer or its dependents.
    Waiting(Arc<Value>),
}

/// Deletes one object.
pub fn delete(objects: &Objects, target: &Target, options: &Options) -> Result<Deleted, Failure> {
    let key = key_of(target)?;
    if target.status {
        return Err(Failure::method("a status is not deleted"));
    }
    objects.transaction(options.dry_run, |transaction| {
        let found = transaction.get(&key).ok_or_else(|| Failure::not_found(key.kind, &key.name))?;
        let metadata = &found["metadata"];
        let uid = options.uid.as_deref();
        if uid.is_some_and(|uid| metadata["uid"].as_str() != Some(uid)) {
            let why = "Precondition failed: UID in precondition";
            return Err(Failure::conflict(key.kind, &key.name, why));
        }
        let version = options.version.as_deref();
        if version.is_some_and(|v| metadata["resourceVersion"].as_str() != Some(v)) {
            let why = "Precondition failed: ResourceVersion in precondition";
            return Err(Failure::conflict(key.kind, &key.name, why));
        }
        begin(transaction, &key, options.propagation, options.grace_seconds)?;
        Ok(match transaction.get(&key) {
            Some(waiting) => Deleted::Waiting(waiting),
            None => Deleted::Gone(found),
        })
    })
}

/// Deletes every object of a collection that `selector` takes; returns them.
pub fn delete_collection(
    objects: &Objects,
    target: &Target,
    selector: &Selector,
    options: &Options,
) -> Result<Vec<Arc<Value>>, Failure> {
    if !target.kind.namespaced || target.namespace.is_empty() {
        return Err(Failure::method("a collection is deleted in one namespace"));
    }
    objects.transaction(options.dry_run, |transaction| {
        let mut taken = transaction.list(target.kind, &target.namespace);
        taken.retain(|(_, object)| selector.matches(object));
        for (key, _) in &taken {
            begin(transaction, key, options.propagation, options.grace_seconds)?;
        }
        Ok(taken.into_iter().map(|(_, object)| object).collect())
    })
}

/// Starts the deletion of `key`, and ends it where nothing holds the object.
fn begin(
    transaction: &mut Transaction<'_>,
    key: &Key,
    propagation: Propagation,
    grace_seconds: Option<u64>,
) -> Result<(), Failure> {
    let Some(found) = transaction.get(key) else { return Ok(()) };
    if key.kind.kind == "Namespace" && key.name == "default" {
        return Err(Failure::forbidden(key.kind, &key.name, "this namespace may not be deleted"));
    }
    let mut object = Value::clone(&found);
    if object["metadata"]["deletionTimestamp"].is_null() {
        object["metadata"]["deletionTimestamp"] = Value::String(clock::now().to_string());
    }
    if key.kind.kind == "Pod" {
        let grace = grace_of(&object, grace_seconds);
        object["metadata"]["deletionGracePeriodSeconds"] = json!(grace);
    }
    if key.kind.kind == "Namespace" {
        object["status"]["phase"] = json!("Terminating");
    }
    let uid = object["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
    match propagation {
        Propagation::Foreground if !dependents(transaction, &uid).is_empty() => {
            add_finalizer(&mut object, FOREGROUND);
        }
        Propagation::Orphan => orphan_dependents(transaction, &uid)?,
        Propagation::Foreground | Propagation::Background => {}
    }
    if object != *found {
        transaction.put(key.clone(), object)?;
    }
    if propagation == Propagation::Foreground {
        for (dependent, _) in dependents(transaction, &uid) {
            begin(transaction, &dependent, Propagation::Background, None)?;
        }
    }
    if key.kind.kind == "Namespace" {
        for (inside, _) in transaction.find(|other, _| other.namespace == key.name) {
            begin(transaction, &inside, Propagation::Background, None)?;
        }
    }
    finish_if_free(transaction, key)
}

/// Grace of a pod in seconds. One that no runtime has claimed yet needs none; a second delete
/// can only shorten it.
fn grace_of(pod: &Value, asked: Option<u64>) -> u64 {
    if pod["status"]["startTime"].is_null() {
        return 0;
    }
    let own = pod["spec"]["terminationGracePeriodSeconds"].as_u64();
    let before = pod["metadata"]["deletionGracePeriodSeconds"].as_u64();
    let wanted = asked.or(before).or(own).unwrap_or(GRACE_SECONDS_DEFAULT);
    before.map_or(wanted, |before| before.min(wanted))
}

fn add_finalizer(object: &mut Value, finalizer: &str) {
    let finalizers = &mut object["metadata"]["finalizers"];
    match finalizers.as_array_mut() {
        Some(list) if list.iter().any(|f| f == finalizer) => {}
        Some(list) => list.push(json!(finalizer)),
        None => *finalizers = json!([finalizer]),
    }
}

/// Removes a deleted object that nothing holds any more.
pub fn finish_if_free(transaction: &mut Transaction<'_>, key: &Key) -> Result<(), Failure> {
    let Some(object) = transaction.get(key) else { return Ok(()) };
    let metadata = &object["metadata"];
    if metadata["deletionTimestamp"].is_null() {
        return Ok(());
    }
    let held = metadata["finalizers"].as_array().is_some_and(|list| !list.is_empty());
    let graceful = key.kind.kind == "Pod"
        && metadata["deletionGracePeriodSeconds"].as_u64().is_some_and(|seconds| seconds > 0);
    let full = key.kind.kind == "Namespace"
        && !transaction.find(|other, _| other.namespace == key.name).is_empty();
    if held || graceful || full {
        return Ok(());
    }
    remove(transaction, key)
}

fn remove(transaction: &mut Transaction<'_>, key: &Key) -> Result<(), Failure> {
    let Some(last) = transaction.remove(key) else { return Ok(()) };
    let uid = last["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
    for (dependent, object) in dependents(transaction, &uid) {
        let mut left = Value::clone(&object);
        drop_owner(&mut left, &uid);
        if owner_is_there(transaction, &left) {
            transaction.put(dependent, left)?;
        } else {
            begin(transaction, &dependent, Propagation::Background, None)?;
        }
    }
    for owner in owners(&last) {
        release_foreground(transaction, &owner)?;
    }
    if !key.namespace.is_empty() {
        let kind = by_name("Namespace");
        let namespace = Key { kind, namespace: String::new(), name: key.namespace.clone() };
        finish_if_free(transaction, &namespace)?;
    }
    Ok(())
}

/// An owner that is deleted in the foreground goes when its last dependent went.
fn release_foreground(transaction: &mut Transaction<'_>, uid: &str) -> Result<(), Failure> {
    let waiting = transaction.find(|_, object| {
        object["metadata"]["uid"].as_str() == Some(uid)
            && !object["metadata"]["deletionTimestamp"].is_null()
    });
    for (key, object) in waiting {
        if !dependents(transaction, uid).is_empty() {
            continue;
        }
        let mut free = Value::clone(&object);
        if let Some(list) = free["metadata"]["finalizers"].as_array_mut() {
            list.retain(|finalizer| finalizer != FOREGROUND);
        }
        if free != *object {
            transaction.put(key.clone(), free)?;
        }
        finish_if_free(transaction, &key)?;
    }
    Ok(())
}

/// A new object whose owners are all gone goes at once.
pub fn drop_if_ownerless(transaction: &mut Transaction<'_>, key: &Key) -> Result<(), Failure> {
    let Some(object) = transaction.get(key) else { return Ok(()) };
    if owners(&object).is_empty() || owner_is_there(transaction, &object) {
        return Ok(());
    }
    begin(transaction, key, Propagation::Background, Some(0))
}

fn owners(object: &Value) -> Vec<String> {
    let references = object["metadata"]["ownerReferences"].as_array().into_iter().flatten();
    references.filter_map(|owner| owner["uid"].as_str().map(str::to_owned)).collect()
}

fn owner_is_there(transaction: &Transaction<'_>, object: &Value) -> bool {
    let owners = owners(object);
    let found = transaction.find(|_, other| {
        other["metadata"]["uid"].as_str().is_some_and(|uid| owners.iter().any(|o| o == uid))
    });
    !found.is_empty()
}

fn dependents(transaction: &Transaction<'_>, uid: &str) -> Vec<(Key, Arc<Value>)> {
    let mut found = transaction.find(|_, object| owners(object).iter().any(|owner| owner == uid));
    found.sort_by_key(|(_, object)| version_of(object));
    found
}

fn drop_owner(object: &mut Value, uid: &str) {
    if let Some(list) = object["metadata"]["ownerReferences"].as_array_mut() {
        list.retain(|owner| owner["uid"].as_str() != Some(uid));
    }
}

fn orphan_dependents(transaction: &mut Transaction<'_>, uid: &str) -> Result<(), Failure> {
    for (key, object) in dependents(transaction, uid) {
        let mut free = Value::clone(&object);
        drop_owner(&mut free, uid);
        transaction.put(key, free)?;
    }
    Ok(())
}
