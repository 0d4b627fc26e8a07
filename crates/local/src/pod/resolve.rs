//! A pod object, its image, ConfigMaps and Secrets to the shim's `spec.json`.

use super::{
    environment::{self, Sources},
    image::{self, ReadyImage},
    quantity,
};
use crate::{
    limits::GRACE_SECONDS_DEFAULT,
    shim::spec::{Action, FileMount, FolderMount, PodFile, Probe, Probes, Restart},
};
use bowline_sandbox::Launcher;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::{Api, Client};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// The program path of Debian images, for images that set none.
const PATH_DEFAULT: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Reads all ConfigMaps and Secrets that `pod` names.
///
/// # Errors
/// The API cannot be asked.
pub async fn sources(client: &Client, pod: &Value) -> Result<Sources, kube::Error> {
    let namespace = pod["metadata"]["namespace"].as_str().unwrap_or_default();
    let mut sources = Sources::default();
    let (mut config_maps, mut secrets) = (Vec::new(), Vec::new());
    let spec = &pod["spec"];
    let container = &spec["containers"][0];
    let mut note = |config_map: &Value, secret: &Value| {
        config_maps.extend(config_map.as_str().map(str::to_owned));
        secrets.extend(secret.as_str().map(str::to_owned));
    };
    for source in container["envFrom"].as_array().into_iter().flatten() {
        note(&source["configMapRef"]["name"], &source["secretRef"]["name"]);
    }
    for variable in container["env"].as_array().into_iter().flatten() {
        let from = &variable["valueFrom"];
        note(&from["configMapKeyRef"]["name"], &from["secretKeyRef"]["name"]);
    }
    for volume in spec["volumes"].as_array().into_iter().flatten() {
        note(&volume["configMap"]["name"], &volume["secret"]["secretName"]);
    }
    let api: Api<ConfigMap> = Api::namespaced(client.clone(), namespace);
    for name in config_maps {
        let found = api.get_opt(&name).await?.map(|found| {
            let texts = found.data.unwrap_or_default().into_iter();
            let bytes = found.binary_data.unwrap_or_default().into_iter();
            texts.map(|(k, v)| (k, v.into_bytes())).chain(bytes.map(|(k, v)| (k, v.0))).collect()
        });
        sources.config_maps.insert(name, found);
    }
    let api: Api<Secret> = Api::namespaced(client.clone(), namespace);
    for name in secrets {
        let found = api.get_opt(&name).await?.map(|found| {
            found.data.unwrap_or_default().into_iter().map(|(k, v)| (k, v.0)).collect()
        });
        sources.secrets.insert(name, found);
    }
    Ok(sources)
}

/// Builds the file.
///
/// # Errors
/// A sentence: a missing key, a user that the image does not know, no program.
pub fn pod_file(
    pod: &Value,
    image: &ReadyImage,
    sources: &Sources,
    launcher: &Launcher,
    socket: &Path,
) -> Result<PodFile, String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (metadata, spec) = (&pod["metadata"], &pod["spec"]);
    let container = &spec["containers"][0];
    let user = user(spec, container, image)?;
    let hostname = spec["hostname"].as_str().or(metadata["name"].as_str()).unwrap_or_default();
    let hostname: String = hostname.chars().take(63).collect();
    let mut environment = environment::build(pod, &image.config.env, sources)?;
    let mut set_default = |name: &str, value: &str| {
        if !environment.iter().any(|(known, _)| known == name) {
            environment.push((name.to_owned(), value.to_owned()));
        }
    };
    set_default("PATH", PATH_DEFAULT);
    set_default("HOSTNAME", &hostname);
    set_default("HOME", user.home.as_deref().unwrap_or("/"));
    let (entrypoint, cmd) = (&image.config.entrypoint, &image.config.cmd);
    let arguments = environment::arguments(container, entrypoint, cmd, &environment)?;
    let directory = container["workingDir"].as_str().unwrap_or(&image.config.working_dir);
    let directory = if directory.is_empty() { "/" } else { directory };
    let (files, folders) = volumes(spec, container, sources)?;
    Ok(PodFile {
        uid: text(&metadata["uid"]),
        namespace: text(&metadata["namespace"]),
        name: text(&metadata["name"]),
        hostname,
        socket: socket.to_owned(),
        launcher_program: launcher.program.clone(),
        launcher_arguments: launcher.arguments.clone(),
        lower: image.lower.clone(),
        arguments,
        environment,
        secrets: sources.masked(),
        directory: PathBuf::from(directory),
        user: user.uid,
        group: user.gid,
        files,
        folders,
        probes: Probes {
            startup: probe(container, "startupProbe")?,
            readiness: probe(container, "readinessProbe")?,
            liveness: probe(container, "livenessProbe")?,
        },
        restart: match spec["restartPolicy"].as_str() {
            Some("OnFailure") => Restart::OnFailure,
            Some("Never") => Restart::Never,
            Some(_) | None => Restart::Always,
        },
        grace_seconds: spec["terminationGracePeriodSeconds"]
            .as_u64()
            .unwrap_or(GRACE_SECONDS_DEFAULT),
        memory_bytes_max: memory(container)?,
    })
}

fn user(spec: &Value, container: &Value, image: &ReadyImage) -> Result<image::User, String> {
    let chosen = |field: &str| {
        let own = container["securityContext"].get(field);
        own.or_else(|| spec["securityContext"].get(field)).filter(|value| !value.is_null())
    };
    let number = |field: &str| chosen(field).and_then(Value::as_u64);
    let text = match number("runAsUser") {
        Some(uid) => uid.to_string(),
        None => image.config.user.clone(),
    };
    let mut user = image::user(image, &text)?;
    if let Some(gid) = number("runAsGroup") {
        user.gid = u32::try_from(gid).map_err(|_| format!("{gid} is no group id"))?;
    }
    if user.uid == 0 && chosen("runAsNonRoot") == Some(&Value::Bool(true)) {
        return Err("runAsNonRoot is set and the image runs as root".to_owned());
    }
    Ok(user)
}

fn memory(container: &Value) -> Result<Option<u64>, String> {
    let limit = &container["resources"]["limits"]["memory"];
    let text = match limit {
        Value::Null => return Ok(None),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let bytes = quantity::bytes(&text);
    bytes.map(Some).ok_or_else(|| format!("memory limit `{text}` is no quantity"))
}

/// Limits of the pod that no machine of this kind is held to.
pub fn limits_not_held(pod: &Value) -> Vec<String> {
    let limits = pod["spec"]["containers"][0]["resources"]["limits"].as_object();
    let names = limits.into_iter().flatten().map(|(name, _)| name.clone());
    names.filter(|name| name != "memory").collect()
}

fn volumes(
    spec: &Value,
    container: &Value,
    sources: &Sources,
) -> Result<(Vec<FileMount>, Vec<FolderMount>), String> {
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for mount in container["volumeMounts"].as_array().into_iter().flatten() {
        let name = mount["name"].as_str().unwrap_or_default();
        let target = PathBuf::from(mount["mountPath"].as_str().unwrap_or_default());
        let volumes = spec["volumes"].as_array().into_iter().flatten();
        let Some(volume) = volumes.into_iter().find(|v| v["name"].as_str() == Some(name)) else {
            return Err(format!("no volume is named `{name}`"));
        };
        if volume["emptyDir"].is_object() {
            let read_only = mount["readOnly"] == true;
            folders.push(FolderMount { name: name.to_owned(), target, read_only });
            continue;
        }
        let data = volume_data(volume, sources)?;
        for (key, content) in data {
            files.push(FileMount { target: target.join(key), content, mode: 0o644 });
        }
    }
    Ok((files, folders))
}

fn volume_data(volume: &Value, sources: &Sources) -> Result<BTreeMap<String, Vec<u8>>, String> {
    let (kind, reference, name, all) = if volume["configMap"].is_object() {
        let reference = &volume["configMap"];
        ("ConfigMap", reference, &reference["name"], &sources.config_maps)
    } else {
        let reference = &volume["secret"];
        ("Secret", reference, &reference["secretName"], &sources.secrets)
    };
    let name = name.as_str().unwrap_or_default();
    match all.get(name).and_then(Option::as_ref) {
        Some(data) => Ok(data.clone()),
        None if reference["optional"] == true => Ok(BTreeMap::new()),
        None => Err(format!("{kind} `{name}` does not exist")),
    }
}

fn probe(container: &Value, name: &str) -> Result<Option<Probe>, String> {
    let probe = &container[name];
    if !probe.is_object() {
        return Ok(None);
    }
    let number = |field: &str, default: u64| probe[field].as_u64().unwrap_or(default);
    let http = &probe["httpGet"];
    let action = if http.is_object() {
        let headers = http["httpHeaders"].as_array().into_iter().flatten();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Action::HttpGet {
            port: port(container, &http["port"], name)?,
            path: http["path"].as_str().unwrap_or("/").to_owned(),
            headers: headers.map(|h| (text(&h["name"]), text(&h["value"]))).collect(),
        }
    } else {
        Action::TcpSocket { port: port(container, &probe["tcpSocket"]["port"], name)? }
    };
    Ok(Some(Probe {
        action,
        initial_delay_seconds: number("initialDelaySeconds", 0),
        period_seconds: number("periodSeconds", 10),
        timeout_seconds: number("timeoutSeconds", 1),
        success_threshold: number("successThreshold", 1),
        failure_threshold: number("failureThreshold", 3),
    }))
}

fn port(container: &Value, port: &Value, probe: &str) -> Result<u16, String> {
    let number = match port.as_str() {
        Some(name) => {
            let mut ports = container["ports"].as_array().into_iter().flatten();
            let found = ports.find(|p| p["name"].as_str() == Some(name));
            found.and_then(|found| found["containerPort"].as_u64())
        }
        None => port.as_u64(),
    };
    let number = number.and_then(|number| u16::try_from(number).ok());
    number.ok_or_else(|| format!("the {probe}'s port {port} is no port of the container"))
}

#[cfg(test)]
mod tests {
    use super::{Action, Launcher, ReadyImage, Sources, pod_file};
    use bowline_oci::ContainerConfig;
    use serde_json::{Value, json};
    use std::path::{Path, PathBuf};

    fn resolved(container: Value, spec: Value) -> Result<super::PodFile, String> {
        let mut pod = json!({
            "metadata": {"name": "web-1", "namespace": "shop", "uid": "u"}, "spec": spec,
        });
        pod["spec"]["containers"] = json!([container]);
        let config = ContainerConfig {
            user: "1000:1000".to_owned(),
            entrypoint: vec!["/app".to_owned()],
            working_dir: "/srv".to_owned(),
            ..ContainerConfig::default()
        };
        let image = ReadyImage { lower: vec![PathBuf::from("/nowhere")], config };
        let launcher = Launcher { program: PathBuf::from("/b"), arguments: vec![] };
        pod_file(&pod, &image, &Sources::default(), &launcher, Path::new("/run/s"))
    }

    #[test]
    fn the_pod_stands_above_the_image() {
        let plain = resolved(json!({}), json!({})).expect("complete");
        assert_eq!((plain.user, plain.group, plain.grace_seconds), (1000, 1000, 30));
        assert_eq!((plain.arguments, plain.directory), (vec!["/app".to_owned()], "/srv".into()));
        let own = resolved(
            json!({
                "workingDir": "/tmp", "args": ["-v"],
                "securityContext": {"runAsUser": 7},
                "ports": [{"name": "http", "containerPort": 8080}],
                "readinessProbe": {"httpGet": {"path": "/r", "port": "http"}, "periodSeconds": 2},
                "resources": {"limits": {"memory": "64Mi"}},
            }),
            json!({"terminationGracePeriodSeconds": 1, "securityContext": {"runAsUser": 9}}),
        );
        let own = own.expect("complete");
        assert_eq!((own.user, own.grace_seconds), (7, 1));
        assert_eq!(own.memory_bytes_max, Some(64 << 20));
        let readiness = own.probes.readiness.expect("a probe");
        assert_eq!((readiness.period_seconds, readiness.failure_threshold), (2, 3));
        assert!(matches!(readiness.action, Action::HttpGet { port: 8080, .. }));
    }

    #[test]
    fn root_is_refused_where_it_must_not_be() {
        let context = json!({"securityContext": {"runAsNonRoot": true, "runAsUser": 0}});
        assert!(resolved(json!({}), context).expect_err("root").contains("runAsNonRoot"));
    }
}
