//! What a rollout is going to do: the spec's steps and the app's own policy, in integers, so
//! that it survives the journal without a change of a single bit.

use crate::spec::{Pause, RolloutSpec, Step};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Settings from the app's block in `bowline.yaml`; they never become fields of Argo's object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    /// `slo.maxErrorRate` in parts per million, 1 to 500,000; `None` = no SLO: pauses run in
    /// full and the absolute test is off. See [`Policy::with_max_error_rate`].
    pub max_error_rate_ppm: Option<u32>,
    /// A proof of good ends no pause before this, in milliseconds.
    pub min_pause_ms: u64,
    /// How long all traffic is watched before the rollout counts as done, in milliseconds.
    /// `None` = [`WATCH_WITHOUT_STEPS_MS`] when there are no steps, else none.
    pub watch_ms: Option<u64>,
}

/// The default watch of an update without steps (a `Deployment`), in milliseconds.
pub const WATCH_WITHOUT_STEPS_MS: u64 = 10_000;

/// A policy number that cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("`slo.maxErrorRate` is {0}, accepted are 0.000001 to 0.5")]
pub struct PolicyError(pub f64);

impl bowline_diag::Diagnose for PolicyError {
    fn diagnose(&self) -> Vec<bowline_diag::Diagnostic> {
        let help = "write a share, for example `maxErrorRate: 0.01` for one per cent";
        let code = crate::codes::INVALID_POLICY;
        vec![bowline_diag::Diagnostic::error(code, self.to_string()).help(help)]
    }
}

impl Policy {
    /// A policy whose SLO is `rate`, a share of requests (0.01 = one per cent).
    ///
    /// # Errors
    /// NaN, below one in a million, above one half: no test exists for it.
    pub fn with_max_error_rate(rate: f64) -> Result<Self, PolicyError> {
        let ppm = rate * 1e6;
        // A comparison with NaN is false, so NaN ends here.
        if !(ppm >= 0.5 && rate <= 0.5) {
            return Err(PolicyError(rate));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in range")]
        let max_error_rate_ppm = Some((ppm.round() as u32).max(1));
        Ok(Self { max_error_rate_ppm, ..Self::default() })
    }
}

/// One version of an app: a pod template and what it is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// The template hash, the value of `rollouts-pod-template-hash`.
    pub hash: String,
    /// The release, for people: `v1.4.3-build.89`.
    pub release: String,
    /// Image digests of the pod template.
    pub images: BTreeSet<String>,
    /// Digest of the canonical pod template: what is quarantined when no image differs.
    pub template_digest: String,
}

impl Version {
    /// What must not be deployed again when this version was bad and `stable` is kept: the
    /// images that `stable` does not have, else the template.
    #[must_use]
    pub fn guilty(&self, stable: Option<&Self>) -> BTreeSet<String> {
        let kept = |image: &&String| stable.is_none_or(|s| !s.images.contains(*image));
        let images: BTreeSet<String> = self.images.iter().filter(kept).cloned().collect();
        if images.is_empty() { BTreeSet::from([self.template_digest.clone()]) } else { images }
    }
}

/// The plan of one rollout, as the journal keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Pods of the whole app.
    pub replicas: u32,
    /// The canary steps; empty = switch when healthy.
    pub steps: Vec<Step>,
    /// Without progress for this long the rollout is aborted, in milliseconds.
    pub progress_deadline_ms: u64,
    /// The old version's pods stay for this long after a promotion, in milliseconds.
    pub scale_down_delay_ms: u64,
    /// The canary's pods stay for this long after an abort, in milliseconds; `None` = for good.
    pub abort_scale_down_delay_ms: Option<u64>,
    /// The SLO in parts per million.
    pub max_error_rate_ppm: Option<u32>,
    /// A floor for pauses that a proof ends, in milliseconds.
    pub min_pause_ms: u64,
    /// How long all traffic is watched before completion, in milliseconds.
    pub watch_ms: u64,
    /// Whether it starts paused (`spec.paused`).
    pub paused: bool,
}

impl Plan {
    /// The plan for `spec` under `policy`.
    #[must_use]
    pub fn new(spec: &RolloutSpec, policy: &Policy) -> Self {
        let seconds = |s: u32| u64::from(s) * 1000;
        let canary = &spec.strategy;
        let delay = canary.abort_scale_down_delay_seconds;
        let without_steps = if canary.steps.is_empty() { WATCH_WITHOUT_STEPS_MS } else { 0 };
        Self {
            replicas: spec.replicas,
            steps: canary.steps.clone(),
            progress_deadline_ms: seconds(spec.progress_deadline_seconds),
            scale_down_delay_ms: seconds(canary.scale_down_delay_seconds),
            abort_scale_down_delay_ms: (delay > 0).then(|| seconds(delay)),
            max_error_rate_ppm: policy.max_error_rate_ppm,
            min_pause_ms: policy.min_pause_ms,
            watch_ms: policy.watch_ms.unwrap_or(without_steps),
            paused: spec.paused,
        }
    }

    /// Canary pods at `weight` per cent: `max(1, ceil(replicas * weight / 100))`, and none for
    /// an app that has none.
    #[must_use]
    pub fn canary_replicas(&self, weight: u8) -> u32 {
        if self.replicas == 0 {
            return 0;
        }
        let share = (u64::from(self.replicas) * u64::from(weight)).div_ceil(100);
        u32::try_from(share).unwrap_or(self.replicas).clamp(1, self.replicas)
    }

    /// The step at `index`, if there is one.
    #[must_use]
    pub fn step(&self, index: usize) -> Option<&Step> {
        self.steps.get(index)
    }

    /// Milliseconds of all pauses that have a duration.
    #[must_use]
    pub fn pause_ms(&self) -> u64 {
        let length = |step: &Step| match step {
            Step::Pause(Pause::For { milliseconds }) => *milliseconds,
            Step::Pause(Pause::UntilPromoted) | Step::SetWeight(_) => 0,
        };
        self.steps.iter().map(length).fold(0, u64::saturating_add)
    }
}
