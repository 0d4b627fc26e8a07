//! `spec.json` of a pod's folder: everything that the shim needs, resolved beforehand.
//!
//! It holds the values of secrets. The folder has mode 0700 and the file 0600.

use bowline_sandbox::Launcher;
use serde::{Deserialize, Serialize};
use std::{fmt, path::PathBuf};

/// The name of the file in a pod's folder.
pub const SPEC_FILE: &str = "spec.json";

/// One pod as its shim runs it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PodFile {
    /// The pod's uid.
    pub uid: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What `hostname` prints inside.
    pub hostname: String,
    /// Where the shim listens.
    pub socket: PathBuf,
    /// The program that makes sandboxes.
    pub launcher_program: PathBuf,
    /// Its hidden verb.
    pub launcher_arguments: Vec<String>,
    /// The image's root file system, topmost layer first.
    pub lower: Vec<PathBuf>,
    /// The program and its arguments.
    pub arguments: Vec<String>,
    /// Its whole environment.
    pub environment: Vec<(String, String)>,
    /// Values of Secrets that it is given; its log never holds them.
    #[serde(default)]
    pub secrets: Vec<String>,
    /// Where it starts.
    pub directory: PathBuf,
    /// Its user inside; 0 is root.
    pub user: u32,
    /// Its group inside.
    pub group: u32,
    /// Files of configMap and secret volumes.
    pub files: Vec<FileMount>,
    /// Folders of emptyDir volumes.
    pub folders: Vec<FolderMount>,
    /// The probes.
    pub probes: Probes,
    /// What follows the container's end.
    pub restart: Restart,
    /// SIGTERM to SIGKILL, in seconds.
    pub grace_seconds: u64,
    /// The memory that it may use, where the machine can hold it to that.
    pub memory_bytes_max: Option<u64>,
}

/// A small file in the container.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileMount {
    /// Its place inside.
    pub target: PathBuf,
    /// Its content.
    pub content: Vec<u8>,
    /// Its permission bits.
    pub mode: u32,
}

/// A folder of the pod in the container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FolderMount {
    /// The folder's name below `volumes` of the pod's folder.
    pub name: String,
    /// Its place inside.
    pub target: PathBuf,
    /// Whether the container may only read it.
    pub read_only: bool,
}

/// What follows the container's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Restart {
    /// It is started again.
    Always,
    /// It is started again unless it ended with 0.
    OnFailure,
    /// It stays ended.
    Never,
}

/// The probes of a container; `None`: it has none of this kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probes {
    /// Holds the other two back until it succeeds.
    pub startup: Option<Probe>,
    /// Decides about requests.
    pub readiness: Option<Probe>,
    /// Decides about restarts.
    pub liveness: Option<Probe>,
}

/// One probe, with Kubernetes' defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// What is asked.
    pub action: Action,
    /// Seconds from the container's start to the first probe.
    pub initial_delay_seconds: u64,
    /// Seconds between two probes.
    pub period_seconds: u64,
    /// Seconds until a probe without an answer has failed.
    pub timeout_seconds: u64,
    /// So many successes in a row are one.
    pub success_threshold: u64,
    /// So many failures in a row are one.
    pub failure_threshold: u64,
}

/// What a probe asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// `GET`; 200 to 399 is a success.
    HttpGet {
        /// The port.
        port: u16,
        /// The path.
        path: String,
        /// Further headers.
        headers: Vec<(String, String)>,
    },
    /// A connection that is accepted is a success.
    TcpSocket {
        /// The port.
        port: u16,
    },
}

impl PodFile {
    /// How sandboxes are made.
    #[must_use]
    pub fn launcher(&self) -> Launcher {
        Launcher {
            program: self.launcher_program.clone(),
            arguments: self.launcher_arguments.clone(),
        }
    }
}

/// Without values: environment and files may be secret.
impl fmt::Debug for PodFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PodFile")
            .field("uid", &self.uid)
            .field("namespace", &self.namespace)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for FileMount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileMount").field("target", &self.target).finish_non_exhaustive()
    }
}
