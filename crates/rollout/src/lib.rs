//! Progressive delivery as arithmetic: what to do next, given what was decided before and what
//! is seen now.
//!
//! [`spec`] reads Argo's `Rollout` and Kubernetes' `Deployment`; [`machine`] is the state
//! machine of one app in one environment; [`judge`] counts evidence per request and says when
//! a canary is bad or good; [`status`] shows a state the way Argo's clients expect it.
//!
//! Absent on purpose: clock, network, files, randomness (but a seeded generator for the
//! simulation), tokio, YAML. Time, pods and counts come in as an
//! [`Observation`](machine::Observation); what must be done goes out as an
//! [`Effect`](machine::Effect) that is absolute, never a delta.
#![forbid(unsafe_code)]

pub mod codes;
mod error;
pub mod judge;
pub mod limits;
pub mod machine;
pub mod plan;
pub mod spec;
pub mod status;
pub mod template;

pub use error::{FieldError, SpecError};
pub use plan::{Plan, Policy, PolicyError, Version};
pub use spec::RolloutSpec;
