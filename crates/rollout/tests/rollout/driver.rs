//! A small world in which decisions are carried out: pods that become available, an edge that
//! divides and counts, a journal. It panics when an effect is not absolute or comes twice.

use bowline_model::Verdict;
use bowline_rollout::judge::Arm;
use bowline_rollout::machine::{
    Action, Counters, Effect, Event, Observation, Phase, Pods, Request, SecondCounts, Start, State,
    decide,
};
use bowline_rollout::spec::{Pause, Step};
use bowline_rollout::{Plan, Version};
use std::collections::{BTreeMap, BTreeSet};

/// How the pods of a version behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// Available after so many milliseconds.
    ReadyAfter(u64),
    /// Never available, never crashing.
    NeverReady,
    /// A crash every so many milliseconds.
    CrashEvery(u64),
}

/// The world.
pub struct World {
    pub state: State,
    pub journal: Vec<Event>,
    pub effects: Vec<Effect>,
    pub now_ms: u64,
    pub boot: String,
    pub behaviours: BTreeMap<String, Behaviour>,
    /// Failed requests in a thousand, by version.
    pub failing: BTreeMap<String, u64>,
    /// Requests per second; 0 = no traffic.
    pub requests_per_second: u64,
    pub edge_answers: bool,
    pub edge_counts: bool,
    scaled: BTreeMap<String, (u32, u64)>,
    seconds: BTreeMap<u64, SecondCounts>,
    acknowledged: u64,
    next_request: u64,
    first_canary_request_ms: Option<u64>,
}

pub fn version(name: &str) -> Version {
    Version {
        hash: name.to_owned(),
        release: format!("v-{name}"),
        images: BTreeSet::from([format!("sha256:image-{name}")]),
        template_digest: format!("sha256:template-{name}"),
    }
}

pub fn weight(weight: u8) -> Step {
    Step::SetWeight(weight)
}

pub fn pause(seconds: u64) -> Step {
    Step::Pause(Pause::For { milliseconds: seconds * 1000 })
}

pub fn wait() -> Step {
    Step::Pause(Pause::UntilPromoted)
}

pub fn plan(steps: &[Step]) -> Plan {
    Plan {
        replicas: 4,
        steps: steps.to_vec(),
        progress_deadline_ms: 600_000,
        scale_down_delay_ms: 30_000,
        abort_scale_down_delay_ms: Some(30_000),
        max_error_rate_ppm: None,
        min_pause_ms: 0,
        watch_ms: 0,
        paused: false,
    }
}

pub fn start(name: &str, plan: &Plan) -> Action {
    let (version, plan) = (version(name), plan.clone());
    Action::Start(Box::new(Start { version, plan, overriding: false, baseline: Vec::new() }))
}

impl World {
    pub fn new() -> Self {
        Self {
            state: State::new("prod/app"),
            journal: Vec::new(),
            effects: Vec::new(),
            now_ms: 1_000_000,
            boot: "boot-1".to_owned(),
            behaviours: BTreeMap::new(),
            failing: BTreeMap::new(),
            requests_per_second: 50,
            edge_answers: true,
            edge_counts: true,
            scaled: BTreeMap::new(),
            seconds: BTreeMap::new(),
            acknowledged: 0,
            next_request: 1,
            first_canary_request_ms: None,
        }
    }

    /// A world in which version `a` is stable.
    pub fn with_stable(plan: &Plan) -> Self {
        let mut world = Self::new();
        world.ask(start("a", plan));
        world.run_until(60, |world| world.phase() == Some(Phase::Promoted));
        assert_eq!(world.stable(), "a");
        world
    }

    pub fn pods(&self) -> BTreeMap<String, Pods> {
        let one = |(hash, (replicas, since)): (&String, &(u32, u64))| {
            let age = self.now_ms - since;
            let behaviour = self.behaviours.get(hash).copied();
            let (ready, crashes) = match behaviour.unwrap_or(Behaviour::ReadyAfter(500)) {
                Behaviour::ReadyAfter(ms) => (if age >= ms { *replicas } else { 0 }, 0),
                Behaviour::NeverReady => (0, 0),
                Behaviour::CrashEvery(ms) => (0, u32::try_from(age / ms).unwrap_or(u32::MAX)),
            };
            let last_log = vec!["listening".to_owned(), format!("panic in {hash}")];
            let pods = Pods { desired: *replicas, ready, available: ready, crashes, last_log };
            (hash.clone(), pods)
        };
        self.scaled.iter().filter(|(_, (replicas, _))| *replicas > 0).map(one).collect()
    }

    pub fn observation(&self, requests: Vec<Request>) -> Observation {
        let after = self.state.counted_through.map_or(0, |second| second + 1);
        let counters = if self.edge_counts {
            Counters::Read(self.seconds.range(after..).map(|(_, counts)| *counts).collect())
        } else {
            Counters::Unavailable
        };
        Observation {
            now_ms: self.now_ms,
            boot: self.boot.clone(),
            pods: self.pods(),
            counters,
            first_canary_request_ms: self.first_canary_request_ms,
            acknowledged: self.acknowledged,
            requests,
        }
    }

    pub fn request(&mut self, action: Action) -> Request {
        let number = Some(self.next_request);
        self.next_request += 1;
        Request { number, by: "ann".to_owned(), reason: "because".to_owned(), action }
    }

    /// Asks and decides at once.
    pub fn ask(&mut self, action: Action) -> Vec<Event> {
        let request = self.request(action);
        self.decide(vec![request])
    }

    /// One look without time going by.
    pub fn decide(&mut self, requests: Vec<Request>) -> Vec<Event> {
        let observation = self.observation(requests);
        let (events, effects) = decide(&self.state, &observation);
        for event in &events {
            self.state.apply(event);
        }
        self.journal.extend(events.iter().cloned());
        for effect in effects {
            self.perform(&effect);
        }
        events
    }

    fn perform(&mut self, effect: &Effect) {
        let last = self.effects.last().map_or(0, Effect::counter);
        assert_eq!(effect.counter(), last + 1, "counters have no gap and no repetition");
        self.effects.push(effect.clone());
        match effect {
            Effect::SetWeight { counter, canary, weight, stable, .. } => {
                assert!(*weight <= 100 && (canary.is_some() || *weight == 0));
                let pods = self.pods();
                let healthy = |hash: &String| pods.get(hash).is_some_and(|pods| pods.ready > 0);
                if *weight > 0 {
                    assert!(canary.as_ref().is_some_and(healthy), "no traffic before it is ready");
                }
                if self.edge_answers {
                    self.acknowledged = *counter;
                }
                let _ = stable;
            }
            Effect::ScaleReplicaSet { hash, replicas, .. } => {
                let before = self.scaled.get(hash).copied();
                let since = match before {
                    Some((old, since)) if old >= *replicas => since,
                    _ => self.now_ms,
                };
                self.scaled.insert(hash.clone(), (*replicas, since));
            }
            Effect::Quarantine { .. } | Effect::LiftQuarantine { .. } => {}
        }
    }

    /// A second goes by: traffic, then four looks.
    pub fn second(&mut self) {
        self.flow();
        for _ in 0..4 {
            self.now_ms += 250;
            self.decide(Vec::new());
        }
    }

    /// A second of traffic as it is divided now, without chance: failures are spread evenly.
    fn flow(&mut self) {
        let Some(weight) = self.state.weight.clone() else { return };
        let second = self.now_ms / 1000;
        let share = u64::from(weight.weight) * self.requests_per_second / 100;
        let canary = weight.canary.as_ref();
        if share > 0 && self.first_canary_request_ms.is_none() {
            self.first_canary_request_ms = Some(self.now_ms);
        }
        let arm = |hash: Option<&String>, requests: u64| {
            let rate = hash.and_then(|hash| self.failing.get(hash)).copied().unwrap_or(0);
            Arm::new(requests, (requests * rate + second % 1000) / 1000)
        };
        let counts = SecondCounts {
            second,
            canary: arm(canary, share),
            stable: arm(Some(&weight.stable), self.requests_per_second - share),
        };
        self.seconds.insert(second, counts);
    }

    pub fn run(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.second();
        }
    }

    /// Seconds until `done`, which must come within `limit`.
    pub fn run_until(&mut self, limit: u64, done: impl Fn(&Self) -> bool) -> u64 {
        for second in 0..=limit {
            if done(self) {
                return second;
            }
            self.second();
        }
        panic!("not within {limit} s, the journal ends with {:#?}", self.tail());
    }

    pub fn tail(&self) -> &[Event] {
        &self.journal[self.journal.len().saturating_sub(8)..]
    }

    pub fn phase(&self) -> Option<Phase> {
        self.state.rollout.as_ref().map(|rollout| rollout.phase)
    }

    pub fn stable(&self) -> &str {
        self.state.stable.as_ref().map_or("", |version| &version.hash)
    }

    pub fn replicas(&self, hash: &str) -> u32 {
        self.scaled.get(hash).map_or(0, |(replicas, _)| *replicas)
    }

    /// Kinds of the events that were emitted since `from`, without the counts.
    pub fn kinds(&self, from: usize) -> Vec<&'static str> {
        let counted = |kind: &&str| *kind != "rollout.counted";
        self.journal[from..].iter().map(Event::kind).filter(counted).collect()
    }

    pub fn weights(&self) -> Vec<u8> {
        let weight = |event: &Event| match event {
            Event::WeightShifted(shift) => Some(shift.weight),
            _ => None,
        };
        self.journal.iter().filter_map(weight).collect()
    }

    pub fn verdict(&self) -> Option<Verdict> {
        self.journal.iter().rev().find_map(|event| match event {
            Event::Promoted(promoted) => Some(promoted.verdict),
            _ => None,
        })
    }

    /// The conductor dies and another takes over: the state is folded anew.
    pub fn restart(&mut self) {
        let mut state = State::new("prod/app");
        for event in &self.journal {
            let entry = event.to_new_event("prod/app");
            let text = serde_json::to_string(&entry.body).expect("a body");
            let body = serde_json::from_str(&text).expect("a body");
            let read = Event::read(&entry.kind, &body).expect("readable").expect("ours");
            state.apply(&read);
        }
        assert_eq!(state, self.state, "the fold of the journal is the state");
        self.state = state;
    }
}
