//! The records by which a running digest leads back to its commit, and a commit to where it runs.

use crate::{Digest, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The build record: what artifact stores know as `artifact, version, git_sha, built_by`,
/// and what is needed to build it again. It stands beside the image, never inside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BuildRecord {
    /// The artifact's name.
    pub artifact: String,
    /// `v1.4.3-build.89`.
    pub version: String,
    /// The full commit id.
    pub git_sha: String,
    /// `bowline/<version of bowline> run <id>`.
    pub built_by: String,
    /// The full id of the commit's tree.
    pub git_tree: String,
    /// When the build ended.
    pub built_at: Timestamp,
    /// The image.
    pub digest: Digest,
    /// Lock files by path, with the digest of their content.
    pub lock_digests: BTreeMap<String, Digest>,
    /// Tools by name with their version: `go` → `go1.22.1`.
    pub toolchain: BTreeMap<String, String>,
    /// Base images by reference; empty for `scratch`.
    pub base_digests: BTreeMap<String, Digest>,
    /// Seconds by stage.
    pub seconds: BTreeMap<String, f64>,
}

/// That a digest was put into an environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeploymentRecord {
    /// The environment's name.
    pub environment: String,
    /// The release's version.
    pub version: String,
    /// The image.
    pub digest: Digest,
    /// The address at which users reach it.
    pub address: String,
    /// When traffic first went to it.
    pub at: Timestamp,
}
