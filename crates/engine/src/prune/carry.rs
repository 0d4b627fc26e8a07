//! Removing, one thing after another. Each step alone is harmless, so it may end anywhere.

use super::plan::{Lost, Removal, What};
use super::pruned::{self, Pruned};
use crate::conductor::Conductor;
use crate::failure::Failure;
use crate::house::House;
use crate::kubernetes;
use crate::rollout;
use crate::target::Target;
use bowline_host::clock::Stopwatch;
use bowline_host::files;
use bowline_journal::When;
use bowline_model::NewEvent;
use bowline_store::Store;
use k8s_openapi::api::apps::v1::ReplicaSet;
use kube::Api;
use kube::api::{DeleteParams, Preconditions};
use std::collections::BTreeSet;
use std::time::Duration;

/// The kind of a removal among the points of the crash matrix.
const EFFECT: &str = "prune.remove";

/// So many removals are announced in one transaction: each waits for the disk.
const TOLD_AT_ONCE: usize = 64;

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// How many things are gone.
    pub things: usize,
    /// Their bytes, as far as they were known.
    pub bytes: u64,
    /// Versions that cannot be gone back to any more.
    pub releases: Vec<String>,
    /// What was left for the next time, because the time was over.
    pub left: usize,
}

/// Removes things in the order of the plan, for `limit` at most.
///
/// # Errors
/// The journal, the API or the disk.
pub async fn carry_out(
    house: &House,
    conductor: &Conductor,
    target: &Target,
    store: &Store,
    removals: &[Removal],
    limit: Option<Duration>,
) -> Result<Carried, Failure> {
    let clock = Stopwatch::start();
    let mut carried = Carried::default();
    if removals.is_empty() {
        return Ok(carried);
    }
    let mut told = pruned::versions(conductor)?;
    for (index, removal) in removals.iter().enumerate() {
        if limit.is_some_and(|limit| clock.elapsed() > limit) {
            carried.left = removals.len() - index;
            break;
        }
        if index % TOLD_AT_ONCE == 0 {
            let next = &removals[index..removals.len().min(index + TOLD_AT_ONCE)];
            carried.releases.extend(tell(conductor, next, &mut told)?);
        }
        let name = removal.what.name();
        conductor.crash_point(EFFECT, name, When::Before);
        if !remove(house, target, store, &removal.what).await? {
            // Somebody began to use it: nothing that it needs may go. The next plan knows.
            carried.left = removals.len() - index;
            break;
        }
        conductor.crash_point(EFFECT, name, When::After);
        carried.things += 1;
        carried.bytes += removal.bytes;
    }
    Ok(carried)
}

/// The journal says it before it is so: who wants to go back there is told why not. A version
/// that is still whole when this process dies can be gone back to all the same.
fn tell(
    conductor: &Conductor,
    removals: &[Removal],
    told: &mut BTreeSet<(String, String)>,
) -> Result<Vec<String>, Failure> {
    let new = removals.iter().flat_map(|removal| &removal.releases).filter(|lost| {
        let name = (lost.key.clone(), lost.version.clone());
        told.insert(name)
    });
    let new: Vec<&Lost> = new.collect();
    let event = |lost: &&Lost| {
        Pruned { version: lost.version.clone(), kept: lost.kept as u64 }.event(&lost.key)
    };
    let events: Vec<NewEvent> = new.iter().map(event).collect();
    if !events.is_empty() {
        conductor.append(&events, &[])?;
    }
    Ok(new.into_iter().map(|lost| lost.version.clone()).collect())
}

/// Removes a thing; `false` when it is in use by now.
async fn remove(
    house: &House,
    target: &Target,
    store: &Store,
    what: &What,
) -> Result<bool, Failure> {
    let directories = &house.directories;
    match what {
        What::ReplicaSet(name) => return remove_set(target, name).await,
        What::Blob(digest) => store.remove_blob(digest)?,
        What::Tree(key) => store.remove_tree(key)?,
        What::Run(name) => files::remove_tree(directories.runs().join(name))?,
        What::Cache(name) => files::remove_tree(directories.cache().join(name))?,
        What::Leftover(path) => files::remove_tree(directories.state.join(path))?,
    }
    Ok(true)
}

/// Removes a set that still has no pods; one that got some since is left alone.
async fn remove_set(target: &Target, name: &str) -> Result<bool, Failure> {
    let (namespace, name) = name.split_once('/').unwrap_or(("", name));
    let sets: Api<ReplicaSet> = Api::namespaced(target.client.clone(), namespace);
    let Some(set) = sets.get_opt(name).await.map_err(kubernetes::failure)? else {
        return Ok(true);
    };
    let there = set.status.as_ref().map_or(0, |status| status.replicas);
    let ours = set.metadata.annotations.as_ref();
    let ours = ours.is_some_and(|all| all.contains_key(rollout::RELEASE_OF_SET));
    if set.spec.replicas != Some(0) || there > 0 || !ours {
        return Ok(false);
    }
    // Whoever changes it in between wins.
    let preconditions = Some(Preconditions {
        uid: set.metadata.uid,
        resource_version: set.metadata.resource_version,
    });
    let parameters = DeleteParams { preconditions, ..DeleteParams::default() };
    match sets.delete(name, &parameters).await {
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(true),
        Err(kube::Error::Api(status)) if status.code == 409 => Ok(false),
        result => result.map(|_| true).map_err(kubernetes::failure),
    }
}
