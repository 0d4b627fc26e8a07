//! The top level of every kind, and the checks that go across fields.

use super::{
    metadata::check_metadata,
    pod,
    shape::{Shape, check, invalid, needs, refused, required, takes, unsupported},
};
use crate::{
    api::{
        failure::Cause,
        kind::{Kind, by_name},
        selector::Selector,
    },
    limits::REPLICAS_MAX,
};
use serde_json::Value;
use std::collections::HashSet;

const OUTSIDE: &str = "the edge's listen address is set in bowline.yaml; use type ClusterIP";

const NAMESPACE: Shape = Shape::Object(&[
    takes("apiVersion", Shape::Text),
    takes("kind", Shape::Text),
    takes("metadata", Shape::Any),
    takes("spec", Shape::Object(&[takes("finalizers", Shape::List(&Shape::Text))])),
    takes("status", Shape::Any),
]);

const CONFIG_MAP: Shape = Shape::Object(&[
    takes("apiVersion", Shape::Text),
    takes("kind", Shape::Text),
    takes("metadata", Shape::Any),
    takes("data", Shape::TextMap),
    takes("binaryData", Shape::TextMap),
    takes("immutable", Shape::Flag),
]);

const SECRET: Shape = Shape::Object(&[
    takes("apiVersion", Shape::Text),
    takes("kind", Shape::Text),
    takes("metadata", Shape::Any),
    takes("type", Shape::Text),
    takes("data", Shape::TextMap),
    takes("stringData", Shape::TextMap),
    takes("immutable", Shape::Flag),
]);

const EVENT: Shape = Shape::Object(&[
    takes("apiVersion", Shape::Text),
    takes("kind", Shape::Text),
    takes("metadata", Shape::Any),
    needs("involvedObject", Shape::Any),
    takes("reason", Shape::Text),
    takes("message", Shape::Text),
    takes("type", Shape::OneOf(&["Normal", "Warning"])),
    takes("source", Shape::Any),
    takes("count", Shape::Integer(0, i64::MAX)),
    takes("firstTimestamp", Shape::Text),
    takes("lastTimestamp", Shape::Text),
    takes("eventTime", Shape::Text),
    takes("series", Shape::Any),
    takes("action", Shape::Text),
    takes("related", Shape::Any),
    takes("reportingComponent", Shape::Text),
    takes("reportingInstance", Shape::Text),
]);

const SERVICE: Shape = Shape::Object(&[
    takes("apiVersion", Shape::Text),
    takes("kind", Shape::Text),
    takes("metadata", Shape::Any),
    needs(
        "spec",
        Shape::Object(&[
            needs("selector", Shape::TextMap),
            needs("ports", Shape::List(&SERVICE_PORT)),
            takes("type", Shape::OneOf(&["ClusterIP"])),
            takes("clusterIP", Shape::OneOf(&["", "None"])),
            takes("sessionAffinity", Shape::OneOf(&["None"])),
            takes("publishNotReadyAddresses", Shape::Always(false, "only ready pods get requests")),
            refused("clusterIPs", "services have no address of their own here"),
            refused("externalName", "services route to pods of this machine only"),
            refused("externalIPs", OUTSIDE),
            refused("externalTrafficPolicy", OUTSIDE),
            refused("internalTrafficPolicy", "there is one machine"),
            refused("loadBalancerIP", OUTSIDE),
            refused("loadBalancerClass", OUTSIDE),
            refused("loadBalancerSourceRanges", OUTSIDE),
            refused("healthCheckNodePort", OUTSIDE),
            refused("ipFamilies", "services have no address of their own here"),
            refused("ipFamilyPolicy", "services have no address of their own here"),
            refused("sessionAffinityConfig", "sessions are not kept on one pod here"),
            refused("trafficDistribution", "there is one machine"),
        ]),
    ),
    takes("status", Shape::Any),
]);

const SERVICE_PORT: Shape = Shape::Object(&[
    takes("name", Shape::Text),
    needs("port", Shape::Integer(1, 65_535)),
    takes("targetPort", Shape::Port),
    takes("protocol", Shape::OneOf(&["TCP"])),
    takes("appProtocol", Shape::OneOf(&["http"])),
    refused("nodePort", OUTSIDE),
]);

const POD: Shape = Shape::Object(&[
    takes("apiVersion", Shape::Text),
    takes("kind", Shape::Text),
    takes("metadata", Shape::Any),
    needs("spec", Shape::Any),
    takes("status", Shape::Any),
]);

const REPLICA_SET: Shape = Shape::Object(&[
    takes("apiVersion", Shape::Text),
    takes("kind", Shape::Text),
    takes("metadata", Shape::Any),
    needs(
        "spec",
        Shape::Object(&[
            takes("replicas", Shape::Integer(0, REPLICAS_MAX)),
            takes("minReadySeconds", Shape::Integer(0, 0)),
            needs("selector", SELECTOR),
            needs("template", TEMPLATE),
        ]),
    ),
    takes("status", Shape::Any),
]);

/// A `spec` whose own fields `rollout::spec` knows; see [`strategy`].
const WORKLOAD: Shape = Shape::Object(&[
    takes("apiVersion", Shape::Text),
    takes("kind", Shape::Text),
    takes("metadata", Shape::Any),
    needs("spec", Shape::Any),
    takes("status", Shape::Any),
]);

const SELECTOR: Shape = Shape::Object(&[
    takes("matchLabels", Shape::TextMap),
    takes(
        "matchExpressions",
        Shape::List(&Shape::Object(&[
            needs("key", Shape::Text),
            needs("operator", Shape::OneOf(&["In", "NotIn", "Exists", "DoesNotExist"])),
            takes("values", Shape::List(&Shape::Text)),
        ])),
    ),
]);

const TEMPLATE: Shape = Shape::Object(&[takes("metadata", Shape::Any), needs("spec", Shape::Any)]);

/// Checks a whole object of `kind`, after merging; returns what cannot be honoured.
#[must_use]
pub fn check_object(kind: &Kind, object: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    check_metadata(kind, &object["metadata"], "metadata", false, &mut causes);
    let shape = match kind.kind {
        "Namespace" => &NAMESPACE,
        "ConfigMap" => &CONFIG_MAP,
        "Secret" => &SECRET,
        "Event" => &EVENT,
        "Service" => &SERVICE,
        "Pod" => &POD,
        "ReplicaSet" => &REPLICA_SET,
        "Deployment" | "Rollout" => &WORKLOAD,
        other => {
            causes.push(unsupported("kind", format!("{other} has no table of fields")));
            return causes;
        }
    };
    check(shape, object, "", &mut causes);
    match kind.kind {
        "Pod" => pod::check_spec(&object["spec"], "spec", false, &mut causes),
        "ReplicaSet" => workload(object, &mut causes),
        "Deployment" | "Rollout" => {
            workload(object, &mut causes);
            strategy(object, &mut causes);
        }
        "ConfigMap" => config_map(object, &mut causes),
        "Secret" => base64_map(&object["data"], "data", &mut causes),
        "Service" => service(object, &mut causes),
        _ => {}
    }
    causes
}

fn workload(object: &Value, causes: &mut Vec<Cause>) {
    let template = &object["spec"]["template"];
    if !template.is_object() {
        // `workloadRef` instead of a template is the engine's to refuse or follow.
        if object["spec"]["workloadRef"].is_null() {
            causes.push(required("spec.template", "must be given"));
        }
        return;
    }
    check(&TEMPLATE, template, "spec.template", causes);
    check_metadata(by_name("Pod"), &template["metadata"], "spec.template.metadata", true, causes);
    pod::check_spec(&template["spec"], "spec.template.spec", true, causes);
    let selector = &object["spec"]["selector"];
    if !selector.is_object() {
        causes.push(required("spec.selector", "must be given"));
        return;
    }
    match Selector::of_object(selector) {
        Some(parsed) if parsed.is_empty() => {
            causes.push(invalid("spec.selector", "an empty selector would take every pod"));
        }
        Some(parsed) if !parsed.matches_labels(template["metadata"].get("labels")) => {
            let message = "`selector` does not match the template's labels";
            causes.push(invalid("spec.template.metadata.labels", message));
        }
        Some(_) => {}
        None => causes.push(unsupported("spec.selector", "matchLabels and matchExpressions")),
    }
}

/// Everything but the template: what the rollout itself can carry out.
fn strategy(object: &Value, causes: &mut Vec<Cause>) {
    let mut document = object.clone();
    // Only what a user writes; the server's own fields are no business of the reader.
    if let Some(document) = document.as_object_mut() {
        document.shift_remove("status");
    }
    if let Some(metadata) = document["metadata"].as_object_mut() {
        metadata.retain(|name, _| {
            matches!(name.as_str(), "name" | "namespace" | "labels" | "annotations")
        });
    }
    let mut known: HashSet<String> = causes.iter().map(|cause| cause.field.clone()).collect();
    for error in bowline_rollout::spec::read(&document).err().unwrap_or_default() {
        let field = field_of(&error.pointer);
        // The template's own checks have spoken already.
        if known.insert(field.clone()) {
            let help = if error.help.is_empty() { "" } else { "; " };
            causes.push(invalid(&field, format!("{}{help}{}", error.message, error.help)));
        }
    }
}

/// `/spec/steps/0/pause` as Kubernetes writes it: `spec.steps[0].pause`.
fn field_of(pointer: &str) -> String {
    let mut field = String::new();
    for part in pointer.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        if part.bytes().all(|b| b.is_ascii_digit()) {
            field.push_str(&format!("[{part}]"));
        } else {
            if !field.is_empty() {
                field.push('.');
            }
            field.push_str(&part);
        }
    }
    field
}

fn config_map(object: &Value, causes: &mut Vec<Cause>) {
    base64_map(&object["binaryData"], "binaryData", causes);
    for map in ["data", "binaryData"] {
        for (key, _) in object[map].as_object().into_iter().flatten() {
            data_key(key, map, causes);
        }
    }
}

/// Keys become file names: no separators, no dots that lead away.
fn data_key(key: &str, path: &str, causes: &mut Vec<Cause>) {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    let fits = !key.is_empty() && key.len() <= 253 && key.bytes().all(plain);
    if !fits || key == "." || key.starts_with("..") {
        causes.push(invalid(path, format!("{key:?}: letters, digits, `-`, `_`, `.`")));
    }
}

fn base64_map(map: &Value, path: &str, causes: &mut Vec<Cause>) {
    for (key, value) in map.as_object().into_iter().flatten() {
        data_key(key, path, causes);
        if value.as_str().is_none_or(|text| decode_base64(text).is_none()) {
            causes.push(invalid(&format!("{path}[{key}]"), "must be base64"));
        }
    }
}

/// Standard base64 with padding (RFC 4648, section 4) by the Kubernetes types' own decoder.
pub fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let value = Value::String(text.to_owned());
    serde_json::from_value::<k8s_openapi::ByteString>(value).ok().map(|bytes| bytes.0)
}

fn service(object: &Value, causes: &mut Vec<Cause>) {
    let spec = &object["spec"];
    if spec["selector"].as_object().is_none_or(serde_json::Map::is_empty) {
        causes.push(required("spec.selector", "a service routes to the pods that it selects"));
    }
    let ports = spec["ports"].as_array().map(Vec::as_slice).unwrap_or_default();
    match ports.len() {
        0 => causes.push(required("spec.ports", "one port")),
        1 => {}
        _ => causes.push(unsupported("spec.ports", "one port per service is routed here")),
    }
}

#[cfg(test)]
mod tests {
    use super::{by_name, check_object};
    use serde_json::{Value, json};

    fn fields(kind: &str, object: &Value) -> Vec<String> {
        check_object(by_name(kind), object).into_iter().map(|cause| cause.field).collect()
    }

    #[test]
    fn a_service_routes_one_port_to_selected_pods() {
        let metadata = json!({"name": "web"});
        let good = json!({"metadata": metadata, "spec": {
            "selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": "http"}]}});
        assert_eq!(fields("Service", &good), Vec::<String>::new());
        let load_balancer = json!({"metadata": metadata, "spec": {
            "type": "LoadBalancer", "selector": {"app": "web"},
            "ports": [{"port": 80, "nodePort": 30000}]}});
        assert_eq!(fields("Service", &load_balancer), ["spec.type", "spec.ports[0].nodePort"]);
        let nothing = json!({"metadata": metadata, "spec": {"selector": {}, "ports": []}});
        assert_eq!(fields("Service", &nothing), ["spec.selector", "spec.ports"]);
    }

    #[test]
    fn a_workload_must_select_its_own_pods() {
        let image = format!("shop@sha256:{}", "0".repeat(64));
        let mut object = json!({"metadata": {"name": "web"}, "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": image}]}}}});
        for (kind, api_version) in [("ReplicaSet", "apps/v1"), ("Deployment", "apps/v1")] {
            object["kind"] = json!(kind);
            object["apiVersion"] = json!(api_version);
            assert_eq!(fields(kind, &object), Vec::<String>::new(), "{kind}");
        }
        let mut rollout = object.clone();
        rollout["kind"] = json!("Rollout");
        rollout["apiVersion"] = json!("argoproj.io/v1alpha1");
        assert_eq!(fields("Rollout", &rollout), ["spec.strategy"], "as Argo, it needs one");
        rollout["spec"]["strategy"] = json!({"canary": {"steps": [{"setWeight": 20}]}});
        assert_eq!(fields("Rollout", &rollout), Vec::<String>::new());
        rollout["spec"]["strategy"] = json!({"canary": {"steps": [{"setWieght": 20}]}});
        let step = "spec.strategy.canary.steps[0].setWieght";
        assert!(fields("Rollout", &rollout).contains(&step.to_owned()));
        rollout["spec"]["template"]["spec"]["hostPID"] = json!(true);
        let host = "spec.template.spec.hostPID";
        assert!(fields("Rollout", &rollout).contains(&host.to_owned()));
        object["spec"]["template"]["metadata"]["labels"] = json!({"app": "other"});
        assert_eq!(fields("ReplicaSet", &object), ["spec.template.metadata.labels"]);
    }

    #[test]
    fn a_secret_holds_base64_under_file_names() {
        let good = json!({"metadata": {"name": "s"}, "data": {"key": "dmFsdWU="}});
        assert_eq!(fields("Secret", &good), Vec::<String>::new());
        let bad = json!({"metadata": {"name": "s"}, "data": {"../k": "dmFsdWU=", "k": "%"}});
        assert_eq!(fields("Secret", &bad), ["data", "data[k]"]);
    }
}
