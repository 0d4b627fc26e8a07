//! Reads `Rollout` (argoproj.io/v1alpha1) and `Deployment` (apps/v1) from plain JSON values.
//!
//! A `Deployment` is a Rollout without steps. Facts of the formats: Argo Rollouts v1.9,
//! `docs/features/specification.md`; Kubernetes API `apps/v1`.
//!
//! Absent on purpose: YAML and places in files (errors carry a JSON pointer, the caller knows
//! the place), and every field that would be read and then not acted on: it is refused by name.

use crate::error::FieldError;
use crate::plan::Version;
use crate::template;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

mod document;
mod field;
mod strategy;

pub use document::{read, read_fragment};

/// Which object it was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `argoproj.io/v1alpha1`.
    Rollout,
    /// `apps/v1`.
    Deployment,
}

/// A Rollout or Deployment that Bowline carries out in full.
#[derive(Debug, Clone, PartialEq)]
pub struct RolloutSpec {
    /// Which object it was read from.
    pub kind: Kind,
    /// `metadata.name`.
    pub name: String,
    /// `metadata.namespace`; `default` when left out.
    pub namespace: String,
    /// `spec.replicas`, default 1.
    pub replicas: u32,
    /// `spec.selector.matchLabels`.
    pub selector: BTreeMap<String, String>,
    /// `spec.template`, as written.
    pub template: Value,
    /// `spec.strategy`.
    pub strategy: Canary,
    /// `spec.progressDeadlineSeconds`, default 600.
    pub progress_deadline_seconds: u32,
    /// `spec.revisionHistoryLimit`, default 10.
    pub revision_history_limit: u32,
    /// `spec.minReadySeconds`, default 0.
    pub min_ready_seconds: u32,
    /// `spec.paused`, default false.
    pub paused: bool,
    /// What was read and is honoured differently than elsewhere; worth a line to the user.
    pub notes: Vec<FieldNote>,
}

impl RolloutSpec {
    /// What is known when nothing could be read.
    fn empty() -> Self {
        Self {
            kind: Kind::Rollout,
            name: String::new(),
            namespace: String::new(),
            replicas: 0,
            selector: BTreeMap::new(),
            template: Value::Null,
            strategy: Canary::default(),
            progress_deadline_seconds: 0,
            revision_history_limit: 0,
            min_ready_seconds: 0,
            paused: false,
            notes: Vec::new(),
        }
    }

    /// The version that its template stands for. `release` is its name for people.
    ///
    /// Images count by digest where they have one (`name@sha256:…`), else as written.
    #[must_use]
    pub fn version(&self, release: &str) -> Version {
        let list = |key: &str| self.template.pointer(&format!("/spec/{key}"));
        let containers = ["containers", "initContainers"].into_iter().filter_map(list);
        let images = containers
            .filter_map(Value::as_array)
            .flatten()
            .filter_map(|container| container.get("image")?.as_str())
            .map(|image| image.split_once('@').map_or(image, |(_, digest)| digest).to_owned());
        Version {
            hash: template::hash(&self.template),
            release: release.to_owned(),
            images: images.collect(),
            template_digest: template::digest(&self.template).to_string(),
        }
    }
}

/// A fact about a field that is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldNote {
    /// RFC 6901 pointer from the document's root.
    pub pointer: String,
    /// One sentence.
    pub message: String,
}

/// A Rollout that has a strategy but perhaps no name, selector or template, as tutorials print
/// it. It can be checked and rehearsed; to deploy it, [`Fragment::complete`] it.
#[derive(Debug, Clone, PartialEq)]
pub struct Fragment {
    /// `metadata.name`, if written.
    pub name: Option<String>,
    /// `spec.selector.matchLabels`, if written.
    pub selector: Option<BTreeMap<String, String>>,
    /// `spec.template`, if written.
    pub template: Option<Value>,
    /// What is missing for a deployment, one entry a field; empty for a whole document.
    pub missing: Vec<FieldError>,
    rest: Box<RolloutSpec>,
}

impl Fragment {
    /// The strategy that was read.
    #[must_use]
    pub fn strategy(&self) -> &Canary {
        &self.rest.strategy
    }

    /// Everything that was read; name, selector and template are empty where they are missing.
    #[must_use]
    pub fn as_read(&self) -> &RolloutSpec {
        &self.rest
    }

    /// A whole spec, with what the document left out taken from the arguments. What the
    /// document says itself is kept.
    #[must_use]
    pub fn complete(
        self,
        name: &str,
        selector: &BTreeMap<String, String>,
        template: &Value,
    ) -> RolloutSpec {
        RolloutSpec {
            name: self.name.unwrap_or_else(|| name.to_owned()),
            selector: self.selector.unwrap_or_else(|| selector.clone()),
            template: self.template.unwrap_or_else(|| template.clone()),
            ..*self.rest
        }
    }
}

/// `strategy.canary`, or a Deployment's rolling update (then without steps).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canary {
    /// In the order in which they are taken.
    pub steps: Vec<Step>,
    /// `canaryService`.
    pub canary_service: Option<String>,
    /// `stableService`.
    pub stable_service: Option<String>,
    /// `maxSurge`; read, but without effect here (see the notes of the spec).
    pub max_surge: Option<Amount>,
    /// `maxUnavailable`; read, but without effect here.
    pub max_unavailable: Option<Amount>,
    /// `scaleDownDelaySeconds`, default 30.
    pub scale_down_delay_seconds: u32,
    /// `abortScaleDownDelaySeconds`, default 30; 0 = the canary's pods stay.
    pub abort_scale_down_delay_seconds: u32,
}

impl Default for Canary {
    fn default() -> Self {
        Self {
            steps: Vec::new(),
            canary_service: None,
            stable_service: None,
            max_surge: None,
            max_unavailable: None,
            scale_down_delay_seconds: 30,
            abort_scale_down_delay_seconds: 30,
        }
    }
}

/// A count or a share of pods (Kubernetes' `IntOrString`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// So many pods.
    Count(u32),
    /// So many per cent of the replicas.
    Percent(u32),
}

/// One canary step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// `setWeight`: per cent of requests for the canary, 0 to 100.
    SetWeight(u8),
    /// `pause`.
    Pause(Pause),
}

/// How long a pause lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pause {
    /// At most this long; a proof of good ends it early where there is an SLO.
    For {
        /// In milliseconds.
        milliseconds: u64,
    },
    /// Until somebody promotes.
    UntilPromoted,
}
