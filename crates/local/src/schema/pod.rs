//! What a pod may ask for on this machine. Read after every merge and default, for pods and
//! for the templates of all workloads.

use super::shape::{Field, Shape, check, invalid, needs, refused, required, takes, unsupported};
use crate::{api::failure::Cause, pod::quantity};
use bowline_model::Digest;
use serde_json::Value;

const ONE_CONTAINER: &str = "one container per pod is supported on the local cluster";
const ONE_MACHINE: &str = "there is one machine and no scheduler on the local cluster";
const OWN_NAMESPACES: &str = "a pod never shares the machine's namespaces here";
const NO_ACCOUNTS: &str = "there are no service accounts on the local cluster";

/// `spec` of a pod.
pub const SPEC: Shape = Shape::Object(&[
    needs("containers", Shape::List(&CONTAINER)),
    takes("restartPolicy", Shape::OneOf(&["Always", "OnFailure", "Never"])),
    takes("terminationGracePeriodSeconds", Shape::Integer(0, 3600)),
    takes("volumes", Shape::List(&VOLUME)),
    takes("hostname", Shape::Text),
    takes("securityContext", Shape::Object(POD_SECURITY)),
    takes("automountServiceAccountToken", Shape::Always(false, NO_ACCOUNTS)),
    takes("enableServiceLinks", Shape::Always(false, "services are not put into environments")),
    takes("hostNetwork", Shape::Always(false, OWN_NAMESPACES)),
    takes("hostPID", Shape::Always(false, OWN_NAMESPACES)),
    takes("hostIPC", Shape::Always(false, OWN_NAMESPACES)),
    takes("shareProcessNamespace", Shape::Always(false, ONE_CONTAINER)),
    refused("initContainers", ONE_CONTAINER),
    refused("ephemeralContainers", ONE_CONTAINER),
    refused("serviceAccountName", NO_ACCOUNTS),
    refused("serviceAccount", NO_ACCOUNTS),
    refused("nodeName", ONE_MACHINE),
    refused("nodeSelector", ONE_MACHINE),
    refused("affinity", ONE_MACHINE),
    refused("tolerations", ONE_MACHINE),
    refused("topologySpreadConstraints", ONE_MACHINE),
    refused("schedulerName", ONE_MACHINE),
    refused("priorityClassName", ONE_MACHINE),
    refused("priority", ONE_MACHINE),
    refused("runtimeClassName", "pods run as sandboxed processes here"),
    refused("imagePullSecrets", "images come from the local store, not from a registry"),
    refused("dnsPolicy", "pods have no network of their own but loopback, so no DNS"),
    refused("dnsConfig", "pods have no network of their own but loopback, so no DNS"),
    refused("hostAliases", "pods have no network of their own but loopback"),
    refused("subdomain", "pods have no network of their own but loopback, so no DNS"),
    refused("activeDeadlineSeconds", "pods here have no deadline"),
    refused("readinessGates", "no other controller sets pod conditions here"),
    refused("setHostnameAsFQDN", "pods have no domain name here"),
    refused("overhead", ONE_MACHINE),
    refused("preemptionPolicy", ONE_MACHINE),
    refused("hostUsers", "the user namespace follows from who runs bowline"),
    refused("os", "pods here are Linux processes"),
    refused("schedulingGates", ONE_MACHINE),
    refused("resourceClaims", "devices are not given to pods here"),
    refused("resources", "resources stand at the container"),
]);

const POD_SECURITY: &[Field] = &[
    takes("runAsUser", Shape::Integer(0, 65_534)),
    takes("runAsGroup", Shape::Integer(0, 65_534)),
    takes("runAsNonRoot", Shape::Flag),
    refused("fsGroup", "volumes keep their owner here"),
    refused("fsGroupChangePolicy", "volumes keep their owner here"),
    refused("supplementalGroups", "a process gets one group here"),
    refused("sysctls", "kernel settings cannot be changed here"),
    refused("seLinuxOptions", "SELinux labels are not set here"),
    refused("appArmorProfile", "AppArmor profiles are not set here"),
    refused("seccompProfile", "seccomp profiles are not set here"),
    refused("windowsOptions", "pods here are Linux processes"),
];

const CONTAINER: Shape = Shape::Object(&[
    needs("name", Shape::Text),
    needs("image", Shape::Text),
    takes("imagePullPolicy", Shape::OneOf(&["IfNotPresent", "Always", "Never"])),
    takes("command", Shape::List(&Shape::Text)),
    takes("args", Shape::List(&Shape::Text)),
    takes("workingDir", Shape::Text),
    takes("env", Shape::List(&ENV)),
    takes("envFrom", Shape::List(&ENV_FROM)),
    takes("ports", Shape::List(&PORT)),
    takes("resources", Shape::Object(RESOURCES)),
    takes("volumeMounts", Shape::List(&VOLUME_MOUNT)),
    takes("readinessProbe", Shape::Object(PROBE)),
    takes("livenessProbe", Shape::Object(PROBE)),
    takes("startupProbe", Shape::Object(PROBE)),
    takes("securityContext", Shape::Object(CONTAINER_SECURITY)),
    takes("tty", Shape::Always(false, "containers have no terminal here")),
    takes("stdin", Shape::Always(false, "containers have no input here")),
    refused("stdinOnce", "containers have no input here"),
    refused("lifecycle", "preStop and postStart are not carried out yet"),
    refused("volumeDevices", "block devices are not given to pods here"),
    refused("terminationMessagePath", "the last log lines are kept instead"),
    refused("terminationMessagePolicy", "the last log lines are kept instead"),
    refused("resizePolicy", "resources are set at the start"),
    refused("restartPolicy", "restartPolicy stands at the pod"),
]);

const CONTAINER_SECURITY: &[Field] = &[
    takes("runAsUser", Shape::Integer(0, 65_534)),
    takes("runAsGroup", Shape::Integer(0, 65_534)),
    takes("runAsNonRoot", Shape::Flag),
    takes("privileged", Shape::Always(false, "a pod never gets rights over the machine here")),
    takes("allowPrivilegeEscalation", Shape::Always(false, "a process never gains rights here")),
    takes(
        "capabilities",
        Shape::Object(&[
            takes("drop", Shape::List(&Shape::OneOf(&["ALL"]))),
            refused("add", "capabilities are never added here"),
        ]),
    ),
    refused("readOnlyRootFilesystem", "the root file system is writable here"),
    refused("procMount", "/proc is mounted in one way here"),
    refused("seLinuxOptions", "SELinux labels are not set here"),
    refused("appArmorProfile", "AppArmor profiles are not set here"),
    refused("seccompProfile", "seccomp profiles are not set here"),
    refused("windowsOptions", "pods here are Linux processes"),
];

const RESOURCES: &[Field] = &[
    takes("requests", Shape::Quantities),
    takes("limits", Shape::Quantities),
    refused("claims", "devices are not given to pods here"),
];

const ENV: Shape = Shape::Object(&[
    needs("name", Shape::Text),
    takes("value", Shape::Text),
    takes(
        "valueFrom",
        Shape::Object(&[
            takes("configMapKeyRef", Shape::Object(KEY_REF)),
            takes("secretKeyRef", Shape::Object(KEY_REF)),
            takes(
                "fieldRef",
                Shape::Object(&[
                    takes("apiVersion", Shape::OneOf(&["v1"])),
                    needs("fieldPath", Shape::Text),
                ]),
            ),
            refused("resourceFieldRef", "resources are not put into environments here"),
            refused("fileKeyRef", "files are not read into environments here"),
        ]),
    ),
]);

const KEY_REF: &[Field] =
    &[needs("name", Shape::Text), needs("key", Shape::Text), takes("optional", Shape::Flag)];

const SOURCE_REF: &[Field] = &[needs("name", Shape::Text), takes("optional", Shape::Flag)];

const ENV_FROM: Shape = Shape::Object(&[
    takes("prefix", Shape::Text),
    takes("configMapRef", Shape::Object(SOURCE_REF)),
    takes("secretRef", Shape::Object(SOURCE_REF)),
]);

const PORT: Shape = Shape::Object(&[
    takes("name", Shape::Text),
    needs("containerPort", Shape::Integer(1, 65_535)),
    takes("protocol", Shape::OneOf(&["TCP"])),
    refused("hostPort", "the edge's listen address is set in bowline.yaml"),
    refused("hostIP", "the edge's listen address is set in bowline.yaml"),
]);

const PROBE: &[Field] = &[
    takes(
        "httpGet",
        Shape::Object(&[
            takes("path", Shape::Text),
            needs("port", Shape::Port),
            takes("scheme", Shape::OneOf(&["HTTP"])),
            takes("httpHeaders", Shape::List(&HEADER)),
            refused("host", "probes go to the pod itself"),
        ]),
    ),
    takes(
        "tcpSocket",
        Shape::Object(&[
            needs("port", Shape::Port),
            refused("host", "probes go to the pod itself"),
        ]),
    ),
    takes("initialDelaySeconds", Shape::Integer(0, 86_400)),
    takes("periodSeconds", Shape::Integer(1, 86_400)),
    takes("timeoutSeconds", Shape::Integer(1, 3600)),
    takes("successThreshold", Shape::Integer(1, 1000)),
    takes("failureThreshold", Shape::Integer(1, 1000)),
    refused("exec", "exec probes are not carried out yet; use httpGet or tcpSocket"),
    refused("grpc", "gRPC probes are not carried out yet; use httpGet or tcpSocket"),
    refused("terminationGracePeriodSeconds", "the pod's own grace period holds"),
];

const HEADER: Shape = Shape::Object(&[needs("name", Shape::Text), needs("value", Shape::Text)]);

const VOLUME_MOUNT: Shape = Shape::Object(&[
    needs("name", Shape::Text),
    needs("mountPath", Shape::Text),
    takes("readOnly", Shape::Flag),
    refused("subPath", "a volume is mounted whole here"),
    refused("subPathExpr", "a volume is mounted whole here"),
    refused("mountPropagation", "mounts are private here"),
    refused("recursiveReadOnly", "mounts are private here"),
]);

const VOLUME: Shape = Shape::Object(&[
    needs("name", Shape::Text),
    takes(
        "emptyDir",
        Shape::Object(&[
            refused("medium", "an emptyDir is a folder on disk here"),
            refused("sizeLimit", "an emptyDir has no size limit here"),
        ]),
    ),
    takes(
        "configMap",
        Shape::Object(&[
            needs("name", Shape::Text),
            takes("optional", Shape::Flag),
            refused("items", "all keys become files here"),
            refused("defaultMode", "files get mode 0644 here"),
        ]),
    ),
    takes(
        "secret",
        Shape::Object(&[
            needs("secretName", Shape::Text),
            takes("optional", Shape::Flag),
            refused("items", "all keys become files here"),
            refused("defaultMode", "files get mode 0644 in a private folder here"),
        ]),
    ),
    refused("hostPath", "the machine's files are never given to a pod"),
    refused("persistentVolumeClaim", "there are no persistent volumes on the local cluster yet"),
    refused("projected", "supported here: configMap, secret, emptyDir"),
    refused("downwardAPI", "supported here: configMap, secret, emptyDir"),
    refused("nfs", "supported here: configMap, secret, emptyDir"),
    refused("csi", "supported here: configMap, secret, emptyDir"),
    refused("ephemeral", "supported here: configMap, secret, emptyDir"),
    refused("image", "supported here: configMap, secret, emptyDir"),
]);

/// Fields of pods that an environment variable may be filled from.
const FIELD_PATHS: &[&str] = &["metadata.name", "metadata.namespace", "metadata.uid"];

/// Checks `spec` of a pod or of a template, found at `path`. `always`: a workload's template,
/// whose pods restart always.
pub fn check_spec(spec: &Value, path: &str, always: bool, causes: &mut Vec<Cause>) {
    check(&SPEC, spec, path, causes);
    if always && spec["restartPolicy"].as_str().is_some_and(|policy| policy != "Always") {
        causes.push(unsupported(&format!("{path}.restartPolicy"), "supported here: Always"));
    }
    let Some(containers) = spec["containers"].as_array() else { return };
    if containers.len() != 1 {
        causes.push(unsupported(&format!("{path}.containers"), ONE_CONTAINER));
        return;
    }
    let volumes = check_volumes(spec, path, causes);
    check_container(&containers[0], &format!("{path}.containers[0]"), &volumes, causes);
}

fn check_container(container: &Value, path: &str, volumes: &[&str], causes: &mut Vec<Cause>) {
    if let Some(image) = container["image"].as_str() {
        let digest = image.split_once('@').map(|(_, digest)| digest.parse::<Digest>());
        if !matches!(digest, Some(Ok(_))) {
            let message = format!("{image:?}; an image is named by digest: name@sha256:<64 hex>");
            causes.push(invalid(&format!("{path}.image"), message));
        }
    }
    check_env(container, path, causes);
    let memory = &container["resources"]["limits"]["memory"];
    let text = memory.as_str().map_or_else(|| memory.to_string(), str::to_owned);
    if !memory.is_null() && quantity::bytes(&text).is_none() {
        let message = format!("{text:?} is no quantity of bytes");
        causes.push(invalid(&format!("{path}.resources.limits.memory"), message));
    }
    let ports = container["ports"].as_array().map(Vec::as_slice).unwrap_or_default();
    for probe in ["readinessProbe", "livenessProbe", "startupProbe"] {
        let path = format!("{path}.{probe}");
        if container[probe].is_object() {
            check_probe(&container[probe], &path, probe, ports, causes);
        }
    }
    for (index, mount) in list(&container["volumeMounts"]).iter().enumerate() {
        let path = format!("{path}.volumeMounts[{index}]");
        let name = mount["name"].as_str().unwrap_or_default();
        if !volumes.contains(&name) {
            causes.push(invalid(&format!("{path}.name"), format!("no volume is named {name:?}")));
        }
        let target = mount["mountPath"].as_str().unwrap_or_default();
        let safe = target.starts_with('/') && target.len() > 1 && !target.contains("..");
        if !safe {
            causes.push(invalid(&format!("{path}.mountPath"), "must be an absolute path below /"));
        }
    }
}

fn check_env(container: &Value, path: &str, causes: &mut Vec<Cause>) {
    for (index, variable) in list(&container["env"]).iter().enumerate() {
        let path = format!("{path}.env[{index}]");
        let name = variable["name"].as_str().unwrap_or_default();
        if name.is_empty() || name.contains(['=', '\0']) {
            causes.push(invalid(&format!("{path}.name"), "must be a name without `=`"));
        }
        let source = &variable["valueFrom"];
        if !source.is_object() {
            continue;
        }
        if variable["value"].as_str().is_some_and(|value| !value.is_empty()) {
            causes.push(invalid(
                &format!("{path}.valueFrom"),
                "value and valueFrom exclude each other",
            ));
        }
        one_of(
            source,
            &["configMapKeyRef", "secretKeyRef", "fieldRef"],
            &format!("{path}.valueFrom"),
            causes,
        );
        if let Some(field) = source["fieldRef"]["fieldPath"].as_str() {
            let label = field.strip_prefix("metadata.labels['").is_some_and(|f| f.ends_with("']"));
            let note =
                field.strip_prefix("metadata.annotations['").is_some_and(|f| f.ends_with("']"));
            if !FIELD_PATHS.contains(&field) && !label && !note {
                let path = format!("{path}.valueFrom.fieldRef.fieldPath");
                let known = FIELD_PATHS.join(", ");
                let message = format!(
                    "{field:?}; supported here: {known}, metadata.labels['<key>'], \
                     metadata.annotations['<key>']"
                );
                causes.push(unsupported(&path, message));
            }
        }
    }
    for (index, source) in list(&container["envFrom"]).iter().enumerate() {
        one_of(source, &["configMapRef", "secretRef"], &format!("{path}.envFrom[{index}]"), causes);
    }
}

fn check_probe(probe: &Value, path: &str, name: &str, ports: &[Value], causes: &mut Vec<Cause>) {
    one_of(probe, &["httpGet", "tcpSocket"], path, causes);
    if name != "readinessProbe" && probe["successThreshold"].as_i64().is_some_and(|n| n != 1) {
        causes.push(invalid(&format!("{path}.successThreshold"), "must be 1"));
    }
    for action in ["httpGet", "tcpSocket"] {
        let port = &probe[action]["port"];
        if let Some(text) = port.as_str()
            && !ports.iter().any(|p| p["name"].as_str() == Some(text))
        {
            let message = format!("no port of the container is named {text:?}");
            causes.push(invalid(&format!("{path}.{action}.port"), message));
        }
    }
    let controls = |value: &Value| value.as_str().is_some_and(|t| t.contains(char::is_control));
    let headers = list(&probe["httpGet"]["httpHeaders"]);
    if headers.iter().any(|h| controls(&h["name"]) || controls(&h["value"]))
        || controls(&probe["httpGet"]["path"])
    {
        causes.push(invalid(&format!("{path}.httpGet"), "control characters are not sent"));
    }
}

fn check_volumes<'a>(spec: &'a Value, path: &str, causes: &mut Vec<Cause>) -> Vec<&'a str> {
    let mut names = Vec::new();
    for (index, volume) in list(&spec["volumes"]).iter().enumerate() {
        let path = format!("{path}.volumes[{index}]");
        let name = volume["name"].as_str().unwrap_or_default();
        let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if name.is_empty() || !plain {
            causes.push(invalid(&format!("{path}.name"), "lower-case letters, digits and `-`"));
        }
        if names.contains(&name) {
            causes.push(invalid(&format!("{path}.name"), format!("{name:?} stands there twice")));
        }
        // A refused kind of volume is already named by the shape.
        let known = volume.as_object().is_some_and(|map| map.len() > 1);
        if !known {
            causes.push(required(&path, "supported here: configMap, secret, emptyDir"));
        }
        names.push(name);
    }
    names
}

fn one_of(value: &Value, names: &[&str], path: &str, causes: &mut Vec<Cause>) {
    let count = names.iter().filter(|name| value.get(**name).is_some_and(|v| !v.is_null())).count();
    let others = value.as_object().into_iter().flatten().any(|(name, value)| {
        // A refused one is already named by the shape.
        !value.is_null()
            && ["exec", "grpc", "resourceFieldRef", "fileKeyRef"].contains(&name.as_str())
    });
    if count != 1 && !others {
        causes.push(required(path, format!("exactly one of {}", names.join(", "))));
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::check_spec;
    use serde_json::{Value, json};

    fn causes(change: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut spec = json!({"containers": [{
            "name": "web",
            "image": format!("shop@sha256:{}", "0".repeat(64)),
            "ports": [{"name": "http", "containerPort": 8080}],
            "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}},
            "env": [{"name": "A", "value": "b"}],
        }]});
        change(&mut spec);
        let mut causes = Vec::new();
        check_spec(&spec, "spec", true, &mut causes);
        causes.into_iter().map(|cause| cause.field).collect()
    }

    #[test]
    fn an_ordinary_pod_is_taken() {
        assert_eq!(causes(|_| {}), Vec::<String>::new());
    }

    #[test]
    fn what_cannot_be_honoured_is_named() {
        type Change = fn(&mut Value);
        let cases: &[(&str, Change)] = &[
            ("spec.hostNetwork", |s| s["hostNetwork"] = json!(true)),
            ("spec.initContainers", |s| s["initContainers"] = json!([])),
            ("spec.containers", |s| {
                let twin = s["containers"][0].clone();
                s["containers"].as_array_mut().unwrap().push(twin);
            }),
            ("spec.volumes[0].hostPath", |s| {
                s["volumes"] = json!([{"name": "v", "hostPath": {"path": "/"}}]);
            }),
            ("spec.containers[0].securityContext.privileged", |s| {
                s["containers"][0]["securityContext"] = json!({"privileged": true});
            }),
            ("spec.containers[0].securityContext.capabilities.add", |s| {
                s["containers"][0]["securityContext"] =
                    json!({"capabilities": {"add": ["NET_ADMIN"]}});
            }),
            ("spec.containers[0].livenessProbe.exec", |s| {
                s["containers"][0]["livenessProbe"] = json!({"exec": {"command": ["true"]}});
            }),
            ("spec.containers[0].lifecycle", |s| s["containers"][0]["lifecycle"] = json!({})),
            ("spec.containers[0].image", |s| s["containers"][0]["image"] = json!("shop:latest")),
            ("spec.containers[0].readinessProbe.httpGet.port", |s| {
                s["containers"][0]["readinessProbe"]["httpGet"]["port"] = json!("htp");
            }),
            ("spec.containers[0].imagee", |s| s["containers"][0]["imagee"] = json!("x")),
            ("spec.containers[0].name", |s| {
                s["containers"][0].as_object_mut().unwrap().remove("name");
            }),
            ("spec.containers[0].resources.limits.memory", |s| {
                s["containers"][0]["resources"] = json!({"limits": {"memory": "64MB"}});
            }),
            ("spec.serviceAccountName", |s| s["serviceAccountName"] = json!("admin")),
            ("spec.restartPolicy", |s| s["restartPolicy"] = json!("Never")),
            ("spec.containers[0].volumeMounts[0].name", |s| {
                s["containers"][0]["volumeMounts"] = json!([{"name": "v", "mountPath": "/v"}]);
            }),
            ("spec.containers[0].env[0].valueFrom.fieldRef.fieldPath", |s| {
                s["containers"][0]["env"][0] =
                    json!({"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}});
            }),
        ];
        for (field, change) in cases {
            assert_eq!(causes(change), [*field], "{field}");
        }
    }
}
