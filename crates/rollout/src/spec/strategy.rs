//! `spec.strategy` of a Rollout and of a Deployment.

use super::field::{Reader, Support, Table, duration_ms, get, join, type_of};
use super::{Canary, Pause, Step};
use crate::codes;
use crate::limits::STEPS_MAX;
use bowline_diag::nearest;
use serde_json::{Map, Value};

use Support::{Read, Refused};

pub(super) const STRATEGY: Table = &[
    ("canary", Read),
    ("blueGreen", Refused("there is no preview version and no switch; write a canary")),
];

pub(super) const CANARY: Table = &[
    ("abortScaleDownDelaySeconds", Read),
    ("analysis", Refused("no AnalysisTemplate is measured; every request is judged anyway")),
    ("antiAffinity", Refused("there is one machine, pods cannot be kept apart")),
    ("canaryMetadata", Refused("the canary's pods would not get these labels")),
    ("canaryService", Read),
    ("dynamicStableScale", Read),
    ("maxSurge", Read),
    ("maxUnavailable", Read),
    ("minPodsPerReplicaSet", Read),
    ("pingPong", Refused("services keep their roles, none is swapped")),
    ("scaleDownDelayRevisionLimit", Refused("only the last version stays for the delay")),
    ("scaleDownDelaySeconds", Read),
    ("stableMetadata", Refused("the stable pods would not get these labels")),
    ("stableService", Read),
    ("steps", Read),
    ("trafficRouting", Read),
];

const FOREIGN: &str = "Bowline's edge divides the traffic, this router is left alone";

pub(super) const TRAFFIC_ROUTING: Table = &[
    ("alb", Refused(FOREIGN)),
    ("ambassador", Refused(FOREIGN)),
    ("apisix", Refused(FOREIGN)),
    ("appMesh", Refused(FOREIGN)),
    ("istio", Refused(FOREIGN)),
    ("managedRoutes", Refused("no header or mirror routes are made")),
    ("maxTrafficWeight", Refused("weights are per cent, of 100")),
    ("nginx", Refused(FOREIGN)),
    ("plugins", Refused(FOREIGN)),
    ("smi", Refused(FOREIGN)),
    ("traefik", Refused(FOREIGN)),
];

pub(super) const STEP: Table = &[
    ("analysis", Refused("no AnalysisTemplate is measured, the step would pass unseen")),
    ("experiment", Refused("no experiment is run, the step would pass unseen")),
    ("pause", Read),
    ("plugin", Refused("plugins are programs of others, the step would pass unseen")),
    ("replicaProgressThreshold", Refused("a weight waits for all of the canary's pods")),
    ("setCanaryScale", Refused("the canary's pods follow its weight")),
    ("setHeaderRoute", Refused("no header route is made")),
    ("setMirrorRoute", Refused("no request is mirrored")),
    ("setWeight", Read),
];

const PAUSE: Table = &[("duration", Read)];

const DEPLOYMENT_STRATEGY: Table = &[("rollingUpdate", Read), ("type", Read)];
const ROLLING_UPDATE: Table = &[("maxSurge", Read), ("maxUnavailable", Read)];

const SURGE_NOTE: &str =
    "`{}` has no effect: the canary's pods are added beside all of the stable ones";

impl Reader {
    /// A Rollout's strategy.
    pub(super) fn rollout_strategy(&mut self, spec: &Map<String, Value>) -> Canary {
        let pointer = "/spec/strategy";
        let help =
            "write `strategy: {canary: {steps: [{setWeight: 10}, {pause: {duration: 5m}}]}}`";
        let Some(value) = get(spec, "strategy") else {
            let message = "`spec.strategy` is missing, nobody knows how to bring a version out";
            self.error(codes::MISSING_FIELD, pointer, message, help);
            return Canary::default();
        };
        let before = self.errors.len();
        let Some(strategy) = self.object(value, pointer, STRATEGY) else {
            return Canary::default();
        };
        match get(strategy, "canary") {
            Some(canary) => self.canary(canary, &join(pointer, "canary")),
            None => {
                // `blueGreen` alone is refused already; that says enough.
                if self.errors.len() == before {
                    let message = "`spec.strategy` has no `canary`";
                    self.error(codes::MISSING_FIELD, pointer, message, help);
                }
                Canary::default()
            }
        }
    }

    fn canary(&mut self, value: &Value, pointer: &str) -> Canary {
        let Some(canary) = self.object(value, pointer, CANARY) else {
            return Canary::default();
        };
        if let Some(routing) = get(canary, "trafficRouting") {
            self.object(routing, &join(pointer, "trafficRouting"), TRAFFIC_ROUTING);
        }
        if self.bool(canary, pointer, "dynamicStableScale") {
            let at = join(pointer, "dynamicStableScale");
            let consequence = "stable keeps all pods, so that it can take over at once";
            self.refused(&at, "dynamicStableScale", consequence);
        }
        if self.count(canary, pointer, "minPodsPerReplicaSet", 1, u32::MAX) > 1 {
            let at = join(pointer, "minPodsPerReplicaSet");
            self.refused(&at, "minPodsPerReplicaSet", "the canary begins with one pod");
        }
        Canary {
            steps: get(canary, "steps")
                .map_or_else(Vec::new, |steps| self.steps(steps, &join(pointer, "steps"))),
            canary_service: self.text(canary, pointer, "canaryService"),
            stable_service: self.text(canary, pointer, "stableService"),
            max_surge: self.surge(canary, pointer, "maxSurge"),
            max_unavailable: self.surge(canary, pointer, "maxUnavailable"),
            scale_down_delay_seconds: self.seconds(canary, pointer, "scaleDownDelaySeconds", 30),
            abort_scale_down_delay_seconds: self.seconds(
                canary,
                pointer,
                "abortScaleDownDelaySeconds",
                30,
            ),
        }
    }

    fn surge(
        &mut self,
        object: &Map<String, Value>,
        pointer: &str,
        key: &str,
    ) -> Option<super::Amount> {
        let amount = self.amount(object, pointer, key)?;
        self.note(join(pointer, key), SURGE_NOTE.replace("{}", key));
        Some(amount)
    }

    fn steps(&mut self, value: &Value, pointer: &str) -> Vec<Step> {
        let Some(steps) = value.as_array() else {
            let message = format!("`steps` is {}, expected a list", type_of(value));
            self.invalid(pointer, message, "begin each step with `- `");
            return Vec::new();
        };
        if steps.len() > STEPS_MAX {
            let message = format!("{} steps are over the limit of {STEPS_MAX}", steps.len());
            self.invalid(pointer, message, "write fewer steps");
            return Vec::new();
        }
        let place = |index: usize| join(pointer, &index.to_string());
        let read = |(index, step)| self.step(step, &place(index));
        steps.iter().enumerate().filter_map(read).collect()
    }

    fn step(&mut self, value: &Value, pointer: &str) -> Option<Step> {
        let before = self.errors.len();
        let step = self.object(value, pointer, STEP)?;
        let kinds: Vec<&String> = step.keys().collect();
        if self.errors.len() > before {
            return None;
        }
        let [kind] = kinds.as_slice() else {
            let names: Vec<String> = kinds.iter().map(|kind| format!("`{kind}`")).collect();
            let message = match names.len() {
                0 => "the step is empty".to_owned(),
                _ => format!("one step has {}", names.join(" and ")),
            };
            self.invalid(pointer, message, "write one key a step, each after a `- `");
            return None;
        };
        let at = join(pointer, kind);
        match (kind.as_str(), get(step, kind)) {
            ("setWeight", Some(weight)) => self.weight(weight, &at),
            ("pause", Some(pause)) => self.pause(pause, &at),
            (kind, _) => {
                let help = if kind == "pause" { "write `pause: {}`" } else { "write its value" };
                self.invalid(at, format!("`{kind}` has no value"), help);
                None
            }
        }
    }

    fn weight(&mut self, value: &Value, pointer: &str) -> Option<Step> {
        let weight = value.as_u64().filter(|w| *w <= 100).and_then(|w| u8::try_from(w).ok());
        if weight.is_none() {
            let message = format!("`setWeight` is `{value}`, expected a whole number, 0 to 100");
            self.invalid(pointer, message, "write per cent, for example `setWeight: 10`");
        }
        weight.map(Step::SetWeight)
    }

    fn pause(&mut self, value: &Value, pointer: &str) -> Option<Step> {
        let pause = self.object(value, pointer, PAUSE)?;
        let Some(duration) = get(pause, "duration") else {
            return Some(Step::Pause(Pause::UntilPromoted));
        };
        let milliseconds = duration_ms(duration);
        if milliseconds.is_none() {
            let message = format!("`duration` is `{duration}`, expected seconds or text like `5m`");
            let help = "write `duration: 300` or `duration: 5m`";
            self.invalid(join(pointer, "duration"), message, help);
        }
        milliseconds.map(|milliseconds| Step::Pause(Pause::For { milliseconds }))
    }

    /// A Deployment's strategy: a rolling update, which is a canary without steps.
    pub(super) fn deployment_strategy(&mut self, spec: &Map<String, Value>) -> Canary {
        let pointer = "/spec/strategy";
        let mut canary = Canary::default();
        let Some(value) = get(spec, "strategy") else { return canary };
        let Some(strategy) = self.object(value, pointer, DEPLOYMENT_STRATEGY) else {
            return canary;
        };
        match get(strategy, "type").map(|value| value.as_str()) {
            None | Some(Some("RollingUpdate")) => {}
            Some(Some("Recreate")) => {
                let consequence = "both versions run for a moment, neither is stopped first";
                self.refused(&join(pointer, "type"), "Recreate", consequence);
            }
            Some(other) => {
                let message = "`type` is not `RollingUpdate` or `Recreate`";
                let near = nearest(other.unwrap_or(""), ["RollingUpdate", "Recreate"]);
                let near = near.unwrap_or("RollingUpdate");
                self.invalid(join(pointer, "type"), message, format!("write `type: {near}`"));
            }
        }
        if let Some(update) = get(strategy, "rollingUpdate") {
            let at = join(pointer, "rollingUpdate");
            if let Some(update) = self.object(update, &at, ROLLING_UPDATE) {
                canary.max_surge = self.surge(update, &at, "maxSurge");
                canary.max_unavailable = self.surge(update, &at, "maxUnavailable");
            }
        }
        canary
    }
}
