//! Quality gates: reports that a workflow left are read, conditions such as `coverage >= 80`
//! are decided on them.
//!
//! ```
//! use bowline_gate::{Condition, Content, Policy, Report, Reports, decide};
//! let policy = Policy { conditions: vec![Condition::parse("coverage >= 80")?] };
//! let profile = "mode: set\nexample.com/a/a.go:3.14,5.2 1 1\n";
//! let report = Report::new("cover.out", Content::Bytes(profile.as_bytes().to_vec()));
//! let decision = decide(&policy, &Reports { coverage: vec![report], tests: Vec::new() });
//! assert_eq!(decision.verdict, bowline_model::Verdict::Pass);
//! # Ok::<(), bowline_gate::ConditionError>(())
//! ```
//!
//! One gate is one file under `gate/`, registered by one row in [`gate::GATES`].
//!
//! Absent on purpose: files (reports arrive as bytes), running tests, the clock, new-code
//! metrics (they need a diff), every default: what is not asked for is not judged.
#![forbid(unsafe_code)]

pub mod codes;
mod condition;
mod decision;
pub mod gate;
pub mod limits;
mod measure;
mod number;
pub mod report;

pub use codes::CODES;
pub use condition::{Comparator, Condition, ConditionError};
pub use decision::{ConditionResult, GateDecision, Policy, ReportReference, Status, decide};
pub use measure::{Measure, Unmeasured};
pub use number::Threshold;
pub use report::{Content, Report, Reports};
