//! The facts of a plan, read from the journal, the cluster, the store and the folders.
//!
//! What cannot be read is an error: a thing that nobody was seen to need may be needed all the
//! same.

use super::plan::{Application, Brought, Facts, Known, Limits, Removal, Thing, What};
use super::{CHECKOUTS_MAX, Depth, LOG_BYTES_MAX, pruned};
use crate::conductor::Conductor;
use crate::failure::Failure;
use crate::house::House;
use crate::kubernetes;
use crate::release::Release;
use crate::rollout::{self, APPLIED, Applied, History};
use crate::target::Target;
use bowline_host::{clock, files};
use bowline_model::{Digest, Timestamp};
use bowline_oci::{Error as OciError, image, unpack};
use bowline_rollout::Version;
use bowline_store::{Error as StoreError, Store};
use k8s_openapi::api::{apps::v1::ReplicaSet, core::v1::Pod};
use kube::Api;
use kube::api::{DynamicObject, ListParams};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Files of a tree, a run or a cache that are added up, at most; more are not counted.
const ENTRIES_MAX: usize = 2_000_000;

/// When the caches were added up last; its modification time is what counts.
const LOOKED: &str = ".looked";

/// The largest description of a pod, in bytes.
const POD_FILE_BYTES_MAX: u64 = 4 << 20;

/// Kinds of events whose digests are evidence: all that a stage found out, and no image.
const EVIDENCE: [&str; 2] = ["workflow.", "gate."];

/// Reads everything that a plan depends on.
///
/// # Errors
/// Anything of it cannot be read.
pub async fn gather(
    house: &House,
    conductor: &Conductor,
    target: &Target,
    store: &Store,
    depth: Depth,
) -> Result<Facts, Failure> {
    let releases = conductor.releases()?;
    let mut facts = Facts {
        now: clock::now(),
        applications: Vec::new(),
        releases: releases.iter().map(known).collect(),
        evidence: evidence(conductor)?,
        in_use: BTreeSet::new(),
        needs: BTreeMap::new(),
        things: Vec::new(),
        limits: Limits {
            log_bytes_max: LOG_BYTES_MAX,
            cache_bytes_max: house.cache_bytes_max,
            checkouts_max: CHECKOUTS_MAX,
        },
    };
    for history in rollout::histories(conductor)? {
        application(conductor, target, &history, &mut facts).await?;
    }
    look_at_sets(target, &mut facts).await?;
    look_at_pods(house, target, &mut facts).await?;
    look_at_store(house, store, &mut facts)?;
    look_at_runs(house, &mut facts)?;
    if depth == Depth::Whole || caches_are_due(house)? {
        look_at_caches(house, &mut facts)?;
    }
    Ok(facts)
}

/// Fills in the size of what has none yet.
///
/// # Errors
/// A folder cannot be read.
pub fn measured(house: &House, mut removals: Vec<Removal>) -> Result<Vec<Removal>, Failure> {
    for removal in &mut removals {
        let path = match &removal.what {
            What::Tree(key) => house.directories.store().join("trees").join(key),
            What::Leftover(path) => house.directories.state.join(path),
            What::ReplicaSet(_) | What::Blob(_) | What::Run(_) | What::Cache(_) => continue,
        };
        removal.bytes = bytes_of(&path)?;
    }
    Ok(removals)
}

fn known(release: &Release) -> Known {
    let started = &release.started;
    Known {
        key: format!("{}/{}", started.environment, started.app),
        version: started.version.clone(),
        image: release.digest.clone(),
        run: What::Run(release.id.replace('/', "-")),
        checkout: What::Tree(format!("commit-{}", started.commit)),
        open: release.finished.is_none(),
    }
}

/// Every digest that a stage's finding names: reports today, whatever is kept so tomorrow.
fn evidence(conductor: &Conductor) -> Result<BTreeSet<Digest>, Failure> {
    let mut found = BTreeSet::new();
    for kind in EVIDENCE {
        for entry in conductor.journal.events_by_kind(kind)? {
            digests_in(&entry.body, &mut found);
        }
    }
    Ok(found)
}

fn digests_in(value: &Value, found: &mut BTreeSet<Digest>) {
    match value {
        Value::String(text) => found.extend(text.parse::<Digest>().ok()),
        Value::Array(items) => items.iter().for_each(|item| digests_in(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| digests_in(field, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

async fn application(
    conductor: &Conductor,
    target: &Target,
    history: &History,
    facts: &mut Facts,
) -> Result<(), Failure> {
    let key = &history.key;
    let Some(entry) = conductor.journal.last(APPLIED, key)? else { return Ok(()) };
    let applied = Applied::deserialize(&entry.body)
        .map_err(|error| Failure::bug(format!("event {}: {error}", entry.n)))?;
    let brought = |version: &Version| Brought {
        release: version.release.clone(),
        set: What::ReplicaSet(format!("{}/{}-{}", applied.namespace, applied.name, version.hash)),
        images: version.images.iter().filter_map(|text| text.parse().ok()).collect(),
        quarantined: history.state.quarantine_of(version).is_some(),
    };
    let state = &history.state;
    let newest = state.rollout.as_ref().map(|rollout| &rollout.version);
    let back = rollout::under_way(conductor, key)?;
    let mut in_use: Vec<Brought> =
        state.stable.iter().chain(newest).chain(&back).map(brought).collect();
    let leaving = state.draining.keys().chain(
        state.scales.iter().filter_map(
            |(hash, scale)| {
                if scale.replicas > 0 { Some(hash) } else { None }
            },
        ),
    );
    let all = || history.promoted.iter().chain(&history.tried);
    for hash in leaving {
        in_use.extend(all().filter(|version| version.hash == *hash).map(brought));
    }
    let resource = kubernetes::resource_of(&applied.api_version, &applied.kind);
    let objects: Api<DynamicObject> =
        Api::namespaced_with(target.client.clone(), &applied.namespace, &resource);
    let object = objects.get_opt(&applied.name).await.map_err(kubernetes::failure)?;
    let spec = object.map(|object| object.data["spec"].clone()).unwrap_or_default();
    facts.in_use.extend(images_of(&spec["template"]["spec"]));
    facts.applications.push(Application {
        key: key.clone(),
        keep: pruned::keep_of(conductor, key)?,
        history_max: spec["revisionHistoryLimit"].as_u64().and_then(|n| u32::try_from(n).ok()),
        promoted: history.promoted.iter().map(brought).collect(),
        in_use,
    });
    Ok(())
}

/// The images of a pod's specification. In the local cluster they are named by digest; of an
/// image that is named otherwise nothing lies in the store.
fn images_of(pod: &Value) -> Vec<What> {
    let lists = ["containers", "initContainers"];
    let containers = lists.iter().filter_map(|list| pod[list].as_array()).flatten();
    let images = containers.filter_map(|container| container["image"].as_str());
    images
        .filter_map(|image| image.rsplit('@').next()?.parse::<Digest>().ok())
        .map(What::Blob)
        .collect()
}

/// The ReplicaSets that a release made. One that has pods, or is to have some, is in use.
async fn look_at_sets(target: &Target, facts: &mut Facts) -> Result<(), Failure> {
    let sets: Api<ReplicaSet> = Api::all(target.client.clone());
    let sets = sets.list(&ListParams::default()).await.map_err(kubernetes::failure)?;
    for set in sets {
        let metadata = &set.metadata;
        let name = metadata.name.as_deref().unwrap_or_default();
        let what = What::ReplicaSet(format!(
            "{}/{name}",
            metadata.namespace.as_deref().unwrap_or_default()
        ));
        let template = serde_json::to_value(&set.spec.template).unwrap_or_default();
        facts.needs.insert(what.clone(), images_of(&template["spec"]));
        let wanted = set.spec.replicas.unwrap_or(1);
        let there = set.status.as_ref().map_or(0, |status| status.replicas);
        let annotations = metadata.annotations.as_ref();
        let ours = annotations.is_some_and(|all| all.contains_key(rollout::RELEASE_OF_SET));
        if wanted > 0 || there > 0 || !ours {
            facts.in_use.insert(what.clone());
        }
        let used_at = Timestamp(0);
        facts.things.push(Thing { what, bytes: 0, used_at });
    }
    Ok(())
}

/// Pods: what the API says, and what their folders say, whoever started them.
async fn look_at_pods(house: &House, target: &Target, facts: &mut Facts) -> Result<(), Failure> {
    let pods: Api<Pod> = Api::all(target.client.clone());
    for pod in pods.list(&ListParams::default()).await.map_err(kubernetes::failure)? {
        let spec = serde_json::to_value(&pod.spec).unwrap_or_default();
        facts.in_use.extend(images_of(&spec));
    }
    let folder = house.directories.pods();
    if !files::is_dir(&folder) {
        return Ok(());
    }
    let trees = house.directories.store().join("trees");
    for pod in files::list(&folder)? {
        let bytes = match files::read(folder.join(&pod.name).join("spec.json"), POD_FILE_BYTES_MAX)
        {
            Ok(bytes) => bytes,
            Err(error) if error.is_not_found() => continue,
            Err(error) => return Err(error.into()),
        };
        let spec: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        for lower in spec["lower"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let tree = Path::new(lower).strip_prefix(&trees).ok().and_then(|p| p.iter().next());
            let key = tree.map(|key| key.to_string_lossy().into_owned());
            facts.in_use.extend(key.map(What::Tree));
        }
    }
    Ok(())
}

fn look_at_store(house: &House, store: &Store, facts: &mut Facts) -> Result<(), Failure> {
    for blob in store.found_blobs()? {
        let (what, used_at) = (What::Blob(blob.digest), Timestamp(0));
        facts.things.push(Thing { what, bytes: blob.bytes, used_at });
    }
    for tree in store.found_trees()? {
        let used_at = Timestamp(tree.made_at.saturating_mul(1000));
        facts.things.push(Thing { what: What::Tree(tree.key), bytes: 0, used_at });
    }
    let mut images: BTreeSet<Digest> =
        facts.releases.iter().filter_map(|release| release.image.clone()).collect();
    let named = facts.in_use.iter().chain(facts.needs.values().flatten());
    images.extend(named.filter_map(|what| match what {
        What::Blob(digest) => Some(digest.clone()),
        _ => None,
    }));
    for digest in images {
        if let Some(needs) = parts_of(store, &digest)? {
            facts.needs.insert(What::Blob(digest), needs);
        }
    }
    let aside = store.set_aside_blobs()?;
    let old = |path: &std::path::PathBuf| {
        let changed = files::metadata(path).map_or(i64::MAX, |found| found.modified.seconds);
        let age = facts.now.seconds().saturating_sub(changed);
        age > i64::from(super::DAYS_DEFAULT) * super::DAY_MS / 1000
    };
    let left = store.leftovers()?.into_iter().chain(aside.into_iter().filter(old));
    let relative: Vec<String> = left
        .filter_map(|path| path.strip_prefix(&house.directories.state).ok().map(Path::to_owned))
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    for path in relative {
        let what = What::Leftover(path);
        facts.things.push(Thing { what, bytes: 0, used_at: Timestamp(0) });
    }
    Ok(())
}

/// What an image is made of; `None` when it is not there (any more) or damaged.
fn parts_of(store: &Store, digest: &Digest) -> Result<Option<Vec<What>>, Failure> {
    if !store.contains(digest) {
        return Ok(None);
    }
    let read = match image::read(store, digest) {
        Ok(read) => read,
        Err(OciError::Store(StoreError::Missing(_) | StoreError::Damaged { .. })) => {
            return Ok(None);
        }
        Err(OciError::Store(error)) => return Err(error.into()),
        // A report is no image.
        Err(_) => return Ok(None),
    };
    let layers = read.manifest.layers.iter().map(|layer| layer.digest.clone());
    let blobs = layers.chain([read.manifest.config.digest.clone(), read.digest.clone()]);
    let mut parts: Vec<What> = blobs.map(What::Blob).collect();
    parts.push(What::Tree(unpack::tree_key(store, digest)?));
    Ok(Some(parts))
}

fn look_at_runs(house: &House, facts: &mut Facts) -> Result<(), Failure> {
    let folder = house.directories.runs();
    if !files::is_dir(&folder) {
        return Ok(());
    }
    for entry in files::list(&folder)? {
        let path = folder.join(&entry.name);
        let used_at = Timestamp(files::metadata(&path)?.modified.seconds.saturating_mul(1000));
        let bytes = bytes_of(&path)?;
        facts.things.push(Thing { what: What::Run(entry.name), bytes, used_at });
    }
    Ok(())
}

/// Whether the caches were not added up for a day. The first time they are not yet either: a
/// new state folder has nothing to give.
fn caches_are_due(house: &House) -> Result<bool, Failure> {
    let folder = house.directories.cache();
    if !files::is_dir(&folder) {
        return Ok(false);
    }
    let looked = match files::metadata(folder.join(LOOKED)) {
        Ok(found) => found.modified.seconds,
        Err(error) if error.is_not_found() => {
            files::write(folder.join(LOOKED), b"")?;
            return Ok(false);
        }
        Err(error) => return Err(error.into()),
    };
    let age = clock::now().seconds().saturating_sub(looked);
    Ok(u64::try_from(age).unwrap_or(0) >= super::CACHE_LOOK_EVERY.as_secs())
}

/// Entries of the `cache` action one by one, everything else of `cache` as a whole.
fn look_at_caches(house: &House, facts: &mut Facts) -> Result<(), Failure> {
    let folder = house.directories.cache();
    if !files::is_dir(&folder) {
        return Ok(());
    }
    files::write(folder.join(LOOKED), b"")?;
    let mut found = Vec::new();
    for tool in files::list(&folder)? {
        if tool.name != "actions" {
            found.push(tool.name);
            continue;
        }
        for scope in files::list(folder.join("actions"))? {
            for entry in files::list(folder.join("actions").join(&scope.name))? {
                found.push(format!("actions/{}/{}", scope.name, entry.name));
            }
        }
    }
    for name in found.into_iter().filter(|name| name != LOOKED) {
        let path = folder.join(&name);
        let used_at = Timestamp(files::metadata(&path)?.modified.seconds.saturating_mul(1000));
        let bytes = bytes_of(&path)?;
        facts.things.push(Thing { what: What::Cache(name), bytes, used_at });
    }
    Ok(())
}

/// The bytes of all files below `path`; of a file its own.
fn bytes_of(path: &Path) -> Result<u64, Failure> {
    if !files::is_dir(path) {
        return Ok(files::metadata(path).map_or(0, |found| found.size));
    }
    let entries = files::walk(path, ENTRIES_MAX)?;
    Ok(entries.iter().filter(|entry| entry.kind == files::Kind::File).map(|e| e.size).sum())
}
