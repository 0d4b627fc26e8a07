//! Where a rollout stands, for those who ask from a second terminal.

use super::{APPLIED, Applied, environment, state};
use crate::conductor::{self, Conductor};
use crate::failure::Failure;
use crate::house::House;
use crate::read::Reader;
use bowline_rollout::machine::{Phase, Rollout, State};
use serde::Deserialize as _;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A rollout's state, read from the journal.
pub struct Standing {
    /// `<environment>/<app>`.
    pub key: String,
    /// The fold of its events.
    pub state: State,
    /// Whether a process conducts: without one nobody judges and nobody takes steps.
    pub conducted: bool,
    /// `<namespace>/<service>` that its users reach; `None` before anything was applied.
    pub route: Option<String>,
    /// Whom the edge serves while nobody conducts; unknown until somebody asks it.
    pub serves: Option<Serves>,
}

/// Whom the edge serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Serves {
    /// The stable version alone.
    Stable,
    /// The canary too; the edge waits for a word of a conductor, but not for long.
    Canary,
    /// It does not answer.
    Silent,
}

impl Serves {
    /// The word in `-o json`.
    fn word(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Canary => "canary",
            Self::Silent => "silent",
        }
    }
}

impl Standing {
    /// The environment.
    #[must_use]
    pub fn environment(&self) -> &str {
        self.key.split('/').next().unwrap_or_default()
    }

    /// The application.
    #[must_use]
    pub fn app(&self) -> &str {
        self.key.split_once('/').map_or("", |(_, app)| app)
    }

    /// Whether it takes its steps.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        self.state.active().is_some()
    }

    /// Whether it is in its steps and nobody takes them.
    #[must_use]
    pub fn is_left(&self) -> bool {
        self.is_under_way() && !self.conducted
    }

    /// What is true while nobody conducts, and both ways on. The weight of the last decision is
    /// not: the edge gives it up by itself.
    fn left(&self) -> Vec<String> {
        let edge = match self.serves {
            Some(Serves::Stable) => "the edge serves stable",
            Some(Serves::Canary) => "the edge goes back to stable in seconds",
            Some(Serves::Silent) | None => "the edge does not answer",
        };
        vec![
            format!("traffic  nobody conducts; {edge}"),
            "help     `bowline release` resumes, `bowline rollout abort` ends it".to_owned(),
        ]
    }

    /// How far it is, and who gets the traffic.
    fn progress(&self, rollout: &Rollout) -> Vec<String> {
        if rollout.phase != Phase::Progressing {
            let stable = self.state.stable.as_ref().map(|stable| stable.release.as_str());
            return stable.map(|to| format!("traffic  all to {to}")).into_iter().collect();
        }
        let steps = rollout.plan.steps.len();
        let step = (rollout.step + 1).min(steps);
        let until_promoted = rollout.pause.as_ref().is_some_and(|p| p.duration_ms.is_none());
        let paused = match (rollout.paused, until_promoted) {
            (true, _) => ", paused by hand",
            (false, true) => ", waits for `bowline rollout promote`",
            (false, false) => "",
        };
        let step = match steps {
            0 => format!("step     none: all traffic at once{paused}"),
            _ => format!("step     {step} of {steps}{paused}"),
        };
        vec![step, format!("weight   {} %", self.state.canary_weight())]
    }

    /// For machines: the key and Argo's own status.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "key": self.key,
            "status": bowline_rollout::status::project(&self.state),
            "conducted": self.conducted,
            "edge": self.serves.map(Serves::word),
        })
    }

    /// For people.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("rollout  {}", self.key)];
        if let Some(stable) = &self.state.stable {
            lines.push(format!("stable   {}", stable.release));
        }
        if let Some(rollout) = &self.state.rollout {
            let phase = format!("{:?}", rollout.phase).to_lowercase();
            lines.push(format!("newest   {} {phase}", rollout.version.release));
            let left = self.is_left();
            lines.extend(if left { self.left() } else { self.progress(rollout) });
            if !rollout.message.is_empty() {
                lines.push(format!("because  {}", rollout.message));
            }
        }
        for (digest, release) in &self.state.quarantined {
            let short: String = digest.chars().take(15).collect();
            lines.push(format!("quarantined  {short}… of {release}"));
        }
        lines
    }
}

/// Every rollout in the journal.
///
/// # Errors
/// The journal cannot be read.
pub fn standings(house: &House) -> Result<Vec<Standing>, Failure> {
    let reader = Reader::open(house)?;
    let mut events = reader.events_by_kind("rollout.")?;
    events.extend(reader.events_by_kind(environment::REMOVED)?);
    events.sort_by_key(|entry| entry.n);
    let mut states: BTreeMap<String, State> = BTreeMap::new();
    for entry in &events {
        let key = &entry.key;
        let state = states.entry(key.clone()).or_insert_with(|| State::new(key));
        environment::apply(state, entry)?;
    }
    let conducted = conductor::is_alive(&house.directories)?;
    let applied = reader.events_by_kind(APPLIED)?;
    let route = |key: &String| {
        let newest = applied.iter().rev().find(|entry| entry.key == *key)?;
        let applied = Applied::deserialize(&newest.body).ok()?;
        Some(format!("{}/{}", applied.namespace, applied.service))
    };
    // What was removed stands nowhere any more.
    states.retain(|_, state| state.rollout.is_some());
    let standing = |(key, state): (String, State)| Standing {
        route: route(&key),
        conducted,
        serves: None,
        key,
        state,
    };
    Ok(states.into_iter().map(standing).collect())
}

/// The keys of all rollouts of the journal, sorted; those of removed environments are gone.
///
/// # Errors
/// The journal cannot be read.
pub fn known(conductor: &Conductor) -> Result<Vec<String>, Failure> {
    let mut standing = Vec::new();
    for key in conductor.journal.keys_of("rollout.started")? {
        if state(conductor, &key)?.rollout.is_some() {
            standing.push(key);
        }
    }
    Ok(standing)
}
