//! The build record, made from what the stages found out.

use bowline_model::{BuildRecord, Digest, Revision, Timestamp, Version};
use std::collections::BTreeMap;

/// What the stages know when a build has ended.
#[derive(Clone, Debug)]
pub struct BuildFacts<'a> {
    /// The artifact's name: `app` of `bowline.yaml`.
    pub artifact: &'a str,
    /// The version that this build was given.
    pub version: &'a Version,
    /// The commit that was built.
    pub revision: &'a Revision,
    /// The version of Bowline that built it.
    pub bowline_version: &'a str,
    /// The run that built it.
    pub run_id: &'a str,
    /// When the build ended.
    pub built_at: Timestamp,
    /// The image.
    pub digest: &'a Digest,
    /// Lock files by path, see [`crate::lock_digests`].
    pub lock_digests: BTreeMap<String, Digest>,
    /// Tools by name with their version.
    pub toolchain: BTreeMap<String, String>,
    /// Base images by reference; empty for `scratch`.
    pub base_digests: BTreeMap<String, Digest>,
    /// Seconds by stage.
    pub seconds: BTreeMap<String, f64>,
}

/// The record of a build. It stands beside the image: version, commit and run never enter the
/// image itself, so that a commit that changes nothing in it keeps the digest.
#[must_use]
pub fn build_record(facts: BuildFacts<'_>) -> BuildRecord {
    BuildRecord {
        artifact: facts.artifact.to_owned(),
        version: facts.version.to_string(),
        git_sha: facts.revision.commit.clone(),
        built_by: format!("bowline/{} run {}", facts.bowline_version, facts.run_id),
        git_tree: facts.revision.tree.clone(),
        built_at: facts.built_at,
        digest: facts.digest.clone(),
        lock_digests: facts.lock_digests,
        toolchain: facts.toolchain,
        base_digests: facts.base_digests,
        seconds: facts.seconds,
    }
}
