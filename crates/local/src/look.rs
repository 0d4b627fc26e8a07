//! Looking at a cluster without conducting it: rows and logs, also while another process runs.

use crate::{
    api::{kind::by_name, objects::Objects},
    edge_process,
    error::Error,
    limits::{LOG_BYTES_MAX, LOG_LINE_BYTES_MAX},
    pod,
    router::{hash_of, is_ready},
    shim::state::{LOG_FILE, OLDER_LOG_FILE},
};
use bowline_host::{clock, directories::Directories, files};
use bowline_traffic::TableState;
use serde_json::Value;
use std::collections::VecDeque;

/// One log file is turned over at its limit, give or take one write.
const LOG_READ_BYTES_MAX: u64 = LOG_BYTES_MAX + 8 * LOG_LINE_BYTES_MAX as u64;

/// One pod as `ls` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodRow {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The hash of its template.
    pub hash: String,
    /// Its image, by digest.
    pub image: String,
    /// `Running`, `Pending`, …, or the reason of a waiting container.
    pub phase: String,
    /// Whether it gets requests.
    pub ready: bool,
    /// How often its container was started again.
    pub restarts: u64,
    /// When it was claimed (RFC 3339); empty before.
    pub started_at: String,
}

/// All pods of a user's cluster, by namespace and name; none where there is no cluster yet.
///
/// # Errors
/// An unreadable database.
pub fn pods(directories: &Directories) -> Result<Vec<PodRow>, Error> {
    match Objects::open_read_only(&directories.cluster())? {
        Some(objects) => Ok(living_rows(directories, &objects)),
        None => Ok(Vec::new()),
    }
}

/// As [`rows`]; while nobody conducts, the shims alone know how their pods are.
fn living_rows(directories: &Directories, objects: &Objects) -> Vec<PodRow> {
    let (_, pods) = objects.list(by_name("Pod"), "");
    let now = |pod: &Value| {
        let uid = pod["metadata"]["uid"].as_str().unwrap_or_default();
        let mut pod = pod.clone();
        if let Some(state) = pod::state_of(&directories.pods().join(uid)) {
            pod["status"] = pod::status_of(&pod, &state, clock::now());
        }
        row(&pod)
    };
    pods.iter().map(|pod| now(pod)).collect()
}

/// The table of the edge that runs, whoever conducts.
///
/// # Errors
/// It does not answer.
pub async fn edge(directories: &Directories) -> Result<TableState, Error> {
    Ok(edge_process::client(directories)?.table().await?)
}

/// The last `lines` lines that a pod's container wrote.
///
/// # Errors
/// [`Error::NoSuchPod`]; an unreadable database or log.
pub fn logs(
    directories: &Directories,
    namespace: &str,
    name: &str,
    lines: usize,
) -> Result<Vec<String>, Error> {
    match Objects::open_read_only(&directories.cluster())? {
        Some(objects) => logs_of(directories, &objects, namespace, name, lines),
        None => Err(Error::NoSuchPod(format!("{namespace}/{name}"))),
    }
}

pub(crate) fn rows(objects: &Objects) -> Vec<PodRow> {
    let (_, pods) = objects.list(by_name("Pod"), "");
    pods.iter().map(|pod| row(pod)).collect()
}

pub(crate) fn logs_of(
    directories: &Directories,
    objects: &Objects,
    namespace: &str,
    name: &str,
    lines: usize,
) -> Result<Vec<String>, Error> {
    let (_, pods) = objects.list(by_name("Pod"), namespace);
    let pod = pods.iter().find(|pod| {
        let metadata = &pod["metadata"];
        metadata["name"].as_str() == Some(name) && metadata["namespace"].as_str() == Some(namespace)
    });
    let uid = pod.and_then(|pod| pod["metadata"]["uid"].as_str());
    let uid = uid.ok_or_else(|| Error::NoSuchPod(format!("{namespace}/{name}")))?;
    let folder = directories.pods().join(uid);
    let mut last = VecDeque::new();
    for file in [OLDER_LOG_FILE, LOG_FILE] {
        let bytes = match files::read(folder.join(file), LOG_READ_BYTES_MAX) {
            Ok(bytes) => bytes,
            // Not written yet, or not turned over yet.
            Err(error) if error.is_not_found() => continue,
            Err(error) => return Err(error.into()),
        };
        for line in String::from_utf8_lossy(&bytes).lines() {
            last.push_back(line.to_owned());
            if last.len() > lines {
                last.pop_front();
            }
        }
    }
    Ok(last.into())
}

fn row(pod: &Value) -> PodRow {
    let text = |pointer: &str| pod.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let container = &pod["status"]["containerStatuses"][0];
    let reason = container["state"]["waiting"]["reason"].as_str();
    let phase = match pod["metadata"]["deletionTimestamp"].is_null() {
        true => reason.unwrap_or_else(|| text("/status/phase")),
        false => "Terminating",
    };
    PodRow {
        namespace: text("/metadata/namespace").to_owned(),
        name: text("/metadata/name").to_owned(),
        hash: hash_of(pod).to_owned(),
        image: text("/spec/containers/0/image").to_owned(),
        phase: phase.to_owned(),
        ready: is_ready(pod),
        restarts: container["restartCount"].as_u64().unwrap_or(0),
        started_at: text("/status/startTime").to_owned(),
    }
}
