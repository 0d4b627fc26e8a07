//! What is known about one app in one environment: a fold of its events.

use crate::judge::Tally;
use crate::plan::{Plan, Version};
use std::collections::{BTreeMap, BTreeSet};

/// The state of one app in one environment. Built by [`State::apply`] only.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// `<environment>/<app>`: the key of its events and the middle of its effects' keys.
    pub key: String,
    /// The version that gets the traffic when no rollout is under way.
    pub stable: Option<Version>,
    /// The plan that stable was last applied with.
    pub stable_plan: Option<Plan>,
    /// The last rollout: under way, promoted or aborted.
    pub rollout: Option<Rollout>,
    /// How traffic was divided last.
    pub weight: Option<Weight>,
    /// The replicas that each version was given last.
    pub scales: BTreeMap<String, Scale>,
    /// Versions whose pods are to go, and when, on the monotonic clock.
    pub draining: BTreeMap<String, u64>,
    /// Digests that must not come again, with the release that they came with.
    pub quarantined: BTreeMap<String, String>,
    /// The counter of the last effect.
    pub counter: u64,
    /// The number of the last rollout.
    pub rollouts: u64,
    /// The number of the last request that was answered.
    pub requests_through: u64,
    /// The last version that was refused, so that an unnumbered request is refused once.
    pub refused: Option<String>,
    /// Seconds up to this one are in the journal.
    pub counted_through: Option<u64>,
    /// Which boot the times count from.
    pub boot: String,
    /// The latest time that an event told, on the clock of `boot`.
    pub latest_ms: u64,
}

/// A division of traffic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weight {
    /// The effect's counter.
    pub counter: u64,
    /// The rollout that it belongs to.
    pub rollout: u64,
    /// Who gets the rest.
    pub stable: String,
    /// Who gets `weight`.
    pub canary: Option<String>,
    /// Per cent for the canary.
    pub weight: u8,
}

/// A ReplicaSet's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    /// The effect's counter.
    pub counter: u64,
    /// How many pods.
    pub replicas: u32,
}

/// Where a rollout stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It takes its steps, or the last scaling, switch and watch after them.
    Progressing,
    /// It is done and stable.
    Promoted,
    /// It was taken back.
    Aborted,
}

/// A pause that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenPause {
    /// Which step.
    pub index: usize,
    /// When it began.
    pub started_ms: u64,
    /// At most this long; `None` = until somebody promotes.
    pub duration_ms: Option<u64>,
    /// A proof counts the seconds after this one only.
    pub after_second: Option<u64>,
}

/// One rollout.
#[derive(Debug, Clone, PartialEq)]
pub struct Rollout {
    /// Its number, from 1.
    pub number: u64,
    /// What is brought out.
    pub version: Version,
    /// How.
    pub plan: Plan,
    /// The version that ran when it began.
    pub stable: Option<String>,
    /// Where it stands.
    pub phase: Phase,
    /// The current step; the number of steps = all done.
    pub step: usize,
    /// The open pause, if any.
    pub pause: Option<OpenPause>,
    /// Whether somebody stopped the steps.
    pub paused: bool,
    /// Whether the steps that were left are skipped.
    pub full: bool,
    /// Whether the watch before completion is over.
    pub watched: bool,
    /// When it began.
    pub started_ms: u64,
    /// When it last got on.
    pub progressed_ms: u64,
    /// When the canary first got traffic.
    pub exposed_ms: Option<u64>,
    /// The most pods that were available at once since it began.
    pub available: u32,
    /// Crashes of this hash before it began.
    pub crashes_before: u32,
    /// Over-dispersion in thousandths.
    pub phi_thousandths: u64,
    /// Since when the counts cannot be read.
    pub counters_lost_ms: Option<u64>,
    /// Seconds up to this one belong to earlier rollouts.
    pub counted_from: Option<u64>,
    /// The sums over the journaled seconds, for the tests against the canary.
    pub tally: Tally,
    /// The same over the open pause, for the proof.
    pub pause_tally: Tally,
    /// Why it ended or what it waits for, for people.
    pub message: String,
    /// Digests whose quarantine it overrides.
    pub overridden: BTreeSet<String>,
}

impl State {
    /// An app that nothing is known about. `key` is `<environment>/<app>`.
    #[must_use]
    pub fn new(key: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            stable: None,
            stable_plan: None,
            rollout: None,
            weight: None,
            scales: BTreeMap::new(),
            draining: BTreeMap::new(),
            quarantined: BTreeMap::new(),
            counter: 0,
            rollouts: 0,
            requests_through: 0,
            refused: None,
            counted_through: None,
            boot: String::new(),
            latest_ms: 0,
        }
    }

    /// The rollout that is under way, if any.
    #[must_use]
    pub fn active(&self) -> Option<&Rollout> {
        self.rollout.as_ref().filter(|r| r.phase == Phase::Progressing)
    }

    /// Whether it waits for a person: a pause without a duration, or a stop by hand.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        let open = |r: &Rollout| r.pause.is_some_and(|p| p.duration_ms.is_none());
        self.active().is_some_and(|r| r.paused || open(r))
    }

    /// The canary's share of traffic in per cent, as decided last.
    #[must_use]
    pub fn canary_weight(&self) -> u8 {
        self.weight.as_ref().map_or(0, |w| w.weight)
    }

    /// Whether any of `version`'s digests is quarantined; the first one that is.
    #[must_use]
    pub fn quarantine_of<'a>(&self, version: &'a Version) -> Option<&'a String> {
        let own = version.images.iter().chain([&version.template_digest]);
        own.into_iter().find(|digest| self.quarantined.contains_key(*digest))
    }
}
