//! What every written object passes: its names, the fields that the server owns, defaults, and
//! the check of what can be honoured, after all merging.

use crate::{
    api::{
        failure::{Cause, Failure},
        kind::{Kind, by_name},
        objects::{Key, Transaction},
        path::Target,
    },
    schema,
};
use bowline_host::{clock, random};
use serde_json::{Map, Value, json};

/// `metadata` fields that only the server sets.
const SERVER_OWNED: &[&str] = &[
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "managedFields",
    "selfLink",
];

/// Checks the envelope of a body: an object of the path's kind, not nested too deeply.
pub fn envelope(target: &Target, mut body: Value) -> Result<Value, Failure> {
    if !body.is_object() {
        return Err(Failure::bad_request("the body must be an object"));
    }
    if schema::too_deep(&body) {
        return Err(Failure::bad_request("the body is nested too deeply"));
    }
    strip_nulls(&mut body);
    let expected =
        [("kind", target.kind.kind.to_owned()), ("apiVersion", target.kind.api_version())];
    for (field, expected) in expected {
        match body.get(field) {
            None => body[field] = Value::String(expected),
            Some(Value::String(given)) if *given == expected => {}
            Some(given) => {
                let message = format!("{field} is {given}, the path takes \"{expected}\"");
                return Err(Failure::bad_request(message));
            }
        }
    }
    if body.get("metadata").is_none() {
        body["metadata"] = Value::Object(Map::new());
    }
    if !body["metadata"].is_object() {
        return Err(Failure::bad_request("metadata must be an object"));
    }
    let given = body["metadata"]["namespace"].as_str().unwrap_or_default();
    if !given.is_empty() && given != target.namespace {
        let message = format!(
            "the namespace of the object ({given}) is not that of the path ({})",
            target.namespace
        );
        return Err(Failure::bad_request(message));
    }
    if target.kind.namespaced {
        body["metadata"]["namespace"] = Value::String(target.namespace.clone());
    } else if let Some(metadata) = body["metadata"].as_object_mut() {
        metadata.shift_remove("namespace");
    }
    Ok(body)
}

/// `null` means "not there" in Kubernetes objects.
fn strip_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(strip_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_nulls),
        _ => {}
    }
}

/// The name of a new object, made up where `generateName` asks for it.
pub fn name_of_new(kind: &'static Kind, body: &mut Value) -> Result<String, Failure> {
    let metadata = &mut body["metadata"];
    if let Some(name) = metadata["name"].as_str().filter(|name| !name.is_empty()) {
        return Ok(name.to_owned());
    }
    let Some(prefix) = metadata["generateName"].as_str().filter(|name| !name.is_empty()) else {
        let field = "metadata.name".to_owned();
        let message = "Required value: name or generateName is required".to_owned();
        let cause = Cause { reason: "FieldValueRequired", message, field };
        return Err(Failure::invalid(kind, "", vec![cause]));
    };
    let prefix: String = prefix.chars().take(58).collect();
    let name = format!("{prefix}{}", &random::hex(3)[..5]);
    metadata["name"] = Value::String(name.clone());
    Ok(name)
}

/// New objects need a living namespace.
pub fn namespace_is_there(transaction: &Transaction<'_>, key: &Key) -> Result<(), Failure> {
    if !key.kind.namespaced {
        return Ok(());
    }
    let namespaces = by_name("Namespace");
    let namespace = Key { kind: namespaces, namespace: String::new(), name: key.namespace.clone() };
    let Some(found) = transaction.get(&namespace) else {
        return Err(Failure::not_found(namespaces, &key.namespace));
    };
    if !found["metadata"]["deletionTimestamp"].is_null() {
        let why = format!("namespace {} is being terminated", key.namespace);
        return Err(Failure::forbidden(key.kind, &key.name, &why));
    }
    Ok(())
}

/// Fills in what the server owns of a new object, and its defaults.
pub fn prepare_new(kind: &'static Kind, body: &mut Value) {
    let bytes = random::hex(16);
    let uid = format!(
        "{}-{}-4{}-a{}-{}",
        &bytes[..8],
        &bytes[8..12],
        &bytes[13..16],
        &bytes[17..20],
        &bytes[20..32]
    );
    if let Some(metadata) = body["metadata"].as_object_mut() {
        for field in SERVER_OWNED {
            metadata.shift_remove(*field);
        }
    }
    body["metadata"]["uid"] = Value::String(uid);
    body["metadata"]["creationTimestamp"] = Value::String(clock::now().to_string());
    body["metadata"]["generation"] = json!(1);
    if kind.status
        && let Some(object) = body.as_object_mut()
    {
        object.shift_remove("status");
    }
    match kind.kind {
        "Namespace" => {
            let name = body["metadata"]["name"].clone();
            if body["metadata"]["labels"].is_null() {
                body["metadata"]["labels"] = json!({});
            }
            body["metadata"]["labels"]["kubernetes.io/metadata.name"] = name;
            body["status"] = json!({"phase": "Active"});
        }
        "Pod" => body["status"] = json!({"phase": "Pending"}),
        "ReplicaSet" if body["spec"]["replicas"].is_null() && body["spec"].is_object() => {
            body["spec"]["replicas"] = json!(1);
        }
        _ => {}
    }
    fold_string_data(kind, body);
}

/// `stringData` of a Secret is written into `data` (and wins over it).
pub fn fold_string_data(kind: &'static Kind, body: &mut Value) {
    if kind.kind != "Secret" {
        return;
    }
    let Some(object) = body.as_object_mut() else { return };
    let Some(Value::Object(texts)) = object.shift_remove("stringData") else { return };
    let data = object.entry("data").or_insert_with(|| json!({}));
    for (key, text) in texts {
        // A value that is no text stays as it is and is refused by the check.
        data[key] = match text {
            Value::String(text) => serde_json::to_value(k8s_openapi::ByteString(text.into_bytes()))
                .expect("bytes are written as base64"),
            other => other,
        };
    }
}

/// Carries over what the server owns from `old` to `new` and counts the generation.
pub fn prepare_changed(kind: &'static Kind, old: &Value, new: &mut Value) {
    for field in SERVER_OWNED {
        match old["metadata"].get(*field) {
            Some(value) => new["metadata"][*field] = value.clone(),
            None => {
                if let Some(metadata) = new["metadata"].as_object_mut() {
                    metadata.shift_remove(*field);
                }
            }
        }
    }
    new["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"].clone();
    fold_string_data(kind, new);
    if kind.kind == "ReplicaSet" && new["spec"]["replicas"].is_null() {
        new["spec"]["replicas"] = json!(1);
    }
    if kind.status && old.get("spec") != new.get("spec") {
        let generation = old["metadata"]["generation"].as_i64().unwrap_or(1);
        new["metadata"]["generation"] = json!(generation + 1);
    }
}

/// Refuses what the kind cannot honour and what must not change.
pub fn check(
    kind: &'static Kind,
    old: Option<&Value>,
    new: &Value,
    name: &str,
) -> Result<(), Failure> {
    let mut causes = schema::check_object(kind, new);
    if let Some(old) = old {
        let fixed: &[&str] = match kind.kind {
            "Pod" => &["/spec"],
            "ReplicaSet" | "Deployment" => &["/spec/selector"],
            "ConfigMap" if old["immutable"] == json!(true) => {
                &["/data", "/binaryData", "/immutable"]
            }
            "Secret" if old["immutable"] == json!(true) => &["/data", "/immutable"],
            _ => &[],
        };
        for pointer in fixed {
            if old.pointer(pointer) != new.pointer(pointer) {
                let field = pointer[1..].replace('/', ".");
                let message = "Forbidden: the field is immutable".to_owned();
                causes.push(Cause { reason: "FieldValueForbidden", message, field });
            }
        }
    }
    if causes.is_empty() { Ok(()) } else { Err(Failure::invalid(kind, name, causes)) }
}
