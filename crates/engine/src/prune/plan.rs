//! Which things may go: pure, so that it can be tried on any history.
//!
//! Whatever a root leads to stays. Roots are what runs, what can be rolled back to, what an open
//! release needs and what evidence names. The rest goes by the policy, each with its reason.

use bowline_model::{Digest, Timestamp};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What one application keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Keep {
    /// Promoted versions that can be rolled back to, the running one included.
    pub releases: u32,
    /// Logs of other releases stay so many days.
    pub days: u32,
}

impl Default for Keep {
    fn default() -> Self {
        Self { releases: super::RELEASES_DEFAULT, days: super::DAYS_DEFAULT }
    }
}

/// Something that may be taken away. The order is the order of removal: who names an image goes
/// before its blobs, so that a crash between them leaves nothing that names what is gone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "kind", content = "name", rename_all = "snake_case")]
pub enum What {
    /// A ReplicaSet without pods, `<namespace>/<name>`.
    ReplicaSet(String),
    /// A blob of the store.
    Blob(Digest),
    /// A tree of the store: a checkout, an unpacked image.
    Tree(String),
    /// The folder of a run with its logs.
    Run(String),
    /// Something below `cache`, by its path there.
    Cache(String),
    /// What a crash left, by its path in the state folder.
    Leftover(String),
}

impl What {
    /// The word of its kind, for people.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::ReplicaSet(_) => "ReplicaSet",
            Self::Blob(_) => "blob",
            Self::Tree(_) => "tree",
            Self::Run(_) => "log",
            Self::Cache(_) => "cache",
            Self::Leftover(_) => "leftover",
        }
    }

    /// Its name, for people.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Blob(digest) => digest.as_str(),
            Self::ReplicaSet(name)
            | Self::Tree(name)
            | Self::Run(name)
            | Self::Cache(name)
            | Self::Leftover(name) => name,
        }
    }
}

/// A thing that lies there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thing {
    /// Which.
    pub what: What,
    /// Its size in bytes, where the plan depends on it.
    pub bytes: u64,
    /// When it was made or last used.
    pub used_at: Timestamp,
}

/// A version that was brought out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brought {
    /// Its release: `v0.0.1-build.3`.
    pub release: String,
    /// Its ReplicaSet.
    pub set: What,
    /// Its images.
    pub images: Vec<Digest>,
    /// Whether it was taken back.
    pub quarantined: bool,
}

/// One application in one environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Application {
    /// `<environment>/<app>`.
    pub key: String,
    /// What it keeps.
    pub keep: Keep,
    /// `revisionHistoryLimit` of its manifest, where it says so: old versions to go back to.
    pub history_max: Option<u32>,
    /// What was promoted, oldest first, each version once.
    pub promoted: Vec<Brought>,
    /// What runs, is brought out, was tried last, or is being gone back to.
    pub in_use: Vec<Brought>,
}

impl Application {
    /// How many promoted versions stay, the running one included.
    #[must_use]
    pub fn versions(&self) -> usize {
        let wanted = self.history_max.map_or(self.keep.releases, |old| old.saturating_add(1));
        // The way back is never given up.
        wanted.max(2) as usize
    }

    /// What can be rolled back to: the newest versions, and as many of those that a rollback
    /// takes by itself, because what was taken back is passed over.
    fn targets(&self) -> impl Iterator<Item = &Brought> {
        let count = self.versions();
        let newest = self.promoted.iter().rev().take(count);
        newest.chain(self.promoted.iter().rev().filter(|one| !one.quarantined).take(count))
    }
}

/// A release of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// `<environment>/<app>`.
    pub key: String,
    /// Its version.
    pub version: String,
    /// Its image.
    pub image: Option<Digest>,
    /// The folder of its logs.
    pub run: What,
    /// The tree of its commit.
    pub checkout: What,
    /// Whether it has not ended.
    pub open: bool,
}

/// Named limits of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Logs together, in bytes; the oldest go first.
    pub log_bytes_max: u64,
    /// Caches together, in bytes; the longest unused go first.
    pub cache_bytes_max: u64,
    /// Checkouts of one kind.
    pub checkouts_max: usize,
}

/// Everything that the plan depends on.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Now, by the wall clock: days are a matter of people.
    pub now: Timestamp,
    /// Every application that the journal knows.
    pub applications: Vec<Application>,
    /// Every release, oldest first.
    pub releases: Vec<Known>,
    /// Digests that evidence names.
    pub evidence: BTreeSet<Digest>,
    /// What was seen in use: pods, their images, sets with pods, the manifests of now.
    pub in_use: BTreeSet<What>,
    /// What a thing needs beside itself.
    pub needs: BTreeMap<What, Vec<What>>,
    /// All that lies there.
    pub things: Vec<Thing>,
    /// The limits of the machine.
    pub limits: Limits,
}

/// Why a thing may go.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Nothing that stays needs it.
    NotNeeded,
    /// Older than so many days.
    Days(u32),
    /// Beyond so many bytes.
    Bytes(u64),
    /// Beyond so many of its kind.
    Count(usize),
    /// A crash left it.
    Left,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotNeeded => f.write_str("nothing that is kept needs it"),
            Self::Days(days) => write!(f, "older than {days} days"),
            Self::Bytes(bytes) => write!(f, "beyond {:.1} GB", *bytes as f64 / 1e9),
            Self::Count(count) => write!(f, "not among the newest {count}"),
            Self::Left => f.write_str("left by a crash"),
        }
    }
}

/// One thing that goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Removal {
    /// Which.
    pub what: What,
    /// Its size in bytes, as far as it is known.
    pub bytes: u64,
    /// Why.
    pub reason: Reason,
    /// Releases that cannot be gone back to without it.
    pub releases: Vec<Lost>,
}

/// A release whose image goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Lost {
    /// `<environment>/<app>`.
    pub key: String,
    /// Its version.
    pub version: String,
    /// How many promoted versions its application keeps.
    pub kept: usize,
}

/// What may go, in the order in which it may be removed.
#[must_use]
pub fn plan(facts: &Facts) -> Vec<Removal> {
    let reached = reached(facts);
    let mut removals: Vec<Removal> = Vec::new();
    let free = || facts.things.iter().filter(|thing| !reached.contains(&thing.what));
    let mut take = |thing: &Thing, reason: Reason| {
        let releases = releases_of(facts, &thing.what);
        removals.push(Removal { what: thing.what.clone(), bytes: thing.bytes, reason, releases });
    };
    for thing in free() {
        match &thing.what {
            What::ReplicaSet(_) | What::Blob(_) => take(thing, Reason::NotNeeded),
            What::Tree(key) if key.starts_with("rootfs-") => take(thing, Reason::NotNeeded),
            What::Leftover(_) => take(thing, Reason::Left),
            What::Tree(_) | What::Run(_) | What::Cache(_) => {}
        }
    }
    for prefix in CHECKOUTS {
        let max = facts.limits.checkouts_max;
        let own = |t: &&Thing| matches!(&t.what, What::Tree(key) if key.starts_with(prefix));
        for thing in newest_first(free().filter(own)).skip(max) {
            take(thing, Reason::Count(max));
        }
    }
    for (thing, reason) in logs(facts, &reached) {
        take(thing, reason);
    }
    for thing in caches(facts) {
        take(thing, Reason::Bytes(facts.limits.cache_bytes_max));
    }
    removals.sort_by(|a, b| a.what.cmp(&b.what));
    removals
}

/// Prefixes of the keys of trees that are made again from a repository whenever they are wanted.
/// A tree of another kind is not known here, so it stays.
const CHECKOUTS: [&str; 3] = ["commit-", "git-", "work-"];

/// Everything that a root leads to.
fn reached(facts: &Facts) -> BTreeSet<What> {
    let mut waiting: Vec<What> = facts.in_use.iter().cloned().collect();
    waiting.extend(facts.evidence.iter().cloned().map(What::Blob));
    let mut versions: BTreeSet<(&str, &str)> = BTreeSet::new();
    for application in &facts.applications {
        for brought in application.in_use.iter().chain(application.targets()) {
            waiting.push(brought.set.clone());
            waiting.extend(brought.images.iter().cloned().map(What::Blob));
            versions.insert((&application.key, &brought.release));
        }
    }
    for release in &facts.releases {
        if release.open {
            waiting.extend(release.image.iter().cloned().map(What::Blob));
            waiting.extend([release.run.clone(), release.checkout.clone()]);
        }
        if versions.contains(&(&*release.key, &*release.version)) {
            waiting.push(release.run.clone());
        }
    }
    let mut reached = BTreeSet::new();
    while let Some(what) = waiting.pop() {
        waiting.extend(facts.needs.get(&what).into_iter().flatten().cloned());
        reached.insert(what);
        waiting.retain(|what| !reached.contains(what));
    }
    reached
}

/// The releases that cannot be gone back to without this thing.
fn releases_of(facts: &Facts, what: &What) -> Vec<Lost> {
    let lost = |key: &str, version: &str| {
        let application = facts.applications.iter().find(|one| one.key == key);
        let kept = application.map_or(0, Application::versions);
        Lost { key: key.to_owned(), version: version.to_owned(), kept }
    };
    match what {
        What::Blob(digest) => {
            let own = facts.releases.iter().filter(|one| one.image.as_ref() == Some(digest));
            own.map(|release| lost(&release.key, &release.version)).collect()
        }
        What::ReplicaSet(_) => {
            let all = facts.applications.iter();
            let all = all.flat_map(|one| one.promoted.iter().map(|brought| (&one.key, brought)));
            let own = all.filter(|(_, brought)| brought.set == *what);
            own.map(|(key, brought)| lost(key, &brought.release)).collect()
        }
        What::Tree(_) | What::Run(_) | What::Cache(_) | What::Leftover(_) => Vec::new(),
    }
}

/// Logs that nothing protects: too old, or beyond the bytes that all logs may take together.
fn logs<'a>(facts: &'a Facts, reached: &BTreeSet<What>) -> Vec<(&'a Thing, Reason)> {
    let keep_of = |what: &What| {
        let release = facts.releases.iter().find(|release| release.run == *what);
        let application = release.and_then(|release| {
            facts.applications.iter().find(|application| application.key == release.key)
        });
        application.map_or_else(Keep::default, |application| application.keep)
    };
    let is_log = |thing: &&Thing| matches!(thing.what, What::Run(_));
    let (mut bytes, mut going) = (0_u64, Vec::new());
    for thing in newest_first(facts.things.iter().filter(is_log)) {
        bytes = bytes.saturating_add(thing.bytes);
        if reached.contains(&thing.what) {
            continue;
        }
        let days = keep_of(&thing.what).days;
        let age = facts.now.0.saturating_sub(thing.used_at.0);
        if age > i64::from(days) * super::DAY_MS {
            going.push((thing, Reason::Days(days)));
        } else if bytes > facts.limits.log_bytes_max {
            going.push((thing, Reason::Bytes(facts.limits.log_bytes_max)));
        }
    }
    going
}

/// Caches beyond their limit: entries of the `cache` action before what tools keep, and of each
/// the longest unused first.
fn caches(facts: &Facts) -> Vec<&Thing> {
    let is_cache = |thing: &&Thing| matches!(thing.what, What::Cache(_));
    let mut all: Vec<&Thing> = facts.things.iter().filter(is_cache).collect();
    all.sort_by_key(|thing| (!thing.what.name().contains('/'), thing.used_at));
    let mut bytes: u64 = all.iter().map(|thing| thing.bytes).sum();
    let mut going = Vec::new();
    for thing in all {
        if bytes <= facts.limits.cache_bytes_max {
            break;
        }
        bytes -= thing.bytes;
        going.push(thing);
    }
    going
}

fn newest_first<'a>(things: impl Iterator<Item = &'a Thing>) -> impl Iterator<Item = &'a Thing> {
    let mut things: Vec<&Thing> = things.collect();
    things.sort_by(|a, b| b.used_at.cmp(&a.used_at).then_with(|| a.what.cmp(&b.what)));
    things.into_iter()
}

#[cfg(test)]
mod tests;
