//! The gates, one file each.

use crate::measure::{Measure, Unmeasured};
use crate::report::{Measured, Source};

mod coverage;
mod skipped_tests;
mod test_failures;
mod test_success_density;
mod tests;

/// Which way is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// The condition is written with `>=`.
    High,
    /// The condition is written with `<=`.
    Low,
}

/// One gate: a metric, the report that feeds it, and how it is measured.
#[derive(Debug)]
pub struct Gate {
    /// The metric's key, SonarQube's where it has one.
    pub metric: &'static str,
    /// One line for `explain` and the docs.
    pub title: &'static str,
    /// The report that feeds it.
    pub source: Source,
    /// Which way is good; a condition the other way round is a slip.
    pub better: Better,
    /// Whether the value is in per cent.
    pub percent: bool,
    /// Measures it.
    pub(crate) measure: fn(&Measured) -> Result<Measure, Unmeasured>,
}

/// Every gate. To add one: its file, its cases, its row here.
pub const GATES: &[Gate] = &[
    coverage::GATE,
    tests::GATE,
    test_failures::GATE,
    skipped_tests::GATE,
    test_success_density::GATE,
];

/// Metrics of SonarQube that are known by name and not measured here, with the reason.
pub const NOT_CARRIED_OUT: &[(&str, &str)] = &[
    ("new_coverage", "coverage of new code needs the diff, which gates do not get yet"),
    ("line_coverage", "a Go profile counts statements, not lines"),
    ("branch_coverage", "a Go profile has no branches"),
    ("new_violations", "findings of linters are not read yet"),
    ("violations", "findings of linters are not read yet"),
    ("new_duplicated_lines_density", "duplication has no standard report"),
    ("duplicated_lines_density", "duplication has no standard report"),
    ("new_security_hotspots_reviewed", "hotspot reviews have no standard report"),
    ("test_errors", "`go test` does not tell errors from failures, ask for `test_failures`"),
    ("test_execution_time", "time differs from run to run and decides nothing"),
];

/// The gate of `metric`.
#[must_use]
pub fn find(metric: &str) -> Option<&'static Gate> {
    GATES.iter().find(|gate| gate.metric == metric)
}
