//! Statement coverage of the whole code base, in per cent, over all profiles merged.
//!
//! Absent on purpose: new-code coverage, exclusions, files that no profile knows.

use super::{Better, Gate};
use crate::measure::{Measure, Unmeasured};
use crate::report::{Measured, Source};

pub(super) const GATE: Gate = Gate {
    metric: "coverage",
    title: "statements that tests reach, in per cent",
    source: Source::Coverage,
    better: Better::High,
    percent: true,
    measure,
};

fn measure(measured: &Measured) -> Result<Measure, Unmeasured> {
    let coverage = measured.coverage.as_ref().map_err(Clone::clone)?;
    Measure::percent(coverage.covered, coverage.statements)
        .ok_or_else(|| Unmeasured::Missing("the coverage report has no statements".to_owned()))
}
