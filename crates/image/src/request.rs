//! What a build is given, and what it gives back.

use bowline_model::Digest;
use bowline_sandbox::{Launcher, toolchain::GoToolchain};
use bowline_store::Store;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool},
};

/// Folders that RUN steps share with each other and with earlier builds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caches {
    /// Go's build cache, at `/root/.cache/go-build` inside.
    pub go_build: PathBuf,
    /// Go's module cache, at `/go/pkg/mod` inside.
    pub go_mod: PathBuf,
}

/// One build.
#[derive(Clone, Debug)]
pub struct BuildRequest {
    /// The folder whose files COPY sees. Never written to.
    pub context: PathBuf,
    /// The Dockerfile's name, as messages shall name it.
    pub dockerfile: String,
    /// The Dockerfile's text.
    pub text: String,
    /// Values for ARG.
    pub build_args: BTreeMap<String, String>,
    /// The stage to build; the last one when `None`.
    pub target: Option<String>,
    /// How sandboxes are started.
    pub launcher: Launcher,
    /// The Go toolchain that stands in for `golang` base images.
    pub go: Option<GoToolchain>,
    /// Shared caches; made when they are not there.
    pub caches: Caches,
    /// Where the image is kept.
    pub store: Store,
    /// A folder of this build alone, on a file system that can carry an overlay. What the build
    /// leaves in it is removed at its end.
    pub scratch: PathBuf,
    /// What RUN steps see besides their own variables: proxies, `GOPROXY`. Never in the image.
    pub environment: Vec<(String, String)>,
    /// When it becomes true the build stops, and everything it started is gone.
    pub cancel: Arc<AtomicBool>,
}

/// What happens while a build goes on.
#[derive(Clone, Debug, PartialEq)]
pub enum BuildEvent {
    /// A step begins.
    StepStarted {
        /// The line of its instruction in the Dockerfile.
        line: usize,
        /// The instruction in one line.
        text: String,
    },
    /// A line that a RUN step printed, to either stream.
    Output {
        /// The line of its instruction in the Dockerfile.
        line: usize,
        /// Without its end.
        text: String,
    },
    /// A step has ended well.
    StepFinished(Step),
}

/// A step that was carried out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The line of its instruction in the Dockerfile.
    pub line: usize,
    /// The instruction in one line.
    pub text: String,
    /// Wall time.
    pub seconds: f64,
    /// Whether an earlier result was reused.
    pub cached: bool,
}

/// A layer of the image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuiltLayer {
    /// The digest of the compressed layer.
    pub digest: Digest,
    /// The digest of the layer's tar.
    pub diff_id: Digest,
    /// Compressed, in bytes.
    pub size: u64,
}

/// What came of a build.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Built {
    /// The digest of the image's manifest.
    pub digest: Digest,
    /// The digest of its configuration.
    pub config_digest: Digest,
    /// Its layers, the lowest first.
    pub layers: Vec<BuiltLayer>,
    /// All that a pull moves: manifest, configuration and layers, in bytes.
    pub size: u64,
    /// Base images by reference; empty for `scratch`.
    pub base_digests: BTreeMap<String, Digest>,
    /// Tools by name with their version: `go` → `go1.26.8`.
    pub toolchain: BTreeMap<String, String>,
    /// The steps, in the order in which they ran.
    pub steps: Vec<Step>,
    /// What somebody should know: a newer toolchain than asked for, build arguments not used.
    pub notes: Vec<String>,
    /// Whether the whole image came from recognised stages, without unpacking a base.
    pub fast_path: bool,
}
