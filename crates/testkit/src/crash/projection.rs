//! What is left when a command has ended, in words that are the same for every release.

use super::House;
use bowline_model::Event;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Kinds of events that only a process that resumes, or finds traces of another, writes; and
/// those of pruning, which say how much came before.
const OF_RESUMPTION: &[&str] = &[
    "rollout.clock_restarted",
    "engine.effect_superseded",
    "engine.keep_set",
    "engine.release_pruned",
];

/// The end of a release or a rollback. `new` is the version that the command was about, `old`
/// any other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Projection {
    /// How it ended.
    pub outcome: String,
    /// Who gets how much of the traffic; the sum is 100.
    pub weights: BTreeMap<String, u64>,
    /// The versions whose processes run, one word a process.
    pub running: Vec<String>,
    /// The image that the records say is deployed.
    pub deployed: String,
    /// What may not come again.
    pub quarantined: BTreeSet<String>,
    /// The kinds of events that were written.
    pub evidence: BTreeSet<String>,
}

impl Projection {
    /// What is left after the event number `head`; `name` is what the newest version answers.
    ///
    /// # Panics
    /// When the journal, the edge or the pods do not say it, or effects do not have one key each.
    #[must_use]
    #[track_caller]
    pub fn of(house: &House, head: u64, name: &str) -> Self {
        let events = house.journal().events_by_kind("").expect("the journal can be read");
        expect_unique_effects(&events);
        let digest = house.newest("image.built").body["digest"].clone();
        let image = |value: &Value| role(*value == digest);
        let hash = newest_hash(&events, &digest);
        let table = house.table();
        let versions = table["table"]["routes"][0]["versions"].as_array().cloned();
        let weights = versions.unwrap_or_default().into_iter().filter_map(|version| {
            let weight = version["weight"].as_u64().filter(|weight| *weight > 0)?;
            Some((role(Some(&version["hash"]) == hash.as_ref()), weight))
        });
        let mut quarantined = BTreeSet::new();
        for event in &events {
            let of = |event: &Event| image(&event.body["digest"]);
            match event.kind.as_str() {
                "rollout.digest_quarantined" if event.n > head => quarantined.insert(of(event)),
                "rollout.quarantine_lifted" if event.n > head => quarantined.remove(&of(event)),
                _ => false,
            };
        }
        let since = events.iter().filter(|event| event.n > head);
        let kinds = since.clone().map(|event| event.kind.clone());
        let ends = since.filter(|event| {
            ["engine.release_finished", "engine.rollback_finished"].contains(&&*event.kind)
        });
        let mut outcomes = ends.map(|event| match event.body["outcome"].as_str() {
            Some(outcome) => outcome.to_owned(),
            None => "rolled back by hand".to_owned(),
        });
        Self {
            outcome: outcomes.next_back().unwrap_or_default(),
            weights: weights.collect(),
            running: house.running().iter().map(|text| role(text == name)).collect(),
            deployed: image(&house.newest("record.deployed").body["digest"]),
            quarantined,
            evidence: kinds.filter(|kind| !OF_RESUMPTION.contains(&&**kind)).collect(),
        }
    }
}

fn role(is_new: bool) -> String {
    if is_new { "new" } else { "old" }.to_owned()
}

/// The hash of the newest image's pod template, from the rollout that brought it out.
fn newest_hash(events: &[Event], digest: &Value) -> Option<Value> {
    let started = events.iter().rev().filter(|event| event.kind == "rollout.started");
    let mut versions = started.map(|event| &event.body["version"]);
    let text = digest.as_str()?;
    let found = versions.find(|version| version.to_string().contains(text))?;
    Some(found["hash"].clone())
}

/// Each effect has a counter of its own: two decisions never share a key.
#[track_caller]
fn expect_unique_effects(events: &[Event]) {
    const WITH_EFFECT: &[&str] = &[
        "rollout.weight_shifted",
        "rollout.replicas_scaled",
        "rollout.digest_quarantined",
        "rollout.quarantine_lifted",
    ];
    let mut seen = BTreeMap::new();
    for event in events.iter().filter(|event| WITH_EFFECT.contains(&&*event.kind)) {
        let key = (event.key.clone(), event.body["counter"].as_u64());
        assert!(key.1.is_some(), "an effect without a counter: {event:?}");
        if let Some(earlier) = seen.insert(key, event.n) {
            panic!("event {earlier} and event {} share an effect's key: {event:?}", event.n);
        }
    }
}
